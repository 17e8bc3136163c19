"""What is checked before anything is allocated, and how much memory decoding takes."""

from __future__ import annotations

import tracemalloc
from contextlib import contextmanager

import numpy as np
import pytest
from frc_files import DATA, INDEX, Columns, digest, file_of, level_stream, packed, raw_file, raw_stream, section
from saving import identical

from frcodec import Code, FrcError, load_file, open_file, save_file
from frcodec.constants import DEFAULT_MAX_BYTES
from frcodec.tensors import DTYPES


@contextmanager
def _measured():
    """A list that gets the most bytes that were in use within the block."""
    peak = []
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def _refusal(data, **options):
    """The code of the error, and the most memory that was in use on the way to it."""
    with _measured() as peak, pytest.raises(FrcError) as caught:
        load_file(data, **options)
    return caught.value.code, peak[0]


def _claiming(shape, dtype="float32"):
    """A file of a few bytes that decodes to zeros of this shape."""
    data = level_stream([])
    columns = Columns(
        dtypes=bytes([DTYPES[dtype].id]),
        ranks=bytes([len(shape)]),
        dims=list(shape),
        regions=b"\1",
        kept=[0] * len(shape),
        sizes=[len(data)],
    )
    return file_of(section(DATA, data), section(INDEX, columns.pack()))


@pytest.mark.parametrize(
    ("shape", "limit"),
    [
        ((1000,), 3999),
        ((1 << 33,), 1 << 30),
        ((1 << 20, 1 << 20), DEFAULT_MAX_BYTES),
        ((1 << 53,), DEFAULT_MAX_BYTES),
        ((1,), 3),
        ((1,), 0),
    ],
)
def test_max_bytes_is_checked_before_anything_is_allocated(shape, limit):
    code, memory = _refusal(_claiming(shape), max_bytes=limit)
    assert code == Code.TOO_LARGE
    assert memory < 1 << 20


def test_as_many_bytes_as_allowed():
    array = np.arange(1000, dtype=np.int32)
    assert identical(load_file(raw_file(array), max_bytes=4000)["w"], array)
    assert _refusal(raw_file(array), max_bytes=3999)[0] == Code.TOO_LARGE


def test_all_entries_count_together_and_views_too():
    data = raw_stream(np.zeros(100, np.float32))
    columns = Columns(
        names="w\0v\0",
        dtypes=bytes(2),
        codings=bytes([1, 2]),
        ranks=bytes([1, 1]),
        dims=[100, 1 << 30],
        axes=[],
        regions=b"",
        steps=b"",
        streams=[0],
        sizes=[len(data)],
        digests=digest(bytes(400)).to_bytes(4, "little"),
        views=[0, 0, 0],
    )
    code, memory = _refusal(file_of(section(DATA, data), section(INDEX, columns.pack())), max_bytes=1 << 32)
    assert code == Code.TOO_LARGE
    assert memory < 1 << 20


def test_a_claim_of_more_levels_than_there_are_bytes():
    """No limit helps here: 2^33 levels are allowed, but the stream has not even the states of their segments."""
    data = level_stream([1, 2, 3])
    columns = Columns(dims=[1 << 33], sizes=[len(data)])
    code, memory = _refusal(file_of(section(DATA, data), section(INDEX, columns.pack())))
    assert code == Code.BAD_STREAM
    assert memory < 4 << 20


def test_a_few_positions_of_a_long_axis():
    """A scan prefix of one position takes no memory that grows with the axis, but for the output itself."""
    for shape in ((1 << 20,), (1 << 10, 1 << 10)):
        data = level_stream([3])
        columns = Columns(
            ranks=bytes([len(shape)]),
            dims=list(shape),
            regions=b"\2",
            kept=[1],
            sizes=[len(data)],
            digests=digest(np.array([3], np.float32), bytes(4 * ((1 << 20) - 1))).to_bytes(4, "little"),
        )
        with _measured() as peak:
            loaded = load_file(file_of(section(DATA, data), section(INDEX, columns.pack())))
        assert loaded["w"].sum() == 3
        assert peak[0] < 2.5 * (4 << 20)


def test_transformed_axes_of_many_lengths_leave_no_matrices_behind():
    """Each of 24 tiny tensors needs another basis of up to 4096 × 4096: 134 MB each, if it were made whole and kept."""
    lengths = range(4096, 4072, -1)
    streams = [level_stream([0, 4]) for _ in lengths]
    columns = Columns(
        names="".join(f"{n}\0" for n in lengths),
        dtypes=bytes(24),
        codings=bytes(24),
        ranks=bytes([1] * 24),
        dims=list(lengths),
        axes=[1] * 24,
        regions=bytes([1] * 24),
        kept=[2] * 24,
        steps=bytes([80] * 24) + bytes(24),
        streams=[0] * 24,
        sizes=[len(s) for s in streams],
        digests=bytes(96),
    )
    data = file_of(section(DATA, b"".join(streams)), section(INDEX, columns.pack()))
    with _measured() as peak, open_file(data) as file:
        for name in file:
            with pytest.raises(FrcError) as caught:
                file[name]
            assert caught.value.code == Code.BAD_DIGEST
    assert peak[0] < 64 << 20


def test_single_tensors_need_only_their_own_section(tmp_path):
    """Damage elsewhere is not even noticed, and decoding one tensor takes no more memory than that tensor."""
    rng = np.random.default_rng(0)
    path = tmp_path / "large.frc"
    save_file({f"w{i}": rng.integers(0, 1 << 62, 150_000) for i in range(4)}, path)
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with open_file(path) as file:
        with _measured() as peak:
            assert file["w3"].shape == (150_000,)
        assert peak[0] < 6 * 1_200_000
        with pytest.raises(FrcError) as caught:
            file["w0"]
        assert caught.value.code == Code.BAD_CRC


def test_metadata_beyond_its_limit_is_refused():
    long = section(3, packed({"a": "x" * (1 << 21)}))
    data = file_of(long, section(INDEX, packed([0, "", b"", b"", b"", [], [], b"", [], b"", [], [], b"", []])))
    with open_file(data) as file, pytest.raises(FrcError) as caught:
        _ = file.metadata
    assert caught.value.code == Code.TOO_LARGE
