"""Zip framing: odd but legal archives are read, contradictions are refused."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import pytest

from frcodec.errors import CorruptError, FrcError, UnsupportedError
from frcodec.formats.zip import write as zip_write
from frcodec.formats.zip.image import parse
from frcodec.formats.zip.normalize import normalize
from frcodec.formats.zip.write import MemberInfo, ZipWriter


def python_zip(members, compression=zipfile.ZIP_STORED, **options):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression, **options) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


def own_zip(members, finish=None, **info):
    parts = []
    writer = ZipWriter(parts.append)
    for name, data in members.items():
        writer.add(MemberInfo(name.encode(), **info), [data], align=64)
    writer.finish(**(finish or {}))
    return b"".join(parts)


MEMBERS = {"a/data.pkl": b"N.", "a/data/0": bytes(range(256)), "a/empty": b"", "a/ä": b"x" * 1000}


def contents(data):
    return {m.name: bytes(m.read(1 << 20)) for m in parse(memoryview(data)).members}


@pytest.mark.parametrize("flags", [0x0000, 0x0800, 0x0808])
@pytest.mark.parametrize("zip64", [False, True])
def test_own_archives_are_read_by_python_and_back(flags, zip64):
    data = own_zip(MEMBERS, {"zip64": zip64, "comment": b"hello"}, flags=flags | 0x0800)
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == MEMBERS
    assert archive.comment == b"hello"
    assert contents(data) == MEMBERS
    assert all(member.payload % 64 == 0 for member in parse(memoryview(data)).members)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_archives_of_python_are_read(compression):
    assert contents(python_zip(MEMBERS, compression)) == MEMBERS


def test_streamed_archives_are_read():
    class Pipe(io.RawIOBase):
        parts: list[bytes] = []

        def writable(self):
            return True

        def write(self, data):
            self.parts.append(bytes(data))
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in MEMBERS.items():
            with archive.open(name, "w", force_zip64=name == "a/data/0") as member:
                member.write(data)
    assert contents(b"".join(pipe.parts)) == MEMBERS


def test_64_bit_sizes(monkeypatch):
    monkeypatch.setattr(zip_write, "_LARGE32", 100)
    monkeypatch.setattr("frcodec.formats.zip.local.LARGE32", 100)
    monkeypatch.setattr("frcodec.formats.zip.image.LARGE32", 100)
    for flags in (0x0800, 0x0808):
        assert contents(own_zip(MEMBERS, flags=flags)) == MEMBERS


def test_members_keep_their_fields_when_inflated():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("a/code.py", (2020, 2, 3, 4, 5, 6))
        info.external_attr, info.comment = 0o600 << 16, b"note"
        archive.writestr(info, b"print()\n" * 100, zipfile.ZIP_DEFLATED)
        archive.writestr("a/data/0", b"x" * 100)
        archive.comment = b"whole"
    image = memoryview(out.getvalue())
    pieces, members = normalize(image, parse(image), 1 << 20)
    again = zipfile.ZipFile(io.BytesIO(b"".join(pieces)))
    assert again.testzip() is None
    first = again.getinfo("a/code.py")
    assert (first.date_time, first.external_attr, first.comment) == ((2020, 2, 3, 4, 5, 6), 0o600 << 16, b"note")
    assert (first.compress_type, again.read(first), again.comment) == (0, b"print()\n" * 100, b"whole")
    for member in members.members:
        joined = b"".join(pieces)
        assert joined[member.payload :].startswith(bytes(member.packed))
        for field in member.crc_fields:
            assert int.from_bytes(joined[field : field + 4], "little") == zlib.crc32(member.packed)


def test_stored_archives_are_not_touched():
    image = memoryview(own_zip(MEMBERS))
    pieces, _ = normalize(image, parse(image), 1 << 20)
    assert pieces == [image] and pieces[0] is image


def _patched(data, find, offset, value):
    at = data.index(find) + offset
    return data[:at] + value + data[at + len(value) :]


LOCAL, CENTRAL, END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"


@pytest.mark.parametrize(
    ("find", "offset", "value"),
    [
        (LOCAL, 14, b"\1\2\3\4"),  # checksum
        (LOCAL, 18, b"\1\0\0\0"),  # size
        (LOCAL, 8, b"\x08\0"),  # method
        (LOCAL, 26, b"\xff\xff"),  # name length
        (LOCAL, 30, b"z"),  # name
        (CENTRAL, 0, b"XX"),
        (CENTRAL, 20, b"\1\0\0\0"),  # compressed size
        (CENTRAL, 24, b"\1\0\0\0"),  # size
        (CENTRAL, 28, b"\xff\xff"),  # name length
        (CENTRAL, 42, b"\xff\xff\xff\x7f"),  # where the member is
        (CENTRAL, 42, b"\1\0\0\0"),
        (END, 10, b"\xff\xff"),  # number of members
        (END, 12, b"\1\0\0\0"),  # size of the directory
        (END, 16, b"\xff\xff\xff\x7f"),  # where the directory is
        (END, 20, b"\1\0"),  # comment
    ],
)
def test_contradictions_are_refused(find, offset, value):
    with pytest.raises(FrcError):
        parse(memoryview(_patched(python_zip(MEMBERS), find, offset, value)))


def test_wrong_checksums_of_what_is_read_are_refused():
    data = python_zip({"a": b"hello"})
    bad = data.replace(b"hello", b"jello")
    [member] = parse(memoryview(bad)).members
    with pytest.raises(CorruptError, match="checksum"):
        member.read(100)


def test_encrypted_and_exotic_members_are_refused():
    data = python_zip({"a": b"hello"})
    encrypted = _patched(_patched(data, LOCAL, 6, b"\1\0"), CENTRAL, 8, b"\1\0")
    with pytest.raises(UnsupportedError, match="encrypted"):
        parse(memoryview(encrypted))
    with pytest.raises(UnsupportedError, match="method 12"):
        parse(memoryview(python_zip(MEMBERS, zipfile.ZIP_BZIP2)))


def test_members_may_not_overlap_or_repeat():
    one = own_zip({"a": b"hello"})
    central = one[one.index(CENTRAL) : one.index(END)]
    start = one.index(CENTRAL)
    end = struct.pack("<4sHHHHIIH", END, 0, 0, 2, 2, 2 * len(central), start, 0)
    with pytest.raises(CorruptError, match="twice"):
        parse(memoryview(one[:start] + central * 2 + end))
    inner = own_zip({"b": b"hello"})
    nested = own_zip({"a": inner})
    at = nested.index(inner)
    start = nested.rindex(CENTRAL)
    second = bytearray(inner[inner.index(CENTRAL) : inner.index(END)])
    second[42:46] = struct.pack("<I", at)
    first = nested[start : nested.rindex(END)]
    end = struct.pack("<4sHHHHIIH", END, 0, 0, 2, 2, len(first) + len(second), start, 0)
    with pytest.raises(CorruptError, match="overlaps"):
        parse(memoryview(nested[:start] + first + bytes(second) + end))


def test_bombs_are_refused():
    bomb = python_zip({"a/data.pkl": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    image = memoryview(bomb)
    archive = parse(image)
    with pytest.raises(UnsupportedError, match="limit"):
        normalize(image, archive, 1 << 20)
    with pytest.raises(UnsupportedError):
        archive.members[0].read(1 << 20)
    size = struct.pack("<I", 100)
    small = _patched(_patched(bomb, LOCAL, 22, size), CENTRAL, 24, size)
    with pytest.raises(CorruptError, match="size"):
        parse(memoryview(small)).members[0].read(1 << 20)
    huge = struct.pack("<I", 0xFFFF_FFF0)
    with pytest.raises(CorruptError, match="cannot hold"):
        parse(memoryview(_patched(_patched(bomb, LOCAL, 22, huge), CENTRAL, 24, huge)))
