"""The threads of an operation, and its progress."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from threading import Lock
from types import TracebackType
from typing import Any, Final, Protocol, Self, TypeVar

from .constants import Code
from .errors import UsageError

_In = TypeVar("_In")
_Out = TypeVar("_Out")


class Progress(Protocol):
    """Called from time to time in the caller's thread; an exception from it ends the operation."""

    def __call__(self, done: int, total: int, what: str) -> None:
        """`done` of `total` bytes of decoded tensors; `what` names the tensor or the stage."""


@cache
def processors() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def thread_count(threads: int | None) -> int:
    """A checked number of threads; None means one for each processor. Raises UsageError (bad_option)."""
    if threads is None:
        return processors()
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise UsageError(Code.BAD_OPTION, f"threads must be an integer of at least 1, not {threads!r}.")
    return threads


class Workers:
    """The threads of one operation: a pool shared by its outer and its inner loops.

    At most `threads` threads compute at a time, however the loops are nested; with 1, everything runs in the caller's
    thread. The number never changes a result. A context manager: leaving it cancels what has not started and waits for
    the rest, which may still read a mapping that the caller is about to close.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._pool = ThreadPoolExecutor(threads, "frcodec") if threads > 1 else None

    def in_order(self, work: Callable[[_In], _Out], items: Iterable[_In]) -> Generator[_Out]:
        """Results in the order of the items, computed in the pool.

        At most `threads` results wait, so that memory is bounded. The caller's thread only waits meanwhile.
        """
        if self._pool is None:
            yield from map(work, items)
            return
        futures: deque[Future[_Out]] = deque()
        try:
            for item in items:
                futures.append(self._pool.submit(work, item))
                if len(futures) > self.threads:
                    yield futures[0].result()
                    futures.popleft()
            while futures:
                yield futures[0].result()
                futures.popleft()
        finally:
            _settle(futures)

    def spread(self, work: Callable[[int], None], count: int) -> None:
        """Call work(0) … work(count - 1), which release the GIL. Of several errors that of the first call is raised.

        The caller's thread and up to `threads` - 1 of the pool take numbers from one counter. The caller therefore
        finishes alone where the pool is busy, as in a call nested in `in_order` or `spread`: there is no deadlock.
        """
        if self._pool is None or count < 2:
            for number in range(count):
                work(number)
            return
        numbers, lock = iter(range(count)), Lock()
        errors: dict[int, BaseException] = {}

        def take() -> None:
            while not errors:
                with lock:
                    number = next(numbers, None)
                if number is None:
                    return
                try:
                    work(number)
                except BaseException as error:
                    errors[number] = error

        helpers = [self._pool.submit(take) for _ in range(min(count, self.threads) - 1)]
        try:
            take()
        finally:
            _settle(helpers)
        if errors:
            raise errors[min(errors)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


def _settle(futures: Iterable[Future[Any]]) -> None:
    """Cancel what has not started, and wait for the rest."""
    for future in [future for future in futures if not future.cancel()]:
        future.exception()


SERIAL: Final = Workers(1)
"""the caller's thread alone"""
