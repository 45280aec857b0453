"""Logs: one JSON object a line on stdout, in the form that Cloud Logging reads.

The first word is a constant event name, the rest are identifiers and numbers:
`log.info("job_completed", jobId=job.id, ms=41)`. Never bodies, texts, addresses or tokens.

`firebase_functions.logger` is not used: it writes no stack trace and prints the line and its end
separately, which mixes lines of two threads.
https://cloud.google.com/logging/docs/structured-logging
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import Any


class Log:
    def info(self, event: str, **fields: Any) -> None:
        _write("INFO", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        _write("WARNING", event, fields)

    def error(self, event: str, error: BaseException | None = None, **fields: Any) -> None:
        """With `error`, its stack trace goes along, where Error Reporting looks for it."""
        if error is not None:
            fields["stack_trace"] = "".join(traceback.format_exception(error))
        _write("ERROR", event, fields)


def _write(severity: str, event: str, fields: dict[str, Any]) -> None:
    known = {name: value for name, value in fields.items() if value is not None}
    line = json.dumps({"severity": severity, "message": event, **known}, default=str)
    sys.stdout.write(line + "\n")
    sys.stdout.flush()  # a function instance can be frozen as soon as it has answered


log = Log()
