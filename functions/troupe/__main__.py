"""Operator commands, against the emulators or a real project: `python -m troupe --help`."""

from __future__ import annotations

import argparse
import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from troupe.app.container import Container


def main(arguments: list[str] | None = None, services: Container | None = None) -> int:
    """Runs one command and returns its exit code. `services` default to those of the
    environment."""
    options = _parser().parse_args(arguments)
    if options.command in ("openapi", "hosting", "settings"):
        from troupe.commands.derived import derive

        return derive(options)
    if options.command == "models":  # needs no project, and runs before one is configured
        from troupe.adapters.models.files import ModelFiles
        from troupe.commands.models import models

        return models(options, ModelFiles(os.environ.get("MODELS_DIR", "")))
    if options.command == "preflight":  # the same, and not all settings have to be there
        from troupe.app.functions import container
        from troupe.commands.preflight import preflight

        return preflight(options, lambda: services or container())
    if services is None:
        from troupe.app.functions import container

        services = container()
    return _run(options, services)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m troupe",
        description="Operator commands for the project GCLOUD_PROJECT, or for the emulators if "
        "FIRESTORE_EMULATOR_HOST and the like are set.",
        epilog="Exit codes: 0 success, 1 refused or failed, 2 wrong usage, 3 not possible on the "
        "emulators.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    audit = commands.add_parser(
        "audit",
        help="check that every wallet equals the sum of its ledger, and that payments and "
        "companies are consistent",
    )
    audit.add_argument(
        "--online",
        action="store_true",
        help="also compare every customer's subscriptions and payments, and our prices, with "
        "Stripe's",
    )
    log = commands.add_parser("audit-log", help="print the actions of administrators, newest first")
    log.add_argument("--limit", type=int, default=20, metavar="N", help="entries (default: 20)")
    commands.add_parser("sweep", help="run the sweep once: lost jobs, old holds, old files")
    migrate = commands.add_parser(
        "migrate", help="change stored documents as this version needs them; repeatable"
    )
    choice = migrate.add_mutually_exclusive_group()
    choice.add_argument("--dry-run", action="store_true", help="count, but write nothing")
    choice.add_argument("--list", action="store_true", help="show all migrations and their state")

    admin = commands.add_parser("create-admin", help="make a registered user an administrator")
    admin.add_argument("email")
    admin.add_argument(
        "--create",
        action="store_true",
        help="register the user first if nobody has the address; prompts for a password, or "
        "reads it from stdin",
    )
    grant = commands.add_parser("grant", help="add tokens to a user's wallet, once per id")
    grant.add_argument("email")
    grant.add_argument("tokens", type=int)
    grant.add_argument("--id", required=True, help="the grant's id: each id is granted only once")

    queue = commands.add_parser("queue", help="list, pause, resume or purge a task queue")
    queue.add_argument(
        "action",
        choices=("list", "pause", "resume", "purge"),
        help="list: state and waiting tasks; pause: stop delivery; resume; purge: delete all "
        "waiting tasks (the sweep enqueues their jobs again)",
    )
    queue.add_argument("--queue", metavar="NAME", help="the queue (default: the one most jobs use)")
    queue.add_argument("--yes", action="store_true", help="confirm purge")

    clip = commands.add_parser("add-background", help="add a clip as a background for videos")
    clip.add_argument("file", help="an H.264 mp4, at most 60 seconds; it plays in a loop")
    clip.add_argument("--title", required=True, help="what users see")

    models = commands.add_parser("models", help="list, fetch or verify the files of models")
    models.add_argument(
        "action",
        choices=("list", "fetch", "verify"),
        help="list: all files and where they are; fetch: bring what is missing into MODELS_DIR, or "
        "else functions/models (default: the group speech); verify: compare hashes (default: of "
        "all files that are there)",
    )
    models.add_argument("names", nargs="*", metavar="NAME", help="files or groups")
    models.add_argument(
        "--packages", metavar="DIR", help="take files from the packages in this directory"
    )

    before = commands.add_parser(
        "preflight",
        help="say what a project lacks before and after a deploy, and what mends it; reads only",
    )
    before.add_argument("--project", metavar="ID", help="default: GCLOUD_PROJECT")
    before.add_argument(
        "--deployed", action="store_true", help="fail if nothing is deployed yet, too"
    )
    before.add_argument("--webhook", metavar="URL", help="https://YOUR-SITE/api/payments/webhook")

    stripe = commands.add_parser(
        "stripe", help="set up Stripe, or check that it is set up as it should be"
    )
    stripe.add_argument(
        "action",
        choices=("setup", "check"),
        help="setup: make the prices that are missing, the portal's configuration, and with "
        "--webhook the endpoint; check: list what is wrong with prices, products, the endpoint, "
        "the portal and the key. Both can be run repeatedly",
    )
    stripe.add_argument("--webhook", metavar="URL", help="https://YOUR-SITE/api/payments/webhook")
    payments = commands.add_parser(
        "payments", help="ask Stripe again, or list events that were not applied"
    )
    payments.add_argument("action", choices=("resync", "events"))
    payments.add_argument("--owner", metavar="ID", help="resync: only this user or company")
    payments.add_argument(
        "--all",
        action="store_true",
        help="resync: all users and companies that ever were customers",
    )
    payments.add_argument(
        "--since",
        metavar="DATE",
        help="resync: all customers with Stripe events since then, at most 30 days ago",
    )
    payments.add_argument(
        "--refund-closed",
        action="store_true",
        help="resync: refund what was paid after an account was deleted",
    )
    payments.add_argument(
        "--dry-run", action="store_true", help="resync: say what would change, but write nothing"
    )

    for name, what in (
        ("openapi", "functions/openapi.json from the routes"),
        ("hosting", "the rewrites of firebase.json from the routes, for the region TROUPE_REGION"),
        ("settings", "the table of settings in README.md"),
    ):
        derived = commands.add_parser(name, help=f"write {what}")
        derived.add_argument("--check", action="store_true", help="only fail if it is out of date")
    return parser


def _run(options: argparse.Namespace, services: Container) -> int:
    """Imports only what the command needs: `grant` does not need PyAV, for example."""
    command = options.command
    if command == "queue":
        from troupe.commands.queue import queue

        return queue(options, services)
    if command == "add-background":
        from troupe.commands.backgrounds import add_background

        return add_background(options, services)
    if command == "migrate":
        from troupe.commands.migrations import migrate

        return migrate(options, services)
    if command in ("stripe", "payments"):
        from troupe.commands import billing

        return {"stripe": billing.stripe, "payments": billing.payments}[command](options, services)
    if command in ("create-admin", "grant"):
        from troupe.commands import people

        return {"create-admin": people.create_admin, "grant": people.grant}[command](
            options, services
        )
    from troupe.commands import checks

    known = {"audit": checks.audit, "audit-log": checks.audit_log, "sweep": checks.sweep}
    return known[command](options, services)


if __name__ == "__main__":
    sys.exit(main())
