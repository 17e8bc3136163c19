"""The signature of `forward` in a TorchScript or lite interpreter file.

bytecode.pkl        names and types of a lite interpreter model
code/__torch__.py   the same in source code, for TorchScript
traced_inputs.pkl   the example that a model was traced with: shapes and dtypes
"""

from __future__ import annotations

import ast
import re

from ..formats.pytorch.objects import Global, Mapping, Placeholder, TensorRef
from ..formats.pytorch.unpickle import unpickle
from ..formats.zip.image import Member, parse
from .signature import Signature, Value

_LARGEST = 1 << 24
"""bytes of a part that is read"""
_FORWARD = re.compile(r"^  def forward\((.{0,16384}?)\) -> (.{1,4096}?):$", re.DOTALL | re.MULTILINE)


def signature(image: memoryview) -> Signature:
    """Inputs and outputs of `forward`; empty if the file has none. Raises FrcError for damaged files."""
    members = {member.name.partition("/")[2]: member for member in parse(image).members}
    found = _of_bytecode(members) or _of_code(members) or Signature()
    return _with_examples(found, _examples(members))


def _of_bytecode(members: dict[str, Member]) -> Signature | None:
    """(version, (name, code, schema), …), where the schema is (("arguments", …), ("returns", …))."""
    methods = _pickle(members, "bytecode.pkl")
    for method in methods if isinstance(methods, tuple) else ():
        match method:
            case (str(name), _, (("arguments", tuple(taken)), ("returns", tuple(given)))) if name.endswith(".forward"):
                return Signature(tuple(map(_value, taken[1:])), tuple(map(_value, given)))
    return None


def _value(fields: object) -> Value:
    match fields:
        case (("name", str(name)), ("type", str(kind)), *_):
            return Value(name, kind)
    return Value("", "")


def _of_code(members: dict[str, Member]) -> Signature | None:
    """The header of `forward` in the class of the root object."""
    match _pickle(members, "data.pkl"):
        case Placeholder(maker=Global(module, name)):
            text = _text(members, f"code/{module.replace('.', '/')}.py")
        case _:
            return None
    _, _, body = text.partition(f"class {name}(")
    header = _FORWARD.search(body.partition("\nclass ")[0])
    return _parsed(header[1], header[2]) if header else None


def _parsed(arguments: str, result: str) -> Signature | None:
    try:
        function = ast.parse(f"def forward({arguments}) -> {result}: pass").body[0]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if not isinstance(function, ast.FunctionDef) or function.returns is None:
        return None
    taken = [Value(a.arg, ast.unparse(a.annotation) if a.annotation else "") for a in function.args.args[1:]]
    return Signature(tuple(taken), (Value("", ast.unparse(function.returns)),))


def _examples(members: dict[str, Member]) -> list[object]:
    """The example arguments of a traced `forward`."""
    match _pickle(members, "traced_inputs.pkl"):
        case Mapping(pairs=[("forward", list() | tuple() as values)]):
            return list(values)
    return []


def _with_examples(found: Signature, examples: list[object]) -> Signature:
    """Shapes and dtypes of the arguments, where there is one example for each."""
    if len(examples) != len(found.inputs):
        return found
    pairs = zip(found.inputs, examples, strict=True)
    return Signature(tuple(_like(value, example) for value, example in pairs), found.outputs)


def _like(value: Value, example: object) -> Value:
    match example:
        case TensorRef(shape=shape, dtype=dtype) if value.type == "Tensor":
            return Value(value.name, value.type, str(dtype) if dtype else None, shape)
    return value


def _pickle(members: dict[str, Member], name: str) -> object:
    member = members.get(name)
    return unpickle(member.read(_LARGEST)).root if member else None


def _text(members: dict[str, Member], name: str) -> str:
    member = members.get(name)
    return bytes(member.read(_LARGEST)).decode("utf-8", "replace") if member else ""
