"""Whether the stages run in the C++ core or in NumPy; only this package imports the extension.

Both give the same bytes. The environment variable FRCODEC_NATIVE=0 selects NumPy for the whole process.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

_choice = {"native": os.environ.get("FRCODEC_NATIVE", "1") != "0"}


def enabled() -> bool:
    """Whether the stages use the core."""
    return _choice["native"]


@contextmanager
def using(native: bool) -> Iterator[None]:
    """Use the core, or NumPy, within a block and in all threads; for tests."""
    before, _choice["native"] = _choice["native"], native
    try:
        yield
    finally:
        _choice["native"] = before
