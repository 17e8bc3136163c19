"""The files that an app bundle leaves uncompressed: `compression.uncompressed_glob` of its BundleConfig.pb."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase

_COMPRESSION = 3
_UNCOMPRESSED_GLOB = 1
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_STARS = ("**", "*")
_MOST_GLOBS = 1000
_LONGEST_GLOB = 1000


def uncompressed_globs(data: bytes) -> list[str]:
    """The patterns, of paths such as "assets/model.frc". Raises ValueError for a malformed message."""
    globs = [
        glob.decode("utf-8", "replace")
        for compression in _strings(data, _COMPRESSION)
        for glob in _strings(compression, _UNCOMPRESSED_GLOB)
    ]
    if len(globs) > _MOST_GLOBS or any(len(glob) > _LONGEST_GLOB for glob in globs):
        raise ValueError(f"it has more than {_MOST_GLOBS:,} patterns, or one of more than {_LONGEST_GLOB:,} letters")
    return globs


def matches(path: str, glob: str) -> bool:
    """Whether a path matches a pattern: ** is anything, * and ? exclude slashes, [ab] is one of these characters.

    All states are followed at once, so that the time is at most the product of both lengths.
    """
    steps = list(_steps(glob))
    places = {0}
    for char in path:
        places = _with_stars(places, steps)
        taking = [at for at in places if at < len(steps) and _takes(steps[at], char)]
        places = {at if steps[at] in _STARS else at + 1 for at in taking}
    return len(steps) in _with_stars(places, steps)


def _with_stars(places: set[int], steps: list[str]) -> set[int]:
    """The places, and those reached from them by stars that match nothing."""
    found = set()
    for at in places:
        found.add(at)
        while at < len(steps) and steps[at] in _STARS:
            at += 1
            found.add(at)
    return found


def _takes(step: str, char: str) -> bool:
    if step == "**":
        return True
    if step in ("*", "?"):
        return char != "/"
    return fnmatchcase(char, step) if step[0] == "[" else char == step[-1]


def _steps(glob: str) -> Iterator[str]:
    """The pieces of a pattern: stars, and pieces that match one character."""
    at = 0
    while at < len(glob):
        length = 2 if glob.startswith("**", at) or glob[at] == "\\" else 1
        if glob[at] == "[" and (end := glob.find("]", at + 1)) > 0:
            length = end + 1 - at
        yield glob[at : at + length]
        at += length


def _strings(data: bytes, wanted: int) -> Iterator[bytes]:
    """The fields of type bytes with this number in a protocol buffers message."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        length = {_FIXED64: 8, _FIXED32: 4}.get(key & 7, 0)
        if key & 7 == _VARINT:
            _, at = _varint(data, at)
        elif key & 7 == _BYTES:
            length, at = _varint(data, at)
        elif not length:
            raise ValueError(f"a field is of the unknown kind {key & 7}")
        if at + length > len(data):
            raise ValueError("a field runs past its end")
        if key == wanted << 3 | _BYTES:
            yield data[at : at + length]
        at += length


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A varint (seven bits a byte), and its end."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            raise ValueError("a number in it is cut short")
        number |= (data[at] & 0x7F) << shift
        at += 1
        if not data[at - 1] & 0x80:
            return number, at
    raise ValueError("a number in it does not end")
