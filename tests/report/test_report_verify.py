"""Soundness of a file, and its closeness to a model."""

from __future__ import annotations

import hashlib
from math import inf
from pathlib import Path

import numpy as np
import pytest
from report.made import encoded, encoded_model, flipped, safetensors, stored

from frcodec.constants import Code
from frcodec.encoder.options import Options
from frcodec.errors import CheckError, CorruptError, FileError, FrcError, UnsupportedError
from frcodec.measure import compare
from frcodec.report.verify import verify_file
from frcodec.tensors import DTYPES, Stored

Arrays = dict[str, np.ndarray]


def test_a_sound_file(arrays: Arrays, tmp_path: Path) -> None:
    file = encoded_model(safetensors(arrays))
    report = verify_file(file)
    assert report.sha256 == hashlib.sha256(file).hexdigest()
    assert (report.tensors, report.kind, report.file_bytes) == (4, "safetensors", len(file))
    assert report.decoded_bytes == sum(array.nbytes for array in arrays.values())
    assert report.matches is None and report.snr is None
    report.require()
    (tmp_path / "x.frc").write_bytes(file)
    assert verify_file(tmp_path / "x.frc") == report


def test_every_flipped_bit_is_found(arrays: Arrays) -> None:
    file = encoded_model(safetensors({name: arrays[name] for name in ("conv.bias", "steps")}))
    for at in range(len(file)):
        with pytest.raises((CorruptError, UnsupportedError)):
            verify_file(flipped(file, at))


def test_progress_ends_with_all_bytes(arrays: Arrays) -> None:
    calls: list[tuple[int, int, str]] = []
    report = verify_file(encoded(stored(arrays)), progress=lambda *call: calls.append(call))
    assert [what for _, _, what in calls][:-1] == list(arrays)
    assert calls[-1][:2] == (report.decoded_bytes, report.decoded_bytes)


def test_lossy_weights_are_measured_and_exact_ones_equal(arrays: Arrays) -> None:
    model = safetensors(arrays)
    report = verify_file(encoded_model(model, Options(snr=30.0, keep=("conv.bias",))), model)
    report.require(min_snr=29.9)
    assert report.matches is not None and report.snr is not None
    by_name = {match.name: match for match in report.matches}
    assert report.snr == pytest.approx(30, abs=0.1)
    assert by_name["conv.weight"].lossy and 20 < (by_name["conv.weight"].snr or 0) < 40
    assert 0 < (by_name["conv.weight"].max_error or 0) < 1
    assert not by_name["conv.bias"].lossy and by_name["conv.bias"].snr == inf
    with pytest.raises(CheckError, match="30.*at least 45") as caught:
        report.require(min_snr=45)
    assert caught.value.code == Code.DIFFERS


def test_encoding_and_verifying_measure_the_same(arrays: Arrays) -> None:
    import io

    from frcodec.encoder.encode import encode
    from frcodec.formats.read import read_model

    model, out = safetensors(arrays), io.BytesIO()
    encoded = encode(read_model(model, max_bytes=1 << 30), out, Options(quality=40))
    report = verify_file(out.getvalue(), model)
    assert report.snr == pytest.approx(encoded.snr)
    assert report.matches is not None
    for before, after in zip(encoded.tensors, report.matches, strict=True):
        assert after.snr == pytest.approx(before.snr)
        assert after.max_error == pytest.approx(before.max_error)


def test_views_are_compared_with_whole_tensors_and_count_once(tied: tuple) -> None:  # type: ignore[type-arg]
    entries, arrays = tied
    report = verify_file(encoded(entries, Options(snr=25.0)), safetensors(arrays))
    report.require(min_snr=24.9)
    assert report.matches is not None
    assert [match.name for match in report.matches] == list(arrays)
    assert all(match.lossy and 15 < (match.snr or 0) < 40 for match in report.matches)
    assert report.snr == pytest.approx(25, abs=0.1)


def test_bfloat16_is_measured_by_its_values() -> None:
    bits = (np.random.default_rng(5).standard_normal((64, 80)).astype("<f4").view("<u4") >> 16).astype("<u2")
    file = encoded([Stored("w", DTYPES["bfloat16"], (64, 80), bits.tobytes())], Options(snr=30.0))
    report = verify_file(file, safetensors({"w": bits}, {"w": "bfloat16"}))
    assert report.snr == pytest.approx(30, abs=0.2)


@pytest.mark.parametrize(
    ("change", "name", "difference"),
    [
        (lambda a: a.pop("conv.bias"), "conv.bias", "is not in the model"),
        (lambda a: a.update(more=np.zeros(3, "<f4")), "more", "is not in the .frc file"),
        (lambda a: a.update({"conv.bias": np.zeros(3, "<f4")}), "conv.bias", "has the shape [16], in the model [3]"),
        (lambda a: a.update({"conv.bias": np.zeros(16, "<f8")}), "conv.bias", "is float32, in the model float64"),
        (lambda a: a.update(steps=np.array(8, "<i8")), "steps", "is stored without loss, but its values differ"),
        (
            lambda a: a.update({"conv.bias": np.full(16, np.nan, "<f4")}),
            "conv.bias",
            "holds NaN or infinity in the model",
        ),
    ],
    ids=["missing", "extra", "shape", "dtype", "exact", "nan"],
)
def test_differences(arrays: Arrays, change, name: str, difference: str) -> None:  # type: ignore[no-untyped-def]
    file = encoded(stored(arrays))
    change(arrays)
    report = verify_file(file, safetensors(arrays))
    assert [(match.name, match.difference) for match in report.differences] == [(name, difference)]
    with pytest.raises(CheckError, match="does not match the model") as caught:
        report.require()
    assert caught.value.code == Code.DIFFERS and name in caught.value.message


def test_an_error_names_only_the_first_differences(arrays: Arrays) -> None:
    report = verify_file(encoded(stored(arrays)), safetensors({f"t{i}": np.zeros(2, "<f4") for i in range(50)}))
    with pytest.raises(CheckError, match="and 51 more"):
        report.require()


def test_a_lossless_file_is_equal(arrays: Arrays) -> None:
    model = safetensors(arrays)
    report = verify_file(encoded_model(model, Options(lossless=True)), model)
    report.require(min_snr=200)
    assert report.snr is None
    assert report.matches is not None and all(match.snr == inf for match in report.matches)


def test_nan_in_exact_tensors_is_equal_to_itself() -> None:
    arrays = {"w": np.array([[1.0, np.nan], [-0.0, np.inf]], "<f4")}
    verify_file(encoded(stored(arrays)), safetensors(arrays)).require()


def test_what_cannot_be_compared_is_an_error(arrays: Arrays, tmp_path: Path) -> None:
    file = encoded(stored(arrays))
    for against in (b"", b"junk", file, tmp_path, tmp_path / "none.pt"):
        with pytest.raises(FrcError):
            verify_file(file, against)
    with pytest.raises(FileError):
        verify_file(tmp_path / "none.frc")
    with pytest.raises(UnsupportedError):
        verify_file(file, max_bytes=100)


def test_measures_in_blocks_are_those_of_the_whole() -> None:
    random = np.random.default_rng(6)
    before = random.standard_normal((1 << 20) + 777).astype("<f4")
    after = before + random.standard_normal(before.size).astype("<f4") * np.float32(0.01)
    measure = compare(before, after, DTYPES["float32"])
    error = before.astype(float) - after
    assert not measure.equal
    assert measure.noise == pytest.approx(error @ error) and measure.max_error == np.abs(error).max()
    assert measure.snr == pytest.approx(40, abs=0.1)
