"""The stand-ins that the Kotlin library is compiled and tested against have the signatures of Android's own classes."""

from __future__ import annotations

import ast
import re
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest

STUBS = Path(__file__).resolve().parents[2] / "android_loader" / "tests" / "stubs"
SIGNATURES = "chaquopy-stubs-android"
SOURCES = sorted(STUBS.glob("android/**/*.java"))
METHOD = re.compile(
    r"(?P<host>/\*\* Host only\. \*/\s*)?"
    r"(?:public|protected) (?P<static>static )?(?:abstract |final )?"
    r"(?:(?P<type>[\w.]+) )?(?P<name>\w+)\((?P<parameters>[^)]*)\)[^;{]*[;{]"
)
NAMES = {"String": "str", "long": "int", "int": "int", "void": "None", "boolean": "bool"}


@cache
def signatures() -> Path:
    """The folder of Android's signatures, as Python sees them."""
    try:
        return Path(str(distribution(SIGNATURES).locate_file("android-stubs")))
    except PackageNotFoundError:
        pytest.fail(f"{SIGNATURES} is not installed: pip install {SIGNATURES}, or run android_loader/ci/setup")


def android_class(source: Path) -> ast.ClassDef:
    """What Android says of the class of a Java file."""
    package = source.parent.relative_to(STUBS / "android")
    module = ast.parse((signatures() / package / "__init__.pyi").read_text())
    return next(node for node in module.body if isinstance(node, ast.ClassDef) and node.name == source.stem)


def simple(annotation: str) -> str:
    """The class of an annotation without package, null and boxes."""
    return annotation.split(" | ")[0].rsplit(".", 1)[-1]


def android_methods(source: Path) -> set[tuple[str, bool, tuple[str, ...], str]]:
    """Name, whether static, types of the parameters, type of the result."""
    found = set()
    for method in android_class(source).body:
        if isinstance(method, ast.FunctionDef):
            static = any(ast.unparse(decorator) == "staticmethod" for decorator in method.decorator_list)
            given = [a for a in (*method.args.posonlyargs, *method.args.args) if a.arg != "self"]
            types = tuple(simple(ast.unparse(a.annotation)) for a in given if a.annotation)
            result = simple(ast.unparse(method.returns)) if method.returns else "None"
            found.add((method.name, static, types, result))
    return found


def stub_methods(source: Path) -> list[tuple[str, bool, tuple[str, ...], str]]:
    """The same of the stand-in, but for what only the tests use."""
    found = []
    for match in METHOD.finditer(source.read_text()):
        if match["host"]:
            continue
        parameters = [words.split()[0] for words in match["parameters"].split(", ") if words]
        constructor = match["name"] == source.stem
        types = tuple(NAMES.get(name, name) for name in parameters)
        name = "__init__" if constructor else match["name"]
        result = "None" if constructor else NAMES.get(match["type"], match["type"])
        found.append((name, bool(match["static"]), types, result))
    return found


def test_there_are_stubs() -> None:
    """The four classes of Android that the library names."""
    assert [path.stem for path in SOURCES] == ["Context", "AssetFileDescriptor", "AssetManager", "ParcelFileDescriptor"]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_methods_are_those_of_android(source: Path) -> None:
    """Names, parameters and results."""
    ours = stub_methods(source)
    assert ours
    assert [method for method in ours if method not in android_methods(source)] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_wrong_ones_are_noticed(source: Path) -> None:
    """A parameter too many, another type, not static: none of them is Android's."""
    theirs = android_methods(source)
    for name, static, types, result in stub_methods(source):
        assert (name, static, (*types, "Handler", "Handler", "Handler"), result) not in theirs
        assert (name, not static, types, result) not in theirs
        assert (name, static, types, "Thread") not in theirs


def test_constants() -> None:
    """MODE_READ_ONLY is a constant of Android's ParcelFileDescriptor."""
    source = next(path for path in SOURCES if path.stem == "ParcelFileDescriptor")
    fields = {line.target.id for line in android_class(source).body if isinstance(line, ast.AnnAssign)
              and isinstance(line.target, ast.Name)}  # fmt: skip
    assert set(re.findall(r"public static final int (\w+)", source.read_text())) <= fields
