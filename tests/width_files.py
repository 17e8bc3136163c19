"""Files with channel axes, for the tests of other widths."""

from __future__ import annotations

from math import prod

from vectors.building import build, coded, levels_by_number, power

from frcodec.stages.region import Scan
from frcodec.widths import Channel, declare, validate

OUT, IN = Channel(0), Channel(0, input=True)


def one(shape=(8, 3, 3), region=None, axes=None, channels=None, dtype="float32", **parts):
    """A file of one tensor w with declared channel axes."""
    region = region or Scan(min(20, prod(shape)))
    made = coded(
        "w",
        dtype,
        shape,
        levels_by_number(region.count, 7, 90),
        axes=tuple(range(len(shape))) if axes is None else axes,
        region=region,
        step=power(-5, 33),
    )
    return declare(build([made], **parts), {"w": channels or {0: Channel(0)}})


def tried(file, *widths, label=""):
    return validate(file, widths, lambda at: "1", lambda at: 2, label=label)


# Values
