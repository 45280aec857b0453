"""The base of stored documents: frozen, camelCase in Firestore, validated when read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Self

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from troupe.adapters.firestore import Document, Write


class Record(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        hide_input_in_errors=True,  # stored data is private, and errors are logged
        defer_build=True,  # a function uses few of the records it imports
    )

    @classmethod
    def of(cls, document: Document) -> Self:
        """The record in a document; the document's id becomes the field `id`, unless it has one."""
        return cls.model_validate({"id": document.id, **document.data})

    def stored(self) -> dict[str, Any]:
        """The fields to write, in camelCase, without the id, which is the document's name."""
        return self.model_dump(by_alias=True, exclude={"id"})


# Takes a record before and after a change (None: does not exist) and returns the writes that
# document the change and are committed with it, such as an entry of the audit log.
Witness = Callable[[Record | None, Record | None], Sequence[Write]]


def no_witness(before: Record | None, after: Record | None) -> Sequence[Write]:
    return ()
