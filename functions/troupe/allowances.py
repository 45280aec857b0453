"""What settings allow: rates of requests, what a user may keep, and shares of the task queue, with
the notation of each.

Quotas and shares have a name: `guest`, `none` (users without a paid plan), `paid`, or a plan's id.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

QUOTAS = "guest=3/20/5/50/3, none=50/500/100/1000/20, paid=500/5000/1000/20000/200"
SHARES = "guest=1x1/60, none=2x2/240, paid=2x4/4000"


class Rate(BaseModel):
    """At most `most` requests per window of `seconds`."""

    model_config = ConfigDict(frozen=True)

    most: int = Field(ge=1)
    seconds: int = Field(ge=1, le=86_400)


class RateLimit(BaseModel):
    """The limits per account, per network address, and for failures only per account from
    everywhere; None: no limit."""

    model_config = ConfigDict(frozen=True)

    account: Rate | None = None
    address: Rate | None = None
    everywhere: Rate | None = None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parses `10/900, 100/900`: 10 in 900 s per account, 100 per address; a third one counts an
        account's failures from everywhere; `0` is no limit. Raises ValueError."""
        parts = [part.strip() for part in text.split(",")]
        rates = []
        for part in parts * 2 if parts == ["0"] else parts:
            most, _, seconds = part.partition("/")
            rates.append(None if part == "0" else {"most": most, "seconds": seconds})
        if len(rates) not in (2, 3):
            raise ValueError("must be a limit for accounts and one for addresses, or 0")
        return cls.model_validate(
            dict(zip(("account", "address", "everywhere"), rates, strict=False))
        )


class Quota(BaseModel):
    """How many characters, scripts, uploaded files and dictionaries a user may keep, and how large
    the files may be in total."""

    model_config = ConfigDict(frozen=True)

    characters: int = Field(ge=0)
    scripts: int = Field(ge=0)
    files: int = Field(ge=0)
    megabytes: int = Field(ge=0)
    dictionaries: int = Field(ge=0)

    @property
    def bytes(self) -> int:
        return self.megabytes * 1024 * 1024


class JobShare(BaseModel):
    """How much of a user's work may be in the task queue: at most `jobs` jobs, each with at most
    `parts` tasks. At most `per_hour` jobs may be started in an hour, whatever becomes of them."""

    model_config = ConfigDict(frozen=True)

    jobs: int = Field(ge=1)
    parts: int = Field(ge=1)
    per_hour: int = Field(ge=1)

    def within(self, tasks: int) -> Self:
        """Reduced to at most `tasks` tasks (1 or more) in total."""
        parts = min(self.parts, tasks)
        return self.model_copy(update={"jobs": min(self.jobs, tasks // parts), "parts": parts})


def parse_quotas(text: str) -> dict[str, Any]:
    """Parses `guest=3/20/5/50/3`: 3 characters, 20 scripts, 5 files of 50 MB in all and 3
    dictionaries. A missing entry of the three default ones keeps its default, and so does a missing
    number of dictionaries; a plan's is then that of `paid`. Raises ValueError."""
    quotas: dict[str, Any] = {}
    for name, numbers in _entries(f"{QUOTAS}, {text}"):
        words = numbers.split("/")
        if len(words) == len(Quota.model_fields) - 1:
            words.append((quotas.get(name) or quotas["paid"])["dictionaries"])
        if len(words) != len(Quota.model_fields):
            raise ValueError("must be like guest=3/20/5/50/3, separated by commas")
        quotas[name] = dict(zip(Quota.model_fields, words, strict=True))
    return quotas


def parse_shares(text: str) -> dict[str, Any]:
    """Parses `guest=1x1/60, none=2x2/240`: 1 job with 1 part at once for guests, 60 jobs an hour,
    and so on. A missing entry of the three default ones keeps its default, and so does a missing
    number per hour; a plan's is then that of `paid`."""
    shares: dict[str, Any] = {}
    for name, share in _entries(f"{SHARES}, {text}"):
        at_once, _, per_hour = share.partition("/")
        jobs, _, parts = at_once.partition("x")
        per_hour = per_hour or (shares.get(name) or shares["paid"])["per_hour"]
        shares[name] = {"jobs": jobs, "parts": parts, "per_hour": per_hour}
    return shares


def parse_rates(variables: Mapping[str, Any]) -> dict[str, RateLimit]:
    """The limits in variables like LOGIN_LIMIT, as `login`. Raises ValueError."""
    limits = {}
    for variable, text in variables.items():
        if variable.endswith("_LIMIT") and isinstance(text, str):
            try:
                limits[variable.removesuffix("_LIMIT").lower()] = RateLimit.parse(text)
            except ValueError as error:
                raise ValueError(f"{variable}: {error}") from None
    return limits


def _entries(text: str) -> Iterator[tuple[str, str]]:
    for entry in text.split(","):
        name, _, value = entry.strip().partition("=")
        if name or value:
            yield name, value
