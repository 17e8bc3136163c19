"""The smallest file whose score keeps its bound."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

import frcodec
from frcodec import Code, Options, UsageError


class Rating:
    """Scores a module by its outputs' distance to those of the first module scored; 100 at best."""

    def __init__(self) -> None:
        self.inputs = torch.randn(40, 48, generator=torch.Generator().manual_seed(1))
        self.expected: Tensor | None = None
        self.rated: list[nn.Module] = []

    def __call__(self, module: nn.Module) -> float:
        self.rated.append(module)
        with torch.no_grad():
            found = module(self.inputs)
        if self.expected is None:
            self.expected = found
        return 100 * (1 - float((found - self.expected).norm() / self.expected.norm()))


@pytest.fixture
def module() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(48, 90), nn.ReLU(), nn.Linear(90, 46)).eval()


def saved(module: nn.Module, **arguments: object) -> bytes:
    out = io.BytesIO()
    report = frcodec.save_model(module, out, threads=1, **arguments)
    assert report.file_bytes == len(out.getvalue())
    return out.getvalue()


def rating_of(data: bytes, module: nn.Module) -> float:
    """The score of the weights in a file."""
    rate = Rating()
    rate(module)
    other = nn.Sequential(nn.Linear(48, 90), nn.ReLU(), nn.Linear(90, 46))
    frcodec.load_model(other, io.BytesIO(data))
    return rate(other)


def test_the_score_drops_by_what_is_allowed_and_not_by_much_less(module):
    sizes = []
    for drop in (1.0, 15.0):
        data = saved(module, score=Rating(), max_drop=drop)
        assert 100 - drop <= rating_of(data, module) < 100 - 0.75 * drop
        sizes.append(len(data))
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] < 0.8 * sizes[0]


def test_rules_and_calibration_hold_in_the_search(module):
    batches = [torch.randn(32, 48, generator=torch.Generator().manual_seed(seed)) for seed in (2, 3)]
    options = Options(calibration=frcodec.calibrate(module, batches), keep=("^2[.]weight$",))
    data = saved(module, score=Rating(), max_drop=2.0, options=options)
    assert torch.equal(torch.from_numpy(frcodec.load_file(data)["2.weight"]), module[2].weight)
    assert 98 <= rating_of(data, module) < 99


def test_the_module_is_rated_once_and_left_alone(module):
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    rate = Rating()
    saved(module, score=rate, max_drop=1.0)
    assert [each is module for each in rate.rated] == [True] + [False] * (len(rate.rated) - 1)
    assert len(rate.rated) <= 10
    assert all(torch.equal(before[name], tensor) for name, tensor in module.state_dict().items())


def test_a_constant_score_gives_the_lowest_quality(module):
    assert saved(module, score=lambda _: 0.0, max_drop=0.0) == saved(module, options=Options(quality=0.0))


def test_a_score_that_only_the_weights_themselves_have_is_refused(module):
    weight = module[0].weight.clone()
    message = refused(lambda: saved(module, score=lambda m: float(torch.equal(m[0].weight, weight)), max_drop=0.5))
    assert "At quality 100 the score is 0, below the 0.5" in message


@pytest.mark.parametrize(
    "arguments",
    [
        {"score": len},
        {"max_drop": 1.0},
        {"score": len, "max_drop": -0.5},
        {"score": len, "max_drop": float("nan")},
        *(
            {"score": len, "max_drop": 1.0, "options": Options(**{name: 50})}
            for name in ("quality", "snr", "max_error", "target_size")
        ),
    ],
    ids=str,
)
def test_mistakes_are_refused_before_anything_is_scored(module, arguments):
    refused(lambda: saved(module, **arguments))


def test_a_calibration_of_another_model_is_refused(module):
    other = frcodec.calibrate(nn.Linear(3, 2), [torch.randn(4, 3)])
    refused(lambda: saved(module, score=Rating(), max_drop=1.0, options=Options(calibration=other)))


def refused(work: Callable[[], object]) -> str:
    with pytest.raises(UsageError) as raised:
        work()
    assert raised.value.code is Code.BAD_OPTION
    return raised.value.message


def test_an_existing_file_is_refused_without_force(module, tmp_path):
    path = tmp_path / "module.frc"
    path.write_bytes(b"mine")
    with pytest.raises(UsageError) as raised:
        frcodec.save_model(module, path, score=Rating(), max_drop=5.0)
    assert raised.value.code is Code.OUTPUT_EXISTS
    assert path.read_bytes() == b"mine"
    frcodec.save_model(module, path, score=Rating(), max_drop=5.0, force=True)
    assert rating_of(path.read_bytes(), module) >= 95
