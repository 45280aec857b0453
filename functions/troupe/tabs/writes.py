"""Closing tabs, in Firestore."""

from __future__ import annotations

from troupe.adapters.firestore import Database, Delete, Update, Write
from troupe.jobs.records import Job, job_path
from troupe.tabs.records import Tab, TabAccount, TabInput, account_path, cost, tab_path


def closing(db: Database, job: Job) -> tuple[int, list[Write]]:
    """What the tab of a job has cost so far, and the writes that close it, for the commit that ends
    the job, after the job's own write. They make that commit Stale if something was used meanwhile.
    """
    given = TabInput.model_validate(job.input)
    document, account = db.get_all([tab_path(job.id), account_path(given.place, given.key)])
    if not document.exists:
        return 0, []
    tab = Tab.of(document)
    charge = min(cost(tab.used, tab.credit, tab.unit), tab.held)
    writes: list[Write] = [
        Delete(document.path, seen=document),
        Update(job_path(job.id), {"usage.milliseconds": tab.used}),
    ]
    if account.exists and TabAccount.of(account).tab == job.id:
        rest = tab.credit + charge * tab.unit - tab.used
        fields = {"tab": None, f"credit.{tab.meter}": rest}
        writes.append(Update(account.path, fields, seen=account))
    return charge, writes


def unfinished(db: Database, job: Job) -> tuple[Job, list[Write]]:
    """A tab whose job is cancelled costs what was used. See `JobSpec.unfinished`."""
    charge, writes = closing(db, job)
    if job.charge is None:
        return job, writes
    charged = job.charge.model_copy(update={"charged": charge})
    return job.model_copy(update={"charge": charged}), writes
