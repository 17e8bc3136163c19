import re
import sys
from pathlib import Path

import pytest

LOADER = Path(__file__).resolve().parents[2] / "android_loader"
sys.path.insert(0, str(LOADER))

from ci import sysroot  # noqa: E402

HEADERS = sorted((LOADER / "ci" / "include").rglob("*.h"))
DECLARATION = re.compile(r"^[a-z][\w ]*?[ *](\w+)\(.*\)(?: __attribute__\(\(\w+\)\))?;$", re.MULTILINE)
# Not in the C library of Android 24, or with other numbers than glibc has.
LATER = {"getrandom", "getentropy", "iconv", "pthread_getname_np", "syncfs", "sysconf", "fexecve", "aligned_alloc"}


def declared(header: Path) -> set[str]:
    return set(DECLARATION.findall(header.read_text()))


@pytest.mark.parametrize("header", HEADERS, ids=lambda path: path.name)
def test_declared_functions_are_in_bionic(header: Path) -> None:
    names = declared(header)
    assert names or header.name == "types.h"
    for abi in sysroot.TARGETS:
        assert names <= sysroot.allowed(abi)


def test_all_declarations_are_seen() -> None:
    for header in HEADERS:
        functions = [line for line in header.read_text().splitlines() if line.endswith(";") and ")" in line]
        hidden = [line for line in functions if not DECLARATION.match(line) and not line.startswith((" ", "typedef"))]
        assert not hidden, header.name


def test_nothing_newer_is_allowed() -> None:
    for abi in sysroot.TARGETS:
        assert not LATER & sysroot.allowed(abi)


def test_names_are_listed_once() -> None:
    for path in (LOADER / "ci" / "bionic").glob("*.txt"):
        names = path.read_text().split()
        assert len(names) == len(set(names)), path.name
