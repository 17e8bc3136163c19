"""What a pickle turns into here: plain containers and inert records, none of which can run anything.

Dictionaries are lists of pairs, so that nothing from a file is ever hashed or compared.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ...tensors import DType

Pairs = list[tuple[object, object]]


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A name that the pickle wanted to import. Nothing is imported."""

    module: str
    name: str


@dataclass(slots=True, eq=False)
class Mapping:
    """A dict or an OrderedDict, as the pairs that were put in."""

    pairs: Pairs


@dataclass(slots=True, eq=False)
class Placeholder:
    """An instance of a class that is not known, with everything that the pickle did to it."""

    maker: object
    """the class or function that the pickle named"""
    arguments: object = ()
    pairs: Pairs = field(default_factory=list)
    elements: list[object] = field(default_factory=list)
    states: list[object] = field(default_factory=list)

    @property
    def scripted(self) -> bool:
        """Whether this is an object of a TorchScript class, whose attributes are its state dictionary."""
        return isinstance(self.maker, Global) and self.maker.module.split(".")[0] == "__torch__"


@dataclass(frozen=True, slots=True, eq=False)
class StorageRef:
    """A payload that lies outside the pickle."""

    kind: str
    """PyTorch's class name, such as "FloatStorage" """
    dtype: DType | None
    """None for untyped storages and for types that the format does not have"""
    key: str
    count: int
    """elements, or bytes of an untyped storage"""

    @property
    def untyped(self) -> bool:
        """Whether the element type is left to the tensors."""
        return self.kind == "UntypedStorage"


@dataclass(frozen=True, slots=True, eq=False)
class TensorRef:
    """A strided window on a storage; offset and strides count elements."""

    storage: StorageRef
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    dtype: DType | None
    """None if the format cannot express the elements (such as four-bit integers or a lazy conjugate)"""


@dataclass(frozen=True, slots=True, eq=False)
class Composite:
    """A tensor made of tensors: quantized or sparse."""

    parts: tuple[tuple[str, object, bool], ...]
    """(name or "" for the main part, object, whether it must be stored exactly)"""


@dataclass(frozen=True, slots=True, eq=False)
class SparseRef(Composite):
    """A sparse COO tensor: its parts are indices and values."""

    shape: tuple[int, ...] | None
    """of the dense tensor; None where the pickle gives no list of sizes"""
    coalesced: bool
    """whether the writer says that no position is named twice"""
