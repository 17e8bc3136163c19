"""Parse the parts of a shared library that the dynamic linker reads."""

import struct
from dataclasses import dataclass
from pathlib import Path

MACHINES = {"arm64-v8a": 183, "armeabi-v7a": 40, "x86_64": 62}

PT_LOAD, PT_DYNAMIC, PT_NOTE, PT_TLS = 1, 2, 4, 7
PT_GNU_STACK, PT_GNU_RELRO = 0x6474E551, 0x6474E552
PF_X = 1
DT_NEEDED, DT_STRTAB, DT_SYMTAB, DT_SONAME, DT_TEXTREL, DT_BIND_NOW = 1, 5, 6, 14, 22, 24
DT_HASH, DT_FLAGS, DT_FLAGS_1 = 4, 30, 0x6FFFFFFB
DF_TEXTREL, DF_BIND_NOW, DF_1_NOW = 4, 8, 1


@dataclass(frozen=True)
class Segment:
    """A program header."""

    kind: int
    flags: int
    offset: int
    address: int
    file_bytes: int
    memory_bytes: int
    alignment: int


@dataclass(frozen=True)
class Symbol:
    """An entry of the dynamic symbol table."""

    name: str
    defined: bool
    local: bool


class Library:
    """A little-endian ELF file of 32 or 64 bits."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()
        if self.data[:4] != b"\x7fELF" or self.data[5] != 1:
            raise ValueError(f"{path} is no little-endian ELF file")
        self.wide = self.data[4] == 2
        self.machine = struct.unpack_from("<H", self.data, 18)[0]
        self.segments = self._segments()
        self.dynamic = self._dynamic()

    def _segments(self) -> list[Segment]:
        table = struct.unpack_from("<Q", self.data, 32)[0] if self.wide else struct.unpack_from("<I", self.data, 28)[0]
        size, count = struct.unpack_from("<HH", self.data, 54 if self.wide else 42)
        return [self._segment(table + i * size) for i in range(count)]

    def _segment(self, at: int) -> Segment:
        if self.wide:
            kind, flags, offset, address, _, file_bytes, memory_bytes, alignment = struct.unpack_from(
                "<IIQQQQQQ", self.data, at
            )
        else:
            kind, offset, address, _, file_bytes, memory_bytes, flags, alignment = struct.unpack_from(
                "<8I", self.data, at
            )
        return Segment(kind, flags, offset, address, file_bytes, memory_bytes, alignment)

    def of_kind(self, kind: int) -> list[Segment]:
        """The segments of a type."""
        return [segment for segment in self.segments if segment.kind == kind]

    def _dynamic(self) -> dict[int, list[int]]:
        values: dict[int, list[int]] = {}
        pair = "<QQ" if self.wide else "<II"
        for segment in self.of_kind(PT_DYNAMIC):
            piece = self.data[segment.offset : segment.offset + segment.file_bytes]
            for tag, value in struct.iter_unpack(pair, piece):
                values.setdefault(tag, []).append(value)
        return values

    def _offset(self, address: int) -> int:
        for segment in self.of_kind(PT_LOAD):
            if segment.address <= address < segment.address + segment.file_bytes:
                return address - segment.address + segment.offset
        raise ValueError(f"address {address:#x} is not in the file")

    def _text(self, position: int) -> str:
        at = self._offset(self.dynamic[DT_STRTAB][0]) + position
        return self.data[at : self.data.index(0, at)].decode()

    @property
    def needed(self) -> list[str]:
        """DT_NEEDED: names of the libraries that this one depends on."""
        return [self._text(position) for position in self.dynamic.get(DT_NEEDED, [])]

    @property
    def own_name(self) -> str:
        """DT_SONAME."""
        return self._text(self.dynamic[DT_SONAME][0]) if DT_SONAME in self.dynamic else ""

    @property
    def symbols(self) -> list[Symbol]:
        """The dynamic symbols. DT_HASH has their number."""
        count = struct.unpack_from("<I", self.data, self._offset(self.dynamic[DT_HASH][0]) + 4)[0]
        table = self._offset(self.dynamic[DT_SYMTAB][0])
        found = []
        for i in range(1, count):
            if self.wide:
                name, info, _, section = struct.unpack_from("<IBBH", self.data, table + 24 * i)
            else:
                name, _, _, info, _, section = struct.unpack_from("<IIIBBH", self.data, table + 16 * i)
            found.append(Symbol(self._text(name), section != 0, info >> 4 == 0))
        return found

    @property
    def notes(self) -> dict[str, bytes]:
        """Contents of the notes, by owner."""
        found = {}
        for segment in self.of_kind(PT_NOTE):
            at, end = segment.offset, segment.offset + segment.file_bytes
            while at < end:
                name_bytes, data_bytes, _ = struct.unpack_from("<III", self.data, at)
                name = self.data[at + 12 : at + 12 + name_bytes].rstrip(b"\0").decode()
                at += 12 + -(-name_bytes // 4) * 4
                found[name] = self.data[at : at + data_bytes]
                at += -(-data_bytes // 4) * 4
        return found

    def flag(self, tag: int, bit: int) -> bool:
        """Whether a flag of a dynamic entry is set."""
        return any(value & bit for value in self.dynamic.get(tag, []))
