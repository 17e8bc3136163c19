"""The figures that the rationale gives are those of the results beside the benchmarks."""

from __future__ import annotations

import csv
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_table_of_trellises_is_the_measured_one():
    table = (ROOT / "spec" / "rationale.md").read_text().split("## Trellises")[1].split("\n## ")[0]
    stated = dict(re.findall(r"^\| (rounding each sample|\d+ states) \| ([\d.]+) \|$", table, re.MULTILINE))
    with (ROOT / "benchmarks" / "results" / "trellis.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    measured = {f"{row['states']} states" if int(row["states"]) else "rounding each sample": row["gap"] for row in rows}
    assert stated.keys() == measured.keys()
    for name, gap in stated.items():
        assert abs(float(gap) - float(measured[name])) <= 0.0005 + 1e-9
