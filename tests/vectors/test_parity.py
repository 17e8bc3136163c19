"""The package, with its core and without, and the reference decoder find the same in every file, or all refuse it."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from math import prod
from pathlib import Path

import numpy as np
import pytest
from attacks import sealing
from attacks.victims import LIMIT, VICTIMS, content
from frc_files import level_stream
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import reference_decoder, reference_levels
from reference_levels import BOX, SCAN, WHOLE
from strategies import SEEDS, layers, levels_under, stream_models, takes_row_steps
from vectors.building import Coded, build

from frcodec import FrcError, native
from frcodec.decoder import level_stream as streams
from frcodec.errors import CorruptError
from frcodec.stages.region import Box

VECTORS = Path(__file__).parents[2] / "spec" / "vectors"
MANIFEST = tomllib.loads((VECTORS / "manifest.toml").read_text("utf-8"))
CORES = {"core": True, "numpy": False}


def _referred(data, limit=LIMIT):
    """What the reference decoder finds, as `victims.content` gives it; None for a file that it refuses."""
    with suppress(reference_decoder.FrcError):
        found = reference_decoder.decode(data, limit)
        arrays = {name: array.tobytes() for name, array in found.tensors.items()}
        for width in found.widths.checksums if found.widths else ():
            label = ",".join(map(str, width))
            tensors = reference_decoder.decode(data, limit, width).tensors
            arrays |= {f"{name} {label}": array.tobytes() for name, array in tensors.items()}
        return arrays, found.metadata, found.model_file
    return None


def _found(data, core):
    with native.using(core), suppress(FrcError):
        return content(data)
    return None


@pytest.mark.parametrize("name", MANIFEST["valid"])
def test_the_reference_decoder_on_valid_files(name):
    expected = MANIFEST["valid"][name]
    found = reference_decoder.decode((VECTORS / "valid" / name).read_bytes())
    assert {key: sha256(array.tobytes()).hexdigest() for key, array in found.tensors.items()} == expected["entries"]
    rebuilt = None if found.model_file is None else sha256(found.model_file).hexdigest()
    assert rebuilt == expected.get("rebuilt")
    widths = found.widths.checksums if found.widths else ()
    assert [",".join(map(str, width)) for width in widths] == list(expected.get("widths", {}))
    for width in widths:
        tensors = reference_decoder.decode((VECTORS / "valid" / name).read_bytes(), lengths=width).tensors
        digests = {key: sha256(array.tobytes()).hexdigest() for key, array in tensors.items()}
        assert digests == expected["widths"][",".join(map(str, width))]


@pytest.mark.parametrize("name", MANIFEST["invalid"])
def test_the_reference_decoder_on_invalid_files(name):
    with pytest.raises(reference_decoder.FrcError) as caught:
        data = (VECTORS / "invalid" / name).read_bytes()
        found = reference_decoder.decode(data)
        for width in found.widths.checksums if found.widths else ():
            reference_decoder.decode(data, lengths=width)
    assert caught.value.code == MANIFEST["invalid"][name]["error"]


@st.composite
def parts(draw):
    """An entry of levels in a stream of its own, or several in a shared one."""
    if draw(st.booleans()):
        made = draw(layers(max_size=60))
        shape = made.region.level_shape()
        model = draw(stream_models(shape, max_lanes_log2=4, row_steps=takes_row_steps(made)))
        return [Coded("w", made, draw(levels_under(model, prod(shape))), model)]
    members = draw(st.lists(layers(max_size=20), min_size=1, max_size=3))
    counts = [made.region.count for made in members]
    shape = (sum(counts),) if len(members) > 1 else members[0].region.level_shape()
    model = draw(stream_models(shape, max_lanes_log2=4, row_steps=False))
    flat = np.split(draw(levels_under(model, sum(counts))), np.cumsum(counts)[:-1])
    return [
        Coded("w", made, values, model, shared="s") for made, values in zip(members, flat, strict=True)
    ]  # fmt: skip


@settings(max_examples=300)
@given(st.lists(parts(), min_size=1, max_size=2))
def test_random_files(drawn):
    """Some of which have levels too large for an exact transform, or weights that are not finite."""
    entries = [
        replace(part, name=f"{group}.{number}", shared=part.shared and f"{part.shared}{group}")
        for group, members in enumerate(drawn)
        for number, part in enumerate(members)
    ]
    data = build(entries)
    expected = _referred(data)
    for core in CORES.values():
        assert _found(data, core) == expected


def _entry(made):
    """A layer in the terms of the reference decoder."""
    entry = reference_decoder.Entry("w", made.dtype.name, 0, len(made.shape), made.shape, prod(made.shape))
    entry.axes, entry.block_log2 = made.transform.axes, made.transform.block
    entry.level_shape, entry.step, entry.width = made.region.level_shape(), made.step, made.shape
    whole = made.region == Box(made.shape)
    entry.region = (WHOLE if whole else BOX) if isinstance(made.region, Box) else SCAN
    return entry


def _decoded(data, made):
    """The bytes that a stream of one entry decodes to, or the error's name, by all three decoders."""
    entry, found = _entry(made), []
    try:
        reference_levels.decode_levels(data, [entry])
        found.append(entry.data)
    except reference_levels.FrcError as error:
        found.append(error.code)
    for core in CORES.values():
        try:
            with native.using(core):
                found.append(streams.decode(data, [made])[0].tobytes())
        except CorruptError as error:
            found.append(error.code.name.lower())
    return found


@settings(max_examples=150)
@given(st.data())
def test_damaged_streams(data):
    """Flipped, cut off and added bits anywhere, with no digest that would notice."""
    made = data.draw(layers(max_size=40))
    shape = made.region.level_shape()
    model = data.draw(stream_models(shape, max_lanes_log2=2))
    stream = level_stream(data.draw(levels_under(model, prod(shape))), shape, model)
    rng = np.random.default_rng(data.draw(SEEDS))
    for _ in range(8):
        damaged = bytearray(stream)
        for place in rng.integers(0, 8 * min(len(damaged), int(rng.choice([8, 1000]))), rng.integers(1, 3)):
            damaged[place // 8] ^= 1 << place % 8
        cut = int(rng.choice([0, 0, 0, 1, 2]))
        found = _decoded(bytes(damaged[: len(damaged) - cut]) + rng.bytes(int(rng.choice([0, 0, 0, 1, 2]))), made)
        assert len({one if isinstance(one, bytes) else "refused" for one in found}) == 1, found


@pytest.mark.parametrize("name", VICTIMS)
def test_changed_indexes(name):
    """Whatever is done to the columns, the same files are refused."""
    for number, data in enumerate(sealing.changed_values(VICTIMS[name]())):
        expected = _referred(data)
        assert _found(data, core=bool(number % 2)) == expected, number
