"""Sizes in bytes as people write them: k, M, G and T are powers of 1000; Ki, Mi, Gi and Ti powers of 1024."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from .constants import Code
from .errors import UsageError

_POWERS: Final = "KMGT"
_LARGEST: Final = 1 << 53
_SIZE: Final = re.compile(r"(\d{1,16}(?:\.\d{1,6})?)\s*(?:([KMGT])(i?))?B?", re.IGNORECASE | re.ASCII)


def parse_size(text: str) -> int:
    """Bytes, rounded down, of text such as "900", "1.5 kB", "3M", "3MB" or "512 MiB"; letters may have either case.

    Raises UsageError (bad_option) for anything else and for more than 2^53 bytes.
    """
    match = _SIZE.fullmatch(text.strip())
    if not match:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is no size. Examples: 900, 500k, 3M, 1.5GB, 512Mi.")
    power = _POWERS.index(match[2].upper()) + 1 if match[2] else 0
    size = int(Decimal(match[1]) * (1024 if match[3] else 1000) ** power)
    if size > _LARGEST:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is more than 2^53 bytes.")
    return size


def format_size(count: float) -> str:
    """Bytes with three or four digits and a power of 1000, such as "44.6 MB"."""
    if count < 1000:
        return f"{count:.0f} B"
    units = iter(("kB", "MB", "GB", "TB", "PB", "EB"))
    unit = ""
    while count >= 999.95:
        count, unit = count / 1000, next(units)
    return f"{count:.{2 if count < 10 else 1}f} {unit}"
