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
from troupe.logs import log
from troupe.moderation.service import Moderation
from troupe.scripts import writes
from troupe.scripts.errors import (
    ScriptNotFound,
    ScriptWriterBusy,
)
from troupe.scripts.library import ScriptLibrary
from troupe.scripts.lines import check_dialogue
from troupe.scripts.records import Line, Script, ScriptWithJobs, Utterance
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
    ) -> Script:
        """Has the model write a dialogue and stores it; stores nothing if that fails.

        `line_count`: the exact number of lines; `language`: a language code. Raises the errors of
        `ScriptWriter.write`, CharacterNotFound, VoiceNotShared, UnknownChoice, ContentRefused (for
        the prompt or for what the model wrote) and ModerationUnavailable.
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
        )
        writes.store_new(self._db, script, "script_generated", "written")
        return script

    def create(
        self,
        uid: str,
        character_ids: Iterable[str],
        dialogue: Sequence[Utterance] | str,
        *,
        title: str | None = None,
    ) -> Script:
        """`dialogue` is a list of utterances or a screenplay. Raises CharacterNotFound,
        VoiceNotShared, InvalidDialogue, ContentRefused and ModerationUnavailable."""
        cast = self._names(uid, character_ids)
        if isinstance(dialogue, str):
            lines = parse_screenplay(dialogue, cast)
        else:
            lines = check_dialogue(dialogue, cast)
        self._moderation.check(uid, title, *(line.text for line in lines))
        script = writes.new_script(uid, cast, lines, title=title or "")
        writes.store_new(self._db, script, "script_created", "created")
        return script

    def update(self, uid: str, script_id: str, dialogue: Sequence[Utterance]) -> ScriptWithJobs:
        """Replaces the dialogue. Unchanged lines keep their audio, the audio of the whole dialogue
        is dropped, and the video of the earlier revision stays.

        Raises ScriptNotFound, ScriptBusy, InvalidDialogue, ContentRefused and
        ModerationUnavailable.
        """
        unchecked = True

        def attempt() -> tuple[Script, Script]:
            document, script = self._library.own(uid, script_id)
            writes.check_free(self._db, script)
            lines = _with_unchanged(check_dialogue(dialogue, script.cast), script.dialogue)
            if lines == script.dialogue:
                return script, script
            nonlocal unchecked
            if unchecked:
                self._moderation.check(uid, *(line.text for line in lines))
                unchecked = False
            at = now()
            changes: dict[str, Any] = {
                "dialogue": lines,
                "audio": None,
                "revision": script.revision + 1,
                "updated_at": at,
            }
            after = script.model_copy(update=changes)
            fields = {to_camel(name): value for name, value in changes.items()}
            fields["dialogue"] = [line.stored() for line in lines]
            self._db.commit(
                Update(document.path, fields, seen=document),
                activity_write(
                    uid,
                    "script_updated",
                    f"Script '{script.title}' updated",
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

    def _names(self, uid: str, ids: Iterable[str]) -> dict[str, str]:
        """The characters' names by id. Raises CharacterNotFound and VoiceNotShared."""
        characters = self._cast(uid, list(dict.fromkeys(ids)))
        return {character.id: character.display_name for character in characters}


def _contended(attempt: Callable[[], T]) -> T:
    try:
        return contend(attempt)
    except Missing:  # deleted between the read and the commit
        raise ScriptNotFound from None


def _with_unchanged(lines: Sequence[Line], before: Sequence[Line]) -> list[Line]:
    """Lines that are as before keep their audio, and the directions before them."""
    spoken = {(line.speaker, line.text): line for line in before if line.audio}
    directions = defaultdict[tuple[str, str], deque[str]](deque)
    for line in before:
        directions[line.speaker, line.text].append(line.directions)
    kept = []
    for line in lines:
        key = line.speaker, line.text
        left = directions[key]
        after = {"directions": left.popleft() if left else ""}
        kept.append(spoken.get(key, line).model_copy(update=after))
    return kept
