"""Who is in a call: beats, ghosts, leaving, status and quality, and what they cost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.calls import Clock, Tab, a_call, clock, counted
from tests.support.companies import a_person
from tests.support.factories import code
from tests.support.rooms import ask
from tests.support.wiring import services
from troupe.adapters.firestore import Database, Merge, Update, now
from troupe.calls.quality import counted as counters_of
from troupe.calls.quality import reports_of
from troupe.calls.records import QualityReports
from troupe.calls.writes import beats_path, quality_path
from troupe.rooms.records import Room
from troupe.rooms.writes import room_path

__all__ = ["clock"]


def test_a_beat_says_who_is_there_and_counts_the_time(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    answer = host.beat().json["data"]
    assert [each["id"] for each in answer["participants"]] == [host.tab, guest.tab]
    assert (answer["beatSeconds"], answer["ttlSeconds"], answer["endsAt"]) == (15, 45, None)
    for _ in range(4):
        clock.forward(15)
        host.beat()
        guest.beat()
    clock.forward(10)
    guest.leave()
    assert abs(guest.record.seconds - 70) <= 1
    assert abs(call.record.seconds - 70) <= 1
    clock.forward(5)
    host.leave()
    assert abs(call.record.seconds - 145) <= 2


def test_nobody_gains_time_by_silence(db: Database, clock: Clock) -> None:
    """A beat adds 45 seconds at most; and whoever was silent for longer was cleared away."""
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    clock.forward(600)
    assert host.beat().status_code == 200  # nobody else has beaten, so they are still there
    assert guest.record.state == "left"
    assert guest.record.seconds == 0
    assert call.record.participant_count == 1
    host.leave()
    assert abs(host.record.seconds - 45) <= 1
    assert code(guest.beat()) == (409, "not_in_call")


def test_a_killed_peer_is_gone_within_a_minute(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    clock.forward(15)
    guest.beat()
    clock.forward(15)
    guest.beat()  # the last one, and stored
    gone = 0
    while guest.record.state == "in":
        clock.forward(15)
        gone += 15
        there = host.beat().json["data"]["participants"]
    assert gone <= 60
    assert [each["id"] for each in there] == [host.tab]
    assert guest.access.state == "left"
    assert Room.of(db.get(room_path(call.id))).member_count == 1
    left_at = guest.record.left_at
    assert left_at is not None
    assert left_at < clock()


def test_one_lost_beat_makes_no_ghost(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    for beats in (True, False, True, True, False, True, True):
        clock.forward(14.9)
        if beats:
            assert guest.beat().status_code == 200
        host.beat()
    assert guest.record.state == "in"


def test_two_who_clear_the_same_ghost_away_count_it_once(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host, other, ghost = call.enter(call.host), call.enter(call.firm.join()), call.guest()
    clock.forward(30)
    host.beat()
    other.beat()
    clock.forward(16)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda tab: tab.beat(), (host, other)))
    assert [each.status_code for each in answers] == [200, 200]
    assert call.record.participant_count == 2
    assert ghost.record.state == "left"


def test_a_call_with_sound_alone_takes_no_picture(db: Database, clock: Clock) -> None:
    call, on = a_call(db, media="audio"), {"audio": True, "video": True, "screen": True}
    host = call.enter(call.host, media=on)
    assert host.entered["media"] == "audio"
    assert host.record.media.model_dump() == {"audio": True, "video": False, "screen": False}
    clock.forward(2)
    host.beat(media={"video": True, "screen": True})
    assert not any(host.record.media.model_dump().values())
    assert not call.record.screen_shared


def test_media_is_told_to_others_once_it_changes(db: Database, clock: Clock) -> None:
    call = a_call(db)
    host = call.enter(call.host)
    clock.forward(2)
    on, shared = {"audio": True}, {"audio": True, "screen": True}
    host.beat(media=on)
    host.beat(media=shared)  # within a second: the next one says it again
    assert not host.record.media.screen
    clock.forward(2)
    host.beat(media=shared)
    assert host.record.media.screen
    assert call.record.screen_shared
    host.leave()
    assert not host.record.media.screen


def test_strangers_and_others_do_not_beat_leave_or_report_for_somebody(db: Database) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    body = {"participantId": host.tab}
    for path in (f"{call.inside}/beat", f"{call.inside}/leave", f"{call.path}/quality"):
        stranger = ask(a_person(db), "POST", path, "calls", json=body)
        assert code(stranger) == (404, "call_not_found")
        other = ask(guest.person, "POST", path, "calls", json=body)
        assert other.status_code in (404, 409), path
    for path in ("/participants", "/status"):
        assert code(ask(a_person(db), "GET", call.inside + path, "calls")) == (
            404,
            "call_not_found",
        )
    assert host.record.state == "in"
    assert [guest.leave().status_code for _ in range(2)] == [200, 200]


def test_status_and_participants(db: Database) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    guest.leave()
    status = host.ask("GET", "/status").json["data"]
    assert status["status"] == "active"
    assert [each["id"] for each in status["participants"]] == [host.tab]
    people = host.ask("GET", "/participants").json["data"]["participants"]
    assert [(each["id"], each["state"]) for each in people] == [
        (host.tab, "in"),
        (guest.tab, "left"),
    ]
    manager = call.firm.join("admin")
    assert ask(manager, "GET", f"{call.inside}/status", "calls").status_code == 200
    member = call.firm.join()
    refused = ask(member, "GET", f"{call.inside}/status", "calls")
    assert code(refused) == (404, "call_not_found")


def test_quality_is_summed_with_one_write_for_each_report(
    db: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    path = f"{call.path}/quality"
    given = {"participantId": host.tab, "rttMs": 40, "lossPercent": 0.5, "relay": True, "mos": 4.2}
    with counted(monkeypatch) as cost:
        assert ask(call.host, "POST", path, "calls", json=given).status_code == 200
    assert cost == {"reads": 4, "writes": 1, "deletes": 0}
    ask(call.host, "POST", path, "calls", json=given)  # too soon: dropped
    stored = quality_path(call.id, host.tab)
    db.commit(Update(stored, {"updatedAt": now().replace(year=2020)}))
    other = {"participantId": host.tab, "rttMs": 260}
    ask(call.host, "PUT", f"{call.inside}/quality", "calls", json=other)
    sums = QualityReports.of(db.get(stored))
    assert call.host.uid not in str(db.get(stored).data)
    assert (sums.reports, sums.relayed) == (2, 1)
    assert (sums.rtt.n, sums.rtt.sum, sums.rtt.classes) == (2, 300, {"1": 1, "5": 1})
    assert (sums.loss.n, sums.mos.n) == (1, 1)
    quality = host.ask("GET", "/status").json["data"]["quality"]
    assert (quality["rttMs"], quality["word"]) == (150, "good")
    foreign = {"participantId": guest.tab, "rttMs": 1}
    assert code(ask(call.host, "POST", path, "calls", json=foreign)) == (
        404,
        "participant_not_found",
    )
    for wrong in ({"rttMs": -1}, {"lossPercent": 101}, {"mos": 0}, {"fps": "many"}):
        body = {"participantId": host.tab, **wrong}
        assert ask(call.host, "POST", path, "calls", json=body).status_code == 422
    call.end()
    assert call.record.quality is not None
    assert call.record.quality.reports == 2
    counters = counters_of(call.record.quality, reports_of(db, call.id))
    assert (counters["qualityReports"], counters["lossReports"]) == (2, 1)
    assert counters["lossPermille"] == 5


def test_what_entering_and_beating_cost(
    db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = a_call(db)
    host = call.enter(call.host)
    person = a_person(db)
    with counted(monkeypatch) as cost:
        tab = call.enter(person, code=call.code)
    print("enterCall", dict(cost))
    assert cost["reads"] <= 9
    assert cost["writes"] <= 5
    host.beat(connection="connected")
    with counted(monkeypatch) as cost:
        clock.forward(15)
        tab.beat()
    print("beat", dict(cost))
    assert cost == {"reads": 8}
    with counted(monkeypatch) as cost:
        clock.forward(15)
        tab.beat()
    assert cost == {"reads": 8, "writes": 1, "deletes": 0}


def test_a_call_of_two_for_half_an_hour(
    db: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beats as browsers send them: every 15 seconds, and a little later each time."""
    call = a_call(db)
    presence = services().call_presence

    def beat(tab: Tab) -> None:
        presence.beat(tab.person.caller, call.id, tab.tab, None, "connected")

    with counted(monkeypatch) as cost:
        host, guest = call.enter(call.host), call.guest()
        for _ in range(119):
            clock.forward(9.02)
            beat(host)
            clock.forward(6)
            beat(guest)
        clock.forward(15)
        assert call.end().status_code == 200
    print("a call of two for 30 minutes", dict(cost))
    assert cost["writes"] <= 130  # so that there are 20 for its signals
    record = call.record
    assert record.status == "ended"
    assert abs(record.seconds - 2 * 1800) <= 20
    assert not db.get(beats_path(call.id)).data.get("p")


def test_a_call_without_beats_is_looked_at_by_the_sweep(db: Database, clock: Clock) -> None:
    """All were killed at once: nobody is left who would clear them away."""
    call = a_call(db)
    host, guest = call.enter(call.host), call.guest()
    host.beat(connection="connected")
    due_at = call.record.due_at
    assert due_at is not None
    clock.forward(1900)
    services().call_endings.sweep(1000)
    db.commit(Merge(f"calls/{call.id}", {"dueAt": now()}))
    services().call_endings.sweep(1000)
    record = call.record
    assert (record.status, record.end_reason) == ("ended", "completed")
    assert record.ended_at is not None
    assert (clock() - record.ended_at).total_seconds() > 1800  # when they were last seen
    for tab in (host, guest):
        assert (tab.record.state, tab.access.state) == ("left", "left")
