"""Recordings of calls: who must agree, what is taken, how each ends, and what it costs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.audits import audit_place
from tests.support.call_recordings import (
    Taped,
    a_recorded_firm,
    a_tape,
    act,
    film,
    look_at,
    pieces,
)
from tests.support.calls import Clock, a_call, clock
from tests.support.companies import a_firm, a_person, client
from tests.support.factories import HeldQueue, code
from tests.support.lost import lost_answer
from tests.support.rooms import ask, data
from tests.support.wiring import deliver, services
from troupe.adapters.firestore import Database, Delete, Document, Update, Write, now
from troupe.call_recordings import service
from troupe.call_recordings.records import MOST_PART_BYTES
from troupe.call_recordings.writes import parts_path, recording_prefix
from troupe.calls.attendance import Attendance
from troupe.calls.writes import call_path, live_recording_path, recording_path
from troupe.commands.ledger_audit import audit_owner
from troupe.companies.writes import company_path
from troupe.jobs.records import input_path, job_path
from troupe.jobs.shares import MOST_CAUSED, share_path
from troupe.notifications.records import notifications_path
from troupe.wallet.ledger import wallet_path
from troupe.wallet.records import Owner, Wallet

__all__ = ["clock"]
FILM = film()


@pytest.fixture
def tape(db: Database, queue: HeldQueue) -> Taped:
    """A call with its host alone, who records."""
    return a_tape(db)


def stored_files(tape: Taped) -> list[str]:
    record = tape.record
    return services().files.list(recording_prefix(record.company_id, record.call_id, record.id))


class TestConsent:
    def test_everybody_in_the_call_agrees_before_anything_is_taken(
        self, db: Database, queue: HeldQueue
    ) -> None:
        call = a_call(db, a_recorded_firm(db))
        host, guest = call.enter(call.host), call.guest()
        started = act(call, call.host, "start").json["data"]["recording"]
        assert started["state"] == "requested"
        tape = Taped(call, host, started["id"])
        told = guest.beat().json["data"]["recording"]
        assert (told["waitingFor"], told["name"]) == ([guest.person.uid], host.record.name)
        refused = tape.send(0, FILM)
        assert code(refused) == (409, "consent_missing")
        assert refused.json["error"]["details"] == {"waitingFor": [guest.person.uid]}
        agreed = tape.agree(guest.person).json["data"]["recording"]
        again = tape.agree(guest.person).json["data"]["recording"]
        assert agreed["state"] == again["state"] == "starting"
        assert set(agreed["consented"]) == {call.host.uid, guest.person.uid}
        assert host.beat().json["data"]["recording"]["state"] == "starting"
        tape.send_all([FILM])
        assert guest.beat().json["data"]["recording"]["state"] == "recording"
        assert db.get(live_recording_path(call.id)).data["state"] == "recording"

    def test_who_comes_in_is_asked_first(self, clock: Clock, tape: Taped) -> None:
        tape.send_all([FILM])
        guest = tape.call.guest()
        told = guest.beat().json["data"]["recording"]
        assert (told["state"], told["waitingFor"]) == ("recording", [guest.person.uid])
        # What was recorded before may still be on its way.
        assert tape.send(1, b"a").status_code == 200
        clock.forward(31)
        tape.host.beat()
        guest.beat()
        assert code(tape.send(2, b"b")) == (409, "consent_missing")
        tape.agree(guest.person)
        assert tape.send(2, b"b").status_code == 200

    def test_the_end_of_a_paused_recording_does_not_end_the_pause(
        self, clock: Clock, tape: Taped
    ) -> None:
        tape.send_all([FILM])
        guest = tape.call.guest()
        paid = tape.record.milliseconds
        clock.forward(25)
        tape.host.beat()
        guest.beat()
        act(tape.call, guest.person, "decline")
        assert tape.send(1, b"a").status_code == 200  # was recorded before
        assert tape.record.milliseconds - paid < 20_000
        clock.forward(10)
        assert code(tape.send(2, b"b")) == (409, "consent_missing")

    def test_the_first_part_does_not_begin_the_pause_anew(self, clock: Clock, tape: Taped) -> None:
        guest = tape.call.guest()
        clock.forward(20)
        tape.host.beat()
        guest.beat()
        assert tape.send(0, FILM).status_code == 200
        clock.forward(20)
        tape.host.beat()
        guest.beat()
        assert code(tape.send(1, b"a")) == (409, "consent_missing")

    def test_a_late_answer_is_to_no_other_recording(self, tape: Taped) -> None:
        call, guest = tape.call, tape.call.guest().person
        assert tape.agree(guest).status_code == 200
        tape.stop()
        again = act(call, call.host, "start").json["data"]["recording"]
        late = tape.agree(guest), tape.act(guest, "decline", recordingId=tape.id)
        assert [code(each) for each in late] == [(409, "not_recording")] * 2
        assert code(tape.act(guest, "consent")) == (422, "invalid_input")
        live = call.record.recording
        assert live is not None
        assert (live.id, live.waiting_for) == (again["id"], [guest.uid])
        assert Taped(call, tape.host, live.id).agree(guest).status_code == 200

    def test_who_leaves_without_an_answer_is_not_waited_for(self, tape: Taped) -> None:
        tape.send_all([FILM])
        guest = tape.call.guest()
        guest.leave()
        live = tape.call.record.recording
        assert live is not None
        assert not live.paused
        assert tape.record.paused_at is None

    def test_who_waits_in_the_lobby_is_not_asked(self, db: Database, queue: HeldQueue) -> None:
        call = a_call(db, a_recorded_firm(db), lobby=True)
        host = call.enter(call.host)
        started = act(call, call.host, "start").json["data"]["recording"]
        guest = call.guest()
        assert code(Taped(call, host, started["id"]).agree(guest.person)) == (409, "not_in_call")
        assert guest.beat().json["data"]["recording"] is None
        assert call.record.recording.waiting_for == []  # type: ignore[union-attr]
        host.moderate(guest, "admit")
        assert call.record.recording.waiting_for == [guest.person.uid]  # type: ignore[union-attr]
        assert started["state"] == "starting"

    def test_who_refuses_before_the_start_ends_it(self, db: Database, queue: HeldQueue) -> None:
        tape = a_tape(db, guests=1)
        guest = tape.call.guest()
        act(tape.call, guest.person, "decline")
        assert (tape.record.state, tape.record.end_reason) == ("failed", "declined")
        assert code(tape.send(0, FILM)) == (409, "recording_over")
        assert not db.get(live_recording_path(tape.call.id)).exists
        # It does not block another one.
        assert act(tape.call, tape.call.host, "start").status_code == 200

    def test_who_changes_their_mind_ends_it_and_the_rest_stays(
        self, tape: Taped, queue: HeldQueue
    ) -> None:
        parts = pieces(FILM, 3)
        guest = tape.call.guest()
        tape.agree(guest.person)
        tape.send_all(parts[:2])
        act(tape.call, guest.person, "decline")
        assert (tape.record.state, tape.record.end_reason) == ("stopping", "declined")
        assert guest.beat().json["data"]["recording"] is None
        assert tape.send(2, parts[2]).status_code == 200  # was on its way
        tape.stop()
        deliver(queue)
        assert tape.record.state == "ready"

    def test_nothing_after_a_refusal_is_in_the_film(
        self, clock: Clock, tape: Taped, queue: HeldQueue
    ) -> None:
        guest = tape.call.guest()
        tape.agree(guest.person)
        clock.forward(3)
        tape.host.beat()
        act(tape.call, guest.person, "decline")
        tape.send_all([film(8.0, size=(64, 48))])
        tape.stop()
        deliver(queue)
        file = tape.record.file
        assert file is not None
        assert 2.5 < file.seconds < 3.5


class TestRights:
    def test_strangers_guests_and_colleagues(self, tape: Taped, db: Database) -> None:
        call, other = tape.call, a_tape(db)
        tape.send_all([FILM])
        guest, colleague = call.guest(), call.firm.join()
        for person in (a_person(db), other.call.host, a_person(db, "admin")):
            for action in ("start", "stop", "consent", "decline"):
                named = act(call, person, action, recordingId=tape.id)
                assert code(named) == (404, "call_not_found")
            for action in ("start", "stop", "decline"):
                assert code(act(call, person, action)) == (404, "call_not_found")
            assert code(tape.send(1, b"x", person)) == (404, "recording_not_found")
        assert code(act(call, guest.person, "start")) == (403, "call_role_required")
        assert code(act(call, guest.person, "stop")) == (403, "call_role_required")
        assert code(tape.send(1, b"x", guest.person)) == (404, "recording_not_found")
        assert code(tape.send(1, b"x", colleague)) == (404, "recording_not_found")
        path = f"{call.inside}/recordings"
        for person, wanted in (
            (guest.person, (404, "call_not_found")),
            (other.call.host, (404, "call_not_found")),
            (colleague, (403, "forbidden")),
        ):
            assert code(ask(person, "GET", path, "calls")) == wanted
            assert code(ask(person, "GET", f"{path}/{tape.id}/file", "calls")) == wanted
        manager = call.firm.join("admin")
        assert tape.listed(manager)["parts"] == 1

    def test_a_part_of_another_call_or_recording(self, tape: Taped, db: Database) -> None:
        other = a_tape(db, tape.call.firm)
        host = other.call.host
        assert host.uid == tape.call.host.uid
        assert code(tape.send(0, FILM, recordingId=other.id)) == (404, "recording_not_found")
        assert code(tape.send(0, FILM, recordingId="0" * 32)) == (404, "recording_not_found")
        for mine, theirs in ((tape, other), (other, tape)):
            stopped = act(mine.call, host, "stop", recordingId=theirs.id)
            assert code(stopped) == (409, "not_recording")
        assert tape.record.parts == other.record.parts == 0
        path = f"{other.call.inside}/recordings/{tape.id}/file"
        assert code(ask(host, "GET", path, "calls")) == (404, "recording_not_found")

    @pytest.mark.parametrize("whose", ["company", "call"])
    def test_it_is_off(self, db: Database, queue: HeldQueue, whose: str) -> None:
        firm = a_firm(db) if whose == "company" else a_recorded_firm(db)
        policy = "ask" if whose == "company" else "off"
        call = a_call(db, firm, recordingPolicy=policy)
        call.enter(call.host)
        assert code(act(call, call.host, "start")) == (403, "recording_off")

    def test_a_call_is_as_its_company_says(self, tape: Taped, db: Database) -> None:
        call, silent = tape.call, a_call(db)
        assert silent.data(silent.host, "GET")["call"]["recordingPolicy"] == "off"
        assert call.data(call.host, "GET")["call"]["recordingPolicy"] == "ask"
        db.commit(Update(company_path(silent.firm.id), {"settings.recordingPolicy": "always"}))
        asked = a_call(db, silent.firm)
        assert asked.data(asked.host, "GET")["call"]["recordingPolicy"] == "ask"
        off = call.data(call.host, "PUT", json={"recordingPolicy": "off"})["call"]
        assert off["recordingPolicy"] == "off"
        assert call.record.recording is None
        assert tape.record.state == "stopping"

    def test_administrators_of_troupe_do_not_see_it(self, tape: Taped, db: Database) -> None:
        admin = a_person(db, "admin")
        path = f"{tape.call.inside}/recordings/{tape.id}/file"
        assert code(ask(admin, "GET", path, "calls")) == (403, "forbidden")

    def test_a_second_start(self, tape: Taped) -> None:
        answer = act(tape.call, tape.call.host, "start")
        assert code(answer) == (409, "already_recording")
        assert answer.json["error"]["details"] == {"id": tape.id, "state": "starting"}

    def test_two_who_start_at_once_start_one(self, db: Database, queue: HeldQueue) -> None:
        call = a_call(db, a_recorded_firm(db))
        call.enter(call.host)
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: act(call, call.host, "start"), range(4)))
        assert sorted(each.status_code for each in answers) == [200, 409, 409, 409]

    def test_nothing_to_stop_or_to_agree_to(self, db: Database, queue: HeldQueue) -> None:
        call = a_call(db, a_recorded_firm(db))
        assert code(act(call, call.host, "start")) == (404, "call_not_found")
        call.enter(call.host)
        for action in ("stop", "consent", "decline"):
            named = {"recordingId": "0" * 32} if action == "consent" else {}
            assert code(act(call, call.host, action, **named)) == (409, "not_recording")
        assert code(act(call, call.host, "pause")) == (422, "invalid_input")


class TestParts:
    def test_parts_are_taken_once_and_in_order(self, tape: Taped) -> None:
        parts = pieces(FILM, 4)
        ahead = tape.send(1, parts[1])
        assert code(ahead) == (409, "gap")
        assert ahead.json["error"]["details"] == {"expected": 0}
        tape.send_all(parts[:2])
        assert tape.send(0, parts[0]).json["data"] == {"received": 2}
        assert code(tape.send(0, parts[1])) == (409, "part_differs")
        ahead = tape.send(3, parts[3])
        assert ahead.json["error"]["details"] == {"expected": 2}
        assert tape.record.size == len(parts[0]) + len(parts[1])
        assert len(stored_files(tape)) == 2

    def test_the_same_part_twice_at_once_is_stored_once(self, tape: Taped) -> None:
        tape.send_all([FILM])
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _: tape.send(1, b"more"), range(4)))
        assert [each.status_code for each in answers] == [200] * 4
        assert {each.json["data"]["received"] for each in answers} == {2}
        assert len(stored_files(tape)) == 2
        assert audit_place(tape.call.db, call_path(tape.call.id)) == []

    def test_a_lost_answer(self, clock: Clock, tape: Taped, db: Database) -> None:
        tape.send_all([FILM])
        clock.forward(10)
        tape.host.beat()
        with lost_answer(services().database, recording_path(tape.id)) as lost:
            assert tape.send(1, b"more").status_code == 200
        assert lost
        assert tape.record.parts == 2
        assert tape.record.milliseconds == sum(tape.record.used.values())
        assert len(stored_files(tape)) == 2
        assert audit_place(db, call_path(tape.call.id)) == []

    @pytest.mark.parametrize(
        ("part", "wanted"),
        [
            (b"", (422, "part_empty")),
            (b"\x1f\x43\xb6\x75later", (415, "unsupported_media_type")),
            (b"#EXTM3U\nhttp://localhost/secret\n", (415, "unsupported_media_type")),
            (b"RIFF\0\0\0\0AVI LIST", (415, "unsupported_media_type")),
            (bytes(MOST_PART_BYTES + 1), (413, "part_too_large")),
        ],
        ids=["empty", "headless", "playlist", "avi", "large"],
    )
    def test_what_is_no_beginning_is_refused(
        self, tape: Taped, part: bytes, wanted: tuple[int, str]
    ) -> None:
        assert code(tape.send(0, part)) == wanted
        assert stored_files(tape) == []

    @pytest.mark.parametrize("wrong", ["-1", "x", "99999999"])
    def test_wrong_fields(self, tape: Taped, wrong: str) -> None:
        assert code(tape.send(wrong, FILM)) == (422, "invalid_input")
        assert code(tape.send(0, FILM, recordingId=wrong))[0] in (404, 422)

    def test_a_recording_is_full(self, tape: Taped, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(service, "MOST_PARTS", 2)
        tape.send_all([FILM, b"more"])
        assert (tape.record.state, tape.record.end_reason) == ("stopping", "limit_reached")
        assert tape.call.record.recording is None
        assert code(tape.send(2, b"x")) == (409, "recording_over")


class TestEnds:
    def test_a_recording_becomes_a_film_that_everybody_can_play(
        self, tape: Taped, db: Database, queue: HeldQueue
    ) -> None:
        tape.send_all(pieces(FILM, 5))
        tape.stop()
        assert tape.record.state == "processing"
        path = f"{tape.call.inside}/recordings/{tape.id}/file"
        assert code(ask(tape.call.host, "GET", path, "calls")) == (409, "not_ready")
        deliver(queue)
        shown = tape.listed()
        assert (shown["state"], shown["error"], shown["endReason"]) == ("ready", None, "stopped")
        whole = client("calls").get(shown["file"]["url"])
        assert (whole.status_code, whole.mimetype) == (200, "video/mp4")
        assert len(whole.data) == shown["file"]["size"]
        seen = look_at(whole.data)
        assert seen.codecs == ["h264", "aac"]
        assert 1.8 < seen.seconds < 2.4
        assert (seen.size, seen.tones, seen.index_first) == ((320, 180), {440}, True)
        some = client("calls").get(shown["file"]["url"], headers={"Range": "bytes=100-199"})
        assert (some.status_code, some.data) == (206, whole.data[100:200])
        # The parts are gone, the host is told, and it is counted.
        assert stored_files(tape) == [tape.record.file.path]  # type: ignore[union-attr]
        assert db.find(parts_path(tape.id), limit=1) == []
        notices = db.find(notifications_path(tape.call.host.uid), limit=9)
        told = [each for each in notices if each.data["type"] == "call_recording_ready"]
        assert [each.data["params"]["title"] for each in told] == ["Router setup"]
        days = db.find(f"companies/{tape.call.firm.id}/days", limit=9)
        counts = [each.data["counts"].get(tape.call.host.uid, {}) for each in days]
        assert sum(sum(each.get("recordings", {}).values()) for each in counts) == 1
        # A late delivery changes nothing.
        services().runner.run(tape.id, None, tape.call.host.uid)
        assert tape.listed()["file"] | {"url": ""} == shown["file"] | {"url": ""}

    def test_the_tab_of_the_host_dies(self, tape: Taped, queue: HeldQueue) -> None:
        """Nobody stops it: the sweep ends it, and joins what is there."""
        tape.send_all(pieces(FILM, 3)[:2])
        ended = tape.due()
        assert (ended.state, ended.end_reason) == ("stopping", "nothing_received")
        assert tape.call.record.recording is None
        assert tape.due().state == "processing"
        deliver(queue)
        assert tape.record.state == "ready"
        assert tape.record.file.seconds > 0.5  # type: ignore[union-attr]

    def test_a_tab_that_never_sends_anything(self, tape: Taped) -> None:
        assert tape.due().state == "stopping"
        failed = tape.due()
        assert (failed.state, failed.end_reason, failed.error) == (
            "failed",
            "nothing_received",
            "nothing_recorded",
        )
        assert act(tape.call, tape.call.host, "start").status_code == 200

    def test_nobody_answers(self, db: Database, queue: HeldQueue) -> None:
        tape = a_tape(db, guests=1)
        ended = tape.due()
        assert (ended.state, ended.end_reason) == ("failed", "unanswered")
        assert tape.call.record.recording is None

    def test_nobody_answers_during_a_pause(self, tape: Taped) -> None:
        tape.send_all([FILM])
        tape.call.guest()
        ended = tape.due()
        assert (ended.state, ended.end_reason) == ("stopping", "unanswered")

    @pytest.mark.parametrize("how", ["leaves", "ends the call", "is not heard of"])
    def test_the_recorder_goes(self, clock: Clock, tape: Taped, queue: HeldQueue, how: str) -> None:
        guest = tape.call.guest()
        tape.agree(guest.person)
        parts = pieces(FILM, 3)
        tape.send_all(parts[:2])
        if how == "leaves":
            tape.host.leave()
        elif how == "ends the call":
            tape.call.end()
        else:
            clock.forward(40)
            guest.beat()
            clock.forward(40)
            guest.beat()
        assert (tape.record.state, tape.record.end_reason) == ("stopping", "recorder_left")
        assert tape.call.record.recording is None
        # Their browser sends the rest, and has the film made.
        assert tape.send(2, parts[2]).status_code == 200
        tape.stop()
        deliver(queue)
        assert tape.record.state == "ready"
        assert code(tape.send(3, b"late")) == (409, "recording_over")

    def test_the_rest_comes_within_a_minute(self, clock: Clock, tape: Taped) -> None:
        """Also if the sweep is late: what comes after the end costs nothing."""
        tape.send_all([FILM])
        tape.host.leave()
        clock.forward(59)
        assert tape.send(1, b"more").status_code == 200
        clock.forward(2)
        assert code(tape.send(2, b"late")) == (409, "recording_over")

    def test_a_recording_that_its_call_has_forgotten(self, tape: Taped, db: Database) -> None:
        tape.send_all([FILM])
        db.commit(Update(call_path(tape.call.id), {"recording": None}))
        ended = tape.due()
        assert (ended.state, ended.end_reason) == ("stopping", "nothing_received")
        assert ended.ended_at is not None

    def test_another_host_stops_it(self, tape: Taped, queue: HeldQueue) -> None:
        manager = tape.call.firm.join("admin")
        tape.call.enter(manager)
        tape.agree(manager)
        parts = pieces(FILM, 2)
        tape.send_all(parts[:1])
        stopped = act(tape.call, manager, "stop").json["data"]["recording"]
        assert stopped["state"] == "stopping"
        assert tape.send(1, parts[1]).status_code == 200
        tape.stop()
        tape.stop()
        assert tape.record.state == "processing"
        assert len(queue.tasks) == 1

    def test_stop_ends_none_that_takes_the_place_of_the_one_that_is_meant(
        self, tape: Taped, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        manager = tape.call.firm.join("admin")
        tape.call.enter(manager)
        commit, later = Attendance.commit, list[str]()

        def another_is_faster(here: Attendance, *more: Write) -> None:
            if not later:
                later.append("")
                tape.stop()
                started = act(tape.call, tape.call.host, "start").json["data"]["recording"]
                later[0] = started["id"]
            commit(here, *more)

        monkeypatch.setattr(Attendance, "commit", another_is_faster)
        answer = act(tape.call, manager, "stop")
        assert code(answer) == (409, "not_recording")
        live = tape.call.record.recording
        assert live is not None
        assert live.id == later[0]
        assert act(tape.call, manager, "stop").json["data"]["recording"]["id"] == later[0]
        assert tape.call.record.recording is None

    @pytest.mark.parametrize(
        "stream",
        [FILM[:300], FILM[:200] + bytes(5000), film(picture=True, codec="libvpx-vp9")[:400]],
        ids=["a head", "a broken one", "the start of a head"],
    )
    def test_what_cannot_be_read_has_failed(
        self, tape: Taped, queue: HeldQueue, stream: bytes
    ) -> None:
        tape.send_all([stream])
        tape.stop()
        deliver(queue)
        assert (tape.record.state, tape.record.error) == ("failed", "broken_film")
        assert stored_files(tape) == []
        path = f"{tape.call.inside}/recordings/{tape.id}/file"
        assert code(ask(tape.call.host, "GET", path, "calls")) == (409, "not_ready")

    def test_sound_alone(self, tape: Taped, queue: HeldQueue) -> None:
        tape.send_all([film(picture=False)])
        tape.stop()
        deliver(queue)
        video = client("calls").get(tape.listed()["file"]["url"]).data
        assert look_at(video).codecs == ["aac"]

    def test_a_crash_between_the_end_and_the_job(self, tape: Taped, queue: HeldQueue) -> None:
        """The recording has ended, and nobody has started to join it."""
        tape.send_all([FILM])
        tape.host.leave()
        assert tape.due().state == "processing"
        queue.take()  # and the task is lost, too
        assert tape.due().state == "processing"
        services().runner.run(tape.id, None, tape.call.host.uid)
        assert tape.record.state == "ready"

    def test_too_many_jobs_delay_the_film(
        self, tape: Taped, db: Database, queue: HeldQueue
    ) -> None:
        tape.send_all([FILM])
        share = share_path(tape.call.host.uid)
        db.commit(Update(share, {"caused": ["another"] * MOST_CAUSED}))
        tape.stop()
        assert tape.due().state == "stopping"
        assert tape.record.due_at > now()
        assert len(stored_files(tape)) == 1
        db.commit(Update(share, {"caused": []}))
        assert tape.due().state == "processing"
        deliver(queue)
        assert tape.record.state == "ready"

    def test_the_account_is_gone_before_the_job(self, tape: Taped, queue: HeldQueue) -> None:
        tape.send_all([FILM])
        tape.host.leave()
        while services().erasers["call_recordings"](tape.call.host.uid, 10):
            pass
        gone = tape.due()
        assert (gone.state, gone.error) == ("failed", "not_joined")
        assert stored_files(tape) == []

    def test_the_job_is_gone_with_its_account(
        self, tape: Taped, db: Database, queue: HeldQueue
    ) -> None:
        tape.send_all([FILM])
        tape.stop()
        db.commit(Delete(job_path(tape.id)), Delete(input_path(tape.id)))
        gone = tape.due()
        assert (gone.state, gone.error) == ("failed", "not_joined")
        assert stored_files(tape) == []


class TestMoney:
    def test_it_is_paid_by_the_clock(
        self, clock: Clock, tape: Taped, db: Database, queue: HeldQueue
    ) -> None:
        for seq in range(4):
            clock.forward(30)
            tape.host.beat()
            assert tape.send(seq, FILM if not seq else b"more").status_code == 200
        guest = tape.call.guest()  # a pause costs nothing
        clock.forward(30)
        tape.host.beat()
        guest.beat()
        tape.agree(guest.person)
        clock.forward(10)
        tape.host.beat()
        assert tape.send(4, b"more").status_code == 200
        record = tape.record
        assert 128_000 <= record.milliseconds <= 132_000
        assert sum(record.used.values()) == record.milliseconds
        assert audit_place(db, call_path(tape.call.id)) == []
        (tab_id,) = record.used
        services().tabs.close(tab_id)
        balance = Wallet.of(db.get(wallet_path(Owner.company(tape.call.firm.id).id))).tokens
        assert balance.used >= 1
        assert audit_owner(db, Owner.company(tape.call.firm.id)) == []
        assert audit_place(db, call_path(tape.call.id)) == []

    def test_a_company_without_tokens_cannot_start(self, db: Database, queue: HeldQueue) -> None:
        call = a_call(db, a_recorded_firm(db, tokens=0))
        call.enter(call.host)
        answer = act(call, call.host, "start")
        assert code(answer) == (402, "call_unpaid")
        assert call.record.recording is None

    def test_the_money_runs_out(self, db: Database, queue: HeldQueue, clock: Clock) -> None:
        tape = a_tape(db, a_recorded_firm(db, tokens=1))
        tape.send_all([FILM])
        for _ in range(11):
            clock.forward(30)
            tape.host.beat()
        refused = tape.send(1, b"more")
        assert code(refused) == (402, "call_unpaid")
        assert (tape.record.state, tape.record.end_reason) == ("stopping", "unpaid")
        assert tape.call.record.recording is None
        assert tape.due().state == "processing"
        deliver(queue)
        assert tape.record.state == "ready"
        assert audit_owner(db, Owner.company(tape.call.firm.id)) == []
        assert audit_place(db, call_path(tape.call.id)) == []

    def test_what_was_not_paid_is_cut_off(
        self, clock: Clock, tape: Taped, queue: HeldQueue
    ) -> None:
        tape.send_all([film(45.0, size=(64, 48))])
        tape.stop()
        deliver(queue)
        file = tape.record.file
        assert file is not None
        assert 29.5 < file.seconds < 31


class TestKept:
    def recorded(self, tape: Taped, queue: HeldQueue) -> None:
        tape.send_all([FILM])
        tape.stop()
        deliver(queue)
        tape.call.end()

    def test_it_goes_with_its_time(self, tape: Taped, db: Database, queue: HeldQueue) -> None:
        self.recorded(tape, queue)
        comment = {"subjectKind": "recording", "subjectId": tape.id, "text": "Listen to this."}
        data(tape.call.host, "POST", "/api/comments", function="calls", json=comment)
        prefix = recording_prefix(tape.call.firm.id, tape.call.id, tape.id)
        assert len(services().files.list(prefix)) == 1
        db.commit(Update(recording_path(tape.id), {"dueAt": tape.record.started_at}))
        services().call_recording_endings.sweep(1000)
        assert not db.get(recording_path(tape.id)).exists
        assert services().files.list(prefix) == []
        assert db.get(f"endedSubjects/recording-{tape.id}").exists

    def test_it_goes_with_its_call(self, tape: Taped, db: Database, queue: HeldQueue) -> None:
        self.recorded(tape, queue)
        prefix = recording_prefix(tape.call.firm.id, tape.call.id, tape.id)
        services().call_endings.erase(tape.call.id)
        assert not db.get(recording_path(tape.id)).exists
        assert services().files.list(prefix) == []

    def test_it_goes_with_its_call_while_it_is_joined(
        self, tape: Taped, db: Database, queue: HeldQueue
    ) -> None:
        tape.send_all([FILM])
        tape.stop()
        tape.call.end()
        services().call_endings.erase(tape.call.id)
        deliver(queue)
        prefix = recording_prefix(tape.call.firm.id, tape.call.id, tape.id)
        assert not db.get(recording_path(tape.id)).exists
        assert services().files.list(prefix) == []

    def test_an_account_is_deleted(self, tape: Taped, db: Database, queue: HeldQueue) -> None:
        guest = tape.call.guest()
        tape.agree(guest.person)
        self.recorded(tape, queue)
        exported = [*services().exporters["call_recordings"](guest.person.uid)]
        found = [each.data["callId"] for each in exported if isinstance(each, Document)]
        assert found == [tape.call.id]
        for person in (guest.person, tape.call.host):
            while services().erasers["call_recordings"](person.uid, 10):
                pass
        record = tape.record
        assert (record.uid, record.name, record.consented) == ("", "", [])
        assert record.file is not None

    def test_comments_at_a_moment(self, tape: Taped, db: Database, queue: HeldQueue) -> None:
        self.recorded(tape, queue)
        host = tape.call.host
        body = {
            "subjectKind": "recording",
            "subjectId": tape.id,
            "text": "Here it was solved.",
            "atSeconds": 1.5,
        }
        made = data(host, "POST", "/api/comments", function="calls", json=body)["comment"]
        assert (made["atSeconds"], made["internal"]) == (1.5, True)
        path = f"/api/comments?subjectKind=recording&subjectId={tape.id}"
        manager = tape.call.firm.join("admin")
        assert len(data(manager, "GET", path, function="calls")["comments"]) == 1
        for person in (a_person(db), tape.call.firm.join(), a_tape(db).call.host):
            answer = ask(person, "GET", path, "calls")
            assert code(answer) == (404, "recording_not_found")
            wrote = ask(person, "POST", "/api/comments", "calls", json=body)
            assert code(wrote) == (404, "recording_not_found")
