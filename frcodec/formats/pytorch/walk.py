"""Finds the tensors in a tree of unpickled objects and names them like `state_dict()`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ...constants import Code
from ...errors import CorruptError
from .objects import Composite, Mapping, Pairs, Placeholder, TensorRef

MAX_DEPTH = 200
"""objects nested deeper are skipped; their tensors stay in the skeleton"""
_MAX_WORK = 1 << 23
_STEP_WORK = 4
"""cost of an object that is visited; a scalar costs 1, so that time stays below ten seconds"""
_MAX_NAME = 1 << 12
_MAX_NAMES = 1 << 26
"""total length of all names"""
_COLLAPSED = ("_parameters", "_buffers", "_modules")
"""attributes of a module whose keys are named like attributes of the module itself"""


@dataclass(frozen=True, slots=True, eq=False)
class NamedTensor:
    """A tensor under its dotted name."""

    name: str
    tensor: TensorRef
    lossless: bool
    """known not to be a weight: optimizer state, quantization scales, sparse indices"""


@dataclass(frozen=True, slots=True, eq=False)
class _Path:
    """A position in the tree; it is turned into a name only for tensors."""

    above: _Path | None
    key: str
    depth: int


@dataclass(frozen=True, slots=True, eq=False)
class _Step:
    """An object to visit, with its path."""

    path: _Path
    target: object
    lossless: bool
    named: bool
    """whether `state_dict()` would use all keys of the path; a shared module is listed under each such name"""


@dataclass(frozen=True, slots=True, eq=False)
class _Leave:
    """Marks the end of the children of an object."""

    identity: int


class Names:
    """Makes unique names across the trees of a file, and bounds the work and the length of names."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._copies: dict[str, int] = {}
        self._bytes = 0
        self._work = 0
        self.seen: set[int] = set()
        """ids of visited objects; the caller keeps the objects alive"""

    def work(self, amount: int) -> None:
        """Count visited objects: a small pickle can describe an astronomically large tree."""
        self._work += amount
        if self._work > _MAX_WORK:
            raise CorruptError(
                Code.BAD_MODEL,
                "The model file describes many millions of nested objects, as no model does; "
                "it may be an attack on the reader.",
            )

    def unique(self, path: _Path) -> str:
        """The dotted name of a path, with a suffix "#2" and so on if it is taken."""
        keys: list[str] = []
        place: _Path | None = path
        while place is not None:
            keys.append(place.key)
            place = place.above
        base = ".".join(key for key in reversed(keys) if key) or "tensor"
        name = base
        while name in self._taken:
            self._copies[base] = self._copies.get(base, 1) + 1
            name = f"{base}#{self._copies[base]}"
        self._bytes += len(name)
        if len(name) > _MAX_NAME or self._bytes > _MAX_NAMES:
            raise CorruptError(
                Code.BAD_MODEL,
                f"The tensor names of the model are too long: {len(name):,} characters in one, {self._bytes:,} "
                f"in all; at most {_MAX_NAME:,} and {_MAX_NAMES:,} are allowed.",
            )
        self._taken.add(name)
        return name


def named_tensors(root: object, names: Names, prefix: str = "") -> Iterator[NamedTensor]:
    """All tensors below `root`, as `named_leaves` finds them; composites are split into their parts."""
    for name, tensor, lossless in named_leaves(root, names, (TensorRef,), prefix):
        assert isinstance(tensor, TensorRef)
        yield NamedTensor(name, tensor, lossless)


def named_leaves(
    root: object, names: Names, leaves: tuple[type, ...], prefix: str = ""
) -> Iterator[tuple[str, object, bool]]:
    """All objects of the types `leaves` below `root` in dictionary order, and whether they are known not to be weights.

    Each has a unique name that starts with `prefix`. Cycles are cut. An object that is reached again other than by
    dictionary keys, list positions and submodules (a plain attribute of a module, say) is not listed again.

    Raises CorruptError (bad_model) for a tree that would exhaust memory or time.
    """
    todo: list[_Step | _Leave] = [_Step(_Path(None, prefix, 0), root, False, True)]
    open_objects: set[int] = set()
    while todo:
        step = todo.pop()
        if isinstance(step, _Leave):
            open_objects.discard(step.identity)
            continue
        identity = id(step.target)
        if identity in open_objects or (identity in names.seen and not step.named):
            continue
        names.seen.add(identity)
        if isinstance(step.target, leaves):
            yield names.unique(step.path), step.target, step.lossless
        elif step.path.depth < MAX_DEPTH:
            open_objects.add(identity)
            todo.append(_Leave(identity))
            todo.extend(reversed(list(_Children(step, names).all())))


class _Children:
    """The children of an object in order; all visited objects are counted."""

    def __init__(self, step: _Step, names: Names) -> None:
        self.step = step
        self.names = names

    def all(self) -> Iterator[_Step]:
        target = self.step.target
        if isinstance(target, Mapping):
            yield from self.entries(target.pairs)
        elif isinstance(target, list | tuple):
            yield from self.elements(target, named=True)
        elif isinstance(target, Composite):
            for name, part, lossless in target.parts:
                yield from self.child(name, part, named=True, lossless=lossless)
        elif isinstance(target, Placeholder):
            if isinstance(target.arguments, tuple):
                yield from self.elements(target.arguments, named=False)
            yield from self.elements(target.elements, named=True)
            yield from self.entries(target.pairs)
            for state in target.states:
                yield from self.state(target, state)

    def child(self, key: str, target: object, *, named: bool, lossless: bool = False) -> Iterator[_Step]:
        """A step to an object that can hold tensors; nothing for numbers, text and globals."""
        if isinstance(target, TensorRef | Mapping | Placeholder | Composite | list | tuple):
            self.names.work(_STEP_WORK)
            path = _Path(self.step.path, key, self.step.path.depth + 1)
            yield _Step(path, target, self.step.lossless or lossless, self.step.named and named)

    def elements(self, items: list[object] | tuple[object, ...], *, named: bool) -> Iterator[_Step]:
        self.names.work(len(items))
        for position, item in enumerate(items):
            yield from self.child(str(position), item, named=named)

    def entries(self, pairs: Pairs) -> Iterator[_Step]:
        """The values of a dictionary. An optimizer has moments in it, and lists the weights again."""
        self.names.work(len(pairs))
        optimizer = _is_optimizer(pairs)
        lossless = _quantizer_keys(pairs) | ({"state"} if optimizer else set())
        for position, (key, value) in enumerate(pairs):
            text = _spelled(key, position)
            listed_again = optimizer and text == "param_groups"
            yield from self.child(text, value, named=not listed_again, lossless=text in lossless)

    def state(self, owner: Placeholder, state: object) -> Iterator[_Step]:
        """The argument of `__setstate__`: attributes, (attributes, slots), or any object."""
        self.names.work(1)
        if isinstance(state, Mapping):
            yield from self.attributes(owner, state.pairs)
        elif isinstance(state, tuple) and len(state) == 2 and all(s is None or isinstance(s, Mapping) for s in state):
            for part in state:
                if isinstance(part, Mapping):
                    yield from self.attributes(owner, part.pairs)
        else:
            yield from self.child("", state, named=True)

    def attributes(self, owner: Placeholder, pairs: Pairs) -> Iterator[_Step]:
        """The attributes of an object; those of a module are named as in its state dictionary."""
        self.names.work(len(pairs))
        lossless = _quantizer_keys(pairs) | ({"state"} if _is_optimizer(pairs) else set())
        for position, (key, value) in enumerate(pairs):
            text = _spelled(key, position)
            if isinstance(value, Mapping) and text in _COLLAPSED:
                yield from self.entries(value.pairs)
            else:
                yield from self.child(text, value, named=owner.scripted, lossless=text in lossless)


def _is_optimizer(pairs: Pairs) -> bool:
    """Whether a dictionary is an optimizer's: it has "state" with the moments and "param_groups"."""
    keys = {key for key, _ in pairs if isinstance(key, str)} if len(pairs) <= 64 else set()
    return {"state", "param_groups"} <= keys


def _quantizer_keys(pairs: Pairs) -> set[str]:
    """Keys "…scale" with a "…zero_point" beside them: quantization of activations, not weights."""
    keys = {key for key, _ in pairs if isinstance(key, str) and key.endswith(("scale", "zero_point"))}
    stems = {key.removesuffix("zero_point") for key in keys if key.endswith("zero_point")}
    return {stem + "scale" for stem in stems} & keys


def _spelled(key: object, position: int) -> str:
    """A dictionary key as a component of a name: valid UTF-8 without NUL."""
    if isinstance(key, bytes):
        key = key.decode("utf-8", "backslashreplace")
    if isinstance(key, str):
        return key.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0") if len(key) <= _MAX_NAME else "…"
    if isinstance(key, int) and abs(key) < 1 << 64:
        return str(key)
    return repr(key) if isinstance(key, float) or key is None else f"key{position}"
