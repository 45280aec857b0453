"""Access checks on objects, and their recording."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from troupe import access
from troupe.access import Check
from troupe.accounts.records import UserRecord
from troupe.adapters.firestore import Document
from troupe.caller import Caller, CompanyRole, Role
from troupe.errors import Forbidden, NotFound


class ThingNotFound(NotFound):
    code = "thing_not_found"


class NotYours(Forbidden):
    code = "not_yours"


THING = Document("things/1", {"uid": "ada", "companyId": "acme"}, True, None)
NO_THING = Document("things/1", {}, False, None)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def caller(uid: str, role: Role = "user", **companies: CompanyRole) -> Caller:
    """A caller with the companies of a stored user."""
    stored = UserRecord(
        id=uid, role=role, companies=companies, created_at=NOW, updated_at=NOW
    ).stored()
    user = UserRecord.of(Document(f"users/{uid}", stored, True, NOW))
    return Caller(uid=uid, role=user.role, guest=False, email=None, companies=user.roles)


def test_a_user_stored_before_companies_existed_is_in_none() -> None:
    stored = {"role": "user", "createdAt": NOW, "updatedAt": NOW}
    assert UserRecord.of(Document("users/ada", stored, True, NOW)).companies == {}


def test_only_the_owner_gets_an_owned_object() -> None:
    with access.recorded() as checks:
        assert access.owned(THING, "ada", ThingNotFound) is THING
        for document, uid in ((THING, "eve"), (NO_THING, "ada")):
            with pytest.raises(ThingNotFound):
                access.owned(document, uid, ThingNotFound)
    assert checks == [
        Check("owner", "ada", "things/1", True),
        Check("owner", "eve", "things/1", False),
        Check("owner", "ada", "things/1", False),
    ]


def test_owners_and_administrators_edit_public_objects() -> None:
    for allowed in (caller("ada"), caller("root", "admin")):
        assert access.editable(THING, allowed, ThingNotFound, NotYours) is THING
    with pytest.raises(NotYours):
        access.editable(THING, caller("eve"), ThingNotFound, NotYours)
    with pytest.raises(ThingNotFound):
        access.editable(NO_THING, caller("root", "admin"), ThingNotFound, NotYours)


def test_a_membership_belongs_to_its_member() -> None:
    membership = Document("rooms/1/members/ada", {"role": "host"}, True, None)
    none = Document("rooms/1/members/eve", {}, False, None)
    left = Document("rooms/1/members/eve", {"role": "host", "active": False}, True, None)
    with access.recorded() as checks:
        assert access.member(membership, "ada", ThingNotFound) is membership
        for document in (membership, none, left):
            with pytest.raises(ThingNotFound):
                access.member(document, "eve", ThingNotFound)
    assert [check.granted for check in checks] == [True, False, False, False]
    assert checks[0] == Check("member", "ada", "rooms/1/members/ada", True)


@pytest.mark.parametrize("role", ["owner", "admin", "member"])
def test_members_get_their_role(role: CompanyRole) -> None:
    company = THING.data["companyId"]
    with access.recorded() as checks:
        assert access.member_of(company, caller("eve", acme=role), ThingNotFound) == role
    assert checks == [Check("member", "eve", "companies/acme", True)]


@pytest.mark.parametrize(
    "stranger", [caller("ada"), caller("ada", umbrella="owner"), caller("root", "admin")]
)
def test_a_companys_objects_do_not_exist_for_outsiders(stranger: Caller) -> None:
    with access.recorded() as checks, pytest.raises(ThingNotFound):
        access.member_of("acme", stranger, ThingNotFound)
    assert [check.granted for check in checks] == [False]


@pytest.mark.parametrize(
    "admin", [caller("ada", acme="owner"), caller("ada", acme="admin"), caller("root", "admin")]
)
def test_company_managers_and_administrators_are_admitted(admin: Caller) -> None:
    with access.recorded() as checks:
        access.company_admin("acme", admin, ThingNotFound)
    assert checks == [Check("company", admin.uid, "companies/acme", True)]


def test_a_member_gets_403_and_an_outsider_404() -> None:
    with pytest.raises(Forbidden):
        access.company_admin("acme", caller("ada", acme="member"), ThingNotFound)
    with pytest.raises(ThingNotFound):
        access.company_admin("acme", caller("ada", umbrella="owner"), ThingNotFound)


@pytest.mark.parametrize("who", [caller("ada", acme="owner"), caller("root", "admin")])
def test_a_missing_object_belongs_to_no_company(who: Caller) -> None:
    company = NO_THING.data.get("companyId", "")
    with pytest.raises(ThingNotFound):
        access.member_of(company, who, ThingNotFound)
    with pytest.raises(ThingNotFound):
        access.company_admin(company, who, ThingNotFound)


def test_checks_work_outside_a_request_without_being_recorded() -> None:
    assert access.owned(THING, "ada", ThingNotFound) is THING
    with pytest.raises(ThingNotFound):
        access.owned(THING, "eve", ThingNotFound)


def test_each_record_has_its_own_checks() -> None:
    with access.recorded() as outer:
        access.owned(THING, "ada", ThingNotFound)
        with access.recorded() as inner:
            pass
        access.owned(THING, "ada", ThingNotFound)
    assert (len(outer), inner) == (2, [])


GRANTED = Check("owner", "ada", "things/1", True)


@pytest.mark.parametrize(
    ("checks", "passes"),
    [
        ([GRANTED], True),
        ([GRANTED, GRANTED], True),
        ([], False),
        ([GRANTED, Check("owner", "ada", "things/2", False)], False),
        ([Check("owner", "eve", "things/1", True)], False),
        ([Check("member", "ada", "companies/acme", True)], False),
    ],
)
def test_a_policy_requires_a_matching_grant_and_no_refusal(
    checks: list[Check], passes: bool
) -> None:
    assert access.passed(checks, "owner", "ada") is passes
