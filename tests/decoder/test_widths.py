"""Other widths: the cosines on another grid, what a caller may ask for, and what a file says about it."""

from __future__ import annotations

import io
import tracemalloc
from fractions import Fraction
from math import cos, gcd, pi, sqrt

import numpy as np
import pytest
from frc_files import GOOD, WIDTHS
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_decoder
from strategies import LOSSY, levels, regions
from vectors.building import Rebuilt, Viewed, build, coded, exact, levels_by_number, power
from width_files import one, tried

from frcodec import Code, CorruptError, FrcError, UsageError, decode_file, load_file, native, open_file
from frcodec.container.crc32 import crc32
from frcodec.container.reader import Reader
from frcodec.container.sections import walk
from frcodec.container.widths import merged_axes
from frcodec.decoder.decode import Decoder
from frcodec.decoder.width import at_width, lengths_of
from frcodec.report.verify import verify_file
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import step_of
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES, View
from frcodec.widths import Channel, declare

OUT, IN = Channel(0), Channel(0, input=True)


# Values


def _sampled(made, points, channels, groups, lengths):
    """The definition in doubles: the function that the coefficients are of full width's basis, at the middles of the
    narrower or wider cells; inputs are weighted by how many times fewer of them there are.
    """
    box = made.region.scatter(points, made.shape).astype(np.float64) * step_of(made.step)
    whole = np.zeros(made.shape)
    whole[tuple(slice(0, k) for k in box.shape)] = box
    for axis in made.transform.axes:
        full = n = made.shape[axis]
        if axis in channels:
            n = full // groups[channels[axis].group] * lengths[channels[axis].group]
        grid = np.array(
            [
                [
                    sqrt((2 if k else 1) / full) * cos(pi * k * (2 * i + 1) / (2 * n)) if k < n else 0
                    for k in range(full)
                ]
                for i in range(n)
            ]
        )
        weight = full / n if axis in channels and channels[axis].input else 1
        whole = np.moveaxis(np.tensordot(weight * grid, whole, (1, axis)), 0, axis)
    return whole


@st.composite
def _channelled(draw):
    """A layer, its channel axes, the lengths of their groups, and another width."""
    shape = tuple(draw(st.lists(st.sampled_from([1, 2, 3, 4, 6, 9]), min_size=1, max_size=4)))
    role = st.none() | st.tuples(st.integers(0, 2), st.booleans())
    roles = draw(st.lists(role, min_size=len(shape), max_size=len(shape)).filter(any))
    used = sorted({one[0] for one in roles if one})
    channels = {axis: Channel(used.index(one[0]), one[1]) for axis, one in enumerate(roles) if one}
    groups = tuple(
        gcd(*(shape[axis] for axis, channel in channels.items() if channel.group == group))
        for group in range(len(used))
    )
    others = draw(st.sets(st.sampled_from(range(len(roles)))))
    how = Transform(tuple(sorted(others | set(channels))))
    made = Layer(DTYPES[draw(LOSSY)], shape, how, draw(regions(shape)), draw(st.integers(85 << 8, 92 << 8)))
    return made, channels, groups, tuple(draw(st.integers(1, 9)) for _ in groups)


@settings(max_examples=300)
@given(_channelled(), st.data())
def test_all_decoders_agree_with_each_other_and_the_cosines(drawn, data):
    made, channels, groups, lengths = drawn
    points = np.clip(data.draw(levels(made.region.count)), -500, 500).astype(np.int32)
    axes, region = made.transform.axes, made.region
    part = coded("w", made.dtype.name, made.shape, points, axes=axes, region=region, step=made.step)
    file = declare(build([part]), {"w": channels})
    expected = reference_decoder.decode(file, lengths=lengths).tensors["w"]
    for core in (True, False):
        with native.using(core), open_file(file, width=lengths, allow_unvalidated=True) as at:
            found = at.stored("w")
            assert (found.shape, found.tobytes()) == (expected.shape, expected.tobytes())
            assert at.record("w").shape == found.shape
            values = at["w"].astype(np.float64)
    exactly = _sampled(made, points, channels, groups, lengths)
    precision = {"float64": 1e-6, "float32": 1e-6, "float16": 1e-3, "bfloat16": 1e-2}[made.dtype.name]
    largest = float(np.abs(points).sum()) * step_of(made.step) * 2**14
    assert np.abs(values - exactly).max(initial=0) <= precision * np.abs(exactly).max(initial=0) + 1e-10 * largest


@settings(max_examples=50)
@given(_channelled(), st.data())
def test_full_width_is_what_it_is_without_the_section(drawn, data):
    made, channels, groups, _ = drawn
    points = np.clip(data.draw(levels(made.region.count)), -500, 500).astype(np.int32)
    axes, region = made.transform.axes, made.region
    plain = build([coded("w", made.dtype.name, made.shape, points, axes=axes, region=region, step=made.step)])
    file = declare(plain, {"w": channels})
    assert load_file(file)["w"].tobytes() == load_file(plain)["w"].tobytes()
    assert load_file(file, width=groups)["w"].tobytes() == load_file(plain)["w"].tobytes()


def test_sums_over_channels_stay_what_they_are():
    """A layer of low frequencies does the same with fewer channels: outputs keep their size, inputs make up for it."""
    first = coded("a", "float64", (64, 1), [30, -9], axes=(0, 1), region=Box((2, 1)), step=power(-4))
    second = coded("b", "float64", (1, 64), [40, 17], axes=(0, 1), region=Box((1, 2)), step=power(-4))
    file = declare(build([first, second]), {"a": {0: OUT}, "b": {1: IN}})
    full, half = load_file(file), load_file(file, width="1/2", allow_unvalidated=True)
    assert half["a"].shape == (32, 1)
    product = (full["b"] @ full["a"])[0, 0]
    assert product != 0
    assert (half["b"] @ half["a"])[0, 0] == pytest.approx(product, rel=1e-6)


def test_coefficients_beyond_the_width_are_dropped_but_count_in_the_energy():
    """F is that of full width: a coefficient that is too large for an exact transform is so at every width."""
    part = coded("w", "float64", (4,), [1, 0, 0, (1 << 22) + 1], axes=(0,))
    file = declare(build([part]), {"w": {0: OUT}})
    with pytest.raises(CorruptError) as caught:
        load_file(file, width=2, allow_unvalidated=True)
    assert caught.value.code == Code.BAD_RECORD


def test_inputs_of_several_layers_one_behind_the_other():
    """The length of a group is the greatest common divisor of those of its axes."""
    shapes = {"one": (8,), "three": (24,), "two": (16,)}
    parts = [coded(name, "float32", shape, [5], axes=(0,), region=Box((1,))) for name, shape in shapes.items()]
    file = declare(build(parts), {name: {0: IN} for name in shapes})
    with open_file(file, width=3, allow_unvalidated=True) as at:
        assert at.widths.groups == (8,)
        assert {name: array.shape for name, array in at.items()} == {"one": (3,), "three": (9,), "two": (6,)}


# Views


@pytest.mark.parametrize(
    ("view", "target", "axes"),
    [
        ((4, 6), (4, 2, 3), [(0,), (1, 2)]),
        ((24,), (4, 2, 3), [(0, 1, 2)]),
        ((4, 2, 3), (4, 2, 3), [(0,), (1,), (2,)]),
        ((4, 9), (4, 1, 3, 3), [(0,), (1, 2, 3)]),
        ((4, 1, 9), (4, 1, 3, 3), [(0,), (1,), (2, 3)]),
        ((4, 1, 1), (4,), [(0,), (), ()]),
        ((4,), (4, 1, 1), [(0, 1, 2)]),
        ((1, 4), (4,), None),
        ((), (1,), None),
        ((2, 12), (4, 2, 3), None),
        ((4, 2), (4, 2, 3), None),
        ((0, 3), (0, 3), [(0,), (1,)]),
    ],
)
def test_merged_axes(view, target, axes):
    found = merged_axes(view, target)
    assert (None if found is None else [tuple(taken) for taken in found]) == axes


def test_a_view_has_the_products_of_the_axes_it_takes():
    entry = coded("", "float32", (5, 8, 2, 2), levels_by_number(30, 1, 90), axes=(0, 1, 2, 3), region=Scan(30))
    view = Viewed(View("fc", 0, 0, (5, 32), (32, 1)), "float32")
    file = declare(build([entry, view]), {"fc": {1: IN}})
    with open_file(file, width=3, allow_unvalidated=True) as at:
        fc = at["fc"]
        assert at.record("fc").shape == fc.shape == (5, 12)
    with Reader(file) as reader:
        entry = Decoder(reader, at_width(reader, 3, allow_unvalidated=True)).entry(0)
    assert np.array_equal(fc, entry.reshape(5, 12))


# What may be asked for


@pytest.mark.parametrize(
    ("width", "lengths"),
    [
        (16, (8, 16, 16)),
        ("16", (8, 16, 16)),
        (1000, (8, 16, 100)),
        ("1/4", (2, 4, 25)),
        ("0.25", (2, 4, 25)),
        (0.25, (2, 4, 25)),
        (np.float64(0.25), (2, 4, 25)),
        (Fraction(1, 3), (3, 6, 34)),
        (0.1, (1, 2, 10)),
        (1e-9, (1, 1, 1)),
        ("2.", (16, 32, 200)),
        ("3/2", (12, 24, 150)),
        ((8, 4, 200), (8, 4, 200)),
        ([np.int64(1), 2, 3], (1, 2, 3)),
        ("8,4,200", (8, 4, 200)),
        ("8,4,200,", (8, 4, 200)),
        ({1: 5}, (8, 5, 100)),
        (np.int32(7), (7, 7, 7)),
    ],
)
def test_ways_to_name_a_width(width, lengths):
    assert lengths_of(width, (8, 16, 100)) == lengths


@pytest.mark.parametrize(
    "width",
    [0, -1, "0", "", "x", "1/0", "-1/2", "nan", "0.0", 0.0, -0.5, float("nan"), float("inf"), (8, 4), (8, 4, 0), "8,4",
     "8,,4", "8,4,x", {3: 1}, {"a": 1}, {0: 0}, [], [1.5, 2, 3], b"16", object(), None, 1j],
)  # fmt: skip
def test_widths_that_mean_nothing(width):
    with pytest.raises(UsageError) as caught:
        lengths_of(width, (8, 16, 100))
    assert caught.value.code == Code.BAD_OPTION


def test_a_width_without_validation_must_be_allowed():
    file = tried(one(), 4, (16,))
    for width in (3, "1/8", (17,)):
        with pytest.raises(UsageError, match="validated at 4; 16") as caught:
            load_file(file, width=width)
        assert caught.value.code == Code.UNVALIDATED_WIDTH
        load_file(file, width=width, allow_unvalidated=True)
    for width, length in ((4, 4), ((16,), 16), ("1/2", 4), (8, 8), (9, 8), (1.0, 8)):
        assert load_file(file, width=width)["w"].shape == (length, 3, 3)
    with pytest.raises(UsageError, match="validated at full width only, 8"):
        load_file(one(), width=4)


def test_axes_can_be_too_long():
    with pytest.raises(UsageError, match="4097") as caught:
        load_file(one(), width=(4097,), allow_unvalidated=True)
    assert caught.value.code == Code.BAD_OPTION
    assert load_file(one(), width=(4096,), allow_unvalidated=True)["w"].shape == (4096, 3, 3)


def test_a_file_of_one_width_says_so():
    with pytest.raises(UsageError, match="full width only"):
        load_file(GOOD, width=4, allow_unvalidated=True)
    with open_file(GOOD) as file:
        assert file.widths is None


def test_the_limit_of_bytes_is_that_of_the_width():
    file = one(shape=(2, 2), region=Box((1, 1)), channels={0: OUT, 1: IN})
    tracemalloc.start()
    with pytest.raises(FrcError) as caught:
        load_file(file, width=(4096,), allow_unvalidated=True, max_bytes=4096 * 4096 * 4 - 1)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (caught.value.code, peak < 1 << 20) == (Code.TOO_LARGE, True)
    assert load_file(file, width=(1,), allow_unvalidated=True, max_bytes=16)["w"].shape == (1, 1)


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
