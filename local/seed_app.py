"""`python -m local.seed_app FOLDER`: writes the seed data through the app's own services.

A program of its own, for the app reads its settings from the environment once per process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from troupe import wiring
from troupe.adapters.firestore import AlreadyExists, Create, Update, now


def _account(account: dict[str, Any]) -> None:
    if wiring.accounts().find(account["email"]) is None:
        wiring.accounts().register(
            email=account["email"],
            password=account["password"],
            name=account["name"],
            username=account["username"],
            picture=None,
            user_agent="seed",
        )
    if account["role"] == "admin":
        wiring.accounts().make_admin(account["email"])


def _plan(plan: dict[str, Any]) -> None:
    path = f"plans/{plan['id']}"
    fields = {name: value for name, value in plan.items() if name != "id"}
    at = now()
    try:
        wiring.database().commit(Create(path, fields | {"createdAt": at, "updatedAt": at}))
    except AlreadyExists:
        wiring.database().commit(Update(path, fields | {"updatedAt": at}))


def main(folder: Path) -> int:
    if (
        "FIRESTORE_EMULATOR_HOST" not in os.environ
        or "FIREBASE_AUTH_EMULATOR_HOST" not in os.environ
    ):
        print("seed data is for the emulators alone: their addresses are not set", file=sys.stderr)
        return 2
    accounts = json.loads((folder / "accounts.json").read_text())["accounts"]
    plans = json.loads((folder / "plans.json").read_text())["plans"]
    for account in accounts:
        _account(account)
    for plan in plans:
        _plan(plan)
    print(f"{len(accounts)} accounts, {len(plans)} plans")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
