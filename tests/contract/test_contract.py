"""contract/api.yaml and the routes agree, and differences are detected."""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy

import pytest

from tests.contract.contract import (
    CONTRACT,
    Line,
    contract,
    differences,
    is_planned,
    lines_of,
    routes,
)
from troupe.web.caller import Auth


def test_the_contract_and_the_routes_agree() -> None:
    assert differences(contract(), routes()) == []


def test_every_line_has_a_known_policy() -> None:
    """Tasks have no routes, and so no policies of the edge."""
    known = {str(policy) for policy in Auth} | {"task"}
    assert {line["auth"] for line in contract()} <= known


def line(lines: list[Line], op: str) -> Line:
    (found,) = [each for each in lines if each["op"] == op]
    return found


def without(op: str) -> Callable[[list[Line]], None]:
    return lambda lines: lines.remove(line(lines, op))


def with_line(**fields: object) -> Callable[[list[Line]], None]:
    made = {"function": "auth", "op": "new", "http": "GET /api/new", "auth": "user"}
    return lambda lines: lines.append(made | fields)


def changed(op: str, /, **fields: object) -> Callable[[list[Line]], None]:
    return lambda lines: line(lines, op).update(fields)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (without("getPlan"), "GET /api/admin/plans/{planId} (getPlan) is served, but not"),
        (with_line(), "GET /api/new (new) is not served"),
        (with_line(op="getPlan", planned=True), "getPlan is planned, yet it is served"),
        (
            with_line(http="CRUD /api/admin/faq", planned=True),
            "GET /api/admin/faq/{id} is planned, yet it is served",
        ),
        (changed("login", planned=True), "POST /api/auth/login is planned, yet it is served"),
        (changed("login", aliases=[]), "POST /api/login (an alias of login) is served, but not"),
        (
            changed("getMe", aliases=["GET /api/me", "GET /api/I"]),
            "GET /api/I (getMe) is not served",
        ),
        (changed("getMe", auth="public"), "auth is public in the contract, user in the code"),
        (changed("createFaq", status=200), "status is 200 in the contract, 201 in the code"),
        (changed("createFaq", function="support"), "function is support in the contract, admin"),
        (changed("getMe", op="whoAmI"), "operation is whoAmI in the contract, getMe in the code"),
        (
            changed("subscribe", **{"in": ["*planId", "coupon"]}),
            "subscribe: `in` has ['coupon'], the code has not",
        ),
        (changed("subscribe", **{"in": []}), "subscribe: the code has ['planId'], `in` has not"),
        (
            changed("subscribe", **{"in": ["planId"]}),
            "`in` has planId, the code *planId",
        ),
        (
            changed("uploadFile", **{"in": ["*file"]}),
            "uploadFile: `in` has *file, the code *file:file",
        ),
        (
            changed("updateScript", **{"in": ["*dialogue"]}),
            "updateScript: `in` has *dialogue, the code dialogue[]",
        ),
        (changed("getMe", data=["user", "cat"]), "getMe: `data` has ['cat'], the code has not"),
        (changed("getMe", data=[]), "getMe: the code has ['user'], `data` has not"),
        (changed("subscribe", planned=["planId"]), "subscribe: planned, yet accepted: ['planId']"),
        (changed("subscribe", planned=["gift"]), "planned fields that `in` does not have"),
        (with_line(op="getMe", http="GET /api/me"), "getMe is in the contract 2 times"),
    ],
)
def test_a_difference_is_detected(change: Callable[[list[Line]], None], told: str) -> None:
    lines = deepcopy(list(contract()))
    change(lines)
    found = differences(lines, routes())
    assert any(told in text for text in found), found


def test_each_missing_line_is_detected() -> None:
    for number, left_out in enumerate(contract()):
        if left_out["auth"] == "task":
            continue  # checked with the deploy manifest
        found = differences(contract()[:number] + contract()[number + 1 :], routes())
        assert bool(found) is not is_planned(left_out), left_out["op"]


def test_lines_are_parsed() -> None:
    text = CONTRACT.read_text()
    written = re.findall(r"^  - \{op: (\w+), http: ", text, flags=re.MULTILINE)
    assert [line["op"] for line in lines_of(text)] == written
