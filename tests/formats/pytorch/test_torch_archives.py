"""Zip archives of torch.save: checksums, byte order, other archives, damage, other tools."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from frcodec.errors import CorruptError, UnsupportedError


def test_missing_checksums_are_not_invented(save, lossless):
    torch.serialization.set_crc32_options(False)
    try:
        data = save({"w": torch.ones(100)})
    finally:
        torch.serialization.set_crc32_options(True)
    assert lossless(data).skeleton.patches == ()


def test_big_endian_is_refused(save, read):
    data = save({"w": torch.ones(3)})
    assert data.count(b"little") == 1
    swapped = data.replace(b"little", b"biggle")
    with pytest.raises(CorruptError):
        read(swapped)
    with pytest.raises(UnsupportedError, match="big-endian"):
        read(_with_member(data, "archive/byteorder", b"big"))


def test_other_archives_are_named(read):
    buffer = io.BytesIO()
    np.savez(buffer, a=np.ones(3))
    with pytest.raises(UnsupportedError, match="npz"):
        read(buffer.getvalue())


def test_missing_or_short_storage_is_damage(save, read):
    data = save({"w": torch.ones(100)})
    with pytest.raises(CorruptError, match="missing"):
        read(_with_member(data, "archive/data/0", None))
    with pytest.raises(CorruptError, match="400 bytes but has 396"):
        read(_with_member(data, "archive/data/0", b"\0" * 396))


def _with_member(data, name, content):
    """The archive with one member replaced or left out, written by Python."""
    import zipfile

    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for item in source.namelist():
            if item != name:
                target.writestr(item, source.read(item))
            elif content is not None:
                target.writestr(item, content)
    return out.getvalue()


@pytest.mark.parametrize("normalize", [True, False])
def test_archive_rezipped_by_other_tools(save, read, rebuilt, normalize):
    import zipfile

    state = {"w": torch.arange(1000.0), "b": torch.ones(3)}
    source, out = zipfile.ZipFile(io.BytesIO(save(state))), io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.namelist():
            target.writestr(item, source.read(item))
    model = read(out.getvalue(), normalize=normalize)
    assert [e.name for e in model.entries] == ["w", "b"]
    data = rebuilt(model)
    if normalize:
        assert len(model.skeleton.holes) == 2
        assert torch.load(io.BytesIO(data), weights_only=True)["w"].equal(state["w"])
    else:
        assert data == out.getvalue()
        assert model.lossless == {0, 1}
