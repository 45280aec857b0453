"""Replies to our messages over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response

from troupe.messengers.messenger import BadSignature
from troupe.messengers.schemas import REPLY_BYTES, Signatures
from troupe.web.caller import Auth
from troupe.web.routes import Api

if TYPE_CHECKING:
    from troupe.messengers.messenger import TextMessenger
    from troupe.messengers.stops import Stops

api = Api("sms", "Text messages")
_NO_ANSWER = "<Response/>"  # as Twilio wants it


@api.post(
    "/api/calls/sms",
    auth=Auth.PUBLIC,
    produces="text/xml",
    errors=(BadSignature,),
    body_bytes=REPLY_BYTES,
    open_to_all_apps=True,
)
def receive_sms(
    header: Signatures, raw: bytes, text_messenger: TextMessenger | None, sms_stops: Stops
) -> Response:
    """Receives a reply to a text message from the service that `SMS` names, signed by it. STOP ends
    all messages to the number, START allows them again; anything else is ignored."""
    if text_messenger is None:  # nobody can have signed it
        raise BadSignature
    sms_stops.take(text_messenger.receive(raw, header.by_name()))
    return Response(_NO_ANSWER, content_type="text/xml; charset=utf-8")
