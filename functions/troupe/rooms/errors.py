"""What can go wrong in rooms, as the API reports it."""

from __future__ import annotations

from typing import ClassVar, Literal

from typing_extensions import TypedDict

from troupe.errors import (
    Conflict,
    FileSizeDetails,
    Forbidden,
    NotFound,
    PaymentRequired,
    TroupeError,
    Unavailable,
    Unprocessable,
)


class RoomNotFound(NotFound):
    """Also for a private room of others."""

    code = "room_not_found"
    message = "This room does not exist, or you do not have access to it."


class MessageNotFound(NotFound):
    code = "message_not_found"
    message = "This room has no message with this id."


class RoomMemberNotFound(NotFound):
    code = "member_not_found"
    message = "This room has no member with this id."


class RoomArchived(Conflict):
    code = "room_archived"
    message = "This room is archived. Its owner can reopen it."


class RoomRoleDetails(TypedDict):
    needed: str


class RoomRoleRequired(Forbidden):
    code = "room_role_required"
    details_type: ClassVar[type] = RoomRoleDetails
    message = "Only the owner and the moderators of the room can do this."


class PasswordNeedsPrivate(Unprocessable):
    code = "password_needs_private"
    message = "Only a private room can have a password. Send `isPrivate: true` with it."


class CompanyNeeded(Unprocessable):
    code = "company_needed"
    message = "The payer `company` needs `companyId`, the company that pays for the room."


class PasswordRequired(Forbidden):
    code = "password_required"
    message = "This room has a password. Send it as `password`."


class WrongPassword(Forbidden):
    code = "wrong_password"
    message = "This is not the password of the room."


class Banned(Forbidden):
    code = "banned"
    message = "You are banned from this room. A moderator can let you in again."


class GuestsNotAllowed(Forbidden):
    code = "guests_not_allowed"
    message = "This room is not open to guests. Create an account first."


class RoomFullDetails(TypedDict):
    maximum: int


class RoomFull(Conflict):
    code = "room_full"
    details_type = RoomFullDetails
    message = "This room is full."


class TooManyRooms(Conflict):
    code = "too_many_rooms"
    message = "You can be in at most 200 rooms. Leave one first."


class OwnerMustHandOver(Conflict):
    code = "owner_must_hand_over"
    message = "You own this room. Transfer ownership with `transferTo`, or delete the room."


class NotYourVoice(Forbidden):
    code = "not_your_voice"
    message = (
        "This is not one of your characters, or the consent to clone its sample was revoked. "
        "Choose one of your own."
    )


class InvitesNotAllowed(Forbidden):
    code = "invites_not_allowed"
    message = "In this room, only the owner and the moderators can invite others."


class InvitationNotFound(NotFound):
    """Also for one that has expired, or was used up."""

    code = "invitation_not_found"
    message = "This invitation or code is invalid, used up or expired."


class MutedDetails(TypedDict):
    """`until`: ISO 8601."""

    until: str


class Muted(Forbidden):
    code = "muted"
    details_type = MutedDetails
    message = "A moderator has muted you in this room. `details.until` says for how long."


class NothingToSend(Unprocessable):
    code = "nothing_to_send"
    message = "This message is empty. Send a `text`, a sound as `audio`, or a picture as `photo`."


class AttachmentTooLarge(TroupeError):
    status = 413
    code = "file_too_large"
    details_type = FileSizeDetails
    message = "The file is too large. `details.maximum` says how many bytes it may have."


class MessageFileNotFound(NotFound):
    code = "message_file_not_found"
    message = "This message has no such file."


class AudioNotReady(Conflict):
    code = "audio_not_ready"
    message = (
        "There is no speech of this message in that language and voice yet. Request it with "
        "`POST …/speech` first. Without `language`, you get the sound that was sent."
    )


class NotAuthor(Forbidden):
    code = "not_author"
    message = "This is somebody else's message. Only its author can do this."


class ChangedSinceDetails(TypedDict):
    revision: int


class ChangedSince(Conflict):
    code = "changed_since"
    details_type = ChangedSinceDetails
    message = "This message has been edited since. Read it again, then send its `revision`."


class EditedTooLate(Conflict):
    code = "edit_too_late"
    message = "A message can be edited for 24 hours. Delete it, and send a new one."


class AudioUnreadable(Unprocessable):
    code = "audio_unreadable"
    message = (
        "This is not a complete sound file. Send each caption as a file of its own: stop and "
        "restart the recorder, because only the first slice of a recording can be read. Use WebM, "
        "Ogg, MP4, WAV, MP3 or FLAC."
    )


class CaptionLengthDetails(TypedDict):
    """In seconds."""

    minimum: float
    maximum: float
    seconds: float


class CaptionLength(Unprocessable):
    code = "caption_length"
    details_type = CaptionLengthDetails
    message = "A caption's sound must last 0.4 to 15 seconds. Cut it where the speaker pauses."


class CaptionNotFinal(Conflict):
    code = "caption_not_final"
    message = "This caption may still change. Try again when its `caption.final` is true."


class CaptionsOff(Conflict):
    code = "captions_off"
    message = "Captions are switched off in this call. Its host can switch them on."


class CaptionsPausedDetails(TypedDict):
    """`code`: for whoever pays, that of the error that stops them, such as `not_enough_tokens`; for
    others `payer_cannot_pay`."""

    code: str


class CaptionsPaused(PaymentRequired):
    code = "captions_paused"
    details_type = CaptionsPausedDetails
    message = (
        "Whoever pays for this room cannot pay for recognising speech now. Messages go on, and so "
        "do captions that are sent as `text`."
    )


class RecognitionFailed(Unavailable):
    code = "recognition_failed"
    message = "The sound could not be recognised now, and cost nothing. Send it again."


class SpeechNotAllowed(Forbidden):
    code = "speech_not_allowed"
    message = (
        "This room does not let you have messages spoken. Its owner can change `settings.speech`."
    )


class RoomCannotPayDetails(TypedDict):
    """Who pays for the room: its owner, or with the money of a company, or nobody."""

    payer: Literal["owner", "company", "none"]


class RoomCannotPay(PaymentRequired):
    """Somebody else would pay, so it does not say how much they have."""

    code = "room_cannot_pay"
    details_type: ClassVar[type] = RoomCannotPayDetails
    message = "Whoever pays for this room cannot pay for this now."


class TooManySpeechesDetails(TypedDict):
    maximum: int


class TooManySpeeches(Conflict):
    code = "too_many_speeches"
    details_type = TooManySpeechesDetails
    message = "This message has been spoken in as many languages and voices as it can be."
