"""Odd models, odd files and odd outputs that once went wrong."""

import io
import time
from threading import Barrier, Event

import msgpack
import numpy as np
import pytest
from frc_files import INDEX, file_of, level_stream, section, small_file
from saving import saved, saved_with_report

from frcodec import Code, CorruptError, FrcError, Options, UsageError, load_file, open_file, save_file
from frcodec.constants import MAX_CONTAINERS
from frcodec.container import packed, sections
from frcodec.decoder import level_stream as streams
from frcodec.decoder.decode import Decoder
from frcodec.encoder.encode import encode
from frcodec.encoder.fit import fit
from frcodec.encoder.plan import Coding, plan_tensors
from frcodec.entropy import stream
from frcodec.entropy.stream import Quantized
from frcodec.formats.model import Model
from frcodec.tensors import DTYPES, Stored, View, from_array

RANDOM = np.random.default_rng(5)


def test_weights_in_one_flat_buffer_are_weights():
    """As flattened recurrent layers and sharded checkpoints have them."""
    flat = RANDOM.normal(size=200_000).astype(np.float32)
    entries = [from_array("", flat), View("a", 0, 0, (250, 400), (400, 1)), View("b", 0, 100_000, (250, 400), (400, 1))]
    (planned,), _ = plan_tensors(entries, (), Options(snr=26))
    assert planned.coding is Coding.LOSSY and not planned.vector
    out = io.BytesIO()
    report = encode(Model("tensors", entries, None, frozenset()), out, Options(snr=26))
    assert report.snr == pytest.approx(26, abs=0.05)
    assert 8 * report.file_bytes / flat.size < 5


def test_many_views_decode_their_target_once(monkeypatch):
    base = RANDOM.normal(size=(300, 300)).astype(np.float32)
    entries = [from_array("", base), *(View(f"row{i}", 0, 300 * i, (300,), (1,)) for i in range(300))]
    out = io.BytesIO()
    encode(Model("tensors", entries, None, frozenset()), out, Options())
    decode, calls = streams.decode, []
    monkeypatch.setattr(streams, "decode", lambda *arguments: calls.append(1) or decode(*arguments))
    assert len(load_file(out.getvalue())) == 300
    assert len(calls) == 1


def test_no_thread_reads_after_an_error_was_raised(monkeypatch):
    """When a tensor is damaged, threads that decode others ahead end before the error reaches the caller."""
    data = bytearray(saved({name: RANDOM.normal(size=(100, 100)) for name in "abc"}, lossless=True))
    data[100] ^= 1
    decode, busy = Decoder._entry, []
    running, failed = Barrier(3, timeout=20), Event()

    def slow(self, position, workers):
        busy.append(position)
        running.wait()
        if position:
            failed.wait(20)
            for _ in range(10_000):  # long enough for a caller that does not wait
                time.sleep(0)
        try:
            return decode(self, position, workers)
        finally:
            busy.remove(position)
            failed.set()

    monkeypatch.setattr(Decoder, "_entry", slow)
    with pytest.raises(CorruptError):
        load_file(bytes(data), threads=3)
    assert failed.is_set() and busy == []


@pytest.mark.parametrize("decibels", [0.05, 0.2, 1.0])
def test_hardly_any_quality_costs_hardly_any_bytes(decibels):
    weights = RANDOM.uniform(-1, 1, (200, 200)).astype(np.float32)
    data, report = saved_with_report({"w": weights}, snr=decibels)
    assert report.snr >= decibels - 1e-3
    assert 8 * len(data) / weights.size < 1


def test_sparse_levels_keep_enough_lanes():
    levels = np.zeros(1 << 20, np.int32)
    levels[:: 1 << 10] = 1
    model = fit(Quantized(levels), (1024, 1024))
    assert model.lanes >= 16
    decoded, _ = stream.decode(level_stream(levels, (1024, 1024), model), (1024, 1024))
    assert np.array_equal(decoded, levels)


def test_names_that_no_reader_accepts_are_refused_before_they_are_written():
    entries = [from_array("n" * 17_000, np.ones(3))]
    with pytest.raises(UsageError) as raised:
        encode(Model("tensors", entries, None, frozenset()), io.BytesIO(), Options())
    assert raised.value.code is Code.BAD_TENSOR


class Slow(io.RawIOBase):
    """Takes at most 50 bytes at a time, as pipes and sockets may."""

    def __init__(self):
        self.content = b""

    def writable(self):
        return True

    def write(self, data):
        self.content += bytes(data[:50])
        return min(50, len(data))


def test_short_writes_are_continued():
    tensors = {"w": RANDOM.normal(size=(100, 100)).astype(np.float32)}
    slow = Slow()
    save_file(tensors, slow)
    assert slow.content == saved(tensors)


@pytest.mark.parametrize("depth", [1, 900])
def test_swarms_of_empty_arrays_are_refused(depth):
    value = [0, *[[] for _ in range(2 * MAX_CONTAINERS)]]
    for _ in range(depth):
        value = [value]
    with pytest.raises(CorruptError) as raised:
        packed.read(packed.compress(msgpack.packb(value)), 1 << 20)
    assert raised.value.code is Code.BAD_MSGPACK


def test_two_indexes_are_refused_on_opening():
    (index,) = [found for found in sections.walk(memoryview(small_file())) if found.type == INDEX]
    payload = bytes(small_file()[index.payload])
    with pytest.raises(FrcError) as raised:
        open_file(file_of(section(INDEX, payload), section(INDEX, payload)))
    assert raised.value.code is Code.BAD_SECTION


def test_an_impossible_path_is_an_error_of_ours():
    with pytest.raises(FrcError) as raised:
        open_file("a\0b")
    assert raised.value.code is Code.READ_FAILED


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("decibels", [30.0, 50.0])
def test_the_ratio_holds_after_rounding_to_sixteen_bits(dtype, decibels):
    single = RANDOM.normal(size=(200, 200)).astype(np.float32)
    if dtype == "float16":
        entry = from_array("w", single.astype(np.float16))
    else:
        short = (single.view(np.uint32) >> 16).astype("<u2")
        entry = Stored("w", DTYPES["bfloat16"], short.shape, short.tobytes())
    report = encode(Model("tensors", [entry], None, frozenset()), io.BytesIO(), Options(snr=decibels))
    assert report.snr >= decibels - 1e-6
