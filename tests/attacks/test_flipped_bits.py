"""Every truncation, flipped bit and much noise: the right tensors or an error of ours, soon and in little memory."""

from __future__ import annotations

import numpy as np
import pytest
from attacks import sealing
from attacks.victims import VICTIMS, bounded, content, outcome

from frcodec import Code


@pytest.fixture(params=VICTIMS)
def victim(request):
    data = VICTIMS[request.param]()
    content(data)  # what is imported late is there before memory is bounded
    return data


def test_victims_hold_what_they_should():
    arrays, metadata, _ = content(VICTIMS["shared"]())
    assert {name: len(value) for name, value in arrays.items()} == {"a": 16, "b": 2, "i": 6, "v": 16}
    assert metadata == {"author": "me", "é": ""}
    assert arrays["v"] == np.array([1.5, 1.5, np.nan, np.nan], np.float32).tobytes()
    rebuilt = content(VICTIMS["skeleton"]())[2]
    assert rebuilt is not None
    assert rebuilt.startswith(b"PK")
    assert content(VICTIMS["empty"]()) == ({}, {}, None)


def test_every_truncation(victim):
    with bounded():
        for end in range(len(victim)):
            assert isinstance(outcome(victim[:end]), Code), end


def test_bytes_behind_the_end(victim):
    with bounded():
        for more in (b"\0", victim[-1:], victim[-8:], victim):
            assert isinstance(outcome(victim + more), Code)


def test_every_removed_byte(victim):
    with bounded():
        for place in range(len(victim)):
            assert isinstance(outcome(victim[:place] + victim[place + 1 :]), Code), place


def test_every_flipped_bit(victim):
    """Checksums and marks cover every byte."""
    with bounded():
        for bit in range(8 * len(victim)):
            damaged = bytearray(victim)
            damaged[bit // 8] ^= 1 << bit % 8
            assert isinstance(outcome(bytes(damaged)), Code), bit


def test_every_bit_flipped_behind_the_checksums(victim):
    """Data that decodes to anything else is caught by digests; index and skeleton give sound files or errors."""
    expected = content(victim)
    with bounded():
        for kind, data in sealing.flips_behind_checksums(victim):
            found = outcome(data)
            if kind == sealing.DATA:
                assert isinstance(found, Code) or found == expected
            elif kind not in sealing.PARSED and not isinstance(found, Code):
                assert (found[0], found[2]) == (expected[0], expected[2])


def test_every_bit_flipped_behind_the_compression(victim):
    with bounded():
        for data in sealing.flips_behind_compression(victim):
            outcome(data)


def test_every_value_changed_behind_the_compression(victim):
    with bounded():
        for data in sealing.changed_values(victim):
            outcome(data)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes(seed):
    rng = np.random.default_rng(seed)
    start = VICTIMS["levels"]()[:6]
    with bounded():
        for _ in range(500):
            data = rng.bytes(int(rng.integers(0, 300)))
            assert isinstance(outcome(data), Code)
            assert isinstance(outcome(start + data), Code)


@pytest.mark.parametrize("seed", range(4))
def test_random_bytes_in_place_of_payloads(victim, seed):
    """Sealed, so that every parser sees them."""
    rng = np.random.default_rng(seed)
    expected = content(victim)
    parts = sealing.taken_apart(victim)
    with bounded():
        for _ in range(100):
            number = int(rng.integers(len(parts)))
            kind, ancillary, payload = parts[number]
            noise = bytearray(payload)
            start = int(rng.integers(len(noise)))
            end = min(len(noise), start + int(rng.integers(1, 20)))
            noise[start:end] = rng.bytes(end - start)
            found = outcome(sealing.sealed([*parts[:number], (kind, ancillary, bytes(noise)), *parts[number + 1 :]]))
            assert kind != sealing.DATA or isinstance(found, Code) or found == expected
