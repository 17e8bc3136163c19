"""Files of torch.save before PyTorch 1.6: five pickles, then the storages one after another."""

from __future__ import annotations

from ...constants import Code
from ...errors import CorruptError, UnsupportedError
from ..model import Model, cut
from .objects import Mapping, StorageRef
from .sparse import MARK as SPARSE_MARK
from .sparse import sparse_tensors
from .storages import Payload, assemble
from .unpickle import Unpickled, unpickle
from .walk import Names, named_tensors

MAGIC = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."
"""the first pickle, a magic number"""
_VERSION = 1001
_KIND = "PyTorch legacy"


def read_legacy(image: memoryview, *, max_bytes: int) -> Model:
    """Read a legacy file; it is rebuilt byte for byte.

    Raises CorruptError (bad_model) for a damaged file, UnsupportedError for big-endian files and other versions.
    """
    model, _ = _model(image)
    payloads = _payloads(image, unpickle(image, model.end), model.storages)
    entries, holes, lossless = assemble(
        named_tensors(model.root, Names()), lambda storage: payloads.get(storage.key), max_bytes
    )
    return Model(_KIND, entries, cut([image], holes, []), lossless)


def read_sparse_legacy(image: memoryview, *, max_bytes: int) -> Model | None:
    """Read the DCT coefficients of a file of sparse tensors; see `sparse_tensors`.

    None if the file has no sparse tensor.
    """
    model, start = _model(image)
    if SPARSE_MARK not in bytes(image[start : model.end]):
        return None
    payloads = _payloads(image, unpickle(image, model.end), model.storages)
    tensors = sparse_tensors(model.root, lambda storage: payloads.get(storage.key), max_bytes)
    return Model(_KIND, tensors, None, frozenset())


def _model(image: memoryview) -> tuple[Unpickled, int]:
    """The pickle of the model, and its start."""
    version = unpickle(image, len(MAGIC))
    machine = unpickle(image, version.end)
    _check_preface(version.root, machine.root)
    return unpickle(image, machine.end), machine.end


def _payloads(image: memoryview, keys: Unpickled, storages: dict[str, StorageRef]) -> dict[str, Payload]:
    """The bytes of each storage: a count of elements, then the elements, in the order of the list of keys."""
    if not isinstance(keys.root, list):
        raise _corrupt("the list of storages is missing")
    payloads: dict[str, Payload] = {}
    at = keys.end
    for key in keys.root:
        storage = storages.get(key) if isinstance(key, str) else None
        if storage is None or storage.key in payloads:
            raise _corrupt("its list of storages has one that no tensor uses, or one twice")
        if storage.dtype is None and not storage.untyped:
            raise UnsupportedError(
                Code.UNSUPPORTED_MODEL,
                f"The legacy PyTorch file holds a {storage.kind[:100]}, whose element size is unknown. "
                "Load it with torch.load and save it again.",
            )
        start = at + 8
        at = start + storage.count * (storage.dtype.itemsize if storage.dtype else 1)
        if at > len(image) or int.from_bytes(image[start - 8 : start], "little") != storage.count:
            raise _corrupt("a storage is truncated or has another size than in the pickle")
        payloads[storage.key] = Payload(image[start:at], start)
    if at != len(image):
        raise _corrupt("there are bytes after the last storage")
    return payloads


def _corrupt(what: str) -> CorruptError:
    return CorruptError(Code.BAD_MODEL, f"The legacy PyTorch file is damaged: {what}.")


def _check_preface(version: object, machine: object) -> None:
    """Refuse other protocol versions and big-endian machines."""
    if version != _VERSION:
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL,
            "The model is a legacy PyTorch file of an unknown version. Load it with torch.load and save it again.",
        )
    pairs = machine.pairs if isinstance(machine, Mapping) else []
    if any(key == "little_endian" and value is False for key, value in pairs):
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL,
            "The model file was written on a big-endian machine. Load it with torch.load and save it again on a "
            "little-endian one.",
        )
