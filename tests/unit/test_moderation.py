# ruff: noqa: RUF001 - look-alike letters are the point
"""Moderation: the list of words, and a server on a real socket."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.openai_server import KEY, FakeOpenAI, openai_server
from tests.support.factories import test_settings
from tests.support.growth import is_linear, repeated
from tests.support.machine import slack
from troupe.adapters import openai_calls
from troupe.adapters.moderation import OVERLAP_CHARACTERS, ModerationServer
from troupe.app.container import Container
from troupe.moderation.blocklist import Blocklist
from troupe.moderation.errors import ContentRefused, ModerationUnavailable
from troupe.moderation.service import Moderation


def refused(listed: str, text: str) -> bool:
    moderation = Container(
        test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST=listed)
    ).moderation
    try:
        moderation.check("ada", text)
    except ContentRefused as error:
        assert error.details == {"categories": ["blocklist"]}
        assert text not in str(error)
        return True
    return False


class TestBlocklist:
    @pytest.mark.parametrize(
        "text",
        [
            "weasel",
            "You WEASEL!",
            "a wéäsel",
            "we\u200basel",
            "wea\u00adsel",
            "w\u2060e\ufeffa\u200dsel",
            "stop\u200bweasel\u200bstop",
            "wеаѕеl",  # Cyrillic, all but the first and the last letter
            "ｗｅａｓｅｌ",
            "𝐰𝐞𝐚𝐬𝐞𝐥",
            "we**a**sel",
            "we`a`sel",
            "stop*weasel*stop",
            "we[asel](https://example.com)",
            "snake_weasel_case",
            "first line\nweasel",
            "w\u0336e\u0336asel",
            "weasel\ufe0f",
        ],
    )
    def test_a_word_is_found_however_it_is_written(self, text: str) -> None:
        assert refused("stoat, weasel", text)

    @pytest.mark.parametrize("text", ["weaselly", "aweasel", "we asel", "weas-el", ""])
    def test_only_whole_words_are_found(self, text: str) -> None:
        assert not refused("weasel", text)

    def test_a_phrase_is_found_across_punctuation(self) -> None:
        assert refused("kill all weasels", "Now: Kill, all\n\n  weasels!")
        assert not refused("kill all weasels", "kill the weasels, all")

    def test_lines_are_judged_separately(self) -> None:
        judge = Blocklist(["kill all"])
        assert judge(["kill", "all"]) == set()
        assert judge(["kill all"])

    @pytest.mark.parametrize(
        ("listed", "text", "found"),
        [
            ("鼬鼠", "我看到一只鼬鼠。", True),
            ("イタチ", "そのｲﾀﾁを見た", True),
            ("ตัวเพียง", "นี่คือตัวเพียงพอน", True),
            ("नेवला", "वह नेवला है", True),
            ("नेवला", "वह नवल है", False),  # marks distinguish words here
            ("ласка", "Это Ла\u0301ска!", True),
            ("сор", "a cop came", False),  # a word of one script is not of another
            ("cop", "вынести сор", False),
            ("ابن عرس", "هَذَا اِبْنُ عِرْسٍ", True),
            ("عرس", "هَذَا عِرْسٌ", True),
            ("족제비", "저기 족제비 한 마리", True),
        ],
    )
    def test_other_scripts(self, listed: str, text: str, found: bool) -> None:
        assert refused(listed, text) is found

    def test_a_file_has_one_phrase_per_line(self, tmp_path: Path) -> None:
        (tmp_path / "words.txt").write_text("# not allowed\nweasel, and stoat\n\nferret\n")
        judge = Blocklist.of("words.txt", tmp_path)
        assert judge(["a ferret"]) == judge(["weasel and stoat"]) == {"blocklist"}
        assert judge(["not allowed, a weasel"]) == set()

    def test_a_missing_list_keeps_the_function_from_starting(self) -> None:
        for setting in ("", "no-such-file.txt"):
            with pytest.raises(ValueError, match="MODERATION_BLOCKLIST"):
                test_settings(MODERATION="blocklist", MODERATION_BLOCKLIST=setting)

    @pytest.mark.parametrize(
        "unit",
        [
            pytest.param("a ", id="words"),
            pytest.param("\u200b", id="invisible"),
            pytest.param("weasel ", id="beginnings"),
            pytest.param("wе", id="mixed"),
            pytest.param("*", id="marks"),
        ],
    )
    def test_hostile_texts_take_linear_time(self, unit: str) -> None:
        judge = Blocklist([f"weasel {number}" for number in range(2000)])
        assert not judge([repeated(unit, 200_000)])
        assert is_linear(lambda size: judge([repeated(unit, size)]), 100_000)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openai_calls, "_WAITS", (0.02, 0.04))


@pytest.fixture
def server() -> Iterator[FakeOpenAI]:
    with openai_server() as fake:
        fake.flagged = {"weasel": "violence/graphic", "stoat": "hate"}
        yield fake


@pytest.fixture
def judge(server: FakeOpenAI) -> Iterator[ModerationServer]:
    judge = ModerationServer(KEY, server.base_url, "some-model", seconds=10.0)
    yield judge
    judge.close()


@pytest.fixture
def impatient(server: FakeOpenAI) -> Iterator[ModerationServer]:
    judge = ModerationServer(KEY, server.base_url, "some-model", seconds=0.5)
    yield judge
    judge.close()


class TestServer:
    def test_its_categories_are_returned(self, server: FakeOpenAI, judge: ModerationServer) -> None:
        assert judge(["hello"]) == set()
        assert judge(["a weasel", "a stoat"]) == {"violence/graphic", "hate"}
        assert server.requests[0] == {"model": "some-model", "input": ["hello"]}

    def test_a_long_text_is_sent_in_overlapping_pieces(
        self, server: FakeOpenAI, judge: ModerationServer
    ) -> None:
        text = "".join(f"{number:07} " for number in range(25_000))
        assert judge([text]) == set()
        pieces = [piece for request in server.requests for piece in request["input"]]
        assert max(map(len, pieces)) <= 2000
        assert max(len(request["input"]) for request in server.requests) <= 32
        joined = sorted(pieces, key=text.index)
        assert all(
            text.index(after) <= text.index(before) + len(before) - OVERLAP_CHARACTERS
            for before, after in pairwise(joined)
        )
        assert text.endswith(joined[-1]) and text.startswith(joined[0])

    @pytest.mark.parametrize("at", [0, 1_990, 50_000, 199_990])
    def test_a_word_is_found_wherever_it_stands(self, judge: ModerationServer, at: int) -> None:
        text = "x" * at + "weasel" + "x" * (199_994 - at)
        assert judge([text]) == {"violence/graphic"}

    def test_lines_share_pieces(self, server: FakeOpenAI, judge: ModerationServer) -> None:
        judge([f"Line {number}." for number in range(300)])
        (request,) = server.requests
        assert len(request["input"]) == 2

    @pytest.mark.parametrize("step", ["500", "429", "503"])
    def test_a_passing_failure_is_tried_again(
        self, server: FakeOpenAI, judge: ModerationServer, step: str
    ) -> None:
        server.script(step)
        assert judge(["a stoat"]) == {"hate"}

    @pytest.mark.parametrize(
        "step",
        ["500", "429", "401", "400", "html", "one-too-few", "no-flags", "hang", "drip"],
    )
    def test_what_cannot_be_checked_is_not_allowed(
        self, server: FakeOpenAI, impatient: ModerationServer, step: str, capsys: Any
    ) -> None:
        server.script(*[step] * 3)
        with pytest.raises(ModerationUnavailable) as raised:
            Moderation(lambda: impatient).check("ada", "a secret text")
        assert raised.value.retry_after
        assert "a secret text" not in capsys.readouterr().out + str(raised.value)

    @pytest.mark.parametrize("step", ["unnamed", "strange"])
    def test_a_flag_without_a_proper_name_counts(
        self, server: FakeOpenAI, judge: ModerationServer, step: str
    ) -> None:
        server.script(step)
        assert judge(["hello"]) == {"other"}

    def test_the_deadline_holds_for_all_requests_together(
        self, server: FakeOpenAI, impatient: ModerationServer
    ) -> None:
        server.script(*["hang"] * 30)
        started = time.monotonic()
        with pytest.raises(ModerationUnavailable):
            Moderation(lambda: impatient).check("ada", "x" * 200_000, "y" * 200_000)
        assert time.monotonic() - started < 3 * slack()  # 14 requests, and half a second for all

    def test_it_serves_threads_at_once(self, server: FakeOpenAI, judge: ModerationServer) -> None:
        found: list[set[str]] = []
        texts = ["a weasel", "hello"] * 10
        threads = [
            threading.Thread(target=lambda text=text: found.append(judge([text]))) for text in texts
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(map(len, found)) == [0] * 10 + [1] * 10


def test_without_moderation_nothing_is_loaded_or_refused() -> None:
    def never() -> Any:
        raise AssertionError

    Moderation(None).check("ada", "anything")
    Moderation(never).check("ada", None, "")
