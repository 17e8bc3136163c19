"""Reports as rows of text and as JSON records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isfinite, prod
from typing import TYPE_CHECKING, Any, Final

from ..units import format_size
from . import text
from .table import Column

if TYPE_CHECKING:
    from ..encoder.reports import TensorReport
    from ..report.compare import TensorMatch
    from ..report.inspect import WidthReport

TENSOR_COLUMNS: Final = (
    Column("tensor", right=False),
    Column("shape", right=False, drop=2),
    Column("type", right=False, drop=3),
    Column("coding", right=False, drop=1),
    Column("kept", right=False, drop=5),
    Column("step", drop=6),
    Column("SNR dB", drop=4),
    Column("b/w"),
    Column("bytes"),
)
MATCH_COLUMNS: Final = (
    Column("tensor", right=False),
    Column("shape", right=False, drop=2),
    Column("type", right=False, drop=3),
    Column("SNR dB"),
    Column("max error", drop=1),
)


WIDTH_COLUMNS: Final = (
    Column("width", right=False),
    Column("weights"),
    Column("multiply-adds"),
    Column("score"),
)


def tensor_rows(tensors: Sequence[TensorReport]) -> list[dict[str, str]]:
    """One row a tensor: how it is coded and what it takes."""
    return [_tensor_row(tensor) for tensor in tensors]


def _tensor_row(tensor: TensorReport) -> dict[str, str]:
    row = {
        "tensor": text.label(tensor.name),
        "shape": text.shape(tensor.shape),
        "type": text.dtype(tensor.dtype),
        "coding": _coding(tensor),
    }
    if tensor.coding == "view":
        return row | {"role": "view"}
    return row | {
        "role": "lossless" if tensor.coding == "lossless" else "row",
        "kept": _kept(tensor),
        "step": f"{tensor.step:.3g}" if tensor.step is not None else "",
        "SNR dB": f"{tensor.snr:.1f}" if tensor.snr is not None and isfinite(tensor.snr) else "",
        "b/w": text.small(bits, 2) if (bits := bits_per_weight(tensor)) is not None else "",
        "bytes": f"{tensor.size:,.0f}",
    }


def _coding(tensor: TensorReport) -> str:
    """One of view, lossless, plain, fr, or axes and block length of the DCT, such as "dct 2,3" or "dct 0/16"."""
    if tensor.coding == "view":
        return "view"
    if tensor.coding == "lossless" or tensor.step is None:
        return "lossless"
    transform = tensor.transform
    if not transform.axes:
        return "plain"
    if is_spectral(tensor):
        return "fr"
    return "dct " + ",".join(map(str, transform.axes)) + (f"/{1 << transform.block}" if transform.block else "")


def is_spectral(tensor: TensorReport) -> bool:
    """Whether it is a few low frequencies over all of its axes."""
    return len(tensor.transform.axes) == len(tensor.shape) > 1 and 8 * tensor.levels <= prod(tensor.shape)


def _kept(tensor: TensorReport) -> str:
    """The kept region where it is not everything: a box, or the length of a scan prefix."""
    if isinstance(tensor.kept, int):
        return f"first {tensor.kept:,}"
    if tensor.kept is None or tensor.kept == tensor.shape:
        return ""
    return text.shape(tensor.kept)


def bits_per_weight(tensor: TensorReport) -> float | None:
    """Coded bits per element; None for views and empty tensors."""
    count = prod(tensor.shape)
    return 8 * tensor.size / count if count and tensor.coding != "view" else None


def tensor_record(tensor: TensorReport) -> dict[str, Any]:
    """A tensor in JSON; what does not apply is null, an infinite SNR too."""
    record = asdict(tensor)
    return record | {"size": round(tensor.size, 3), "bits_per_weight": bits_per_weight(tensor)}


def match_rows(matches: Sequence[TensorMatch]) -> list[dict[str, str]]:
    """One row a tensor: how close it is to the model's."""
    return [_match_row(match) for match in matches]


def _match_row(match: TensorMatch) -> dict[str, str]:
    row = {
        "tensor": text.label(match.name),
        "shape": text.shape(match.shape),
        "type": text.dtype(match.dtype),
        "role": "row" if match.lossy else "lossless",
    }
    if match.difference:
        return row | {"SNR dB": "differs", "role": "bad"}
    if match.max_error == 0:
        return row | {"SNR dB": "equal"}
    return row | {
        "SNR dB": f"{match.snr:.2f}" if match.snr is not None else "-",
        "max error": f"{match.max_error:.3g}" if match.max_error is not None else "",
    }


def width_rows(validated: Sequence[WidthReport]) -> list[dict[str, str]]:
    """One row a width that a file was validated at."""
    return [
        {
            "width": ",".join(map(str, one.lengths)),
            "weights": f"{one.weights:,}",
            "multiply-adds": f"{one.multiply_adds:,}",
            "score": text.escaped(one.score),
        }
        for one in validated
    ]


def totals(*, file_bytes: int, source_bytes: int, weights: int, snr: float | None = None) -> str:
    """The line that says it all: "312.4 kB of 1.96 MB (15.9 %, 6.3× smaller), 5.14 bits/weight, SNR 32.10 dB"."""
    parts = [f"{format_size(file_bytes)} of {format_size(source_bytes)}"]
    if shrunk := text.ratio(file_bytes, source_bytes):
        parts[0] += f" ({shrunk})"
    if weights:
        parts.append(f"{text.small(8 * file_bytes / weights, 2)} bits/weight")
    if snr is not None:
        parts.append(f"SNR {snr:.2f} dB" if isfinite(snr) else "no loss")
    return ", ".join(parts)


def weights_of(tensors: Sequence[TensorReport]) -> int:
    """Elements of all stored tensors; views do not count again."""
    return sum(prod(tensor.shape) for tensor in tensors if tensor.coding != "view")


def size_record(*, file_bytes: int, source_bytes: int, weights: int) -> Mapping[str, Any]:
    """The totals in JSON."""
    return {
        "file_bytes": file_bytes,
        "source_bytes": source_bytes,
        "ratio": source_bytes / file_bytes if file_bytes else None,
        "weights": weights,
        "bits_per_weight": 8 * file_bytes / weights if weights else None,
    }
