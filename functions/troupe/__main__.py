"""Operator commands, against the emulators or a real project: `python -m troupe --help`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from troupe import wiring

OPENAPI = Path(__file__).parents[1] / "openapi.json"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m troupe",
        description="Operator commands. They use the project of GCLOUD_PROJECT, or the emulators "
        "that FIRESTORE_EMULATOR_HOST and its like name.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("audit", help="prove that every wallet is the sum of its ledger")
    commands.add_parser("sweep", help="run the sweep once: lost jobs, old holds, old files")
    admin = commands.add_parser("create-admin", help="make a registered user an administrator")
    admin.add_argument("email")
    grant = commands.add_parser("grant", help="add tokens to a user's wallet, once per id")
    grant.add_argument("email")
    grant.add_argument("tokens", type=int)
    grant.add_argument("--id", required=True, help="names the grant: the same id adds only once")
    openapi = commands.add_parser("openapi", help="write functions/openapi.json")
    openapi.add_argument("--check", action="store_true", help="fail when it differs instead")
    options = parser.parse_args(arguments)
    return int(_COMMANDS[options.command](options) or 0)


def _audit(options: argparse.Namespace) -> int:
    from troupe.wallet.audit import audit

    result = audit(wiring.database())
    for finding in result.findings:
        print(f"{finding.uid}: {finding.problem}", file=sys.stderr)
    problems = f"{len(result.findings)} problems" if result.findings else "clean"
    print(f"audit: {result.wallets} wallets, {problems}")
    return 1 if result.findings else 0


def _sweep(options: argparse.Namespace) -> None:
    print(json.dumps(wiring.sweeper().run()))


def _create_admin(options: argparse.Namespace) -> int:
    user = wiring.accounts().make_admin(options.email)
    if user is None:
        print(f"nobody is registered as {options.email}; register first", file=sys.stderr)
        return 1
    print(f"{options.email} ({user.id}) is an administrator")
    return 0


def _grant(options: argparse.Namespace) -> int:
    from troupe.wallet.records import Meter

    if options.tokens <= 0:
        print("the tokens to grant must be more than 0", file=sys.stderr)
        return 2
    user = wiring.accounts().find(options.email)
    if user is None:
        print(f"nobody is registered as {options.email}", file=sys.stderr)
        return 1
    entry_id = f"grant-{options.id}"
    fresh = wiring.wallet().grant(user.id, entry_id, Meter.TOKENS, options.tokens, "operator")
    print(f"{options.tokens} tokens granted" if fresh else f"{entry_id} was granted before")
    return 0


def _openapi(options: argparse.Namespace) -> int:
    from troupe.web.openapi import document

    text = json.dumps(document(), indent=2, ensure_ascii=False) + "\n"
    if options.check:
        if OPENAPI.read_text() != text:
            print("openapi.json is not up to date: run `make openapi`", file=sys.stderr)
            return 1
        return 0
    OPENAPI.write_text(text)
    print(f"{OPENAPI.name}: {len(text)} bytes")
    return 0


_COMMANDS = {
    "audit": _audit,
    "sweep": _sweep,
    "create-admin": _create_admin,
    "grant": _grant,
    "openapi": _openapi,
}


if __name__ == "__main__":
    sys.exit(main())
