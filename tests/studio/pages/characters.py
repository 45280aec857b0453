"""Characters: the list, making one, one, and editing it."""

from __future__ import annotations

import re

from tests.studio.visits import Case, Then, Visit
from tests.support.media_files import picture, sound


def upload(visit: Visit, seconds: float = 7) -> None:
    visit.page.locator(".upload input").set_input_files(
        {"name": "sample.wav", "mimeType": "audio/wav", "buffer": sound("wav", seconds)}
    )


def add_pictures(visit: Visit, count: int = 2) -> None:
    chosen = [
        {"name": f"{place}.png", "mimeType": "image/png", "buffer": picture(size=(320, 320))}
        for place in range(count)
    ]
    visit.page.locator(".add-pictures input").set_input_files(chosen)  # type: ignore[arg-type]


def finish(visit: Visit, name: str) -> None:
    """Agrees, names the character, and waits for its page."""
    page = visit.page
    page.get_by_label("Name of the speaker").fill("Ada Lovelace")
    page.get_by_label("I give this consent").check()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_role("button", name="Make the character").click()
    page.wait_for_url(re.compile(r"/characters/(?!new)[^/]+$"))
    visit.settle()


def _make(visit: Visit) -> None:
    upload(visit)
    add_pictures(visit)
    finish(visit, "Bartholomew Featherstonehaugh")


def _listed(visit: Visit) -> None:
    if not visit.page.locator(".card").count():
        visit.open("/characters/new")
        upload(visit)
        finish(visit, "The Ferryman")
        visit.open("/characters")


def _edited(visit: Visit) -> None:
    visit.page.get_by_role("link", name="Edit", exact=True).click()
    visit.page.get_by_role("button", name="Save").wait_for()


def _nothing_entered(visit: Visit) -> None:
    """And no microphone: there is none, or the browser refuses it."""
    visit.page.get_by_role("button", name="Record", exact=True).click()
    visit.page.locator(".stage-problem").wait_for()
    visit.page.get_by_role("button", name="Make the character").click()
    visit.page.locator(".field-error").first.wait_for()


CASES = [
    Case("/characters", "with one", show=_listed, title="characters"),
    Case(
        "/characters/new", title="new-character", then=(Then("nothing entered", _nothing_entered),)
    ),
    Case("/characters/new", "made", show=_make, title="character", then=(Then("edited", _edited),)),
]
