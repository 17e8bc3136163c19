"""ExecuTorch's own runtime runs what frcodec rebuilds: outputs equal those of the same weights put in directly.

Run by android_loader/ci/executorch, in the environment that it makes. For each program of `programs.py`:

lossless   the rebuilt file is the input, byte for byte
spliced    the lossy file is the input with the decoded tensors written over the original ones, and nothing else
outputs    the lossy file computes, bit for bit, what a program does that is exported from a module with those weights
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import sys
import tempfile
from copy import deepcopy
from functools import cache
from pathlib import Path

import numpy as np
import torch
from ci.commands import Failure, run
from ci.report import Report
from programs import RECIPES, Inputs, Recipe
from torch import nn

WIDTH = 32
FRCODEC = Path(os.environ["FRCODEC"])
"""the command line tool, in an environment of its own"""
EXACT = ("int8_static",)
"""programs that hold nothing but integers and scales, so that every quality gives the same bytes"""
NOT_EXPORTED = {
    "xnnpack_half": "holds float32 weights that a float16 module cannot",
    "four_bits": "has its weights in a class of their own, which takes no others",
}
"""programs that are not exported again with the decoded weights, and why: they only run"""

Arrays = dict[str, np.ndarray]


class Files:
    """One program and its file of weights, encoded and decoded."""

    def __init__(self, folder: Path, name: str, recipe: Recipe) -> None:
        self.recipe = recipe
        self.module, self.inputs = recipe.network(WIDTH)
        self.program = recipe.lower(self.module, self.inputs)
        self.weights = self.program.pte if self.program.ptd is None else self.program.ptd
        self._source = folder / (f"{name}.pte" if self.program.ptd is None else f"{name}.ptd")
        self._source.write_bytes(self.weights)

    @cache  # noqa: B019 - there are a dozen of them
    def rebuilt(self, *options: str) -> bytes:
        """The file of weights after encoding with these options and decoding."""
        return self._decoded(self._encoded(options), ".out").read_bytes()

    @cache  # noqa: B019
    def tensors(self, *options: str) -> Arrays:
        """What the .frc file holds."""
        with np.load(self._decoded(self._encoded(options), ".npz", "--to", "npz")) as arrays:
            return dict(arrays)

    def outputs(self, weights: bytes) -> list[torch.Tensor]:
        """What the program computes with another file of weights."""
        if self.program.ptd is None:
            return outputs(weights, None, self.inputs)
        return outputs(self.program.pte, weights, self.inputs)

    def _encoded(self, options: tuple[str, ...]) -> Path:
        target = self._source.with_suffix(f".{len(options)}.frc")
        if not target.exists():
            run([FRCODEC, "encode", self._source, "-o", target, *options])
        return target

    def _decoded(self, source: Path, suffix: str, *options: str) -> Path:
        target = source.with_suffix(suffix)
        run([FRCODEC, "decode", source, "-o", target, *options])
        return target


def outputs(pte: bytes, ptd: bytes | None, inputs: Inputs) -> list[torch.Tensor]:
    """Run a program once, in a process of its own: nothing that another program left can be used."""
    with multiprocessing.get_context("fork").Pool(1) as pool:
        arrays = pool.apply_async(_run, (pte, ptd, [x.numpy() for x in inputs])).get(timeout=120)
    return [torch.from_numpy(array) for array in arrays]


def _run(pte: bytes, ptd: bytes | None, inputs: list[np.ndarray]) -> list[np.ndarray]:
    from executorch.extension.pybindings.portable_lib import _load_for_executorch_from_buffer

    program = _load_for_executorch_from_buffer(pte, ptd)
    return [y.numpy().copy() for y in program.run_method("forward", [torch.from_numpy(x) for x in inputs])]


def spliced(data: bytes, before: Arrays, after: Arrays) -> bytes:
    """A file with tensors written over those that it has, found by nothing but their bytes, with axes in any order."""
    result = bytearray(data)
    for name, array in before.items():
        if array.tobytes() == after[name].tobytes():
            continue
        orders = itertools.permutations(range(array.ndim))
        axes = next((axes for axes in orders if array.transpose(axes).tobytes() in data), None)
        if axes is None or data.count(array.transpose(axes).tobytes()) != 1:
            raise Failure(f"the bytes of {name} are not found once")
        at = data.index(array.transpose(axes).tobytes())
        result[at : at + array.nbytes] = after[name].transpose(axes).tobytes()
    return bytes(result)


def replaced(module: nn.Module, before: Arrays, after: Arrays) -> nn.Module:
    """A copy of a module with the decoded weights; each is known by the values that the original had."""
    module = deepcopy(module)
    left = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    for value in module.state_dict().values():
        for name in sorted(left):
            if (axes := _permutation(value.numpy(), before[name])) is not None:
                value.copy_(torch.from_numpy(after[name].transpose(np.argsort(axes)).copy()))
                left.remove(name)
    if left:
        raise Failure(f"{', '.join(sorted(left))}: changed, but nothing in the module has these values")
    return module


def _permutation(value: np.ndarray, stored: np.ndarray) -> tuple[int, ...] | None:
    """Axes whose permutation makes a tensor of the module what is stored of it."""
    for axes in itertools.permutations(range(value.ndim)):
        moved = value.transpose(axes)
        if moved.shape == stored.shape and np.array_equal(moved, stored):
            return axes
    return None


def same(found: list[torch.Tensor], expected: list[torch.Tensor]) -> bool:
    """Whether outputs are equal to the bit."""
    return len(found) == len(expected) and all(
        a.dtype == b.dtype and a.shape == b.shape and a.numpy().tobytes() == b.numpy().tobytes()
        for a, b in zip(found, expected, strict=True)
    )


def check_lossless(files: Files) -> str:
    rebuilt = files.rebuilt("--lossless")
    if rebuilt != files.weights:
        raise Failure("the rebuilt file differs from the input")
    return f"{len(rebuilt):,} bytes"


def check_spliced(name: str, files: Files) -> str:
    before, after = files.tensors("--lossless"), files.tensors()
    if files.rebuilt() != spliced(files.weights, before, after):
        raise Failure("the rebuilt file is not the input with its decoded tensors")
    changed = sum(before[key].tobytes() != after[key].tobytes() for key in before)
    if bool(changed) == (name in EXACT):
        raise Failure(f"{changed} tensors changed")
    return f"{changed} of {len(before)} tensors changed"


def check_outputs(name: str, files: Files) -> str:
    found, original = files.outputs(files.rebuilt()), files.outputs(files.weights)
    if not all(torch.isfinite(y).all() for y in found):
        raise Failure("outputs are not finite")
    if same(found, original) != (name in EXACT):
        raise Failure("outputs are as if other weights had been used")
    error = max(float((a.double() - b.double()).abs().max()) for a, b in zip(found, original, strict=True))
    if name in NOT_EXPORTED:
        return f"{error:.2g} from the original's; not exported again, because it {NOT_EXPORTED[name]}"
    module = replaced(files.module, files.tensors("--lossless"), files.tensors())
    expected = files.recipe.lower(module, files.inputs)
    if not same(found, outputs(expected.pte, expected.ptd, files.inputs)):
        raise Failure("outputs differ from those of the program exported with the decoded weights")
    return f"equal to the bit; {error:.2g} from the original's"


def check_program(report: Report, folder: Path, name: str, recipe: Recipe) -> None:
    made: list[Files] = []
    if report.check(f"{name}: exported", lambda: made.append(Files(folder, name, recipe))):
        report.check(f"{name}: lossless", lambda: check_lossless(made[0]))
        report.check(f"{name}: spliced", lambda: check_spliced(name, made[0]))
        report.check(f"{name}: outputs", lambda: check_outputs(name, made[0]))


def main() -> int:
    report = Report()
    with tempfile.TemporaryDirectory() as folder:
        for name, recipe in RECIPES.items():
            check_program(report, Path(folder), name, recipe)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main())
