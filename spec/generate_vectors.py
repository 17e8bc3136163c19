"""Add missing test files to spec/vectors and their digests to its manifest; existing ones are never changed.

    python spec/generate_vectors.py            write the missing files
    python spec/generate_vectors.py --check    only list them

The modules in tests/vectors build the valid files, those in tests/attacks the invalid ones. The digests of the entries
of valid files are those of the reference decoder.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Callable, Iterator
from hashlib import sha256
from importlib import import_module
from pathlib import Path

from reference_decoder import Decoded, decode

ROOT = Path(__file__).parent.parent
VECTORS = ROOT / "spec" / "vectors"
MANIFEST = VECTORS / "manifest.toml"
VALID = (
    "valid_tensors",
    "valid_transforms",
    "valid_blocks",
    "valid_rows",
    "valid_streams",
    "valid_trellis",
    "valid_files",
    "valid_frames",
    "valid_limits",
    "valid_widths",
)
HEADER = """\
# What the files of this folder decode to; made by spec/generate_vectors.py, which only ever adds to it.
#
# [valid."NAME.frc"]    file = SHA-256 of the .frc file; rebuilt = SHA-256 of the model file, where there is a skeleton;
#                       entries = SHA-256 of the decoded bytes of every entry that has a name, views included;
#                       widths."N,…" = the same at this validated width
# [invalid."NAME.frc"]  file = SHA-256 of the .frc file; error = the code that reading all of it gives
"""


def missing() -> Iterator[tuple[str, Callable[[], tuple[bytes, str]]]]:
    """Yield the name of every missing vector, and a function that makes the file and its lines of the manifest."""
    known = tomllib.loads(MANIFEST.read_text("utf-8")) if MANIFEST.exists() else {}
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    for module in VALID:
        for name, make in import_module(f"vectors.{module}").VALID.items():
            if f"{name}.frc" not in known.get("valid", {}):
                yield f"valid/{name}.frc", lambda name=name, make=make: _valid(name, make())  # type: ignore[misc]
    hostile = import_module("attacks.hostile")
    for name, (make, code) in hostile.HOSTILE.items():
        if f"{name}.frc" not in known.get("invalid", {}) and name not in hostile.NOT_GOLDEN:
            yield f"invalid/{name}.frc", lambda name=name, make=make, code=code: _invalid(name, make(), code.name)  # type: ignore[misc]


def _valid(name: str, data: bytes) -> tuple[bytes, str]:
    decoded = decode(data)
    lines = [f'\n[valid."{name}.frc"]', f'file = "{sha256(data).hexdigest()}"']
    if decoded.model_file is not None:
        lines.append(f'rebuilt = "{sha256(decoded.model_file).hexdigest()}"')
    lines += [f'\n[valid."{name}.frc".entries]', *_entries(decoded)]
    for width in decoded.widths.checksums if decoded.widths else ():
        lines += [f'\n[valid."{name}.frc".widths."{",".join(map(str, width))}"]']
        lines += _entries(decode(data, lengths=width))
    return data, "\n".join(lines) + "\n"


def _entries(decoded: Decoded) -> Iterator[str]:
    for key, array in decoded.tensors.items():
        yield f'{json.dumps(key, ensure_ascii=False)} = "{sha256(array.tobytes()).hexdigest()}"'


def _invalid(name: str, data: bytes, error: str) -> tuple[bytes, str]:
    return data, f'\n[invalid."{name}.frc"]\nfile = "{sha256(data).hexdigest()}"\nerror = "{error.lower()}"\n'


def main() -> int:
    """Add the missing files; with --check the exit status is 1 if there are any."""
    names = []
    for name, make in missing():
        data, lines = make()
        names.append(name)
        if "--check" in sys.argv:
            continue
        path = VECTORS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as file:  # fails where there is one already
            file.write(data)
        if not MANIFEST.exists():
            MANIFEST.write_text(HEADER, "utf-8")
        with MANIFEST.open("a", encoding="utf-8") as manifest:
            manifest.write(lines)
    print("\n".join(names) or "nothing is missing")
    return int("--check" in sys.argv and bool(names))


if __name__ == "__main__":
    sys.exit(main())
