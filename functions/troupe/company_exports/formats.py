"""Writes a table row by row."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from troupe.company_exports.records import Format

MIME = {Format.CSV: "text/csv; charset=utf-8", Format.JSON: "application/json"}
# What makes a spreadsheet read a cell as a formula; a quote before it keeps it text
# (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def write(
    target: IO[bytes], format: Format, columns: Sequence[str], rows: Iterable[dict[str, Any]]
) -> int:
    """Returns how many rows there were."""
    lines = _csv(columns, rows) if format is Format.CSV else _json(rows)
    count = -1  # the header, or the bracket
    for line in lines:
        target.write(line.encode())
        count += 1
    if format is Format.JSON:
        target.write(b"\n]\n")
    return count


def _csv(columns: Sequence[str], rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """As in RFC 4180: UTF-8 with a header."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    yield _taken(buffer)
    for each in rows:
        writer.writerow([_cell(each[name]) for name in columns])
        yield _taken(buffer)


def _json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    yield "["
    comma = "\n"
    for row in rows:
        yield comma + json.dumps(row, ensure_ascii=False)
        comma = ",\n"


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return "" if value is None else value


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
