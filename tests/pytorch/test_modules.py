"""torch modules to files and back, and everything else without torch."""

import io
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn

import frcodec
from frcodec import Code, Options, UnsupportedError, UsageError


class Tied(nn.Module):
    """An embedding that is also the output layer, a norm, and a half-precision weight."""

    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(200, 32), nn.Linear(32, 200, bias=False)
        self.head.weight = self.embed.weight
        self.norm = nn.BatchNorm1d(32)
        self.brief = nn.Parameter(torch.randn(70, 80).bfloat16())
        self.register_buffer("positions", torch.arange(50))


def saved(module, **options):
    out = io.BytesIO()
    report = frcodec.save_model(module, out, options=Options(**options))
    return out.getvalue(), report


def test_a_module_comes_back_near_and_tied():
    torch.manual_seed(0)
    before, after = Tied(), Tied()
    data, report = saved(before, snr=40)
    assert frcodec.load_model(after, io.BytesIO(data)) == []
    assert after.embed.weight is after.head.weight
    assert [t.coding for t in report.tensors if t.name == "head.weight"] == ["view"]
    error = (after.embed.weight - before.embed.weight).norm() / before.embed.weight.norm()
    assert 0 < error < 0.02
    assert after.brief.dtype == torch.bfloat16
    assert torch.equal(after.positions, before.positions)
    assert torch.equal(after.norm.num_batches_tracked, before.norm.num_batches_tracked)


def test_lossless_is_equal_bit_for_bit():
    before, after = Tied(), Tied()
    data, _ = saved(before, lossless=True)
    frcodec.load_model(after, io.BytesIO(data))
    assert all(
        torch.equal(a, b) for a, b in zip(before.state_dict().values(), after.state_dict().values(), strict=True)
    )


def test_layouts_do_not_matter():
    conv = nn.Conv2d(16, 8, 3)
    plain, _ = saved(conv)
    channels_last, _ = saved(conv.to(memory_format=torch.channels_last))
    assert plain == channels_last


@pytest.mark.parametrize("other", [nn.Linear(4, 3), nn.Linear(3, 4, bias=False), nn.Conv1d(3, 4, 1)])
def test_another_module_is_refused_and_left_alone(other):
    data, _ = saved(nn.Linear(3, 4))
    before = {name: tensor.clone() for name, tensor in other.state_dict().items()}
    with pytest.raises(UsageError) as raised:
        frcodec.load_model(other, io.BytesIO(data))
    assert raised.value.code is Code.BAD_TENSOR
    assert all(torch.equal(before[name], tensor) for name, tensor in other.state_dict().items())


def test_a_file_of_part_of_a_module_may_be_allowed():
    data, _ = saved(nn.Linear(3, 4, bias=False), lossless=True)
    module = nn.Linear(3, 4)
    assert frcodec.load_model(module, io.BytesIO(data), strict=False) == ["bias"]


WITHOUT_TORCH = """
import sys
sys.modules["torch"] = None
import io, numpy, pathlib
import frcodec
source = pathlib.Path(sys.argv[1])
out = io.BytesIO()
frcodec.encode_file(source, out)
back = io.BytesIO()
frcodec.decode_file(io.BytesIO(out.getvalue()), back)
assert len(back.getvalue()) == source.stat().st_size
assert frcodec.load_file(out.getvalue())["weight"].shape == (90, 60)
from frcodec.cli.main import main
try:
    frcodec.load_model(None, io.BytesIO(out.getvalue()))
except frcodec.UnsupportedError as error:
    print(error.code.name)
"""


def test_everything_but_modules_works_without_torch(tmp_path):
    torch.save(nn.Linear(60, 90).state_dict(), tmp_path / "m.pt")
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_TORCH, str(tmp_path / "m.pt")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["NEEDS_TORCH"]


def test_rebuilt_models_compute_the_same_as_their_weights(tmp_path):
    """encode_file and decode_file give TorchScript that runs on the decoded weights."""
    torch.manual_seed(1)
    net = nn.Sequential(nn.Conv2d(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, 32, 3)).eval()
    inputs = torch.randn(2, 3, 12, 12)
    torch.jit.trace(net, inputs).save(tmp_path / "net.pt")
    frcodec.encode_file(tmp_path / "net.pt", tmp_path / "net.frc")
    frcodec.decode_file(tmp_path / "net.frc", tmp_path / "rebuilt.pt")
    weights = frcodec.load_file(tmp_path / "net.frc")
    net.load_state_dict({name: torch.from_numpy(np.array(weights[name])) for name in net.state_dict()})
    assert torch.equal(torch.jit.load(tmp_path / "rebuilt.pt")(inputs), net(inputs))


def test_needs_torch_has_its_own_status():
    assert UnsupportedError.status == Code.NEEDS_TORCH // 100
