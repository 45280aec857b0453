"""Rooms: ids and paths in Firestore."""

from __future__ import annotations

import hashlib
import json

from troupe.rooms.records import COLLECTION, GLOSSARY, MEMBERS, MESSAGES, READS

INVITATIONS = "roomInvitations"


def room_path(room_id: str) -> str:
    return f"{COLLECTION}/{room_id}"


def secret_path(room_id: str) -> str:
    return f"roomSecrets/{room_id}"


def members_path(room_id: str) -> str:
    return f"{room_path(room_id)}/{MEMBERS}"


def member_path(room_id: str, uid: str) -> str:
    return f"{members_path(room_id)}/{uid}"


def ban_path(room_id: str, uid: str) -> str:
    return f"{room_path(room_id)}/bans/{uid}"


def messages_path(room_id: str) -> str:
    return f"{room_path(room_id)}/{MESSAGES}"


def files_prefix(room_id: str) -> str:
    """In Cloud Storage: of all files of the room's messages, which are deleted with it."""
    return f"{COLLECTION}/{room_id}/"


def message_path(room_id: str, message_id: str) -> str:
    return f"{messages_path(room_id)}/{message_id}"


def marker_path(room_id: str, uid: str) -> str:
    return f"{room_path(room_id)}/{READS}/{uid}"


def glossary_path(room_id: str) -> str:
    return f"{room_path(room_id)}/{GLOSSARY}/main"


def presence_path(room_id: str) -> str:
    """Who is there, for everybody to listen to: written when somebody comes or goes."""
    return f"{room_path(room_id)}/state/presence"


def beats_path(room_id: str) -> str:
    """When everybody was last seen, for the functions alone: written all the time."""
    return f"beats/{room_id}"


def invitation_path(token: str) -> str:
    """Of a token or a code: only its hash is stored."""
    return invitation_path_of(invitation_id_of(token))


def invitation_path_of(invitation_id: str) -> str:
    return f"{INVITATIONS}/{invitation_id}"


def invitation_id_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()[:32]


def message_id_of(room_id: str, uid: str, client_id: str) -> str:
    """The same for the same message of a client, however often it is sent."""
    named = json.dumps([room_id, uid, client_id])
    return hashlib.sha256(named.encode()).hexdigest()[:32]
