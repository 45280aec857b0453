"""Checks and maintenance: the ledger audit, the audit log, and the sweep."""

from __future__ import annotations

import argparse
import json
import sys

from troupe.app.container import Container
from troupe.commands.ledger_audit import audit as audit_wallets


def audit(options: argparse.Namespace, services: Container) -> int:
    """Checks that every wallet equals the sum of its ledger."""
    result = audit_wallets(services.database)
    for finding in result.findings:
        print(f"{finding.uid}: {finding.problem}", file=sys.stderr)
    problems = f"{len(result.findings)} problems" if result.findings else "clean"
    print(f"audit: {result.wallets} wallets, {problems}")
    return 1 if result.findings else 0


def audit_log(options: argparse.Namespace, services: Container) -> int:
    """Prints the newest entries of the audit log, newest first, one JSON object per line."""
    if not 1 <= options.limit <= 1000:
        print("the limit must be from 1 to 1000", file=sys.stderr)
        return 2
    for entry in services.audit_log.newest(options.limit):
        print(entry.model_dump_json(by_alias=True))
    return 0


def sweep(options: argparse.Namespace, services: Container) -> int:
    """Runs the sweep once."""
    print(json.dumps(services.sweeper.run()))
    return 0
