"""The table of settings in the README."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo

from troupe.ai_settings import AiSettings
from troupe.app.domains import DOMAINS
from troupe.settings import Settings

_BEGIN = "| name | default | meaning |\n|---|---|---|\n"


class Row(NamedTuple):
    variable: str
    default: str
    meaning: str


# Read only by main.py, which must not load the app's settings.
_OF_MAIN = (
    Row(
        "SCRIPT_WRITER",
        "",
        "`openai`: deploy the function `scripts` with the secret `OPENAI_API_KEY`, so that it can "
        "write scripts",
    ),
)


def rows() -> list[Row]:
    """All variables that operators may set."""
    found: list[Row] = []
    # Without this, the inherited ones would come first.
    fields = sorted(
        Settings.model_fields.items(), key=lambda each: each[0] in AiSettings.model_fields
    )
    for name, setting in fields:
        if name == "limits":
            found += _limits()
        elif setting.alias and setting.description:
            found.append(Row(setting.alias, _default(setting), setting.description))
    return [*found, *_OF_MAIN]


def with_table(readme: str) -> str:
    """The README with an updated table. Raises ValueError if it has none."""
    before, found, after = readme.partition(_BEGIN)
    if not found:
        raise ValueError("README.md has no table of settings")
    rest = after.partition("\n\n")[2]
    lines = (f"| `{row.variable}` | {row.default} | {row.meaning} |" for row in rows())
    return before + _BEGIN + "\n".join(lines) + "\n\n" + rest


def _limits() -> Iterator[Row]:
    for domain in DOMAINS:
        for name, limit in domain.limits.items():
            yield Row(f"{name.upper()}_LIMIT", f"`{limit.default}`", limit.meaning)


def _default(setting: FieldInfo) -> str:
    extra: Any = setting.json_schema_extra or {}
    if "shown" in extra:
        return str(extra["shown"])
    value = setting.default
    if value in ("", None):
        return ""
    return f"`{value}`" if isinstance(value, str) else str(value)
