"""Recognising files, and what is said about the others."""

from __future__ import annotations

import gzip
import io
import pickle
import subprocess
import sys
import tarfile

import numpy as np
import pytest
import torch

from frcodec.constants import MAGIC, Code
from frcodec.errors import FileError, UnsupportedError
from frcodec.formats.read import read_model


def _tar():
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model"), io.BytesIO())
    return out.getvalue()


def _npy():
    out = io.BytesIO()
    np.save(out, np.ones(3))
    return out.getvalue()


OTHERS = {
    "empty": b"",
    "gzip": gzip.compress(b"x"),
    "tar": _tar(),
    "HDF5": b"\x89HDF\r\n\x1a\n" + bytes(50),
    "NumPy": _npy(),
    "frc": MAGIC + bytes(50),
    "error page": b"<!DOCTYPE html><html>404</html>",
    "git lfs pull": b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n",
    "ONNX": b"\x08\x07\x12\x07pytorch",
    "pickle": pickle.dumps({"a": 1}, 4),
    "unknown format; it begins with 01 02 03": bytes([1, 2, 3, 4]),
}


@pytest.mark.parametrize("what", OTHERS)
def test_other_kinds_are_named(what, read):
    with pytest.raises(UnsupportedError, match=what) as caught:
        read(OTHERS[what])
    assert caught.value.code == Code.UNSUPPORTED_MODEL
    assert ".safetensors" in str(caught.value)


def test_paths_are_mapped_and_refused_clearly(tmp_path, save):
    path = tmp_path / "model.pt"
    path.write_bytes(save({"w": torch.ones(3)}))
    model = read_model(path, max_bytes=1 << 20)
    assert model.entries[0].array().tolist() == [1, 1, 1]
    for bad in (tmp_path, tmp_path / "missing.pt"):
        with pytest.raises(FileError, match="Cannot read") as caught:
            read_model(bad, max_bytes=1 << 20)
        assert caught.value.code == Code.READ_FAILED
    (tmp_path / "empty").touch()
    with pytest.raises(UnsupportedError, match="empty"):
        read_model(tmp_path / "empty", max_bytes=1)


def test_max_bytes(save):
    with pytest.raises(UnsupportedError) as caught:
        read_model(save({"w": torch.ones(1000)}), max_bytes=1000)
    assert caught.value.code == Code.TOO_LARGE


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_any_buffer(kind, save, read):
    data = kind(save({"w": torch.ones(3)}))
    model = read(data)
    assert model.entries[0].array().tolist() == [1, 1, 1]
    with pytest.raises(TypeError):
        memoryview(model.entries[0].data)[0] = 0


def test_neither_torch_nor_safetensors_is_needed(tmp_path, save):
    path = tmp_path / "model.pt"
    path.write_bytes(save({"w": torch.ones(3)}))
    script = (
        "import sys; sys.modules['torch'] = sys.modules['safetensors'] = None\n"
        "from pathlib import Path\n"
        "import frcodec.formats.plain, frcodec.formats.read as r\n"
        "print([e.name for e in r.read_model(Path(sys.argv[1]), max_bytes=1 << 20).entries])\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout == "['w']\n"
