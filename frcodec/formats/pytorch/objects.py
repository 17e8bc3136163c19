"""The objects of an unpickled file: plain containers and inert records.

Dictionaries are lists of pairs, so that nothing from a file is ever hashed or compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...tensors import DType

Pairs = list[tuple[object, object]]


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A name that the pickle refers to. Nothing is imported."""

    module: str
    name: str


@dataclass(slots=True, eq=False)
class Mapping:
    """The pairs of a dict or an OrderedDict, in order of insertion."""

    pairs: Pairs


@dataclass(slots=True, eq=False)
class Placeholder:
    """An instance of an unknown class, with its arguments, items and states."""

    maker: object
    """the class or function that makes it"""
    arguments: object = ()
    pairs: Pairs = field(default_factory=list)
    elements: list[object] = field(default_factory=list)
    states: list[object] = field(default_factory=list)

    @property
    def scripted(self) -> bool:
        """Whether it is an instance of a TorchScript class, whose attributes are its state dictionary."""
        return isinstance(self.maker, Global) and self.maker.module.split(".")[0] == "__torch__"


@dataclass(frozen=True, slots=True, eq=False)
class StorageRef:
    """A payload outside of the pickle."""

    kind: str
    """PyTorch's class name, such as "FloatStorage" """
    dtype: DType | None
    """None for untyped storages and for types that .frc files lack"""
    key: str
    count: int
    """elements, or bytes of an untyped storage"""

    @property
    def untyped(self) -> bool:
        """Whether the tensors have the element type, not the storage."""
        return self.kind == "UntypedStorage"


@dataclass(frozen=True, slots=True, eq=False)
class TensorRef:
    """A strided window on a storage; offset and strides count elements."""

    storage: StorageRef
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: DType | None
    """None if .frc files cannot express the elements (such as four-bit integers or a lazy conjugate)"""


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A tensor made of tensors: quantized or sparse."""

    parts: tuple[tuple[str, object, bool], ...]
    """(name or "" for the main part, object, whether it is lossless)"""


@dataclass(frozen=True, slots=True, eq=False)
class SparseRef(Composite):
    """A sparse COO tensor: its parts are indices and values."""

    shape: tuple[int, ...] | None
    """of the dense tensor; None if the pickle has no list of sizes"""
    coalesced: bool
    """whether the writer guarantees that no position occurs twice"""
