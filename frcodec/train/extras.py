"""Tools for small networks: ordinary copies, norms without statistics, folded norms, distillation."""

from __future__ import annotations

from copy import deepcopy

import torch
from torch import Tensor, nn
from torch.fx.experimental.optimization import fuse
from torch.nn.functional import log_softmax
from torch.nn.utils import parametrize

from ..pytorch.frequencies import Frequencies

_BATCH_NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d)


def dense(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode with ordinary parameters, equal to those that the module's file decodes to.

    It can be scripted, traced and exported, and filled by `load_model`.
    """
    result = deepcopy(module).eval()
    with torch.no_grad():
        for owner in list(result.modules()):
            chains = getattr(owner, "parametrizations", {}).items()
            regularized = [name for name, chain in chains if isinstance(chain[0], Frequencies)]
            if regularized:
                _own_class(owner)
            for name in regularized:
                parametrize.remove_parametrizations(owner, name, leave_parametrized=True)
    return result


def _own_class(owner: nn.Module) -> None:
    """Give a copied module a class of its own: removing a parametrization deletes a property of the class."""
    shared = type(owner)
    own = {name: value for name, value in vars(shared).items() if name not in ("__dict__", "__weakref__")}
    owner.__class__ = type(shared.__name__, shared.__bases__, own)


def without_statistics(module: nn.Module) -> nn.Module:
    """Replace every batch norm, in place, by a norm over each example, without parameters or statistics.

    Stored statistics and scales take more bytes than the coefficients of a small network. Returns the module, or the
    new norm if the module itself is a batch norm.
    """
    if isinstance(module, _BATCH_NORMS):
        return nn.GroupNorm(1, module.num_features, eps=module.eps, affine=False)
    for name, child in list(module._modules.items()):  # every name of a norm that is registered twice
        if child is not None:
            setattr(module, name, without_statistics(child))
    return module


def fold_batch_norms(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode with batch norms folded into the convolutions that they follow."""
    folded: nn.Module = fuse(deepcopy(module).eval())
    return folded


def distillation_loss(logits: Tensor, teacher_logits: Tensor, temperature: float = 2.0) -> Tensor:
    """Divergence between softened outputs [batch, classes, …] of a student and its teacher, mean over the rest.

    KL(teacher || student) · temperature², as in Hinton et al., "Distilling the knowledge in a neural network", 2015.
    """
    student = log_softmax(logits / temperature, dim=1)
    teacher = log_softmax(teacher_logits.detach() / temperature, dim=1)
    return (teacher.exp() * (teacher - student)).sum(dim=1).mean() * temperature**2
