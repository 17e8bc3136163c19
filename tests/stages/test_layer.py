"""One tensor through all the stages."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.fft import idct
from strategies import SEEDS, layers, levels, regions, shapes, takes_row_steps, transforms

from frcodec.constants import MAX_LEVEL, Code
from frcodec.errors import CorruptError
from frcodec.stages import layer, transform
from frcodec.stages.elements import to_elements, to_reals
from frcodec.stages.layer import Layer
from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import MAX_CODE, code_below, step_of
from frcodec.stages.transform import Transform
from frcodec.tensors import DTYPES, Stored


def _whole(values, made):
    box = made.region.scatter(values, made.shape)
    whole = np.zeros(made.shape)
    whole[tuple(slice(0, k) for k in box.shape)] = box
    return whole


def _row_steps(made):
    """Row steps of the kept rows, where there may be some."""
    if not takes_row_steps(made):
        return st.none()
    rows = made.region.kept[0]
    near = st.integers(-3, 3) | st.integers(-128, 127)
    return st.none() | st.lists(near, min_size=rows, max_size=rows).map(lambda steps: np.array(steps, np.int64))


def _inverse(whole, how):
    """Floating point inverse DCT, run by run."""
    for axis in how.axes:
        run = how.runs(whole.shape[axis])
        parts = np.split(whole, range(run, whole.shape[axis], run), axis)
        whole = np.concatenate([idct(part, axis=axis, norm="ortho") for part in parts], axis)
    return whole


@settings(max_examples=400)
@given(st.data())
def test_decoding_is_the_formula(data):
    """Against a floating point inverse DCT: equal without transform, close with one."""
    made = data.draw(layers())
    values = data.draw(levels(made.region.count))
    whole = _whole(values, made)
    row_steps = data.draw(_row_steps(made))
    codes = made.step + 64 * (np.zeros(1, np.int64) if row_steps is None else row_steps)
    try:
        found = layer.decode(values, made, row_steps)
    except CorruptError as error:
        assert error.code in (Code.BAD_VALUE, Code.BAD_RECORD, Code.BAD_STREAM)
        if error.code == Code.BAD_STREAM:
            assert ((codes < 0) | (codes > MAX_CODE)).any()
        elif error.code == Code.BAD_RECORD:
            assert transform.fraction_bits(transform.energy(values)) < 8
        else:
            assert step_of(int(codes.max())) * np.sqrt((whole**2).sum()) > 65504
        return
    assert found.shape == made.shape
    assert found.dtype == made.dtype.storage
    if made.integer:
        assert np.array_equal(found.view(np.uint8), (whole.astype(np.int64) + made.step) % 256)
        return
    step = np.array(step_of(made.step))
    if row_steps is not None:  # rows outside of the box are zero, whatever their step
        step = np.array([step_of(int(code)) for code in codes] + [1.0] * (len(whole) - len(codes)))
        step = step.reshape(-1, *[1] * (whole.ndim - 1))
    if not made.transform.axes:
        assert np.array_equal(found, to_elements(np.asarray(whole * step), made.dtype))
        return
    ideal = _inverse(whole, made.transform) * step
    energy = transform.energy(values)
    bound = step * 2.0 ** -transform.fraction_bits(energy) * 3 + step * np.sqrt(energy) * 1e-6
    rounding = {"float64": 0, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}[made.dtype.name]
    slack = bound + np.abs(ideal) * rounding * 1.01 + 2.0**-25 * (made.dtype.name == "float16")
    assert (np.abs(to_reals(found, made.dtype) - ideal) <= slack).all()


@settings(max_examples=100)
@given(st.data())
def test_blocks_change_nothing(data):
    """The inverse works in slabs; their size must not matter."""
    shape = data.draw(shapes(max_rank=3, max_size=400, min_rank=2, min_side=1))
    made = Layer(DTYPES["float32"], shape, data.draw(transforms(shape)), data.draw(regions(shape)), 85 << 8)
    values = data.draw(levels(made.region.count)) >> 14
    row_steps = data.draw(_row_steps(made))
    found = []
    for block in (1, 7, 100, 1 << 20):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(layer, "_BLOCK", block)
            found.append(layer.decode(values, made, row_steps))
    assert all(np.array_equal(found[0], other) for other in found)


@pytest.mark.parametrize(
    ("how", "region"),
    [(Transform(), Scan(5)), (Transform((0,)), Box((3, 4))), (Transform((0, 1), 2), Box((2, 2)))],
)
def test_row_steps_need_rows(how, region):
    made = Layer(DTYPES["float32"], (3, 4), how, region, 90 << 8)
    with pytest.raises(CorruptError) as caught:
        layer.decode(np.zeros(region.count, np.int32), made, np.zeros(3, np.int64))
    assert caught.value.code == Code.BAD_STREAM


@given(st.sampled_from(["int8", "uint8"]), st.integers(0, 255), SEEDS, shapes(max_size=500))
def test_integers_are_exact_around_any_center(name, center, seed, shape):
    array = np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8).view(name)
    tensor = Stored("w", DTYPES[name], shape, array.tobytes())
    values = layer.integer_points(tensor, center)
    assert np.abs(values).max(initial=0) <= 128
    made = Layer(DTYPES[name], shape, Transform(), Box(shape), center)
    assert np.array_equal(layer.decode(values.reshape(-1), made), array)


@settings(max_examples=150)
@given(shapes(max_rank=3, max_size=300, min_rank=0, min_side=1), SEEDS, st.integers(60 << 8, 100 << 8), st.data())
def test_quantized_coefficients_are_within_half_a_step(shape, seed, code, data):
    how = data.draw(transforms(shape))
    values = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    step = step_of(code)
    coefs = layer.coefficients(Stored("w", DTYPES["float32"], shape, values.tobytes()), how)
    assert coefs.shape == shape
    if np.abs(coefs).max(initial=0) / step > MAX_LEVEL:
        assert layer.round_to_points(coefs, step) is None
        return
    found = layer.round_to_points(coefs, step)
    assert found is not None
    assert found.dtype == np.int32
    assert found.shape == shape
    assert (np.abs(found * step - coefs) <= step * 0.5000001).all()
    assume(transform.fraction_bits(transform.energy(found)) >= 8)
    made = Layer(DTYPES["float32"], shape, how, Box(shape), code)
    error = np.abs(layer.decode(found.reshape(-1), made) - values)
    assert (error <= step * 0.5 * np.sqrt(values.size) + 1e-5).all()


@given(st.sampled_from(["float32", "float16", "bfloat16", "float64"]), shapes(max_size=300))
def test_no_level_at_all_gives_zeros(name, shape):
    for region in (Box((0,) * len(shape)), Box(shape)):
        made = Layer(DTYPES[name], shape, Transform(), region, code_below(1.0))
        found = layer.decode(np.zeros(region.count, np.int32), made)
        assert found.shape == shape
        assert not found.view(f"u{found.itemsize}").any()
