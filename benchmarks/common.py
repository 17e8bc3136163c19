"""What the benchmarks share: real models as arrays, where they run, tables on the terminal, results as CSV."""

from __future__ import annotations

import csv
import datetime
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from benchmarks.models import ROOT, fetch
from frcodec import EncodeReport, Options, __version__, save_file

State: TypeAlias = dict[str, NDArray[Any]]
Row: TypeAlias = Mapping[str, str | int | float | None]
Result = TypeVar("Result")

RESULTS = ROOT / "benchmarks" / "results"
MTCNN = ("mtcnn_pnet", "mtcnn_rnet", "mtcnn_onet")
console = Console(highlight=False, width=None if sys.stdout.isatty() else 120)


def state(name: str) -> State:
    """A model of `benchmarks.models` as a dictionary of arrays; "mtcnn" is its three nets in one."""
    if name == "mtcnn":
        return {f"{net[6:]}.{key}": array for net in MTCNN for key, array in state(net).items()}
    tensors = loaded(fetch(name))
    if name == "resemblyzer":  # a training checkpoint
        tensors = tensors["model_state"]
    if name == "craft":
        tensors = {key.removeprefix("module."): value for key, value in tensors.items()}
    if name == "minilm_l6":  # what computes an embedding
        unused = ("pooler", "position_ids")
        tensors = {key: value.float() for key, value in tensors.items() if not any(part in key for part in unused)}
    return {key: value.numpy() for key, value in tensors.items()}


def loaded(path: Path) -> dict[str, Any]:
    """A checkpoint, without running code from it."""
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        return dict(load_file(path))
    checkpoint: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    return checkpoint


def encoded(tensors: State, options: Options, threads: int | None = None) -> tuple[bytes, EncodeReport]:
    """The .frc file of these tensors and its report."""
    out = BytesIO()
    report = save_file(tensors, out, options=options, threads=threads)
    return out.getvalue(), report


def is_matrix(array: NDArray[Any]) -> bool:
    """Whether the array counts as weights: two or more dimensions, as for the standard's reference codec."""
    return array.ndim >= 2


def snr(before: State, after: Mapping[str, NDArray[Any]]) -> float:
    """Signal-to-noise ratio in dB over all weights of two or more dimensions."""
    power = noise = 0.0
    for name, array in before.items():
        if is_matrix(array):
            values = array.astype(np.float64)
            difference = values - after[name]
            power, noise = power + float(np.vdot(values, values)), noise + float(np.vdot(difference, difference))
    return 10 * float(np.log10(power / noise))


def timed(work: Callable[[], Result]) -> tuple[Result, float]:
    """The result of a function and its seconds."""
    start = time.perf_counter()
    result = work()
    return result, time.perf_counter() - start


def processor() -> str:
    """Name and number of the processors."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{names[0]} x{len(names)}" if names else f"{platform.machine()} {platform.system()}"


def circumstances() -> dict[str, str]:
    """Machine, versions and date: the last columns of each result."""
    packages = ("numpy", "scipy", "zstandard")
    return {
        "machine": processor(),
        "versions": " ".join(
            [f"frcodec {__version__}", f"python {platform.python_version()}", *(f"{p} {version(p)}" for p in packages)]
        ),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def save(name: str, rows: Sequence[Row]) -> None:
    """Write the rows to `benchmarks/results/NAME.csv`; rows may differ in their columns."""
    RESULTS.mkdir(exist_ok=True)
    where = circumstances()
    columns = list(dict.fromkeys([*(column for row in rows for column in row), *where]))
    path = RESULTS / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows({**row, **where} for row in rows)
    console.print(f"-> {path.relative_to(ROOT)}\n", style="dim")


def show(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows of text as a table, the first column left-aligned, the others right-aligned."""
    table = Table(title=title, title_justify="left", title_style="bold", box=None, header_style="bold", pad_edge=False)
    for number, column in enumerate(rows[0]):
        table.add_column(column, justify="right" if number else "left")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    console.print(table)


def verdict(passed: bool) -> str:
    """The word yes or no."""
    return "[green]yes[/]" if passed else "[bold red]NO[/]"
