"""Metrics over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from troupe.errors import UnknownChoice
from troupe.metrics import schemas
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.metrics.service import MetricsReport

api = Api("metrics", "Administration: metrics")


@api.get(
    "/api/admin/metrics",
    auth=Auth.ADMIN,
    data=schemas.MetricSeriesData,
    errors=(UnknownChoice,),
)
def metrics(query: schemas.MetricsQuery, metrics_report: MetricsReport) -> Reply:
    """Returns what all instances have counted, by minute or in longer steps. The last minutes may
    be incomplete: an instance stores what it has counted once a minute, and one without requests
    with its next one, or when it is shut down."""
    since, until = query.range
    found = metrics_report.series(query.name, since, until, timedelta(seconds=query.step))
    points = [schemas.MetricPointView.of(each) for each in found]
    series = schemas.MetricSeriesView(name=query.name, step=query.step, points=points)
    return Reply(schemas.MetricSeriesData(series=series), "Metrics fetched successfully")
