"""Calibration and target sizes on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from cli.running import Result, run
from torch import Tensor, nn

from frcodec import Options, api, calibrate

Call = Callable[..., Result]


class Pair(nn.Module):
    """Two arguments, so that their order shows."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, 80), nn.Linear(48, 80)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.first(x).relu() + self.second(y)


def inputs(count: int = 20) -> tuple[Tensor, Tensor]:
    """Arguments whose columns are related."""
    generator = torch.Generator().manual_seed(3)
    hidden, mixing = torch.randn(count, 9, generator=generator), torch.randn(9, 112, generator=generator)
    return (hidden @ mixing).split((64, 48), dim=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models and inputs, which tests only read."""
    folder = tmp_path_factory.mktemp("calibration")
    torch.manual_seed(0)
    pair = Pair().eval()
    torch.jit.save(torch.jit.script(pair), folder / "script.pt")
    torch.save(pair.state_dict(), folder / "weights.pth")
    torch.jit.save(torch.jit.script(nn.Linear(64, 80)), folder / "other.pt")
    x, y = inputs()
    np.savez(folder / "inputs.npz", x=x.numpy(), y=y.numpy())
    torch.save((x, y), folder / "inputs.pt")
    torch.save([(x[:16], y[:16]), (x[16:], y[16:])], folder / "batches.pt")
    torch.save([{"x": x[:16], "y": y[:16]}, {"y": y[16:], "x": x[16:]}], folder / "keywords.pt")
    torch.save(x, folder / "alone.pt")
    np.savez(folder / "swapped.npz", y=y.numpy(), x=x.numpy())
    np.savez(folder / "empty.npz", x=x.numpy()[:0], y=y.numpy()[:0])
    np.savez(folder / "uneven.npz", x=x.numpy(), y=y.numpy()[:5])
    np.savez(folder / "scalar.npz", x=np.float32(3))
    np.savez(folder / "text.npz", x=np.array(["a", "b"]))
    np.savez(folder / "objects.npz", x=np.array([{}, []], object))
    np.savez(folder / "nothing.npz")
    torch.save({"x": x}, folder / "dictionary.pt")
    torch.save(pair, folder / "pickled.pt")
    (folder / "noise.npz").write_bytes(bytes(range(256)))
    (folder / "noise.pt").write_bytes(bytes(range(256)))
    (folder / "nil.pt").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def expected(files: Path) -> bytes:
    """The file that all kinds of inputs should lead to."""
    x, y = inputs()
    module = torch.jit.load(files / "script.pt").eval()
    known = calibrate(module, [(x[:16], y[:16]), (x[16:], y[16:])])
    api.encode_file(files / "script.pt", files / "expected.frc", options=Options(calibration=known), threads=1)
    return (files / "expected.frc").read_bytes()


@pytest.mark.parametrize("name", ["inputs.npz", "inputs.pt", "batches.pt", "keywords.pt"])
def test_all_kinds_of_inputs_calibrate_alike(
    call: Call, files: Path, tmp_path: Path, expected: bytes, name: str
) -> None:
    done = call("encode", files / "script.pt", "-o", tmp_path / "net.frc", "--calibrate", files / name)
    assert done.status == 0, done.err
    assert (tmp_path / "net.frc").read_bytes() == expected
    assert call("verify", tmp_path / "net.frc", "--against", files / "script.pt").status == 0


def test_weights_are_calibrated_by_a_module_beside_them(call: Call, files: Path, tmp_path: Path) -> None:
    target = tmp_path / "net.frc"
    arguments = ["--calibrate", files / "inputs.npz", "--module", files / "script.pt"]
    assert call("encode", files / "weights.pth", "-o", target, *arguments).status == 0
    calibrated = api.load_file(target)
    api.encode_file(files / "weights.pth", target, force=True)
    assert not np.array_equal(calibrated["first.weight"], api.load_file(target)["first.weight"])


def test_a_model_from_stdin_needs_a_module(call: Call, files: Path) -> None:
    weights = (files / "weights.pth").read_bytes()
    refused = call("encode", "-", "--calibrate", files / "inputs.npz", stdin=weights)
    assert (refused.status, refused.out) == (2, b"")
    assert "pass its TorchScript with --module" in refused.err


def test_nothing_but_our_own_words_on_stderr(files: Path) -> None:
    """With all that a process of its own would show."""
    arguments = ["--calibrate", files / "inputs.npz", "--module", files / "script.pt"]
    done = run("encode", "-", *arguments, stdin=(files / "weights.pth").read_bytes())
    assert done.status == 0 and done.out[1:4] == b"FRC"
    assert done.err.startswith("stdin → stdout") and done.err.count("\n") == 1


def test_quality_and_size_go_with_calibration(call: Call, files: Path, tmp_path: Path) -> None:
    sizes = []
    for number, asked in enumerate((["--quality", "20"], ["--quality", "60"], ["--target-size", "5K"])):
        target = tmp_path / f"{number}.frc"
        done = call("encode", files / "script.pt", "-o", target, "--calibrate", files / "inputs.npz", *asked)
        assert done.status == 0, done.err
        sizes.append(target.stat().st_size)
    assert sizes[0] < sizes[1] and 0.97 * 5 * 1024 <= sizes[2] <= 5 * 1024


def test_a_dry_run_calibrates_too(call: Call, files: Path, tmp_path: Path, expected: bytes) -> None:
    done = call("encode", files / "script.pt", "--calibrate", files / "inputs.npz", "--dry-run", "--json")
    assert json.loads(done.text)["file_bytes"] == len(expected)


MISTAKES = [
    (["script.pt", "--module", "script.pt"], "--module runs the inputs of --calibrate"),
    (["weights.pth", "--calibrate", "inputs.npz"], "weights.pth is no TorchScript module"),
    (["weights.pth", "--calibrate", "inputs.npz", "--module", "none.pt"], "none.pt"),
    (["weights.pth", "--calibrate", "inputs.npz", "--module", "inputs.npz"], "is no TorchScript module"),
    (["weights.pth", "--calibrate", "inputs.npz", "--module", "."], "is no TorchScript module"),
    (["weights.pth", "--calibrate", "alone.pt", "--module", "other.pt"], "none of this model's tensors"),
    (["script.pt", "--calibrate", "none.npz"], "cannot be read"),
    (["script.pt", "--calibrate", "none.pt"], "cannot be read"),
    (["script.pt", "--calibrate", "."], "cannot be read"),
    (["script.pt", "--calibrate", "noise.npz"], "cannot be read"),
    (["script.pt", "--calibrate", "noise.pt"], "cannot be read"),
    (["script.pt", "--calibrate", "nil.pt"], "cannot be read"),
    (["script.pt", "--calibrate", "pickled.pt"], "cannot be read"),
    (["script.pt", "--calibrate", "text.npz"], "cannot be read"),
    (["script.pt", "--calibrate", "objects.npz"], "cannot be read"),
    (["script.pt", "--calibrate", "nothing.npz"], "samples along the first axis"),
    (["script.pt", "--calibrate", "uneven.npz"], "samples along the first axis"),
    (["script.pt", "--calibrate", "scalar.npz"], "samples along the first axis"),
    (["script.pt", "--calibrate", "dictionary.pt"], "samples along the first axis"),
    (["script.pt", "--calibrate", "empty.npz"], "no calibration input"),
    (["script.pt", "--calibrate", "alone.pt"], "does not take a calibration input"),
    (["script.pt", "--calibrate", "swapped.npz"], "does not take a calibration input"),
    (["script.pt", "--calibrate", "inputs.npz", "--snr", "30"], "Calibration goes with a quality or a target size"),
    (["script.pt", "--calibrate", "inputs.npz", "--lossless"], "Calibration goes with a quality or a target size"),
    (["script.pt", "--target-size", "5K", "--quality", "30"], "--quality and --target-size exclude each other"),
    (["script.pt", "--target-size", "100"], "A target of 100 bytes cannot be met"),
    (["script.pt", "--target-size", "much"], "'much' is no size"),
]


@pytest.mark.parametrize(("arguments", "message"), MISTAKES, ids=[" ".join(m[0]) for m in MISTAKES])
def test_mistakes_are_told_in_one_sentence(
    call: Call, files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(files)
    done = call("encode", *arguments, "-o", tmp_path / "x.frc")
    assert (done.status, done.out) == (2, b"")
    assert done.err.startswith("frcodec: error: ") and message in done.err and "Traceback" not in done.err
    assert not list(tmp_path.iterdir())


def damaged(data: bytes) -> Iterator[bytes]:
    """The same bytes with some bits flipped or the end cut off."""
    rng = np.random.default_rng(5)
    for number in range(20):
        broken = bytearray(data)
        for _ in range(1 + number % 3):
            broken[rng.integers(len(broken))] ^= 1 << rng.integers(8)
        yield bytes(broken if number % 5 else broken[: rng.integers(len(broken))])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["npz", "pt", "legacy"])
def test_damaged_inputs_are_told(call: Call, files: Path, tmp_path: Path, kind: str) -> None:
    """Or taken for what they say, where no checksum protects them."""
    path = tmp_path / ("x.npz" if kind == "npz" else "x.pt")
    x, y = inputs(4)
    if kind == "npz":
        np.savez_compressed(path, x=x.round().numpy(), y=y.round().numpy())
    else:
        torch.save((x, y), path, _use_new_zipfile_serialization=kind == "pt")
    refused = 0
    for broken in damaged(path.read_bytes()):
        path.write_bytes(broken)
        done = call("encode", files / "script.pt", "--dry-run", "-q", "--calibrate", path)
        assert done.status in (0, 2), done.err
        refused += done.status == 2
    assert refused > 5
