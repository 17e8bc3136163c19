"""What is read of an ELF image."""

from __future__ import annotations

import pytest
from bundle.packages import ARM, ARM64, PAGE, library

from frcodec.bundle import elf


def read(data: bytes) -> elf.Image:
    return elf.read(lambda count: data[:count])


@pytest.mark.parametrize("alignment", [4096, PAGE, 65536])
def test_the_alignment_of_segments(alignment: int) -> None:
    assert read(library(alignments=(alignment, alignment))) == elf.Image(64, ARM64, alignment)


def test_the_smallest_alignment_counts() -> None:
    assert read(library(alignments=(65536, PAGE, 4096, PAGE))).alignment == 4096
    assert read(library(alignments=())).alignment == 0
    assert read(library(alignments=(0, PAGE))).alignment == 1


def test_addresses_must_match_offsets_within_a_page() -> None:
    assert read(library(apart=4096)).alignment == 4096
    assert read(library(apart=2 * PAGE)).alignment == PAGE
    assert read(library(alignments=(PAGE, 3 * 4096))).alignment == 1


def test_libraries_of_32_bits() -> None:
    assert read(library(bits=32, machine=ARM, alignments=(4096, 4096))) == elf.Image(32, ARM, 4096)


@pytest.mark.parametrize("bits", [32, 64])
def test_every_truncation_is_refused_or_whole(bits: int) -> None:
    data = library(bits=bits)
    table_end = len(data) - 64
    for length in range(table_end):
        with pytest.raises(elf.NoElfError):
            read(data[:length])
    assert read(data[:table_end]) == read(data)


def test_flipped_bits_are_refused_or_read() -> None:
    data = library()
    for position in range(8 * len(data)):
        damaged = bytearray(data)
        damaged[position // 8] ^= 1 << position % 8
        try:
            image = read(bytes(damaged))
        except elf.NoElfError:
            continue
        assert image.bits in (32, 64) and 0 <= image.alignment < 1 << 64


@pytest.mark.parametrize(
    ("offset", "value"),
    [
        (0, b"MZ"), (4, b"\3"), (5, b"\2"), (16, b"\2"), (32, b"\xff\xff\xff\xff"), (54, b"\1"), (56, b"\0\0"),
        (56, b"\xff\xff"),
    ],
)  # fmt: skip
def test_other_files_are_refused(offset: int, value: bytes) -> None:
    data = bytearray(library())
    data[offset : offset + len(value)] = value
    with pytest.raises(elf.NoElfError):
        read(bytes(data))
