"""Other widths: the cosines on another grid, what a caller may ask for, and what a file says about it."""

from __future__ import annotations

from math import cos, gcd, pi, sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_decoder
from strategies import LOSSY, levels, regions
from vectors.building import Viewed, build, coded, levels_by_number, power
from width_files import IN, OUT

from frcodec import Code, CorruptError, load_file, native, open_file
from frcodec.container.reader import Reader
from frcodec.container.widths import merged_axes
from frcodec.decoder.decode import Decoder
from frcodec.decoder.width import at_width
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import step_of
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES, View
from frcodec.widths import Channel, declare

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
