"""Sign-ins that have ended at Firebase end here, too.

Firebase is asked at refresh, and when an ID token says something new (decision 028).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from troupe.accounts import sessions
from troupe.accounts.errors import public_error
from troupe.accounts.records import UserRecord
from troupe.accounts.writes import Users, end_sessions_write
from troupe.adapters.firestore import DELETE_FIELD, Document, Stale, Update, now
from troupe.adapters.identity import Identity
from troupe.adapters.identity_errors import IdentityError
from troupe.adapters.identity_records import Standing
from troupe.logs import log


class Revocations:
    def __init__(self, users: Users, identity: Identity) -> None:
        self._users = users
        self._identity = identity

    def asked_once(self, uid: str) -> Callable[[], Standing | None]:
        """Asks Firebase for the account on the first call, and remembers the answer. The call
        raises Unavailable."""
        answers: list[Standing | None] = []

        def ask() -> Standing | None:
            if not answers:
                answers.append(self._ask(uid))
            return answers[0]

        return ask

    def check(self, user: UserRecord, document: Document, standing: Standing | None) -> None:
        """Ends the sign-ins that have ended at Firebase, or were made before the address was
        proved there. Raises Stale if there were any: decide again with the changed document."""
        at = now()
        if standing is None or standing.disabled:
            log.info("sign_ins_ended_at_firebase", uid=user.id, gone=standing is None)
            self._users.commit(end_sessions_write(document, user, at))
        elif standing.email_verified and not user.email_verified and standing.email == user.email:
            log.info("address_proved", uid=user.id, sessions_ended=len(user.sessions))
            self._users.commit(end_sessions_write(document, user, at, emailVerified=True))
        elif revoked := _revoked(user, standing):
            log.info("sign_ins_revoked_at_firebase", uid=user.id, sessions=len(revoked))
            self._users.commit(_revocation_write(document, user, revoked, standing))
        else:
            return
        raise Stale

    def _ask(self, uid: str) -> Standing | None:
        try:
            return self._identity.standing(uid)
        except IdentityError as error:
            raise public_error(error) from error


def _revoked(user: UserRecord, standing: Standing) -> list[str]:
    """Ids of the sessions whose sign-in Firebase has revoked."""
    return [
        each
        for each, session in user.sessions.items()
        if sessions.signed_in_at(session).timestamp() < standing.valid_after
    ]


def _revocation_write(
    document: Document, user: UserRecord, revoked: list[str], standing: Standing
) -> Update:
    """Ends the revoked sign-ins, and those of the Firebase SDK that are not listed yet."""
    last = datetime.fromtimestamp(standing.valid_after - 1, UTC)
    ended = {f"sessions.{each}": DELETE_FIELD for each in revoked}
    floor = max(filter(None, [last, user.sign_ins_after]))
    return Update(document.path, ended | {"signInsAfter": floor}, seen=document)
