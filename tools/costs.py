"""Writes docs/costs.md: `make costs`.

Documents, requests, seconds and sizes are those of bench/costs.json, which `python -m bench.costs`
counts and measures. Prices are those of tools/prices.json, and the sizes of the functions are what
functions/main.py declares. What is assumed, and only that, is written here.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.locks import ROOT
from troupe.calls.attendance import BEAT_SECONDS
from troupe.commands.declared import Function, declared
from troupe.jobs.lease import REPORT_EVERY
from troupe.settings import Settings

PAGE = ROOT / "docs" / "costs.md"
COUNTS = ROOT / "bench" / "costs.json"
PRICES = ROOT / "tools" / "prices.json"
RULES = ROOT / "firestore.rules"

# Assumed: what a user does in a month.
VISITS = 12
MINUTES = 10  # of speech
LOOKS = 10  # at a job until it is done, by polling
VIDEOS = 1  # of a minute
MESSAGES = 60  # in a room of ten, who all listen
CALLS = 1
CALL_MINUTES = 20  # of two people
LOADED = 3  # how often speech and a video are loaded
USERS = (1_000, 100_000, 1_000_000)
# Assumed: the busiest hour has a 200th of the month's work. Of an even load it would have a 730th.
BUSIEST = 200
# Assumed: a service speaks four times as fast as Kokoro on one core.
SERVICE_SPEED = 4
# Assumed: seconds that Firestore takes for a document. The emulator answers at once.
DISTANCE = 0.005
# The memory of an instance, in GiB: of most functions that answer requests, and of tasks.
REQUEST_MEMORY, TASK_MEMORY = 1, 2

# What Google documents: https://firebase.google.com/docs/firestore/best-practices,
# https://cloud.google.com/firestore/quotas, https://cloud.google.com/tasks/docs/quotas.
DOCUMENT_COMMITS = 1  # a second, sustained, to one document
FIRST_OPERATIONS = 500  # a second, in a collection without traffic so far
COMMITS = 2  # to a wallet, by a job: what it may cost is held, and what it has cost is taken
QUEUE_DISPATCHES = 500  # a second, the most that a queue can be set to

# The parts of a bill, by the ids of prices.
PARTS = {
    "Firestore": ("reads", "writes", "deletes"),
    "functions": ("cpu", "memory", "requests", "tasks", "jobs"),
    "files": ("stores", "fetches", "stored"),
    "traffic": ("sent",),
}


@dataclass(frozen=True)
class Work:
    """Amounts by the ids of tools/prices.json."""

    amounts: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return self.amounts.get(name, 0.0)

    def __mul__(self, times: float) -> Work:
        return Work({name: amount * times for name, amount in self.amounts.items()})

    def __add__(self, other: Work) -> Work:
        names = [*self.amounts, *(name for name in other.amounts if name not in self.amounts)]
        return Work({name: self[name] + other[name] for name in names})


def total(works: Iterable[Work]) -> Work:
    found = Work({})
    for each in works:
        found += each
    return found


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def looked_at(rule: str) -> int:
    """How many documents a function of firestore.rules looks at."""
    body = re.search(rf"function {rule}\(.*?\n    \}}", RULES.read_text(), re.DOTALL)
    if body is None:
        raise ValueError(f"{RULES.name} has no function {rule}")
    return len(re.findall(r"\b(?:get|exists)\(/databases", body[0]))


class Costs:
    """What things take of the platform."""

    def __init__(self) -> None:
        self.found = read(COUNTS)
        self.table = read(PRICES)
        self.prices = {price["id"]: price for price in self.table["prices"]}
        self.functions = {each.name: each for each in declared({"PAYMENTS": "off"})[0]}
        self.measured: Mapping[str, float] = self.found["measured"]
        self.days: int = Settings.model_fields["retention_days"].default

    def counted(self, scenario: str, begin: str) -> Mapping[str, float]:
        """The counts of the step whose name begins so."""
        steps = self.found["counted"][scenario].items()
        (found,) = [counts for name, counts in steps if name.startswith(begin)]
        return dict(found)

    def step(self, scenario: str, begin: str) -> Work:
        found = self.counted(scenario, begin)
        counts = {name: found[name] for name in ("reads", "writes", "deletes", "stores", "fetches")}
        # A task is enqueued and delivered, which is a request.
        calls = {"tasks": 2 * found["tasks"], "requests": found["requests"] + found["tasks"]}
        documents = found["reads"] + found["writes"] + found["deletes"]
        memory = TASK_MEMORY if found["tasks"] else REQUEST_MEMORY
        return Work(counts | calls) + self.busy(found["seconds"] + DISTANCE * documents, memory)

    def busy(self, seconds: float, memory: float = TASK_MEMORY) -> Work:
        """An instance, alone with this. One that serves several requests at once costs less."""
        return Work({"cpu": seconds, "memory": seconds * memory})

    def working(self, seconds: float) -> Work:
        """A task that takes longer than the one that was counted, and so reports its progress."""
        return self.busy(seconds) + Work({"writes": seconds / REPORT_EVERY.total_seconds()})

    def listened(self, scenario: str, begin: str, listeners: int, rule: str) -> Work:
        """What listeners read: each change, and what the rule looks at."""
        changes = self.counted(scenario, begin)["listened"] * listeners
        return Work({"reads": changes * (1 + looked_at(rule))})

    def loaded(self, what: str) -> Work:
        """A minute that is kept for as long as generations are, and loaded."""
        gigabytes = self.measured[f"bytes of a minute of {what}"] / 1e9
        return Work({"sent": gigabytes * LOADED, "stored": gigabytes * self.days / 30})

    def speech(self, engine: str) -> Work:
        """A minute. What was counted is with espeak."""
        works = [
            self.step("speech", "POST"),
            self.step("speech", "the tasks"),
            self.step("speech", "GET its progress") * LOOKS,
            self.step("speech", "GET its audio") * LOADED,
            self.loaded("mp3"),
        ]
        kokoro = self.measured["seconds of a minute with kokoro"]
        if engine != "espeak":
            works.append(self.working(kokoro if engine == "kokoro" else kokoro / SERVICE_SPEED))
        return total(works)

    def video(self) -> Work:
        """A minute, with its speech by Kokoro."""
        seconds = self.measured["seconds of a minute with kokoro"]
        return total(
            [
                self.step("video", "POST /api/scripts"),
                self.step("video", "POST …/generate-video"),
                self.step("video", "the tasks"),
                self.step("video", "GET its progress") * LOOKS,
                self.step("video", "GET its script"),
                self.step("video", "GET the video") * LOADED,
                self.working(seconds + self.measured["seconds of a minute of video"]),
                self.loaded("video"),
            ]
        )

    def message(self) -> Work:
        return total(
            [
                self.step("room", "POST …/messages"),
                self.busy(self.measured["seconds of three translations"]),
                self.listened("room", "POST …/messages", self.found["people"], "inRoom"),
            ]
        )

    def call(self) -> Work:
        beats = 2 * CALL_MINUTES * 60 / BEAT_SECONDS
        signal = self.step("call", "POST …/signal")
        signal += self.listened("call", "POST …/signal", 1, "inCall")
        return total(
            [
                self.step("call", "POST /api/videocalls"),
                self.step("call", "POST …/join"),
                self.step("call", "POST …/guest"),
                signal * self.found["signals"],
                self.step("call", "POST …/beat, not stored") * (beats / 2),
                self.step("call", "POST …/beat, stored") * (beats / 2),
                self.step("call", "POST …/leave"),
                self.step("call", "PUT …/end"),
            ]
        )

    def visit(self) -> Work:
        return total(self.step("visit", name) for name in self.found["counted"]["visit"])

    def month(self) -> Work:
        return total(
            [
                self.visit() * VISITS,
                self.speech("kokoro") * MINUTES,
                self.video() * VIDEOS,
                self.message() * MESSAGES,
                self.call() * CALLS,
            ]
        )

    def usd(self, work: Work, *, free: bool = False) -> dict[str, float]:
        """By the parts of a bill. `free`: less what is free in a month."""
        prices = {
            name: max(0.0, work[name] - (price["free"] if free else 0))
            * price["usd"]
            / price["per"]
            for name, price in self.prices.items()
        }
        return {part: sum(prices[name] for name in names) for part, names in PARTS.items()}


@dataclass(frozen=True)
class Limit:
    """What so many users reach in their busiest hour, or month."""

    users: float
    what: str
    remedy: str


def limits(costs: Costs) -> list[Limit]:
    """In the order in which they are met."""
    month, in_a_second = costs.month(), 1 / BUSIEST / 3600
    speaking = costs.speech("kokoro") * MINUTES + costs.video() * VIDEOS
    generate = costs.functions["generate"]
    free = {name: costs.prices[name]["free"] for name in ("reads", "cpu")}
    found = [
        Limit(
            (generate.at_once or 0) / (speaking["cpu"] * in_a_second),
            f"`generate` works on {generate.at_once} tasks at once",
            "jobs wait, in turn by plan; raise `TASKS_AT_ONCE` in `functions/.env` and "
            "`max_instances` in `functions/main.py`, or put a service before `kokoro` in "
            "`SPEECH_ENGINES`",
        ),
        Limit(
            (generate.per_second or 0) / (speaking["tasks"] / 2 * in_a_second),
            f"the queue of `generate` delivers {generate.per_second} tasks a second",
            "raise `max_dispatches_per_second` in `functions/main.py`; Cloud Tasks allows "
            f"{QUEUE_DISPATCHES} for a queue, and more queues, as `listen` and `dub` have",
        ),
        Limit(
            DOCUMENT_COMMITS / (COMMITS * (MINUTES + VIDEOS) * in_a_second),
            f"a wallet is one document, and takes {DOCUMENT_COMMITS} commit a second; "
            "these are users of one company, which pays for all of them",
            "the company's requests take longer, since commits are tried again; sell its members "
            "plans of their own, or found a company for each department",
        ),
        Limit(
            FIRST_OPERATIONS / ((month["reads"] + month["writes"]) * in_a_second),
            f"Firestore takes {FIRST_OPERATIONS} operations a second in a new collection, and half "
            "as many again every five minutes",
            "nothing if the load grows over days; before a launch, raise it over an hour",
        ),
        _instances(costs.functions["rooms"], costs.message() * MESSAGES, in_a_second),
        _instances(costs.functions["calls"], costs.call() * CALLS, in_a_second),
        Limit(
            free["reads"] / month["reads"],
            f"the free tier of Firestore ends: {free['reads']:,} reads a month",
            "set a budget alert",
        ),
        Limit(
            free["cpu"] / month["cpu"],
            f"the free tier of Cloud Run ends: {free['cpu']:,} vCPU-seconds a month",
            "set a budget alert",
        ),
    ]
    return sorted(found, key=lambda limit: limit.users)


def _instances(function: Function, work: Work, in_a_second: float) -> Limit:
    """If every request had a core alone: one that waits for Firestore shares it with others."""
    return Limit(
        function.max_instances / (work["cpu"] * in_a_second),
        f"`{function.name}` has {function.max_instances} instances of one core",
        "raise `max_instances` in `functions/main.py`",
    )


def page() -> str:
    costs = Costs()
    parts = (_introduction, _things, _users, _limits, _prices, _counts)
    return "\n\n".join(text for part in parts for text in part(costs)) + "\n"


def _introduction(costs: Costs) -> list[str]:
    measured = f"{costs.found['date']}, {costs.found['machine']}"
    return [
        "# What it costs",
        _prose(
            f"""
            `make costs` writes this page. Documents and requests are counted on the emulators,
            seconds and sizes measured ({measured}) by `python -m bench.costs`. Prices are [list
            prices](#prices) of {costs.table["date"]}, in US dollars, for
            {costs.table["region"]}. They change, and discounts and taxes are not in them: look
            them up before you decide.
            """
        ),
    ]


def _things(costs: Costs) -> list[str]:
    characters = costs.measured["characters of a minute with kokoro"] / 1e6
    services = {each["name"]: each for each in costs.table["engines"]}
    rows = [(f"a minute of speech with `{name}`", costs.speech(name), 0.0) for name in EMBEDDED]
    for name, each in services.items():
        fee = each["usd"] * (characters if each["unit"] == "million characters" else 1)
        rows.append((f"a minute of speech with `{name}`", costs.speech(name), fee))
    people, languages = costs.found["people"], costs.found["languages"]
    rows += [
        ("a video of a minute, with its speech by `kokoro`", costs.video(), 0.0),
        (f"a message in a room of {people} people in {languages} languages", costs.message(), 0.0),
        (f"a call of two people for {CALL_MINUTES} minutes", costs.call(), 0.0),
    ]
    lines = []
    for what, work, fee in rows:
        usd = [*costs.usd(work).values(), fee]
        lines.append([what, *(f"{1000 * each:.2f}" for each in (*usd, sum(usd)))])
    return [
        "## A thousand of each",
        _table(["$ for 1,000 times", *PARTS, "service", "together"], lines),
        _prose(
            f"""
            "Files" is what Cloud Storage costs, "traffic" what is sent to clients, and "service"
            what the speech service charges. The progress of speech and videos is asked for
            {LOOKS} times; they are loaded {LOADED} times, and kept for {costs.days} days. An
            instance serves one request at a time here, which is the dearest case, and no free
            tier is taken off. A service is assumed to take a quarter of the time that `kokoro`
            takes. `piper` costs little more than `espeak`; `f5tts` and other servers of your own
            cost what they cost. People in a call send each other sound and pictures directly: a
            TURN or LiveKit server is extra.
            """
        ),
    ]


EMBEDDED = ("espeak", "kokoro")


def _users(costs: Costs) -> list[str]:
    lines = []
    for users in USERS:
        usd = costs.usd(costs.month() * users + Work({"jobs": 1}), free=True)
        whole = sum(usd.values())
        shown = [_money(each) for each in (*usd.values(), whole)]
        lines.append([f"{users:,}", *shown, f"{whole / users:.3f}"])
    return [
        "## A month",
        _prose(
            f"""
            For users who each open the studio {VISITS} times, have {MINUTES} minutes of speech
            made by `kokoro` and {VIDEOS} video of a minute, send {MESSAGES} messages in a room
            of {costs.found["people"]}, and have {CALLS} call of {CALL_MINUTES} minutes. Free
            tiers are taken off.
            """
        ),
        _table(["users", *(f"{name}, $" for name in PARTS), "together, $", "each, $"], lines),
        _prose(
            """
            Firebase Authentication is free with passwords and Google; with Identity Platform,
            up to 50,000 active users a month. The sweep runs every five minutes, within the
            free tier. Logs are free up to 50 GiB a month.
            """
        ),
    ]


def _limits(costs: Costs) -> list[str]:
    lines = [[_rounded(each.users), each.what, each.remedy] for each in limits(costs)]
    return [
        "## Which limits are met first",
        f"With that month, if its busiest hour has a {BUSIEST}th of it:",
        _table(["users", "limit", "what to change"], lines),
        _prose(
            """
            Where `generate` is the limit, nothing fails: jobs wait, in turn. `python -m troupe
            queue list` shows how many, and the [runbook](runbook.md) says what else to look at.
            """
        ),
    ]


def _prices(costs: Costs) -> list[str]:
    lines = [
        [each["what"], _plain(each["usd"]), f"{each['per']:,}", f"{each['free']:,}", each["source"]]
        for each in costs.table["prices"]
    ]
    lines += [
        [
            f"`{each['name']}`, {each['model']}",
            _plain(each["usd"]),
            each["unit"],
            "",
            each["source"],
        ]
        for each in costs.table["engines"]
    ]
    return [
        "## Prices",
        _prose(
            """
            From `tools/prices.json`. A multi-region of Firestore costs twice as much as a
            region.
            """
        ),
        _table(["", "$", "for", "free in a month", "source"], lines),
    ]


def _counts(costs: Costs) -> list[str]:
    lines = [
        [scenario, step, *(f"{found[name]:g}" for name in SHOWN), f"{found['seconds']:g}"]
        for scenario, steps in costs.found["counted"].items()
        for step, found in steps.items()
    ]
    measured = [
        [name, f"{value:,.2f}".removesuffix(".00")] for name, value in costs.measured.items()
    ]
    return [
        "## What was counted",
        "For one request, or for all the tasks of one job. Stores and fetches are of files.",
        _table(["", "", *SHOWN, "seconds"], lines),
        _prose(
            f"""
            Each listener to a room or a call adds {looked_at("inRoom")} documents to each
            change, which the rules read. Jobs that take longer report their progress every
            {REPORT_EVERY.total_seconds():g} s. For each document, {1000 * DISTANCE:g} ms are
            added, since Firestore is farther away than the emulator.
            """
        ),
        _table(["", ""], measured),
    ]


SHOWN = ("reads", "writes", "deletes", "stores", "fetches")


def _prose(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 112, break_on_hyphens=False)


def _money(usd: float) -> str:
    return f"{usd:,.0f}" if usd >= 100 else f"{usd:,.2f}"


def _plain(usd: float) -> str:
    return f"{usd:.10f}".rstrip("0").rstrip(".")


def _rounded(number: float) -> str:
    """To two digits."""
    return f"{round(number, 2 - len(str(int(number)))):,.0f}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines: list[Sequence[str]] = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.costs")
    parser.add_argument("--check", action="store_true", help="only fail if the page is out of date")
    options = parser.parse_args(arguments)
    text = page()
    if not options.check:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        print(f"{PAGE.relative_to(ROOT)} is out of date: run `make costs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
