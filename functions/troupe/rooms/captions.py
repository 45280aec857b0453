"""Live captions: what somebody says, as messages of the kind `caption`.

The client cuts sound at pauses and sends each piece as a file of its own, or sends the text that it
has recognised itself. Sound is recognised only if somebody can pay for it. Sound without speech is
free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, BinaryIO, cast

import numpy as np

from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import (
    SERVER_TIME,
    AlreadyExists,
    Create,
    Database,
    Document,
    Missing,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.counters import COUNTERS
from troupe.errors import TooManyRequests, Unavailable, UnknownChoice, WorkError
from troupe.idempotency import KeyReused, file_hash, request_hash
from troupe.logs import log
from troupe.media.uploads import sniffing
from troupe.media.uploads.checks import BrokenAudio, UnsupportedFile
from troupe.moderation.service import Moderation
from troupe.rate_limits import Limiter, LimitStatus
from troupe.recognition.catalogue import capabilities, language_code
from troupe.recognition.energy import is_audible
from troupe.recognition.listen import listen
from troupe.recognition.transcriber import RATE, Transcriber, Transcript
from troupe.rooms.errors import (
    AudioUnreadable,
    CaptionLength,
    CaptionsOff,
    CaptionsPaused,
    RecognitionFailed,
)
from troupe.rooms.messages import expiry, in_pace, marker_write
from troupe.rooms.records import (
    MOST_CHARACTERS,
    LanguageSource,
    Marker,
    Message,
    MessageCaption,
    Room,
)
from troupe.rooms.sound_limits import count_caption
from troupe.rooms.standing import Standing, standing
from troupe.rooms.tabs import RoomTabs
from troupe.rooms.translations import MessageTranslations, Plan
from troupe.rooms.writes import marker_path, message_id_of, message_path
from troupe.tabs.service import Reserved
from troupe.text import shorten
from troupe.transcriptions.errors import TranscriberNotConfigured

if TYPE_CHECKING:
    from troupe.speech.engine import Samples

SHORTEST, LONGEST = 0.4, 15.0  # seconds of sound
_PADDING = 0.1  # seconds that an encoder may add
# After this time, the sweep makes final what was stored last.
_FINAL_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class CaptionDraft:
    """A caption as it is sent: its sound, or its text. `stream` and `seq` name it."""

    stream: str
    seq: int
    start_ms: int = 0
    audio: BinaryIO | None = None
    text: str | None = None
    language: str | None = None
    final: bool = True


@dataclass(frozen=True, slots=True)
class Captioned:
    """`message`: None if nobody speaks."""

    message: Message | None


@dataclass(frozen=True, slots=True)
class _Recognised:
    """What was said. `language`: None if it has to be detected. `used`: the milliseconds of
    speech, out of those that are `reserved`."""

    text: str
    language: str | None
    source: LanguageSource | None = None
    milliseconds: int | None = None  # of the sound
    reserved: Reserved | None = None
    used: int = 0


# Nobody speaks in the final sound: what was recognised before becomes final.
_NO_MORE = _Recognised("", None)


@dataclass(frozen=True, slots=True)
class _Sound:
    """`code`: of the transcriber, for the `language`; None to detect it."""

    samples: Samples
    milliseconds: int
    code: str | None
    language: str | None


@dataclass(slots=True)
class _Sending:
    """A caption that is being sent. `tried`: whether a commit was tried."""

    caller: AccountCaller
    room_id: str
    message_id: str
    draft: CaptionDraft
    request: str
    said: _Recognised = _Recognised("", None)
    tried: bool = False

    @property
    def path(self) -> str:
        return message_path(self.room_id, self.message_id)

    @property
    def marker(self) -> str:
        return marker_path(self.room_id, self.caller.uid)

    def repeats(self, before: Message) -> bool:
        """Whether there is nothing to be written. Raises KeyReused."""
        if before.deleted_at is not None:
            return True
        is_final = before.caption is not None and before.caption.final
        if before.request == self.request:
            return is_final or not self.draft.final
        if is_final and self.draft.final:
            raise KeyReused("Another caption of this `stream` has this `seq`. Send the next one.")
        return is_final or self._overtaken(before)  # an earlier version has come late

    def _overtaken(self, before: Message) -> bool:
        """Whether at least as much of the sound is stored already."""
        stored = before.caption.end_ms if before.caption is not None else None
        if self.draft.final or stored is None or self.said.milliseconds is None:
            return False
        return self.draft.start_ms + self.said.milliseconds <= stored

    def message(
        self, room: Room, said: _Recognised, before: Message | None, at: datetime
    ) -> Message:
        """The message, without the fields that its Plan and its commit set."""
        draft = self.draft
        earlier = before.caption if before is not None else None
        used = dict(before.used) if before is not None else {}
        if said.reserved is not None:
            tab_id = said.reserved.tab_id
            used[tab_id] = used.get(tab_id, 0) + said.used
        end = None if said.milliseconds is None else draft.start_ms + said.milliseconds
        if end is None and earlier is not None:
            end = earlier.end_ms
        fields: dict[str, Any] = {
            "request": self.request,
            "text": said.text,
            "caption": MessageCaption(
                stream=draft.stream,
                seq=draft.seq,
                start_ms=draft.start_ms,
                end_ms=end,
                final=draft.final,
            ),
            "used": used,
        }
        if before is not None:
            fields |= {"translations": {}, "revision": before.revision + 1}
            return before.model_copy(update=fields)
        return Message(
            id=self.message_id,
            room_id=self.room_id,
            uid=self.caller.uid,
            name=self.caller.user.public_name,
            guest=self.caller.guest,
            kind="caption",
            client_id=f"{draft.stream} {draft.seq}",
            created_at=at,
            updated_at=at,
            expires_at=expiry(room, at),
            **fields,
        )


class Captions:
    def __init__(
        self,
        db: Database,
        moderation: Moderation,
        translations: Callable[[], MessageTranslations],
        tabs: RoomTabs,
        limiter: Limiter,
        transcriber: Callable[[], Transcriber],
        decode: Callable[[BinaryIO, str], bytes],
        name: str,
    ) -> None:
        """`decode`: a file of a user as samples, a bit more than LONGEST at most. `name`: of the
        transcriber, or `off`."""
        self._db = db
        self._moderation = moderation
        self._translations = translations
        self._tabs = tabs
        self._limiter = limiter
        self._transcriber = transcriber
        self._decode = decode
        self._name = name

    def send(self, caller: AccountCaller, room_id: str, draft: CaptionDraft) -> Captioned:
        """Stores a caption once, however often it is sent. One that is not final can be sent again
        with more of its sound, or another text; only the final one is translated.

        Raises RoomNotFound, RoomArchived, Muted, CaptionsOff, TooManyRequests, KeyReused,
        AudioUnreadable, UnsupportedFile, TooDemanding, DecodersBusy, CaptionLength, CaptionsPaused,
        UnknownChoice, TranscriberNotConfigured, RecognitionFailed, ContentRefused,
        ModerationUnavailable.
        """
        message_id = message_id_of(room_id, caller.uid, f"{draft.stream} {draft.seq}")
        sound = file_hash(draft.audio) if draft.audio else None
        request = request_hash("sendCaption", {"text": draft.text, "audio": sound})
        sending = _Sending(caller, room_id, message_id, draft, request)
        here = self._standing(sending)
        before = _message(here.documents[sending.path])
        if before is not None and sending.repeats(before):
            return Captioned(before)
        self._admit(here, sending)
        if before is not None and before.request == request:  # it was recognised before
            sending.said = _Recognised(before.text, before.language, before.language_source)
        elif draft.text is not None:
            sending.said = _Recognised(draft.text, draft.language)
            self._moderation.check(caller.uid, draft.text)
        else:
            piece = self._sound(caller, here, draft)
            sending.said = _Recognised("", None, milliseconds=piece.milliseconds)
            if before is not None and sending.repeats(before):
                return Captioned(before)
            heard = self._heard(caller, here, draft, piece)
            if heard is not None:
                sending.said = heard
            elif before is not None and draft.final:
                sending.said = _NO_MORE
            else:
                return Captioned(None)
        # Recognising takes a while, so the room is read again.
        read = [here] if sending.said.reserved is None else []
        try:
            done = contend(lambda: self._store(sending, read))
        except Exception:
            self._give_back(sending)
            raise
        return Captioned(done())

    def _store(self, sending: _Sending, read: list[Standing]) -> Callable[[], Message | None]:
        """Commits the caption; returns what translates it. Raises Stale."""
        caller, said = sending.caller, sending.said
        here = read.pop() if read else self._standing(sending)
        document, marker = here.documents[sending.path], here.documents[sending.marker]
        before = _message(document)
        if before is not None and sending.repeats(before):
            self._give_back(sending)
            return lambda: before
        if said is _NO_MORE:
            if before is None:  # deleted with the history of the room
                return lambda: None
            said = _Recognised(before.text, before.language, before.language_source)
        self._admit(here, sending)
        at = now()
        plan = self._plan(caller, here, said, final=sending.draft.final)
        fields = plan.fields(at)
        if not sending.draft.final:
            fields["due_at"] = at + _FINAL_WITHIN
        message = sending.message(here.room, said, before, at).model_copy(update=fields)
        stamps: dict[str, Any] = {"updatedAt": SERVER_TIME, "heardAt": SERVER_TIME}
        writes: list[Write]
        if before is None:
            stamps["createdAt"] = SERVER_TIME
            writes = [Create(document.path, message.stored() | stamps)]
        else:
            writes = [Update(document.path, message.stored() | stamps, seen=document)]
        if before is None and here.room.settings.slow_seconds:
            writes.append(marker_write(marker, {"sentAt": at}))
        if said.reserved is not None:
            writes.append(said.reserved.use(said.used))
        sending.tried = True
        try:
            committed = self._db.commit(*writes, *plan.writes)
        except AlreadyExists:
            raise Stale from None
        except Missing:  # the tab has been closed, or the room is being deleted
            if said.reserved is not None:
                reserved = self._tabs.renewed(
                    said.reserved, here.room, caller.uid, said.used, guest=caller.guest
                )
                sending.tried = reserved is said.reserved
                sending.said = replace(said, reserved=reserved)
            raise Stale from None
        if before is None:
            COUNTERS.add("captions")
        stamp = committed.server_time or at
        created = before.created_at if before is not None else stamp
        stamped = {"created_at": created, "updated_at": stamp, "heard_at": stamp}
        message = message.model_copy(update=stamped)
        return lambda: self._translations().finish(here.room, message, plan, committed)

    def _standing(self, sending: _Sending) -> Standing:
        """Raises RoomNotFound."""
        also = [sending.path, sending.marker, *self._translations().reads(sending.room_id)]
        return standing(self._db, sending.room_id, sending.caller.uid, also)

    def _admit(self, here: Standing, sending: _Sending) -> None:
        """Raises RoomArchived, Muted, CaptionsOff, TooManyRequests."""
        at, marker = now(), here.documents[sending.marker]
        here.require_may_post(at)
        if not here.room.settings.captions:
            raise CaptionsOff
        if marker.exists and not here.documents[sending.path].exists:
            in_pace(here, Marker.of(marker), at)

    def _plan(
        self, caller: AccountCaller, here: Standing, said: _Recognised, *, final: bool
    ) -> Plan:
        """What is not final is not translated: it changes within seconds."""
        if not final:
            source: LanguageSource = said.source or ("given" if said.language else "profile")
            return Plan(said.language or here.member.language, source)
        plan = self._translations().plan(caller, here, said.text, said.language)
        return replace(plan, source=said.source) if said.source else plan

    def _sound(self, caller: AccountCaller, here: Standing, draft: CaptionDraft) -> _Sound:
        if self._name == "off" or draft.audio is None:
            raise TranscriberNotConfigured
        code, language = self._language(here, draft.language)
        samples = self._samples(draft.audio, caller.uid)
        return _Sound(samples, round(1000 * len(samples) / RATE), code, language)

    def _heard(
        self, caller: AccountCaller, here: Standing, draft: CaptionDraft, sound: _Sound
    ) -> _Recognised | None:
        """None if nobody speaks."""
        counted = self._count(caller, here.room, sound.milliseconds)
        if not is_audible(sound.samples):
            return None
        try:
            return self._recognised(caller, here, draft, sound)
        except (CaptionsPaused, Unavailable):
            self._limiter.forget(counted)
            raise

    def _recognised(
        self, caller: AccountCaller, here: Standing, draft: CaptionDraft, sound: _Sound
    ) -> _Recognised | None:
        """None if nobody speaks. Raises CaptionsPaused, RecognitionFailed, ContentRefused,
        ModerationUnavailable."""
        samples, milliseconds, language = sound.samples, sound.milliseconds, sound.language
        reserved = self._reserve(caller, here, milliseconds)
        try:
            found = self._listen(samples, sound.code)
            text = shorten(" ".join(each.text for each in found.segments), MOST_CHARACTERS)
            self._moderation.check(caller.uid, text)
        except Exception:
            self._tabs.give_back(reserved)
            raise
        if found.no_speech:
            self._tabs.give_back(reserved)
            return None
        source: LanguageSource = "profile"
        if draft.language is not None:
            source = "given"
        elif language is None:
            source = "transcript"
        used = min(round(found.seconds * 1000), milliseconds)
        spoken = language or found.language or here.member.language
        return _Recognised(text, spoken, source, milliseconds, reserved, used)

    def _language(self, here: Standing, given: str | None) -> tuple[str | None, str | None]:
        """The transcriber's code of the language that is spoken, and the language; None to detect
        it. By default it is the sender's own: a few words are often taken for another language.
        Raises UnknownChoice."""
        language = given or here.member.language
        if code := language_code(language, self._name):
            return code, language
        if given is not None:
            allowed = list(capabilities(self._name).languages)
            raise UnknownChoice(details={"fields": [UnknownChoice.field("language", allowed)]})
        return None, None

    def _samples(self, audio: BinaryIO, uid: str) -> Samples:
        """Raises AudioUnreadable, UnsupportedFile, TooDemanding, DecodersBusy, CaptionLength."""
        try:
            data = self._decode(audio, uid)
        except BrokenAudio as error:
            raise AudioUnreadable from error
        except UnsupportedFile as error:
            known = sniffing.sound_kind(audio) is None and sniffing.name(audio) is not None
            if known and not sniffing.lacks_beginning(audio):
                raise  # a picture, or something else that is no sound
            raise AudioUnreadable from error
        samples = cast("Samples", np.frombuffer(data, np.int16))
        seconds = len(samples) / RATE
        if not SHORTEST <= seconds <= LONGEST + _PADDING:
            limits = {"minimum": SHORTEST, "maximum": LONGEST}
            raise CaptionLength(details=limits | {"seconds": round(seconds, 2)})
        return samples

    def _count(self, caller: AccountCaller, room: Room, milliseconds: int) -> LimitStatus | None:
        """Raises TooManyRequests."""
        seconds = -(-milliseconds // 1000)
        status = count_caption(self._limiter, room, caller.uid, seconds, guest=caller.guest)
        if status is not None and status.exceeded:
            raise TooManyRequests(retry_after=status.reset)
        return status

    def _listen(self, samples: Samples, code: str | None) -> Transcript:
        """Raises RecognitionFailed."""
        try:
            return listen(self._transcriber(), samples, code)
        except (WorkError, RuntimeError) as error:  # or its package is missing
            log.error("caption_not_recognised", error)
            raise RecognitionFailed from error

    def _reserve(self, caller: AccountCaller, here: Standing, milliseconds: int) -> Reserved:
        """Raises CaptionsPaused."""
        return self._tabs.reserve(here.room, caller.uid, milliseconds, guest=caller.guest)

    def _give_back(self, sending: _Sending) -> None:
        """Unless a commit was tried, which may have succeeded though it seemed to fail."""
        if sending.said.reserved is not None and not sending.tried:
            self._tabs.give_back(sending.said.reserved)


def _message(document: Document) -> Message | None:
    return Message.of(document) if document.exists else None
