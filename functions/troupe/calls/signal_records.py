"""Signals between two participants, with which they connect."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from troupe.records import Record

MOST_SIGNALS = 32  # of a request
MOST_BYTES = 64 * 1024  # of a payload, as JSON in UTF-8
LIFETIME = timedelta(minutes=10)
SignalType = Literal["offer", "answer", "candidates", "restart", "bye", "state"]


class Signal(Record):
    """`calls/{id}/signals/{id}`: never changed. `sender` and `to`: participants. `to_uid`: whose
    `to` is: the only one who can read it. `payload`: JSON as text, because Firestore cannot store
    all that JSON can. `seq`: its place in its request; `at` is the same for all of a request."""

    id: str
    sender: str = Field(alias="from")
    to: str
    to_uid: str
    type: SignalType
    payload: str
    seq: int = 0
    at: datetime
    expires_at: datetime

    @property
    def content(self) -> Any:
        return json.loads(self.payload)
