"""The whole model, both ways: which streams there are, in what order, and what is checked."""

from ..encoder.encode import encode, predict
from ..encoder.reports import EncodeReport, TensorReport
from ..work import Progress
from .decode import Decoder

__all__ = ["Decoder", "EncodeReport", "Progress", "TensorReport", "encode", "predict"]
