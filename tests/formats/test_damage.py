"""Every truncation and every flipped bit of a small file gives a model or an error of ours, nothing else."""

from __future__ import annotations

import io

import pytest
import safetensors.torch
import torch
from torch import nn

from frcodec.errors import FrcError
from frcodec.formats.read import read_model

pytestmark = pytest.mark.filterwarnings("ignore")


class Tiny(nn.Module):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(2, 3)

    def forward(self, x):
        return self.head(x)


def _torch(value, **options):
    out = io.BytesIO()
    torch.save(value, out, **options)
    return out.getvalue()


def _script():
    out = io.BytesIO()
    torch.jit.save(torch.jit.freeze(torch.jit.script(Tiny().eval())), out)
    return out.getvalue()


STATE = {"w": torch.ones(3, 2).t(), "b": torch.ones(4, dtype=torch.float16)[1:], "n": 3}
FILES = {
    "state": lambda: _torch(STATE),
    "legacy": lambda: _torch(STATE, _use_new_zipfile_serialization=False),
    "module": lambda: _torch(Tiny()),
    "script": _script,
    "lite": lambda: torch.jit.script(Tiny())._save_to_buffer_for_lite_interpreter(),
    "safetensors": lambda: safetensors.torch.save({"w": torch.ones(3), "b": torch.ones(2, dtype=torch.int8)}),
}


@pytest.fixture(params=FILES)
def data(request):
    return FILES[request.param]()


def _survives(data, rebuilt, normalize):
    try:
        model = read_model(data, normalize=normalize, max_bytes=1 << 20)
    except FrcError as error:
        assert str(error)
        return False
    again = rebuilt(model)
    if not normalize:
        assert again == data
    return True


def test_every_truncation(data, rebuilt):
    assert _survives(data, rebuilt, False)
    assert not any(_survives(data[:end], rebuilt, False) for end in range(len(data)))


def test_every_flipped_bit(data, rebuilt):
    step = max(1, len(data) * 8 // 12_000)  # all bits of small files, a regular sample of larger ones
    for bit in range(0, len(data) * 8, step):
        damaged = bytearray(data)
        damaged[bit // 8] ^= 1 << bit % 8
        _survives(bytes(damaged), rebuilt, bit % 16 < 8)


@pytest.mark.parametrize("kind", ["state", "module", "script", "lite"])
def test_every_byte_of_the_pickles(kind, rebuilt):
    """As flipped bits, but past the checksums of the archive: they are set to "not computed"."""
    from frcodec.formats.zip.image import parse

    data = FILES[kind]()
    archive = parse(memoryview(data))
    base = bytearray(data)
    for member in archive.members:
        for field in member.crc_fields:
            base[field : field + 4] = bytes(4)
    assert _survives(bytes(base), rebuilt, False)
    for member in archive.members:
        if member.name.endswith(".pkl") and not member.compressed:
            for at in range(member.payload, member.payload + member.size):
                for flip in (0x01, 0x10, 0x80, 0xFF):
                    damaged = bytearray(base)
                    damaged[at] ^= flip
                    _survives(bytes(damaged), rebuilt, False)
