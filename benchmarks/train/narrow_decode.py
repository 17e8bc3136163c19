"""The same coefficients as narrower networks: a U-Net's file decoded at other widths, each tried on the pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO

import torch

from benchmarks.train.common import Part, dice
from benchmarks.train.segmentation import UNet, multiply_adds
from frcodec import FrcFile, open_file
from frcodec.widths import Channel, declare, validate

LOSS = 1.0
"""points that a narrower network may lose, on the pictures for choosing"""
Row = dict[str, str | int | float]


def candidates(widths: Sequence[int]) -> list[tuple[int, ...]]:
    """Widths to try: every level cut to the same share, and every level cut to the same width."""
    shares = [tuple(max(1, round(n * eighths / 8)) for n in widths) for eighths in (7, 6, 5, 4, 3, 2)]
    caps = [tuple(min(n, cap) for n in widths) for cap in (48, 32, 24, 16, 12, 10, 8, 7, 6, 5, 4, 3)]
    return list(dict.fromkeys([*shares, *caps]))


def channels(net: UNet) -> dict[str, dict[int, Channel]]:
    """Which axes of the net's weights are channels of which level."""
    axes: dict[str, dict[int, Channel]] = {}
    levels = len(net.widths)
    for level in range(levels):
        above = {1: Channel(level - 1, input=True)} if level else {}
        axes[f"down.{level}.a.weight"] = {0: Channel(level), **above}
        axes[f"down.{level}.b.weight"] = {0: Channel(level), 1: Channel(level, input=True)}
    for number, level in enumerate(reversed(range(levels - 1))):
        axes[f"rise.{number}.weight"] = {0: Channel(level + 1, input=True), 1: Channel(level)}
        for half in "ab":
            axes[f"up.{number}.{half}.weight"] = {0: Channel(level), 1: Channel(level, input=True)}
    axes["last.weight"] = {1: Channel(0, input=True)}
    return axes


def rows(file: bytes, widths: tuple[int, ...], parts: Mapping[str, Part]) -> list[Row]:
    """The file at many widths; the cheapest that loses little is the one that the file is then validated at."""
    height, breadth = parts["val"].inputs.shape[-2:]
    full = UNet(widths)
    found: list[Row] = []
    with_axes = declare(file, channels(full))
    best, most = score_of(file, None, parts["val"]), multiply_adds(full, height, breadth)
    good = [widths]
    for lengths in candidates(widths):
        points, cost = score_of(with_axes, lengths, parts["val"]), multiply_adds(UNet(lengths), height, breadth)
        if points >= best - LOSS and cost < multiply_adds(UNet(good[-1]), height, breadth):
            good.append(lengths)
        found.append(
            {
                "widths": "-".join(map(str, lengths)),
                "parameters": sum(p.numel() for p in UNet(lengths).parameters()),
                "multiply_adds": cost,
                "fewer": round(most / cost, 2),
                "val": round(points, 3),
                "val_points": round(points - best, 3),
                "test": round(score_of(with_axes, lengths, parts["test"]), 3),
            }
        )
    whole = validate(
        with_axes, good[-1:], lambda opened: f"{dice(loaded(opened), parts['val']):.2f}",
        lambda opened: multiply_adds(loaded(opened), height, breadth), label="Dice, val",
    )  # fmt: skip
    return [{**row, "file_bytes": len(file), "file_bytes_with_widths": len(whole)} for row in found]


def score_of(file: bytes, lengths: tuple[int, ...] | None, part: Part) -> float:
    """Points of a file at a width."""
    with open_file(BytesIO(file), width=lengths, allow_unvalidated=True) as opened:
        return dice(loaded(opened), part)


def loaded(opened: FrcFile) -> UNet:
    """The net of the opened file's width."""
    depth = sum(name.startswith("rise") for name in opened)
    net = UNet(tuple(opened.record(f"down.{level}.a.weight").shape[0] for level in range(depth + 1)))
    net.load_state_dict({name: torch.tensor(opened[name]) for name in opened})
    return net.eval()


def text(row: Row) -> dict[str, str]:
    """A row formatted as text."""
    return {name: str(value) for name, value in row.items() if name not in ("parameters", "file_bytes")}
