"""What people come for, from the beginning to the end."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, Route, expect

from tests.conftest import Running
from tests.e2e.users import signed_up
from tests.studio.conftest import PASSWORD, Enter
from tests.studio.pages.speech import TEXT, speak, write

# The word that is lit, as the browser paints it.
_LIT = "[...CSS.highlights.get('now')][0]?.toString() ?? ''"


def test_a_user_signs_up_and_speaks_and_follows_the_words(enter: Enter, address: str) -> None:
    visit = enter()
    page = visit.page
    visit.open("/")
    page.get_by_role("link", name="Start speaking").click()
    page.get_by_role("heading", name="Speak", level=1).wait_for()
    assert page.title() == "Speak · Troupe"
    visit.open("/sign-up")
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form").get_by_role("button", name="Make an account").click()
    page.wait_for_url("**/speak")
    before = visit.tokens()

    write(visit)
    expect(page.locator(".cost strong")).to_have_text("1 token")
    page.locator(".speak button[type=submit]:enabled").wait_for()
    page.keyboard.press("Control+Enter")
    expect(page.locator(".result [role=status]").first).to_be_attached()
    play = page.locator(".result-done").get_by_role("button", name="Play")
    play.wait_for()
    expect(page.locator(".rail-tokens")).to_have_text(f"{before - 1} tokens")

    with visit.sees(f"{_LIT} !== ''"):
        play.click()
    dock = page.get_by_role("region", name="Player")
    position = dock.get_by_role("slider", name="Position")
    position.press("k")
    expect(dock.get_by_role("button", name="Play", exact=True)).to_be_visible()
    for _ in range(3):
        position.press("ArrowLeft")
    expect(position).to_have_attribute("aria-valuetext", re.compile("^0 seconds of [1-9]"))
    for _ in range(3):
        position.press("ArrowRight")
    visit.until(f"{_LIT} === 'show.'")

    page.get_by_role("link", name="Words, captions, download").click()
    expect(page.locator(".said")).to_have_text(TEXT)
    with page.expect_download() as sound:
        page.get_by_role("button", name="Download the sound").click()
    assert sound.value.path().stat().st_size > 1000
    with page.expect_download() as captions:
        page.get_by_role("button", name="SRT").click()
    assert "-->" in Path(captions.value.path()).read_text()
    assert visit.complaints == []


def test_a_guest_runs_out_of_tokens_and_becomes_an_account(enter: Enter, address: str) -> None:
    visit = enter()
    page = visit.page
    visit.open("/speak")
    write(visit, "The first text of a guest.")
    page.locator(".speak button[type=submit]").click()
    page.get_by_role("dialog").get_by_role("button", name="Go on as a guest").click()
    page.locator(".result-done .button-lit").wait_for()
    while visit.tokens() > 0:
        left = visit.tokens()
        speak(visit, f"A guest has {left} left.")
        expect(page.locator(".rail-tokens")).to_have_text(f"{left - 1} tokens")
    write(visit, "One too many.")
    page.get_by_role("link", name="Make an account").click()
    page.get_by_label("Email").fill(address)
    page.get_by_label("Password").fill(PASSWORD)
    page.locator("form").get_by_role("button", name="Make an account").click()
    page.wait_for_url("**/speak")
    expect(page.locator("textarea")).to_have_value("One too many.")
    expect(page.locator(".cost strong")).to_have_text("1 token")
    assert visit.tokens() > 2
    page.get_by_role("navigation").get_by_role("link", name="History").click()
    expect(page.get_by_role("link", name="The first text of a guest.")).to_be_visible()


def test_without_firestore_polling_follows_the_work(enter: Enter, stack: Running) -> None:
    visit = enter("user")
    page = visit.page
    firestore = f"http://{stack.hosts['firestore']}/**"
    page.route(firestore, lambda route: route.abort())
    held = _hold(page, "**/api/voice/generations/*")
    visit.open("/speak")
    write(visit, "Nobody listens, and it is heard all the same.")
    with page.expect_request(firestore):  # before polling tells that the work is done
        page.locator(".speak button[type=submit]:enabled").click()
    _let_go(page, "**/api/voice/generations/*", held)
    page.locator(".result-done .button-lit").wait_for()


def test_firestore_shows_how_far_the_work_is_while_the_api_is_silent(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    held: list[Route] = []
    asked = 0

    def hold(route: Route) -> None:
        nonlocal asked
        asked += 1
        if asked == 1:
            route.continue_()
        else:
            held.append(route)

    visit.open("/speak")
    speak(visit, "Now the page has what listens to Firestore.")
    page.route("**/api/voice/generations/*", hold)
    write(visit, "This is one of the sentences of a text that is rather long. " * 120)
    with visit.sees("/^[1-9]/.test(document.querySelector('.job-percent').textContent)"):
        page.locator(".speak button[type=submit]:enabled").click()
    _let_go(page, "**/api/voice/generations/*", held)
    page.locator(".result-done .button-lit").wait_for()


def _hold(page: Page, pattern: str) -> list[Route]:
    """Requests to addresses like `pattern`, until they are let go."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(pattern, hold)
    return held


def _let_go(page: Page, pattern: str, held: list[Route]) -> None:
    for route in held:
        route.continue_()
    page.unroute(pattern)


def test_nothing_is_spoken_before_it_is_known_who_is_here(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/api/auth/me", hold)
    visit.open("/speak")
    write(visit, "The price comes first, however slow the network is.")
    button = page.locator(".speak button[type=submit]")
    expect(button).to_be_disabled()
    while not held:
        page.wait_for_timeout(20)
    expect(button).to_be_disabled()
    for route in held:
        route.continue_()
    expect(button).to_be_enabled()
    expect(page.locator(".cost strong")).to_be_visible()


def test_a_late_answer_about_the_user_changes_all_but_newer_tokens(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    late: list[tuple[Route, dict[str, Any]]] = []
    visit.open("/speak")
    before = visit.tokens()
    page.route("**/api/auth/me", lambda route: late.append((route, route.fetch().json())))
    with page.expect_request("**/api/auth/me"):  # the work is done
        speak(visit, "This costs a token.")
    speak(visit, "And so does this, before the page knows what is left of the first.")
    route, answer = late[0]
    assert answer["data"]["user"]["tokens"] == before - 1
    answer["data"]["user"]["name"] = "Renamed"
    route.fulfill(json=answer)
    expect(page.locator(".menu-name")).to_have_text("Renamed")
    expect(page.locator(".rail-tokens")).to_have_text(f"{before - 2} tokens")
    for other, told in late[1:]:
        other.fulfill(json=told)


def test_a_reload_in_the_middle_finds_the_draft_and_the_work(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    visit.open("/speak")
    # Several parts, so that it is at work for a while.
    text = "This is one of the sentences of a text that is rather long. " * 120
    write(visit, text)
    page.locator(".speak button[type=submit]:enabled").click()
    page.locator(".result .job").wait_for()
    page.reload()
    expect(page.locator("textarea")).to_have_value(text)
    page.locator(".result-done .button-lit").wait_for()


def test_a_lost_answer_is_asked_for_again_and_charged_once(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    visit.open("/speak")
    before = visit.tokens()
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # the server has done it
            route.abort()
        else:
            route.continue_()

    page.route("**/api/voice/generate", lose)
    write(visit, "Said once, and paid for once.")
    page.locator(".speak button[type=submit]:enabled").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no connection")
    page.locator(".speak button[type=submit]:enabled").click()
    page.locator(".result-done .button-lit").wait_for()
    assert len(keys) == 2
    assert keys[0] == keys[1]
    expect(page.locator(".rail-tokens")).to_have_text(f"{before - 1} tokens")


def test_a_click_too_many_pays_nothing(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url))
    held = _hold(page, "**/api/voice/generations/*")  # for the page, it is at work
    visit.open("/speak")
    write(visit, "This is spoken once, and paid for once.")
    button = page.locator(".speak button[type=submit]")
    expect(button).to_be_enabled()
    page.locator("textarea").focus()
    page.keyboard.down("Control")
    for _ in range(5):
        page.keyboard.down("Enter")  # held
    page.keyboard.up("Enter")
    page.locator(".result .job").wait_for()
    page.keyboard.press("Enter")  # with Control, and again
    expect(button).to_be_disabled()
    page.keyboard.up("Control")
    _let_go(page, "**/api/voice/generations/*", held)
    page.locator(".result-done .button-lit").wait_for()
    assert sum(url.endswith("/api/voice/generate") for url in sent) == 1


def test_who_signs_in_on_the_way_sees_the_price_first(enter: Enter, stack: Running) -> None:
    email = signed_up(stack)[0].data("GET", "/api/auth/me")["user"]["email"]
    visit = enter()
    page = visit.page
    sent: list[Any] = []

    def keep(route: Route) -> None:
        sent.append(route.request.post_data_json)
        route.continue_()

    page.route("**/api/voice/generate", keep)
    visit.open("/speak")
    write(visit, "Nobody is here yet.")
    button = page.locator(".speak button[type=submit]:enabled")
    button.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Email").fill(email)
    dialog.get_by_label("Password").fill(PASSWORD)
    dialog.get_by_role("button", name="Sign in").click()
    expect(page.locator(".cost strong")).to_have_text("1 token")
    assert sent == []
    button.click()
    page.locator(".result-done .button-lit").wait_for()
    assert [each["maxTokens"] for each in sent] == [1]


def test_a_sign_in_that_ends_meanwhile_loses_nothing(enter: Enter) -> None:
    visit = enter("newcomer")
    page = visit.page
    visit.open("/speak")
    write(visit, "Written before the session ended.")
    page.locator(".cost strong").wait_for()
    _refuse(page, "**/api/voice/generate")
    page.locator(".speak button[type=submit]:enabled").click()
    dialog = page.get_by_role("dialog", name="Sign in again")
    dialog.get_by_role("button", name="Close").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator("textarea")).to_have_value("Written before the session ended.")
    page.unroute("**/api/voice/generate")
    page.locator(".speak button[type=submit]:enabled").click()
    page.locator(".result-done .button-lit").wait_for()


def _refuse(page: Page, pattern: str) -> None:
    body = {"success": False, "statusCode": 401, "message": "no", "error": {"code": "unauthorized"}}
    page.route(pattern, lambda route: route.fulfill(status=401, json=body))


def test_html_in_place_of_the_envelope_is_a_sentence(enter: Enter) -> None:
    visit = enter("user")
    visit.page.route(
        "**/api/user/voice-history*",
        lambda route: route.fulfill(status=504, content_type="text/html", body="<h1>504</h1>"),
    )
    visit.open("/history")
    alert = visit.page.get_by_role("alert")
    expect(alert).to_contain_text("makes no sense")
    visit.page.unroute("**/api/user/voice-history*")
    alert.get_by_role("button", name="Try again").click()
    visit.page.locator(".rows, .empty").first.wait_for()


def test_offline_is_said_and_ends(enter: Enter) -> None:
    visit = enter("user")
    visit.open("/speak")
    visit.context.set_offline(True)
    expect(visit.page.locator(".offline")).to_be_visible()
    visit.context.set_offline(False)
    expect(visit.page.locator(".offline")).to_have_count(0)


def test_what_is_deleted_can_be_taken_back(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    page.clock.install()
    visit.open("/speak")
    speak(visit, "To be deleted, or not.")
    visit.open("/history")
    entry = page.get_by_role("link", name="To be deleted, or not.")
    page.get_by_role("button", name="Delete “To be deleted, or not.”").click()
    expect(entry).to_have_count(0)
    undo = page.get_by_role("button", name="Undo")
    undo.focus()
    page.clock.fast_forward(20_000)  # it stays for whoever has reached it by keyboard
    expect(undo).to_be_focused()
    undo.press("Enter")
    expect(entry).to_be_visible()
    with page.expect_response(lambda each: each.request.method == "DELETE") as answer:
        page.get_by_role("button", name="Delete “To be deleted, or not.”").click()
        # Other messages do not end it, and it is not there again for who comes back.
        page.locator(".menu summary").click()
        page.locator(".menu-sheet").get_by_role("link", name="Account").click()
        save = page.get_by_role("button", name="Save", exact=True)
        for name in ("Ann", "Ben", "Cleo", "Dora"):
            page.get_by_label("Name", exact=True).fill(name)
            save.click()
            expect(save).to_be_disabled()
        page.get_by_role("navigation").get_by_role("link", name="History").click()
        page.locator(".row-title").first.wait_for()
        expect(entry).to_have_count(0)
        page.evaluate("document.querySelectorAll('.toast .icon-button').forEach((x) => x.click())")
    assert answer.value.ok
    page.reload()
    page.locator("h1").wait_for()
    visit.settle()
    expect(entry).to_have_count(0)


def test_the_keyboard_alone_is_enough_to_speak(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    visit.open("/speak")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.locator("textarea")).to_be_focused()
    page.keyboard.type("Typed, and never clicked.")
    page.locator(".cost strong").wait_for()
    page.locator(".speak button[type=submit]:enabled").wait_for()
    page.keyboard.press("Control+Enter")
    play = page.locator(".result-done").get_by_role("button", name="Play")
    play.wait_for()
    play.focus()
    with visit.sees(f"{_LIT} !== ''"):
        page.keyboard.press("Enter")
