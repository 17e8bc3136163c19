"""Whole files of any tensors under any options."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from saving import again, bits, identical, network, saved
from strategies import options, tensor_dicts

from frcodec import FrcError, load_file, open_file, save_file
from frcodec.constants import MAX_NAME_BYTES
from frcodec.encoder.options import Options


@settings(max_examples=300)
@given(tensor_dicts(), options())
def test_any_tensors_under_any_options(tensors, asked):
    """Same names, shapes and dtypes; everything but float weights exactly, the weights finite and near."""
    if not tensors:
        asked = Options()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loaded = again(tensors, **_as_dict(asked))
    assert list(loaded) == list(tensors)
    for name, tensor in tensors.items():
        found = loaded[name]
        assert (found.shape, found.dtype.name) == (tensor.shape, tensor.dtype.name)
        if tensor.dtype.kind != "f" or asked.lossless or not np.isfinite(tensor).all():
            assert identical(found, tensor)
        elif asked.max_error is not None and not asked.rules:
            difference = tensor.astype(np.float64) - found.astype(np.float64)
            assert np.abs(difference).max(initial=0) <= asked.max_error
        assert np.isfinite(found[np.isfinite(tensor)]).all()


def _as_dict(asked):
    return {name: getattr(asked, name) for name in ("snr", "max_error", "quality", "rules", "keep", "lossless")}


@settings(max_examples=100)
@given(tensor_dicts())
def test_lossless_is_lossless(tensors):
    loaded = again(tensors, lossless=True)
    assert all(identical(loaded[name], tensor) for name, tensor in tensors.items())


@settings(max_examples=60)
@given(tensor_dicts(max_tensors=3), options(), st.integers(2, 4))
def test_files_and_tensors_are_the_same_every_time(tensors, asked, threads):
    asked = asked if tensors else Options()
    first = saved(tensors, **_as_dict(asked))
    assert saved(tensors, threads=threads, **_as_dict(asked)) == first
    loaded, once_more = load_file(first), load_file(first)
    assert all(bits(loaded[name]) == bits(once_more[name]) for name in tensors)


@pytest.mark.parametrize(
    "asked", [{}, {"snr": 30.0}, {"max_error": 1e-3}, {"lossless": True}, {"rules": ("conv=transform=all",)}]
)
def test_same_bytes_at_any_number_of_threads(asked):
    first = saved(network(), threads=1, **asked)
    assert saved(network(), threads=2, **asked) == first
    assert saved(network(), threads=4, **asked) == first


@example({"a": np.zeros((0, 3), np.float32), "b": np.ones((), np.float32), "c": np.zeros((), np.float16)})
@example({"a": np.float32(3.5), "b": np.array(7, np.int8), "c": np.zeros((2, 0, 4), np.complex128)})
@example({})
@given(tensor_dicts())
def test_single_tensors_are_those_of_the_whole(tensors):
    data = saved(tensors)
    whole = load_file(data)
    with open_file(data) as file:
        assert list(file) == list(tensors)
        assert len(file) == len(tensors)
        for name in reversed(list(file)):
            assert identical(file[name], whole[name])
            assert file.record(name).shape == tensors[name].shape


def test_the_order_of_names_is_kept():
    tensors = {f"t{i}": np.full(3, i, np.int32) for i in (5, 3, 9, 1)}
    assert list(again(tensors)) == list(tensors)


def test_paths_streams_and_bytes_are_alike(tmp_path):
    path = tmp_path / "model.frc"
    save_file(network(), path)
    data = path.read_bytes()
    expected = load_file(data)
    with path.open("rb") as stream:
        sources = [path, str(path), memoryview(data), stream]
        for source in sources:
            loaded = load_file(source)
            assert all(identical(loaded[name], expected[name]) for name in expected)


def test_arrays_stay_valid_when_the_file_is_closed(tmp_path):
    path = tmp_path / "model.frc"
    save_file(network(), path, options=Options(lossless=True))
    with open_file(path) as file:
        arrays = {name: file[name] for name in file}
    path.unlink()
    assert all(identical(arrays[name], tensor) for name, tensor in network().items())


@given(
    st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"]), max_size=9), st.text(st.characters(exclude_categories=["Cs"]))
    )
)
def test_metadata_comes_back(metadata):
    with open_file(saved({}, metadata=metadata)) as file:
        assert file.metadata == metadata
        assert list(file.metadata) == sorted(metadata)


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("", np.ones(1)),
        ("a\0b", np.ones(1)),
        ("é" * (MAX_NAME_BYTES // 2) + "x", np.ones(1)),
        ("\ud800", np.ones(1)),
        (5, np.ones(1)),
        ("w", [1.0, 2.0]),
        ("w", None),
        ("w", np.array(["text"])),
        ("w", np.array([object()])),
        ("w", np.array(["2020-01-01"], "datetime64[D]")),
        ("w", np.zeros(2, "V4")),
        ("w", np.zeros((1,) * 33)),
        ("w", np.ones(2, np.longdouble)),
    ],
)
def test_what_cannot_be_stored_is_refused(name, array):
    with pytest.raises(FrcError) as caught:
        saved({name: array})
    assert caught.value.status == 2


@pytest.mark.parametrize(
    "metadata", [{"a": "\ud800"}, {"\ud800": "a"}, {"a": 1}, {1: "a"}, {"a": "x" * (1 << 20)}, {"a": b"x"}]
)
def test_metadata_that_cannot_be_stored_is_refused(metadata):
    with pytest.raises(FrcError) as caught:
        saved({}, metadata=metadata)
    assert caught.value.status == 2


def test_the_largest_metadata_can_be_read():
    metadata = {"a": "x" * ((1 << 20) - 100)}
    with open_file(saved({}, metadata=metadata)) as file:
        assert file.metadata == metadata
