"""Stars, lists and casts on the real Firestore emulator."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.support.characters import (
    PICTURE,
    Recorded,
    activities,
    caller,
    files_of,
    made,
    service,
    stored,
    stranger,
    update_form,
)
from tests.support.factories import CountingDatabase
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.characters.errors import CharacterNotFound
from troupe.characters.service import Characters
from troupe.paging import BadCursor
from troupe.web.schema import Page


@pytest.fixture
def recorded(files: Files) -> Recorded:
    return Recorded(files)


def test_a_hundred_users_star_and_unstar_at_once(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), stranger()
    character = made(characters, who)

    def stars() -> tuple[int, int]:
        count = db.count(f"characters/{character.id}/stars")
        return stored(db, character).starred, count

    def star_twice(number: int) -> None:
        uid = f"fan{number % 100}"
        assert characters.star(uid, character.id).is_starred

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(star_twice, range(150)))  # fifty of them twice, at once or not
    assert stars() == (100, 100)

    def change_mind(number: int) -> None:
        uid = f"fan{number % 100}"
        if number % 3:
            characters.unstar(uid, character.id)
        else:
            characters.star(uid, character.id)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(change_mind, range(150)))
    starred, count = stars()
    assert starred == count
    assert 0 < starred < 100


def test_one_user_many_times_at_once_is_one_star(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), stranger()
    character = made(characters, who)
    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda _: characters.star("fan", character.id), range(16)))
    assert {(each.starred, each.is_starred) for each in answers} == {(1, True)}
    with ThreadPoolExecutor(16) as pool:
        gone = set(pool.map(lambda _: characters.unstar("fan", character.id), range(16)))
    assert {(each.starred, each.is_starred) for each in gone} == {(0, False)}
    assert activities(db, caller("fan")).count("character_starred") >= 1
    assert characters.get("fan", character.id).is_starred is False


def test_a_star_on_what_is_gone_is_404_and_leaves_nothing(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), stranger()
    character = made(characters, who)
    characters.delete(who, character.id)
    for act in (characters.star, characters.unstar, characters.get):
        with pytest.raises(CharacterNotFound):
            act("fan", character.id)
    assert db.count(f"characters/{character.id}/stars") == 0


def test_the_cast_stands_in_the_order_that_was_asked_for(
    counting: CountingDatabase, recorded: Recorded
) -> None:
    characters, who = service(counting, recorded), stranger()
    one, two = made(characters, who), made(characters, who)
    counting.calls.clear()
    ids = [two.id, one.id, two.id]
    assert [each.id for each in characters.cast(ids)] == ids
    assert counting.calls == {"batch_get_documents": 1}
    with pytest.raises(CharacterNotFound) as failure:
        characters.cast([one.id, "nobody", "../x", "__a__", "", "nobody"])
    assert failure.value.details == {"missing": ["nobody", "../x", "__a__", ""]}
    assert characters.cast([]) == []


def test_every_operation_makes_few_calls(counting: CountingDatabase, recorded: Recorded) -> None:
    characters, who = service(counting, recorded), stranger()

    def calls(act: Callable[[], Any]) -> dict[str, int]:
        counting.calls.clear()
        act()
        return dict(counting.calls)

    one = made(characters, who)
    read, commit = {"batch_get_documents": 1}, {"commit": 1}
    assert calls(lambda: made(characters, who, images=2)) == {"commit": 2}
    assert calls(lambda: characters.get(who.uid, one.id)) == read
    assert calls(lambda: characters.star(who.uid, one.id)) == commit
    assert calls(lambda: characters.unstar(who.uid, one.id)) == read | commit
    new_name = update_form(displayName="Grace")
    assert calls(lambda: characters.update(who, one.id, new_name)) == read | commit
    new_image = update_form(newImageFiles=files_of(PICTURE))
    assert calls(lambda: characters.update(who, one.id, new_image)) == read | {"commit": 2}
    listing = {"run_query": 1, "run_aggregation_query": 1}
    assert calls(lambda: characters.mine(who.uid, Page(limit=2))) == listing  # without a star
    assert calls(lambda: characters.star(who.uid, one.id)) == commit
    assert calls(lambda: characters.star(who.uid, one.id)) == read | commit
    assert calls(lambda: characters.mine(who.uid, Page(limit=2))) == listing | read
    most_starred = lambda: characters.page(who.uid, Page(limit=2), sort="starred")  # noqa: E731
    assert calls(most_starred) == listing | read
    characters.unstar(who.uid, one.id)
    assert calls(lambda: characters.delete(who, one.id)) == read | {"commit": 2, "run_query": 1}


@pytest.fixture
def listed(db: Database, recorded: Recorded) -> tuple[Characters, str, list[str]]:
    """Five characters whose names begin with a word of this test; the third has two stars, the
    first has one. Their ids in the order in which they were made."""
    characters, who = service(db, recorded), stranger()
    word = f"W{who.uid}"
    ids = [made(characters, who, name=f"{word} {name}").id for name in "ABCDE"]
    for uid, number in (("a", 2), ("b", 2), ("a", 0)):
        characters.star(uid, ids[number])
    return characters, word, ids


def test_search_is_by_the_beginning_of_the_name(
    listed: tuple[Characters, str, list[str]],
) -> None:
    characters, word, ids = listed

    def found(search: str) -> list[str]:
        shown, page = characters.page("a", Page(), search=search)
        assert page.total == len(shown)
        return [each.character.id for each in shown]

    assert found(word) == ids[::-1]
    assert found(f"  {word.upper()}   a ") == ids[:1]
    assert found(f"{word} C") == [ids[2]]
    assert found(word[1:]) == []
    assert found(f"{word} CC") == []


def test_the_most_starred_come_first_also_in_a_search(
    listed: tuple[Characters, str, list[str]],
) -> None:
    characters, word, ids = listed
    shown, _ = characters.page("a", Page(), search=word, sort="starred")
    assert [each.character.starred for each in shown] == [2, 1, 0, 0, 0]
    assert [each.character.id for each in shown[:2]] == [ids[2], ids[0]]
    assert [each.is_starred for each in shown] == [True, True, False, False, False]
    everything, page = characters.page("b", Page(limit=100), sort="starred")
    counts = [each.character.starred for each in everything]
    assert counts == sorted(counts, reverse=True)
    assert page.total >= 5


@pytest.mark.parametrize("sort", ["newest", "starred"])
def test_a_list_is_walked_by_page_and_by_cursor(
    listed: tuple[Characters, str, list[str]], sort: Any
) -> None:
    characters, word, _ = listed

    def page(**where: Any) -> tuple[list[str], str | None]:
        request = Page(limit=2, **where)
        listed, page = characters.page("a", request, search=word, sort=sort)
        return [each.character.id for each in listed], page.next_cursor

    whole, _ = characters.page("a", Page(), search=word, sort=sort)
    by_page = [page(page=number)[0] for number in (1, 2, 3)]
    walked, cursor = page()
    for _ in range(2):
        assert cursor is not None
        more, cursor = page(cursor=cursor)
        walked += more
    assert cursor is None
    assert walked == list(itertools.chain(*by_page)) == [each.character.id for each in whole]


def test_a_cursor_of_another_list_search_or_order_is_refused(
    listed: tuple[Characters, str, list[str]],
) -> None:
    characters, word, _ = listed

    def cursor(**query: Any) -> str | None:
        return characters.page("a", Page(limit=1), **query)[1].next_cursor

    cursors = [
        cursor(search=word),
        cursor(search=word, sort="starred"),
        cursor(search=word[:-1]),
        cursor(),
        cursor(sort="starred"),
    ]
    queries: list[dict[str, Any]] = [
        {"search": word},
        {"search": word, "sort": "starred"},
        {"search": word[:-1]},
        {},
        {"sort": "starred"},
    ]
    for number, query in enumerate(queries):
        for other, foreign in enumerate(cursors):
            if number != other:
                with pytest.raises(BadCursor):
                    characters.page("a", Page(cursor=foreign), **query)
    with pytest.raises(BadCursor):
        characters.mine("a", Page(cursor=cursors[3]))


def test_ones_own_characters_are_ones_own(db: Database, recorded: Recorded) -> None:
    characters, who, other = service(db, recorded), stranger(), stranger()
    ids = [made(characters, who).id for _ in range(3)]
    made(characters, other)
    shown, page = characters.mine(who.uid, Page(limit=2))
    assert [each.character.id for each in shown] == ids[:0:-1]
    assert page.total == 3
