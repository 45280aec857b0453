"""Checks and maintenance: the audit of wallets and companies, the audit log, and the sweep."""

from __future__ import annotations

import argparse
import json
import sys

from troupe.app.container import Container
from troupe.commands.company_audit import audit_companies
from troupe.commands.ledger_audit import audit as audit_wallets
from troupe.commands.online_audit import audit_online


def audit(options: argparse.Namespace, services: Container) -> int:
    """Checks that every wallet equals the sum of its ledger, that payments and companies are
    consistent, and with --online that Stripe says the same."""
    if options.online and services.settings.payments != "stripe":
        print("--online needs PAYMENTS=stripe", file=sys.stderr)
        return 2
    paid = services.settings.payments == "stripe"
    wallets = audit_wallets(services.database, paid=paid)
    companies = audit_companies(services.database)
    for finding in wallets.findings:
        print(f"{finding.owner_id}: {finding.problem}", file=sys.stderr)
    for problem in companies.findings:
        print(f"{problem.path}: {problem.problem}", file=sys.stderr)
    found = len(wallets.findings) + len(companies.findings)
    if options.online:
        online = audit_online(services)
        for finding in online.findings:
            print(f"{finding.owner_id}: {finding.problem}", file=sys.stderr)
        print(f"at Stripe: {online.customers} customers")
        found += len(online.findings)
    for what, count in sorted(wallets.unchecked.items()):
        print(f"cannot be checked: {count} {what}")
    problems = f"{found} problems" if found else "clean"
    print(f"audit: {wallets.wallets} wallets, {companies.companies} companies, {problems}")
    return 1 if found else 0


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
