"""Translates messages after they are sent.

A message is committed first and is seen at once. Its translations follow in one update: within the
request if the translator answers in time, else by the sweep, which also finds what a crash left. A
translation belongs to a revision: if the message is edited or deleted meanwhile, it is dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from troupe.adapters.firestore import (
    SERVER_TIME,
    Committed,
    Database,
    Document,
    Stale,
    Update,
    Write,
    contend,
    now,
)
from troupe.adapters.models.errors import ModelMissing
from troupe.caller import Caller
from troupe.errors import TooManyRequests, UnknownChoice
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.rate_limits import Charge, Limiter
from troupe.rooms.errors import ChangedSince, MessageNotFound
from troupe.rooms.glossary import RoomGlossaries
from troupe.rooms.presence import languages_there
from troupe.rooms.records import (
    MESSAGES,
    MOST_TRANSLATIONS,
    LanguageSource,
    Member,
    Message,
    Room,
    Translation,
    TranslationState,
)
from troupe.rooms.repeats import Repeats
from troupe.rooms.standing import Standing, cleared, settled, standing
from troupe.rooms.targets import targets_of
from troupe.rooms.writes import member_path, message_path, presence_path, room_path
from troupe.translation.errors import (
    StyleNotOffered,
    TranslationFailed,
    TranslatorNotConfigured,
)
from troupe.translation.languages import offered_code, same
from troupe.translation.placeholders import letters, masked
from troupe.translation.service import PASSING, Outcomes, TranslationService
from troupe.translation.translator import Languages

_SECONDS = 3.0  # within the request that sends a message
_LATE_SECONDS = 20.0  # for what somebody asks for, or the sweep does
_SWEEP_SECONDS = 60.0  # for all messages of one run
# When the sweep takes over: later than any request ends.
_DUE = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(minutes=30)
_MOST_TRIES = 6  # of the sweep, within about an hour
_UNIT = 500  # characters that count as one translation
# How much more likely a message is in a language that its sender reads.
OWN = 100.0
# The languages of the translator are looked up again after this time.
_KNOWN_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be translated. `charge`: counts it, as the last write of the commit."""

    language: str
    source: LanguageSource
    targets: list[str] = field(default_factory=list)
    charge: Charge | None = None

    def fields(self, at: datetime) -> dict[str, Any]:
        """The fields of the message."""
        return {
            "language": self.language,
            "language_source": self.source,
            "targets": self.targets,
            "translation_state": "pending" if self.targets else "none",
            "due_at": at + _DUE if self.targets else None,
            "tries": 0,
        }

    @property
    def writes(self) -> list[Write]:
        return [self.charge.write] if self.charge else []

    def exceeds(self, committed: Committed) -> bool:
        """Whether the sender has used up their translations. `committed`: the message."""
        return self.charge is not None and committed.transforms[-1][0] > self.charge.most


@dataclass(frozen=True, slots=True)
class Requested:
    """`reworded`: see Translation."""

    text: str
    state: TranslationState
    reworded: bool = False

    @classmethod
    def of(cls, made: Translation) -> Self:
        return cls(made.text, "partial" if made.partly else "done", made.reworded)


class MessageTranslations:
    def __init__(
        self,
        db: Database,
        service: Callable[[], TranslationService],
        limiter: Limiter,
        glossaries: RoomGlossaries,
        moderation: Moderation,
        *,
        configured: bool,
        late: Callable[[Room, Message], object],
        unheard: Callable[[Room | None, Message, Document], object],
    ) -> None:
        """`service` is called when there is something to translate or to detect. `configured`:
        whether there is a translator. `late` is called with a message to speak that the sweep has
        translated, and never fails; `unheard` with one that is due and has no transcript yet, or
        with a caption that is not final."""
        self._db = db
        self._service = service
        self._limiter = limiter
        self._glossaries = glossaries
        self._moderation = moderation
        self._configured = configured
        self._late = late
        self._unheard = unheard
        self._offered: tuple[float, Languages] | None = None
        self._repeats = Repeats()

    def reads(self, room_id: str) -> list[str]:
        """The paths that `plan` needs, to be read with the standing of the sender."""
        return [presence_path(room_id)] if self._configured else []

    def plan(
        self,
        caller: Caller,
        here: Standing,
        text: str,
        language: str | None,
        before: Iterable[str] = (),
    ) -> Plan:
        """What is to be translated of a text. `language`: as the sender names it, or None.
        `before`: languages that an earlier text of the message was translated into."""
        untranslated = Plan(language or here.member.language, "given" if language else "profile")
        seen = here.documents.get(presence_path(here.room.id))
        present = languages_there(seen, caller.uid) if seen else None
        if present is not None:
            present = dict.fromkeys(before, 1) | present
        others = targets_of(here.room, untranslated.language, present)
        if not self._configured or not here.room.settings.translate or not others:
            return untranslated
        if not _has_words(text):
            return untranslated
        if language is None and (found := self._detected(here, text)):
            untranslated = Plan(found, "detected")
        language = untranslated.language
        targets = self._offered_of(language, targets_of(here.room, language, present))
        if not targets:
            return untranslated
        name = "guest_room_translation" if caller.guest else "room_translation"
        charge = self._limiter.charge(name, caller.uid, _units(text) * len(targets))
        return replace(untranslated, targets=targets, charge=charge)

    def plan_late(
        self,
        room: Room,
        message: Message,
        found: dict[str, Document],
        text: str,
        language: str | None,
    ) -> Plan:
        """What is to be translated of a text that a message has got after it was sent: nothing, if
        its sender's account was deleted. `found`: by path, their membership and what `reads`
        names."""
        membership = found[member_path(room.id, message.uid)]
        if not membership.exists:
            return Plan(language or room.language, "given" if language else "profile")
        here = Standing(room, Member.of(membership), found)
        caller = Caller(uid=message.uid, role="user", guest=message.guest, email=None)
        return self.plan(caller, here, text, language)

    def finish(self, room: Room, message: Message, plan: Plan, committed: Committed) -> Message:
        """The message with its translations, as far as they are made in time; never fails.
        `committed`: the commit of the message, which is its first write."""
        if not plan.targets:
            return message
        path = message_path(message.room_id, message.id)
        document = Document(path, {}, exists=True, update_time=committed.update_times[0])
        try:
            if plan.exceeds(committed):
                undo = [plan.charge.undo] if plan.charge else []
                log.info("translations_used_up", roomId=message.room_id, uid=message.uid)
                return self._store(message, document, _untranslated, undo) or message
            return self._translated(room, message, document, _SECONDS)
        except Exception as error:  # the message is sent; the sweep tries again
            log.error("message_not_translated", error, messageId=message.id)
            return message

    def complete_due(self, limit: int) -> int:
        """Translates messages that are due; returns how many were tried."""
        until = time.monotonic() + _SWEEP_SECONDS
        found = self._db.due(MESSAGES, limit, group=True)
        messages = [(Message.of(document), document) for document in found]
        paths = [room_path(each) for each in dict.fromkeys(m.room_id for m, _ in messages)]
        rooms = {each.id: Room.of(each) for each in self._db.get_all(paths) if each.exists}
        tried = 0
        for message, document in messages:
            if time.monotonic() > until:
                break
            try:
                self._complete(rooms.get(message.room_id), message, document)
                tried += 1
            except Stale:  # edited or deleted
                continue
            except Exception as error:  # one message must not block the others
                log.error("message_not_translated", error, messageId=message.id)
        return tried

    def request(
        self, caller: Caller, room_id: str, message_id: str, target: str, style: str = ""
    ) -> Requested:
        """Translates a message into a language, for everybody; with a `style`, only for the caller.

        Raises RoomNotFound, MessageNotFound, CaptionNotFinal, ChangedSince, UnknownChoice,
        StyleNotOffered, TooManyRequests, ContentRefused, ModerationUnavailable and the
        TRANSLATOR_ERRORS.
        """
        path = message_path(room_id, message_id)
        here = standing(self._db, room_id, caller.uid, [path])
        document = here.documents[path]
        message = settled(document, here.room)
        if not self._configured:
            raise TranslatorNotConfigured
        if style and not here.room.settings.allow_styles:
            raise StyleNotOffered("This room allows no styles. Leave `style` out.")
        source = message.language or here.room.language
        target = target.replace("_", "-")
        offered = self._service().languages()
        if not style and (known := _known(message, target, offered.targets)):
            return known
        if same(source, target) or not _has_words(message.text):
            return Requested(message.text, "none")
        if not offered_code(source, offered.sources):
            raise TranslationFailed(f"The translator does not read `{source}`, as this is.")
        self._moderation.check(caller.uid, style)
        self._count(caller, _units(message.text))
        terms = self._glossaries.terms(here.room, [target])
        outcomes = self._service().translate_each(
            message.text, source, [target], seconds=_LATE_SECONDS, terms=terms, style=style
        )
        for error in outcomes.failed.values():
            raise error
        made = _made(outcomes, message.text).get(target)
        if made is None:
            raise TranslationFailed
        if not style:
            self._share(message, document, target, made)
        return Requested.of(made)

    def _detected(self, here: Standing, text: str) -> str | None:
        """Among the languages of the room, if it can be one of them."""
        # Of the codes of one language, the sender's own comes first.
        candidates = list(dict.fromkeys([*here.member.reads, *here.room.languages]))
        prior = dict.fromkeys(here.member.reads, OWN)
        try:
            detected = self._service().detect(text, candidates, prior)
            if detected is not None and not detected.confidence:  # in a script of none of them
                detected = self._service().detect(text)
        except ModelMissing:  # logged by the service
            return None
        except Exception as error:  # no reason to refuse the message
            log.error("language_not_detected", error)
            return None
        return detected.language if detected else None

    def _offered_of(self, source: str, targets: list[str]) -> list[str]:
        """Those that the translator has, as far as it has been asked."""
        if self._offered is None or time.monotonic() > self._offered[0]:
            return targets
        offered = self._offered[1]
        if not offered_code(source, offered.sources):
            return []
        return [code for code in targets if offered_code(code, offered.targets)]

    def _count(self, caller: Caller, units: int) -> None:
        """Raises TooManyRequests."""
        name = "guest_room_translation" if caller.guest else "room_translation"
        status = self._limiter.count(name, account=caller.uid, sources=[], weight=units)
        if status is not None and status.exceeded:
            raise TooManyRequests(retry_after=status.reset)

    def _share(self, message: Message, document: Document, target: str, made: Translation) -> None:
        """Raises ChangedSince and MessageNotFound if it is of another text meanwhile."""

        def shared(before: Message) -> Message:
            if len({*before.targets, target}) > MOST_TRANSLATIONS:
                return before
            targets = list(dict.fromkeys([*before.targets, target]))
            translations = {**before.translations, target: made}
            waiting = before.translation_state == "pending" and not translations.keys() >= {
                *targets
            }
            return _stated(before, targets, translations, waiting=waiting)

        if self._store(message, document, shared) is not None:
            return
        found = self._db.get(document.path)
        if not found.exists or found.data.get("deletedAt"):
            raise MessageNotFound
        raise ChangedSince(details={"revision": found.data["revision"]})

    def _complete(self, room: Room | None, message: Message, document: Document) -> None:
        """Tries once more. Raises Stale."""
        waits = message.audio is not None and message.audio.transcript == "pending"
        if waits or (message.is_interim and message.deleted_at is None):
            self._unheard(room, message, document)
            return
        kept = room is not None and room.settings.translate and not cleared(room, message)
        if room is None or not kept or not self._configured:
            self._store(message, document, _untranslated)
            return
        if message.tries >= _MOST_TRIES:  # it may be what crashes the sweep
            self._store(message, document, _given_up)
            return
        tries = message.tries + 1
        wait = min(timedelta(minutes=1) * 2**tries, _LONGEST_WAIT)
        fields = {"tries": tries, "dueAt": now() + wait}
        committed = self._db.commit_or_stale(Update(document.path, fields, seen=document))
        claimed = message.model_copy(update={"tries": tries, "due_at": fields["dueAt"]})
        seen = Document(document.path, {}, exists=True, update_time=committed.update_times[0])
        after = self._translated(room, claimed, seen, _LATE_SECONDS)
        if after.translation_state == "pending" and tries == _MOST_TRIES:
            self._store(message, None, _given_up)
        if after.speak:
            self._late(room, after)

    def _translated(
        self, room: Room, message: Message, document: Document, seconds: float
    ) -> Message:
        """The message with what can be translated now. Unchanged if that is nothing, or if the
        message was edited or deleted meanwhile."""
        missing = [code for code in message.targets if code not in message.translations]
        outcomes = self._outcomes(room, message, missing, seconds)
        if not outcomes.made and all(isinstance(e, PASSING) for e in outcomes.failed.values()):
            return message

        def after(before: Message) -> Message:
            lacking = {code for code, e in outcomes.failed.items() if isinstance(e, UnknownChoice)}
            targets = [code for code in before.targets if code not in lacking]
            translations = {**_made(outcomes, before.text), **before.translations}
            waiting = any(
                isinstance(error, PASSING) and code not in translations
                for code, error in outcomes.failed.items()
            )
            return _stated(before, targets, translations, waiting=waiting)

        return self._store(message, document, after) or message

    def _outcomes(
        self, room: Room, message: Message, targets: list[str], seconds: float
    ) -> Outcomes:
        text, source = message.text, message.language or room.language
        known = self._repeats.find(room, text, source, targets)
        targets = [code for code in targets if code not in known]
        if not targets:
            return Outcomes(known, {})
        service = self._service()
        try:
            terms = self._glossaries.terms(room, targets)
            outcomes = service.translate_each(text, source, targets, seconds=seconds, terms=terms)
            # Known by now: the translator asks for them once an hour.
            self._offered = time.monotonic() + _KNOWN_SECONDS, service.languages()
        except PASSING as error:
            return Outcomes(known, dict.fromkeys(targets, error))
        self._repeats.keep(room, text, source, outcomes.made)
        return Outcomes(known | outcomes.made, outcomes.failed)

    def _store(
        self,
        message: Message,
        document: Document | None,
        change: Callable[[Message], Message],
        also: Iterable[Write] = (),
    ) -> Message | None:
        """Changes what is known of a message's translations, if its text is still the same; else
        returns None. `document`: as read or written last; None to read it. Others may have added a
        translation meanwhile, which stays."""
        path, read = message_path(message.room_id, message.id), document

        def attempt() -> Message | None:
            nonlocal read
            seen, before = read or self._db.get(path), message
            if read is None:
                if not seen.exists:
                    return None
                before = Message.of(seen)
                if before.deleted_at is not None or before.revision != message.revision:
                    return None
            read = None
            after = change(before)
            if after == before:
                return after
            update = Update(path, _fields(after), seen=seen)
            committed = self._db.commit_or_stale(update, *also)
            return after.model_copy(update={"updated_at": committed.server_time})

        return contend(attempt)


def _fields(message: Message) -> dict[str, Any]:
    """What `_store` writes of a message."""
    stored = message.stored()
    names = ("translations", "translationState", "targets", "dueAt")
    return {name: stored[name] for name in names} | {"updatedAt": SERVER_TIME}


def _known(message: Message, target: str, offered: Sequence[str]) -> Requested | None:
    """A translation that the message has, maybe under another code of the same language."""
    wanted = offered_code(target, offered)
    for code, made in message.translations.items():
        if code == target or (wanted and offered_code(code, offered) == wanted):
            return Requested.of(made)
    return None


def _made(outcomes: Outcomes, text: str) -> dict[str, Translation]:
    """Without those of which nothing could be translated."""
    return {
        code: Translation(
            text=each.texts[0], by=each.engine, partly=each.kept > 0, reworded=each.reworded
        )
        for code, each in outcomes.made.items()
        if not each.kept or each.texts[0] != text
    }


def _stated(
    message: Message,
    targets: list[str],
    translations: Mapping[str, Translation],
    *,
    waiting: bool = False,
) -> Message:
    """The message with its translations, and the state that follows from them. `waiting`: whether
    some are tried again."""
    fields: dict[str, Any] = {"targets": targets, "translations": dict(translations)}
    state: TranslationState = "done"
    if waiting:
        state = "pending"
    elif not targets:
        state = "none"
    elif not translations:
        state = "failed"
    elif any(code not in translations or translations[code].partly for code in targets):
        state = "partial"
    fields |= {"translation_state": state, "due_at": message.due_at if waiting else None}
    return message.model_copy(update=fields)


def _untranslated(message: Message) -> Message:
    """Without the languages that it has not been translated into."""
    targets = [code for code in message.targets if code in message.translations]
    return _stated(message, targets, message.translations)


def _given_up(message: Message) -> Message:
    return _stated(message, message.targets, message.translations)


def _has_words(text: str) -> bool:
    """Whether there is something to translate besides links, names, code and numbers."""
    return any(letters(masked(text, {}).text))


def _units(text: str) -> int:
    return -(-len(text) // _UNIT)
