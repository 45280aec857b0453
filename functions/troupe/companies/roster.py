"""Who belongs to a company and who has its licenses: read together, changed in one commit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from troupe.accounts.records import UserRecord
from troupe.accounts.writes import existing_user, user_path
from troupe.adapters.firestore import (
    DELETE_FIELD,
    Create,
    Database,
    Delete,
    Document,
    Update,
    Write,
    now,
)
from troupe.audit.records import Actor
from troupe.audit.service import entry_writes
from troupe.caller import Caller, CompanyRole
from troupe.companies.departures import departure_write
from troupe.companies.errors import LicenseNotFound, MemberNotFound, TooManyCompanies
from troupe.companies.notices import notices
from troupe.companies.records import Company, License, Member, MemberStatus
from troupe.companies.telling import Reason, member_events
from troupe.companies.writes import company_path, license_path
from troupe.dashboards.days import day_writes
from troupe.errors import CompanyNotFound, Forbidden, TroupeError
from troupe.notifications.records import NotificationType, muted
from troupe.notifications.writes import notice_writes
from troupe.records import Record
from troupe.wallet.budgets import member_path

MOST_COMPANIES = 20  # of a user


R = TypeVar("R", Member, License)


class Roster:
    """A company with some of its people and licenses, and the changes to commit.

    Its commit names the versions that were read, and raises Stale if one has changed. So nobody
    acts on a right that they have just lost, and the counters are right.
    """

    def __init__(
        self,
        db: Database,
        company_id: str,
        uids: Iterable[str] = (),
        also: Iterable[str] = (),
        missing: type[TroupeError] = CompanyNotFound,
    ) -> None:
        """One call. `also`: paths of further documents. Raises `missing` for a company that does
        not exist, or no longer."""
        self._db = db
        self.at = now()
        path = company_path(company_id)
        paths = [path, *also]
        for uid in uids:
            paths += [member_path(company_id, uid), user_path(uid)]
        self._documents = {each.path: each for each in db.get_all(paths)}
        self._document = self._documents[path]
        if not self._document.exists or self._document.data.get("deletedAt"):
            raise missing
        self._before = self.company = Company.of(self._document)
        # As they are to become; None: to be deleted.
        self._members: dict[str, Member | None] = {}
        self._reasons: dict[str, Reason | None] = {}
        self._licenses: dict[str, License | None] = {}
        self._others: list[Write] = []
        self._counted: Counter[str] = Counter()

    def document(self, path: str) -> Document:
        """Of a path of `also`."""
        return self._documents[path]

    def find(self, uid: str) -> Member | None:
        if uid in self._members:
            return self._members[uid]
        document = self._documents[member_path(self.company.id, uid)]
        return Member.of(document) if document.exists else None

    def member(self, uid: str, missing: type[TroupeError] = MemberNotFound) -> Member:
        """Raises `missing`."""
        member = self.find(uid)
        if member is None:
            raise missing
        return member

    def user(self, uid: str) -> UserRecord | None:
        """None also if the account is being deleted."""
        return existing_user(self._documents[user_path(uid)])

    def find_license(self, license_id: str) -> License | None:
        """A license whose path was in `also`."""
        if license_id in self._licenses:
            return self._licenses[license_id]
        document = self._documents[license_path(license_id)]
        return License.of(document) if document.exists else None

    def license(self, license_id: str) -> License:
        """Raises LicenseNotFound."""
        license = self.find_license(license_id)
        if license is None:
            raise LicenseNotFound
        return license

    def role_of(self, caller: Caller) -> CompanyRole:
        """The caller's role at present; administrators of Troupe have the rights of the owner.
        Raises CompanyNotFound for others who do not belong to the company any longer."""
        if caller.role == "admin":
            return "owner"
        member = self.find(caller.uid)
        if member is None or member.status is MemberStatus.SUSPENDED:
            raise CompanyNotFound
        return member.role

    def require_manager(self, caller: Caller) -> None:
        """Raises Forbidden."""
        if self.role_of(caller) == "member":
            raise Forbidden

    def require_owner(self, caller: Caller) -> None:
        """Raises Forbidden."""
        if self.role_of(caller) != "owner":
            raise Forbidden

    def set_company(self, **changes: Any) -> None:
        self.company = self.company.model_copy(update=changes)

    def set_member(self, member: Member) -> None:
        """Changes somebody who was read, or adds them. Raises TooManyCompanies."""
        user = self.user(member.id)
        companies = {} if user is None else user.companies
        if self.company.id not in companies and len(companies) >= MOST_COMPANIES:
            raise TooManyCompanies
        self._members[member.id] = member

    def drop_member(self, member: Member, reason: Reason | None = None) -> None:
        """`reason`: None if the whole company ends."""
        self._members[member.id] = None
        self._reasons[member.id] = reason

    def set_license(self, license: License) -> None:
        """Changes a license whose path was in `also`, or creates one."""
        self._licenses[license.id] = license

    def drop_license(self, license: License) -> None:
        self._licenses[license.id] = None

    def add(self, *writes: Write) -> None:
        """Of other documents."""
        self._others += writes

    def notify_owner(self, type: NotificationType, params: dict[str, str]) -> None:
        """Of something about the company as a whole; the owner must have been read."""
        said = {"company": self.company.name, **params}
        self.add(*self._notice(self.company.owner_uid, type, said, about=self.company.id))

    def commit(
        self, operation: str, caller: Caller | None = None, *, by_nobody: bool = False
    ) -> None:
        """Commits the changes, if there are any. What an administrator of Troupe changes in a
        company that they do not manage makes an entry in the audit log. `by_nobody`: it follows
        from something else, and its members are told. Raises Stale."""
        changes = [*self._member_changes(), *self._license_changes()]
        writes = [*self._others, *self._access_writes(), *self._departures()]
        writes += self._notices(caller.uid if caller else "" if by_nobody else None)
        writes += self._events()
        if not changes and not writes and self.company == self._before:
            return
        self.set_company(updated_at=self.at)
        seen = self._document
        writes.append(Update(seen.path, self.company.stored(), seen=seen))
        writes += day_writes(self.company.id, self.at, member=None, **self._counted)
        changes.append(_Change(seen.path, self._before, self.company))
        writes += [change.write(self._documents) for change in changes[:-1]]
        if caller is not None and is_outside_admin(caller, self.company.id):
            writes += [write for each in changes for write in each.entry(operation, caller)]
        self._db.commit_or_stale(*writes)

    def _member_changes(self) -> Iterator[_Change]:
        for uid, after in self._members.items():
            path = member_path(self.company.id, uid)
            document = self._documents[path]
            before = Member.of(document) if document.exists else None
            if after == before:
                continue
            more = (after is not None) - (before is not None)
            self.set_company(member_count=self.company.member_count + more)
            self._count("Members", more)
            yield _Change(path, before, self._stamped(after))

    def _license_changes(self) -> Iterator[_Change]:
        for license_id, after in self._licenses.items():
            path = license_path(license_id)
            document = self._documents.get(path)
            before = License.of(document) if document is not None and document.exists else None
            seats, features = self.company.seats, Counter(self.company.license_features)
            if before is not None:
                seats = seats.minus(before.counted)
                features -= before.counted_features
            if after is not None:
                seats = seats.plus(after.counted)
                features += after.counted_features
            self.set_company(seats=seats, license_features=dict(features))
            self._count("Licenses", (after is not None) - (before is not None))
            yield _Change(path, before, self._stamped(after))

    def _count(self, what: str, more: int) -> None:
        if more:
            self._counted[f"{'new' if more > 0 else 'lost'}{what}"] += 1

    def _stamped(self, record: R | None) -> R | None:
        return None if record is None else record.model_copy(update={"updated_at": self.at})

    def _access_writes(self) -> Iterator[Write]:
        """The entries in the users' documents."""
        for uid, member in self._members.items():
            document = self._documents[user_path(uid)]
            access = None if member is None else member.access
            if not document.exists or access == document.data.get("companies", {}).get(
                self.company.id
            ):
                continue
            entry = DELETE_FIELD if access is None else access
            yield Update(document.path, {f"companies.{self.company.id}": entry}, seen=document)

    def _departures(self) -> Iterator[Write]:
        """The notes of those who have lost the company, unless their accounts go with them."""
        for uid, after in self._members.items():
            document = self._documents[member_path(self.company.id, uid)]
            had = document.exists and Member.of(document).status is not MemberStatus.SUSPENDED
            has = after is not None and after.status is not MemberStatus.SUSPENDED
            if had and not has and self.user(uid) is not None:
                yield departure_write(self.company.id, uid, self.at)

    def _notices(self, actor: str | None) -> Iterator[Write]:
        """What people are told, if their accounts were read. The commit happens once, so its time
        makes the ids unique."""
        for uid, after in self._members.items():
            document = self._documents[member_path(self.company.id, uid)]
            before = Member.of(document) if document.exists else None
            for whom, type, params in notices(self.company, before, after, actor):
                yield from self._notice(whom, type, params, about=uid, actor=actor or None)

    def _events(self) -> Iterator[Write]:
        """For the company's webhooks, unless the company ends."""
        if self.company.deleted_at is not None:
            return
        for uid, after in self._members.items():
            document = self._documents[member_path(self.company.id, uid)]
            before = Member.of(document) if document.exists else None
            yield from member_events(self._document, before, after, self._reasons.get(uid), self.at)

    def _notice(
        self,
        whom: str,
        type: NotificationType,
        params: dict[str, str],
        *,
        about: str,
        actor: str | None = None,
    ) -> list[Write]:
        user = self._documents.get(user_path(whom))
        if user is None or not user.exists or user.data.get("deletedAt"):
            return []
        return notice_writes(
            whom,
            type,
            f"{type}-{about}-{self.at:%Y%m%d%H%M%S%f}",
            self.at,
            muted=muted(user.data),
            params=params,
            link=f"/api/companies/{self.company.id}",
            company_id=self.company.id,
            actor=actor,
        )


@dataclass(frozen=True, slots=True)
class _Change:
    path: str
    before: Record | None
    after: Record | None

    def write(self, documents: Mapping[str, Document]) -> Write:
        if self.before is None and self.after is not None:
            return Create(self.path, self.after.stored())
        seen = documents[self.path]
        if self.after is None:
            return Delete(self.path, seen=seen)
        return Update(self.path, self.after.stored(), seen=seen)

    def entry(self, operation: str, caller: Caller) -> list[Write]:
        before, after = ({} if each is None else shown(each) for each in (self.before, self.after))
        return entry_writes(Actor.of(caller), operation, self.path, before, after)


def is_outside_admin(caller: Caller, company_id: str) -> bool:
    """Whether the caller's rights in a company are those of an administrator of Troupe."""
    return caller.role == "admin" and caller.companies.get(company_id) not in ("owner", "admin")


def shown(record: Record) -> dict[str, Any]:
    """The fields for the audit log: nothing derived, and no secrets."""
    return record.model_dump(by_alias=True, exclude={"id", "token_hash", "logo_path", "history"})
