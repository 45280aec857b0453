"""Consents in requests."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError, from_json

from troupe.characters.consent import GivenConsent
from troupe.characters.records import Purpose, Relationship
from troupe.characters.wording import STATEMENT, VERSION
from troupe.web.schema import Line, Schema

_MOST_OF_A_CONSENT = 4000


def _purposes(purposes: list[Purpose]) -> list[Purpose]:
    if Purpose.OWN_USE not in purposes:
        raise PydanticCustomError("own_use", "must include own_use")
    return list(dict.fromkeys(purposes))


class ConsentForm(Schema):
    """A consent as a JSON object."""

    statement: Annotated[str, StringConstraints(max_length=_MOST_OF_A_CONSENT)]
    version: Annotated[str, StringConstraints(max_length=20)]
    speaker: Annotated[Line, Field(max_length=120)] | None  # None: the account's owner
    relationship: Relationship
    purposes: Annotated[list[Purpose], Field(max_length=10), AfterValidator(_purposes)]


def _own_consent(statement: str) -> dict[str, Any]:
    """What the statement alone stands for."""
    return {
        "statement": statement,
        "version": VERSION,
        "speaker": None,
        "relationship": Relationship.SELF,
        "purposes": list(Purpose),
    }


def _consent(sent: Any) -> Any:
    """The consent in a form field: a JSON object, or the statement alone."""
    if not isinstance(sent, str):
        return sent
    text = sent.strip()
    if len(text) > _MOST_OF_A_CONSENT:
        raise PydanticCustomError(
            "string_too_long", "is too long", {"max_length": _MOST_OF_A_CONSENT}
        )
    if not text.startswith("{"):
        return _own_consent(text) if text else None
    try:
        return from_json(text, allow_inf_nan=False)
    except ValueError:
        raise PydanticCustomError(
            "not_a_consent", "must be the statement, or a JSON object"
        ) from None


ConsentField = Annotated[
    ConsentForm | None,
    BeforeValidator(_consent),
    WithJsonSchema({"type": "string", "maxLength": _MOST_OF_A_CONSENT}),
    Field(
        description="The consent of the speaker in the sample, as a JSON object: `statement` (word "
        f"for word: “{STATEMENT}”), `version` (`{VERSION}`), `speaker` (a name), `relationship` "
        f"({', '.join(f'`{each}`' for each in Relationship)}) and `purposes` "
        f"({', '.join(f'`{each}`' for each in Purpose)}). The statement alone means that you are "
        "the speaker, and agree to all purposes. Stored with the time, the sample's hash and a "
        "keyed hash of your network address. Required with every `audioFile`.",
        examples=[STATEMENT],
    ),
]


def given_consent(form: ConsentForm | None, address: str | None) -> GivenConsent | None:
    """`address`: the client's network address, None if unknown."""
    if form is None:
        return None
    given = form.model_dump(exclude={"purposes"})
    return GivenConsent(**given, purposes=tuple(form.purposes), address=address)
