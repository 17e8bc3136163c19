"""Reproducible zip files, and the offsets of entries in zip files."""

import io
import struct
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOCAL_HEADER = struct.Struct("<4s5H3I2H")
OLDEST_TIME = (1980, 1, 1, 0, 0, 0)


def packed(entries: Mapping[str, bytes]) -> bytes:
    """A zip file of these entries, sorted by name."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(entries):
            info = zipfile.ZipInfo(name, OLDEST_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, entries[name])
    return buffer.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    """The files below a folder, as entries."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@dataclass(frozen=True)
class Placed:
    """An entry of a zip file."""

    stored: bool
    offset: int
    data: bytes


def placed(path: Path) -> dict[str, Placed]:
    """All entries of a zip file, with the offsets at which their bytes start."""
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {info.filename: _placed(archive, info, data) for info in archive.infolist()}


def _placed(archive: zipfile.ZipFile, info: zipfile.ZipInfo, data: bytes) -> Placed:
    header = LOCAL_HEADER.unpack_from(data, info.header_offset)
    offset = info.header_offset + LOCAL_HEADER.size + header[-2] + header[-1]
    return Placed(info.compress_type == zipfile.ZIP_STORED, offset, archive.read(info))
