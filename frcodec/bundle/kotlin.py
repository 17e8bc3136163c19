"""The Kotlin file of an asset: constants that describe the model, so that an app need not open it.

Equal contents give equal bytes, which pass ktlint and the compiler's strictest settings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from .names import literal, quoted_package
from .signature import Signature, Value

HEADER: Final = '// Written by "frcodec bundle". Run it again to renew this file: changes made by hand are lost.\n'
_LINE = 140
"""columns that ktlint allows"""
_PART = 128
"""tensors of one list: a method has at most 64 KiB of bytecode, a class 65,535 constants"""
_USUAL_PACKAGE = re.compile(r"[a-z][a-zA-Z0-9]*(?:\.[a-z][a-zA-Z0-9]*)*")
"""package names that ktlint accepts"""
_CONSTANT = r'^    const val {}: String = "([^"\n]*)"$'


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the asset."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """The contents of the Kotlin file."""

    package: str
    object_name: str
    asset: str
    """file name of the asset"""
    sha256: str
    size: int
    """bytes of the asset"""
    kind: str | None
    """of the model file, None where the asset holds only tensors"""
    model_size: int
    """bytes of the model file, 0 without one"""
    signature: Signature
    tensors: Sequence[Tensor]


def render(contents: Contents) -> bytes:
    """The bytes of the Kotlin file."""
    body = "\n".join(_object(contents)) + "\n"
    package = quoted_package(contents.package)
    rules = ["max-line-length", "argument-list-wrapping"] if max(map(len, body.splitlines())) > _LINE else []
    rules += [] if _USUAL_PACKAGE.fullmatch(package) else ["package-name"]
    names = ", ".join(f'"ktlint:standard:{rule}"' for rule in rules)
    suppressed = f"@file:Suppress({names})\n\n" if rules else ""
    return f"{HEADER}{suppressed}package {package}\n\n{body}".encode()


def parse(text: str) -> tuple[str, str] | None:
    """Name and SHA-256 of the asset that a rendered file describes; None for any other file."""
    asset, sha256 = (re.search(_CONSTANT.format(name), text, re.MULTILINE) for name in ("ASSET", "SHA256"))
    return (asset[1], sha256[1]) if text.startswith(HEADER) and asset and sha256 else None


def _object(of: Contents) -> Iterator[str]:
    yield f"/** The model in `assets/{of.asset}`. */"
    yield f"internal object {of.object_name} {{"
    yield from _constant("Name of the asset.", "ASSET", "String", literal(of.asset))
    yield from _constant("SHA-256 of the asset, in hexadecimal.", "SHA256", "String", literal(of.sha256))
    yield from _constant("Size of the asset in bytes.", "BYTES", "Long", f"{of.size}L")
    kind = literal(of.kind or "tensors")
    yield from _constant('Kind of the model file; "tensors" where there is none.', "KIND", "String", kind)
    yield from _constant("Size of the rebuilt model file in bytes.", "MODEL_BYTES", "Long", f"{of.model_size}L")
    yield "    /** What the model takes; a traced model has the shapes of its example. Empty where unknown. */"
    yield from _list("inputs", "Value", [_value(value) for value in of.signature.inputs])
    yield "    /** What the model gives. Empty where unknown. */"
    yield from _list("outputs", "Value", [_value(value) for value in of.signature.outputs])
    parts = [[_tensor(tensor) for tensor in part] for part in _parts(of.tensors)]
    yield "    /** The tensors in the asset, in its order. */"
    if len(parts) > 1:
        calls = [f"Tensors{number}.list()" for number in range(len(parts))]
        yield "    val tensors: List<Tensor> by lazy {"
        yield from _call("        listOf(", calls, ").flatten()")
        yield "    }"
        yield ""
    else:
        yield from _list("tensors", "Tensor", parts[0] if parts else [])
    yield from _CLASSES
    for number, part in enumerate(parts if len(parts) > 1 else ()):
        yield ""
        yield f"    private object Tensors{number} {{"
        yield "        fun list(): List<Tensor> ="
        yield from _call("            listOf(", part, ")")
        yield "    }"
    yield "}"


def _parts(tensors: Sequence[Tensor]) -> Iterator[Sequence[Tensor]]:
    return (tensors[at : at + _PART] for at in range(0, len(tensors), _PART))


def _constant(what: str, name: str, kind: str, value: str) -> list[str]:
    return [f"    /** {what} */", f"    const val {name}: {kind} = {value}", ""]


def _list(name: str, kind: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield f"    val {name}: List<{kind}> ="
        yield from _call("        listOf(", items, ")")
    else:
        yield f"    val {name}: List<{kind}> = emptyList()"
    yield ""


def _call(opening: str, items: Sequence[str], closing: str) -> Iterator[str]:
    """A call with one argument a line."""
    indent = " " * (len(opening) - len(opening.lstrip()))
    yield opening
    yield from (f"{indent}    {item}," for item in items)
    yield indent + closing


def _tensor(tensor: Tensor) -> str:
    return f"Tensor({', '.join([literal(tensor.name), literal(tensor.dtype), *map(str, tensor.shape)])})"


def _value(value: Value) -> str:
    dtype = "null" if value.dtype is None else literal(value.dtype)
    shape = "null" if value.shape is None else f"longArrayOf({', '.join(map(str, value.shape))})"
    return f"Value({literal(value.name)}, {literal(value.type)}, {dtype}, {shape})"


_CLASSES: Final = """\
    /** An argument or a result of the model; [name] is empty and [dtype] null where the model file does not tell. */
    class Value(
        val name: String,
        val type: String,
        val dtype: String?,
        private val lengths: LongArray?,
    ) {
        /** A new array of the lengths of the axes; null where the model file does not tell. */
        val shape: LongArray? get() = lengths?.copyOf()
    }

    /** A tensor of the asset. */
    class Tensor(
        val name: String,
        val dtype: String,
        private vararg val lengths: Long,
    ) {
        /** A new array of the lengths of the axes. */
        val shape: LongArray get() = lengths.copyOf()
    }""".splitlines()
