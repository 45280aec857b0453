"""Rooms over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.errors import CompanyNotFound, GuestNotAllowed
from troupe.idempotency import KeyReused
from troupe.moderation.errors import MODERATION_ERRORS
from troupe.paging import BadCursor, PageTooDeep
from troupe.rooms import schemas
from troupe.rooms.errors import (
    CompanyNeeded,
    PasswordNeedsPrivate,
    RoomNotFound,
    RoomRoleRequired,
    TooManyRooms,
)
from troupe.rooms.service import Shown
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import KeyHeader

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.audit.service import AuditLog
    from troupe.caller import Caller
    from troupe.rooms.service import RoomService

api = Api("rooms", "Rooms")


@api.post(
    "/api/rooms",
    status=201,
    data=schemas.RoomData,
    errors=(
        *(GuestNotAllowed, PasswordNeedsPrivate, CompanyNeeded, CompanyNotFound, KeyReused),
        TooManyRooms,
        *MODERATION_ERRORS,
    ),
    aliases=("/api/create-chatroom", "/api/chatroom/create-chatroom"),
    headers=("Location",),
    limit="room",
)
def create_room(
    header: KeyHeader, body: schemas.CreateRoom, caller: AccountCaller, room_service: RoomService
) -> Reply:
    """Creates a room that you own. Public rooms are in the list of all users; a private one needs
    an invitation or its password."""
    shown = room_service.create(caller, body.request(), header.idempotency_key)
    headers = {"Location": f"/api/rooms/{shown.room.id}"}
    return Reply(schemas.RoomData.of(shown), "Room created successfully", headers=headers)


@api.get("/api/rooms/<roomId>", data=schemas.RoomData, errors=(RoomNotFound,))
def get_room(path: schemas.RoomPath, caller: Caller, room_service: RoomService) -> Reply:
    """Returns a room that you are in, or a public one."""
    shown = room_service.get(caller, path.room_id)
    return Reply(schemas.RoomData.of(shown), "Room fetched successfully")


@api.get("/api/rooms", data=schemas.RoomsData, errors=(BadCursor, PageTooDeep))
def list_rooms(query: schemas.RoomsQuery, caller: Caller, room_service: RoomService) -> Reply:
    """Lists the public rooms that are open, or with `mine` the rooms that you are in."""
    if query.mine:
        shown, total = room_service.mine(caller.uid, query, search=query.search, sort=query.sort)
        meta = query.meta(total)
    else:
        found, page = room_service.page(
            query, search=query.search, language=query.language, sort=query.sort
        )
        shown = [Shown(room, None) for room in found]
        meta = query.meta(page.total, page.next_cursor)
    return Reply(schemas.RoomsData.of(shown), "Rooms fetched successfully", meta=meta)


@api.get(
    "/api/user-chatrooms/<userId>",
    auth=Auth.SELF,
    data=schemas.RoomsData,
    aliases=("/api/user/user-chatrooms/<userId>",),
)
def user_rooms(
    path: schemas.UserPath,
    query: schemas.UserRoomsQuery,
    caller: Caller,
    room_service: RoomService,
    audit_log: AuditLog,
) -> Reply:
    """Lists the rooms that a user is in, where something was last said first."""
    shown, total = room_service.mine(path.user_id, query, search=query.search, sort=query.sort)
    audit_log.read_user(caller, "userRooms", path.user_id)
    meta = query.meta(total)
    return Reply(schemas.RoomsData.of(shown), "Rooms fetched successfully", meta=meta)


@api.put(
    "/api/rooms/<roomId>",
    auth=Auth.OWNER,
    data=schemas.RoomData,
    errors=(
        *(RoomNotFound, RoomRoleRequired, PasswordNeedsPrivate, CompanyNeeded, CompanyNotFound),
        *MODERATION_ERRORS,
    ),
)
def update_room(
    path: schemas.RoomPath, body: schemas.UpdateRoom, caller: Caller, room_service: RoomService
) -> Reply:
    """Changes a room. Moderators can change its name, topic and announcement; the owner also who
    gets in, the settings, and whether it is archived."""
    shown = room_service.update(caller, path.room_id, body.change())
    return Reply(schemas.RoomData.of(shown), "Room updated successfully")


@api.delete("/api/rooms/<roomId>", auth=Auth.OWNER, errors=(RoomNotFound, RoomRoleRequired))
def delete_room(path: schemas.RoomPath, caller: Caller, room_service: RoomService) -> Reply:
    """Deletes a room with everything that was said in it. Only its owner can do this."""
    room_service.delete(caller, path.room_id)
    return Reply(message="Room deleted successfully")
