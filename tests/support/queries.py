"""Records every query that the code under test makes, and compares them with tests/queries.json.

tests/unit/test_indexes.py checks firestore.indexes.json against that file. A run fails if it makes
a query that is not in the file, or if all tests ran and none made a query that is. `make queries`
writes the file, and the composite indexes that its queries need.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.indexes import Query, with_indexes
from troupe.adapters.firestore import Database

FILE = Path(__file__).parents[1] / "queries.json"
INDEXES = Path(__file__).parents[2] / "firestore.indexes.json"
OUT_OF_DATE = 10  # the exit code, beside those of pytest
_OUTPUT = "queries"
_OPTION = "--write-queries"

_seen: set[Query] = set()
_incomplete: list[str] = []  # workers that ended without reporting their queries
_faults: list[str] = []


def recorded() -> set[Query]:
    return {Query.read(stored) for stored in json.loads(FILE.read_text())}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(_OPTION, action="store_true", help="write tests/queries.json")


def pytest_configure() -> None:
    for name in ("find", "begin_count", "count_and_sum"):
        setattr(Database, name, _recording(getattr(Database, name)))


def _recording(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def recording(self: Database, collection: str, *fields: str, **query: Any) -> Any:
        if _is_ours():
            where, order = list(query.get("where", ())), list(query.get("order", ()))
            summed = [(field, False) for field in fields]  # needs the index of that order
            seen = Query(
                collection.rsplit("/", 1)[-1],
                tuple((name, op) for name, op, _ in where),
                tuple(order + summed),
                query.get("group", False),
            )
            if where or order or summed:
                _seen.add(seen)
            query |= {name: value for name, value in (("where", where), ("order", order)) if value}
        return method(self, collection, *fields, **query)

    return recording


def _is_ours() -> bool:
    """Whether the code under test makes the query, not a test."""
    frame = sys._getframe(2)
    while "self" in frame.f_locals and isinstance(frame.f_locals["self"], Database):
        assert frame.f_back is not None
        frame = frame.f_back
    return not frame.f_globals["__name__"].startswith("tests.")


def pytest_testnodedown(node: Any) -> None:
    """Collects the queries of a worker."""
    reported = getattr(node, "workeroutput", {}).get(_OUTPUT)
    if reported is None:
        _incomplete.append(node.gateway.id)
    else:
        _seen.update(Query.read(stored) for stored in reported)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    config = session.config
    if hasattr(config, "workerinput"):
        config.workeroutput[_OUTPUT] = [query.stored() for query in _seen]  # type: ignore[attr-defined]
        return
    whole = exitstatus == 0 and not _incomplete and _runs_all(config)
    known = recorded()
    if config.getoption(_OPTION):
        _write(_seen if whole else _seen | known)
        return
    _faults.extend(f"not in the file: {query.stored()}" for query in sorted(_seen - known))
    if whole:
        _faults.extend(f"made by no test: {query.stored()}" for query in sorted(known - _seen))
    if _faults and exitstatus in (0, pytest.ExitCode.TESTS_FAILED):
        session.exitstatus = OUT_OF_DATE


def pytest_terminal_summary(terminalreporter: Any) -> None:
    if _faults:
        terminalreporter.section(f"{FILE.name} is out of date: run `make queries`")
        for fault in _faults:
            terminalreporter.write_line(fault)


def _runs_all(config: pytest.Config) -> bool:
    chosen = ("keyword", "markexpr", "deselect", "lf", "ignore", "ignore_glob", "collectonly")
    by_default = config.args_source is pytest.Config.ArgsSource.TESTPATHS
    return by_default and not any(getattr(config.option, name, None) for name in chosen)


def _write(queries: set[Query]) -> None:
    lines = ",\n".join(f"  {json.dumps(query.stored())}" for query in sorted(queries))
    FILE.write_text(f"[\n{lines}\n]\n")
    declared = with_indexes(json.loads(INDEXES.read_text()), queries)
    INDEXES.write_text(json.dumps(declared, indent=2) + "\n")
