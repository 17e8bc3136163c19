"""Regularized modules in several processes, under autocast, with accumulated gradients, compiled."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from nets import net, pictures
from torch.nn.functional import cross_entropy

from frcodec.train import Rule, distillation_loss, fold_batch_norms, regularize, without_statistics

WORKER = """
import os, sys
import torch
import torch.distributed as dist
from torch.nn.functional import cross_entropy
from torch.nn.parallel import DistributedDataParallel

sys.path[:0] = {paths!r}
from nets import net, pictures
from frcodec.train import regularize, without_statistics

rank = int(sys.argv[1])
dist.init_process_group("gloo", init_method="file://" + sys.argv[2], rank=rank, world_size=2)
module = without_statistics(net())
regularization = regularize(module, budget=500, steps=40)
optimizer = torch.optim.Adam(regularization.parameter_groups(0.05))
parallel = DistributedDataParallel(module)
x, y = pictures()
torch.manual_seed(rank)
for _ in range(40):
    batch = torch.randint(0, 128, (16,)) + 128 * rank
    loss = cross_entropy(parallel(x[batch]), y[batch]) + regularization.penalty()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    regularization.step()
values = torch.cat([parameter.detach().reshape(-1) for parameter in module.parameters()])
first = values.clone()
dist.broadcast(first, 0)
assert torch.equal(values, first), "the processes differ"
print(regularization.progress())
dist.barrier()
dist.destroy_process_group()  # or its threads outlive the process group's store
"""


def test_two_processes_stay_equal(tmp_path):
    here = str(Path(__file__).parents[1])
    script = tmp_path / "worker.py"
    script.write_text(WORKER.format(paths=[here]))
    command = [sys.executable, str(script)]
    workers = [
        subprocess.Popen([*command, str(rank), str(tmp_path / "meeting")], stdout=subprocess.PIPE, text=True)
        for rank in range(2)
    ]
    outputs = [worker.communicate(timeout=300)[0] for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert outputs[0] == outputs[1]
    assert "of 500 bytes" in outputs[0]


def test_autocast_computes_weights_in_full_precision():
    module = net()
    regularize(module, kept=0.3)
    module.hidden.parametrizations.weight[0].fix(1)
    module.eval()
    plain = module.hidden.weight.detach()
    x, y = pictures(32)
    module.train()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        loss = cross_entropy(module(x), y)
        with torch.no_grad():
            weight = module.hidden.weight
    assert weight.dtype == torch.float32
    assert torch.allclose(weight, plain, atol=1e-5)
    loss.backward()


def test_accumulated_gradients_are_those_of_the_whole_batch():
    x, y = pictures(64)
    gradients = []
    for parts in (1, 2):
        module = net()
        regularize(module, kept=0.3, rules=[Rule("norm", dense=True)])
        for layer in (module.conv, module.hidden, module.head):
            layer.parametrizations.weight[0].fix(64)
            if layer.bias is not None:
                layer.parametrizations.bias[0].fix(64)
        module.norm.eval()
        for part in range(parts):
            (cross_entropy(module(x[part::parts]), y[part::parts]) / parts).backward()
        gradients.append(module.hidden.parametrizations.weight.original.grad)
    assert torch.allclose(*gradients, atol=1e-6)


def test_compiled_modules_train_and_evaluate_alike():
    module = net()
    regularization = regularize(module, kept=0.3, rate_weight=1e-4, steps=4)
    compiled = torch.compile(module, backend="eager")
    x, y = pictures(32)
    for _ in range(4):
        (cross_entropy(compiled(x), y) + regularization.penalty()).backward()
        regularization.step()
    with torch.no_grad():
        assert torch.allclose(compiled.eval()(x), module.eval()(x), atol=1e-5)


def test_norms_without_statistics_and_folded_norms():
    x, _ = pictures(8)
    module = net().eval()
    module.norm.running_mean += 0.3
    with torch.no_grad():
        folded = fold_batch_norms(module)
        assert torch.allclose(folded(x), module(x), atol=1e-5)
        assert not any("norm" in name for name in folded.state_dict())
        plain = without_statistics(net())
        assert not any("norm" in name for name in plain.state_dict())
        assert plain(x).shape == (8, 4)


def test_distillation_is_zero_for_the_teacher_itself():
    logits = torch.randn(8, 5, 3, requires_grad=True)
    assert distillation_loss(logits, logits).item() == pytest.approx(0, abs=1e-6)
    other = distillation_loss(logits, torch.randn(8, 5, 3))
    other.backward()
    assert other.item() > 0
    assert logits.grad.abs().sum() > 0
