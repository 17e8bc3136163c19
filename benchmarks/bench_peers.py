"""This codec and its peers side by side: bytes, error, task score and processor time, into `results/peers.csv`.

Peers that were measured before are not measured again without --again; this codec always is. NNC, ZipNN and pcodec
run in an environment of their own (`python -m benchmarks.peers_env`) and are left out without it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmarks import peer_worker
from benchmarks.bench_quality import Subject, subjects
from benchmarks.common import State, console, is_matrix, processor, show, snr
from benchmarks.models import FetchError
from benchmarks.peer_codec import load, save
from benchmarks.peer_packages import level
from benchmarks.peer_results import Result, forget, read, update
from benchmarks.peer_settings import CODECS, FIXED, KNOBS, following
from benchmarks.peers_env import EnvironmentMissingError, python

FOREIGN = ("nnc", "zipnn", "pcodec")
BOUND = ("uniform",)
"""codecs whose sizes are ideal code lengths and whose times are meaningless"""


@dataclass(frozen=True)
class Case:
    """A network loaded in the worker, with its properties."""

    subject: Subject
    tensors: State
    full: float
    """score of the original"""
    folder: Path
    """temporary folder with the tensors"""
    known: dict[tuple[str, str, str], Result]

    @property
    def whole(self) -> int:
        """The qp whose step is the root mean square of all weights."""
        return level(np.concatenate([array.ravel() for array in self.tensors.values() if is_matrix(array)]))


def main() -> int:
    """Measure, print, and save after every row."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bench_peers", description=__doc__)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="some of the suite's models (default: all)")
    parser.add_argument("--suite", type=Path, help="folder of the suite's evaluate.py (default: synthetic tones)")
    parser.add_argument("--data", type=Path, help="what the suite's build.py made (default: data in its folder)")
    parser.add_argument("--codecs", type=lambda text: text.split(","), default=CODECS, help=f"from {','.join(CODECS)}")
    parser.add_argument("--again", action="store_true", help="measure peers again too")
    parser.add_argument("--no-save", action="store_true", help="leave the results file as it is")
    arguments = parser.parse_args()
    if unknown := set(arguments.codecs) - set(CODECS):
        parser.error(f"no codec is called {' or '.join(sorted(unknown))}; there are {', '.join(CODECS)}")
    torch.set_num_threads(1)
    saved = arguments.suite is not None and not arguments.no_save
    known = {row.key: row for row in read() if arguments.suite and not arguments.again and row.codec != "frcodec"}
    interpreters = dict(available(arguments.codecs))
    try:
        for subject in subjects(arguments.suite, arguments.data, arguments.models or None):
            with tempfile.TemporaryDirectory() as scratch:
                case = prepared(subject, Path(scratch), known)
                for codec, interpreter in interpreters.items():
                    rows = []
                    if saved and (codec == "frcodec" or arguments.again):
                        forget(subject.name, codec)
                    for row in measured(case, codec, interpreter):
                        rows.append(row)
                        if saved and row.key not in known:
                            update(row)
                    show(f"{subject.name}, {codec}", [text(row) for row in rows])
    except (FetchError, peer_worker.WorkerError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def available(codecs: list[str]) -> Iterator[tuple[str, Path]]:
    """The available codecs and their interpreters."""
    for codec in codecs:
        try:
            yield codec, python() if codec in FOREIGN else Path(sys.executable)
        except EnvironmentMissingError as error:
            console.print(f"{codec} is left out. {error}", style="yellow")


def prepared(subject: Subject, folder: Path, known: dict[tuple[str, str, str], Result]) -> Case:
    """Tensors on disk, and the score to keep."""
    tensors = {name: tensor.numpy() for name, tensor in subject.tensors.items()}
    save(tensors, folder / "tensors.npz")
    return Case(subject, tensors, subject.score(subject.tensors), folder, known)


def measured(case: Case, codec: str, interpreter: Path) -> Iterator[Result]:
    """A model encoded by a codec at all its settings."""
    for setting in FIXED.get(codec, ()):
        yield row_of(case, codec, interpreter, setting)
    for knob in KNOBS.get(codec, ()):
        points: dict[int, float] = {}
        waiting: list[int | None] = list(knob.grid)
        while waiting and (number := waiting.pop(0)) is not None:
            row = row_of(case, codec, interpreter, knob.setting(number, case.whole))
            points[number] = row.points
            yield row
            if not waiting:
                waiting.append(following(points, knob))


def row_of(case: Case, codec: str, interpreter: Path, setting: str) -> Result:
    """The stored row, or a new measurement."""
    row = case.known.get((case.subject.name, codec, setting))
    if row is None:
        source, target = case.folder / "tensors.npz", case.folder / "decoded.npz"
        found = peer_worker.run(interpreter, codec, setting, source, target)
        row = judged(case, load(target), codec, setting, found)
        console.print(f"{case.subject.name}, {codec}, {setting}: {row.points:+.2f} points", style="dim")
    return row


def judged(case: Case, after: State, codec: str, setting: str, found: peer_worker.Found) -> Result:
    """The decoded tensors, compared with the original and scored."""
    before = case.tensors
    exact = all(np.array_equal(array, after[name]) for name, array in before.items())
    decoded = {name: torch.from_numpy(array) for name, array in after.items()}
    score = case.full if exact else case.subject.score(decoded)
    weights = sum(array.size for array in before.values() if is_matrix(array))
    timed = codec not in BOUND
    return Result(
        model=case.subject.name,
        codec=codec,
        setting=setting,
        weights=weights,
        fp32_bytes=sum(array.nbytes for array in before.values()),
        file_bytes=found.file_bytes,
        bits_per_weight=round(8 * found.file_bytes / weights, 4),
        snr=None if exact else round(snr(before, after), 3),
        score=round(score, 5),
        fp32_score=round(case.full, 5),
        points=round(100 * (score - case.full), 4),
        encode_seconds=round(found.encode_seconds, 3) if timed else None,
        decode_seconds=round(found.decode_seconds, 3) if timed else None,
        machine=processor(),
        versions=found.versions,
    )


def text(row: Result) -> dict[str, str]:
    """A row formatted as text."""
    return {
        "setting": row.setting,
        "bytes": f"{row.file_bytes:,}",
        "of fp32": f"{100 * row.file_bytes / row.fp32_bytes:.1f} %",
        "bits/weight": f"{row.bits_per_weight:.3f}",
        "SNR dB": "exact" if row.snr is None else f"{row.snr:.2f}",
        "points": f"{row.points:+.2f}",
        "encode CPU s": "" if row.encode_seconds is None else f"{row.encode_seconds:.2f}",
        "decode CPU s": "" if row.decode_seconds is None else f"{row.decode_seconds:.2f}",
    }


if __name__ == "__main__":
    sys.exit(main())
