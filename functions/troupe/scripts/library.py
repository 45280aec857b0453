"""Reading scripts: their text, audio, captions and video. `service` changes them.

Apart from it, because it needs to know nothing of how dialogues are written, which is slow to load.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from troupe.access import owned
from troupe.adapters.firestore import Database, Document
from troupe.errors import FileMissing
from troupe.media.captions import CaptionFormat, cues_from_json, formatted
from troupe.media.formats import AudioFormat
from troupe.media.waveform import Waveform
from troupe.paging import PageOf, PageRequest, newest_first
from troupe.scripts import writes
from troupe.scripts.errors import LineNotFound, ScriptAudioNotReady, ScriptNotFound, VideoNotFound
from troupe.scripts.records import (
    DialogueAudio,
    FinalVideo,
    Script,
    ScriptWithJobs,
    StoredFile,
)
from troupe.waveforms.errors import NoWaveform

if TYPE_CHECKING:
    from troupe.adapters.storage import Files


class ScriptLibrary:
    def __init__(self, db: Database, files: Callable[[], Files]) -> None:
        """`files` is called only for a file: the storage client loads slowly."""
        self._db = db
        self._files = files

    def get(self, uid: str, script_id: str) -> ScriptWithJobs:
        """Raises ScriptNotFound."""
        _, script = self.own(uid, script_id)
        return self.with_jobs([script])[0]

    def page(self, uid: str, request: PageRequest) -> tuple[list[ScriptWithJobs], PageOf]:
        """A page, newest first; costs a query, a count, and one read for all its jobs."""
        page = newest_first(
            self._db, writes.COLLECTION, request, field="createdAt", where=[("uid", "==", uid)]
        )
        return self.with_jobs([Script.of(document) for document in page.documents]), page

    def audio(self, uid: str, script_id: str, line: int | None) -> StoredFile:
        """The whole dialogue as one file, or one line (counted from 0) as WAV.

        Raises ScriptNotFound, LineNotFound and ScriptAudioNotReady.
        """
        _, script = self.own(uid, script_id)
        if line is None:
            audio = _joined_audio(script)
            form = AudioFormat(audio.format)
            name = f"{script.title}{form.extension}"
            return StoredFile(audio.path, audio.size, form.mime_type, name)
        if line >= len(script.dialogue):
            raise LineNotFound(details={"lines": len(script.dialogue)})
        sound = script.dialogue[line].audio
        if sound is None:
            raise ScriptAudioNotReady
        try:
            stored = self._files().stat(sound.path)
        except FileMissing as error:
            raise ScriptAudioNotReady from error
        name = f"{script.title} {line + 1}.wav"
        return StoredFile(sound.path, stored.size, AudioFormat.WAV.mime_type, name)

    def captions(self, uid: str, script_id: str, form: CaptionFormat) -> str:
        """The captions of the whole dialogue with the speakers' names. Raises ScriptNotFound and
        ScriptAudioNotReady."""
        _, script = self.own(uid, script_id)
        if script.cues_path is None:
            raise ScriptAudioNotReady
        try:
            return formatted(cues_from_json(self._files().read(script.cues_path)), form)
        except FileMissing as error:
            raise ScriptAudioNotReady from error

    def waveform(self, uid: str, script_id: str) -> tuple[Waveform, float]:
        """Of the whole dialogue, with its length in seconds. Raises ScriptNotFound,
        ScriptAudioNotReady and NoWaveform."""
        _, script = self.own(uid, script_id)
        audio = _joined_audio(script)
        if audio.peaks_path is None:
            raise NoWaveform
        try:
            return Waveform.unpacked(self._files().read(audio.peaks_path)), audio.seconds
        except FileMissing as error:
            raise ScriptAudioNotReady from error

    def video(self, uid: str, name: str) -> tuple[Script, FinalVideo]:
        """The video with this name. Raises VideoNotFound."""
        document = self._db.get(writes.script_path(name.partition("_")[0]))
        script = Script.of(owned(document, uid, VideoNotFound))
        if script.video is None or script.video.name != name:
            raise VideoNotFound
        return script, script.video

    def video_file(self, uid: str, name: str) -> StoredFile:
        """The video with this name, or its picture. Raises VideoNotFound."""
        script, video = self.video(uid, f"{name.rpartition('.')[0]}.mp4")
        if name == video.name:
            return StoredFile(video.path, video.size, "video/mp4", f"{script.title}.mp4")
        if video.poster_path is None:
            raise VideoNotFound("This video was made before videos had pictures.")
        try:
            stored = self._files().stat(video.poster_path)
        except FileMissing as error:
            raise VideoNotFound from error
        return StoredFile(video.poster_path, stored.size, "image/jpeg", f"{script.title}.jpg")

    def own(self, uid: str, script_id: str) -> tuple[Document, Script]:
        """A script and its document. Raises ScriptNotFound."""
        document = self._db.get(writes.script_path(script_id))
        return document, Script.of(owned(document, uid, ScriptNotFound))

    def with_jobs(self, scripts: Sequence[Script]) -> list[ScriptWithJobs]:
        """Adds their jobs. One read."""
        ids = {job for each in scripts for job in (each.audio_job_id, each.video_job_id) if job}
        jobs = writes.read_jobs(self._db, sorted(ids))
        return [
            ScriptWithJobs(
                script,
                jobs.get(script.audio_job_id or ""),
                jobs.get(script.video_job_id or ""),
            )
            for script in scripts
        ]


def _joined_audio(script: Script) -> DialogueAudio:
    if script.audio is None:
        raise ScriptAudioNotReady
    return script.audio
