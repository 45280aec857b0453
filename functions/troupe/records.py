"""The base of every stored document: frozen, camelCase in the store, strict about what it reads."""

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
        hide_input_in_errors=True,  # what is stored is private, and errors are logged
        defer_build=True,  # a function meets few of the records that it imports
    )

    @classmethod
    def of(cls, document: Document) -> Self:
        """The record that a document holds; its id becomes the field `id` where there is one."""
        return cls.model_validate({"id": document.id, **document.data})

    def stored(self) -> dict[str, Any]:
        """What is written: camelCase, without the id, which is the document's name."""
        return self.model_dump(by_alias=True, exclude={"id"})


# Given a record before and after a change (None: it is not there), the writes that bear witness
# to the change and are committed with it, such as a line of an audit log.
Witness = Callable[[Record | None, Record | None], Sequence[Write]]


def no_witness(before: Record | None, after: Record | None) -> Sequence[Write]:
    return ()
