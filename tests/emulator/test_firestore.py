"""The store's own helpers, on an empty database."""

from __future__ import annotations

from datetime import timedelta

from troupe.adapters.firestore import COMMIT_WRITES, Create, Database, now


def test_due_lists_due_documents_earliest_first(own_db: Database) -> None:
    at = now()
    hours = {"later": 1, "second": -1, "first": -2, "third": 0}
    writes = [Create(f"c/{name}", {"dueAt": at + timedelta(hours=n)}) for name, n in hours.items()]
    own_db.commit(*writes, Create("c/never", {"dueAt": None}), Create("d/other", {"dueAt": at}))
    assert [each.id for each in own_db.due("c", 10)] == ["first", "second", "third"]
    assert [each.id for each in own_db.due("c", 1)] == ["first"]
    assert own_db.due("c", 1, select=[])[0].data == {}


def test_due_accepts_another_field_a_filter_and_a_group(own_db: Database) -> None:
    at = now()
    for owner in ("a", "b"):
        fields = {"expiresAt": at, "owner": owner}
        own_db.commit(Create(f"c/{owner}/parts/1", fields))
    (found,) = own_db.due("parts", 9, field="expiresAt", where=[("owner", "==", "b")], group=True)
    assert found.path == "c/b/parts/1"


def test_more_documents_than_fit_into_a_commit_are_deleted(own_db: Database) -> None:
    total = COMMIT_WRITES + 3
    paths = [f"c/{number:04}" for number in range(total)]
    for start in (0, COMMIT_WRITES):
        own_db.commit(*(Create(path, {}) for path in paths[start : start + COMMIT_WRITES]))
    own_db.delete_all([*paths[: COMMIT_WRITES + 1], "c/not-there"])
    assert own_db.count("c") == 2
    assert own_db.clear("c") == 2
    assert own_db.clear("c") == 0
