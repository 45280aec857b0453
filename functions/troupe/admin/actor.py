"""The administrator of the request at hand."""

from __future__ import annotations

from flask import g

from troupe.admin.records import Actor
from troupe.web.caller import current_caller


def current_actor() -> Actor:
    caller = current_caller()
    return Actor(uid=caller.uid, email=caller.email, request_id=g.get("request_id"))
