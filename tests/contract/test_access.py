"""The access matrix: every operation that is served by everybody who may ask, with real objects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from google.cloud import firestore

from tests.contract.access import DONE, World, ask, expected, in_order
from tests.contract.operations import Operation, policies, served
from tests.support.factories import PROJECT, test_settings
from tests.support.wiring import app_for, held_queue, rewired
from troupe.adapters.firestore import Database
from troupe.adapters.storage import Files

OPERATIONS = served()


@pytest.fixture(scope="module")
def world(emulators: object) -> Iterator[World]:
    client = firestore.Client(project=PROJECT)
    files = Files.connect(PROJECT, test_settings().bucket, can_sign=False)
    # Not all of the stack runs here, and who may ask is the question, not what the answer is.
    with rewired(health_checks={}), held_queue() as queue:
        yield World(Database(client), files, queue)
    client.close()


def test_every_operation_has_a_policy_in_the_contract() -> None:
    without = {f"{method} {path}" for method, path in {op.key for op in OPERATIONS} - {*policies()}}
    assert not without, "say in api.yaml who may call them"


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.id)
def test_everybody_gets_what_the_contract_says(world: World, operation: Operation) -> None:
    policy = policies()[operation.key]
    client = app_for(operation.function).test_client()
    callers = world.callers()
    ids = world.objects(operation, callers["user"])
    wrong, ended = {}, False
    for name in in_order(operation, policy):
        outcome = expected(operation, policy, name)
        if ended:  # by the one before
            ids = world.objects(operation, callers["user"])
        ended = outcome is DONE
        with ask(client, operation, ids, callers[name].headers) as answer:
            body = answer.json if answer.is_json else {}
        code = body.get("error", {}).get("code")
        if not outcome.fits(answer.status_code, code):
            wrong[name] = (answer.status_code, code)
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert not wrong, f"{policy}: {wrong}"
