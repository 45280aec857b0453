"""Stars, lists and casts on the Firestore emulator."""

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
    character_update,
    files_of,
    library_of,
    made,
    new_caller,
    service,
    stored,
)
from tests.support.factories import CountingDatabase
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files
from troupe.characters.errors import CharacterNotFound
from troupe.characters.library import CharacterLibrary
from troupe.paging import BadCursor
from troupe.web.schema import Page


@pytest.fixture
def recorded(files: Files) -> Recorded:
    return Recorded(files)


def test_a_hundred_users_star_and_unstar_concurrently(db: Database, recorded: Recorded) -> None:
    characters, who = service(db, recorded), new_caller()
    library = library_of(db)
    character = made(characters, who)

    def stars() -> tuple[int, int]:
        count = db.count(f"characters/{character.id}/stars")
        return stored(db, character).starred, count

    def star_twice(number: int) -> None:
        uid = f"fan{number % 100}"
        assert library.star(uid, character.id).is_starred

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(star_twice, range(150)))  # fifty of them twice, concurrently or not
    assert stars() == (100, 100)

    def change_mind(number: int) -> None:
        uid = f"fan{number % 100}"
        if number % 3:
            library.unstar(uid, character.id)
        else:
            library.star(uid, character.id)

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(change_mind, range(150)))
    starred, count = stars()
    assert starred == count
    assert 0 < starred < 100


def test_concurrent_stars_of_one_user_count_once(db: Database, recorded: Recorded) -> None:
    library, fan = library_of(db), new_caller()
    character = made(service(db, recorded), new_caller())
    with ThreadPoolExecutor(16) as pool:
        starred = set(pool.map(lambda _: library.star(fan.uid, character.id), range(16)))
    assert {(each.starred, each.is_starred) for each in starred} == {(1, True)}
    with ThreadPoolExecutor(16) as pool:
        unstarred = set(pool.map(lambda _: library.unstar(fan.uid, character.id), range(16)))
    assert {(each.starred, each.is_starred) for each in unstarred} == {(0, False)}
    assert activities(db, fan) == ["character_starred", "character_unstarred"]
    assert library.get(fan.uid, character.id).is_starred is False


def test_starring_a_deleted_character_is_404_and_leaves_nothing(
    db: Database, recorded: Recorded
) -> None:
    characters, who = service(db, recorded), new_caller()
    library = library_of(db)
    character = made(characters, who)
    characters.delete(who, character.id)
    for act in (library.star, library.unstar, library.get):
        with pytest.raises(CharacterNotFound):
            act("fan", character.id)
    assert db.count(f"characters/{character.id}/stars") == 0


def test_the_cast_is_in_the_requested_order(counting: CountingDatabase, recorded: Recorded) -> None:
    characters, who = service(counting, recorded), new_caller()
    library = library_of(counting)
    one, two = made(characters, who), made(characters, who)
    counting.calls.clear()
    ids = [two.id, one.id, two.id]
    assert [each.id for each in library.cast(who.uid, ids)] == ids
    assert counting.calls == {"batch_get_documents": 1}
    with pytest.raises(CharacterNotFound) as failure:
        library.cast(who.uid, [one.id, "nobody", "../x", "__a__", "", "nobody"])
    assert failure.value.details == {"missing": ["nobody", "../x", "__a__", ""]}
    assert library.cast(who.uid, []) == []


def test_calls_per_operation(counting: CountingDatabase, recorded: Recorded) -> None:
    characters, who = service(counting, recorded), new_caller()
    library = library_of(counting)

    def calls(act: Callable[[], Any]) -> dict[str, int]:
        counting.calls.clear()
        act()
        return dict(counting.calls)

    one = made(characters, who)
    read, commit = {"batch_get_documents": 1}, {"commit": 1}
    assert calls(lambda: made(characters, who, images=2)) == {"commit": 2}
    assert calls(lambda: library.get(who.uid, one.id)) == read
    assert calls(lambda: library.star(who.uid, one.id)) == read | commit
    assert calls(lambda: library.unstar(who.uid, one.id)) == read | commit
    new_name = character_update(displayName="Grace")
    assert calls(lambda: characters.update(who, one.id, new_name)) == read | commit
    new_image = character_update(newImageFiles=files_of(PICTURE))
    assert calls(lambda: characters.update(who, one.id, new_image)) == read | {"commit": 2}
    listing = {"run_query": 1, "run_aggregation_query": 1}
    assert calls(lambda: library.mine(who.uid, Page(limit=2))) == listing  # no stars, no lookup
    assert calls(lambda: library.star(who.uid, one.id)) == read | commit
    assert calls(lambda: library.star(who.uid, one.id)) == read
    assert calls(lambda: library.mine(who.uid, Page(limit=2))) == listing | read
    most_starred = lambda: library.page(who.uid, Page(limit=2), sort="starred")  # noqa: E731
    assert calls(most_starred) == listing | read
    library.unstar(who.uid, one.id)
    assert calls(lambda: characters.delete(who, one.id)) == read | {"commit": 2, "run_query": 1}


@pytest.fixture
def listed(db: Database, recorded: Recorded) -> tuple[CharacterLibrary, str, list[str]]:
    """Five characters whose names start with a word unique to this test; the third has two stars,
    the first has one. Ids in order of creation."""
    characters, who = service(db, recorded), new_caller()
    library = library_of(db)
    word = f"W{who.uid}"
    ids = [made(characters, who, name=f"{word} {name}").id for name in "ABCDE"]
    for uid, number in (("a", 2), ("b", 2), ("a", 0)):
        library.star(uid, ids[number])
    return library, word, ids


def test_search_matches_the_start_of_the_name(
    listed: tuple[CharacterLibrary, str, list[str]],
) -> None:
    library, word, ids = listed

    def search_ids(search: str) -> list[str]:
        listed, page = library.page("a", Page(), search=search)
        assert page.total == len(listed)
        return [each.character.id for each in listed]

    assert search_ids(word) == ids[::-1]
    assert search_ids(f"  {word.upper()}   a ") == ids[:1]
    assert search_ids(f"{word} C") == [ids[2]]
    assert search_ids(word[1:]) == []
    assert search_ids(f"{word} CC") == []


def test_sorting_by_stars_also_works_in_a_search(
    listed: tuple[CharacterLibrary, str, list[str]],
) -> None:
    library, word, ids = listed
    most_starred, _ = library.page("a", Page(), search=word, sort="starred")
    assert [each.character.starred for each in most_starred] == [2, 1, 0, 0, 0]
    assert [each.character.id for each in most_starred[:2]] == [ids[2], ids[0]]
    assert [each.is_starred for each in most_starred] == [True, True, False, False, False]
    everything, page = library.page("b", Page(limit=100), sort="starred")
    counts = [each.character.starred for each in everything]
    assert counts == sorted(counts, reverse=True)
    assert page.total >= 5


@pytest.mark.parametrize("sort", ["newest", "starred"])
def test_pages_and_cursors_return_the_same_list(
    listed: tuple[CharacterLibrary, str, list[str]], sort: Any
) -> None:
    library, word, _ = listed

    def page(**where: Any) -> tuple[list[str], str | None]:
        request = Page(limit=2, **where)
        listed, page = library.page("a", request, search=word, sort=sort)
        return [each.character.id for each in listed], page.next_cursor

    whole, _ = library.page("a", Page(), search=word, sort=sort)
    by_page = [page(page=number)[0] for number in (1, 2, 3)]
    walked, cursor = page()
    for _ in range(2):
        assert cursor is not None
        more, cursor = page(cursor=cursor)
        walked += more
    assert cursor is None
    assert walked == list(itertools.chain(*by_page)) == [each.character.id for each in whole]


def test_a_cursor_is_valid_only_for_its_list_search_and_order(
    listed: tuple[CharacterLibrary, str, list[str]],
) -> None:
    library, word, _ = listed

    def cursor(**query: Any) -> str | None:
        return library.page("a", Page(limit=1), **query)[1].next_cursor

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
                    library.page("a", Page(cursor=foreign), **query)
    with pytest.raises(BadCursor):
        library.mine("a", Page(cursor=cursors[3]))


def test_my_characters_lists_only_mine(db: Database, recorded: Recorded) -> None:
    characters, who, other = service(db, recorded), new_caller(), new_caller()
    library = library_of(db)
    ids = [made(characters, who).id for _ in range(3)]
    made(characters, other)
    mine, page = library.mine(who.uid, Page(limit=2))
    assert [each.character.id for each in mine] == ids[:0:-1]
    assert page.total == 3
