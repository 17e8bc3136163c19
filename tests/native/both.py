"""The same work done by NumPy and by the core on every set of instructions that this processor has."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from frcodec import FrcError, native
from frcodec.native import _core

TARGETS = _core.targets()


@contextmanager
def instructions(target: str) -> Iterator[None]:
    """Use one set of instructions within a block."""
    assert _core.select_target(target)
    try:
        yield
    finally:
        _core.select_target(TARGETS[0])


def outcome(work: Callable[[], object]) -> object:
    """What it returns, or the code of its error."""
    try:
        return work()
    except FrcError as error:
        return error.code


def all_outcomes(work: Callable[[], object]) -> dict[str, object]:
    """The outcome by implementation; NumPy's first."""
    with native.using(False):
        outcomes = {"numpy": outcome(work)}
    for target in TARGETS:
        with native.using(True), instructions(target):
            outcomes[target] = outcome(work)
    return outcomes


def agreed(work: Callable[[], object]) -> object:
    """The outcome that all of them agree on."""
    outcomes = all_outcomes(work)
    expected = outcomes["numpy"]
    wrong = [name for name, found in outcomes.items() if found != expected]
    codes = {name: found for name, found in outcomes.items() if isinstance(found, int)}
    assert not wrong, f"{wrong} differ from NumPy; codes {codes}"
    return expected
