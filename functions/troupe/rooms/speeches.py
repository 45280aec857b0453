"""Messages as speech: who speaks, who pays, and what is there already.

A message is spoken once for each revision, language and voice, and everybody in the room hears it.
The commit that starts a job also writes the message, as it was read: so two who ask at once start
one job.
"""

from __future__ import annotations

import math
import re
import secrets
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from troupe.adapters.firestore import Database, Document, Stale, contend, now
from troupe.caller import Caller
from troupe.characters.voices import voice_snapshot
from troupe.errors import TooManyRequests, TroupeError
from troupe.idempotency import request_hash
from troupe.jobs.charges import Quote, speech_tariff
from troupe.jobs.errors import InputChanged, TooManyJobs
from troupe.jobs.records import Job, job_path
from troupe.logs import log
from troupe.rate_limits import Limiter, LimitStatus
from troupe.recording.records import VoiceSnapshot
from troupe.rooms.errors import (
    ChangedSince,
    MessageNotFound,
    RoomCannotPay,
    SpeechNotAllowed,
    TooManySpeeches,
)
from troupe.rooms.payers import RoomPayer, speech_payer_of
from troupe.rooms.records import (
    MOST_SPEECHES,
    Member,
    Message,
    MessageSpeech,
    Room,
    RoomStatus,
    SpeechVoice,
)
from troupe.rooms.speech_cleanup import SpeechCleanup, speech_write
from troupe.rooms.speech_keys import OTHER_VOICE, key_of, live
from troupe.rooms.speech_records import MOST_SECONDS, SpeechInput, SpeechItem
from troupe.rooms.speech_specs import MESSAGE_SPEECH
from troupe.rooms.standing import cleared, settled, standing, there
from troupe.rooms.tabs import CANNOT_PAY
from troupe.rooms.writes import member_path, message_path, room_path
from troupe.settings import Settings
from troupe.speech.catalogue import DEFAULT_STYLE, capabilities
from troupe.speech.choice import choose_voice
from troupe.speech.engine import VoiceType
from troupe.speech.errors import SpeechTooLong
from troupe.speech.text.forms import TextType
from troupe.speech.text.marks import literal
from troupe.speech.voices import voices_of
from troupe.translation.languages import same
from troupe.wallet.payers import Payer

if TYPE_CHECKING:
    from troupe.characters.records import Character
    from troupe.jobs.service import JobService
    from troupe.rooms.translations import MessageTranslations

_UNIT = 1000  # characters that count as one in the room's limit
# When the sweep speaks what its request has not: later than that ends.
_DUE = timedelta(minutes=2)
_MENTION = re.compile(r"<@[^>\s]+>")  # an id, which nobody wants to hear


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message in one language and voice: under `key` in the message's `speech`. `job`: that makes
    it, None if it is ready."""

    key: str
    speech: MessageSpeech
    job: Job | None


class _SpokenText(NamedTuple):
    """A message in one language. `reworded`: some words are those of the room's glossary."""

    text: str
    reworded: bool = False


@dataclass(frozen=True, slots=True)
class _Item:
    """What is to be spoken. `own`: in the sender's own voice. `about` and `at_most`: in seconds."""

    key: str
    text: str
    voice: VoiceSnapshot
    own: bool
    about: float
    at_most: float

    def pending(self, job_id: str, part: int) -> MessageSpeech:
        voice: SpeechVoice = "sender" if self.own else "default"
        return MessageSpeech(state="pending", voice=voice, said=self.said, job_id=job_id, part=part)

    @property
    def said(self) -> str:
        """Identifies text and voice."""
        voice = self.voice.model_dump(mode="json", exclude={"sample_text"})
        return request_hash("speakMessage", {"text": self.text, "voice": voice})


class MessageSpeeches:
    """`jobs` and `translations` are called when they are needed. `own_voice`: a character, if it is
    the user's own, and may be cloned."""

    def __init__(
        self,
        db: Database,
        jobs: Callable[[], JobService],
        translations: Callable[[], MessageTranslations],
        own_voice: Callable[[str, str], Character | None],
        limiter: Limiter,
        cleanup: SpeechCleanup,
        settings: Settings,
    ) -> None:
        self._db = db
        self._jobs = jobs
        self._translations = translations
        self._own_voice = own_voice
        self._limiter = limiter
        self._cleanup = cleanup
        self._settings = settings

    def speak(
        self, caller: Caller, room_id: str, message_id: str, language: str, voice: SpeechVoice
    ) -> Spoken:
        """A message in a language, into which it is translated first if it must be. What is there,
        or being made, is returned and costs nothing.

        Raises RoomNotFound, MessageNotFound, CaptionNotFinal, RoomArchived, Muted,
        SpeechNotAllowed, ChangedSince, UnknownChoice, NothingToSpeak, UnreadableText,
        SpeechTooLong, TooManySpeeches, TooManyRequests, TooManyJobs, RoomCannotPay,
        NotEnoughTokens, and the PAYER_ERRORS, TRANSLATOR_ERRORS and MODERATION_ERRORS.
        """
        path = message_path(room_id, message_id)
        here = standing(self._db, room_id, caller.uid, [path])
        message = settled(here.documents[path], here.room)
        known = key_of(message, language, voice)
        if known and (found := self._found(path, message, known)):
            return found
        here.require_may_post(now())
        payer = speech_payer_of(here.room, caller.uid, guest=caller.guest)
        if not _allowed(here.room, here.member, payer):
            raise SpeechNotAllowed
        self._count(caller.uid, guest=caller.guest)
        sender = here.member if message.uid == caller.uid else self._sender(message)
        character = self._voice_of(sender)
        spoken, own = self._snapshot(payer, character, language)
        # Speech that has just failed has changed the message.
        seen: Document | None = None if known else here.documents[path]
        said = _text(here.room, message, language)
        if said is None:
            made = self._translations().request(caller, room_id, message_id, language)
            said, seen = _SpokenText(made.text, made.reworded), None
        key = language
        if own and (said.reworded or voice == "default"):
            spoken, own = self._snapshot(payer, None, language)
            key += "" if said.reworded else OTHER_VOICE  # their own voice never says it
        item = self._item(key, said.text, spoken, own=own)
        with _told(payer, caller.uid):
            after, job = self._start(payer, caller.uid, message, [item], seen)
        if job is not None:
            return Spoken(key, after.speech[key], job)
        # Another request has started it, maybe for another code of the same language.
        others = live(after)
        same_said = (code for code, each in others.items() if each.said == item.said)
        found = self._found(path, after, key if key in others else next(same_said))
        if found is None:
            raise ChangedSince(details={"revision": after.revision})
        return found

    def due_at(self, room: Room, message: Message, sender: Member, at: datetime) -> datetime | None:
        """When the sweep looks whether a message that is sent `at` that time is being spoken. None
        if nobody is to hear it."""
        spoken = message.speak and message.text and room.settings.payer != "none"
        return at + _DUE if spoken and _heard(room, message, sender) else None

    def speak_sent(self, room: Room, message: Message, sender: Member | None = None) -> Message:
        """The message with `speak`, spoken for those who want to hear it, as far as it is
        translated. Never fails: what goes wrong is in its `speech`. `sender`: None to read the
        membership."""
        if message.deleted_at is not None or room.settings.payer == "none":
            return message
        try:
            return self._speak_sent(room, message, sender)
        except Exception as error:  # it is sent, and anybody can ask for its speech
            log.error("message_not_spoken", error, messageId=message.id)
            return message

    def speak_late(self, message: Message) -> None:
        """Speaks a message as `speak_sent`, if its request has not."""
        document = self._db.get(room_path(message.room_id))
        room = Room.of(document) if document.exists else None
        if room is not None and not cleared(room, message):
            self.speak_sent(room, message)

    def _speak_sent(self, room: Room, message: Message, sender: Member | None) -> Message:
        sender = sender or self._sender(message)
        if sender is None or not sender.is_in:  # has left since, and it would be at others' cost
            return message
        texts = {
            code: said
            for code in _heard(room, message, sender)
            if code not in message.speech and (said := _text(room, message, code)) is not None
        }
        closed = room.status is RoomStatus.ARCHIVED or sender.muted(now())
        if not texts or closed:
            return message
        payer = speech_payer_of(room, message.uid, guest=message.guest)
        if not _allowed(room, sender, payer):
            return message
        items: list[_Item] = []
        failed: dict[str, MessageSpeech] = {}
        character = self._voice_of(sender)
        for code, said in texts.items():
            try:
                own_voice = None if said.reworded else character
                spoken, own = self._snapshot(payer, own_voice, code)
                items.append(self._item(code, said.text, spoken, own=own))
            except TroupeError as error:
                failed[code] = _failed(error)
        try:
            if items:
                self._count(message.uid, guest=message.guest)
                with _told(payer, ""):  # all members read what went wrong
                    message, _ = self._start(payer, message.uid, message, items)
        except (ChangedSince, MessageNotFound):  # an edit is spoken by its own request
            return message
        except TroupeError as error:
            failed |= {item.key: _failed(error) for item in items}
        return self._note(message, failed) if failed else message

    def _found(self, path: str, message: Message, key: str) -> Spoken | None:
        """What is there, or being made; None if that has just failed."""
        speech = message.speech[key]
        if speech.state == "ready" or speech.job_id is None:
            return Spoken(key, speech, None)
        document = self._db.get(job_path(speech.job_id))
        job = Job.of(document) if document.exists else None
        if job is not None and not job.status.ended:
            return Spoken(key, speech, job)
        # Its worker is about to do this, or has failed to.
        after = self._cleanup.hand_over(path, speech.job_id)
        if after is None or after.revision != message.revision or key not in live(after):
            return None
        return Spoken(key, after.speech[key], None)

    def _start(
        self,
        payer: RoomPayer,
        uid: str,
        message: Message,
        items: Sequence[_Item],
        seen: Document | None = None,
    ) -> tuple[Message, Job | None]:
        """Starts a job for those items that are not there yet; None if that is none of them. `uid`
        causes it. `seen`: the message as it was read last. Raises TooManyRequests, and
        MessageNotFound and ChangedSince if this is not the message any more."""
        path = message_path(message.room_id, message.id)

        def attempt() -> tuple[Message, Job | None]:
            nonlocal seen
            document, seen = seen or self._db.get(path), None  # other attempts read it again
            before = there(document)
            if before.revision != message.revision:
                raise ChangedSince(details={"revision": before.revision})
            others = live(before)
            said = {each.said for each in others.values()}
            new = [each for each in items if each.key not in others and each.said not in said]
            if not new:
                return before, None
            job_id = secrets.token_hex(16)
            # Two codes of one language may be the same text in the same voice.
            parts = {each.said: each for each in new}
            numbers = {said: number for number, said in enumerate(parts)}
            pending = {each.key: each.pending(job_id, numbers[each.said]) for each in new}
            speech = before.speech | pending
            if len(speech) > MOST_SPEECHES:
                raise TooManySpeeches(details={"maximum": MOST_SPEECHES})
            given = SpeechInput(
                revision=message.revision,
                items=[SpeechItem(text=i.text, voice=i.voice) for i in parts.values()],
            )
            job = MESSAGE_SPEECH.job(
                id=job_id,
                uid=payer.uid,
                subject=path,
                given=given,
                request_hash=job_id,
                at=now(),
                payer=Payer(payer.owner),
            )
            quote, write = self._quote(parts.values()), speech_write(document, speech)
            try:
                job = self._jobs().submit(job, quote, [write], keyed=False, watched=[document])
            except InputChanged as error:
                raise Stale from error
            return before.model_copy(update={"speech": speech}), job

        counted = None if uid == payer.uid else self._count_in(message.room_id, items)
        job = None
        try:
            after, job = contend(attempt)
            return after, job
        finally:
            if job is None:  # it costs nothing
                self._limiter.forget(counted)

    def _note(self, message: Message, failed: Mapping[str, MessageSpeech]) -> Message:
        """Notes what went wrong, unless somebody has asked again meanwhile."""

        def attempt() -> Message:
            document = self._db.get(message_path(message.room_id, message.id))
            before = Message.of(document) if document.exists else message
            if before.revision != message.revision or not document.exists:
                return message
            speech = dict(failed) | before.speech
            self._db.commit_or_stale(speech_write(document, speech))
            return before.model_copy(update={"speech": speech})

        return contend(attempt)

    def _count(self, uid: str, *, guest: bool) -> None:
        """Raises TooManyRequests."""
        name = "guest_room_speech" if guest else "room_speech"
        status = self._limiter.count(name, account=uid, sources=[])
        if status is not None and status.exceeded:
            raise TooManyRequests(retry_after=status.reset)

    def _count_in(self, room_id: str, items: Sequence[_Item]) -> LimitStatus | None:
        """Counts what is spoken in a room at the cost of somebody else. Raises TooManyRequests."""
        units = -(-sum(len(each.text) for each in items) // _UNIT)
        status = self._limiter.count("room_speech_total", account=room_id, sources=[], weight=units)
        if status is not None and status.exceeded:
            message = "Nothing more is spoken in this room today at the cost of others."
            raise TooManyRequests(message, retry_after=status.reset)
        return status

    def _sender(self, message: Message) -> Member | None:
        document = self._db.get(member_path(message.room_id, message.uid or "-"))
        return Member.of(document) if document.exists else None

    def _voice_of(self, sender: Member | None) -> Character | None:
        """The own voice of somebody who is in the room."""
        if sender is None or not sender.is_in or sender.voice_character_id is None:
            return None
        return self._own_voice(sender.uid, sender.voice_character_id)

    def _snapshot(
        self, payer: RoomPayer, character: Character | None, language: str
    ) -> tuple[VoiceSnapshot, bool]:
        """Who speaks, and whether that is the recording of `character`. Raises UnknownChoice for a
        language that no engine speaks."""
        engines = self._settings.speech_engines
        if character is not None:
            kind = VoiceType(character.voice_type)
            choice = choose_voice(engines, language, kind, DEFAULT_STYLE, clones=True)
            if capabilities(choice.engine).cloning:
                return voice_snapshot(character, choice, payer.uid), True
        # Not an engine that can only clone.
        voiced = tuple(engine for engine in engines if voices_of(engine)) or engines
        choice = choose_voice(voiced, language, VoiceType.FEMALE, DEFAULT_STYLE)
        snapshot = VoiceSnapshot(
            engine=choice.engine,
            voice_id=choice.voice_id,
            language=choice.language,
            voice_type=choice.type,
        )
        return snapshot, False

    def _item(self, key: str, text: str, voice: VoiceSnapshot, *, own: bool) -> _Item:
        """Raises NothingToSpeak, UnreadableText, SpeechTooLong."""
        from troupe.speech.request import check_text  # noqa: PLC0415 (most requests need none)

        text = _MENTION.sub("", text).strip()
        checked = check_text(
            literal(text),
            TextType.TEXT,
            language=voice.language,
            speed=voice.speed,
            engine=voice.engine,
            pauses=self._settings.pauses,
            asked=self._settings.pauses,  # so that empty lines count in the estimate
        )
        SpeechTooLong.check(checked.about, MOST_SECONDS)
        return _Item(key, text, voice, own, checked.about, checked.at_most)

    def _quote(self, items: Collection[_Item]) -> Quote:
        return Quote.of(
            speech_tariff(self._settings.prices),
            sum(len(each.text) for each in items),
            math.ceil(sum(each.at_most for each in items)),
            math.ceil(sum(each.about for each in items)),
        )


@contextmanager
def _told(payer: RoomPayer, uid: str) -> Iterator[None]:
    """Why the payer cannot pay is told to `uid` only if that is the payer."""
    try:
        yield
    except CANNOT_PAY:
        if payer.uid == uid:
            raise
        if payer.company_id:
            who, whose = "company", "A company"
        else:
            who, whose = "owner", "The owner of the room"
        message = f"{whose} pays for this, and cannot now."
        raise RoomCannotPay(message, details={"payer": who}) from None
    except TooManyJobs as error:
        raise TooManyJobs(
            "Too many messages are being spoken or transcribed for whoever pays for this room. Try "
            "again in a few seconds.",
            details={},
            retry_after=error.retry_after,
        ) from None


def _allowed(room: Room, member: Member, payer: RoomPayer) -> bool:
    """Whether a member may have something spoken that `payer` pays for."""
    if room.settings.speech == "moderators":
        return member.moderates or member.uid == payer.uid
    return room.settings.speech == "members"


def _text(room: Room, message: Message, language: str) -> _SpokenText | None:
    """The message in a language; None if it has to be translated."""
    if same(message.language or room.language, language):
        return _SpokenText(message.text)
    made = message.translations.get(language)
    return _SpokenText(made.text, made.reworded) if made else None


def _heard(room: Room, message: Message, sender: Member) -> list[str]:
    """The languages in which others than the sender have messages spoken, as far as the message is
    in them or translated into them."""
    wanted = dict(room.spoken)
    if sender.auto_speak:
        wanted[sender.language] = wanted.get(sender.language, 0) - 1
    own = message.language or room.language
    return sorted(
        code
        for code, members in wanted.items()
        if members > 0 and (same(own, code) or code in message.targets)
    )


def _failed(error: TroupeError) -> MessageSpeech:
    return MessageSpeech(state="failed", voice="default", error=error.code)
