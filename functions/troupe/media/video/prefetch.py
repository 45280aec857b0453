"""Working ahead: one thread makes what another one takes, a few at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Full, Queue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_END = object()
_GLANCE = 0.1  # seconds between looks at whether anybody still wants more


class Prefetch(Generic[T]):
    """The items of an iterator, which runs in a thread of its own and is never more than `most`
    ahead. Use it in a `with`: leaving it stops the thread. What the iterator raises is raised
    here, in its turn."""

    def __init__(self, items: Iterator[T], most: int) -> None:
        self._items = items
        self._made: Queue[Any] = Queue(most)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._work, daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._taken()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _taken(self) -> Iterator[T]:
        while (item := self._made.get()) is not _END:
            yield item
        if self._failure is not None:
            raise self._failure

    def _work(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as failure:
            self._failure = failure
        self._put(_END)

    def _put(self, item: Any) -> bool:
        """False when nobody wants it any more."""
        while not self._stop.is_set():
            try:
                self._made.put(item, timeout=_GLANCE)
            except Full:
                continue
            return True
        return False
