"""CRC-32 of bytes, and of a concatenation from the CRC-32 of its parts.

crc(A ‖ B) = crc(A) · x^(8 · |B|) + crc(B)   over GF(2) modulo the generator, bits reflected
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import Final

from .. import native
from ..native import decoder
from ..tensors import Buffer

_GENERATOR: Final = 0xEDB88320
_ONE: Final = 0x80000000
"""x^0"""
_X8: Final = 0x00800000
"""x^8"""


def crc32(data: Buffer, before: int = 0) -> int:
    """CRC-32 of a concatenation: bytes whose CRC-32 is `before`, then `data`."""
    return decoder.crc32(data, before) if native.enabled() else zlib.crc32(data, before)


def combine(first: int, second: int, second_length: int) -> int:
    """crc(A ‖ B) from crc(A), crc(B) and the length of B in bytes."""
    return _multiply(_power(second_length), first) ^ second


def _multiply(a: int, b: int) -> int:
    """Product of two polynomials of degree < 32; the highest bit is the coefficient of x^0."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (_GENERATOR if b & 1 else 0)
    return product


@lru_cache(maxsize=256)
def _power(length: int) -> int:
    """x^(8 · length)."""
    result, square = _ONE, _X8
    while length:
        if length & 1:
            result = _multiply(result, square)
        square = _multiply(square, square)
        length >>= 1
    return result
