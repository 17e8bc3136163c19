"""Checksums of validated widths, and files with a widths section in older decoders."""

from __future__ import annotations

import io

import numpy as np
import pytest
from frc_files import WIDTHS
from vectors.building import Rebuilt, build, coded, exact
from width_files import OUT, one, tried

from frcodec import Code, CorruptError, UsageError, decode_file, load_file, open_file
from frcodec.container.crc32 import crc32
from frcodec.container.sections import walk
from frcodec.report.verify import verify_file
from frcodec.stages.region import Box
from frcodec.widths import declare

# Checksums


def _with_widths_of(file, other):
    """The file with the widths section of another."""
    mine, theirs = ({s.type: s for s in walk(memoryview(data))}[WIDTHS] for data in (file, other))
    return file[: mine.start] + other[theirs.start : theirs.end] + file[mine.end :]


def _two(second, *widths):
    """A file of two tensors, the second of which holds this level."""
    parts = [coded(n, "float32", (4,), [v], axes=(0,), region=Box((1,))) for n, v in (("a", 3), ("b", second))]
    return tried(declare(build(parts), {"a": {0: OUT}, "b": {0: OUT}}), *widths)


def test_at_a_validated_width_everything_is_checked_before_anything_is_handed_out():
    file = _with_widths_of(_two(4, 2), _two(5, 2))
    assert load_file(file)["b"][0] == 2
    for read in (lambda at: at["a"], lambda at: next(at.arrays()), lambda at: at.checksum()):
        with open_file(file, width=2) as at, pytest.raises(CorruptError) as caught:
            read(at)
        assert caught.value.code == Code.BAD_DIGEST
    assert load_file(_with_widths_of(_two(4, 3), _two(5, 2)), width=3, allow_unvalidated=True)["a"].shape == (3,)


@pytest.mark.parametrize("length", [2, 4, 7])
def test_verifying_a_file_compares_every_width(length):
    assert verify_file(_two(4, 3, (length,))).widths == 2
    with pytest.raises(CorruptError) as caught:
        verify_file(_with_widths_of(_two(4, 3, (length,)), _two(5, 3, (length,))))
    assert caught.value.code == Code.BAD_DIGEST


def test_streams_that_keep_their_shapes_keep_their_digests():
    parts = [
        coded("w", "float32", (4,), [3], axes=(0,), region=Box((1,))),
        exact("n", np.arange(40, dtype=np.uint8), shared="n"),
    ]
    file = bytearray(declare(build(parts), {"w": {0: OUT}}))
    data = next(s for s in walk(memoryview(file)) if s.type == 1)
    place = data.payload.stop - 1  # the last of the exact bytes, stored as they are
    file[place] ^= 1
    damaged = _resealed(bytes(file), data)
    with pytest.raises(CorruptError) as caught:
        load_file(damaged, width=2, allow_unvalidated=True)
    assert caught.value.code == Code.BAD_DIGEST


def _resealed(file, section):
    """The file with the checksum of a section made anew."""
    checksum = crc32(file[section.start : section.payload.stop]).to_bytes(4, "little")
    return file[: section.payload.stop] + checksum + file[section.end :]


def test_arrays_at_a_width_cannot_be_changed():
    with open_file(tried(one(), 4), width=4) as at:
        with pytest.raises(ValueError, match="read-only"):
            at["w"][0] = 1
        assert at["w"] is at["w"] or np.array_equal(at["w"], at["w"])
    assert load_file(tried(one(), 4), width=4)["w"].flags.writeable


# Files


def test_decoders_that_do_not_know_the_section_find_the_same():
    """The section is skipped: as one of a type that nobody knows it changes nothing."""
    file = tried(one(), 4)
    section = next(s for s in walk(memoryview(file)) if s.type == WIDTHS)
    assert file[section.start + 1] == 1
    other = bytearray(file)
    other[section.start] = 99
    unknown = _resealed(bytes(other), section)
    assert load_file(unknown)["w"].tobytes() == load_file(file)["w"].tobytes()
    with pytest.raises(UsageError, match="full width only"):
        load_file(unknown, width=4)


def test_a_damaged_list_of_widths_does_not_keep_from_full_width():
    file = one()
    section = next(s for s in walk(memoryview(file)) if s.type == WIDTHS)
    damaged = bytearray(file)
    damaged[section.payload.start] ^= 1
    damaged = _resealed(bytes(damaged), section)
    assert load_file(damaged)["w"].tobytes() == load_file(file)["w"].tobytes()
    with pytest.raises(CorruptError):
        load_file(damaged, width=4, allow_unvalidated=True)


@pytest.mark.parametrize("to", ["safetensors", "npz", "pt"])
def test_a_width_is_for_dictionaries_of_tensors(to):
    part = coded("w", "float32", (4,), [3, 1], axes=(0,), region=Box((2,)))
    file = declare(build([part], rebuilt=Rebuilt("PyTorch zip", (b"PK", 0))), {"w": {0: OUT}})
    file = tried(file, 2)
    with pytest.raises(UsageError, match="--to"):
        decode_file(io.BytesIO(file), io.BytesIO(), width=2)
    whole, narrow = io.BytesIO(), io.BytesIO()
    decode_file(io.BytesIO(file), whole, width=4)
    assert whole.getvalue().startswith(b"PK") and len(whole.getvalue()) == 18
    decode_file(io.BytesIO(file), narrow, width=2, to=to)
    assert load_file(file, width=2)["w"].tobytes() in narrow.getvalue()
