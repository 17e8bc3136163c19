"""Scores and sizes of networks at the default quality.

With the evaluation suite (a folder that has evaluate.py, and the data that its build.py made) every model of it is
scored on its own test set. Without, CREPE tiny hears synthetic tones. Only a loss counts: a score may also rise.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import torch
from torch import Tensor

from benchmarks.common import console, encoded, is_matrix, loaded, save, show, state, timed, verdict
from benchmarks.crepe import rate, share_right, tones
from benchmarks.models import FetchError
from frcodec import Options, load_file

Score: TypeAlias = Callable[[dict[str, Tensor]], float]
SHARE_BAR = 0.30
"""of the bytes as float32, at most"""
POINTS_BAR = 0.2
"""percentage points that a score may lose"""
OWN_BARS = {"minilm_l6": 1.0}
"""the same for the mean reciprocal rank, 0.01 of 1"""


@dataclass(frozen=True)
class Subject:
    """A network with its scoring function."""

    name: str
    tensors: dict[str, Tensor]
    score: Score
    """0 … 1"""


def main() -> int:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_quality", description=__doc__)
    parser.add_argument("--suite", type=Path, help="folder of the suite's evaluate.py (default: synthetic tones)")
    parser.add_argument("--data", type=Path, help="what the suite's build.py made (default: data in its folder)")
    parser.add_argument("--models", type=lambda text: text.split(","), help="some of the suite's models, by comma")
    parser.add_argument("--qualities", type=numbers, help="a curve at these instead, such as 30,40,50")
    parser.add_argument("--snr", type=numbers, default=[], help="with one step for all tensors too, such as 20,26,32")
    parser.add_argument("--no-save", action="store_true", help="leave the results file as it is")
    arguments = parser.parse_args()
    settings = {f"--quality {quality:g}": Options(quality=quality) for quality in arguments.qualities or []}
    settings |= {f"--snr {ratio:g}": Options(snr=ratio) for ratio in arguments.snr}
    settings = settings or {"default": Options()}
    torch.set_num_threads(1)
    rows: list[dict[str, Any]] = []
    try:
        for subject in subjects(arguments.suite, arguments.data, arguments.models):
            rows += scored(subject, settings)
            show(subject.name, [text(row) for row in rows if row["model"] == subject.name])
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    curve = bool(arguments.qualities or arguments.snr)
    if not arguments.no_save:
        save("quality_curve" if curve else "quality" if arguments.suite else "quality_tones", rows)
    return 0 if curve or all(row["pass"] == "yes" for row in rows) else 1


def numbers(text: str) -> list[float]:
    """Comma-separated numbers."""
    return [float(part) for part in text.split(",")]


def subjects(suite: Path | None, data: Path | None, wanted: list[str] | None) -> Iterator[Subject]:
    """The networks of the suite, or without it the one that needs none."""
    if suite is None:
        console.print("Without --suite: CREPE tiny on synthetic tones.", style="dim")
        sounds = tones()
        tensors = {name: torch.from_numpy(array) for name, array in state("crepe_tiny").items()}
        yield Subject(
            "crepe_tiny", tensors, lambda parameters: share_right(rate(parameters, sounds.frames), sounds.truth)
        )
        return
    sys.path.insert(0, str(suite))
    evaluation = importlib.import_module("evaluate")
    folder = data or suite / "data"
    for name in wanted or evaluation.MODELS:

        def score(parameters: dict[str, Tensor], name: str = name) -> float:
            return float(evaluation.evaluate(name, parameters, folder))

        yield Subject(name, loaded(folder / "models" / f"{name}.pt"), score)


def scored(subject: Subject, settings: dict[str, Options]) -> Iterator[dict[str, Any]]:
    """One network at every setting."""
    before = {name: tensor.numpy() for name, tensor in subject.tensors.items()}
    full = subject.score(subject.tensors)
    allowed = OWN_BARS.get(subject.name, POINTS_BAR)
    for setting, options in settings.items():
        (data, report), seconds = timed(partial(encoded, before, options))
        decoded = {name: torch.tensor(array) for name, array in load_file(data).items()}
        score = subject.score(decoded)
        bytes_full = sum(array.nbytes for array in before.values())
        points = 100 * (score - full)
        console.print(f"{subject.name}, {setting}: {len(data):,} bytes, {points:+.2f} points", style="dim")
        yield {
            "model": subject.name,
            "setting": setting,
            "file_bytes": len(data),
            "fp32_bytes": bytes_full,
            "share": round(len(data) / bytes_full, 5),
            "bits_per_weight": round(
                8 * len(data) / sum(array.size for array in before.values() if is_matrix(array)), 4
            ),
            "snr_found": round(report.snr or 0.0, 2),
            "score": round(score, 5),
            "fp32_score": round(full, 5),
            "points": round(points, 4),
            "points_allowed": -allowed,
            "encode_seconds": round(seconds, 2),
            "pass": "yes" if points >= -allowed - 1e-6 and len(data) <= SHARE_BAR * bytes_full else "no",
        }


def text(row: dict[str, Any]) -> dict[str, str]:
    """A row formatted as text."""
    return {
        "quality": row["setting"],
        "bytes": f"{row['file_bytes']:,}",
        "of fp32": f"{100 * row['share']:.1f} %",
        "bits/weight": f"{row['bits_per_weight']:.2f}",
        "SNR dB": f"{row['snr_found']:.1f}",
        "score": f"{row['score']:.5f}",
        "fp32": f"{row['fp32_score']:.5f}",
        "points": f"{row['points']:+.2f}",
        "allowed": f"{row['points_allowed']:.1f}",
        "met": verdict(row["pass"] == "yes"),
    }


if __name__ == "__main__":
    sys.exit(main())
