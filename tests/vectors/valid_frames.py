"""Sound files about zstd frames: blocks, windows, checksums, dictionary ids, sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import zstandard
from frc_files import DATA, INDEX, METADATA, Columns, digest, file_of, section
from zstd_frames import GIBIBYTE, checksum_of, raw_block, repeating_block, zstd_frame

from frcodec.tensors import DTYPES

LARGEST_BLOCK = 1 << 17
TEXT = b"Each frame holds this text, " + bytes(range(200))


def _file(streams: Mapping[str, tuple[bytes, bytes]], index: Callable[[bytes], bytes] | None = None) -> bytes:
    """A file of uint8 vectors: name -> content and frame; `index` makes a frame of the content of the index."""
    names, contents, frames = list(streams), *zip(*streams.values(), strict=True)
    columns = Columns(
        names="".join(f"{name}\0" for name in names),
        dtypes=bytes([DTYPES["uint8"].id] * len(names)),
        codings=b"\1" * len(names),
        ranks=b"\1" * len(names),
        dims=[len(content) for content in contents],
        axes=[],
        regions=b"",
        steps=b"",
        streams=[0] * len(names),
        sizes=[len(frame) for frame in frames],
        digests=b"".join(digest(content).to_bytes(4, "little") for content in contents),
    )
    payload = columns.pack()
    if index:
        payload = index(zstandard.ZstdDecompressor().decompress(payload))
    return file_of(section(DATA, b"".join(frames)), section(INDEX, payload))


def _plain(content: bytes, **header: int | bytes | None) -> tuple[bytes, bytes]:
    """The content and a frame of one raw block."""
    return content, zstd_frame([raw_block(content, last=True)], size=len(content), **header)  # type: ignore[arg-type]


def _blocks() -> bytes:
    """Blocks of every kind: raw, repeated, empty, compressed, and many of them."""
    noise = np.random.default_rng(1).integers(0, 4, 1000, np.uint8).tobytes()
    long = bytes(range(256)) * 1200
    bytewise = [raw_block(TEXT[i : i + 1], last=i == len(TEXT) - 1) for i in range(len(TEXT))]
    largest = zstd_frame([repeating_block(0, LARGEST_BLOCK, last=True)], size=LARGEST_BLOCK)
    mixed = [
        raw_block(TEXT[:7]),
        repeating_block(9, 300),
        raw_block(b""),
        raw_block(TEXT[7:]),
        raw_block(b"", last=True),
    ]
    return _file(
        {
            "mixed": (TEXT[:7] + b"\x09" * 300 + TEXT[7:], zstd_frame(mixed, size=len(TEXT) + 300)),
            "bytes": (TEXT, zstd_frame(bytewise, size=len(TEXT))),
            "compressed": (noise, zstandard.ZstdCompressor(level=3).compress(noise)),
            "compressed blocks": (long, zstandard.ZstdCompressor(level=3).compress(long)),
            "largest": (bytes(LARGEST_BLOCK), largest),
            "nothing": _plain(b""),
        }
    )


def _headers() -> bytes:
    """Windows from the smallest to 1 GiB, checksums, dictionary ids of zero, declared sizes of every length."""
    cases: dict[str, tuple[bytes, bytes]] = {
        "window of 1 KiB": _plain(TEXT, window=0),
        "window of 15 KiB": _plain(TEXT, window=3 << 3 | 7),
        "window of 1 GiB": _plain(TEXT, window=GIBIBYTE),
        "window of 1 GiB, nothing": _plain(b"", window=GIBIBYTE),
        "checksum": _plain(TEXT, checksum=checksum_of(TEXT)),
        "checksum of nothing": _plain(b"", checksum=checksum_of(b"")),
        "everything": _plain(TEXT, window=GIBIBYTE, dictionary=bytes(4), checksum=checksum_of(TEXT)),
    }
    cases |= {f"dictionary of {n} bytes": _plain(TEXT, dictionary=bytes(n)) for n in (1, 2, 4)}
    cases |= {f"size of {n} bytes": _plain(TEXT + TEXT, size_bytes=n) for n in (2, 4, 8)}
    return _file({**cases, "size of 1 byte": _plain(TEXT[:5], size_bytes=1)})


def _index() -> bytes:
    """Index and metadata in several blocks, with a window and a checksum."""

    def framed(content: bytes) -> bytes:
        blocks = [raw_block(content[:20]), raw_block(content[20:40]), raw_block(content[40:], last=True)]
        return zstd_frame(blocks, size=len(content), window=GIBIBYTE, checksum=checksum_of(content))

    file, content = _file({"w": _plain(TEXT)}, framed), b"\x81\xa1k\xd9\x30" + b"v" * 48
    return file[:6] + section(METADATA, framed(content)) + file[6:]


VALID: dict[str, Callable[[], bytes]] = {"frame_blocks": _blocks, "frame_headers": _headers, "frame_index": _index}
