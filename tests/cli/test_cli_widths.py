"""decode --width, and what inspect and verify say about widths."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli.running import HOSTILE, Result
from vectors.building import Rebuilt, build, coded, exact, power

from frcodec import load_file
from frcodec.stages.region import Box
from frcodec.widths import Channel, declare, validate

Call = Callable[..., Result]
LABEL = "top-1 %"


def file_at(path: Path, *widths: int, rebuilt: Rebuilt | None = None, label: str = LABEL, score: str = "97.5") -> Path:
    """A file with a tensor of 8 channels."""
    parts = [
        coded("w", "float32", (8, 3), [30, 9, -4, 2], axes=(0, 1), region=Box((2, 2)), step=power(-5)),
        exact("n", np.arange(5)),
    ]
    file = declare(build(parts, rebuilt=rebuilt), {"w": {0: Channel(0)}})
    path.write_bytes(validate(file, widths, lambda at: score, lambda at: 4321, label=label))
    return path


def npz(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


@pytest.mark.parametrize("width", ["4", "1/2", "0.5", "4,"])
def test_decoding_at_a_validated_width(call: Call, tmp_path: Path, width: str) -> None:
    source = file_at(tmp_path / "net.frc", 4, 8)
    done = call("decode", source, "--to", "npz", "--width", width)
    assert (done.status, done.out) == (0, b"")
    assert "npz file of tensors at width 4, checksums verified" in done.err and "warning" not in done.err
    found, expected = npz(tmp_path / "net.npz"), load_file(source, width=4)
    assert found["w"].shape == (4, 3)
    assert all(np.array_equal(found[name], expected[name]) for name in expected)


def test_a_width_without_validation_must_be_allowed_and_gives_a_warning(call: Call, tmp_path: Path) -> None:
    source = file_at(tmp_path / "net.frc", 4)
    refused = call("decode", source, "--width", "3")
    assert refused.status == 2 and "[E207 unvalidated_width]" in refused.err
    assert "not validated at the width 3" in refused.err and "It was validated at 4." in refused.err
    assert "--allow-unvalidated" in refused.err
    assert call("decode", source, "--width", "3", "--force").status == 2
    assert not (tmp_path / "net.safetensors").exists()
    done = call("decode", source, "--width", "3", "--allow-unvalidated")
    assert done.status == 0 and "at width 3, not validated" in done.err and "warning" in done.err
    assert (tmp_path / "net.safetensors").is_file()


def test_full_width_is_the_ordinary_file(call: Call, tmp_path: Path) -> None:
    source = file_at(tmp_path / "net.frc", 4, rebuilt=Rebuilt("PyTorch zip", (b"PK", 0)))
    assert call("decode", source, "--width", "8", "-q").status == 0
    assert (tmp_path / "net.pt").read_bytes() == b"PK" + load_file(source)["w"].tobytes()


def test_a_model_file_has_full_width_only(call: Call, tmp_path: Path) -> None:
    source = file_at(tmp_path / "net.frc", 4, rebuilt=Rebuilt("PyTorch zip", (b"PK", 0)))
    refused = call("decode", source, "--width", "4")
    assert refused.status == 2 and "--to pt" in refused.err
    assert not (tmp_path / "net.pt").exists()
    assert call("decode", source, "--width", "4", "--to", "safetensors", "-q").status == 0
    assert (tmp_path / "net.safetensors").is_file()


@pytest.mark.parametrize("width", ["", "x", "0", "-4", "1/0", "4,4", "9999,"])
def test_widths_that_mean_nothing(call: Call, tmp_path: Path, width: str) -> None:
    refused = call("decode", file_at(tmp_path / "net.frc", 4), "--width", width, "--allow-unvalidated")
    assert refused.status == 2 and "[E201 bad_option]" in refused.err


def test_a_file_without_channel_axes(call: Call, made: Path, tmp_path: Path) -> None:
    refused = call("decode", made / "net.frc", "--width", "4", "-o", tmp_path / "x.npz")
    assert refused.status == 2 and "full width only" in refused.err


def test_json_of_decode(call: Call, tmp_path: Path) -> None:
    source = file_at(tmp_path / "net.frc", 4)
    found = json.loads(call("decode", source, "--width", "4", "--json").text)
    assert (found["width"], found["validated"]) == ([4], True)
    found = json.loads(call("decode", source, "--width", "3", "--json", "--allow-unvalidated", "--force").text)
    assert (found["width"], found["validated"]) == ([3], False)
    found = json.loads(call("decode", source, "--json", "--force").text)
    assert (found["width"], found["validated"]) == (None, None)


def test_inspect_lists_the_widths(call: Call, tmp_path: Path) -> None:
    source = file_at(tmp_path / "net.frc", 4, 8)
    shown = call("inspect", source).text
    assert "full width 8; validated:" in shown and "score = top-1 %" in shown and "widths " in shown
    table = [line.split() for line in shown.splitlines()]
    assert ["width", "weights", "multiply-adds", "score"] in table
    assert ["4", str(4 * 3 + 5), "4,321", "97.5"] in table
    assert ["8", str(8 * 3 + 5), "4,321", "97.5"] in table
    found = json.loads(call("inspect", source, "--json").text)
    assert found["widths"]["groups"] == [8] and found["widths"]["label"] == LABEL
    assert found["widths"]["validated"][0] == {"lengths": [4], "score": "97.5", "weights": 17, "multiply_adds": 4321}
    assert found["sections"]["widths"] > 20


def test_inspect_without_validated_widths_and_without_channels(call: Call, made: Path, tmp_path: Path) -> None:
    assert json.loads(call("inspect", made / "net.frc", "--json").text)["widths"] is None
    assert "width" not in call("inspect", made / "net.frc").text
    source = tmp_path / "x.frc"
    plain = build([coded("w", "float32", (4,), [3], axes=(0,), region=Box((1,)))])
    source.write_bytes(declare(plain, {"w": {0: Channel(0)}}))
    assert "full width 4; no other was validated" in call("inspect", source).text


def test_texts_of_a_file_are_safe_to_show(call: Call, tmp_path: Path) -> None:
    source = file_at(tmp_path / "net.frc", 4, label=HOSTILE, score=HOSTILE)
    shown = call("inspect", source).text
    assert "\x1b" not in shown and "\u202e" not in shown and "\\x1b[31m" in shown


def test_verify_tries_every_width(call: Call, tmp_path: Path) -> None:
    good = file_at(tmp_path / "net.frc", 4, 8, 2)
    assert "3 widths" in call("verify", good).text
    assert json.loads(call("verify", good, "--json").text)["widths"] == 3
