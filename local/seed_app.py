"""`python -m local.seed_app FOLDER`: writes the seed data through the app's own services.

A separate program, because the app reads its settings from the environment once per process.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

from local.seed_media import seed_backgrounds, seed_cast
from troupe.accounts.errors import OrgNumberTaken
from troupe.accounts.records import AccountCaller
from troupe.adapters.firestore import AlreadyExists
from troupe.app.functions import container
from troupe.caller import Device
from troupe.companies.founding import CompanyRequest
from troupe.companies.records import LicenseType
from troupe.plans.schemas import CreatePlan


def _account(account: dict[str, Any]) -> None:
    user = container().directory.find(account["email"])
    if user is None:
        signed_in = container().accounts.register(
            email=account["email"],
            password=account["password"],
            name=account["name"],
            username=account["username"],
            picture=None,
            device=Device("seed"),
            verified=True,
        )
        user = signed_in.user
    if account["role"] == "admin":
        container().administration.make_admin(user.id)


def _plan(plan: dict[str, Any]) -> None:
    fields = CreatePlan.model_validate(plan).fields()
    try:
        container().plans.create(fields, plan_id=plan["id"])
    except AlreadyExists:
        container().plans.update(plan["id"], fields)


def _faq(faq: dict[str, Any]) -> None:
    fields = {name: faq[name] for name in ("category", "question", "answer")}
    try:
        container().faqs.create(fields, faq_id=faq["id"])
    except AlreadyExists:
        container().faqs.update(faq["id"], fields)


def _company(company: dict[str, Any]) -> None:
    """Repeatable: the key of both creations is the same each time. A company whose owner has a new
    account since stays theirs."""
    owner, admin = _caller(company["owner"]), _caller("admin@example.com")
    request = CompanyRequest(company["name"], None, company["orgNumber"], company["country"])
    try:
        made = container().company_founding.create(owner, request, "seed")
    except OrgNumberTaken:
        return
    for member in company["members"]:
        invited = _caller(member["email"])
        if made.id not in invited.companies:
            given = container().invitations.invite(
                _caller(company["owner"]), made.id, member["email"], role=member["role"]
            )
            container().invitations.accept(invited, given.token)
    container().licenses.create(
        admin, made.id, {"type": LicenseType.STANDARD}, company["licenses"], key=made.id
    )


def _caller(email: str) -> AccountCaller:
    user = container().directory.find(email)
    if user is None:
        raise LookupError(email)
    return AccountCaller.of(user, "seed")


def _for_sale() -> str:
    """Makes the plans' prices at the fake Stripe, and configures its portal, as an operator does at
    the real one."""
    settings = container().settings
    if not settings.stripe_api_base:
        return ""
    prices = container().price_table
    prices.create_missing()
    prices.configure_portal(settings.app_url)
    return f", {len(prices.all())} prices"


def main(folder: Path) -> int:
    if (
        "FIRESTORE_EMULATOR_HOST" not in os.environ
        or "FIREBASE_AUTH_EMULATOR_HOST" not in os.environ
    ):
        print("the emulators' addresses are not set: refusing to seed", file=sys.stderr)
        return 2
    accounts = json.loads((folder / "accounts.json").read_text())["accounts"]
    plans = json.loads((folder / "plans.json").read_text())["plans"]
    faqs = json.loads((folder / "faqs.json").read_text())["faqs"]
    companies = json.loads((folder / "companies.json").read_text())["companies"]
    for migration in container().migrator.pending():  # so that the sweep reminds of none
        container().migrator.run(migration)
    for account in accounts:
        _account(account)
    for plan in plans:
        _plan(plan)
    for faq in faqs:
        _faq(faq)
    for company in companies:
        _company(company)
    clips, cast = seed_backgrounds(folder / "backgrounds"), seed_cast()
    print(
        f"{len(accounts)} accounts, {len(plans)} plans, {len(faqs)} FAQs,"
        f" {len(companies)} compan{'y' if len(companies) == 1 else 'ies'}, {clips} clips,"
        f" {cast} characters{_for_sale()}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
