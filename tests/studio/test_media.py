"""Recordings that are written down and dubbed, and the history of what was spoken."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Route, expect

from tests.conftest import Running
from tests.e2e.users import grant, signed_up, wait_for
from tests.studio.conftest import PASSWORD, Enter
from tests.studio.pages.dubbing import dub
from tests.studio.pages.files import transcribe, upload
from tests.studio.visits import Visit
from tests.support.characters import CONSENT
from tests.support.sounds import recording
from tests.support.speeches import silence, spoken, wav

_LIT = "[...CSS.highlights.get('now')][0]?.toString() ?? ''"
# How high the strokes of the player are, from left to right, in pixels of its canvas.
_STROKES = """(canvas) => {
  const { width, height } = canvas;
  const { data } = canvas.getContext('2d').getImageData(0, 0, width, height);
  const isDrawn = (x, y) => data[4 * (y * width + x) + 3] > 100;
  const tall = (x) => [...Array(height).keys()].filter((y) => isDrawn(x, y)).length;
  return [...Array(Math.floor(width / 5)).keys()].map((place) => tall(5 * place + 1));
}"""


def _sentence(visit: Visit, name: str = "The weather.wav") -> None:
    """Uploaded, and its page opened."""
    visit.open("/files")
    upload(visit, name, wav(spoken()))
    visit.page.locator("a.file-name", has_text=name).click()
    # The first request for texts begins a function.
    visit.page.get_by_role("heading", name=name, level=1).wait_for()
    visit.settle()


def test_a_recording_is_written_down_and_its_words_light_up(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    _sentence(visit)
    expect(page.locator(".transcribe .cost strong")).to_have_text("Up to 1 token")
    before = visit.tokens()
    transcribe(visit)
    expect(page.locator(".rail-tokens")).to_have_text(f"{before - 1} tokens")
    text = page.locator(".said").inner_text()
    assert {"mountains", "good", "today"} <= {*re.findall(r"\w+", text.lower())}
    with visit.sees(f"{_LIT} !== ''"):
        page.locator(".recording-actions").get_by_role("button", name="Play").click()
    with page.expect_download() as captions:
        page.get_by_role("button", name="SRT").click()
    assert "-->" in captions.value.path().read_text()
    page.get_by_label("Translate into").select_option("pt")
    page.get_by_role("button", name="Translate", exact=True).click()
    expect(page.locator(".said-translated")).to_contain_text("montanha")

    # It is there again, and can be taken back while it is being deleted.
    page.reload()
    expect(page.locator(".said")).to_have_text(text)
    page.get_by_role("button", name="Delete the text").click()
    expect(page.locator(".transcribe")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".said")).to_have_text(text)
    assert visit.complaints == []


def test_silence_is_said_to_be_silent_and_costs_nothing(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    visit.open("/files")
    upload(visit, "Nothing.wav", wav(silence(2)))
    page.locator("a.file-name", has_text="Nothing.wav").click()
    before = visit.tokens()
    transcribe(visit)
    expect(page.locator(".said-nothing")).to_contain_text("Nobody speaks")
    expect(page.locator(".transcribe button[type=submit]")).to_be_enabled()
    expect(page.locator(".rail-tokens")).to_have_text(f"{before} tokens")


def test_a_large_recording_goes_on_after_a_lost_connection_and_a_reload(
    enter: Enter, tmp_path: Path
) -> None:
    visit = enter("newcomer")
    page = visit.page
    # In two parts. A file on disk keeps the time at which it was changed.
    local = tmp_path / "The whole evening.wav"
    local.write_bytes(recording("wav", seconds=62))
    part, size = 4 * 1024 * 1024, local.stat().st_size
    told: list[str] = []

    def cut(route: Route) -> None:
        told.append(route.request.headers["content-range"])
        if told[-1].startswith(f"bytes {part}-"):
            route.abort()
        else:
            route.continue_()

    page.on("dialog", lambda dialog: dialog.accept())  # the page is left while it sends
    page.route("**/upload/storage/**", cut)
    visit.open("/files")
    page.locator(".drop input").set_input_files(local)
    expect(page.locator(".sending")).to_contain_text("The connection is lost")
    assert told[:2] == [f"bytes */{size}", f"bytes 0-{part - 1}/{size}"]

    page.reload()
    expect(page.locator(".sending")).to_contain_text("Choose the same file again to go on")
    page.unroute("**/upload/storage/**", cut)
    again: list[str] = []
    page.on(
        "request",
        lambda sent: again.append(sent.headers["content-range"]) if sent.method == "PUT" else None,
    )

    def too_late(route: Route) -> None:
        route.fetch()  # the server has done it
        route.fulfill(status=504, content_type="text/html", body="Gateway Timeout")

    page.route("**/complete", too_late, times=1)
    page.locator(".drop input").set_input_files(local)
    expect(page.locator(".sending .field-error")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".file-name")).to_have_text(local.name)
    assert again == [f"bytes */{size}", f"bytes {part}-{size - 1}/{size}"]
    expect(page.locator(".sending")).to_have_count(0)
    page.get_by_role("button", name=f"Play “{local.name}”").click()
    expect(page.get_by_role("button", name=f"Pause “{local.name}”")).to_be_visible()
    assert visit.complaints == []


def test_a_recording_is_dubbed_and_the_dub_plays(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    _sentence(visit, "For Lisbon.wav")
    page.get_by_role("link", name="Dub it").click()
    expect(page.get_by_label("Recording")).to_have_value(re.compile("^[0-9a-f-]+$"))
    page.get_by_label("Into").select_option(label="Brazilian Portuguese")
    expect(page.locator(".dub-go .cost strong")).to_have_text("Up to 2 tokens")
    keys: list[str] = []

    def lose(route: Route) -> None:
        keys.append(route.request.headers["idempotency-key"])
        route.fetch()  # the server has done it
        route.abort()

    page.route("**/api/dubbing", lose, times=1)
    page.locator(".dub button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no connection")
    with page.expect_request("**/api/dubbing") as sent:
        dub(visit)
    assert [sent.value.headers["idempotency-key"]] == keys
    expect(page.locator(".said")).to_contain_text("montanha")
    with visit.sees(f"{_LIT} !== ''"):
        page.locator(".recording-actions").get_by_role("button", name="Play").click()
    with page.expect_download() as sound:
        page.get_by_role("button", name="Sound").click()
    assert sound.value.path().stat().st_size > 1000

    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Undo").hover()  # stays while the list is loaded
    page.wait_for_url("**/dubbing")
    entry = page.locator(".row-title", has_text="For Lisbon.wav")
    visit.settle()
    expect(entry).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    page.wait_for_url("**/dubbing/*")
    expect(page.locator(".said")).to_be_visible()
    assert visit.complaints == []


FRUIT = ("Apples are red.", "Bananas are yellow.", "Cherries are dark.")
APPLES, BANANAS, CHERRIES = FRUIT


def _with_fruit(enter: Enter, stack: Running) -> Visit:
    """Somebody who has had three things spoken, the last one by a character, looks at the
    history."""
    client, _, _ = signed_up(stack)
    grant(stack, client, 20)
    character = client.data(
        "POST",
        "/api/characters/complete",
        data={"displayName": "Pomona", "consent": CONSENT},
        files={"audioFile": ("a.wav", recording(seconds=8))},
    )["character"]
    for text in FRUIT:
        body = {"text": text, "language": "en-gb"}
        if text == CHERRIES:
            body["characterId"] = character["id"]
        started = client.data("POST", "/api/voice/generate", json=body)
        wait_for(client, started["generation"]["id"])
    visit = enter()
    visit.sign_in(client.data("GET", "/api/auth/me")["user"]["email"], PASSWORD)
    visit.open("/history")
    expect(visit.page.locator(".row-title")).to_have_count(3)
    return visit


def test_the_history_is_searched_and_filtered_in_the_address(enter: Enter, stack: Running) -> None:
    visit = _with_fruit(enter, stack)
    page = visit.page
    titles = page.locator(".row-title")
    search = page.get_by_label("Search by title")
    search.fill("yell")
    expect(titles).to_have_text([BANANAS])
    page.reload()
    expect(titles).to_have_text([BANANAS])
    expect(search).to_have_value("yell")
    with page.expect_response("**/api/voice/generations/*"):  # before it is looked for
        page.get_by_role("button", name="Favourite “Bananas").click()
    page.get_by_role("button", name="Favourites", exact=True).click()
    expect(search).to_have_value("")
    expect(titles).to_have_text([BANANAS])
    page.get_by_label("Status").select_option("failed")
    expect(page.get_by_text("Nothing found")).to_be_visible()
    page.go_back()
    expect(titles).to_have_text([BANANAS])
    page.go_back()
    expect(search).to_have_value("yell")
    page.go_back()
    expect(titles).to_have_count(3)
    page.get_by_label("Character").select_option("Pomona")
    expect(titles).to_have_text([CHERRIES])
    page.reload()
    expect(titles).to_have_text([CHERRIES])
    expect(page.get_by_label("Character").locator("option:checked")).to_have_text("Pomona")
    page.get_by_label("Character").select_option("All voices")
    expect(titles).to_have_count(3)

    page.get_by_role("link", name=BANANAS).click()
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Title").fill("A yellow fruit")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="A yellow fruit", level=1)).to_be_visible()
    star = page.get_by_role("button", name="Favourite", exact=True)
    expect(star).to_have_attribute("aria-pressed", "true")
    assert visit.complaints == []


def test_several_entries_are_deleted_by_the_keyboard(enter: Enter, stack: Running) -> None:
    visit = _with_fruit(enter, stack)
    page = visit.page
    titles = page.locator(".row-title")

    def delete() -> None:
        page.get_by_role("button", name="Select", exact=True).press("Enter")
        for title in (APPLES, CHERRIES):
            page.get_by_role("checkbox", name=f"Select “{title}”").press("Space")
        expect(page.get_by_text("2 selected")).to_be_visible()
        page.get_by_role("button", name="Delete", exact=True).press("Enter")
        expect(titles).to_have_text([BANANAS])

    delete()
    page.get_by_role("button", name="Undo").click()
    expect(titles).to_have_count(3)
    delete()
    with page.expect_response("**/api/voice/generations/delete") as answer:
        page.get_by_role("button", name="Dismiss").click()
    assert answer.value.ok
    page.reload()
    expect(titles).to_have_text([BANANAS])


def test_the_player_draws_the_waveform_of_the_server(enter: Enter) -> None:
    visit = enter("user")
    page = visit.page
    drawn = f"({_STROKES})(document.querySelector('.word-map'))"

    def play() -> None:
        with page.expect_response("**/waveform"):
            visit.open("/history")
            page.locator("button.row-play").first.click()

    visit.fails("**/waveform", 404, "no_waveform")
    play()
    visit.until(f"Math.max(...{drawn}) > 10")
    words: list[int] = page.evaluate(drawn)
    page.unroute("**/waveform")
    play()
    visit.until(f"Math.max(...{drawn}) > 10 && {drawn}.join() !== {words}.join()")
    # Nearly silent, then loud.
    halves = {"low": [-1] * 50 + [-120] * 50, "high": [1] * 50 + [120] * 50, "seconds": 2.0}
    envelope = {"success": True, "statusCode": 200, "message": "", "data": halves}
    page.route("**/waveform", lambda route: route.fulfill(json=envelope))
    play()
    half = f"Math.floor({drawn}.length / 2)"
    visit.until(
        f"Math.max(...{drawn}.slice(0, {half} - 1)) < 10"
        f" && Math.min(...{drawn}.slice({half} + 1, -1)) > 10"
    )
    assert visit.complaints == []
