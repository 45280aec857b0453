"""The audit of budgets: what each member of a company held and used in a month is what the
company's ledger has of them, and it was within their cap; and only members spent anything."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from troupe.adapters.firestore import Database
from troupe.commands.notes import Notes
from troupe.wallet.budgets import Budget, Spent, budgets_path, month_of
from troupe.wallet.ledger import ledger_path
from troupe.wallet.records import Entry, EntryKind, Meter

OLD_HOLDS = "holds of companies from before cap and membership were recorded"
# A hold or a charge carries the time of its beginning, and may be committed a bit later.
_SLACK = timedelta(minutes=1)


def audit_budgets(db: Database, company_id: str, notes: Notes | None = None) -> list[str]:
    """The problems of a company's budgets; empty if there are none."""
    ledger = [Entry.of(entry) for entry in db.walk(ledger_path(company_id))]
    spent = _spent(ledger)
    counted = {}
    for document in db.walk(budgets_path(company_id)):
        budget = Budget.of(document)
        for meter in Meter:
            counted[budget.uid, budget.month, meter] = budget.meter(meter)
    problems = []
    for key in sorted({*spent, *counted}):
        has, should = counted.get(key, Spent()), spent.get(key, Spent())
        uid, month, meter = key
        for part in ("used", "held"):
            if getattr(has, part) != getattr(should, part):
                problems.append(
                    f"the budget of {uid} in {month} says {meter} {part} {getattr(has, part)}, "
                    f"the ledger has {getattr(should, part)}"
                )
    members = {
        each.id: each.data["joinedAt"]
        for each in db.walk(f"companies/{company_id}/members", select=["joinedAt"])
    }
    return [*problems, *_members(ledger, members, notes or Notes()), *_caps(ledger)]


def _members(ledger: list[Entry], members: dict[str, datetime], notes: Notes) -> Iterator[str]:
    """Whoever spent the company's money was a member then. Of those who have left since, only the
    entry says so."""
    for entry in ledger:
        if entry.kind is not EntryKind.HOLD:
            continue
        if entry.by is None:
            yield f"{entry.id} does not say which member it is for"
        elif "member_since" not in entry.model_fields_set:
            since = members.get(entry.by)
            if since is None or since > entry.at:
                notes.unchecked[OLD_HOLDS] += 1
        elif entry.member_since is None or entry.member_since > entry.at + _SLACK:
            yield f"{entry.id} is for {entry.by}, who was not a member then"
        elif (since := members.get(entry.by)) is not None and since < entry.member_since:
            yield f"{entry.id} is for a member since {entry.member_since}, who joined at {since}"


def _caps(ledger: list[Entry]) -> Iterator[str]:
    """No hold went beyond the cap. An earlier job counts with its hold while it surely had not
    ended, else with what it was charged."""
    ends = {each.job_id: each for each in ledger if each.kind is not EntryKind.HOLD}
    holds = defaultdict[tuple[str | None, str, Meter], list[Entry]](list)
    for entry in sorted(ledger, key=lambda each: each.at):
        if entry.kind is EntryKind.HOLD:
            holds[entry.by, month_of(entry.at), entry.meter].append(entry)
    for mine in holds.values():
        for number, entry in enumerate(mine):
            if entry.cap is None:
                continue
            total = entry.held
            for earlier in mine[:number]:
                end = ends.get(earlier.job_id)
                ended = end is not None and end.at <= entry.at + _SLACK
                total += end.used if end is not None and ended else earlier.held
            if total > entry.cap:
                yield (
                    f"{entry.id} raised the month of {entry.by} to {total} {entry.meter}, "
                    f"above the "
                    f"cap of {entry.cap}"
                )


def _spent(ledger: list[Entry]) -> dict[tuple[str, str, Meter], Spent]:
    """By member, month of the hold, and meter."""
    months = {entry.job_id: month_of(entry.at) for entry in ledger if entry.kind is EntryKind.HOLD}
    sums: dict[tuple[str, str, Meter], Spent] = defaultdict(Spent)
    for entry in ledger:
        if entry.by is not None and entry.job_id is not None:
            key = (entry.by, months.get(entry.job_id, "?"), entry.meter)
            before = sums[key]
            sums[key] = Spent(used=before.used + entry.used, held=before.held + entry.held)
    return dict(sums)
