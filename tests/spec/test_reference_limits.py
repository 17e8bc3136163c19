"""The limit of the reference decoder's caller, which no vector reaches, is allowed itself and nothing above it."""

from __future__ import annotations

from pathlib import Path

import pytest
from reference import reference_decoder

VALID = Path(__file__).parents[2] / "spec" / "vectors" / "valid"


def _fits(name, limit, lengths=None):
    try:
        reference_decoder.decode((VALID / name).read_bytes(), limit, lengths)
    except reference_decoder.FrcError as error:
        assert error.code == "too_large"
        return False
    return True


@pytest.mark.parametrize("name", ["box.frc", "views.frc", "streams_shared.frc"])
def test_the_limit_on_entries(name):
    found = reference_decoder.decode((VALID / name).read_bytes())
    size = sum(map(len, found.entries))
    assert _fits(name, size)
    assert not _fits(name, size - 1)


def test_the_limit_on_entries_at_a_width():
    name, wide = "widths_model_file.frc", (8,)
    size = sum(map(len, reference_decoder.decode((VALID / name).read_bytes(), lengths=wide).entries))
    assert _fits(name, size, wide)
    assert not _fits(name, size - 1, wide)
    assert _fits(name, size - 1)


def test_the_limit_on_the_model_file():
    """Which is larger than all entries and than its packed skeleton."""
    name = "skeleton_plain.frc"
    found = reference_decoder.decode((VALID / name).read_bytes())
    assert len(found.model_file) > sum(map(len, found.entries))
    assert _fits(name, len(found.model_file))
    assert not _fits(name, len(found.model_file) - 1)
