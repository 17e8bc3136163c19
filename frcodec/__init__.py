"""frcodec: a codec for neural-network weights, which decode to the same bits on every machine.

For example:

    frcodec.encode_file("model.pt", "model.frc")
    frcodec.decode_file("model.frc", "rebuilt.pt")
    with frcodec.open_file("model.frc") as file:
        weight = file["conv1.weight"]
"""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from .constants import Code
from .errors import CheckError, CorruptError, FileError, FrcError, UnsupportedError, UsageError

if TYPE_CHECKING:
    from .api import decode_file, encode_file, inspect, load_file, open_file, plan_file, save_file, verify
    from .decoder.file import FrcFile
    from .encoder.calibration import Calibration, Sensitivity
    from .encoder.options import Options
    from .encoder.reports import EncodeReport, TensorReport
    from .pytorch.calibrate import calibrate
    from .pytorch.module import load_model, save_model
    from .report.compare import TensorMatch
    from .report.inspect import FileReport, WidthReport, WidthsReport
    from .report.verify import VerifyReport
    from .work import Progress

try:
    __version__ = version("frcodec")
except PackageNotFoundError:  # run from a checkout that is not installed
    __version__ = "0+unknown"

_LAZY = {
    "api": ("decode_file", "encode_file", "inspect", "load_file", "open_file", "plan_file", "save_file", "verify"),
    "decoder.file": ("FrcFile",),
    "encoder.calibration": ("Calibration", "Sensitivity"),
    "encoder.options": ("Options",),
    "encoder.reports": ("EncodeReport", "TensorReport"),
    "pytorch.calibrate": ("calibrate",),
    "pytorch.module": ("load_model", "save_model"),
    "report.compare": ("TensorMatch",),
    "report.inspect": ("FileReport", "WidthReport", "WidthsReport"),
    "report.verify": ("VerifyReport",),
    "work": ("Progress",),
}
_HOME = {name: module for module, names in _LAZY.items() for name in names}


def __getattr__(name: str) -> Any:
    """Import parts that need NumPy and SciPy when they are first used."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME[name]}", __name__), name)


def __dir__() -> list[str]:
    return __all__


__all__ = [
    "Calibration", "CheckError", "Code", "CorruptError", "EncodeReport", "FileError", "FileReport", "FrcError",
    "FrcFile", "Options", "Progress", "Sensitivity", "TensorMatch", "TensorReport", "UnsupportedError", "UsageError",
    "VerifyReport", "WidthReport", "WidthsReport", "__version__", "calibrate", "decode_file", "encode_file", "inspect",
    "load_file", "load_model", "open_file", "plan_file", "save_file", "save_model", "verify",
]  # fmt: skip
