"""Dashboards, analytics and the search of a company: who may see them, and what they show."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from tests.support.calls import Clock, clock
from tests.support.calls import a_call as held_call
from tests.support.companies import Firm, Person, a_firm, a_person, client
from tests.support.factories import code
from tests.support.rooms import data
from tests.support.wiring import services
from troupe.adapters.firestore import Create, Database, Update, now
from troupe.analytics.views import View
from troupe.calls.records import Call, CallStatus, Invitee
from troupe.calls.writes import call_path
from troupe.comments.records import Comment, CommentedKind, comment_path
from troupe.companies.writes import company_path, license_path
from troupe.dashboards.days import day_writes, days_path

__all__ = ["clock"]

VIEWS = get_args(View)
AT = datetime(2026, 3, 10, 14, 20, tzinfo=UTC)  # a Tuesday


@pytest.fixture
def firm(db: Database) -> Firm:
    return a_firm(db)


def a_call(firm: Firm, host: Person, **fields: Any) -> Call:
    at = fields.pop("created_at", AT)
    made = Call(
        id=secrets.token_hex(16),
        company_id=firm.id,
        host_uid=host.uid,
        host_name=host.user.name,
        creator_uid=host.uid,
        code=secrets.token_hex(5),
        room_id="x",
        created_at=at,
        updated_at=at,
        **{"number": 1, "title": "Call with Grace"} | fields,
    )
    firm.db.commit(Create(call_path(made.id), made.stored()))
    return made


def counted(firm: Firm, at: datetime = AT, member: Person | None = None, /, **numbers: int) -> None:
    cause = Create(f"causes/{secrets.token_hex(8)}", {})
    who = member.uid if member else None
    firm.db.commit(cause, *day_writes(firm.id, at, member=who, **numbers))


def show(firm: Firm, view: str, person: Person | None = None, /, **query: str) -> Any:
    path = f"/api/dashboard/{view}/{firm.id}"
    return (person or firm.owner).data("GET", path, query_string=query)


MARCH = {"from": "2026-03-01", "to": "2026-03-31"}


@pytest.mark.parametrize("view", VIEWS)
def test_only_managers_see_a_view(firm: Firm, db: Database, view: str) -> None:
    path = f"/api/dashboard/{view}/{firm.id}"
    assert code(a_person(db).ask("GET", path)) == (404, "company_not_found")
    assert code(a_firm(db).owner.ask("GET", path)) == (404, "company_not_found")
    assert code(firm.join().ask("GET", path)) == (403, "forbidden")
    shown = firm.join("admin").data("GET", path)
    assert shown["view"] == view
    assert shown["growth"].keys() == shown["totals"].keys() == shown["previous"].keys()


def test_what_cannot_be_shown_is_refused(firm: Firm) -> None:
    path = f"/api/dashboard/calls/{firm.id}"
    refused = [
        ({"from": "2025-01-01", "to": "2026-05-15"}, "invalid_range"),  # 500 days
        ({"from": "2025-01-01", "to": "2026-02-05"}, "invalid_range"),  # 401
        ({"from": "2026-03-02", "to": "2026-03-01"}, "invalid_range"),
        ({"from": "0001-01-01"}, "invalid_range"),
        ({"to": "9999-12-31"}, "invalid_range"),
        ({"from": "yesterday"}, "invalid_input"),
        ({"timezone": "Europe/Atlantis"}, "invalid_input"),
        ({"granularity": "hour"}, "invalid_input"),
    ]
    for query, expected in refused:
        answer = firm.owner.ask("GET", path, query_string=query)
        assert (answer.status_code, answer.json["error"]["code"]) == (422, expected), query
    year = {"from": "2025-01-01", "to": "2026-02-04"}
    assert len(show(firm, "calls", **year)["series"]) == 400
    unknown = firm.owner.ask("GET", f"/api/dashboard/secrets/{firm.id}")
    assert unknown.status_code in (404, 422)


def test_an_administrator_of_troupe_is_recorded(firm: Firm, db: Database) -> None:
    admin = a_person(db, role="admin")
    show(firm, "overview", admin)
    query = {"companyId": firm.id, "q": "Ada"}
    admin.data("GET", "/api/search", query_string=query)
    about = [("about", "array_contains", company_path(firm.id))]
    entries = db.find("audit", where=about, limit=9)
    assert {each.data["operation"] for each in entries} == {"dashboards", "search"}


def test_calls_are_counted_in_the_zone_that_is_asked_for(firm: Firm) -> None:
    ada = firm.join(name="Ada")
    late = datetime(2026, 3, 10, 23, 40, tzinfo=UTC)
    ends = {"callsEnded": 1, "callSeconds": 600, "participantSeconds": 1200, "durations1": 1}
    counted(firm, AT, ada, callsStarted=1, solved=1, **ends)
    counted(firm, late, firm.owner, callsStarted=1, callsMissed=1)
    counted(firm, AT - timedelta(days=31), ada, callsStarted=1, **ends)
    shown = show(firm, "calls", **MARCH, timezone="UTC")
    assert shown["totals"]["calls"] == 2
    assert (shown["totals"]["solved"], shown["totals"]["saved"]) == (1, 2000)
    assert (shown["totals"]["successRate"], shown["totals"]["averageSeconds"]) == (0.5, 600)
    assert shown["previous"]["calls"] == 1
    assert shown["growth"]["calls"] == 100
    assert shown["parts"]["durations"] == {"0-5": 0, "5-15": 1, "15-30": 0, "30-60": 0, "60+": 0}
    assert shown["parts"]["byStatus"] == {"ended": 1, "missed": 1, "failed": 0, "cancelled": 0}
    assert shown["parts"]["byHour"]["23"] == 1
    assert [each["name"] for each in shown["members"]] == ["Ada", "Ada"]
    assert len(shown["series"]) == 31
    assert shown["series"][9] == {"date": "2026-03-10", "values": shown["series"][9]["values"]}
    assert shown["series"][9]["values"]["calls"] == 2
    tokyo = show(firm, "calls", **MARCH, timezone="Asia/Tokyo")
    assert [tokyo["series"][day]["values"]["calls"] for day in (9, 10)] == [1, 1]
    assert tokyo["parts"]["byWeekday"]["3"] == 1
    firm.db.commit(Update(company_path(firm.id), {"timezone": "Asia/Tokyo"}))
    of_company = show(firm, "calls", **MARCH, granularity="month")
    assert of_company["timezone"] == "Asia/Tokyo"
    assert [each["values"]["calls"] for each in of_company["series"]] == [2]


def test_what_really_happens_is_what_is_shown(firm: Firm, clock: Clock) -> None:
    """Of real calls: in one people meet, in one they hear nothing, and to one nobody comes."""
    ada = firm.join(name="Ada")
    met, silent, alone = (held_call(firm.db, firm, ada) for _ in range(3))
    for call, connection in ((met, "connected"), (silent, "connecting")):
        tabs = call.enter(ada), call.guest()
        for _ in range(2):
            clock.forward(15)
            for tab in tabs:
                tab.beat(connection=connection)
        call.end(outcome={"solved": False})
    alone.enter(ada)
    alone.due()
    for solved in (True, True, None, True):
        met.data(ada, "PUT", json={"outcome": {"solved": solved}})
    calls = [met.record, silent.record, alone.record]
    shown = show(firm, "calls")
    statuses = Counter(str(call.status) for call in calls)
    assert statuses.keys() == {"ended", "failed", "missed"}
    assert {name: n for name, n in shown["parts"]["byStatus"].items() if n} == statuses
    totals = shown["totals"]
    assert (totals["calls"], totals["solved"], totals["unsolved"]) == (3, 1, 0)
    assert totals["guests"] == sum(call.guest_count for call in calls) == 2
    seconds = sum(call.seconds for call in calls)
    assert totals["minutes"] == round(seconds / 60, 1) > 0
    assert [each["userId"] for each in shown["members"]] == [ada.uid]
    technical = show(firm, "technical")["totals"]
    assert technical["joins"] == sum(call.join_seq for call in calls[:2]) == 4
    assert technical["failedJoins"] == sum(call.silent_joins for call in calls) > 0
    assert {each["id"] for each in show(firm, "overview")["calls"]} == {each.id for each in calls}
    review = {"subjectKind": "call", "subjectId": silent.id, "rating": 4}
    data(tabs[1].person, "POST", "/api/reviews", function="calls", json=review)
    assert show(firm, "satisfaction")["totals"]["rating"] == 4


def test_the_price_of_a_solved_call_is_the_companys(firm: Firm) -> None:
    counted(firm, solved=3)
    settings = {"costPerSolvedCall": 150, "currency": "SEK"}
    firm.owner.data("PUT", f"{firm.path}/settings", json={"settings": settings})
    shown = show(firm, "overview", **MARCH)
    assert (shown["totals"]["saved"], shown["currency"]) == (450, "sek")


def test_people_and_licenses_are_counted_as_they_change(firm: Firm, db: Database) -> None:
    admin = a_person(db, role="admin")
    body = {"type": "premium", "count": 3, "companyId": firm.id}
    made = admin.data("POST", "/api/licenses", json=body)["licenses"]
    admin.data("DELETE", f"/api/licenses/{made[0]['id']}")
    ada, ben = firm.join(), firm.join()
    firm.owner.data("PUT", f"/api/licenses/{made[1]['id']}/assign", json={"userId": ada.uid})
    db.commit(
        Update(license_path(made[2]["id"]), {"lapsesAt": now() + timedelta(days=9)}),
    )
    licenses = show(firm, "licenses")
    assert licenses["totals"] == {"newLicenses": 3, "lostLicenses": 1}
    assert licenses["parts"]["byType"] == {"standard": 0, "premium": 2, "enterprise": 0}
    assert licenses["now"] == {
        "licenses": 2,
        "assignedLicenses": 1,
        "freeLicenses": 1,
        "utilisation": 0.5,
        "allLicenses": 2,
        "expiring": 1,
    }
    assert [each["id"] for each in licenses["expiring"]] == [made[2]["id"]]
    ben.data("POST", f"{firm.path}/leave")
    users = show(firm, "users")
    assert users["totals"]["newMembers"] == 1  # the founder; `join` of the tests counts nobody
    assert users["totals"]["lostMembers"] == 1
    assert users["now"] == {"members": 2, "suspended": 0, "licensed": 1, "unlicensed": 1}
    assert users["parts"]["byRole"] == {"owner": 1, "admin": 0, "member": 1}


def test_an_accepted_invitation_is_a_new_member(firm: Firm, db: Database) -> None:
    person = a_person(db)
    made = firm.owner.data("POST", f"{firm.path}/invitations", json={"email": person.email})
    token = made["link"].partition("#")[2]
    for _ in range(2):
        person.ask("POST", "/api/invitations/accept", json={"token": token})
    assert show(firm, "users")["totals"]["newMembers"] == 2


def test_revenue_is_what_was_paid(firm: Firm, db: Database) -> None:
    admin = a_person(db, role="admin")
    payments = []
    for amount, currency in ((5000, "nok"), (700, "nok"), (300, "usd")):
        body = {"ownerId": firm.id, "amount": amount, "currency": currency, "tax": 100}
        payments.append(_payments(admin, "POST", "/api/payments", body)["payment"]["id"])
    for payment_id in payments * 2:  # a repeat changes nothing
        _payments(admin, "POST", f"/api/payments/{payment_id}/paid", {})
    shown = show(firm, "revenue")
    assert shown["currency"] == "nok"
    assert (shown["totals"]["gross"], shown["totals"]["payments"]) == (5700, 2)
    assert shown["totals"]["net"] == 5500
    assert [each["currency"] for each in shown["money"]] == ["nok", "usd"]
    assert shown["series"][-1]["values"]["gross"] == 5700
    assert sum(shown["parts"]["byMethod"].values()) == 5700
    _payments(admin, "DELETE", f"/api/payments/{payments[0]}", {})
    assert show(firm, "revenue")["totals"]["refunded"] == 5000


def _payments(admin: Person, method: str, path: str, body: dict[str, Any]) -> Any:
    answer = client("payments").open(path, method=method, json=body, headers=admin.headers)
    assert answer.status_code < 300, answer.text
    return answer.json["data"]


def test_realtime_shows_what_goes_on(firm: Firm) -> None:
    ada, at = firm.join(), now()
    live = {"created_at": at, "started_at": at}
    a_call(firm, ada, status=CallStatus.ACTIVE, participant_count=3, waiting_count=1, **live)
    a_call(firm, ada, status=CallStatus.RINGING, participant_count=1, **live)
    a_call(firm, ada, status=CallStatus.ENDED, participant_count=9, **live)
    counted(firm, at, ada, callsStarted=3)
    shown = show(firm, "realtime", **MARCH)  # always of today
    assert shown["now"] == {
        "activeCalls": 1,
        "ringingCalls": 1,
        "participants": 4,
        "waiting": 1,
    }
    assert shown["totals"]["calls"] == 3
    assert shown["period"]["from"] == shown["period"]["to"] == f"{at:%Y-%m-%d}"
    assert {each["status"] for each in shown["calls"]} == {"active", "ringing"}


def test_ratings_and_connections_are_shown(firm: Firm) -> None:
    ada = firm.join(name="Ada")
    both = {"hostRatings": 1, "hostRatingSum": 4, "serviceRatings": 1, "serviceRatingSum": 5}
    counted(firm, AT, ada, ratings=2, ratingSum=9, ratings4=1, ratings5=1, **both)
    shown = show(firm, "satisfaction", **MARCH)
    assert (shown["totals"]["rating"], shown["totals"]["ratings"]) == (4.5, 2)
    assert (shown["totals"]["hostRating"], shown["totals"]["serviceRating"]) == (4, 5)
    assert shown["parts"]["byRating"] == {"1": 0, "2": 0, "3": 0, "4": 1, "5": 1}
    assert shown["members"][0]["values"]["rating"] == 4.5
    trips = {"roundTrips1": 95, "roundTrips6": 5, "qualityReports": 100, "relayed": 25}
    trips |= {"lossReports": 50, "lossPermille": 250}  # half of them do not say
    counted(firm, AT, joins=4, failedJoins=1, quality0=3, quality3=1, **trips)
    shown = show(firm, "technical", **MARCH)
    assert shown["totals"]["relayShare"] == 0.25
    assert shown["totals"]["lossPercent"] == 0.5
    assert shown["totals"]["roundTripP50"] < 50 <= shown["totals"]["roundTripP95"]
    assert shown["parts"]["quality"] == {"excellent": 3, "good": 0, "fair": 0, "poor": 1}


def test_analytics_are_grouped(firm: Firm) -> None:
    ada = firm.join()
    counted(firm, AT, ada, callsStarted=2, solved=1)
    counted(firm, AT + timedelta(days=7), firm.owner, callsStarted=1)
    query = {**MARCH, "metrics": "calls, solved,saved"}

    def groups(by: str) -> dict[str, Any]:
        given = {**query, "groupBy": by}
        found = firm.owner.data("GET", "/api/analytics", query_string=given)["series"]
        return {each["key"]: each["values"] for each in found if any(each["values"].values())}

    first = {"calls": 2, "solved": 1, "saved": 2000}
    second = {"calls": 1, "solved": 0, "saved": 0}
    both = {"calls": 3, "solved": 1, "saved": 2000}
    assert groups("day") == {"2026-03-10": first, "2026-03-17": second}
    assert groups("week") == {"2026-03-09": first, "2026-03-16": second}
    assert groups("month") == {"2026-03-01": both}
    assert groups("hour") == {"14": both}
    assert groups("weekday") == {"2": both}
    assert groups("member") == {ada.uid: first, firm.owner.uid: second}
    wrong = firm.owner.ask("GET", "/api/analytics", query_string={"metrics": "calls,secrets"})
    assert code(wrong) == (422, "unknown_choice")
    assert "solvedRate" in wrong.json["error"]["details"]["fields"][0]["allowed"]


def test_a_search_finds_what_begins_so(firm: Firm, db: Database) -> None:
    eva = firm.join(name="Eva Ærlig")
    (license_id,) = firm.licenses(1)
    firm.owner.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": eva.uid})
    invitee = Invitee(id="1", name="Grace Hopper", phone="+4712345678")
    call = a_call(firm, eva, title="About the invoice", invitees=[invitee], number=17)
    other = a_firm(db)
    a_call(other, other.owner, title="About the invoice")
    other.join(name="Eva")

    def hits(q: str, person: Person | None = None, **more: str) -> set[tuple[str, str]]:
        query = {"q": q, **more}
        found = (person or firm.owner).data("GET", "/api/search", query_string=query)["hits"]
        return {(each["kind"], each["id"]) for each in found}

    person, held = ("users", eva.uid), ("licenses", license_id)
    assert hits("eva") == {person, held}
    assert hits("ÆRL") == {person, held}
    assert hits("eva", kinds="licenses") == {held}
    assert hits(license_id) == {held}
    assert hits(other.licenses(1)[0]) == set()
    for text in ("about the", "INVO", "grace", "+4712", "17"):
        assert hits(text, kinds="calls") == {("calls", call.id)}, text
    comment = Comment(
        id=secrets.token_hex(16),
        subject_kind=CommentedKind.CALL,
        subject_id=call.id,
        company_id=firm.id,
        uid=eva.uid,
        name="Eva",
        text="The customer wants a discount",
        internal=True,
        created_at=AT,
        updated_at=AT,
    )
    db.commit(Create(comment_path(comment.id), comment.stored()))
    assert hits("disc") == hits("customer", kinds="comments") == {("comments", comment.id)}
    outside = a_person(db, role="admin")
    assert hits("disc", outside, companyId=firm.id) == set()
    assert hits("eva", outside, companyId=firm.id) == {person, held}
    services().comments.delete(eva.caller, comment.id)
    assert hits("disc") == hits("nvoice") == set()
    assert hits("") == hits(" \u3000 ") == set()
    for wrong in ({"q": "a", "kinds": "secrets"}, {"q": "a" * 101}):
        answer = firm.owner.ask("GET", "/api/search", query_string=wrong)
        assert code(answer) == (422, "invalid_input"), wrong
    assert code(eva.ask("GET", "/api/search", query_string={"q": "a"})) == (403, "forbidden")
    stranger = a_person(db)
    query = {"q": "a", "companyId": firm.id}
    answer = stranger.ask("GET", "/api/search", query_string=query)
    assert code(answer) == (404, "company_not_found")


def test_counters_of_a_deleted_company_are_erased(firm: Firm, db: Database) -> None:
    counted(firm, callsStarted=1)
    firm.owner.data("DELETE", firm.path)
    db.commit(Update(company_path(firm.id), {"dueAt": now()}))
    services().company_endings.sweep(100)
    assert db.find(days_path(firm.id), limit=1) == []
