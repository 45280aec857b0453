"""Which entries of a dictionary are refused, and what the error says."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from troupe.adapters.firestore import now
from troupe.dictionaries.checks import checked
from troupe.dictionaries.records import MAX_BYTES, Version, entries_hash
from troupe.dictionaries.schemas import CreateDictionary, UpdateDictionary, rules_of
from troupe.errors import InvalidInput
from troupe.generations.choices import GenerationRequest, hashed
from troupe.recording.records import VoiceSnapshot
from troupe.scripts.voice_key import voice_key
from troupe.speech.text.entry import Entry
from troupe.web.body import wrong_fields


def a(term: str, alias: str = "x", **more: Any) -> dict[str, Any]:
    return {"term": term, "alias": alias, **more}


def ipa(term: str, sound: str) -> dict[str, Any]:
    return {"term": term, "ipa": sound}


def wrong(entries: list[Any]) -> list[tuple[str, str]]:
    """The (field, type) of what the schema or the checks refuse."""
    body = {"name": "n", "language": "en", "entries": entries}
    try:
        checked(rules_of(CreateDictionary.model_validate(body).entries))
    except ValidationError as error:
        return [(each["field"], each["type"]) for each in wrong_fields(error)]
    except InvalidInput as error:
        assert error.details is not None
        return [(each["field"], each["type"]) for each in error.details["fields"]]
    return []


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ([], []),
        ([a("Ada"), ipa("Nguyen", "ŋwiən"), a("ADA", caseSensitive=True)], []),
        ([a("Ada"), {"term": "b"}], [("entries.1", "alias_or_ipa")]),
        ([{"term": "b", "alias": "x", "ipa": "a"}], [("entries.0", "alias_or_ipa")]),
        ([{"term": "b", "alias": "", "ipa": None}], [("entries.0", "alias_or_ipa")]),
        ([{"term": "b", "alias": "", "ipa": "a"}, {"term": "c", "alias": "x", "ipa": ""}], []),
        ([a("t" * 101)], [("entries.0.term", "too_long")]),
        ([a("b", "t" * 201)], [("entries.0.alias", "too_long")]),
        ([ipa("b", "a" * 101)], [("entries.0.ipa", "too_long")]),
        ([a(" ")], [("entries.0.term", "string_too_short")]),
        ([a("a\nb")], [("entries.0.term", "control_characters")]),
        ([a("b", "x\x00")], [("entries.0.alias", "control_characters")]),
        ([a("b", "\u200b")], [("entries.0.alias", "invisible")]),
        ([a("+-")], [("entries.0.term", "term")]),
        (
            [a("b"), ipa("c", "hello?"), ipa("d", "q1")],
            [("entries.1.ipa", "ipa"), ("entries.2.ipa", "ipa")],
        ),
        ([a("Straße"), a("b"), a("STRASSE")], [("entries.2.term", "duplicate")]),
        ([a("A", caseSensitive=True), a("a", "y")], []),
        ([a("A", caseSensitive=True)] * 2, [("entries.1.term", "duplicate")]),
        ([a("b", "B")], [("entries.0.alias", "cycle")]),
        ([a("a", "b c"), a("b", "d"), a("c", "a!")], [("entries.0.alias", "cycle")]),
        ([a("go", "going")], []),
        ([a(f"w{n}", f"w{n + 1} " * 30) for n in range(9)], [("entries.7.alias", "too_long")]),
        ([a(f"w{n}") for n in range(1001)], [("entries", "too_long")]),
        ([a(f"w{n}", "é" * 100) for n in range(750)], [("entries", "too_large")]),
        ([7, a("b")], [("entries.0", "model_type")]),
        ([a("b", caseSensitive="perhaps")], [("entries.0.caseSensitive", "bool_parsing")]),
    ],
)
def test_bad_entries_are_named(entries: list[Any], expected: list[tuple[str, str]]) -> None:
    if expected == [("entries.0.alias", "cycle")]:
        (found,) = wrong(entries)
        assert found[1] == "cycle"
    else:
        assert wrong(entries) == expected


def test_the_message_of_a_cycle_names_its_entries() -> None:
    cycle = [Entry("a", "b"), Entry("z", "y"), Entry("b", "c"), Entry("c", "a")]
    with pytest.raises(InvalidInput) as error:
        checked(cycle)
    steps = {
        "entries.0.alias: leads back to its own term through the entries 2, 3",
        "entries.2.alias: leads back to its own term through the entries 3, 0",
        "entries.3.alias: leads back to its own term through the entries 0, 2",
    }
    assert error.value.text in steps


def test_errors_are_few_and_say_nothing_of_the_input() -> None:
    with pytest.raises(InvalidInput) as error:
        checked([Entry("secret", None, "sécret1")] * 900)
    assert error.value.details is not None
    assert len(error.value.details["fields"]) == 20
    assert "secret" not in str(error.value.details)


def test_entries_are_stored_composed_and_as_usual() -> None:
    (made,) = checked([Entry("Cafe\u0301", None, "/ka\u02c8fe/")])
    assert made == Entry("Café", None, "ka\u02c8fe")


def test_the_largest_dictionary_fits_into_a_document() -> None:
    entries = [Entry(f"{n:03}" + "é" * 33, "é" * 39) for n in range(1000)]
    sized = checked(entries)
    assert sum(len((x.term + (x.alias or "")).encode()) for x in sized) <= MAX_BYTES
    stored = Version.made(sized, now()).stored()["entries"]
    # A document's size: https://firebase.google.com/docs/firestore/storage-size
    size = sum(len(k.encode()) + len(v.encode()) + 2 for each in stored for k, v in each.items())
    assert size < 2**20 / 2


def test_the_hash_is_of_everything_that_is_said() -> None:
    base = Entry("a", "b")
    others = [
        base._replace(term="c"),
        base._replace(alias="c"),
        Entry("a", None, "b"),
        base._replace(case_sensitive=True),
    ]
    hashes = {entries_hash([each]) for each in (base, *others)}
    assert len(hashes | {entries_hash([]), entries_hash([base, *others])}) == 7
    assert entries_hash([base]) == entries_hash([Entry("a", "b")])


def test_an_update_tells_absent_from_empty() -> None:
    assert UpdateDictionary.model_validate({}).entries is None
    assert UpdateDictionary.model_validate({"entries": []}).entries == []


def test_what_was_paid_and_stored_without_a_dictionary_keeps_its_keys() -> None:
    """The values are from before there were dictionaries, and before voices had names."""
    voice = VoiceSnapshot(
        language="en-US", voice_type="female", sample_path="p", sample_sha256="0" * 64
    )
    keys = {
        engine: voice_key(voice.model_copy(update={"engine": engine}))
        for engine in ("espeak", "elevenlabs")
    }
    assert keys == {
        "espeak": "3ac84aa40cb7f7b8ce015bc343c7d9fe",
        "elevenlabs": "f87c14358718f5a9e94b1707e6e50f6d",
    }
    assert "dictionary_id" not in hashed(GenerationRequest("Hello.", "en"))


def test_a_line_is_new_with_other_pronunciations_only() -> None:
    def key(version: int, sha256: str) -> str:
        ref = {"dictionary_id": "d", "dictionary_version": version, "dictionary_sha256": sha256}
        return voice_key(
            VoiceSnapshot(engine="espeak", language="en-US", voice_type="female", **ref)
        )

    assert key(1, "a") == key(2, "a") != key(2, "b")
