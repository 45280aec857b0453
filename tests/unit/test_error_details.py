"""The details of errors have types, and raised errors conform to them."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.details import check
from troupe import errors
from troupe.app.openapi import document
from troupe.characters.errors import FileTooLarge
from troupe.media.uploads.checks import BrokenAudio, SampleTooShort
from troupe.wallet.errors import NotEnoughTokens

TROUPE = Path(errors.__file__).parent


def every_error() -> set[type[errors.TroupeError]]:
    document()  # imports every function
    found: set[type[errors.TroupeError]] = {errors.TroupeError}
    waiting = [errors.TroupeError]
    while waiting:
        below = set(waiting.pop().__subclasses__())
        waiting += below - found
        found |= {kind for kind in below if kind.__module__.startswith("troupe.")}
    return found


def raised_with_details() -> set[tuple[str, str]]:
    """(file, class) of every `Error(details=...)` in the code; `cls` is its enclosing class."""
    found = set()
    for path in TROUPE.rglob("*.py"):
        tree = ast.parse(path.read_text())
        for around in ast.walk(tree):
            if not isinstance(around, ast.Module | ast.ClassDef):
                continue
            for call in ast.walk(around):
                if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
                    continue
                if any(keyword.arg == "details" for keyword in call.keywords):
                    name = call.func.id
                    if name == "cls" and isinstance(around, ast.Module):
                        continue
                    name = (
                        around.name if isinstance(around, ast.ClassDef) and name == "cls" else name
                    )
                    found.add((str(path.relative_to(TROUPE)), name))
    return found


@pytest.mark.slow
def test_every_error_raised_with_details_declares_their_type() -> None:
    typed = {kind.__name__ for kind in every_error() if kind.details_type is not None}
    raised = raised_with_details()
    assert len(raised) > 30
    assert not {(path, name) for path, name in raised if name not in typed}


def test_every_type_of_details_is_in_the_document() -> None:
    schemas = document()["components"]["schemas"]
    for kind in every_error() - {errors.TroupeError}:
        if "code" in vars(kind) and kind.details_type is not None:
            name = "".join(word.capitalize() for word in kind.code.split("_"))
            assert schemas[f"{name}Error"]["properties"]["code"]["const"] == kind.code


@pytest.mark.parametrize(
    ("kind", "details"),
    [
        (NotEnoughTokens, {"meter": "tokens", "needed": 1}),
        (NotEnoughTokens, {"meter": "tokens", "needed": 1, "available": 0, "more": 1}),
        (NotEnoughTokens, {"meter": "money", "needed": 1, "available": 0}),
        (NotEnoughTokens, None),
        (errors.UnknownChoice, {"fields": [{"field": "language"}]}),
        (errors.Conflict, {"anything": 1}),
        (FileTooLarge, {"bytes": 1}),
    ],
)
def test_details_of_another_shape_are_detected(
    kind: type[errors.TroupeError], details: dict[str, Any] | None
) -> None:
    with pytest.raises((ValidationError, AssertionError)):
        check(kind, details)


def test_valid_details_pass() -> None:
    check(NotEnoughTokens, {"meter": "tokens", "needed": 1, "available": 0})
    check(BrokenAudio, None)
    check(BrokenAudio, {"field": "audioFile"})
    check(SampleTooShort, {"minimum": 1, "maximum": 60, "seconds": 0.2, "field": "audioFile"})
