"""The results of the comparison: rows of `benchmarks/results/peers.csv`, of which a run replaces what it measured."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from benchmarks.models import ROOT

PATH = ROOT / "benchmarks" / "results" / "peers.csv"
ALLOWED_LOSS = 0.5
"""points of percent, where codecs are compared at an equal score"""


@dataclass(frozen=True)
class Result:
    """A model encoded by a codec at a setting."""

    model: str
    codec: str
    setting: str
    weights: int
    """in tensors of two or more dimensions"""
    fp32_bytes: int
    file_bytes: int
    bits_per_weight: float
    """bits per weight of the whole file, over the weights as above"""
    snr: float | None
    """dB over the weights; None if the decoded tensors equal the original ones"""
    score: float
    fp32_score: float
    points: float
    """100 x (score - fp32_score)"""
    encode_seconds: float | None
    """seconds of processor time on one thread; None where the size is a bound and no coder ran"""
    decode_seconds: float | None
    machine: str
    versions: str
    date: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What a row is about."""
        return self.model, self.codec, self.setting


def read() -> list[Result]:
    """All rows; an empty list before the first measurement."""
    if not PATH.exists():
        return []
    with PATH.open(newline="") as file:
        return [parsed(row) for row in csv.DictReader(file)]


def parsed(row: dict[str, str]) -> Result:
    """A row from text; empty text is None in optional columns."""
    values: dict[str, Any] = {}
    for field in fields(Result):
        text, kind = row[field.name], str(field.type)
        if "float" in kind:
            values[field.name] = float(text) if text else None
        else:
            values[field.name] = int(text) if kind == "int" else text
    return Result(**values)


def update(row: Result) -> None:
    """Write a row into the file, replacing the one with the same key."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    _write([*(old for old in read() if old.key != row.key), replace(row, date=today)])


def forget(model: str, codec: str) -> None:
    """Remove the rows of a model and codec, which another version may have written."""
    _write(row for row in read() if (row.model, row.codec) != (model, codec))


def _write(rows: Iterable[Result]) -> None:
    PATH.parent.mkdir(exist_ok=True)
    with PATH.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Result)], lineterminator="\n")
        writer.writeheader()
        order = sorted(rows, key=lambda row: (row.model, row.codec, row.bits_per_weight, row.setting))
        writer.writerows(asdict(row) for row in order)
