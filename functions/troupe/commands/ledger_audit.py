"""The ledger audit: every wallet equals the sum of its ledger, every hold has a live job, every job
that ended was charged what it should have been, and no guest has a plan or minutes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from troupe.adapters.firestore import Database, Document
from troupe.jobs.charges import unfinished_charge
from troupe.jobs.records import SHOWN_FIELDS, Charge, Job, JobStatus, job_path
from troupe.plans.records import SubscriptionStatus
from troupe.wallet.ledger import ledger_path, plan_grant_id, wallet_path
from troupe.wallet.records import Balance, Entry, EntryKind, Meter, Wallet

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
    EntryKind.ADJUST: (_MORE | _LESS, _SAME, _SAME),
}


@dataclass(frozen=True, slots=True)
class Finding:
    uid: str
    problem: str


@dataclass(frozen=True, slots=True)
class Audit:
    wallets: int
    findings: list[Finding]


def audit(db: Database) -> Audit:
    """Reads every wallet and ledger. A change between the reads can look like a difference, so a
    finding counts only if a second look confirms it."""
    wallets = 0
    findings: list[Finding] = []
    for document in db.walk("wallets"):
        wallets += 1
        problems = audit_user(db, document.id) and audit_user(db, document.id)
        findings += [Finding(document.id, problem) for problem in problems]
    return Audit(wallets, findings)


def audit_user(db: Database, uid: str) -> list[str]:
    """The problems of one user's wallet; empty if there are none."""
    try:
        ledger = [Entry.of(entry) for entry in db.walk(ledger_path(uid))]
        paths = [wallet_path(uid), f"users/{uid}", f"subscriptions/{uid}"]
        document, user, plan = db.get_all(paths)
        wallet = Wallet.of(document)
    except ValidationError as error:
        return [f"a document cannot be read: {error}"]
    problems = [*_sums(wallet, ledger), *_shapes(ledger), *_holds(ledger)]
    problems += _jobs(db, ledger)
    problems += _plan(plan, {entry.id: entry for entry in ledger})
    if user.data.get("guest"):
        problems += _guest(plan, wallet)
    documented = wallet.tokens.granted - wallet.tokens.used
    if user.exists and user.data.get("tokens") != documented:
        shown = user.data.get("tokens")
        problems.append(f"the user's document shows {shown} tokens, the wallet has {documented}")
    seconds = Balance.model_validate(user.data.get("voiceSeconds", {}))
    if user.exists and not user.data.get("deletedAt") and seconds != wallet.voice_seconds:
        problems.append(
            f"the user's document shows {seconds} voice seconds, the wallet {wallet.voice_seconds}"
        )
    return problems


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
        entry = ledger.get(plan_grant_id(subscription.id, period, meter))
        granted = entry.granted if entry else 0
        if granted != (said := gave.get(meter, 0)):
            yield f"{meter}: period {period} of the plan granted {said}, the ledger has {granted}"


def _guest(subscription: Document, wallet: Wallet) -> Iterator[str]:
    """Guests are given no plan and no minutes."""
    if subscription.exists and subscription.data.get("status") == SubscriptionStatus.ACTIVE:
        yield "a guest has a plan"
    if wallet.voice_seconds.granted > wallet.voice_seconds.used:
        yield "a guest has minutes"


def _holds(ledger: list[Entry]) -> Iterator[str]:
    """Checks that no hold was settled or released twice or in part."""
    open_holds: Counter[str] = Counter()
    amounts: Counter[str] = Counter()
    for entry in ledger:
        if entry.job_id is None:
            continue
        open_holds[entry.job_id] += 1 if entry.kind is EntryKind.HOLD else -1
        amounts[entry.job_id] += entry.held
    for job_id, count in open_holds.items():
        if count <= 0 and amounts[job_id]:
            yield f"job {job_id} ended, but {amounts[job_id]} of its hold remain"
        if count < 0:
            yield f"job {job_id} ended its hold {1 - count} times"


def _jobs(db: Database, ledger: list[Entry]) -> Iterator[str]:
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
