"""Computes the items of an iterator ahead of their use, in a thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from queue import Full, Queue
from typing import Any, Generic, TypeVar

T = TypeVar("T")
_END = object()
_POLL_SECONDS = 0.1  # seconds between checks of whether to stop


class Prefetch(Generic[T]):
    """Runs an iterator in its own thread, at most `most` items ahead. Use it in a `with` block,
    whose end stops the thread. An exception of the iterator is raised here, after the items before
    it."""

    def __init__(self, items: Iterator[T], most: int) -> None:
        self._items = items
        self._queue: Queue[Any] = Queue(most)
        self._stop = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._produce, daemon=True)

    def __enter__(self) -> Iterator[T]:
        self._thread.start()
        return self._items_in_order()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _items_in_order(self) -> Iterator[T]:
        while (item := self._queue.get()) is not _END:
            yield item
        if self._failure is not None:
            raise self._failure

    def _produce(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
        except BaseException as failure:
            self._failure = failure
        self._put(_END)

    def _put(self, item: Any) -> bool:
        """False if stopped."""
        while not self._stop.is_set():
            try:
                self._queue.put(item, timeout=_POLL_SECONDS)
            except Full:
                continue
            return True
        return False
