"""Dubbing: the list, the form, and one dub."""

from __future__ import annotations

from playwright.sync_api import FilePayload

from tests.studio.visits import Case, Then, Visit
from tests.support.speeches import spoken, wav


def choose(visit: Visit, name: str = "Talk.wav", data: bytes | None = None) -> None:
    """A file of this machine, until its price is there."""
    visit.page.locator(".dub").wait_for()
    ways = visit.page.locator(".dub [type=radio]")
    if ways.count():
        ways.last.check(force=True)
    sound = data or wav(spoken())
    file = FilePayload(name=name, mimeType="audio/wav", buffer=sound)
    visit.page.locator(".drop input").set_input_files(file)
    visit.page.locator(".dub-languages select").last.select_option("pt-BR")
    visit.page.locator(".dub-go .cost").wait_for()


def dub(visit: Visit) -> None:
    """What is chosen, until it can be played."""
    visit.page.locator(".dub button[type=submit]:enabled").click()
    visit.page.locator(".said").wait_for()


def _refused(visit: Visit) -> None:
    choose(visit, "notes.wav", b"Nothing that sounds.")
    visit.page.locator(".dub button[type=submit]:enabled").click()
    visit.page.locator(".problem").wait_for()


def _listed(visit: Visit) -> None:
    visit.page.locator('.rail-nav a[href="/dubbing"]').click()
    visit.page.locator(".row-title").first.wait_for()


CASES = [
    Case("/dubbing", "empty", who="newcomer"),
    Case(
        "/dubbing/new",
        "priced",
        show=choose,
        title="dubbing-new",
        then=(Then("done", dub, title="dubbing"), Then("listed", _listed, title="dubbings")),
    ),
    Case("/dubbing/new", "no sound", show=_refused),
    Case("/dubbing/nothing", "unknown"),
]
