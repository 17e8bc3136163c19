"""Rules of Android's dynamic linker and of the store for shared libraries."""

import struct
from collections.abc import Iterator

from ci import elf
from ci.elf import Library
from ci.paths import LIBRARY
from ci.sysroot import API, LIBRARIES, allowed

PAGE = 16384


def broken(library: Library, abi: str) -> list[str]:
    """A sentence for every rule that the library breaks."""
    rules = (_machine, _segments, _hardening, _linking, _note)
    return [sentence for rule in rules for sentence in rule(library, abi)]


def _machine(library: Library, abi: str) -> Iterator[str]:
    if library.machine != elf.MACHINES[abi]:
        yield f"it is for ELF machine {library.machine}, not {elf.MACHINES[abi]}"


def _segments(library: Library, abi: str) -> Iterator[str]:
    for segment in library.of_kind(elf.PT_LOAD):
        if segment.alignment < PAGE or segment.alignment % PAGE or (segment.address - segment.offset) % PAGE:
            yield f"the segment at {segment.address:#x} is aligned to {segment.alignment} bytes, not to {PAGE}"
        if segment.flags & elf.PF_X and segment.flags & 2:
            yield f"the segment at {segment.address:#x} can be written and executed"
    if library.of_kind(elf.PT_TLS):
        yield "it has thread-local variables, which cost every thread of the app"


def _hardening(library: Library, abi: str) -> Iterator[str]:
    if not library.of_kind(elf.PT_GNU_RELRO):
        yield "relocated data stay writable (no RELRO)"
    if not library.flag(elf.DT_FLAGS, elf.DF_BIND_NOW) and not library.flag(elf.DT_FLAGS_1, elf.DF_1_NOW):
        yield "symbols are bound late (no BIND_NOW), so RELRO does not cover the table of functions"
    if elf.DT_TEXTREL in library.dynamic or library.flag(elf.DT_FLAGS, elf.DF_TEXTREL):
        yield "code is relocated (TEXTREL), which Android refuses"
    stacks = library.of_kind(elf.PT_GNU_STACK)
    if not stacks or any(stack.flags & elf.PF_X for stack in stacks):
        yield "it asks for an executable stack"


def _linking(library: Library, abi: str) -> Iterator[str]:
    if library.own_name != LIBRARY:
        yield f'its name inside is "{library.own_name}", not {LIBRARY}'
    for name in library.needed:
        if name.removesuffix(".so") not in LIBRARIES:
            yield f"it needs {name}; only libc, libm and libdl are on every phone"
    symbols = [symbol for symbol in library.symbols if not symbol.local]
    for name in sorted({symbol.name for symbol in symbols if not symbol.defined} - allowed(abi)):
        yield f"it needs {name}, which no list of ci/bionic has: check that bionic exports it at API {API}, and add it"
    exported = [symbol.name for symbol in symbols if symbol.defined]
    for name in exported:
        if not name.startswith("Java_") and name != "JNI_OnLoad":
            yield f"it exports {name}, which is no JNI name"
    if not exported:
        yield "it exports nothing"


def _note(library: Library, abi: str) -> Iterator[str]:
    notes = library.notes
    if "Android" not in notes:
        yield "it has no note that says for which Android it is"
    elif struct.unpack_from("<I", notes["Android"])[0] != API:
        yield f"its note says API {struct.unpack_from('<I', notes['Android'])[0]}, not {API}"
    if "GNU" not in notes:
        yield "it has no build id, by which crash reports find its symbols"
