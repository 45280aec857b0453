"""Rooms."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from troupe.app.wiring.content import Content

if TYPE_CHECKING:
    from troupe.adapters.firestore import Document
    from troupe.characters.records import Character
    from troupe.rooms.captions import Captions
    from troupe.rooms.clearing import RoomClearing
    from troupe.rooms.clearing_worker import RoomClearingWorker
    from troupe.rooms.events import RoomEvents
    from troupe.rooms.glossary import RoomGlossaries
    from troupe.rooms.interims import Interims
    from troupe.rooms.invitations import RoomInvitations
    from troupe.rooms.members import RoomMembers
    from troupe.rooms.messages import Messages
    from troupe.rooms.presence import Presence
    from troupe.rooms.records import Message, Room
    from troupe.rooms.service import RoomService
    from troupe.rooms.speech_cleanup import SpeechCleanup
    from troupe.rooms.speech_worker import MessageSpeechWorker
    from troupe.rooms.speeches import MessageSpeeches
    from troupe.rooms.tabs import RoomTabs
    from troupe.rooms.transcript_worker import MessageTranscriptWorker
    from troupe.rooms.transcripts import MessageTranscripts
    from troupe.rooms.translations import MessageTranslations


class Rooms(Content):
    @cached_property
    def room_service(self) -> RoomService:
        from troupe.rooms.service import RoomService

        return RoomService(self.database, self.orphans, self.moderation)

    @cached_property
    def room_members(self) -> RoomMembers:
        from troupe.rooms.members import RoomMembers

        return RoomMembers(self.database, self.limiter, self._is_own_voice)

    @cached_property
    def room_invitations(self) -> RoomInvitations:
        from troupe.rooms.invitations import RoomInvitations

        return RoomInvitations(self.database)

    @cached_property
    def messages(self) -> Messages:
        from troupe.rooms.attachments import Attachments
        from troupe.rooms.messages import Messages

        return Messages(
            self.database,
            self.moderation,
            lambda: self.message_translations,
            lambda: self.message_speeches,
            lambda: self.message_transcripts,
            Attachments(lambda: self.decoders),
            self.orphans,
        )

    @cached_property
    def message_speeches(self) -> MessageSpeeches:
        from troupe.rooms.speeches import MessageSpeeches

        return MessageSpeeches(
            self.database,
            self._jobs,
            lambda: self.message_translations,
            self._own_voice,
            self.limiter,
            self.speech_cleanup,
            self.settings,
        )

    @cached_property
    def speech_cleanup(self) -> SpeechCleanup:
        from troupe.rooms.speech_cleanup import SpeechCleanup

        return SpeechCleanup(self.database, self._files, self._speak_late)

    @cached_property
    def message_speech_worker(self) -> MessageSpeechWorker:
        from troupe.rooms.speech_worker import MessageSpeechWorker

        return MessageSpeechWorker(self.database, self.engines, self.files, self.settings.pauses)

    @cached_property
    def room_clearing(self) -> RoomClearing:
        from troupe.rooms.clearing import RoomClearing

        return RoomClearing(self.database, self.orphans, lambda: self.jobs)

    @cached_property
    def room_clearing_worker(self) -> RoomClearingWorker:
        from troupe.rooms.clearing_worker import RoomClearingWorker

        return RoomClearingWorker(self.room_clearing)

    @cached_property
    def message_translations(self) -> MessageTranslations:
        from troupe.rooms.translations import MessageTranslations

        return MessageTranslations(
            self.database,
            lambda: self.translation_service,
            self.limiter,
            self.room_glossaries,
            self.moderation,
            configured=self.settings.translator != "off",
            late=self._speak_sent,
            unheard=self._hear_late,
        )

    @cached_property
    def message_transcripts(self) -> MessageTranscripts:
        from troupe.rooms.transcripts import MessageTranscripts

        return MessageTranscripts(
            self.database,
            self._jobs,
            lambda: self.message_translations,
            lambda: self.message_speeches,
            self.room_tabs,
            self.limiter,
            self.settings.transcriber,
        )

    @cached_property
    def message_transcript_worker(self) -> MessageTranscriptWorker:
        from troupe.rooms.transcript_worker import MessageTranscriptWorker

        return MessageTranscriptWorker(
            self.database, self.transcription_worker, self.message_transcripts, self.moderation
        )

    @cached_property
    def room_tabs(self) -> RoomTabs:
        from troupe.rooms.tabs import RoomTabs

        return RoomTabs(self.database, self.tabs)

    @cached_property
    def interims(self) -> Interims:
        from troupe.rooms.interims import Interims

        return Interims(self.database, lambda: self.message_translations)

    @cached_property
    def captions(self) -> Captions:
        from troupe.rooms.captions import LONGEST, Captions

        return Captions(
            self.database,
            self.moderation,
            lambda: self.message_translations,
            self.room_tabs,
            self.limiter,
            lambda: self.transcriber,
            lambda file, user: self.decoders.stretch(file, 0.0, LONGEST + 1.0, user),
            self.settings.transcriber,
        )

    @cached_property
    def room_glossaries(self) -> RoomGlossaries:
        from troupe.rooms.glossary import RoomGlossaries

        return RoomGlossaries(self.database, self.moderation)

    @cached_property
    def presence(self) -> Presence:
        from troupe.rooms.presence import Presence

        return Presence(self.database)

    @cached_property
    def room_events(self) -> RoomEvents:
        from troupe.rooms.events import RoomEvents

        return RoomEvents(self.database)

    def _speak_sent(self, room: Room, message: Message) -> Message:
        return self.message_speeches.speak_sent(room, message)

    def _speak_late(self, message: Message) -> None:
        self.message_speeches.speak_late(message)

    def _hear_late(self, room: Room | None, message: Message, document: Document) -> None:
        if message.caption is not None:
            self.interims.finish(room, message, document)
            return
        self.message_transcripts.complete(room, message, document)

    def _is_own_voice(self, uid: str, character_id: str) -> bool:
        return self._own_voice(uid, character_id) is not None

    def _own_voice(self, uid: str, character_id: str) -> Character | None:
        return self.character_library.own_voice(uid, character_id)
