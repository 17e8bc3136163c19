"""Write the constants of every language from constants.toml: `python spec/generate.py`; `--check` only compares."""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parent
PYTHON = SPEC.parent / "frcodec" / "constants.py"
CORE = SPEC.parent / "android_loader" / "core"
CPP = CORE / "base" / "constants.h"
C = CORE / "include" / "frc_enums.h"
KOTLIN = SPEC.parent / "android_loader" / "kotlin" / "src" / "main" / "kotlin" / "io" / "github" / "frcodec"
PLAIN_SECTIONS_EXCLUDED = {"errors", "dtypes"}


def python_source(constants: dict[str, Any]) -> str:
    """The text of frcodec/constants.py."""
    lines = [
        '"""Numbers of the format. Generated from spec/constants.toml by spec/generate.py: change them there."""',
        "",
        "from __future__ import annotations",
        "",
        "from enum import IntEnum",
        "from typing import Final",
        "",
    ]
    for section, values in constants.items():
        if section in PLAIN_SECTIONS_EXCLUDED:
            continue
        lines += [f"# {section}"] + [plain(key, value) for key, value in values.items()] + [""]
    lines += [
        "",
        "class Code(IntEnum):",
        '    """What went wrong; number // 100 is the exit status of the command line tool."""',
        "",
    ]
    lines += [f"    {name.upper()} = {number}" for name, number in constants["errors"].items()]
    lines += ["", "", "DTYPE_BITS: Final = {"]
    lines += [f'    "{name}": ({entry["id"]}, {entry["bits"]}),' for name, entry in constants["dtypes"].items()]
    lines += ["}", '"""dtype name -> (id in the index, bits of one element)"""', ""]
    return "\n".join(lines)


def plain(key: str, value: Any) -> str:
    """One assignment; strings are hexadecimal bytes, lists become tuples."""
    if isinstance(value, str):
        return f'{key.upper()}: Final = bytes.fromhex("{value}")'
    if isinstance(value, list):
        return f"{key.upper()}: Final = (\n" + in_rows(value, 4) + "\n)"
    return f"{key.upper()}: Final = {value}"


def cpp_source(constants: dict[str, Any]) -> str:
    """The text of android_loader/core/base/constants.h."""
    lines = [
        "// Numbers of the format. Generated from spec/constants.toml by spec/generate.py: change them there.",
        "",
        "#pragma once",
        "",
        "#include <stdint.h>",
        "",
        "// clang-format off",
        "namespace frc {",
        "",
    ]
    for section, values in constants.items():
        if section in PLAIN_SECTIONS_EXCLUDED:
            continue
        lines += [f"// {section}"] + [cpp_plain(key, value) for key, value in values.items()] + [""]
    lines += ["/// Error codes; code / 100 is the exit status of the command line tool."]
    lines += ["enum class Code : int {"]
    lines += ["    OK = 0,"] + [f"    {name.upper()} = {number}," for name, number in constants["errors"].items()]
    lines += ["};", "", "/// Element types; the values are the ids in the index.", "enum class DType : uint8_t {"]
    lines += [f"    {name.upper()} = {entry['id']}," for name, entry in constants["dtypes"].items()]
    sizes = [entry["bits"] // 8 for entry in sorted(constants["dtypes"].values(), key=lambda entry: entry["id"])]
    lines += ["};", "", "/// Bytes of one element, by id.", cpp_plain("dtype_bytes", sizes), ""]
    lines += ["}  // namespace frc", ""]
    return "\n".join(lines)


def cpp_plain(key: str, value: Any) -> str:
    """One constant; strings are hexadecimal bytes, lists become arrays."""
    if isinstance(value, str):
        value = list(bytes.fromhex(value))
    if isinstance(value, list):
        kind = "uint8_t" if max(value) < 256 else "uint32_t" if max(value) < 1 << 32 else "uint64_t"
        return f"inline constexpr {kind} {key.upper()}[] = {{\n" + in_rows(value, 4) + "\n};"
    kind = "int" if abs(value) < 1 << 31 else "int64_t"
    return f"inline constexpr {kind} {key.upper()} = {value};"


def c_source(constants: dict[str, Any]) -> str:
    """The text of android_loader/core/include/frc_enums.h."""
    comments, codes = error_comments(), constants["errors"].items()
    lines = ["/* Enums of frc.h. Generated from spec/constants.toml by spec/generate.py: change them there. */", ""]
    lines += ["#ifndef FRC_ENUMS_H", "#define FRC_ENUMS_H", "", "/* clang-format off */", ""]
    lines += ["/* Error codes. They are never reused; some occur in the command line tool only. */"]
    lines += ["typedef enum frc_code {", "    FRC_OK = 0,"]
    lines += [f"    FRC_{name.upper()} = {number}, /* {comments[name]} */" for name, number in codes]
    lines += ["} frc_code;", "", "/* Element types, by their names in PyTorch. */", "typedef enum frc_dtype {"]
    lines += [f"    FRC_DTYPE_{name.upper()} = {entry['id']}," for name, entry in constants["dtypes"].items()]
    lines += ["} frc_dtype;", "", "#endif", ""]
    return "\n".join(lines)


def error_comments() -> dict[str, str]:
    """What each error code means: the comment beside it in constants.toml."""
    return dict(re.findall(r"^(\w+) = \d+ +# (.*)$", (SPEC / "constants.toml").read_text(), re.MULTILINE))


def kotlin_codes(constants: dict[str, Any]) -> str:
    """The text of FrcCode.kt."""
    comments = error_comments()
    values = [
        f"    /** {comments[name][:1].upper()}{comments[name][1:]}. */\n    {name.upper()}({number}),\n\n"
        for name, number in constants["errors"].items()
    ]
    values.append(
        "    /** A code that this version of the library does not know; [FrcException.number] is its number. */\n"
        "    UNKNOWN(-1),\n"
    )
    return kotlin_enum(
        "FrcCode",
        "The cause of an [FrcException]. Later versions may add codes; some occur in the command-line tool only.",
        {"number": "the same in every language, and never reused"},
        values,
        "values().firstOrNull { it.number == number } ?: UNKNOWN",
    )


def kotlin_dtypes(constants: dict[str, Any]) -> str:
    """The text of FrcDType.kt."""
    values = [
        f"    {name.upper()}({entry['id']}, {entry['bits'] // 8}),\n" for name, entry in constants["dtypes"].items()
    ]
    return kotlin_enum(
        "FrcDType",
        "Types of elements, by their names in PyTorch. BYTES is a storage without a type.",
        {"number": "id in the file", "byteCount": "size of an element in bytes"},
        values,
        "values().first { it.number == number }",
    )


def kotlin_enum(name: str, doc: str, properties: dict[str, str], values: list[str], by_number: str) -> str:
    """An enum class of numbers; `by_number` is the expression that finds the value of a `number`."""
    lines = ["// Generated from spec/constants.toml by spec/generate.py: change it there.", ""]
    lines += ["package io.github.frcodec", "", "/**", f" * {doc}", " *"]
    lines += [f" * @property {key} {meaning}" for key, meaning in properties.items()]
    lines += [" */", f"public enum class {name}("] + [f"    public val {key}: Int," for key in properties]
    lines += [") {", "".join(values).rstrip("\n"), "    ;", "", "    internal companion object {"]
    lines += [f"        fun of(number: Int): {name} = {by_number}", "    }", "}", ""]
    return "\n".join(lines)


def in_rows(values: list[int], indent: int) -> str:
    """Eight numbers a line."""
    rows = [values[i : i + 8] for i in range(0, len(values), 8)]
    return "\n".join(" " * indent + ", ".join(str(v) for v in row) + "," for row in rows)


def main() -> int:
    """Write, or with --check compare, every generated file."""
    constants = tomllib.loads((SPEC / "constants.toml").read_text())
    stale = 0
    sources = {
        PYTHON: python_source(constants),
        CPP: cpp_source(constants),
        C: c_source(constants),
        KOTLIN / "FrcCode.kt": kotlin_codes(constants),
        KOTLIN / "FrcDType.kt": kotlin_dtypes(constants),
    }
    for path, source in sources.items():
        if "--check" not in sys.argv:
            path.write_text(source)
        elif path.read_text() != source:
            print(f"{path} differs from constants.toml: run python spec/generate.py", file=sys.stderr)
            stale = 1
    return stale


if __name__ == "__main__":
    sys.exit(main())
