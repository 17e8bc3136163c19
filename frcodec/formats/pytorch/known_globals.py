"""The globals that PyTorch's pickles refer to: storages, and the functions that rebuild tensors and their wrappers."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import TypeAlias

from ...constants import MAX_RANK, Code
from ...errors import CorruptError, UnsupportedError
from ...tensors import DTYPES
from .objects import Composite, Global, Mapping, Placeholder, SparseRef, StorageRef, TensorRef

_LARGEST = (1 << 63) - 1

STORAGES = {
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "BoolStorage": "bool",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
    "QInt8Storage": "int8",
    "QUInt8Storage": "uint8",
    "QInt32Storage": "int32",
}
"""class of a typed storage -> dtype; the first class of a dtype is the one to write"""
_SPARSE_PARTS = {
    "torch.sparse_coo": ("indices", "values"),
    "torch.sparse_csr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_csc": ("ccol_indices", "row_indices", "values"),
    "torch.sparse_bsr": ("crow_indices", "col_indices", "values"),
    "torch.sparse_bsc": ("ccol_indices", "row_indices", "values"),
}
_JIT_LISTS = {"build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag"}

Arguments: TypeAlias = tuple[object, ...]


def call(function: object, arguments: object) -> object:
    """The result of calling `function`, without calling it: a record for a known function, otherwise a placeholder.

    Raises CorruptError (bad_model) for a known function with invalid arguments.
    """
    if isinstance(function, Global) and isinstance(arguments, tuple):
        rebuild = _CALLS.get((function.module, function.name))
        if rebuild is not None:
            return rebuild(arguments)
        if function.module == "torch.jit._pickle" and function.name in _JIT_LISTS and arguments:
            return arguments[0]
    return Placeholder(function, arguments)


def storage(identity: object) -> StorageRef:
    """The storage of a persistent id ("storage", class, key, location, count[, view]).

    Raises CorruptError (bad_model) for any other id.
    """
    match identity:
        case ("storage", Global(), str(), _, int(), view) if view is not None:
            raise UnsupportedError(
                Code.UNSUPPORTED_MODEL,
                "The model was written by a very old PyTorch, with storages inside storages. "
                "Load it with torch.load and save it again with torch.save.",
            )
        case ("storage", Global(name=kind), str(key), _, int(count), *_) if 0 <= count <= _LARGEST:
            name = STORAGES.get(kind)
            return StorageRef(kind, DTYPES[name] if name else None, key, count)
    raise _corrupt("a persistent id in the pickle does not name a tensor storage")


def _corrupt(what: str) -> CorruptError:
    return CorruptError(Code.BAD_MODEL, f"The model file is damaged: {what}.")


def _sizes(value: object) -> tuple[int, ...] | None:
    """A shape or strides: non-negative integers."""
    if not isinstance(value, tuple | list):
        return None
    if len(value) > MAX_RANK:
        raise UnsupportedError(
            Code.UNSUPPORTED_MODEL, f"A tensor of the model has {len(value):,} axes; at most {MAX_RANK} are supported."
        )
    sizes = tuple(n for n in value if isinstance(n, int) and 0 <= n <= _LARGEST)
    return sizes if len(sizes) == len(value) else None


def _window(arguments: Arguments, dtype_name: str | None) -> TensorRef:
    """The tensor of (storage, offset, shape, strides, …). Raises CorruptError if it exceeds its storage."""
    if len(arguments) < 4:
        raise _corrupt("a tensor has too few arguments")
    base, offset = arguments[:2]
    shape, strides = _sizes(arguments[2]), _sizes(arguments[3])
    if not isinstance(base, StorageRef) or not isinstance(offset, int) or not 0 <= offset <= _LARGEST:
        raise _corrupt("a tensor has no storage")
    if shape is None or strides is None or len(shape) != len(strides):
        raise _corrupt("the shape or the strides of a tensor are not lists of sizes")
    dtype = base.dtype if dtype_name is None else DTYPES.get(dtype_name)
    last = offset + sum((n - 1) * stride for n, stride in zip(shape, strides, strict=True)) if prod(shape) else -1
    capacity = base.count // dtype.itemsize if base.untyped and dtype is not None else base.count
    if last >= capacity and not (base.untyped and dtype is None):
        raise _corrupt(f"a tensor reaches element {last:,} of a storage of {capacity:,}")
    return TensorRef(base, offset, shape, strides, dtype)


def _tensor(arguments: Arguments) -> object:
    """Arguments: storage, offset, shape, strides, requires_grad, hooks, metadata."""
    window = _window(arguments, None)
    metadata = arguments[6] if len(arguments) > 6 else None
    if isinstance(metadata, Mapping) and any(flag in ("conj", "neg") and on is True for flag, on in metadata.pairs):
        # The stored values are conjugated or negated on reading, which a view cannot express.
        return TensorRef(window.storage, window.offset, window.shape, window.strides, None)
    return window


def _typed_tensor(arguments: Arguments) -> object:
    """Arguments: storage, offset, shape, strides, requires_grad, hooks, dtype, metadata."""
    dtype = arguments[6] if len(arguments) > 6 else None
    if not isinstance(dtype, Global):
        raise _corrupt("a tensor has no element type")
    return _window(arguments, dtype.name)


def _quantized(arguments: Arguments) -> object:
    """Arguments: storage, offset, shape, strides, (scheme, scales, zero points, axis), …."""
    values = _window(arguments, None)
    scheme = arguments[4] if len(arguments) > 4 else None
    if not isinstance(scheme, tuple):
        raise _corrupt("a quantized tensor has no quantizer")
    names = ("scales", "zero_points")
    return Composite(
        (("", values, False), *((name, part, True) for name, part in zip(names, scheme[1:], strict=False)))
    )


def _sparse(arguments: Arguments) -> object:
    """Arguments: layout, (indices…, values, size[, coalesced])."""
    match arguments:
        case (str(layout), tuple(given), *_) if layout in _SPARSE_PARTS:
            names = _SPARSE_PARTS[layout]
            parts = tuple((n, part, n != "values") for n, part in zip(names, given, strict=False))
            if layout == "torch.sparse_coo" and len(given) > 2:
                return SparseRef(parts, _sizes(given[2]), len(given) > 3 and given[3] is True)
            return Composite(parts)
    return Placeholder(Global("torch._utils", "_rebuild_sparse_tensor"), arguments)


def _first(arguments: Arguments) -> object:
    """A wrapper around its first argument, such as Parameter."""
    if not arguments:
        raise _corrupt("a parameter has no tensor")
    return arguments[0]


def _with_state(arguments: Arguments) -> object:
    """Arguments: tensor, requires_grad, hooks, state. Attributes of a parameter become names below its own."""
    return _attributed(_first(arguments), arguments[3] if len(arguments) > 3 else None)


def _subclass(arguments: Arguments) -> object:
    """Arguments: function, class, its arguments, state. Only the tensor is kept."""
    match arguments:
        case (Global(module="torch._utils", name=name), _, tuple(inner), *rest) if name in _TENSORS:
            return _attributed(_TENSORS[name](inner), rest[0] if rest else None)
    return Placeholder(Global("torch._tensor", "_rebuild_from_type_v2"), arguments)


def _attributed(tensor: object, state: object) -> object:
    """A tensor, with its attributes if it has any."""
    if not isinstance(state, Mapping | tuple) or not isinstance(tensor, TensorRef):
        return tensor
    holder = Placeholder(None, states=[state])
    return Composite((("", tensor, False), ("", holder, False)))


def _ordered_dict(arguments: Arguments) -> object:
    """An OrderedDict, empty or from a list of pairs as Python 2 wrote it.

    The list is emptied, so that a pickle that makes a million dictionaries of one list takes no more memory than one.
    """
    given = arguments[0] if arguments else None
    if isinstance(given, Mapping):
        return given
    pairs = given if isinstance(given, list) else []
    mapping = Mapping([(pair[0], pair[1]) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2])
    pairs.clear()
    return mapping


_TENSORS: dict[str, Callable[[Arguments], object]] = {
    "_rebuild_tensor": _tensor,
    "_rebuild_tensor_v2": _tensor,
    "_rebuild_tensor_v3": _typed_tensor,
    "_rebuild_parameter": _first,
    "_rebuild_parameter_with_state": _with_state,
    "_rebuild_qtensor": _quantized,
    "_rebuild_sparse_tensor": _sparse,
}
_CALLS: dict[tuple[str, str], Callable[[Arguments], object]] = {
    **{("torch._utils", name): rebuild for name, rebuild in _TENSORS.items()},
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch._tensor", "_rebuild_from_type"): _subclass,
    ("torch._tensor", "_rebuild_from_type_v2"): _subclass,
    ("torch", "Size"): lambda arguments: arguments[0] if arguments else (),
    ("torch.serialization", "_get_layout"): _first,
    ("_codecs", "encode"): _first,  # bytes in protocol 2, written as text
}
