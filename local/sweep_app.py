"""`python -m local.sweep_app SECONDS`: sweeps again and again, in place of the schedule, which the
emulators do not run.

One process for all sweeps, because starting one takes ten times as long as a sweep. It ends once
the code has changed; the stack then starts it anew.
"""

from __future__ import annotations

import json
import sys
import time
import traceback

from local.layout import FUNCTIONS
from troupe.app.functions import container


def _has_changed(since: float) -> bool:
    return any(each.stat().st_mtime > since for each in (FUNCTIONS / "troupe").rglob("*.py"))


def main(seconds: float) -> None:
    begun = time.time()
    while not _has_changed(begun):
        try:
            print(json.dumps(container().sweeper.run()), flush=True)
        except Exception:  # the next one may succeed
            traceback.print_exc()
        time.sleep(seconds)


if __name__ == "__main__":
    main(float(sys.argv[1]))
