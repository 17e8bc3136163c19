"""The whole model, both ways: which streams there are, in what order, and what is checked."""

from ..work import Progress
from .decode import Decoder
from .encode import encode, predict
from .reports import EncodeReport, TensorReport

__all__ = ["Decoder", "EncodeReport", "Progress", "TensorReport", "encode", "predict"]
