"""Uploaded recordings."""

from __future__ import annotations

from playwright.sync_api import FilePayload

from tests.studio.visits import Case, Visit
from tests.support.sounds import recording


def upload(
    visit: Visit, name: str = "Interview, first take.wav", data: bytes | None = None
) -> None:
    sound = data or recording("wav")
    file = FilePayload(name=name, mimeType="audio/wav", buffer=sound)
    visit.page.locator(".drop input").set_input_files(file)


def _uploaded(visit: Visit) -> None:
    upload(visit)
    visit.page.locator(".file-name").first.wait_for()


def _refused(visit: Visit) -> None:
    upload(visit, "notes.wav", b"Nothing that sounds.")
    visit.page.locator(".sending .field-error").wait_for()


def _deleted(visit: Visit) -> None:
    _uploaded(visit)
    visit.page.locator(".file-ways .icon-button").nth(1).click()
    visit.page.locator(".toast-action").wait_for()


CASES = [
    Case("/files", "with one", show=_uploaded, title="files"),
    Case("/files", "refused", who="newcomer", show=_refused),
    Case("/files", "deleted", show=_deleted),
    Case(
        "/files",
        "failed",
        prepare=lambda visit: visit.fails("**/api/files?*", 500, "internal_error"),
    ),
]
