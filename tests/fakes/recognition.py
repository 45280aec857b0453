"""What the fake recognisers share: they hear what a test tells them to, in the sound they got."""

from __future__ import annotations

from dataclasses import dataclass, field
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.policy import HTTP

from troupe.riff import parse_wav

# What Whisper makes of silence.
INVENTED = "Thanks for watching!"


@dataclass
class Ear:
    """`says`: what it hears in every sound, "" for something that nobody said. `until`: when it was
    said by, in seconds."""

    says: str = ""
    until: float = float("inf")
    seconds: list[float] = field(default_factory=list)  # of each sound
    fields: list[dict[str, str]] = field(default_factory=list)  # of each form

    def hear(self, wav: bytes) -> list[tuple[str, float, float]]:
        """The words with their times, spread over the sound; none if it is told none."""
        samples, rate = parse_wav(wav)
        assert rate == 16_000
        self.seconds.append(len(samples) / rate)
        words = self.says.split()
        step = min(self.seconds[-1], self.until) / max(1, len(words))
        return [(word, n * step, (n + 0.9) * step) for n, word in enumerate(words)]

    def hear_form(self, content_type: str, body: bytes) -> list[tuple[str, float, float]]:
        parts = form(content_type, body)
        sound = parts.pop("file").get_content()
        self.fields.append({name: str(part.get_content()) for name, part in parts.items()})
        return self.hear(sound)


def form(content_type: str, body: bytes) -> dict[str, MIMEPart]:
    """The parts of a multipart form by name."""
    head = f"content-type: {content_type}\r\n\r\n".encode()
    parsed = BytesParser(EmailMessage, policy=HTTP).parsebytes(head + body)
    return {
        str(part.get_param("name", header="content-disposition")): part
        for part in parsed.iter_parts()
    }
