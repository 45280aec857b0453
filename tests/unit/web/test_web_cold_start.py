"""What a function loads at its cold start, seen in a fresh interpreter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"
HEAVY = {
    "PIL",
    "av",
    "espeakng_loader",
    "flask_openapi_swagger",
    "google.cloud.tasks_v2",
    "numpy",
    "openai",
    "openapi_spec_validator",
    "troupe.app.openapi",
}


@pytest.mark.parametrize(
    "function", ["auth", "characters", "files", "plans", "scripts", "support", "voice"]
)
def test_serving_loads_nothing_heavy(function: str) -> None:
    program = (
        "import json, sys\n"
        "from troupe.app.functions import app_for\n"
        f"app_for({function!r})\n"
        "print(json.dumps(sorted(sys.modules)))\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=FUNCTIONS,
        env=os.environ | {"FUNCTIONS_EMULATOR": "true", "PYTHONPATH": str(FUNCTIONS)},
        capture_output=True,
        text=True,
        check=True,
    )
    loaded = set(json.loads(found.stdout))
    assert "troupe.web.app" in loaded
    assert not loaded & HEAVY
