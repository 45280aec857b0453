"""Members of rooms, and invitations, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

from troupe.errors import InvalidInput
from troupe.paging import BadCursor, PageTooDeep
from troupe.rooms import schemas
from troupe.rooms.errors import (
    Banned,
    GuestsNotAllowed,
    InvitationNotFound,
    InvitesNotAllowed,
    NotYourVoice,
    OwnerMustHandOver,
    PasswordRequired,
    RoomFull,
    RoomMemberNotFound,
    RoomNotFound,
    RoomRoleRequired,
    TooManyRooms,
    WrongPassword,
)
from troupe.web.addresses import current_device
from troupe.web.caller import Auth
from troupe.web.reply import Reply
from troupe.web.routes import Api
from troupe.web.schema import Page

if TYPE_CHECKING:
    from troupe.accounts.records import AccountCaller
    from troupe.caller import Caller
    from troupe.rooms.invitations import RoomInvitations
    from troupe.rooms.members import RoomMembers
    from troupe.rooms.presence import Presence

api = Api("room-members", "Members of rooms")
_JOIN_ERRORS = (
    *(RoomNotFound, InvitationNotFound, PasswordRequired, WrongPassword, Banned),
    *(GuestsNotAllowed, RoomFull, TooManyRooms),
)


@api.post(
    "/api/rooms/look",
    auth=Auth.PUBLIC,
    data=schemas.RoomLookData,
    errors=(RoomNotFound, InvitationNotFound),
    limit="room_look",
)
def look_room(body: schemas.LookRoom, room_invitations: RoomInvitations) -> Reply:
    """Returns what a code, an invitation or the id of a public room leads to, for people who are
    not signed in yet."""
    room = room_invitations.look(body.token, body.room_id)
    return Reply(schemas.RoomLookData.of(room), "Room fetched successfully")


@api.post(
    "/api/rooms/<roomId>/join", data=schemas.RoomJoinedData, errors=_JOIN_ERRORS, limit="room_join"
)
def join_room(
    path: schemas.RoomPath,
    body: schemas.JoinRoom,
    caller: AccountCaller,
    room_members: RoomMembers,
) -> Reply:
    """Joins a room: a public one, or a private one with its password, a code or an invitation. If
    you are a member already, nothing changes."""
    room, member = room_members.join(caller, path.room_id, body.ticket(), current_device())
    data = schemas.RoomJoinedData.of(room, member)
    return Reply(data, "Room joined successfully")


@api.post(
    "/api/rooms/join",
    data=schemas.RoomJoinedData,
    errors=_JOIN_ERRORS,
    limit="room_join",
    aliases=("/api/join-chatroom", "/api/chatroom/join-chatroom"),
)
def join_named_room(
    body: schemas.JoinNamedRoom, caller: AccountCaller, room_members: RoomMembers
) -> Reply:
    """Joins the room that the body names, or that of a code or an invitation."""
    room, member = room_members.join(caller, body.room_id, body.ticket(), current_device())
    data = schemas.RoomJoinedData.of(room, member)
    return Reply(data, "Room joined successfully")


@api.post(
    "/api/rooms/<roomId>/leave",
    auth=Auth.MEMBER,
    errors=(RoomNotFound, OwnerMustHandOver, RoomMemberNotFound),
)
def leave_room(
    path: schemas.RoomPath, body: schemas.LeaveRoom, caller: Caller, room_members: RoomMembers
) -> Reply:
    """Leaves a room. Its owner hands it over with `transferTo`, or deletes it."""
    room_members.leave(caller, path.room_id, body.transfer_to)
    return Reply(message="Room left successfully")


@api.post(
    "/api/leave-chatroom",
    aliases=("/api/chatroom/leave-chatroom",),
    auth=Auth.MEMBER,
    errors=(RoomNotFound, OwnerMustHandOver, RoomMemberNotFound),
)
def leave_named_room(
    body: schemas.LeaveNamedRoom, caller: Caller, room_members: RoomMembers
) -> Reply:
    """Leaves the room that the body names."""
    room_members.leave(caller, body.room_id, body.transfer_to)
    return Reply(message="Room left successfully")


@api.get(
    "/api/rooms/<roomId>/members",
    auth=Auth.MEMBER,
    data=schemas.RoomMembersData,
    errors=(RoomNotFound, BadCursor, PageTooDeep),
)
def list_room_members(
    path: schemas.RoomPath,
    query: Page,
    caller: Caller,
    room_members: RoomMembers,
    presence: Presence,
) -> Reply:
    """Lists the members of a room, in the order in which they came, and whether they are there."""
    found, page = room_members.page(caller, path.room_id, query)
    online = presence.online(path.room_id)
    views = [schemas.ListedMemberView.seen(each, online) for each in found]
    data = schemas.RoomMembersData(members=views)
    meta = query.meta(page.total, page.next_cursor)
    return Reply(data, "Members fetched successfully", meta=meta)


@api.put(
    "/api/rooms/<roomId>/members/<userId>",
    auth=Auth.MEMBER,
    data=schemas.RoomMemberData,
    errors=(RoomNotFound, RoomMemberNotFound, RoomRoleRequired, NotYourVoice, InvalidInput),
)
def set_member(
    path: schemas.RoomMemberPath,
    body: schemas.SetMember,
    caller: AccountCaller,
    room_members: RoomMembers,
) -> Reply:
    """Updates a member. You can set your own languages and voice; moderators can mute members; the
    owner can assign roles."""
    member = room_members.change(caller, path.room_id, path.user_id, body.changes())
    data = schemas.RoomMemberData(member=schemas.RoomMemberView.of(member))
    return Reply(data, "Member updated successfully")


@api.delete(
    "/api/rooms/<roomId>/members/<userId>",
    auth=Auth.OWNER,
    errors=(RoomNotFound, RoomMemberNotFound, RoomRoleRequired, OwnerMustHandOver),
)
def remove_member(
    path: schemas.RoomMemberPath,
    query: schemas.RemoveMemberQuery,
    caller: Caller,
    room_members: RoomMembers,
) -> Reply:
    """Removes a member, who receives no further messages. `ban` can be used on people who have been
    members."""
    room_members.remove(caller, path.room_id, path.user_id, query.ban)
    return Reply(message="Member removed successfully")


@api.post(
    "/api/rooms/<roomId>/invitations",
    auth=Auth.MEMBER,
    status=201,
    data=schemas.RoomInvitedData,
    errors=(RoomNotFound, InvitesNotAllowed, RoomRoleRequired),
    limit="room_invite",
)
def create_invitation(
    path: schemas.RoomPath,
    body: schemas.CreateInvitation,
    caller: Caller,
    room_invitations: RoomInvitations,
) -> Reply:
    """Creates a link or a code that lets others into the room."""
    invited = room_invitations.invite(caller, path.room_id, body.wanted())
    return Reply(schemas.RoomInvitedData.of(invited), "Invitation created successfully")


@api.get(
    "/api/rooms/<roomId>/invitations",
    auth=Auth.OWNER,
    data=schemas.RoomInvitationsData,
    errors=(RoomNotFound, RoomRoleRequired, BadCursor, PageTooDeep),
)
def list_invitations(
    path: schemas.RoomPath, query: Page, caller: Caller, room_invitations: RoomInvitations
) -> Reply:
    """Lists the invitations of a room, newest first, for its owner and moderators."""
    found, page = room_invitations.page(caller, path.room_id, query)
    views = [schemas.RoomInvitationView.of(each) for each in found]
    meta = query.meta(page.total, page.next_cursor)
    data = schemas.RoomInvitationsData(invitations=views)
    return Reply(data, "Invitations fetched successfully", meta=meta)


@api.delete(
    "/api/rooms/<roomId>/invitations/<invitationId>",
    auth=Auth.OWNER,
    errors=(RoomNotFound, RoomRoleRequired, InvitationNotFound),
)
def revoke_invitation(
    path: schemas.RoomInvitationPath, caller: Caller, room_invitations: RoomInvitations
) -> Reply:
    """Revokes an invitation. Those who have joined with it stay."""
    room_invitations.revoke(caller, path.room_id, path.invitation_id)
    return Reply(message="Invitation revoked successfully")


@api.post(
    "/api/rooms/<roomId>/presence",
    auth=Auth.MEMBER,
    data=schemas.PresenceData,
    errors=(RoomNotFound,),
)
def presence(
    path: schemas.RoomPath, body: schemas.PresenceBody, caller: Caller, presence: Presence
) -> Reply:
    """Says that you are in the room, and what you do. Send it every `beatSeconds`, and when it
    changes; returns who is there."""
    online = presence.beat(caller, path.room_id, body.state)
    return Reply(schemas.PresenceData.of(online), "Presence updated successfully")
