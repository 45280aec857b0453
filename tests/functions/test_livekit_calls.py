"""Calls by LiveKit: who gets a token, who is cut off, and that nothing is counted by webhooks."""

from __future__ import annotations

import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from livekit.api import TokenVerifier

from tests.fakes.livekit_server import KEY, SECRET, FakeLiveKit
from tests.support.calls import Clock, Tab, a_call, clock, unknown_id
from tests.support.companies import a_firm, a_person
from tests.support.factories import code, test_settings
from tests.support.livekit import (
    configured,
    connect,
    connected,
    livekit,
    livekit_call,
    room_of,
    sent,
)
from tests.support.rooms import ask
from tests.support.wiring import rewired, services
from troupe.adapters.firestore import Database, Delete, Update, now
from troupe.app.container import Container
from troupe.calls.attendance import TTL_SECONDS
from troupe.calls.livekit_events import EVENTS
from troupe.calls.livekit_rooms import SECONDS, LiveKitRooms
from troupe.calls.records import Participant
from troupe.calls.writes import call_path, participants_path
from troupe.settings import Prices

__all__ = ["clock", "livekit"]


def swept() -> None:
    services().chores["livekit_rooms"](1000)


# Coming in


def test_joining_answers_what_livekit_accepts(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    host, guest = call.enter(call.host), call.guest()
    for tab in (host, guest):
        assert tab.entered["iceServers"] == []
        access = tab.entered["livekit"]
        assert access["url"] == livekit.url.replace("http://", "ws://")
        claims = TokenVerifier(KEY, SECRET).verify(access["token"])
        assert claims.identity == tab.tab
        assert claims.video is not None
        assert claims.video.room == room_of(call)
        connect(livekit, tab)
    assert connected(livekit, call) == {host.tab, guest.tab}
    assert call.record.provider == "livekit"
    assert livekit.asked == []  # nobody waits for LiveKit to come in


def test_a_mesh_has_no_livekit(db: Database, livekit: FakeLiveKit) -> None:
    call = a_call(db)
    tab = call.enter(call.host)
    assert tab.entered["livekit"] is None
    assert tab.ask("GET", "/ice").json["data"]["livekit"] is None
    tab.leave()
    call.end()
    assert livekit.asked == []


def test_whoever_waits_gets_a_token_when_they_are_let_in(
    db: Database, livekit: FakeLiveKit
) -> None:
    call = livekit_call(db, lobby=True)
    host, guest = call.enter(call.host), call.guest()
    assert guest.entered["state"] == "waiting"
    assert guest.entered["livekit"] is None
    servers = f"/ice?participantId={guest.tab}"
    assert code(guest.ask("GET", servers))[1] == "not_in_call"
    host.moderate(guest, "admit")
    access = guest.ask("GET", servers).json["data"]["livekit"]
    assert livekit.connect(access["token"]) == guest.tab


def test_only_those_who_are_in_the_call_get_a_token(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    host, first, second = call.enter(call.host), call.guest(), call.enter(call.host)
    stranger = a_person(db)
    assert code(ask(stranger, "GET", f"{call.inside}/ice", "calls"))[1] == "call_not_found"
    of_others = first.ask("GET", f"/ice?participantId={host.tab}")
    assert code(of_others)[1] == "participant_not_found"
    second.leave()  # the host has another tab
    assert code(host.ask("GET", f"/ice?participantId={second.tab}"))[1] == "not_in_call"
    assert host.ask("GET", f"/ice?participantId={host.tab}").json["data"]["livekit"]["token"]
    host.moderate(first, "remove")
    assert code(first.ask("GET", "/ice"))[1] == "removed"
    call.end()
    assert code(host.ask("GET", "/ice"))[1] == "call_ended"


def test_without_a_server_there_are_no_such_calls(db: Database, livekit: FakeLiveKit) -> None:
    firm = a_firm(db)
    call = livekit_call(db, firm)
    with rewired(livekit=None):
        body = {"companyId": firm.id, "provider": "livekit"}
        made = ask(firm.owner, "POST", "/api/videocalls", "calls", json=body)
        assert code(made) == (503, "livekit_not_configured")
        assert code(call.try_enter(call.host))[1] == "livekit_not_configured"
        assert call.record.participant_count == 0
        swept()
    tab = call.enter(call.host)
    with rewired(livekit=None):
        assert code(call.try_guest())[1] == "livekit_not_configured"
        assert tab.leave().status_code == 200
        assert call.end().status_code == 200


def test_a_call_by_livekit_has_more_room(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    assert call.record.max_participants == 20
    for provider, most in (("mesh", 4), ("livekit", 20)):
        body = {"companyId": call.firm.id, "provider": provider, "maxParticipants": most}
        made = ask(call.host, "POST", "/api/videocalls", "calls", json=body)
        assert made.status_code == 201, made.text
        body["maxParticipants"] = most + 1
        refused = ask(call.host, "POST", "/api/videocalls", "calls", json=body)
        assert refused.status_code == 422
    changed = call.data(call.host, "PUT", json={"media": "audio", "maxParticipants": 2})
    assert changed["call"]["maxParticipants"] == 2
    call.enter(call.host)
    call.guest()
    full = call.try_guest()
    assert (code(full)[1], full.json["error"]["details"]) == ("call_full", {"maximum": 2})


def test_a_repeat_for_another_provider_is_another_request(
    db: Database, livekit: FakeLiveKit
) -> None:
    firm = livekit_call(db).firm
    key = {"Idempotency-Key": unknown_id()}
    body = {"companyId": firm.id, "provider": "livekit"}

    def made(**changed: str) -> int:
        given = body | changed
        return int(
            ask(firm.owner, "POST", "/api/videocalls", "calls", json=given, headers=key).status_code
        )

    assert [made(), made(), made(provider="mesh")] == [201, 201, 409]


# Going


def test_whoever_is_removed_is_cut_off_and_does_not_come_back(
    db: Database, livekit: FakeLiveKit
) -> None:
    call = livekit_call(db)
    host, guest = connect(livekit, call.enter(call.host)), connect(livekit, call.guest())
    assert host.moderate(guest, "remove").status_code == 200
    assert connected(livekit, call) == {host.tab}

    connect(livekit, guest)  # an older server takes the token until it ends
    body, token = livekit.event("participant_joined", room_of(call), guest.tab)
    assert sent(body, token).status_code == 200
    assert connected(livekit, call) == {host.tab}

    connect(livekit, guest)  # and the webhook is lost
    swept()
    assert connected(livekit, call) == {host.tab}


def test_all_tabs_of_the_removed_are_cut_off(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    member = call.firm.join("member")
    host = connect(livekit, call.enter(call.host))
    tabs = [connect(livekit, call.enter(member)) for _ in range(2)]
    host.moderate(tabs[0], "remove")
    assert connected(livekit, call) == {host.tab}


def test_a_host_hears_that_livekit_does_not_answer(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    member = call.firm.join("member")
    host = connect(livekit, call.enter(call.host))
    tabs = [connect(livekit, call.enter(member)) for _ in range(2)]
    livekit.script("busy", "cut")
    failed = host.moderate(tabs[0], "remove")
    assert code(failed) == (503, "livekit_unavailable")
    assert tabs[0].access.state == "removed"
    assert len(connected(livekit, call)) == 3
    assert host.moderate(tabs[0], "remove").status_code == 200
    assert connected(livekit, call) == {host.tab}


def test_a_host_silences_the_microphone_as_often_as_it_speaks(
    db: Database, livekit: FakeLiveKit
) -> None:
    call = livekit_call(db)
    host, guest = call.enter(call.host), call.guest()
    assert host.moderate(guest, "mute").status_code == 200  # has not connected yet
    connect(livekit, guest)
    for _ in range(2):
        assert livekit.muted(room_of(call), guest.tab) == set()
        assert host.moderate(guest, "mute").json["data"]["participant"]["muted"] is True
        assert livekit.muted(room_of(call), guest.tab) == {"MICROPHONE", "SCREEN_SHARE_AUDIO"}
        for track in livekit.rooms[room_of(call)][guest.tab].tracks:
            track.muted = False
    livekit.script("refuse")
    assert code(host.moderate(guest, "mute"))[1] == "livekit_unavailable"


def test_whoever_leaves_or_stops_is_cut_off(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    call = livekit_call(db)
    tabs = [connect(livekit, tab) for tab in (call.enter(call.host), call.guest(), call.guest())]
    host, first, second = tabs
    first.leave()
    assert connected(livekit, call) == {host.tab, second.tab}
    clock.forward(TTL_SECONDS - 15)
    host.beat()
    clock.forward(16)
    host.beat()  # who clears the second one away
    assert connected(livekit, call) == {host.tab}
    clock.forward(TTL_SECONDS + 1)
    swept()  # nobody else is left to do it
    assert connected(livekit, call) == set()
    assert host.record.state == "left"


def _stops(colleague: Tab, host: Tab, clock: Clock) -> None:
    """Of the colleague nothing is heard any more, and nobody has noticed."""
    clock.forward(30)
    host.beat()
    clock.forward(16)


def _leaves(host: Tab, colleague: Tab, clock: Clock) -> None:
    colleague.leave()


def _is_removed(host: Tab, colleague: Tab, clock: Clock) -> None:
    host.moderate(colleague, "remove")


def _is_cleared_by_a_beat(host: Tab, colleague: Tab, clock: Clock) -> None:
    _stops(colleague, host, clock)
    host.beat()


def _is_cleared_by_a_member(host: Tab, colleague: Tab, clock: Clock) -> None:
    _stops(colleague, host, clock)
    host.call.enter(host.call.firm.join())


def _is_cleared_by_a_guest(host: Tab, colleague: Tab, clock: Clock) -> None:
    _stops(colleague, host, clock)
    host.call.guest()


def _is_cleared_by_letting_in(host: Tab, colleague: Tab, clock: Clock) -> None:
    host.call.data(host.person, "PUT", json={"lobby": True})
    guest = host.call.guest()
    _stops(colleague, host, clock)
    assert host.moderate(guest, "admit").status_code == 200


def _loses_the_company(host: Tab, colleague: Tab, clock: Clock) -> None:
    firm = host.call.firm
    firm.owner.data("DELETE", f"{firm.path}/members/{colleague.person.uid}")


def _is_erased(host: Tab, colleague: Tab, clock: Clock) -> None:
    services().erasers["calls"](colleague.person.uid, 10)


def _host_is_erased(host: Tab, colleague: Tab, clock: Clock) -> None:
    services().erasers["calls"](host.person.uid, 10)


def _call_ends(host: Tab, colleague: Tab, clock: Clock) -> None:
    host.call.end()


@pytest.mark.parametrize(
    "goes",
    [
        _leaves,
        _is_removed,
        _is_cleared_by_a_beat,
        _is_cleared_by_a_member,
        _is_cleared_by_a_guest,
        _is_cleared_by_letting_in,
        _loses_the_company,
        _is_erased,
        _host_is_erased,
        _call_ends,
    ],
)
def test_every_way_out_cuts_off_at_once(
    db: Database, livekit: FakeLiveKit, clock: Clock, goes: Callable[[Tab, Tab, Clock], None]
) -> None:
    call = livekit_call(db)
    host = connect(livekit, call.enter(call.host))
    colleague = connect(livekit, call.enter(call.firm.join()))
    goes(host, colleague, clock)
    assert colleague.tab not in connected(livekit, call)


def test_a_beat_that_counts_minutes_first_cuts_off_as_well(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    """It commits twice: what was used of a tab with too little left, then when the call ends."""
    prices = Prices(call_seconds_per_token={"livekit": 60})
    with rewired(settings=test_settings(prices=prices)):
        call = livekit_call(db, tokens=3)
        tabs = [connect(livekit, tab) for tab in (call.enter(call.host), call.guest())]
        stopped = connect(livekit, call.guest(name="Ada"))
        clock.forward(30)
        for tab in tabs:
            tab.beat()
        clock.forward(16)
        used = sum(call.record.used.values())
        assert tabs[0].beat().status_code == 200
        assert sum(call.record.used.values()) > used
    assert stopped.record.state == "left"
    assert connected(livekit, call) == {tab.tab for tab in tabs}


def test_whoever_is_removed_loses_tabs_of_which_livekit_was_not_told(
    db: Database, livekit: FakeLiveKit
) -> None:
    call = livekit_call(db)
    member = call.firm.join()
    host = connect(livekit, call.enter(call.host))
    first, second = (connect(livekit, call.enter(member)) for _ in range(2))
    livekit.script("busy", "busy")
    assert first.leave().status_code == 200
    assert first.tab in connected(livekit, call)
    host.moderate(second, "remove")
    assert connected(livekit, call) == {host.tab}


def test_a_call_that_ends_ends_at_livekit(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    host, guest = connect(livekit, call.enter(call.host)), connect(livekit, call.guest())
    livekit.script("busy", "busy")
    assert call.end().status_code == 200
    assert connected(livekit, call) == {host.tab, guest.tab}  # LiveKit was not told
    swept()
    assert livekit.rooms == {}
    connect(livekit, guest)  # whose token is still good
    body, token = livekit.event("room_started", room_of(call))
    assert sent(body, token).status_code == 200
    assert livekit.rooms == {}

    other = livekit_call(db, call.firm)
    connect(livekit, other.enter(other.host))
    other.end()
    assert livekit.rooms == {}


def test_a_call_that_the_sweep_ends_ends_at_livekit_at_once(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    call = livekit_call(db)
    for each in (call.enter(call.host), call.guest()):
        connect(livekit, each)
    clock.forward(TTL_SECONDS + 1)
    call.due()  # takes out who has stopped, and sees that nobody is left
    assert connected(livekit, call) == set()
    livekit.add(room_of(call), "somebody")
    clock.forward(121)
    call.due()
    assert call.record.status == "ended"
    assert livekit.rooms == {}


def test_calls_of_a_company_that_is_deleted_end_at_livekit(
    db: Database, livekit: FakeLiveKit
) -> None:
    call = livekit_call(db)
    connect(livekit, call.enter(call.host))
    services().call_endings.erase_all(call.firm.id, 10)
    assert livekit.rooms == {}


def test_the_sweep_ends_calls_also_if_livekit_fails(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    firm = livekit_call(db).firm
    calls = [livekit_call(db, firm) for _ in range(5)]
    for call in calls:
        connect(livekit, call.enter(call.host))
    clock.forward(3600)
    livekit.script(*["refuse"] * 20)
    for call in calls:
        db.commit(Update(call_path(call.id), {"dueAt": now() - timedelta(hours=1)}))
    asked: list[str] = []
    livekit.before = asked.append
    services().call_endings.sweep(1000)
    assert {call.record.status for call in calls} == {"missed"}
    assert asked == ["DeleteRoom"] * 3
    assert len(livekit.rooms) == 5


def test_a_call_that_nobody_can_pay_for_any_more_ends_at_livekit(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    prices = Prices(call_seconds_per_token={"livekit": 60})
    with rewired(settings=test_settings(prices=prices)):
        call = livekit_call(db, tokens=3)
        tabs = [connect(livekit, tab) for tab in (call.enter(call.host), call.guest())]
        answers = []
        for _ in range(10):
            clock.forward(20)
            answers = [tab.beat() for tab in tabs]
            if answers[0].status_code != 200:
                break
        assert code(answers[0]) == (409, "call_ended")
        assert call.record.end_reason == "out_of_minutes"
        assert livekit.rooms == {}


def test_a_call_that_is_deleted_leaves_no_room(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    connect(livekit, call.enter(call.host))
    db.commit(Delete(call_path(call.id)))
    swept()
    assert livekit.rooms == {}


def test_the_sweep_leaves_others_alone(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    host = connect(livekit, call.enter(call.host))
    livekit.add(room_of(call), "recorder", kind="EGRESS")
    livekit.add(room_of(call), "agent-1", kind="AGENT")
    livekit.add("a meeting", "somebody")
    livekit.add(f"another-project.{unknown_id()}", "somebody")
    swept()
    assert connected(livekit, call) == {host.tab, "recorder", "agent-1"}
    assert len(livekit.rooms) == 3


def test_who_comes_while_the_sweep_looks_stays(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    tabs = [connect(livekit, call.enter(call.host))]

    def somebody_comes(method: str) -> None:
        if method == "ListParticipants" and len(tabs) == 1:
            tabs.append(connect(livekit, call.guest()))

    livekit.before = somebody_comes
    swept()
    assert connected(livekit, call) == {each.tab for each in tabs}
    assert len(tabs) == 2


def test_one_room_does_not_keep_the_sweep_from_others(db: Database, livekit: FakeLiveKit) -> None:
    calls = [livekit_call(db) for _ in range(2)]
    for call in calls:
        connect(livekit, call.enter(call.host))
        db.commit(Delete(call_path(call.id)))
    livekit.script("ok", "refuse")
    swept()
    assert len(livekit.rooms) == 1
    livekit.script("refuse")
    swept()
    assert len(livekit.rooms) == 1
    swept()
    assert livekit.rooms == {}


def test_a_slow_livekit_leaves_the_sweep_its_time(db: Database, livekit: FakeLiveKit) -> None:
    for _ in range(4):
        livekit.add(f"{services().settings.project_id}.{unknown_id()}", "somebody")
    seconds = [0.0]

    def takes_long(method: str) -> None:
        seconds[0] += SECONDS / 4  # two requests for each room

    livekit.before = takes_long
    rooms = LiveKitRooms(
        db, lambda: services().livekit, services().call_egresses, lambda: seconds[0]
    )
    assert rooms.sweep(1000) == 2
    assert len(livekit.rooms) == 2


def test_the_sweep_gives_up_on_a_livekit_that_fails(db: Database, livekit: FakeLiveKit) -> None:
    for _ in range(5):
        livekit.add(f"{services().settings.project_id}.{unknown_id()}", "somebody")
    livekit.script("ok", "refuse", "refuse", "ok", "ok", "refuse", "refuse")
    swept()
    assert [method for method, _ in livekit.asked] == [
        "ListRooms",
        "ListParticipants",
        "DeleteRoom",
    ]
    livekit.script("ok", "refuse", "refuse", "refuse")
    assert services().livekit_rooms.sweep(1000) == 3
    assert len(livekit.rooms) == 4
    swept()
    assert livekit.rooms == {}


def test_whoever_is_connected_without_heartbeats_pays_for_it(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    prices = Prices(call_seconds_per_token={"livekit": 60})
    with rewired(settings=test_settings(prices=prices)):
        call = livekit_call(db)
        silent = [connect(livekit, tab) for tab in (call.enter(call.host), call.guest())]
        ghost = call.guest(name="Ada")  # has never connected
        reserved = call.record.reserved
        clock.forward(280)
        swept()
        assert [tab.record.seconds for tab in (*silent, ghost)] == [280, 280, 60]
        assert call.record.seconds == 620
        assert connected(livekit, call) == set()
        clock.forward(200)
        call.due()
        call.due()
    assert reserved is not None
    # More than was reserved is never charged.
    assert sum(call.record.used.values()) == reserved.milliseconds == 240_000


def test_a_guest_who_sends_no_heartbeats_and_comes_again_pays_for_it(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    call = livekit_call(db)
    host, guest = connect(livekit, call.enter(call.host)), connect(livekit, call.guest())
    tabs = [guest]
    for _ in range(3):
        for _ in range(2):
            clock.forward(22)
            host.beat()
        tabs.append(connect(livekit, call.enter(guest.person)))
    for _ in range(5):
        clock.forward(14)
        host.beat()
    assert {tab.record.state for tab in tabs} == {"left"}
    stayed = [tab.record.seconds for tab in tabs]
    assert sum(stayed) >= 4 * TTL_SECONDS
    assert connected(livekit, call) == {host.tab}
    clock.forward(1)
    call.end()
    assert call.record.seconds == sum(stayed) + host.record.seconds


# Webhooks


def test_unsigned_events_do_nothing(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    host, guest = connect(livekit, call.enter(call.host)), connect(livekit, call.guest())
    call.end()
    connect(livekit, guest)
    body, token = livekit.event("room_started", room_of(call))
    wrong = [
        (body, ""),
        (body, guest.entered["livekit"]["token"]),
        (body, host.person.headers["Authorization"]),
        (body.replace(b"EV_", b"EW_"), token),
        (b"", token),
        (b"{", "Bearer x"),
    ]
    for each in wrong:
        answer = sent(*each)
        assert code(answer) == (400, "bad_livekit_signature"), each
    assert connected(livekit, call) == {guest.tab}
    with rewired(livekit=None):
        assert sent(body, token).status_code == 400
    assert sent(body, f"Bearer {token}").status_code == 200
    assert livekit.rooms == {}


def test_an_event_is_applied_once(db: Database, livekit: FakeLiveKit) -> None:
    call = livekit_call(db)
    host, guest = connect(livekit, call.enter(call.host)), connect(livekit, call.guest())
    host.moderate(guest, "remove")
    connect(livekit, guest)
    event = livekit.event("participant_joined", room_of(call), guest.tab)
    livekit.script("busy", "cut")
    failed = sent(*event)
    assert code(failed) == (503, "livekit_unavailable")
    assert guest.tab in connected(livekit, call)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: sent(*event), range(4)))
    assert {each.status_code for each in answers} == {200}
    assert connected(livekit, call) == {host.tab}
    asked = len(livekit.asked)
    assert sent(*event).status_code == 200
    assert len(livekit.asked) == asked
    where = [("callId", "==", call.id)]
    assert len(db.find(EVENTS, where=where, limit=10)) == 1


def test_events_of_others_and_of_those_who_are_there_are_ignored(
    db: Database, livekit: FakeLiveKit
) -> None:
    call = livekit_call(db)
    host = connect(livekit, call.enter(call.host))
    room = room_of(call)
    for event in (
        livekit.event("participant_joined", room, host.tab),
        livekit.event("participant_joined", room, "recorder", kind="EGRESS"),
        livekit.event("participant_joined", "a meeting", "somebody"),
        livekit.event("participant_joined", f"another-project.{call.id}", unknown_id()),
        livekit.event("participant_left", room, host.tab),
        livekit.event("room_started", room),
        livekit.event("room_finished", room),
        livekit.event("track_published", room, host.tab),
        livekit.event("something_new", room),
        livekit.event("participant_joined", room),
    ):
        assert sent(*event).status_code == 200
    assert livekit.asked == []
    assert host.record.state == "in"
    assert db.find(EVENTS, where=[("callId", "==", call.id)], limit=1) == []


@pytest.mark.parametrize("identity", ["..", "a/b", "__x__", "x" * 1500, "é\n"])
def test_strange_identities_are_cut_off(db: Database, livekit: FakeLiveKit, identity: str) -> None:
    call = livekit_call(db)
    livekit.add(room_of(call), identity)
    event = livekit.event("participant_joined", room_of(call), identity)
    assert sent(*event).status_code == 200
    assert connected(livekit, call) == set()


Deliver = Callable[[list[tuple[bytes, str]]], list[tuple[bytes, str]]]


def minutes(db: Database, livekit: FakeLiveKit, clock: Clock, deliver: Deliver) -> object:
    """A call of three, of whom one comes again and one stops; what is counted of it. `deliver`:
    which of the webhooks come, and in which order."""
    call = livekit_call(db)
    room, events = room_of(call), list[tuple[bytes, str]]()

    def happens(name: str, identity: str) -> None:
        events.append(livekit.event(name, room, identity))

    def sends() -> None:
        for event in deliver(events):
            assert sent(*event).status_code == 200
        events.clear()

    tabs = [connect(livekit, tab) for tab in (call.enter(call.host), call.guest(), call.guest())]
    for tab in tabs:
        happens("participant_joined", tab.tab)
    host, first, second = tabs
    for step in range(12):
        clock.forward(15)
        host.beat(connection="connected")
        if step < 4:
            second.beat(connection="connected")
        if step == 5:
            first.leave()
            happens("participant_left", first.tab)
        elif step < 5:
            first.beat(connection="connected")
        if step == 8:
            happens("participant_left", second.tab)
            tabs.append(connect(livekit, call.guest(name="Ada")))
            happens("participant_joined", tabs[-1].tab)
        if step % 3 == 0:
            sends()
    call.end()
    happens("room_finished", "")
    sends()
    people = [Participant.of(each) for each in db.find(participants_path(call.id), limit=10)]
    seconds = sorted((each.order, each.seconds, each.state) for each in people)
    record = call.record
    return seconds, record.seconds, record.length(), record.peak, record.status, record.join_seq


def test_lost_doubled_and_swapped_webhooks_change_no_minute(
    db: Database, livekit: FakeLiveKit, clock: Clock
) -> None:
    chance = random.Random(7)
    deliveries: list[Deliver] = [
        lambda events: events,
        lambda events: [],
        lambda events: events * 2,
        lambda events: events[::-1],
        lambda events: chance.sample(events * 2, len(events)),
    ]
    counted = [minutes(db, livekit, clock, deliver) for deliver in deliveries]
    assert counted[0][1] > 300
    assert counted == counted[:1] * len(deliveries)


# Wiring


def test_the_settings_make_the_provider(db: Database, livekit: FakeLiveKit) -> None:
    made = Container(configured(livekit.url)).livekit
    assert made is not None
    livekit.add(f"{services().settings.project_id}.{unknown_id()}", "somebody")
    assert len(made.open_calls()) == 1
