"""Paths in a checkout, and the names of the local project."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FUNCTIONS = ROOT / "functions"
# The Firebase CLI looks for the functions' interpreter only here.
VENV = FUNCTIONS / "venv"
PYTHON = VENV / "bin" / "python"
FIREBASE_JSON = ROOT / "firebase.json"
FIREBASE_TOOLS = ROOT / "node_modules" / "firebase-tools"
SEED_DATA = ROOT / "emulator-data"
RUNS = ROOT / ".local"

# Projects named "demo-…" do not exist, so no emulator calls the cloud for them.
# https://firebase.google.com/docs/emulator-suite/connect_auth#choose_a_firebase_project
PROJECT = "demo-troupe"
BUCKET = f"{PROJECT}.firebasestorage.app"
REGION = os.environ.get("TROUPE_REGION", "us-central1")
HOST = "127.0.0.1"


def this_python() -> str:
    """The venv's interpreter, or the running one if there is no venv yet."""
    return str(PYTHON) if PYTHON.exists() else sys.executable
