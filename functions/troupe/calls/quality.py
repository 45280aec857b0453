"""How good the connections of a call are, as its participants report it: sums and histograms, with
one write for each report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from troupe.adapters.firestore import Database, Increment, Merge, now
from troupe.caller import Caller
from troupe.calls.errors import ParticipantNotFound
from troupe.calls.records import CallQuality, QualityReports, QualityWord
from troupe.calls.standing import standing
from troupe.calls.writes import qualities_path, quality_path
from troupe.dashboards.days import ROUND_TRIPS

_EVERY = timedelta(seconds=5)  # what comes sooner is dropped: each report is a write
_MOST = 200  # reporting tabs that are read of one call
WORDS: tuple[QualityWord, ...] = ("excellent", "good", "fair", "poor")
# The upper bounds of the first three words; for `mos` the lower ones.
_RTT, _JITTER, _LOSS = (100, 200, 400), (20, 40, 80), (1, 3, 8)
_MOS = (4.0, 3.6, 3.1)


@dataclass(frozen=True, slots=True)
class Report:
    """What a browser has measured since its last report. None: not known."""

    rtt_ms: float | None = None
    jitter_ms: float | None = None
    loss_percent: float | None = None
    mos: float | None = None
    relay: bool = False
    bitrate_kbps: float | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None

    @property
    def measures(self) -> dict[str, tuple[float, int]]:
        """Value and class of those that are summed. Round trips have the classes of the days."""
        given = {
            "rtt": (self.rtt_ms, _below(self.rtt_ms, ROUND_TRIPS)),
            "jitter": (self.jitter_ms, _below(self.jitter_ms, _JITTER)),
            "loss": (self.loss_percent, _below(self.loss_percent, _LOSS)),
            "mos": (self.mos, _above(self.mos, _MOS)),
        }
        return {name: (value, each) for name, (value, each) in given.items() if value is not None}


class CallQualities:
    def __init__(self, db: Database) -> None:
        self._db = db

    def report(self, caller: Caller, call_id: str, participant_id: str, report: Report) -> None:
        """Raises as `standing`, and ParticipantNotFound for a tab of somebody else."""
        path, at = quality_path(call_id, participant_id), now()
        here = standing(self._db, call_id, caller.uid, [path])
        if participant_id not in here.access.participant_ids:
            raise ParticipantNotFound
        before = here.documents[path]
        if before.exists and at - before.data["updatedAt"] < _EVERY:
            return
        fields: dict[str, Any] = {
            name: {"n": Increment(1), "sum": Increment(value), "classes": {str(of): Increment(1)}}
            for name, (value, of) in report.measures.items()
        }
        last = {
            "bitrateKbps": report.bitrate_kbps,
            "fps": report.fps,
            "width": report.width,
            "height": report.height,
        }
        fields |= {"uid": caller.uid, "reports": Increment(1), "last": last, "updatedAt": at}
        if report.relay:
            fields["relayed"] = Increment(1)
        # An Increment must not be made twice: a report that is lost is none.
        self._db.commit_once(Merge(path, fields))


def reports_of(db: Database, call_id: str) -> list[QualityReports]:
    found = db.find(qualities_path(call_id), limit=_MOST)
    return [QualityReports.of(each) for each in found]


def summed(reports: Iterable[QualityReports]) -> CallQuality | None:
    """The quality of a call; None without reports."""
    made = [each for each in reports if each.reports]
    if not made:
        return None
    rtt, jitter = _mean(made, "rtt"), _mean(made, "jitter")
    loss, mos = _mean(made, "loss"), _mean(made, "mos")
    found = [
        _below(value, bounds)
        for value, bounds in ((rtt, _RTT), (jitter, _JITTER), (loss, _LOSS))
        if value is not None
    ]
    if mos is not None:
        found.append(_above(mos, _MOS))
    return CallQuality(
        reports=sum(each.reports for each in made),
        rtt_ms=rtt,
        jitter_ms=jitter,
        loss_percent=loss,
        mos=mos,
        relayed=sum(each.relayed for each in made),
        word=WORDS[max(found)] if found else None,
    )


def counted(quality: CallQuality | None, reports: Iterable[QualityReports]) -> dict[str, int]:
    """The counters of the day of a call that has ended."""
    if quality is None:
        return {}
    counters = {"qualityReports": quality.reports, "relayed": quality.relayed}
    if quality.word is not None:
        counters[f"quality{WORDS.index(quality.word)}"] = 1
    loss, loss_reports = 0.0, 0
    for each in reports:
        loss += each.loss.sum
        loss_reports += each.loss.n
        for of, count in each.rtt.classes.items():
            name = f"roundTrips{of}"
            counters[name] = counters.get(name, 0) + count
    return counters | {"lossReports": loss_reports, "lossPermille": round(loss * 10)}


def _mean(reports: Iterable[QualityReports], name: str) -> float | None:
    sums = [getattr(each, name) for each in reports]
    count = sum(each.n for each in sums)
    return round(sum(each.sum for each in sums) / count, 2) if count else None


def _below(value: float | None, bounds: tuple[int, ...]) -> int:
    return sum(value > bound for bound in bounds) if value is not None else 0


def _above(value: float | None, bounds: tuple[float, ...]) -> int:
    return sum(value < bound for bound in bounds) if value is not None else 0
