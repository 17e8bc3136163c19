"""Work done ahead by threads, its results in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@contextmanager
def pool(threads: int) -> Iterator[ThreadPoolExecutor]:
    """Threads that do not begin what waits for them when the caller gives up."""
    executor = ThreadPoolExecutor(max_workers=threads)
    try:
        yield executor
    except BaseException:
        executor.shutdown(cancel_futures=True)  # what runs may still read a mapping that the caller wants to be gone
        raise
    executor.shutdown()


def in_order(
    executor: ThreadPoolExecutor, work: Callable[[_In], _Out], items: Iterable[_In], ahead: int
) -> Iterator[_Out]:
    """Results in the order of the items, at most `ahead` of them waiting, so that memory stays bounded."""
    waiting = []
    for item in items:
        waiting.append(executor.submit(work, item))
        if len(waiting) > ahead:
            yield waiting.pop(0).result()
    for future in waiting:
        yield future.result()
