"""Browsers for the studio. Playwright is closed with each module: while it is open, asyncio.run
does not work in the thread, and other tests of the same worker need it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from local.client import Client
from tests.conftest import Running
from tests.e2e.users import grant, operator, signed_up, wait_for
from tests.studio.visits import LONGEST, Visit
from tests.support.browser import BROWSER
from tests.support.companies import Firm, Person
from tests.support.factories import PROJECT
from troupe.adapters.firestore import Database

PASSWORD = "secret-123"
expect.set_options(timeout=LONGEST)

Enter = Callable[..., Visit]
"""Somebody comes: "nobody", "user", "newcomer", "host" (of calls) or "admin"; more is for their
browser's context."""
OPTIONS: Any = {"locale": "en-GB", "reduced_motion": "reduce"}
Window = Callable[[str], AbstractContextManager[Visit]]
"""The window of such a person, as if it had just been opened."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "studio" in item.path.parts:
            item.add_marker(pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed"))


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(
            executable_path=BROWSER,
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required"],
        )
        yield made
        made.close()


def employ(stack: Running, client: Client, uid: str) -> str:
    """Gives them a company and one of its licenses. Returns the company's id."""
    company = client.data("POST", "/api/companies", json={"name": "Fjord Telecom"})["company"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FIRESTORE_EMULATOR_HOST", stack.hosts["firestore"])
        # Licenses are bought, or created by an administrator.
        db = Database.connect(PROJECT)
        (license_id,) = Firm(db, company["id"], Person(db, uid, {})).licenses(1)
    client.data("PUT", f"/api/licenses/{license_id}/assign", json={"userId": uid})
    return str(company["id"])


@pytest.fixture(scope="module")
def people(stack: Running, browser: Browser) -> Callable[[str], Any]:
    """The storage of a browser in which somebody of that kind is signed in, made once."""
    kept: dict[str, Any] = {}

    def storage(who: str) -> Any:
        if who not in kept:
            if who == "admin":
                email = f"{secrets.token_hex(6)}@example.com"
                told = operator(stack, "create-admin", email, "--create", told=PASSWORD)
                assert told.returncode == 0, told.stderr
            else:
                client, uid, _ = signed_up(stack)
                email = client.data("GET", "/api/auth/me")["user"]["email"]
            if who == "host":
                employ(stack, client, uid)
            if who == "user":
                grant(stack, client, 100)
                # What the history has.
                body = {"text": "The tide comes in, and nobody looks.", "language": "en-gb"}
                wait_for(
                    client,
                    client.data("POST", "/api/voice/generate", json=body)["generation"]["id"],
                )
            context = browser.new_context(locale="en-GB")
            Visit.begin(stack.base_url, context).sign_in(email, PASSWORD)
            kept[who] = context.storage_state(indexed_db=True)
            context.close()
        return kept[who]

    return storage


@pytest.fixture
def enter(stack: Running, browser: Browser, people: Callable[[str], Any]) -> Iterator[Enter]:
    contexts = []

    def come(who: str = "nobody", **options: Any) -> Visit:
        storage = None if who == "nobody" else people(who)
        context = browser.new_context(storage_state=storage, **{"locale": "en-GB", **options})
        contexts.append(context)
        return Visit.begin(stack.base_url, context)

    yield come
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def window(stack: Running, browser: Browser, people: Callable[[str], Any]) -> Window:
    """A new window takes as long as two pages and their looks in an open one, so each person keeps
    theirs, unless something failed in it."""
    kept: dict[str, Visit] = {}

    @contextmanager
    def given(who: str) -> Iterator[Visit]:
        if (visit := kept.pop(who, None)) is None:
            storage = None if who == "nobody" else people(who)
            visit = Visit.begin(
                stack.base_url, browser.new_context(storage_state=storage, **OPTIONS)
            )
        visit.start_over(forget=who == "nobody")
        yield visit
        kept[who] = visit

    return given


@pytest.fixture
def address() -> str:
    return f"{secrets.token_hex(6)}@example.com"
