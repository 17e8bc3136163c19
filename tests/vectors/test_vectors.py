"""The golden files of the specification: each decodes to what the manifest says, and none was ever changed."""

from __future__ import annotations

import io
import subprocess
import sys
import tomllib
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from frcodec import Code, FrcError, load_file, native, open_file
from frcodec.constants import DTYPE_BITS, MAX_CHANNEL_AXES, MAX_GROUPS, MAX_TRANSFORM_LENGTH
from frcodec.container.reader import Reader
from frcodec.container.records import LevelsRecord, LosslessRecord, ViewRecord
from frcodec.entropy.bits import BitReader
from frcodec.entropy.stream import StreamModel
from frcodec.stages.region import Box, Scan
from frcodec.stages.steps import MAX_CODE

SPEC = Path(__file__).parents[2] / "spec"
VECTORS = SPEC / "vectors"
MANIFEST = tomllib.loads((VECTORS / "manifest.toml").read_text("utf-8"))


def _digest(data):
    return sha256(data).hexdigest()


def test_manifest_and_folder_agree():
    for kind in ("valid", "invalid"):
        assert sorted(path.name for path in (VECTORS / kind).iterdir()) == sorted(MANIFEST[kind])


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in ("valid", "invalid") for name in MANIFEST[kind]])
def test_golden_files_are_never_changed(kind, name):
    assert _digest((VECTORS / kind / name).read_bytes()) == MANIFEST[kind][name]["file"]


def test_the_generator_finds_nothing_missing():
    done = subprocess.run(
        [sys.executable, SPEC / "generate_vectors.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "nothing is missing\n")


@pytest.mark.parametrize("core", [True, False], ids=["core", "numpy"])
@pytest.mark.parametrize("name", MANIFEST["valid"])
def test_valid_files_decode_to_their_digests(name, core):
    expected = MANIFEST["valid"][name]
    with native.using(core), open_file(VECTORS / "valid" / name) as file:
        _ = file.metadata
        assert {key: _digest(file.stored(key).tobytes()) for key in file} == expected["entries"]
        assert _at_widths(name, file) == expected.get("widths", {})
        assert (file.kind is not None) == ("rebuilt" in expected)
        if "rebuilt" in expected:
            out = io.BytesIO()
            file.rebuild(out.write)
            assert _digest(out.getvalue()) == expected["rebuilt"]


def _at_widths(name, file):
    """SHA-256 of all entries at all validated widths."""
    found = {}
    for one in file.widths.validated if file.widths else ():
        with open_file(VECTORS / "valid" / name, width=one.lengths) as at:
            digests = {key: _digest(at.stored(key).tobytes()) for key in at}
            found[",".join(map(str, one.lengths))] = digests
    return found


@pytest.mark.parametrize("core", [True, False], ids=["core", "numpy"])
@pytest.mark.parametrize("name", MANIFEST["invalid"])
def test_invalid_files_give_their_errors(name, core):
    with native.using(core), pytest.raises(FrcError) as caught, open_file(VECTORS / "invalid" / name) as file:
        _ = file.metadata
        for key in file:
            _ = file[key]
        if file.kind is not None:
            file.rebuild(io.BytesIO().write)
        for one in file.widths.validated if file.widths else ():
            load_file(VECTORS / "invalid" / name, width=one.lengths)
    assert caught.value.code == Code[MANIFEST["invalid"][name]["error"].upper()]


@cache
def _readers():
    return [Reader(path.read_bytes()) for path in sorted((VECTORS / "valid").iterdir())]


def _records():
    return [record for reader in _readers() for record in reader.index.records]


def _models():
    """The entries and the header of every level stream."""
    for reader in _readers():
        for number, members in enumerate(reader.index.members()):
            record = reader.index.records[members[0]]
            if isinstance(record, LevelsRecord):
                records = [reader.index.records[m] for m in members]
                counts = [one.layer.region.count for one in records]
                shape = record.layer.region.level_shape() if len(members) == 1 else (sum(counts),)
                yield records, StreamModel.read(BitReader(reader.stream(number)), shape)


def test_together_they_cover_records():
    records = _records()
    levels = [record.layer for record in records if isinstance(record, LevelsRecord)]
    assert {r.dtype.name for r in records if isinstance(r, LosslessRecord)} == set(DTYPE_BITS)
    assert {made.dtype.name for made in levels} == {"float32", "float16", "bfloat16", "float64", "int8", "uint8"}
    assert {type(made.region) for made in levels} == {Box, Scan}
    assert {made.region == Box(made.shape) for made in levels if isinstance(made.region, Box)} == {True, False}
    assert {made.transform.axes for made in levels} >= {
        tuple(axis for axis in range(4) if mask >> axis & 1) for mask in range(16)
    }
    assert {made.transform.block for made in levels} == set(range(12))
    assert {bool(made.transform.axes) for made in levels if isinstance(made.region, Scan)} == {True, False}
    assert {0, 1, 32} <= {len(record.shape) for record in records}
    assert [r for r in records if isinstance(r, ViewRecord) and 0 in r.view.strides]
    assert [r for r in records if isinstance(r, ViewRecord) and r.view.offset]
    assert [r for r in records if not r.name]


def test_together_they_cover_blocks():
    """Axes of whole runs, with a shorter one, shorter than a run, too long as a whole; boxes that end anywhere."""
    cuts = {"whole": 0, "in a run": 0, "before runs": 0, "at a run": 0}
    lengths = {"of runs": 0, "shorter last": 0, "shorter than a run": 0, "long": 0}
    for made in (record.layer for record in _records() if isinstance(record, LevelsRecord)):
        for axis in made.transform.axes if made.transform.block else ():
            n, run = made.shape[axis], 1 << made.transform.block
            lengths["of runs"] += n % run == 0
            lengths["shorter last"] += n > run and n % run > 0
            lengths["shorter than a run"] += n < run
            lengths["long"] += n > MAX_TRANSFORM_LENGTH
            if isinstance(made.region, Box):
                kept = made.region.kept[axis]
                cuts["whole"] += kept == n
                cuts["in a run"] += kept % run > 0 and kept < n
                cuts["at a run"] += kept % run == 0 and 0 < kept < n
                cuts["before runs"] += n - kept > run
    assert all(cuts.values()), cuts
    assert all(lengths.values()), lengths


def test_together_they_cover_streams():
    models = [model for _, model in _models()]
    contexts = [model.context for model in models]
    tables = [table for model in models for table in model.tables]
    classes = [axis for context in contexts for axis in context.axis_classes if axis is not None]
    assert {model.lanes_log2 for model in models} >= {0, 1, 2, 3, 7, 8, 12}
    assert {model.state_bits for model in models} == {0, 2, 3, 4, 5, 6, 7, 8}
    assert {context.wp for context in contexts} >= {0, 1, 2, 4, 7, 15}
    assert {context.wn for context in contexts} >= {0, 1, 2, 3, 4, 7, 8, 15}
    assert {1, 64} <= {context.contexts for context in contexts}
    assert {1, 65536} <= {context.row_length for context in contexts}
    assert min(context.base for context in contexts) == -65536
    assert max(context.base for context in contexts) == 65536
    assert {axis is None for context in contexts for axis in context.axis_classes} == {True, False}
    assert {bool((axis & 1).any()) for axis in classes} == {True, False}
    assert min(int(axis.min()) for axis in classes) == -256
    assert max(int(axis.max()) for axis in classes) == 254
    assert {table.scale for table in tables} == set(range(64))
    assert {table.exponent for table in tables} == set(range(4))
    assert {table.zero for table in tables} == set(range(64))
    assert {table.gap for table in tables} == set(range(64))


def test_together_they_cover_row_steps():
    found = [(records[0].layer, model) for records, model in _models() if model.row_steps is not None]
    steps = np.concatenate([model.row_steps for _, model in found])
    assert set(steps.tolist()) == set(range(-128, 128))
    assert {made.dtype.name for made, _ in found} == {"float32", "float16", "bfloat16", "float64"}
    assert {bool(made.transform.axes) for made, _ in found} == {True, False}
    assert {bool(made.transform.block) for made, _ in found} == {True, False}
    assert {made.region.kept[0] < made.shape[0] for made, _ in found} == {True, False}
    assert {bool(model.state_bits) for _, model in found} == {True, False}
    codes = [made.step + 64 * step for made, model in found for step in model.row_steps.tolist()]
    assert (min(codes), max(codes)) == (0, MAX_CODE)


def test_together_they_cover_sections():
    readers = _readers()
    assert {bool(reader.recipe) for reader in readers} == {True, False}
    assert {bool(reader.recipe.skeleton.patches) for reader in readers if reader.recipe} == {True, False}
    assert {bool(reader.metadata) for reader in readers} == {True, False}
    assert [reader for reader in readers if set(reader.section_sizes()) - {1, 2, 3, 4, 6}]
    assert [reader for reader in readers if len(reader._data_sections) > 2]
    assert [reader for reader in readers if any(len(members) > 1 for members in reader.index.members())]


def test_together_they_cover_widths():
    known = [(reader, reader.widths) for reader in _readers() if reader.widths]
    lengths = [(one, widths) for _, widths in known for one in widths.validated]
    assert {bool(widths.validated) for _, widths in known} == {True, False}
    assert {bool(widths.label) for _, widths in known} == {True, False}
    assert max(len(widths.groups) for _, widths in known) == MAX_GROUPS
    compared = {
        (n > full) - (n < full) for one, widths in lengths for n, full in zip(one.lengths, widths.groups, strict=True)
    }
    assert compared == {-1, 0, 1}
    assert max(n for one, _ in lengths for n in one.lengths) == MAX_TRANSFORM_LENGTH
    channels = [axes for _, widths in known for axes in widths.axes.values()]
    assert {channel.input for axes in channels for channel in axes.values()} == {True, False}
    assert max(len(axes) for axes in channels) == MAX_CHANNEL_AXES
    layers = [(reader.index.records[p].layer, axes) for reader, widths in known for p, axes in widths.axes.items()]
    assert {made.dtype.name for made, _ in layers} == {"float32", "float16", "bfloat16", "float64"}
    assert {type(made.region) for made, _ in layers} == {Box, Scan}
    assert {len(made.transform.axes) < len(made.shape) for made, _ in layers} == {True, False}
    assert [made for made, axes in layers if len(axes) < len(made.transform.axes)]


def test_every_error_of_a_reader_is_covered():
    codes = {Code[entry["error"].upper()] for entry in MANIFEST["invalid"].values()}
    others = {Code.BAD_MODEL, Code.UNSUPPORTED_MODEL, Code.NEEDS_TORCH}
    assert codes == {code for code in Code if code // 100 in (3, 4)} - others
