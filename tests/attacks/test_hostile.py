"""Hand-made hostile files: each gives its own code, in bounded time and memory, from bytes and from disk."""

from __future__ import annotations

import io

import pytest
from attacks.hostile import HOSTILE
from attacks.victims import bounded, content
from frc_files import GOOD

from frcodec import Code, FrcError, load_file, open_file

READER_CODES = {code for code in Code if code // 100 in (3, 4)} - {
    Code.BAD_MODEL,
    Code.UNSUPPORTED_MODEL,
    Code.NEEDS_TORCH,
}
"""codes that reading an .frc file may give; the others are about model files"""
LIMIT = 1 << 36
"""many gigabytes: refusals must not depend on a small limit"""


def _read_all(source):
    """All entries, at all widths, metadata and the rebuilt model file."""
    with open_file(source, max_bytes=LIMIT) as file:
        _ = file.metadata
        for name in file:
            _ = file[name]
        if file.kind is not None:
            file.rebuild(io.BytesIO().write)
        for one in file.widths.validated if file.widths else ():
            load_file(source, width=one.lengths, max_bytes=LIMIT)


def test_the_file_they_are_made_from_is_sound():
    assert list(content(GOOD)[0]) == ["w"]
    _read_all(GOOD)


@pytest.mark.parametrize("name", HOSTILE)
def test_each_gives_its_code(name, tmp_path):
    make, code = HOSTILE[name]
    data = make()
    path = tmp_path / "hostile.frc"
    path.write_bytes(data)
    for source in (data, path):
        with bounded(), pytest.raises(FrcError) as caught:
            _read_all(source)
        assert caught.value.code == code
        assert caught.value.message


def test_every_code_of_a_reader_is_produced():
    assert {code for _, code in HOSTILE.values()} == READER_CODES
