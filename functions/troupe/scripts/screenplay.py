"""Parses screenplays, plays and transcripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from troupe.scripts import notation
from troupe.scripts.lines import MAX_FAULTS, Faults, Speech, checked
from troupe.scripts.names import Cast
from troupe.scripts.records import Line
from troupe.scripts.speakers import (
    QUOTES,
    Speakers,
    Spoken,
    is_marked,
    looks_like_name,
    unknown_name,
    unknown_otherwise,
    unknown_printed,
)
from troupe.speech.text.directions import OPENINGS, is_enclosed

_MOST_LINES_OF_A_DIRECTION = 10
_WAYS = "write `NAME: text`, or put a direction in (parentheses)"


def parse_screenplay(text: str, cast: Mapping[str, str]) -> list[Line]:
    """The lines of a plain-text screenplay; `cast` maps ids to names. Raises InvalidDialogue.

    A speech starts with `NAME: text`, or with a name of the cast alone on a line, and continues
    until an empty line or the next name. The name is a character's name or id; see names.Cast for
    how they are compared, and speakers.Speakers for what may stand beside it. Directions inside a
    speech stay in its text, in their brackets; see troupe.speech.text.directions. What stands
    between the speeches and is not spoken is kept in the `directions` of the line after it:
    (stage directions), [notes], headings, transitions, cues such as `SFX:`, endings such as
    `THE END`, and, if names stand on their own lines, as in Fountain, all other text. In a
    screenplay of `NAME: text`, other text without a speaker is an error, so that no words are lost
    or given to the wrong character.

    `Word: text` inside a speech, where the word names nobody, is text ("First: be quiet."), unless
    it looks like the name of a speaker: it is in capitals; or a time, a mark of a list, Markdown or
    a bracket stands beside it; or several lines begin with it; or it resembles a name of the cast;
    or the names of this screenplay are written in the same letters, and its text does not start
    with a small letter.
    """
    return _Parser(text, Cast(cast)).parse(cast)


class _Parser:
    def __init__(self, text: str, cast: Cast) -> None:
        self._cast = cast
        self._speakers = Speakers(cast)
        text = notation.without_comments("\n".join(text.splitlines()))
        self._indented = [line[:1] in (" ", "\t") for line in text.split("\n")]
        self._lines = [line.strip(notation.BLANK) for line in text.split("\n")]
        self._faults = Faults()
        self._speeches: list[Speech] = []
        self._directions: list[str] = []  # for the next speech
        self._open = False  # whether text without a name continues the speech before it
        self._waiting = False  # whether the speech has a name on its own line, and no words yet
        self._orphaned = False  # whether an unknown speaker has the text that follows
        self._survey()

    def _survey(self) -> None:
        """Finds out how this screenplay is written."""
        lines = self._lines
        self._last = max((at for at, line in enumerate(lines) if line), default=-1)
        self._subtitles = any(map(notation.is_timing, lines))
        self._spoken = [self._speakers.of(line) for line in lines]
        self._names = [
            None if spoken else self._speakers.alone(line)
            for line, spoken in zip(lines, self._spoken, strict=True)
        ]
        followed = [
            place for place, name in enumerate(self._names) if name and self._is_followed(place)
        ]
        known = [spoken.name for spoken in self._spoken if spoken]
        # Pasted from a word processor: an empty line after every paragraph, so after names too.
        self._spaced = not known and not followed and sum(map(bool, self._names)) > 1
        self._staged = not known and (bool(followed) or self._spaced)
        self._tight = any(place and lines[place - 1] for place in followed)
        self._printed = not known and not self._staged
        self._quoted = any(spoken and spoken.text[:1] in QUOTES for spoken in self._spoken)
        names = [*known, *(name.name for name in self._names if name)]
        self._letters = {_letters(name) for name in names}
        self._unknown = Counter(
            name.casefold()
            for line in lines
            if (name := unknown_name(line)) and not notation.is_cue(line, within_speech=False)
        )

    def _is_followed(self, place: int) -> bool:
        """Whether words follow a name on its own line. Names below each other are a list."""
        following = self._line(place + 1)
        if not following:
            return False
        other, name = self._names[place + 1], self._names[place]
        return not (other and name and _letters(other.name) == _letters(name.name))

    def _line(self, place: int) -> str:
        return self._lines[place] if place < len(self._lines) else ""

    def parse(self, names: Mapping[str, str]) -> list[Line]:
        place = self._title_page()
        while place < len(self._lines) and len(self._faults.lines) < MAX_FAULTS:
            place = self._read(place)
        if not self._speeches and not self._faults.lines:
            self._faults.add(1, f"the screenplay has no spoken lines; {_WAYS}")
        return checked(self._speeches, names, self._faults)

    def _title_page(self) -> int:
        """Skips Fountain's title page; returns where the text starts."""
        place = next((at for at, line in enumerate(self._lines) if line), 0)
        if not self._is_title(place):
            return place
        while self._is_title(place) or (self._line(place) and self._indented[place]):
            self._directions.append(self._lines[place])
            place += 1
        return place

    def _is_title(self, place: int) -> bool:
        line = self._line(place)
        return notation.is_title_line(line) and not self._spoken[place]

    def _read(self, place: int) -> int:
        """Reads what starts at a line; returns where the next starts."""
        line = self._lines[place]
        if not line:
            # A subtitle ends at an empty line, but not what somebody says.
            if not self._subtitles and not (self._waiting and self._spaced):
                self._close()
            return place + 1
        if self._is_mechanical(place):
            return place + 1
        stamp = notation.stamped(line)
        spoken = self._spoken[place]
        if spoken is None and self._printed:
            spoken = self._speakers.printed(line)
        if spoken is None and self._is_name_line(place):
            spoken = self._names[place]
        if spoken is not None:
            self._start(place, spoken)
            return place + 1
        if self._subtitles and line[0] in "-\u2013\u2014":
            self._close()  # another speaker, in subtitles
        return self._unnamed(place, stamp.rest if stamp and stamp.certain else line)

    def _is_mechanical(self, place: int) -> bool:
        """Times alone on a line, and the numbers of subtitles."""
        line = self._lines[place]
        if notation.is_timing(line) or (self._subtitles and line.split(" ")[0] == "WEBVTT"):
            return True
        if line.isdecimal():
            return notation.is_timing(self._line(place + 1))
        stamp = notation.stamped(line)
        if stamp is None or stamp.rest:
            return False
        # "10:30" can be what somebody says; not between a name and its words, or before a name.
        if stamp.certain or place == self._last:
            return stamp.certain
        named = self._spoken[place + 1] or self._names[place + 1]
        return bool(named or (self._waiting and self._lines[place + 1]))

    def _is_name_line(self, place: int) -> bool:
        """Whether a name of the cast on its own line starts a speech: after an empty line, or in
        capitals or where all names are alone, and not where the words of a name must follow."""
        name = self._names[place]
        if name is None or not (self._is_followed(place) or self._spaced):
            return False
        if self._lines[place].startswith("@"):
            return True
        if self._waiting:
            return False
        return not self._open or self._staged or notation.is_caps(name.name)

    def _start(self, place: int, spoken: Spoken) -> None:
        self._close()
        self._open = True
        if len(spoken.speakers) > 1:
            ids = ", ".join(f"`{speaker}:`" for speaker in spoken.speakers[:5])
            self._orphaned = True
            self._faults.add(
                place + 1,
                f"several characters have the name '{spoken.name}'; use the id instead ({ids})",
            )
            return
        texts = [spoken.text] if spoken.text else []
        self._waiting = self._names[place] is not None
        self._speeches.append(Speech(place + 1, spoken.speakers[0], texts, self._directions))
        self._directions = []

    def _close(self) -> None:
        self._open = self._waiting = self._orphaned = False

    def _unnamed(self, place: int, line: str) -> int:
        """Reads a line that no character of the cast starts."""
        if not line:
            return place + 1
        end = self._enclosed_until(place, line)
        if end > place:
            whole = "\n".join([line, *self._lines[place + 1 : end]])
            self._direct(whole, within=self._open)
            return end
        if self._is_direction(place, line):
            self._close()
            self._direct(line, within=False)
            return self._skip_cast_list(place, line)
        if line.startswith("~"):
            line = line[1:].lstrip() or line  # lyrics, in Fountain
        unknown = self._unknown_speaker(place, line)
        if self._is_abandoned(place):
            self._faults.add(place + 1, f"no words follow '{line}'; write them on the next line")
        elif unknown is not None:
            self._faults.add(place + 1, self._way_out(place, unknown))
            self._close()
            self._open = self._orphaned = True  # one fault, not one for each line of the speech
        elif self._open:
            self._waiting = False
            if not self._orphaned:
                self._speeches[-1].texts.append(line)
        elif self._staged:
            self._direct(line, within=False)
        else:
            self._faults.add(place + 1, f"this text has no speaker; {_WAYS}")
        return place + 1

    def _is_abandoned(self, place: int) -> bool:
        """Whether a name is alone on a line without words after it, and in no list of names."""
        name = self._names[place]
        if not self._staged or name is None or self._waiting:
            return False
        if self._open and not notation.is_caps(name.name):
            return False
        around = self._names[max(0, place - 1) : place + 2]
        return sum(map(bool, around)) == 1

    def _direct(self, text: str, *, within: bool) -> None:
        if within and not self._orphaned:
            self._speeches[-1].texts.append(text)
        elif not within:
            self._directions.append(text)

    def _enclosed_until(self, place: int, line: str) -> int:
        """The line after the direction in brackets that starts here; `place` if none does."""
        if is_enclosed(line):
            return place + 1
        if line[0] not in OPENINGS:
            return place
        whole = line
        for end in range(place + 1, place + _MOST_LINES_OF_A_DIRECTION):
            if self._line(end)[:1] in ("", *OPENINGS):
                break
            whole += "\n" + self._line(end)
            if is_enclosed(whole):
                return end + 1
        return place

    def _is_direction(self, place: int, line: str) -> bool:
        before = place == 0 or not self._lines[place - 1]
        if line[0] == "!" and line[1:2].isalpha():
            return True  # Fountain's forced action, and its forced headings and transitions
        if line[0] == "." and line[1:2].isalpha() and before:
            return True
        if line[0] == ">" and (line.endswith("<") or notation.is_caps(line)):
            return True
        return (
            notation.is_heading(line, within_speech=self._open)
            or (not self._waiting and notation.is_ending(line, within_speech=self._open))
            or notation.is_cue(line, within_speech=self._open)
            or (not self._open and notation.is_cast_list(line))
        )

    def _skip_cast_list(self, place: int, line: str) -> int:
        """A list of the cast ends at an empty line, and something must follow it."""
        place += 1
        if not notation.is_cast_list(line):
            return place
        end = place
        while self._line(end):
            end += 1
        if end > self._last:
            return place
        self._directions += self._lines[place:end]
        return end

    def _unknown_speaker(self, place: int, line: str) -> str | None:
        """The name of a speaker who is not in the cast, if the line starts with one."""
        if name := unknown_name(line):
            spoken = not self._open or self._looks_spoken(self._lines[place], name)
            return name if spoken else None
        if name := unknown_otherwise(self._lines[place], quoted=self._quoted):
            return name
        name = unknown_printed(line, stops=self._printed)
        # "STOP — now!" is no name where names have colons, but a name of the cast would be.
        if name and (self._printed or (self._open and self._cast.find(name))):
            return name
        if self._names[place] or not self._staged or self._waiting:
            return None
        if self._open and not self._tight:
            return None
        # On its own line, as the names of the cast are.
        name = line.removeprefix("@").split("(")[0].rstrip("^ ")
        alike = _letters(name) in self._letters and name[-1:].isalnum() and looks_like_name(name)
        return name if self._line(place + 1) and (alike or line.startswith("@")) else None

    def _looks_spoken(self, line: str, name: str) -> bool:
        """See parse_screenplay."""
        if notation.is_caps(name) or is_marked(line) or self._unknown[name.casefold()] > 1:
            return True
        text = line.replace("：", ":").partition(":")[2].strip()  # noqa: RUF001
        alike = _letters(name) in self._letters
        return (alike and not text[:1].islower()) or self._cast.resembles(name)

    def _way_out(self, place: int, name: str) -> str:
        if self._cast.find(name):
            return f"'{name}' seems to start a speech; {_WAYS}"
        message = self._cast.unknown(name)
        if unknown_name(self._lines[place]):
            return f"{message} Add the character, or write the text without a colon."
        if self._open:
            return f"{message} Add the character, or join the text to the line before."
        return f"{message} Add the character, or write `!` before a line that is no name."


def _letters(name: str) -> str:
    """How a name is written."""
    if notation.is_caps(name):
        return "capitals"
    return "small" if name[:1].islower() else "title"
