"""Metrics: what instances count, store once a minute, and an administrator sees."""

from __future__ import annotations

import json
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import requests

from bench.serving import served
from tests.contract.contract import contract, is_planned
from tests.fakes.told_translator import ToldTranslator
from tests.support.admins import Admin
from tests.support.companies import a_firm
from tests.support.factories import (
    CountingDatabase,
    HeldQueue,
    QuickEngine,
    ScriptedEngine,
    code,
    new_user,
    signed_in,
)
from tests.support.forms import multipart
from tests.support.machine import slack
from tests.support.rooms import a_room
from tests.support.silent import silent_services
from tests.support.wiring import app_for, deliver, rewired, services
from troupe.adapters.firestore import Committed, Create, Database, Write, now
from troupe.app.domains import TASK_FUNCTIONS
from troupe.audit.records import Actor
from troupe.counters import COUNTERS, Counters, Tally
from troupe.errors import Unavailable, WorkError
from troupe.generations.request_schemas import GenerateVoice
from troupe.metrics.flush import MetricsFlush
from troupe.metrics.records import KEPT
from troupe.recognition.listen import listen
from troupe.recognition.transcriber import NOTHING, Transcriber

# Of each test its own, so that they may share a database.
_days = iter(range(1, 30))


class Instance:
    """Counts, and stores what it has counted, at a time that the test sets."""

    def __init__(self, db: Database, at: datetime, **gauges: int) -> None:
        self.at = at
        self.counters = Counters(self._clock)
        reads = {name: lambda count=count: count for name, count in gauges.items()}
        self.flush = MetricsFlush(lambda: db, self.counters, reads, self._clock)

    def _clock(self) -> float:
        return self.at.timestamp()

    def request(self, ms: float, *, failed: bool = False) -> None:
        self.counters.request("rooms", "sendMessage", ms, failed=failed)


@pytest.fixture
def at() -> datetime:
    """23:58 of a day that no other test uses."""
    day = now().replace(hour=23, minute=58, second=0, microsecond=0)
    return day - timedelta(days=next(_days))


def shown(admin: Admin, name: str, since: datetime, minutes: int = 1, **query: Any) -> list[Any]:
    until = since + timedelta(minutes=minutes)
    given = {"name": name, "from": since.isoformat(), "to": until.isoformat(), **query}
    return list(admin.data("GET", "/metrics", query_string=given)["series"]["points"])


def test_instances_add_up_to_the_requests_that_there_were(
    db: Database, admin: Admin, at: datetime
) -> None:
    instances = [Instance(db, at, streamsOpen=n) for n in range(8)]
    times = [[n * 40 + k for k in range(30)] for n in range(8)]
    for instance, mine in zip(instances, times, strict=True):
        for ms in mine:
            instance.request(ms, failed=ms % 10 == 0)
        instance.counters.add("messages", 5)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda each: each.flush.run(True), instances))
    flat = sorted(ms for mine in times for ms in mine)
    for name in ("requests.rooms", "requests.rooms.sendMessage"):
        (point,) = shown(admin, name, at)
        assert point["at"] == at.isoformat().replace("+00:00", "Z")
        assert (point["count"], point["errors"]) == (240, sum(ms % 10 == 0 for ms in flat))
        assert point["averageMs"] == round(sum(flat) / 240)
        assert point["maxMs"] == flat[-1] == 309
        assert point["p50Ms"] == pytest.approx(flat[119], rel=0.2)
        assert point["p95Ms"] == pytest.approx(flat[227], rel=0.2)
    (point,) = shown(admin, "messages", at)
    assert (point["count"], point["averageMs"], point["p95Ms"]) == (40, None, None)
    assert shown(admin, "streamsOpen", at)[0]["count"] == sum(range(8))


def test_a_minute_of_an_instance_costs_one_call(counting: CountingDatabase, at: datetime) -> None:
    instance = Instance(counting, at)
    for operation in range(30):
        for _ in range(20):
            instance.counters.request("rooms", f"operation{operation}", 5, failed=False)
    for name in ("messages", "streams", "translatedCharacters"):
        instance.counters.add(name)
    for seconds in range(60):  # it begins anywhere in a minute
        instance.at = at + timedelta(seconds=seconds)
        instance.flush.run(False)
    first = counting.total
    instance.at = at + timedelta(seconds=60)
    instance.flush.run(False)
    assert (first, dict(counting.calls)) in ((0, {"commit": 1}), (1, {"commit": 1}))
    for seconds in range(60, 60 + 10 * 60):  # a request each second
        instance.at = at + timedelta(seconds=seconds)
        instance.request(5)
        instance.flush.run(False)
    assert 10 <= counting.calls["commit"] <= 11
    assert counting.total == counting.calls["commit"]
    instance.at += timedelta(minutes=1)
    instance.flush.run(False)
    stored = counting.total
    instance.at += timedelta(hours=3)
    instance.flush.run(False)
    assert counting.total == stored  # nothing was counted


def test_steps_sum_minutes_across_hours_and_days(db: Database, admin: Admin, at: datetime) -> None:
    instance = Instance(db, at, streamsOpen=2)
    for minute in range(5):  # 23:58 to 00:02
        instance.counters.add("messages", 10**minute)
        instance.counters.add("recognisedSeconds", 700)
        instance.flush.run(True)
        instance.at += timedelta(minutes=1)
    counts = [each["count"] for each in shown(admin, "messages", at, 5)]
    assert counts == [1, 10, 100, 1000, 10_000]
    points = shown(admin, "messages", at, 7, step=300)
    assert [each["count"] for each in points] == [11, 11_100]
    assert points[1]["at"].endswith("T00:00:00Z")
    # Each minute is 0.7 seconds: what is rounded is the sum.
    assert [each["count"] for each in shown(admin, "recognisedSeconds", at, 5, step=300)] == [1, 2]
    assert [each["count"] for each in shown(admin, "streamsOpen", at, 5, step=300)] == [2, 2]
    assert [each["count"] for each in shown(admin, "requests.live", at, 2)] == [0, 0]


def test_what_cannot_be_stored_is_stored_with_the_next_minute(
    db: Database, admin: Admin, at: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    instance = Instance(db, at)
    instance.request(10)
    with silent_services() as silent:
        broken = MetricsFlush(lambda: silent.database, instance.counters, {})
        started = time.monotonic()
        storing = threading.Thread(target=broken.run, args=[True])
        storing.start()
        assert app_for("support").test_client().get("/api/faq").status_code == 200
        assert storing.is_alive()  # the request has not waited for it
        storing.join()
        # Of the ten seconds that an instance has to end.
        assert time.monotonic() - started < 8 * slack()
        broken.run(False)  # not before the next minute
    broken._database = lambda: db
    broken.run(True)
    assert "metrics_not_flushed" in capsys.readouterr().out
    instance.at += timedelta(minutes=1)
    instance.request(20)
    instance.flush.run(True)
    assert [each["count"] for each in shown(admin, "requests.rooms", at, 2)] == [1, 1]


class Mute(Database):
    """Commits, but its answers are lost."""

    def commit(self, *writes: Write) -> Committed:
        super().commit(*writes)
        raise Unavailable(retry_after=1)


def test_a_lost_answer_counts_nothing_twice(db: Database, admin: Admin, at: datetime) -> None:
    instance = Instance(db, at)
    flush = MetricsFlush(lambda: Mute(db._client), instance.counters, {}, instance._clock)
    for _ in range(4):
        instance.request(10)
        flush.run(True)
    flush._database = lambda: db
    flush.run(True)
    assert shown(admin, "requests.rooms", at)[0]["count"] == 4


def test_open_streams_are_seen_without_requests_and_in_their_own_minute(
    db: Database, admin: Admin, at: datetime
) -> None:
    instance = Instance(db, at, streamsOpen=3)
    instance.counters.add("messages")
    instance.at += timedelta(minutes=1)  # it had no processor in between
    instance.flush.run(True)
    instance.at += timedelta(minutes=1)
    instance.flush.run(True)
    assert [each["count"] for each in shown(admin, "streamsOpen", at, 3)] == [0, 3, 3]


def test_requests_are_counted_by_operation(emulators: object, db: Database) -> None:
    client, (_, headers) = app_for("auth").test_client(), signed_in(db)
    COUNTERS.take()
    for path in ("/api/auth/me", "/api/me", "/api/no-such-path"):
        client.get(path, headers=headers)
    client.options("/api/me", headers={"Origin": "https://a.example"})
    with rewired(accounts=None):  # AttributeError
        client.get("/api/auth/sessions", headers=headers)
    found = counted()
    assert found["requests.auth.getMe"].count == 2
    assert found["requests.auth.listSessions"].errors == 1
    assert (found["requests.auth"].count, found["requests.auth"].errors) == (5, 1)
    assert {each for each in found if each.startswith("requests.")} == {
        *("requests.auth", "requests.auth.getMe", "requests.auth.listSessions")
    }


def counted() -> dict[str, Tally]:
    found: dict[str, Tally] = {}
    for names in COUNTERS.take().values():
        for name, tally in names.items():
            found.setdefault(name, Tally()).add(tally)
    return found


def test_what_users_do_is_counted(db: Database, queue: HeldQueue) -> None:
    room = a_room(db)
    room.join(language="en")
    COUNTERS.take()
    text = "Wann öffnet das Geschäft morgen früh?"
    with rewired(translator=ToldTranslator()):
        for _ in range(2):  # the second is a repeat
            room.say(room.owner, text, clientId="one")
            body = {"stream": "s", "seq": 0, "text": "Bis morgen!"}
            room.data(room.owner, "POST", "/captions", function="captions", **multipart(**body))
    for engine in (QuickEngine(), ScriptedEngine(before=refuse)):
        request = GenerateVoice.model_validate({"text": "Good evening.", "language": "en"})
        with rewired(engines=lambda name, engine=engine: engine):
            services().generations.generate(new_user(db), request.command(), None)
            deliver(queue)
    noise = np.random.default_rng(1).normal(0, 3000, 40_000).astype(np.int16)
    listen(cast("Transcriber", Deaf()), noise)
    found = counted()
    assert (found["messages"].count, found["captions"].count) == (1, 1)
    assert found["translatedCharacters"].count == len(text) + len("Bis morgen!")
    assert (found["jobsCompleted"].count, found["jobsFailed"].count) == (1, 1)
    assert found["recognisedSeconds"].count == 2500


def refuse(number: int) -> None:
    raise WorkError("refused", "The engine refuses.", retryable=False)


class Deaf:
    """A transcriber that hears nothing."""

    def transcribe(self, *given: Any) -> Any:
        return NOTHING


def test_an_instance_that_is_shut_down_stores_everything(own_db: Database) -> None:
    """gunicorn serves a function as on Cloud Run, and gets SIGTERM. Debug logs are stored, too."""
    env = {"K_SERVICE": "support", "GCLOUD_PROJECT": own_db._client.project}
    with rewired(database=own_db):
        services().debug_logs.switch(Actor("operator", None), "function:support", 5)
        with served("support", "/api/faq", env) as instance:
            for path in ("/api/faq", "/api/faq", "/api/nothing"):
                requests.get(instance.url + path, timeout=60)
        assert stored("requests.support") == 4
        assert stored("requests.support.listFaq") == 3
    debugged = [("scopes", "array_contains", "function:support")]
    assert own_db.count("debugLogs", where=debugged) == 4


def stored(name: str) -> int:
    """The count of the last day."""
    since = now() - timedelta(days=1)
    points = services().metrics_report.series(name, since, now(), timedelta(days=1))
    return sum(each.count for each in points)


WRONG = {
    "an unknown name": ({"name": "cats"}, "unknown_choice", "requests.rooms"),
    "an unknown function": ({"name": "requests.cats"}, "unknown_choice", "requests.listen"),
    "an unknown operation": (
        {"name": "requests.rooms.cats"},
        "unknown_choice",
        "requests.rooms.sendMessage",
    ),
    "an alias": ({"name": "requests.rooms.createRoomAlias1"}, "unknown_choice", "createRoom"),
    "none": ({}, "invalid_input", "name: is required"),
    "half a minute": ({"step": "30"}, "invalid_input", "step: must be at least 60"),
    "90 seconds": ({"step": "90"}, "invalid_input", "step: must be a multiple of 60 seconds"),
    "no number": ({"step": "1m"}, "invalid_input", "step: must be a whole number"),
    "the wrong way": (
        {"from": "2026-11-02", "to": "2026-11-01"},
        "invalid_input",
        "`from` must be before `to`",
    ),
    "long ago": ({"from": "2020-01-01"}, "invalid_input", "`from` must not be before 20"),
    "too many points": ({"ago": 30}, "invalid_input", "`step` must be at least 1740"),
    "no time": ({"from": "yesterday"}, "invalid_input", "from: must be a date"),
}


@pytest.mark.parametrize(("query", "error", "told"), WRONG.values(), ids=WRONG.keys())
def test_bad_input_is_told_what_would_be_right(
    admin: Admin, query: dict[str, Any], error: str, told: str
) -> None:
    given = {"name": "messages"} if query and "name" not in query else {}
    given |= query
    if days := int(given.pop("ago", 0)):
        given["from"] = (now() - timedelta(days=days)).isoformat()
    answer = admin.ask("GET", "/metrics", query_string=given)
    assert code(answer) == (422, error)
    assert told in answer.text


def test_what_it_says_would_be_right_is(admin: Admin) -> None:
    since = (now() - KEPT).isoformat()
    query = {"name": "messages", "from": since, "step": 2040}
    points = admin.data("GET", "/metrics", query_string=query)["series"]["points"]
    assert 1480 < len(points) <= 1501


def test_all_that_is_kept_is_read_in_a_few_calls(counting: CountingDatabase) -> None:
    with rewired(database=counting):
        services().metrics_report.series("messages", now() - KEPT, now(), timedelta(hours=1))
    assert counting.calls == {"batch_get_documents": 9}


def test_old_metrics_are_deleted(own_db: Database) -> None:
    for name, days in (("old", -1), ("new", 1)):
        own_db.commit(Create(f"metrics/{name}", {"expiresAt": now() + timedelta(days=days)}))
    with rewired(database=own_db):
        assert services().chores["metrics"](10) == 1
    assert [each.id for each in own_db.find("metrics", limit=10)] == ["new"]


def test_a_minute_is_kept_for_35_days(db: Database, at: datetime) -> None:
    instance = Instance(db, at)
    instance.counters.add("streams")
    instance.flush.run(True)
    (stored,) = (each for each in db.get_all([f"metrics/streams-{at:%Y%m%d%H}"]))
    assert stored.data["expiresAt"] - at >= KEPT


def test_the_functions_of_tasks_are_those_of_the_contract() -> None:
    tasks = {line["function"] for line in contract() if line["auth"] == "task"} - {"sweep"}
    planned = {line["function"] for line in contract() if is_planned(line)}
    assert tasks - planned == {*TASK_FUNCTIONS}


def test_the_examples_of_the_runbook_work(db: Database, admin: Admin) -> None:
    page = (Path(__file__).parents[2] / "docs" / "runbook.md").read_text()
    (block,) = re.findall(r"```http\n(.*?)```", page, re.DOTALL)
    firm = a_firm(db)
    block = block.replace("UID", firm.owner.uid).replace("COMPANY", firm.id)
    lines = block.splitlines()
    assert len(lines) == 8
    for line in lines:
        method, path, *body = line.split(" ", 2)
        given = {"json": json.loads(body[0])} if body else {}
        answer = admin.ask(method, path.removeprefix("/api/admin"), **given)
        assert answer.status_code == 200, (line, answer.text)
