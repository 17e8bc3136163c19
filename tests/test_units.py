"""Sizes in bytes, in and out."""

from __future__ import annotations

import pytest

from frcodec import UsageError
from frcodec.units import format_size, parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0), ("17", 17), ("900 B", 900), ("1k", 1000), ("1.5 kB", 1500), ("3M", 3_000_000), ("3MB", 3_000_000),
        ("3 mb", 3_000_000), ("1.5G", 1_500_000_000), ("1TB", 10**12), ("1Ki", 1024), ("2MiB", 2 << 20),
        ("1.5Gi", 3 << 29), ("4 GiB", 4 << 30), ("0.1k", 100), ("1.0005k", 1000),
    ],
)  # fmt: skip
def test_sizes(text, size):
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "1X", "1e9", "4 4", "1i", "1iB", "9999999999999999T", "٣", "k", "1.k"])
def test_invalid_sizes(text):
    with pytest.raises(UsageError):
        parse_size(text)


@pytest.mark.parametrize("size", [0, 999, 1000, 44_600_000, 123_000_000_000])
def test_what_is_printed_can_be_read(size):
    assert parse_size(format_size(size)) == size
