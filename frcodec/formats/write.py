"""A plain dictionary of tensors written in a format by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from ..constants import Code
from ..errors import UsageError
from .npz import write_npz
from .plain import Fetch, Header
from .pytorch.state_dict import write_pt
from .safetensors import write_safetensors

_WRITERS = {"pt": write_pt, "safetensors": write_safetensors, "npz": write_npz}


def write_plain(out: BinaryIO, to: str, tensors: Sequence[Header], fetch: Fetch) -> None:
    """Write tensors to a .pt, .safetensors or .npz file. Raises UsageError (bad_option, bad_tensor)."""
    if to not in _WRITERS:
        raise UsageError(Code.BAD_OPTION, f"There is no output format {to!r}; choose from {', '.join(_WRITERS)}.")
    _WRITERS[to](out, tensors, fetch)
