"""Scripts: the list, a new one, the editor and the film."""

from __future__ import annotations

import re
from typing import Any

from local.client import Client
from tests.studio.visits import Case, Visit
from tests.support.media_files import picture
from tests.support.sounds import recording
from troupe.characters.wording import STATEMENT

TITLE = "The lighthouse"
LONG_TITLE = "What the ferryman's daughter knew of the storm before it came"
SCREENPLAY = """ANNA: Did you see it? Out there, behind the second wave.
BEN: (squinting) I saw it first, and I said so.
ANNA: You said fog.
BEN: Ships come out of fog."""


def client_of(visit: Visit, path: str = "/scripts") -> Client:
    """The API as the person whose window it is; opens a page, which says who that is."""
    with visit.page.expect_request("**/api/auth/me") as asked:
        visit.open(path)
    token = asked.value.all_headers()["authorization"].removeprefix("Bearer ")
    return Client(visit.base, token)


def cast(client: Client) -> list[str]:
    """Anna and Ben, made once."""
    own = client.data("GET", "/api/my-characters")["characters"]
    known = {each["displayName"]: each["id"] for each in own}
    for name in ("Anna", "Ben"):
        if name not in known:
            known[name] = client.data(
                *("POST", "/api/characters/complete"),
                data={"displayName": name, "consent": STATEMENT},
                files=[
                    ("audioFile", ("a.wav", recording(seconds=2), "audio/wav")),
                    ("imageFiles[]", ("a.png", picture(), "image/png")),
                ],
            )["character"]["id"]
    return [known["Anna"], known["Ben"]]


def script(client: Client, title: str = TITLE, *, video: bool = False) -> dict[str, Any]:
    """A script of that title, made once; with `video`, filmed."""
    mine = client.data("GET", "/api/my-scripts")["scripts"]
    found = next((each for each in mine if each["title"] == title), None)
    if found is None:
        wanted = {"title": title, "selectedCharacters": cast(client), "screenplay": SCREENPLAY}
        found = client.data("POST", "/api/scripts", json=wanted)["script"]
    if video and not found["finalVideoPath"]:
        client.perform(found["id"], "audio")
        client.perform(found["id"], "video", backgroundVideo="#203040")
    read: dict[str, Any] = client.data("GET", f"/api/scripts/{found['id']}")["script"]
    return read


def _filmed(client: Client) -> str:
    return str(script(client, video=True)["id"])


def _listed(visit: Visit) -> None:
    client = client_of(visit)
    _filmed(client)
    script(client, LONG_TITLE)
    visit.open("/scripts")
    visit.page.locator(".row button.row-play").wait_for()


def _misread(visit: Visit) -> None:
    cast(client_of(visit))
    visit.open("/scripts/new")
    page = visit.page
    page.locator(".choice", has_text="A screenplay").click()
    page.locator(".screenplay").fill("ANNA: Did you see it?\nCHARLES: See what?")
    page.locator(".cast-choice", has_text="Anna").first.locator("input").check()
    page.get_by_role("button", name="Create the script").click()
    page.locator(".faults li").first.wait_for()


def _no_characters(visit: Visit) -> None:
    """Other people may have made some for everybody."""
    body = {"success": True, "statusCode": 200, "message": "", "data": {"characters": []}}
    meta = {"limit": 100, "page": 1, "total": 0}
    visit.page.route(
        re.compile(r"/api/(my-)?characters\?"),
        lambda route: route.fulfill(json={**body, "meta": meta}),
    )


def _nobody_to_cast(visit: Visit) -> None:
    visit.page.locator(".cast-none").wait_for()
    visit.page.locator(".new-go button").click()
    visit.page.locator(".field-error").wait_for()


def _spoken(visit: Visit) -> None:
    """With the tools of one line."""
    visit.open(f"/scripts/{_filmed(client_of(visit))}")
    visit.page.locator(".line > .icon-button").nth(1).click()
    visit.page.locator(".line-speak button:enabled").wait_for()


def _conflict(visit: Visit) -> None:
    client = client_of(visit)
    found = script(client, "Two at once")
    visit.open(f"/scripts/{found['id']}")
    client.data(
        *("PUT", f"/api/scripts/{found['id']}"),
        json={"dialogue": [{"speaker": found["selectedCharacters"][0], "text": "Elsewhere."}]},
    )
    visit.page.locator(".line-text").first.fill("Here.")
    visit.page.get_by_role("alert").wait_for()
    visit.page.locator(".script-head .notice button").first.wait_for()
    client.data("DELETE", f"/api/scripts/{found['id']}")


def _film(visit: Visit) -> None:
    visit.open(f"/scripts/{_filmed(client_of(visit))}/film")
    visit.page.locator("video").wait_for()
    visit.until("document.querySelector('video').readyState > 0")
    visit.page.locator(".film-go button:enabled").wait_for()


def _film_at_work(visit: Visit) -> None:
    """At the third of its steps, for as long as it is looked at."""
    client = client_of(visit)
    found = script(client, video=True)
    job = client.data("GET", f"/api/video-jobs/{found['videoJobId']}")["job"]
    job |= {"status": "in_progress", "currentStep": "video_generation", "overallProgress": 62}
    shares = (100, 100, 40, 0, 0)
    for step, share in zip(job["steps"], shares, strict=True):
        status = {100: "completed", 0: "pending"}.get(share, "in_progress")
        step |= {"status": status, "progress": share}
    found["activeJobId"] = job["jobId"]
    _answers(visit, f"**/api/scripts/{found['id']}", {"script": found})
    _answers(visit, "**/api/video-jobs/*", {"job": job})
    # Firestore's listener would say that the film is done: it gets no answer.
    visit.page.route("**/google.firestore.v1.Firestore/**", lambda route: None)
    visit.open(f"/scripts/{found['id']}/film")
    visit.page.locator(".job-steps").wait_for()


def _answers(visit: Visit, pattern: str, data: dict[str, Any]) -> None:
    body = {"success": True, "statusCode": 200, "message": "", "data": data}
    visit.page.route(pattern, lambda route: route.fulfill(json=body))


def _not_filmed(visit: Visit) -> None:
    found = script(client_of(visit), LONG_TITLE)
    visit.open(f"/scripts/{found['id']}/film")
    visit.page.locator(".film-go button:enabled").wait_for()


CASES = [
    Case("/scripts", show=_listed, title="scripts"),
    Case("/scripts", "empty", who="newcomer"),
    Case("/scripts/new", "misread", show=_misread, title="new-script"),
    Case("/scripts/new", "nobody to cast", prepare=_no_characters, show=_nobody_to_cast),
    Case("/scripts", "the editor", show=_spoken, title="script"),
    Case("/scripts", "an edit conflict", show=_conflict),
    Case("/scripts", "a film at work", show=_film_at_work),
    Case("/scripts", "no film yet", show=_not_filmed),
    Case("/scripts", "a film", show=_film, title="film"),
]
