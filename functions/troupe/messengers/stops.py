"""Numbers whose owners do not want any messages: they have answered STOP.

Only a hash of each is stored. There are few enough numbers to try them all, so the hash is a slow
one. It has no secret, because the list has to outlive the rotation of every secret.
"""

from __future__ import annotations

import hashlib

from troupe.adapters.firestore import Database, Delete, Merge, now
from troupe.logs import log
from troupe.messengers.messenger import Received

COLLECTION = "smsStops"
_SALT = b"troupe.smsStops"


class Stops:
    def __init__(self, db: Database) -> None:
        self._db = db

    def has(self, number: str) -> bool:
        """Whether this number gets no messages."""
        return self._db.get(_path(number)).exists

    def take(self, received: Received) -> None:
        """Does what the owner of a number wants."""
        if not received.number or received.wish is None:
            return
        path = _path(received.number)
        if received.wish == "stop":
            self._db.commit(Merge(path, {"at": now()}))
        else:
            self._db.commit(Delete(path))
        log.info("sms_wish", wish=received.wish)


def _path(number: str) -> str:
    digest = hashlib.scrypt(number.encode(), salt=_SALT, n=2**14, r=8, p=1, dklen=20)
    return f"{COLLECTION}/{digest.hex()}"
