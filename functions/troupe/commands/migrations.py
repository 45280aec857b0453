"""Runs and lists migrations of stored documents."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from troupe.app.container import Container
from troupe.errors import Unavailable
from troupe.migrations.records import Migration, Progress
from troupe.migrations.service import CannotMigrate


def migrate(options: argparse.Namespace, services: Container) -> int:
    """Runs the migrations that have not been completed, in order. --list shows all of them, and
    --dry-run counts without writing."""
    migrator = services.migrator
    if options.list:
        for migration, progress in migrator.progress():
            print(f"{migration.number:03} {migration.title}: {_state(progress)}")
        return 0
    pending = migrator.pending()
    if not pending:
        print("nothing to migrate")
        return 0
    step = migrator.rehearse if options.dry_run else migrator.run
    would = "would be " if options.dry_run else ""

    def report(migration: Migration, progress: Progress) -> None:
        counts = f"{progress.read} read, {progress.changed} {would}changed"
        done = "" if progress.completed_at is None else " (complete)"
        print(f"{migration.number:03} {migration.title}: {counts}{done}", flush=True)

    for migration in pending:
        try:
            step(migration, partial(report, migration))
        except CannotMigrate as error:
            print(f"{migration.number:03} stopped at {error}", file=sys.stderr)
            return 1
        except Unavailable:  # also Stale
            print(
                f"{migration.number:03} stopped: Firestore does not answer, or a document is "
                "written too often. Run the command again to continue.",
                file=sys.stderr,
            )
            return 1
    return 0


def _state(progress: Progress | None) -> str:
    if progress is None:
        return "pending"
    counts = f"{progress.read} read, {progress.changed} changed"
    if progress.completed_at is None:
        return f"unfinished, {counts}"
    return f"completed {progress.completed_at:%Y-%m-%d %H:%M} UTC, {counts}"
