"""Numbers and names as people read them. Nothing here prints."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_ASCII = str.maketrans({"×": "x", "…": "~", "→": "->", "·": "-", "≥": ">="})
_SHORT_DTYPES = {"float": "f", "bfloat": "bf", "complex": "c", "int": "i", "uint": "u"}


def escaped(text: str, *, backslash: bool = False) -> str:
    r"""Text from a file, safe for a terminal: controls and bidirectional overrides become \x1b, \u202e and the like.

    With `backslash`, a backslash is doubled too, so that different texts stay different.
    """
    return "".join(_escape(c) if _unsafe(c) else "\\\\" if backslash and c == "\\" else c for c in text)


def _unsafe(char: str) -> bool:
    """Controls, formats, surrogates, private and unassigned characters, line and paragraph separators."""
    return not char.isascii() and unicodedata.category(char)[0] in "CZ" or char < " " or char == "\x7f"


def _escape(char: str) -> str:
    number = ord(char)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def label(name: str) -> str:
    """A tensor's name; payloads that only views reach have none."""
    return escaped(name, backslash=True) if name else "(unnamed)"


def ascii_only(text: str) -> str:
    """The few signs that this tool uses itself, for terminals without them."""
    return text.translate(_ASCII)


def width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    return len(text) if text.isascii() else sum(_char_width(c) for c in text)


def _char_width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def shortened(text: str, columns: int) -> str:
    """The text itself, or its two ends around an ellipsis."""
    if width(text) <= columns:
        return text
    tail = columns // 2
    return _cut(text, columns - 1 - tail) + "…" + _cut(text[::-1], tail)[::-1]


def _cut(text: str, columns: int) -> str:
    used = 0
    for at, char in enumerate(text):
        used += _char_width(char)
        if used > columns:
            return text[:at]
    return text


def plural(count: int, what: str) -> str:
    """Such as "1 tensor" or "1,024 tensors"."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def shape(dims: Sequence[int]) -> str:
    """Such as "64×3×7×7"; "scalar" without axes."""
    return "×".join(map(str, dims)) if dims else "scalar"


def dtype(name: str) -> str:
    """Such as "f32", "bf16", "i64"; all others by their whole name."""
    stem = name.rstrip("0123456789")
    bits = name[len(stem) :]
    return _SHORT_DTYPES[stem] + bits if stem in _SHORT_DTYPES and bits else name


def ratio(size_now: int, size_before: int) -> str:
    """How much smaller something became."""
    if not size_now or not size_before:
        return ""
    percent, times = 100 * size_now / size_before, size_before / size_now
    return f"{small(percent, 1)} %, {times:{',.0f' if times >= 1000 else '.1f'}}× smaller"


def small(value: float, digits: int) -> str:
    """A number with so many digits behind the point, or with one that counts where these would all be zero."""
    return f"{value:.{digits}f}" if value == 0 or value >= 10.0**-digits else f"{value:.1g}"
