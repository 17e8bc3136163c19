"""A regularized network works at fewer and more channels than it was trained with."""

import io

import pytest
import torch
from nets import pictures, train
from torch import nn

import frcodec
from frcodec.train import Rule, regularize
from frcodec.widths import Channel, declare, validate

FULL = (24, 48)
AXES = {
    "conv.weight": {0: Channel(0)},
    "deep.weight": {0: Channel(0), 1: Channel(0, input=True)},
    "hidden.weight": {0: Channel(1), 1: Channel(0, input=True)},
    "head.weight": {1: Channel(1, input=True)},
}


class Net(nn.Module):
    """Convolutions of some channels, a linear layer behind maps of 4 x 4; no biases, a norm without parameters."""

    def __init__(self, channels, hidden):
        super().__init__()
        self.conv = nn.Conv2d(1, channels, 3, padding=1, bias=False)
        self.deep = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.GroupNorm(1, channels, affine=False)
        self.hidden = nn.Linear(channels * 4 * 4, hidden, bias=False)
        self.head = nn.Linear(hidden, 4, bias=False)

    def forward(self, x):
        x = torch.relu(self.norm(self.conv(x)))
        x = nn.functional.max_pool2d(torch.relu(self.norm(self.deep(x))), 2)
        return self.head(torch.relu(self.hidden(x.flatten(1))))


def network(at):
    """The network of the shapes that a file has, with its weights."""
    net = Net(at.record("conv.weight").shape[0], at.record("head.weight").shape[1])
    net.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in at.items()})
    return net.eval()


def accuracy(net):
    x, y = pictures(400, seed=9)
    with torch.no_grad():
        return float((net(x).argmax(1) == y).float().mean())


@pytest.fixture(scope="module")
def file():
    torch.manual_seed(0)
    net = Net(*FULL)
    rules = [
        Rule("conv.weight", kept=(3, 1, 3, 3)),
        Rule("deep.weight", kept=(3, 3, 2, 2)),
        Rule("hidden.weight", kept=(5, 3, 3, 3), view=(FULL[1], FULL[0], 4, 4)),
        Rule("head.weight", kept=(4, 5)),
    ]
    regularization = regularize(net, rules=rules)
    train(net, regularization, torch.optim.Adam(regularization.parameter_groups(0.05)), 200)
    out = io.BytesIO()
    frcodec.save_model(net.eval(), out)
    return declare(out.getvalue(), AXES), accuracy(net)


@pytest.mark.parametrize("width", ["1/2", "1/3", 10, (12, 40), "2."])
def test_it_keeps_its_accuracy(file, width):
    data, full = file
    with frcodec.open_file(data, width=width, allow_unvalidated=True) as at:
        assert at.record("conv.weight").shape[0] != FULL[0]
        assert accuracy(network(at)) > full - 0.05
    assert full > 0.9


def test_outputs_hardly_change(file):
    x, _ = pictures(50, seed=3)
    with torch.no_grad(), frcodec.open_file(file[0]) as full:
        expected = network(full)(x)
        for width, error in (("1/2", 0.02), ("2.", 0.01)):
            with frcodec.open_file(file[0], width=width, allow_unvalidated=True) as at:
                assert torch.dist(network(at)(x), expected) < error * expected.norm()


def test_widths_are_validated_by_the_network_itself(file):
    data = validate(file[0], ["1/2", "1/24"], lambda at: f"{accuracy(network(at)):.3f}", lambda at: 0, label="accuracy")
    with frcodec.open_file(data) as opened:
        half, single = opened.widths.validated
    assert (half.lengths, single.lengths) == ((12, 24), (1, 2))
    assert float(half.score) > file[1] - 0.05
    assert float(single.score) < float(half.score)
    with frcodec.open_file(data, width="1/2") as at:
        assert f"{accuracy(network(at)):.3f}" == half.score
