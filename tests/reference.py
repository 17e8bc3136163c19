"""The reference decoder of the specification, which lies beside it and is no part of the package."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "spec"))

import reference_decoder
import reference_levels

__all__ = ["reference_decoder", "reference_levels"]
