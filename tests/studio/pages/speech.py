"""Speaking, and the history."""

from __future__ import annotations

from tests.studio.visits import Case, Then, Visit

TEXT = "Good evening, and welcome to the show."


def write(visit: Visit, text: str = TEXT) -> None:
    visit.page.locator("textarea").fill(text)


def speak(visit: Visit, text: str = TEXT) -> None:
    """Until its sound is there, and not that of an earlier text."""
    write(visit, text)
    with visit.page.expect_response("**/api/voice/generate") as answer:
        visit.page.locator(".speak button[type=submit]:enabled").click()
    generation = answer.value.json()["data"]["generation"]["id"]
    visit.page.locator(f'[data-follows="{generation}"] .result-done .button-lit').wait_for()


def _priced(visit: Visit) -> None:
    write(visit)
    visit.page.locator(".cost strong").wait_for()


def _short(visit: Visit) -> None:
    visit.page.route(
        "**/api/voice/quote",
        lambda route: route.fulfill(
            json={
                "success": True,
                "statusCode": 200,
                "message": "",
                "data": {
                    "available": 2,
                    "meter": "tokens",
                    "payer": {"kind": "user", "id": "x"},
                    "sufficient": False,
                    "tokens": 12,
                    "voiceSecondsAtMost": None,
                },
            }
        ),
    )


def _refused(visit: Visit) -> None:
    write(visit, "This is not spoken.")
    visit.fails("**/api/voice/generate", 500, "internal_error")
    visit.page.locator(".speak button[type=submit]:enabled").click()
    visit.page.get_by_role("alert").wait_for()


def _plays(visit: Visit) -> None:
    speak(visit)
    with visit.sees("CSS.highlights.get('now').size === 1"):
        visit.page.locator(".result-done .button-lit").click()
    visit.page.locator(".dock-play").click()


def _first(visit: Visit) -> None:
    visit.page.locator(".row-title").first.click()
    visit.page.locator(".said").wait_for()


def _deleted(visit: Visit) -> None:
    visit.page.locator(".row-ways .icon-button").nth(1).click()
    visit.page.locator(".toast-action").wait_for()


def _chosen(visit: Visit) -> None:
    visit.page.locator(".history-bar .button").click()
    visit.page.locator(".row-check input").first.check()


def _renamed(visit: Visit) -> None:
    visit.page.locator(".page-actions .icon-button").nth(1).click()
    visit.page.get_by_role("dialog").locator("input").wait_for()


CASES = [
    Case("/speak", "signed out", who="nobody"),
    Case(
        "/speak",
        "priced",
        show=_priced,
        then=(Then("plays", _plays, title="speak"), Then("refused", _refused)),
    ),
    Case("/speak", "not enough tokens", prepare=_short, show=write),
    Case(
        "/history",
        "with entries",
        title="history",
        then=(Then("some are chosen", _chosen),),
    ),
    Case("/history?search=nothing+like+this", "nothing found"),
    Case("/history", "deleted", show=_deleted),
    Case(
        "/history",
        "one of them",
        show=_first,
        title="recording",
        then=(Then("renaming", _renamed),),
    ),
    Case(
        "/history",
        "failed",
        prepare=lambda visit: visit.fails("**/api/user/voice-history*", 500, "internal_error"),
    ),
    Case("/history", "empty", who="newcomer"),
    Case("/history/nothing", "unknown"),
]
