"""What networks that are to be small need beside the frequencies: norms without statistics, folded norms, a teacher."""

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
    """A copy in evaluation mode with ordinary parameters, those that the file of the module decodes to.

    It can be scripted, traced and exported, and takes `load_model`.
    """
    result = deepcopy(module).eval()
    with torch.no_grad():
        for owner in list(result.modules()):
            ours = [n for n, how in getattr(owner, "parametrizations", {}).items() if isinstance(how[0], Frequencies)]
            if ours:
                _own_class(owner)
            for name in ours:
                parametrize.remove_parametrizations(owner, name, leave_parametrized=True)
    return result


def _own_class(owner: nn.Module) -> None:
    """Give a copied module a class of its own: removing a parametrization takes a property away from the class."""
    shared = type(owner)
    own = {name: value for name, value in vars(shared).items() if name not in ("__dict__", "__weakref__")}
    owner.__class__ = type(shared.__name__, shared.__bases__, own)


def without_statistics(module: nn.Module) -> nn.Module:
    """The module with every batch norm replaced, in place, by a norm over each example that has nothing to store.

    Stored statistics and scales cost more than the coefficients of a small network.
    """
    if isinstance(module, _BATCH_NORMS):
        return nn.GroupNorm(1, module.num_features, eps=module.eps, affine=False)
    for name, child in list(module._modules.items()):  # all names of a norm that has several
        if child is not None:
            setattr(module, name, without_statistics(child))
    return module


def fold_batch_norms(module: nn.Module) -> nn.Module:
    """A copy in evaluation mode with every batch norm that follows a convolution folded into it."""
    folded: nn.Module = fuse(deepcopy(module).eval())
    return folded


def distillation_loss(logits: Tensor, teacher_logits: Tensor, temperature: float = 2.0) -> Tensor:
    """Divergence of a student's softened outputs [batch, classes, …] from its teacher's, mean over all but classes.

    KL(teacher || student) · temperature², as in Hinton et al., "Distilling the knowledge in a neural network", 2015.
    """
    student = log_softmax(logits / temperature, dim=1)
    teacher = log_softmax(teacher_logits.detach() / temperature, dim=1)
    return (teacher.exp() * (teacher - student)).sum(dim=1).mean() * temperature**2
