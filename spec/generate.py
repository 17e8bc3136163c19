"""Write the constants of every language from constants.toml: `python spec/generate.py`; `--check` only compares."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path
from typing import Any

SPEC = Path(__file__).resolve().parent
PYTHON = SPEC.parent / "frcodec" / "constants.py"
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
        numbers = [f"    {', '.join(str(v) for v in value[i : i + 8])}," for i in range(0, len(value), 8)]
        return f"{key.upper()}: Final = (\n" + "\n".join(numbers) + "\n)"
    return f"{key.upper()}: Final = {value}"


def main() -> int:
    """Write, or with --check compare, every generated file."""
    source = python_source(tomllib.loads((SPEC / "constants.toml").read_text()))
    if "--check" not in sys.argv:
        PYTHON.write_text(source)
        return 0
    if PYTHON.read_text() == source:
        return 0
    print(f"{PYTHON} differs from constants.toml: run python spec/generate.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
