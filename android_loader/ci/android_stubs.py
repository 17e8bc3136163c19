"""Java sources with the signatures of Android's API, and no code, to compile against where there is no SDK.

The signatures are those of the package chaquopy-stubs-android, which has them as Python sees them: it does not tell
interfaces from classes, nor long from int where a method returns it. The two tables below do, for what is used.

One file, though long: a table of declarations.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ci.commands import Failure

PACKAGE = "chaquopy-stubs-android"
INTERFACES = {
    "android.graphics.ImageDecoder.OnHeaderDecodedListener",
    "android.os.Parcelable",
    "android.view.View.OnApplyWindowInsetsListener",
    "android.view.View.OnClickListener",
}
LONG = {
    "android.content.res.AssetFileDescriptor": {"getDeclaredLength", "getLength", "getStartOffset"},
    "android.os.Debug": {"getNativeHeapAllocatedSize"},
    "android.os.SystemClock": {"elapsedRealtime"},
}
GENERIC = {"findViewById": "public <T extends android.view.View> T findViewById(int id)"}
NAMES = {"bool": "boolean", "str": "String", "float": "float", "int": "int", "None": "void"}
CHECKED = "java.io.IOException"
THROWING = {"close", "createSource", "decodeBitmap", "list", "open", "openFd", "openInputStream"}
BODY = '{ throw new RuntimeException("a stub"); }'


@dataclass
class Stubs:
    """Signatures of some classes, and the names of the classes that these refer to."""

    wanted: set[str]
    modules: dict[str, dict[str, ast.ClassDef]] = field(default_factory=dict)
    mentioned: set[str] = field(default_factory=set)

    def top(self, name: str) -> ast.ClassDef:
        """The definition of a top-level class."""
        package, _, own = name.rpartition(".")
        found = self._module(package).get(own)
        if found is None:
            raise Failure(f"Android's API has no class {name}, says {PACKAGE}")
        return found

    def knows(self, name: str) -> bool:
        """Whether a class exists, top-level or nested."""
        package = _package_of(name)
        classes, definition = self._module(package), None
        for part in name.removeprefix(package + ".").split("."):
            definition = classes.get(part)
            if definition is None:
                return False
            classes = _classes(definition.body)
        return definition is not None

    def _module(self, package: str) -> Mapping[str, ast.ClassDef]:
        if package not in self.modules:
            path = _root() / Path(*package.removeprefix("android").strip(".").split(".")) / "__init__.pyi"
            self.modules[package] = _classes(ast.parse(path.read_text()).body) if path.exists() else {}
        return self.modules[package]


def write(wanted: Iterable[str], folder: Path) -> int:
    """Write sources of these classes and their superclasses, and empty ones of what they refer to; return their number.

    Raises:
        Failure: Android has no class of one of these names, or the package of signatures is not installed.
    """
    stubs = Stubs(set())
    for name in wanted:
        _want(stubs, name)
    written = 0
    for name in sorted(stubs.wanted):
        _write(folder, name, _source(stubs, stubs.top(name), name))
        written += 1
    for name in sorted({_top_of(name) for name in stubs.mentioned} - stubs.wanted):
        package, _, own = name.rpartition(".")
        inner = {mention.removeprefix(name + ".") for mention in stubs.mentioned if mention.startswith(name + ".")}
        nested = "".join(f" public static class {part} {{}}" for part in sorted(inner) if "." not in part)
        _write(folder, name, f"package {package};\npublic class {own} {{{nested} }}\n")
        written += 1
    return written


def _root() -> Path:
    try:
        return Path(str(distribution(PACKAGE).locate_file("android-stubs")))
    except PackageNotFoundError:
        raise Failure(f"{PACKAGE} is not installed; android_loader/ci/setup installs it") from None


def _write(folder: Path, name: str, source: str) -> None:
    path = folder.joinpath(*name.split(".")).with_suffix(".java")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)


def _want(stubs: Stubs, name: str) -> None:
    """A class and its superclasses."""
    name = _top_of(name)
    if name in stubs.wanted:
        return
    stubs.wanted.add(name)
    for base in stubs.top(name).bases:
        above = _qualified(stubs, ast.unparse(base).split("[")[0], name)
        if above.startswith("android."):
            _want(stubs, above)


def _source(stubs: Stubs, definition: ast.ClassDef, name: str) -> str:
    package = _package_of(name)
    return f"package {package};\n{_class(stubs, definition, name, '')}"


def _class(stubs: Stubs, definition: ast.ClassDef, name: str, nested: str) -> str:
    kind = "interface" if name in INTERFACES else "class"
    lines = [f"public {nested}{kind} {definition.name}{_above(stubs, definition, name)} {{"]
    if kind == "class":
        lines += _fields(stubs, definition, name)
        if ([], False) not in [_parameters(stubs, method, name) for method in _constructors(definition)]:
            lines.append(f"protected {definition.name}() {{}}")  # for those that extend it
    lines += dict.fromkeys(_signatures(stubs, definition, name, kind))
    for inner in _classes(definition.body).values():
        lines.append(_class(stubs, inner, f"{name}.{inner.name}", "static "))
    return "\n".join([*lines, "}"]) + "\n"


def _above(stubs: Stubs, definition: ast.ClassDef, name: str) -> str:
    bases = [_qualified(stubs, ast.unparse(base).split("[")[0], name) for base in definition.bases]
    classes = [b for b in bases if b.startswith("android.") and b not in INTERFACES and _top_of(b) in stubs.wanted]
    ours = [b for b in classes if not _is_interface(stubs, b)]
    ours += [b for b in bases if b.startswith("java.") and b.endswith(("Exception", "Error"))]
    closeable = [b for b in bases if b in ("java.io.Closeable", "java.lang.AutoCloseable")]
    extends = f" extends {ours[0]}" if ours and name not in INTERFACES else ""
    return extends + (f" implements {', '.join(closeable)}" if closeable and name not in INTERFACES else "")


def _is_interface(stubs: Stubs, name: str) -> bool:
    """Guess whether a class is an interface: it has no constructor, and abstract classes have one."""
    return "." in name.removeprefix(_package_of(name) + ".") or not _constructors(stubs.top(name))


def _fields(stubs: Stubs, definition: ast.ClassDef, name: str) -> Iterator[str]:
    for line in definition.body:
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
            text = ast.unparse(line.annotation)
            static = "static " if text.startswith("typing.ClassVar[") else ""
            java = _type(stubs, text.removeprefix("typing.ClassVar[").removesuffix("]") if static else text, name)
            if java:
                yield f"public {static}{java[0]} {line.target.id};"


def _signatures(stubs: Stubs, definition: ast.ClassDef, name: str, kind: str) -> Iterator[str]:
    seen = set()
    for method in _methods(definition):
        if method.name in GENERIC:
            yield f"{GENERIC[method.name]} {BODY}"
            continue
        parameters, failed = _parameters(stubs, method, name)
        returned = _type(stubs, ast.unparse(method.returns) if method.returns else "None", name)
        key = (method.name, tuple(parameters))
        if failed or not returned or key in seen:
            continue
        seen.add(key)
        yield _signature(method, definition.name, name, kind, parameters, returned)


def _signature(
    method: ast.FunctionDef, own: str, name: str, kind: str, parameters: list[str], returned: tuple[str, bool]
) -> str:
    listed = ", ".join(f"{java} p{number}" for number, java in enumerate(parameters))
    throws = f" throws {CHECKED}" if method.name in THROWING else ""
    if method.name == "__init__":
        return f"public {own}({listed}) {{}}"
    if kind == "interface":
        return f"{returned[0]} {method.name}({listed});"
    java = "long" if method.name in LONG.get(name, ()) else returned[0]
    nullable = "@androidx.annotation.Nullable " if returned[1] else ""
    static = "static " if any(ast.unparse(d) == "staticmethod" for d in method.decorator_list) else ""
    return f"{nullable}public {static}{java} {method.name.rstrip('_')}({listed}){throws} {BODY}"


def _parameters(stubs: Stubs, method: ast.FunctionDef, name: str) -> tuple[list[str], bool]:
    """The parameters' Java types, and whether one of them is unknown."""
    given = [a for a in [*method.args.posonlyargs, *method.args.args] if a.arg != "self"]
    types = [_type(stubs, ast.unparse(a.annotation) if a.annotation else "None", name) for a in given]
    if method.args.vararg is not None:
        annotation = method.args.vararg.annotation
        last = _type(stubs, ast.unparse(annotation), name) if annotation else None
        types.append((f"{last[0]}...", False) if last else None)
    return [java[0] for java in types if java], None in types


def _type(stubs: Stubs, text: str, name: str) -> tuple[str, bool] | None:
    """The Java type of an annotation in a class, and whether it is nullable; None if unknown."""
    parts = [part.strip() for part in text.split(" | ")]
    nullable = "None" in parts and len(parts) > 1
    first = parts[0].split("[")[0]
    for part in parts:
        if re.fullmatch(r"java\.j[a-z]+", part):
            return part.removeprefix("java.j"), nullable
    if first.startswith("java.chaquopy.JavaArrayJ"):
        return first.removeprefix("java.chaquopy.JavaArrayJ").lower() + "[]", nullable
    if first == "java.chaquopy.JavaArray":
        element = _type(stubs, text[text.index("[") + 1 : text.rindex("]")], name)
        return (f"{element[0]}[]", nullable) if element else None
    if first in NAMES:
        return NAMES[first], nullable
    if first.startswith(("_", "typing.", "org.", "javax.", "dalvik.")):
        return None
    java = _qualified(stubs, first, name)
    if java.startswith("android."):
        if not stubs.knows(java):
            return None
        stubs.mentioned.add(java)
    return java, nullable


def _qualified(stubs: Stubs, name: str, inside: str) -> str:
    """The Java name of a class, as referred to in another class."""
    if name.startswith(("android.", "java.")):
        return name
    return f"{_package_of(inside)}.{name}"


def _package_of(name: str) -> str:
    """The package of a class: android.view.View.OnClickListener -> android.view."""
    parts = name.split(".")
    return ".".join(part for part in parts if part[0].islower())


def _top_of(name: str) -> str:
    package = _package_of(name)
    return f"{package}.{name.removeprefix(package + '.').split('.')[0]}"


def _classes(body: Iterable[ast.stmt]) -> dict[str, ast.ClassDef]:
    return {line.name: line for line in body if isinstance(line, ast.ClassDef)}


def _methods(definition: ast.ClassDef) -> list[ast.FunctionDef]:
    return [line for line in definition.body if isinstance(line, ast.FunctionDef)]


def _constructors(definition: ast.ClassDef) -> list[ast.FunctionDef]:
    return [method for method in _methods(definition) if method.name == "__init__"]
