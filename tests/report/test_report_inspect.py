"""Inspection reads the index and the headers alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
from report.made import encoded, encoded_model, flipped, safetensors, stored

from frcodec.container.reader import Reader
from frcodec.encoder.options import Options
from frcodec.report.inspect import FileReport, inspect


def report_of(file: bytes) -> FileReport:
    with Reader(file) as reader:
        return inspect(reader)


def test_totals_and_sections_add_up(arrays: dict[str, np.ndarray]) -> None:
    model = safetensors(arrays)
    file = encoded_model(model)
    report = report_of(file)
    assert report.kind == "safetensors"
    assert (report.file_bytes, report.source_bytes) == (len(file), len(model))
    assert sum(report.sections.values()) == len(file)
    assert report.sections["framing"] == 14
    assert report.weights == sum(array.size for array in arrays.values())
    assert report.bits_per_weight == pytest.approx(8 * len(file) / report.weights)


def test_without_skeleton_the_tensors_are_the_original(arrays: dict[str, np.ndarray]) -> None:
    report = report_of(encoded(stored(arrays), metadata={"b": "2", "a": "1"}))
    assert report.kind is None
    assert report.source_bytes == sum(array.nbytes for array in arrays.values())
    assert report.sections["skeleton"] == 0 and report.sections["metadata"] > 0
    assert report.metadata == {"a": "1", "b": "2"}


def test_the_rows_are_those_that_encoding_reported(arrays: dict[str, np.ndarray]) -> None:
    from frcodec.encoder.encode import encode
    from frcodec.formats.model import Model

    out = io.BytesIO()
    options = Options(rules=("conv.weight=transform=spatial",))
    encoded = encode(Model("tensors", stored(arrays), None, frozenset()), out, options)
    found = report_of(out.getvalue())
    assert [t.name for t in found.tensors] == list(arrays)
    for before, after in zip(encoded.tensors, found.tensors, strict=True):
        assert (before.dtype, before.shape, before.coding, before.transform) == (
            after.dtype,
            after.shape,
            after.coding,
            after.transform,
        )
        assert (before.kept, before.step) == (after.kept, after.step)
        assert before.size == pytest.approx(after.size)
        assert after.snr is None and after.max_error is None
    assert found.tensors[0].transform.axes == (2, 3)
    assert sum(t.size for t in found.tensors) + 30 > found.sections["data"] > sum(t.size for t in found.tensors)


def test_views_take_nothing(tied: tuple) -> None:  # type: ignore[type-arg]
    entries, _ = tied
    report = report_of(encoded(entries))
    assert [t.coding for t in report.tensors] == ["levels", "view", "levels", "view", "view"]
    assert report.weights == 40 * 30 + 20 * 30
    assert report.tensors[1].size == 0


def test_data_sections_are_not_read(arrays: dict[str, np.ndarray]) -> None:
    file = encoded_model(safetensors(arrays))
    assert report_of(flipped(file, 20)).tensors == report_of(file).tensors


def test_an_empty_file_of_no_tensors() -> None:
    report = report_of(encoded([]))
    assert report.tensors == [] and report.weights == 0 and report.bits_per_weight is None
