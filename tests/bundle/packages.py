"""App packages and native libraries as Android's tools make them, small and made here."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PAGE = 16384
ARM64, ARM = 183, 40
LIBRARY = "lib/arm64-v8a/libnet.so"


@dataclass(frozen=True)
class Part:
    """One file of a package; stored ones begin at a multiple of `align`."""

    name: str
    data: bytes
    deflated: bool = False
    align: int = 1


def package(parts: Sequence[Part]) -> bytes:
    """A zip archive of these parts; as zipalign does, zeros in the extra field move them to where they belong."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in parts:
            info = zipfile.ZipInfo(part.name, (2020, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED if part.deflated else zipfile.ZIP_STORED
            start = out.tell() + 30 + len(part.name.encode())
            info.extra = bytes(-start % part.align)
            archive.writestr(info, part.data)
    return out.getvalue()


def apk(frc: bytes, *parts: Part) -> bytes:
    """An app with an asset as it should be."""
    return package([Part("AndroidManifest.xml", b"<>"), Part("assets/net.frc", frc, align=4), *parts])


def aab(frc: bytes, *parts: Part, globs: Sequence[str] = ("**[fF][rR][cC]",)) -> bytes:
    """An app bundle; its own compression says nothing."""
    config = Part("BundleConfig.pb", bundle_config(globs))
    manifest = Part("base/manifest/AndroidManifest.xml", b"")
    return package([config, manifest, Part("base/assets/net.frc", frc, deflated=True), *parts])


def bundle_config(globs: Sequence[str]) -> bytes:
    """BundleConfig.pb with a version, a number, and the patterns of what stays uncompressed."""
    compression = b"".join(_field(1, glob.encode()) for glob in globs)
    return _field(1, _field(2, b"1.18.0")) + _field(3, compression) + bytes([8 << 3, 1])


def _field(number: int, data: bytes) -> bytes:
    length = len(data)
    varint = bytes([length & 0x7F | 0x80, length >> 7]) if length > 0x7F else bytes([length])
    return bytes([number << 3 | 2]) + varint + data


def library(*, bits: int = 64, machine: int = ARM64, alignments: Sequence[int] = (PAGE, PAGE), apart: int = 0) -> bytes:
    """A shared library of loaded segments with these alignments; addresses lie `apart` bytes from where they should."""
    header, segment = ("<HHIQQQIHHHHHH", "<IIQQQQQQ") if bits == 64 else ("<HHIIIIIHHHHHH", "<IIIIIIII")
    ident = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
    table = 16 + struct.calcsize(header)
    size, count = struct.calcsize(segment), len(alignments) + 1
    image = ident + struct.pack(header, 3, machine, 1, 0, table, 0, 0, table, size, count, 0, 0, 0)
    for number, alignment in enumerate(alignments):
        offset = number * alignment
        address = offset + (apart if number else 0)
        fields = (1, 5, offset, address, address, 64, 64, alignment)
        image += struct.pack(segment, *(fields if bits == 64 else (1, offset, address, address, 64, 64, 5, alignment)))
    note = (4, 4, 0, 0, 0, 0, 0, 4) if bits == 64 else (4, 0, 0, 0, 0, 0, 4, 4)
    return image + struct.pack(segment, *note) + bytes(64)


def written(folder: Path, name: str, data: bytes) -> Path:
    """The data as a file."""
    path = folder / name
    path.write_bytes(data)
    return path
