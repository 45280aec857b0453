"""Uploaded recordings."""

from __future__ import annotations

from itertools import count

from playwright.sync_api import FilePayload

from tests.studio.visits import Case, Then, Visit
from tests.support.sounds import recording
from tests.support.speeches import spoken, wav

_takes = count(1)


def upload(
    visit: Visit, name: str = "Interview, first take.wav", data: bytes | None = None
) -> None:
    sound = data or recording("wav")
    file = FilePayload(name=name, mimeType="audio/wav", buffer=sound)
    visit.page.locator(".drop input").set_input_files(file)


def _uploaded(visit: Visit) -> None:
    upload(visit)
    visit.page.locator(".file-name").first.wait_for()


def transcribe(visit: Visit) -> None:
    """The file whose page is open, until its words are there."""
    visit.page.locator(".transcribe button[type=submit]:enabled").click()
    visit.page.locator(".said, .said-nothing").first.wait_for()


def _opened(visit: Visit) -> None:
    """A new one: those of other cases may have been written down."""
    name = f"Interview {next(_takes)}"
    upload(visit, f"{name}.wav")
    visit.page.locator("a.file-name", has_text=name).click()
    visit.page.locator(".transcribe .cost").wait_for()


def _heard(visit: Visit) -> None:
    upload(visit, "The weather.wav", wav(spoken()))
    visit.page.locator("a.file-name", has_text="weather").first.click()
    transcribe(visit)
    visit.page.locator(".said-other .button").click()
    visit.page.locator(".said-translated").wait_for()


def _refused(visit: Visit) -> None:
    upload(visit, "notes.wav", b"Nothing that sounds.")
    visit.page.locator(".sending .field-error").wait_for()


def _deleted(visit: Visit) -> None:
    visit.page.locator(".file-ways .icon-button").nth(1).click()
    visit.page.locator(".toast-action").wait_for()


CASES = [
    Case("/files", "with one", show=_uploaded, title="files", then=(Then("deleted", _deleted),)),
    Case("/files", "refused", who="newcomer", show=_refused),
    Case(
        "/files",
        "one of them",
        show=_opened,
        title="file",
        then=(Then("nobody speaks", transcribe),),
    ),
    Case("/files", "written down", show=_heard, title="transcription"),
    Case("/files/texts/nothing", "unknown"),
    Case(
        "/files",
        "failed",
        prepare=lambda visit: visit.fails("**/api/files?*", 500, "internal_error"),
    ),
]
