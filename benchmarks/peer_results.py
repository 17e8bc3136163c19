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
    """One model by one codec at one setting."""

    model: str
    codec: str
    setting: str
    weights: int
    """in tensors of two or more dimensions"""
    fp32_bytes: int
    file_bytes: int
    bits_per_weight: float
    """of the whole file, by weights as above"""
    snr: float | None
    """dB over the weights; nothing if the decoded tensors are the original ones"""
    score: float
    fp32_score: float
    points: float
    """100 x (score - fp32_score)"""
    encode_seconds: float | None
    """of processor time, one thread; nothing where the size is a bound that no coder was run for"""
    decode_seconds: float | None
    machine: str
    versions: str
    date: str = ""

    @property
    def key(self) -> tuple[str, str, str]:
        """What a row is about."""
        return self.model, self.codec, self.setting


def read() -> list[Result]:
    """All rows; none if nothing was measured yet."""
    if not PATH.exists():
        return []
    with PATH.open(newline="") as file:
        return [parsed(row) for row in csv.DictReader(file)]


def parsed(row: dict[str, str]) -> Result:
    """A row of text; an empty text is nothing, where there may be nothing."""
    values: dict[str, Any] = {}
    for field in fields(Result):
        text, kind = row[field.name], str(field.type)
        if "float" in kind:
            values[field.name] = float(text) if text else None
        else:
            values[field.name] = int(text) if kind == "int" else text
    return Result(**values)


def update(row: Result) -> None:
    """Put a row into the file, in place of one about the same."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    _write([*(old for old in read() if old.key != row.key), replace(row, date=today)])


def forget(model: str, codec: str) -> None:
    """Take out the rows about a model by a codec, of which another version may be running now."""
    _write(row for row in read() if (row.model, row.codec) != (model, codec))


def _write(rows: Iterable[Result]) -> None:
    PATH.parent.mkdir(exist_ok=True)
    with PATH.open("w", newline="") as file:
        writer = csv.DictWriter(file, [field.name for field in fields(Result)], lineterminator="\n")
        writer.writeheader()
        order = sorted(rows, key=lambda row: (row.model, row.codec, row.bits_per_weight, row.setting))
        writer.writerows(asdict(row) for row in order)
