"""The comparison as Markdown: `python -m benchmarks.peers_table` makes `results/peers.md` of `results/peers.csv`."""

from __future__ import annotations

import statistics
import sys
from collections.abc import Callable, Iterable, Sequence

from benchmarks.models import ROOT
from benchmarks.peer_results import ALLOWED_LOSS, PATH, Result, read

OUT = PATH.with_suffix(".md")
TITLES = {
    "frcodec": "frcodec",
    "nnc": "NNC",
    "uniform": "uniform + order-0 entropy",
    "integer": "int8/int4 per channel + zstd",
    "blocks": "blocks as Q8_0/Q4_0",
    "half": "float16 + zstd",
    "zipnn": "ZipNN",
    "pcodec": "pcodec",
}
RATIOS = (20, 26, 32)
NOTES = {
    "score": f"The smallest measured file of each codec whose score is at most {ALLOWED_LOSS} points below float32's: "
    "the whole file in kB (and its bits per weight of the tensors of two or more dimensions). Settings were refined "
    "around that limit, to 1 qp, 1 dB, 5 of quality. One item of a test set weighs 0.1 to 0.5 points, so sizes a few "
    "percent apart are no difference. A dash: not measured, or no setting keeps the score.",
    "chosen": "What these files are. SNR is in dB over the weights; points are 100 × the difference of scores.",
    "error": "Bits per weight of the whole file at equal squared error, on the lower convex hull of all settings. The "
    "uniform quantizer's levels are counted by their ideal code length.",
    "exact": "Without loss, bits per weight.",
    "speed": "Million weights in a second of processor time, one thread, networks of a million weights or more: median "
    "over settings and networks. NNC, ZipNN and pcodec are compiled, zstd too; everything else is NumPy.",
}


def main() -> int:
    """Write the file."""
    rows = read()
    if not rows:
        print(f"There are no results in {PATH.relative_to(ROOT)} yet: run benchmarks.bench_peers.", file=sys.stderr)
        return 1
    parts = {
        "score": table(equal_score(rows)),
        "chosen": table(chosen(rows)),
        "error": table(equal_error(rows)),
        "exact": table(exact(rows)),
        "speed": table(speed(rows)),
    }
    described = [f"{NOTES[name]}\n\n{part}" for name, part in parts.items()]
    OUT.write_text("\n\n".join([*described, circumstances(rows)]) + "\n")
    print(OUT.relative_to(ROOT))
    return 0


def models(rows: Iterable[Result]) -> list[str]:
    """Networks by ascending size."""
    sizes = {row.model: row.weights for row in rows}
    return sorted(sizes, key=lambda model: sizes[model])


def smallest(rows: Iterable[Result], model: str, codec: str) -> Result | None:
    """The smallest lossy file that keeps the score."""
    usable = (row for row in rows if row.model == model and row.codec == codec and row.snr is not None)
    return min((row for row in usable if row.points >= -ALLOWED_LOSS), key=lambda row: row.file_bytes, default=None)


def lossy(rows: Iterable[Result]) -> list[str]:
    """Lossy codecs by title."""
    there = {row.codec for row in rows if row.snr is not None}
    return [codec for codec in TITLES if codec in there]


def equal_score(rows: Sequence[Result]) -> list[dict[str, str]]:
    """Networks by codecs."""
    return [
        {"network": model}
        | {TITLES[codec]: file(smallest(rows, model, codec)) for codec in lossy(rows)}
        | {"frcodec / NNC": share(smallest(rows, model, "frcodec"), smallest(rows, model, "nnc"))}
        for model in models(rows)
    ]


def chosen(rows: Sequence[Result]) -> list[dict[str, str]]:
    """The settings of this codec and of NNC."""
    return [
        {
            "network": model,
            "codec": TITLES[codec],
            "setting": row.setting,
            "bytes": f"{row.file_bytes:,}",
            "of float32": f"{100 * row.file_bytes / row.fp32_bytes:.1f} %",
            "bits/weight": f"{row.bits_per_weight:.2f}",
            "SNR": f"{row.snr:.1f}",
            "points": f"{row.points:+.2f}",
        }
        for model in models(rows)
        for codec in ("frcodec", "nnc")
        for row in [smallest(rows, model, codec)]
        if row
    ]


def file(row: Result | None) -> str:
    """Size and rate."""
    return f"{row.file_bytes / 1000:,.0f} ({row.bits_per_weight:.2f})" if row else "–"


def share(one: Result | None, other: Result | None) -> str:
    """The ratio of sizes."""
    return f"{one.file_bytes / other.file_bytes:.2f}" if one and other else "–"


def equal_error(rows: Sequence[Result]) -> list[dict[str, str]]:
    """Networks by ratio and codec."""
    lines = []
    for model in models(rows):
        line = {"network": model}
        for ratio in RATIOS:
            rates = {codec: rate_at(rows, model, codec, ratio) for codec in ("frcodec", "nnc", "uniform")}
            line |= {f"{TITLES[codec]}, {ratio} dB": f"{rate:.2f}" if rate else "–" for codec, rate in rates.items()}
            ours, theirs = rates["frcodec"], rates["nnc"]
            line[f"frcodec / NNC, {ratio} dB"] = f"{ours / theirs:.2f}" if ours and theirs else "–"
        lines.append(line)
    return lines


def rate_at(rows: Iterable[Result], model: str, codec: str, ratio: float) -> float | None:
    """Bits per weight on the hull at a signal-to-noise ratio; None outside the measured range."""
    hull: list[tuple[float, float]] = []
    for point in sorted((r.snr, r.bits_per_weight) for r in rows if (r.model, r.codec) == (model, codec) and r.snr):
        while len(hull) > 1 and slope(hull[-2], hull[-1]) >= slope(hull[-2], point):
            hull.pop()
        hull.append(point)
    for low, high in zip(hull, hull[1:], strict=False):
        if low[0] <= ratio <= high[0]:
            return low[1] + (ratio - low[0]) * slope(low, high)
    return None


def slope(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Bits per dB from one point to another."""
    return (b[1] - a[1]) / (b[0] - a[0]) if b[0] > a[0] else 0.0


def exact(rows: Sequence[Result]) -> list[dict[str, str]]:
    """Networks by codecs without loss."""
    return [
        {"network": model}
        | {
            TITLES[codec]: f"{row.bits_per_weight:.2f}"
            for codec in TITLES
            for row in rows
            if (row.model, row.codec) == (model, codec) and row.snr is None
        }
        for model in models(rows)
    ]


def speed(rows: Sequence[Result]) -> list[dict[str, str]]:
    """Codecs by operation."""

    def typical(codec: str, seconds: Callable[[Result], float | None]) -> str:
        large = [row for row in rows if row.codec == codec and row.weights >= 1_000_000]
        found = [row.weights / time / 1e6 for row in large if (time := seconds(row))]
        return f"{statistics.median(found):.1f}" if found else "–"

    return [
        {
            "codec": TITLES[codec],
            "encode": typical(codec, lambda row: row.encode_seconds),
            "decode": typical(codec, lambda row: row.decode_seconds),
        }
        for codec in TITLES
        if any(row.codec == codec and row.decode_seconds is not None for row in rows)
    ]


def circumstances(rows: Iterable[Result]) -> str:
    """Machines, versions and dates."""
    rows = list(rows)
    of_codecs = {f"{TITLES[row.codec]}: {row.versions}" for row in rows}
    days = sorted({row.date for row in rows})
    return (
        f"Machine: {', '.join(sorted({row.machine for row in rows}))}. Measured {days[0]} to {days[-1]}. "
        f"{'; '.join(sorted(of_codecs))}."
    )


def table(lines: Sequence[dict[str, str]]) -> str:
    """A table, the first column left-aligned, the others right-aligned."""
    columns = list(dict.fromkeys(column for line in lines for column in line))
    marks = ["---"] + ["--:"] * (len(columns) - 1)
    body = [[line.get(column, "–") for column in columns] for line in lines]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [columns, marks, *body])


if __name__ == "__main__":
    sys.exit(main())
