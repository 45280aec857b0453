"""A call in the studio, with a guest on the page that Hosting serves, and what becomes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Route, expect, sync_playwright

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.studio.conftest import PASSWORD, Enter, employ
from tests.studio.pages.calls import plan_call
from tests.studio.visits import Visit
from tests.support.browser import BROWSER
from tests.support.factories import PROJECT
from tests.support.speeches import silence, spoken, wav
from troupe.adapters.firestore import Database, now
from troupe.wallet.ledger import grant_writes
from troupe.wallet.records import Meter, Owner


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """Its microphone says a sentence, and its camera and screen move."""
    voice = Path(tmp_path_factory.mktemp("microphone") / "voice.wav")
    voice.write_bytes(wav(np.concatenate([spoken(), silence(1.5)])))
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=BROWSER,
            args=[
                "--no-sandbox",
                "--autoplay-policy=no-user-gesture-required",
                "--use-fake-ui-for-media-stream",
                "--use-fake-device-for-media-stream",
                f"--use-file-for-fake-audio-capture={voice}",
                "--allow-loopback-in-peer-connection",
                "--disable-features=WebRtcHideLocalIpsWithMdns,LocalNetworkAccessChecks",
            ],
        )
        yield made
        made.close()


def _host(stack: Running, visit: Visit) -> None:
    """Somebody whose company records calls, and has tokens for it."""
    client, uid, _ = signed_up(stack)
    company = employ(stack, client, uid)
    settings = {"settings": {"recordingPolicy": "ask"}}
    client.data("PUT", f"/api/companies/{company}/settings", json=settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", stack.hosts["firestore"])
        owner = Owner.company(company)
        Database.connect(PROJECT).commit(
            *grant_writes(owner, "gift", Meter.TOKENS, 20, "test", now())
        )
    visit.sign_in(client.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)


def _moves(video: Locator) -> None:
    """Until a picture is shown."""
    expect(video).to_have_js_property("paused", False)
    expect(video).not_to_have_js_property("videoWidth", 0)
    expect(video).not_to_have_js_property("currentTime", 0)


def test_a_call_from_the_lobby_to_the_recording(stack: Running, enter: Enter) -> None:
    host, guest = enter(), enter()
    page, theirs = host.page, guest.page
    _host(stack, host)
    host.open("/calls/new")
    plan_call(host)

    with page.expect_response("**/api/videocalls/*") as saved:
        page.get_by_label("Outsiders wait until a host lets them in").check()
    assert saved.value.ok
    expect(page.get_by_label("It may be recorded")).to_be_checked()  # as the company wants it
    code = page.locator(".call-code").inner_text()

    page.get_by_role("link", name="Join the call").click()
    page.get_by_role("button", name="Join", exact=True).click()
    _moves(page.locator(".live-picture video").first)
    guest.page.goto(f"{guest.base}/call.html#{code}")
    theirs.get_by_label("Your name").fill("Grace")
    theirs.get_by_role("button", name="Join", exact=True).click()
    expect(theirs.locator("#state")).to_contain_text("Please wait")
    page.get_by_role("button", name="Let in: Grace").click()
    expect(theirs.locator("#controls")).to_be_visible()
    _moves(page.locator(".live-picture", has_text="Grace").locator("video"))

    _shows_and_captions(host, guest)

    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("somebody has not agreed yet")).to_be_visible()
    theirs.get_by_role("button", name="I agree").click()
    expect(page.get_by_text("This call is being recorded.")).to_be_visible()
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_text("This call is being recorded.")).to_have_count(0)

    page.get_by_role("button", name="End for everybody").click()
    page.get_by_role("dialog").get_by_role("button", name="End for everybody").click()
    expect(page.get_by_text("The call has ended")).to_be_visible()
    theirs.locator("#review").wait_for()
    for field in ("service", "host"):
        theirs.locator(f"[name={field}]").select_option("4")
    theirs.locator("[name=text]").fill("It works again.")
    theirs.get_by_role("button", name="Send").click()
    expect(theirs.locator("#state")).to_contain_text("Thank you")

    _watch(host)
    _conclude(host)
    assert host.complaints == []
    assert host.policy_reports() == []


def _shows_and_captions(host: Visit, guest: Visit) -> None:
    """What the host shows and says reaches the guest."""
    page, theirs = host.page, guest.page
    page.get_by_role("button", name="Share the screen").click()
    screen = theirs.locator("figure:not(#own) video").nth(1)
    expect(screen).to_be_visible()
    _moves(screen)
    page.get_by_role("button", name="Share the screen").click()
    expect(screen).to_be_hidden()

    page.get_by_role("button", name="Captions").click()
    # The first may have begun in the middle of the sentence.
    understood = re.compile("weather|mountain|good|today", re.I)
    caption = theirs.locator("#messages li", has_text=understood).first
    expect(caption).to_be_visible()
    page.get_by_role("button", name="Captions").click()


def _watch(host: Visit) -> None:
    """The recording plays on the page of the call, and the review can be answered."""
    page = host.page
    page.get_by_role("main").get_by_role("link", name="About this call").first.click()
    film = page.locator("video")
    film.wait_for()
    film.evaluate("(video) => { video.muted = true; return video.play(); }")
    host.until("document.querySelector('video').currentTime > 0.2")
    expect(page.get_by_text("It works again.")).to_be_visible()
    page.get_by_role("button", name="Answer").click()
    page.get_by_label("Answer").fill("Good to hear.")
    page.get_by_role("button", name="Save the answer").click()
    expect(page.get_by_text("Answer of the company")).to_be_visible()


def _conclude(host: Visit) -> None:
    """The outcome and the comments are there after a reload."""
    page = host.page
    page.get_by_text("Comments on this recording").click()
    about = page.locator(".call-recordings")
    about.get_by_label("Comment", exact=True).fill("Here it breaks.")
    about.get_by_role("button", name="Add the comment").click()
    expect(about.get_by_role("button", name=re.compile("^At 0:0"))).to_be_visible()
    comments = page.locator("section", has=page.get_by_role("heading", name="Comments")).last
    comments.get_by_label("Comment", exact=True).fill("Call her next week.")
    comments.get_by_role("button", name="Add the comment").click()
    expect(comments.locator(".call-comment")).to_contain_text("Internal")

    page.get_by_label("Solved", exact=True).check(force=True)
    page.get_by_label("Category").fill("Routers")
    page.get_by_label("Note", exact=True).fill("A new cable.")
    page.get_by_label("Follow up on").fill("2030-05-01T10:00")
    page.get_by_label("Yes").check(force=True)
    page.get_by_label("Billed as").fill("Support")
    # An answer to the review has said "Saved." too.
    with page.expect_response("**/api/videocalls/*") as saved:
        page.get_by_role("button", name="Save", exact=True).click()
    assert saved.value.ok
    page.reload()
    expect(page.get_by_label("Category")).to_have_value("Routers")
    expect(page.get_by_label("Follow up on")).to_have_value("2030-05-01T10:00")
    expect(page.get_by_label("Billed as")).to_have_value("Support")
    expect(page.get_by_text("Call her next week.")).to_be_visible()
    page.get_by_role("button", name="Delete the comment “Call her").click()
    expect(page.get_by_text("Call her next week.")).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Call her next week.")).to_be_visible()


def test_invitations_are_offered_as_far_as_the_server_sends_them(
    stack: Running, enter: Enter
) -> None:
    host = enter()
    page = host.page
    _host(stack, host)
    host.open("/calls/new")
    plan_call(host)
    expect(page.get_by_text("sends neither email nor text messages")).to_be_visible()

    # Another server says that it does; this one then says why not.
    def configure(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        body["data"]["features"] |= {"mail": True, "sms": True}
        route.fulfill(response=answer, json=body)

    page.route("**/api/config", configure)
    page.reload()
    invite = page.locator(".call-invite")
    invite.get_by_role("button", name="Send the invitation").click()
    expect(invite.get_by_text("Enter an email address.")).to_be_visible()
    invite.get_by_label("Name").fill("Linus")
    for way, label, address, refusal in (
        ("Email", "Email", "linus@example.com", "not set up to send email"),
        ("Text message", "Phone number", "+47 900 00 001", "not set up to send text messages"),
    ):
        invite.locator(".choice", has_text=way).click()
        invite.get_by_role("textbox", name=label).fill(address)
        invite.get_by_role("button", name="Send the invitation").click()
        expect(invite.get_by_role("alert")).to_contain_text(refusal)


def test_several_calls_are_cancelled_together(stack: Running, enter: Enter) -> None:
    host = enter()
    page = host.page
    _host(stack, host)
    for title in ("First", "Second", "Third"):
        host.open("/calls/new")
        plan_call(host, title)
    host.open("/calls")
    page.get_by_role("button", name="Select", exact=True).click()
    page.get_by_label("Select “First”").check()
    page.get_by_label("Select “Third”").check()
    page.get_by_role("button", name="Cancel the calls").click()
    page.get_by_role("dialog").get_by_role("button", name="Cancel the calls").click()
    expect(page.get_by_text("2 calls are done.")).to_be_visible()
    expect(page.locator(".tag[data-status=cancelled]")).to_have_count(2)
    expect(page.locator(".calls-row", has_text="Second")).to_contain_text("Not started")
