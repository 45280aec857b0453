"""Creating, editing and deleting scripts. `library` reads them, and `jobs` makes their audio and
video."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic.alias_generators import to_camel

from troupe.activities.service import activity_write
from troupe.adapters.firestore import (
    Database,
    Delete,
    Missing,
    Update,
    contend,
    now,
)
from troupe.ended_subjects import ending_write
from troupe.idempotency import Asked
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.scripts import writes
from troupe.scripts.errors import (
    InvalidDialogue,
    ScriptChanged,
    ScriptNotFound,
    ScriptWriterBusy,
)
from troupe.scripts.library import ScriptLibrary
from troupe.scripts.lines import check_dialogue, delivered
from troupe.scripts.records import Delivery, Line, Script, ScriptWithJobs, Utterance
from troupe.scripts.screenplay import parse_screenplay
from troupe.scripts.writer import CastMember, ScriptWriter
from troupe.settings import Settings
from troupe.speech.choice import known_language, offered_language
from troupe.waiters import WAITERS

if TYPE_CHECKING:
    from troupe.adapters.storage import Files
    from troupe.characters.records import Character
    from troupe.jobs.service import JobService

T = TypeVar("T")
Said = tuple[str, str, float | None]
CastOf = Callable[[str, Sequence[str]], "list[Character]"]


class ScriptService:
    """Writes, changes and deletes scripts.

    `files` and `jobs` are called only when they are needed: most requests need neither, and the
    storage client and the queue load slowly. `cast` finds the characters that a user casts, by
    id."""

    def __init__(
        self,
        db: Database,
        files: Callable[[], Files],
        jobs: Callable[[], JobService],
        cast: CastOf,
        writer: ScriptWriter,
        settings: Settings,
        moderation: Moderation,
    ) -> None:
        self._db = db
        self._library = ScriptLibrary(db, files)
        self._files = files
        self._jobs = jobs
        self._cast = cast
        self._writer = writer
        self._settings = settings
        self._moderation = moderation

    def generate(
        self,
        uid: str,
        character_ids: Iterable[str],
        *,
        prompt: str,
        line_count: int | None = None,
        language: str | None = None,
        asked: Asked | None = None,
    ) -> Script:
        """Has the model write a dialogue and stores it; stores nothing if that fails.

        `line_count`: the exact number of lines; `language`: a language code. Raises the errors of
        `ScriptWriter.write`, CharacterNotFound, VoiceNotShared, UnknownChoice, KeyReused,
        ContentRefused (for the prompt or for what the model wrote) and ModerationUnavailable.
        """
        self._writer.check()
        engines = self._settings.speech_engines
        requested = None if language is None else offered_language(language, engines)
        cast = self._names(uid, character_ids)
        self._moderation.check(uid, prompt)
        with WAITERS.place(uid) as placed:
            if not placed:
                raise ScriptWriterBusy(
                    "Too many scripts are being written. Please try again.", retry_after=10
                )
            draft = self._writer.write(
                [CastMember(speaker, name) for speaker, name in cast.items()],
                prompt,
                line_count,
                requested.name if requested else None,
            )
        self._moderation.check(uid, draft.title, *(text for _, text in draft.dialogue))
        written = requested or known_language(draft.language, engines)
        script = writes.new_script(
            uid,
            cast,
            check_dialogue(draft.dialogue, cast),
            title=draft.title,
            language=written.code if written else None,
            prompt=prompt,
            asked=asked,
        )
        return writes.store_new(self._db, script, "script_generated", "written")

    def earlier(self, uid: str, asked: Asked) -> Script | None:
        """The script that an earlier request with the same key has created. Raises KeyReused."""
        return writes.earlier(self._db, uid, asked)

    def create(
        self,
        uid: str,
        character_ids: Iterable[str],
        dialogue: Sequence[Utterance] | str,
        *,
        deliveries: Sequence[Delivery] = (),
        title: str | None = None,
        asked: Asked | None = None,
    ) -> Script:
        """`dialogue` is a list of utterances, with one delivery for each or none at all, or a
        screenplay. Raises CharacterNotFound, VoiceNotShared, InvalidDialogue, KeyReused,
        ContentRefused and ModerationUnavailable."""
        cast = self._names(uid, character_ids)
        if isinstance(dialogue, str):
            lines = parse_screenplay(dialogue, cast)
        else:
            lines = delivered(check_dialogue(dialogue, cast), deliveries)
        self._moderation.check(uid, title, *(line.text for line in lines))
        script = writes.new_script(uid, cast, lines, title=title or "", asked=asked)
        return writes.store_new(self._db, script, "script_created", "created")

    def update(
        self,
        uid: str,
        script_id: str,
        dialogue: Sequence[Utterance] | None = None,
        *,
        deliveries: Sequence[Delivery] = (),
        title: str | None = None,
        character_ids: Sequence[str] | None = None,
        revision: int | None = None,
    ) -> ScriptWithJobs:
        """Changes what is given. With another dialogue, unchanged lines keep their audio, the audio
        of the whole dialogue is dropped, and the video of the earlier revision stays.
        `character_ids`: the new cast, in which those who were there keep their names. `revision`:
        the only one that may be changed; any other is answered if it is what the change would make
        of it, as after an edit whose response was lost.

        Raises ScriptNotFound, ScriptChanged, ScriptBusy, CharacterNotFound, VoiceNotShared,
        InvalidDialogue, ContentRefused and ModerationUnavailable.
        """
        unchecked = True

        def attempt() -> tuple[Script, Script]:
            document, script = self._library.own(uid, script_id)
            if revision not in (None, script.revision):
                if _has(script, dialogue, deliveries, title, character_ids):
                    return script, script
                raise ScriptChanged(details={"revision": script.revision})
            if dialogue is not None or character_ids is not None:  # a title disturbs no job
                writes.check_free(self._db, script)
            cast = self._new_cast(script, character_ids)
            lines = script.dialogue
            if dialogue is not None:
                checked = delivered(check_dialogue(dialogue, cast), deliveries)
                lines = _with_unchanged(checked, script.dialogue)
            elif character_ids is not None:
                check_dialogue([(line.speaker, line.text) for line in lines], cast)
            changes: dict[str, Any] = {
                "title": title or script.title,
                "selected_characters": list(cast),
                "cast": cast,
            }
            if lines != script.dialogue:
                changes |= {"dialogue": lines, "audio": None, "revision": script.revision + 1}
            if all(getattr(script, name) == value for name, value in changes.items()):
                return script, script
            nonlocal unchecked
            if unchecked:
                new = lines if "dialogue" in changes else []
                self._moderation.check(uid, title, *(line.text for line in new))
                unchecked = False
            at = now()
            changes["updated_at"] = at
            after = script.model_copy(update=changes)
            fields = {to_camel(name): value for name, value in changes.items()}
            if "dialogue" in fields:
                fields["dialogue"] = [line.stored() for line in lines]
            self._db.commit(
                Update(document.path, fields, seen=document),
                activity_write(
                    uid,
                    "script_updated",
                    f"Script '{after.title}' updated",
                    at=at,
                    scriptId=script_id,
                ),
            )
            return script, after

        before, after = _contended(attempt)
        unused = writes.referenced_files(before) - writes.referenced_files(after)
        if unused:
            self._delete_unused(sorted(unused))
        return self._library.with_jobs([after])[0]

    def delete(self, uid: str, script_id: str) -> list[str]:
        """Cancels the script's job, then deletes its files, the inputs of its jobs, and the script;
        returns the paths of the files. Raises ScriptNotFound."""
        deleted: set[str] = set()

        def attempt() -> None:
            document, script = self._library.own(uid, script_id)
            cancelled = None
            while script.active_job_id not in (None, cancelled):  # another one may start
                cancelled = self._jobs().cancel(script.active_job_id).id
                document, script = self._library.own(uid, script_id)
            # Files first: if this stops halfway, the script still references the rest.
            paths = self._files().list(writes.files_prefix(script_id))
            self._files().delete(paths)
            deleted.update(paths)
            self._jobs().forget_inputs(document.path)
            self._db.commit(
                Delete(document.path, seen=document),
                ending_write("script", script_id),
                activity_write(
                    uid,
                    "script_deleted",
                    f"Script '{script.title}' deleted",
                    scriptId=script_id,
                ),
            )

        _contended(attempt)
        return sorted(deleted)

    def _delete_unused(self, paths: list[str]) -> None:
        """A failure is only logged: the script's next job, or its deletion, removes the files."""
        try:
            self._files().delete(paths)
        except Exception as error:
            log.error("script_files_left", error, files=len(paths))

    def _new_cast(self, script: Script, ids: Sequence[str] | None) -> dict[str, str]:
        """The names by id of the cast that is to be. Those who are in it already may have been
        deleted. Raises CharacterNotFound and VoiceNotShared."""
        if ids is None:
            # Firestore sorts the keys of a map.
            return {each: script.cast[each] for each in script.selected_characters}
        new = self._names(script.uid, [each for each in ids if each not in script.cast])
        return {each: script.cast.get(each) or new[each] for each in ids}

    def _names(self, uid: str, ids: Iterable[str]) -> dict[str, str]:
        """The characters' names by id. Raises CharacterNotFound and VoiceNotShared."""
        characters = self._cast(uid, list(dict.fromkeys(ids)))
        return {character.id: character.display_name for character in characters}


def _contended(attempt: Callable[[], T]) -> T:
    try:
        return contend(attempt)
    except Missing:  # deleted between the read and the commit
        raise ScriptNotFound from None


def _has(
    script: Script,
    dialogue: Sequence[Utterance] | None,
    deliveries: Sequence[Delivery],
    title: str | None,
    character_ids: Sequence[str] | None,
) -> bool:
    """Whether a script is as an edit would make it."""
    if title and title != script.title:
        return False
    if character_ids is not None and list(dict.fromkeys(character_ids)) != list(
        script.selected_characters
    ):
        return False
    if dialogue is None:
        return True
    try:
        lines = delivered(check_dialogue(dialogue, script.cast), deliveries)
    except InvalidDialogue:  # of another cast
        return False
    return _with_unchanged(lines, script.dialogue) == script.dialogue


def _with_unchanged(lines: Sequence[Line], before: Sequence[Line]) -> list[Line]:
    """Lines that are as before keep their audio, their take, and the directions before them. Equal
    lines share the audio of a take."""
    spoken = {(_said(line), line.take): line for line in before if line.audio}
    left = defaultdict[Said, deque[Line]](deque)
    for line in before:
        left[_said(line)].append(line)
    kept = []
    for line in lines:
        same = left[_said(line)]
        was = same.popleft() if same else line
        source = spoken.get((_said(line), was.take), was)
        after = {"directions": was.directions, "pause": line.pause}
        kept.append(source.model_copy(update=after))
    return kept


def _said(line: Line) -> Said:
    """What the sound of a line depends on, apart from its voice."""
    return line.speaker, line.text, line.speed
