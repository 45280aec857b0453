"""The ledger audit: every wallet equals the sum of its ledger, every hold has a live job, every job
that ended was charged what it should have been, tabs add up, what was paid for was granted, no
guest has a plan or minutes, and budgets of members and API keys are what ledgers and jobs say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import ValidationError

from troupe.adapters.firestore import Database, Document
from troupe.commands.budget_audit import audit_budgets
from troupe.commands.keys_audit import audit_keys
from troupe.commands.notes import Notes
from troupe.commands.payments_audit import (
    audit_billing,
    audit_customers,
    audit_events,
    audit_revenue,
    paying_since,
)
from troupe.commands.tabs_audit import audit_tabs
from troupe.commands.webhooks_audit import audit_webhooks
from troupe.jobs.charges import unfinished_charge
from troupe.jobs.records import SHOWN_FIELDS, Charge, Job, JobStatus, job_path
from troupe.plans.records import Subscription
from troupe.plans.writes import subscription_path
from troupe.wallet.ledger import ledger_path, plan_grant_id, wallet_path
from troupe.wallet.records import Balance, Entry, EntryKind, Meter, Owner, Wallet

_BATCH = 300
# For each kind of entry, the allowed signs of granted, used and held.
_MORE, _LESS, _SAME = {0, 1}, {0, -1}, {0}
_SIGNS = {
    EntryKind.GRANT: (_MORE, _SAME, _SAME),
    EntryKind.HOLD: (_SAME, _SAME, _MORE),
    EntryKind.SETTLE: (_SAME, _MORE, _LESS),
    EntryKind.RELEASE: (_SAME, _SAME, _LESS),
    EntryKind.CONSUME: (_SAME, _MORE, _SAME),
    EntryKind.EXPIRE: (_LESS, _SAME, _SAME),
    EntryKind.REVERSE: (_MORE | _LESS, _SAME, _SAME),
    EntryKind.ADJUST: (_MORE | _LESS, _SAME, _SAME),
}


@dataclass(frozen=True, slots=True)
class Finding:
    owner_id: str
    problem: str


@dataclass(frozen=True, slots=True)
class Audit:
    """`unchecked`: how many documents lack what a check needs, by what they are."""

    wallets: int
    findings: list[Finding]
    unchecked: Counter[str] = field(default_factory=Counter)


def audit(db: Database, *, paid: bool = True) -> Audit:
    """Reads every wallet and ledger. A change between the reads can look like a difference, so a
    finding counts only if a second look confirms it. `paid`: whether payments are on, so that
    plans with a price must be paid for."""
    wallets: set[str] = set()
    findings: list[Finding] = []
    unchecked: Counter[str] = Counter()
    since = paying_since(db) if paid else None
    for document in db.walk("wallets"):
        wallets.add(document.id)
        notes = Notes(since)
        if problems := _problems(db, document, notes):
            notes = Notes(since)
            problems = _problems(db, document, notes)
        unchecked += notes.unchecked
        findings += [Finding(document.id, problem) for problem in problems]
    findings += [Finding(owner_id, "has no wallet") for owner_id in _without_wallet(db, wallets)]
    findings += [Finding(place, problem) for place, problem in audit_tabs(db)]
    findings += [Finding(key_id, problem) for key_id, problem in audit_keys(db)]
    findings += [Finding(path, problem) for path, problem in audit_webhooks(db)]
    findings += [Finding("customers", problem) for problem in audit_customers(db, wallets)]
    findings += [Finding("events", problem) for problem in audit_events(db)]
    findings += [Finding("revenue", problem) for problem in audit_revenue(db)]
    return Audit(len(wallets), findings, unchecked)


def _problems(db: Database, document: Document, notes: Notes) -> list[str]:
    try:
        owner = Wallet.of(document).owner
    except ValidationError as error:
        return [f"the wallet cannot be read: {error}"]
    if not db.get(owner.path).exists and db.get(document.path).exists:
        return [f"its owner {owner.path} does not exist", *audit_owner(db, owner, notes)]
    budgets = audit_budgets(db, owner.id, notes) if owner.company_id else []
    return audit_owner(db, owner, notes) + budgets


def _without_wallet(db: Database, wallets: set[str]) -> Iterator[str]:
    """Users and companies who have no wallet, and are not being erased."""
    for collection in ("users", "companies"):
        for document in db.walk(collection, select=["deletedAt"]):
            if document.id not in wallets and not document.data.get("deletedAt"):
                owner, wallet = db.get_all([document.path, wallet_path(document.id)])
                if owner.exists and not owner.data.get("deletedAt") and not wallet.exists:
                    yield document.id


def audit_owner(db: Database, owner: Owner, notes: Notes | None = None) -> list[str]:
    """The problems of one owner's wallet; empty if there are none."""
    notes = notes or Notes()
    try:
        ledger = [Entry.of(entry) for entry in db.walk(ledger_path(owner.id))]
        paths = [wallet_path(owner.id), owner.path, subscription_path(owner.id)]
        document, shown, plan = db.get_all(paths)
        wallet = Wallet.of(document)
    except ValidationError as error:
        return [f"a document cannot be read: {error}"]
    problems = [*_sums(wallet, ledger), *_shapes(ledger), *_holds(ledger)]
    problems += _jobs(db, owner, ledger)
    problems += _plan(plan, {entry.id: entry for entry in ledger})
    guest = bool(shown.data.get("guest"))
    if guest:
        problems += _guest(plan, wallet)
    if shown.exists:
        problems += _shown(shown, wallet)
    try:
        has = Subscription.of(plan) if plan.exists else None
        by_id = {entry.id: entry for entry in ledger}
        problems += audit_billing(db, wallet, by_id, has, notes, guest=guest)
    except ValidationError as error:
        problems.append(f"a document cannot be read: {error}")
    return problems


def _shown(owner: Document, wallet: Wallet) -> Iterator[str]:
    """Compares the owner's document with the wallet whose balances it repeats."""
    tokens, documented = owner.data.get("tokens"), wallet.tokens.granted - wallet.tokens.used
    if tokens != documented:
        yield f"{owner.path} shows {tokens} tokens, the wallet has {documented}"
    seconds = Balance.model_validate(owner.data.get("voiceSeconds", {}))
    if not owner.data.get("deletedAt") and seconds != wallet.voice_seconds:
        yield f"{owner.path} shows {seconds} voice seconds, the wallet {wallet.voice_seconds}"


def _sums(wallet: Wallet, ledger: list[Entry]) -> Iterator[str]:
    for meter in Meter:
        lines = [entry for entry in ledger if entry.meter is meter]
        total = Balance(
            granted=sum(entry.granted for entry in lines),
            used=sum(entry.used for entry in lines),
            held=sum(entry.held for entry in lines),
        )
        balance = wallet.meter(meter)
        if balance != total:
            yield f"{meter}: the wallet says {balance}, its ledger adds up to {total}"
        if balance.available < 0 or balance.held < 0:
            yield f"{meter}: overdrawn: {balance}"


def _shapes(ledger: list[Entry]) -> Iterator[str]:
    """Checks that each entry changes only what its kind may change."""
    for entry in ledger:
        changes = (entry.granted, entry.used, entry.held)
        signs = [(n > 0) - (n < 0) for n in changes]
        if any(sign not in may for sign, may in zip(signs, _SIGNS[entry.kind], strict=True)):
            yield f"{entry.id}: an entry of kind {entry.kind} cannot change a wallet by {changes}"


def _plan(subscription: Document, ledger: dict[str, Entry]) -> Iterator[str]:
    """Checks that the ledger has what the subscription's current period granted."""
    if not subscription.exists:
        return
    period, gave = subscription.data.get("period", 0), subscription.data.get("gave", {})
    for meter in Meter:
        whole = plan_grant_id(subscription.id, period, meter)
        # A period that is paid for line by line has an entry for each.
        granted = sum(
            entry.granted
            for name, entry in ledger.items()
            if name == whole or name.startswith(f"{whole}-")
        )
        if granted != (said := gave.get(meter, 0)):
            yield f"{meter}: period {period} of the plan granted {said}, the ledger has {granted}"


def _guest(subscription: Document, wallet: Wallet) -> Iterator[str]:
    """Guests are given no plan and no minutes."""
    if subscription.exists and Subscription.of(subscription).live:
        yield "a guest has a plan"
    if wallet.voice_seconds.granted > wallet.voice_seconds.used:
        yield "a guest has minutes"


def _holds(ledger: list[Entry]) -> Iterator[str]:
    """Checks that no hold was settled or released twice or in part."""
    open_holds: Counter[str] = Counter()
    amounts: Counter[tuple[str, Meter]] = Counter()
    for entry in ledger:
        if entry.job_id is None:
            if entry.held:
                yield f"{entry.id} changes what is held, and names no job"
            continue
        open_holds[entry.job_id] += 1 if entry.kind is EntryKind.HOLD else -1
        amounts[entry.job_id, entry.meter] += entry.held
    for (job_id, meter), amount in amounts.items():
        if open_holds[job_id] <= 0 and amount:
            yield f"job {job_id} ended, but {amount} {meter} of its hold remain"
    for job_id, count in open_holds.items():
        if count < 0:
            yield f"job {job_id} ended its hold {1 - count} times"


def _jobs(db: Database, owner: Owner, ledger: list[Entry]) -> Iterator[str]:
    """Compares every job in the ledger with its entries: a hold has a live job, and a job that
    ended was charged what its document says and what its price is."""
    by_job: dict[str, list[Entry]] = {}
    for entry in ledger:
        if entry.job_id is not None:
            by_job.setdefault(entry.job_id, []).append(entry)
    ids = list(by_job)
    for start in range(0, len(ids), _BATCH):
        batch = [job_path(job_id) for job_id in ids[start : start + _BATCH]]
        for document in db.get_all(batch, select=SHOWN_FIELDS):
            entries = by_job[document.id]
            waiting = all(entry.kind is EntryKind.HOLD for entry in entries)
            if not document.exists:
                # Jobs of a user who is being erased are deleted after they ended.
                if waiting:
                    yield f"hold of job {document.id}, which does not exist"
                continue
            job = Job.of(document)
            if job.payer != owner or any(entry.by != job.spender for entry in entries):
                yield f"job {job.id} is paid by {job.payer.path}, for {job.uid}"
            if job.status.ended and waiting:
                yield f"hold of job {job.id}, which is {job.status}"
            elif job.status.ended and job.charge is not None:
                yield from (f"job {job.id}: {each}" for each in _charge(job, job.charge, entries))


def _charge(job: Job, charge: Charge, entries: list[Entry]) -> Iterator[str]:
    """Checks what a job was charged when it ended."""
    used = sum(entry.used for entry in entries)
    if used != charge.charged or not 0 <= used <= charge.held:
        yield f"charged {charge.charged} of {charge.held} held, the ledger has {used}"
    if any(entry.meter is not charge.meter for entry in entries):
        yield f"the ledger has another meter than {charge.meter}"
    if charge.tariff is None:
        return
    price = charge.tariff.tokens(charge.characters)
    if charge.meter is Meter.TOKENS and charge.held != price:
        yield f"{charge.held} tokens were held for {charge.characters} characters, not {price}"
    if job.status is JobStatus.COMPLETED:
        if charge.meter is Meter.TOKENS and used != price:
            yield f"completed work of {price} tokens was charged {used}"
        return
    if job.status is JobStatus.FAILED and (job.usage.interrupted or job.usage.worked):
        yield "failed, but charged for parts that were at work"
    spoken, everything = job.usage.characters + job.usage.interrupted, sum(job.part_characters)
    if spoken > everything:
        yield f"{spoken} characters were spoken, but it has only {everything}"
    implied = unfinished_charge(charge, job.usage, everything)
    if used != implied:
        yield f"{job.status} after {spoken} characters, which is {implied}, but charged {used}"
