"""Worker threads, results in order, and progress."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Protocol, TypeVar

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Progress(Protocol):
    """Called now and then, always from the caller's thread; an exception from it ends the work."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """`done` of `total` bytes of decoded tensors; `what` names the tensor or the stage."""


@cache
def processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


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
