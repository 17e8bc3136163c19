"""Descriptions of sparse tensors: damage, sizes, and the ranks of their positions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sparse_tensors import LIMIT, scan, sparse

from frcodec.constants import Code
from frcodec.errors import CorruptError, UnsupportedError
from frcodec.formats.pytorch.objects import Mapping, SparseRef, StorageRef, TensorRef
from frcodec.formats.pytorch.sparse import scan_ranks, sparse_tensors
from frcodec.formats.pytorch.storages import Payload
from frcodec.formats.read import read_sparse
from frcodec.stages.region import Scan, scan_places
from frcodec.tensors import DTYPES


def described(shape=(11, 11), indices=(2, 9), values=(9,), axes="int64", dtype="float32", stored=9, parts=2, **how):
    """A pickle's description of one sparse tensor of ones at its lowest frequencies, and where its storages lie."""
    low = np.array(scan((11, 11), stored), np.int64).T
    payloads = {"i": Payload(low.tobytes(), 0), "v": Payload(np.ones(stored, DTYPES[dtype].storage).tobytes(), None)}
    made = (
        (
            "indices",
            TensorRef(StorageRef("", DTYPES[axes], "i", 2 * stored), 0, indices, (stored, 1), DTYPES[axes]),
            True,
        ),
        ("values", TensorRef(StorageRef("", DTYPES[dtype], "v", stored), 0, values, (1,), DTYPES[dtype]), False),
    )
    root = Mapping([("w", SparseRef(made[:parts], shape, **{"coalesced": False, **how}))])
    return root, lambda storage: payloads.get(storage.key)


def test_a_description():
    root, locate = described()
    [entry] = sparse_tensors(root, locate, LIMIT)
    assert entry.region == Scan(9) and entry.coefficients.tolist() == [1.0] * 9


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"indices": (2, 8)}, "has indices"),
        ({"indices": (3, 9)}, "has indices"),
        ({"indices": (18,)}, "int64"),
        ({"values": ()}, "has indices"),
        ({"values": (8,)}, "has indices"),
        ({"shape": (11, 11, 11)}, "has indices"),
        ({"shape": None}, "lacks"),
        ({"parts": 1}, "lacks"),
        ({"axes": "uint64"}, "int64"),
    ],
)
def test_damaged_descriptions(wrong, why):
    root, locate = described(**wrong)
    with pytest.raises(CorruptError, match=why) as error:
        sparse_tensors(root, locate, LIMIT)
    assert error.value.code == Code.BAD_MODEL


def test_storages_that_are_missing_or_too_small():
    root, locate = described()
    with pytest.raises(CorruptError, match="is missing in the file"):
        sparse_tensors(root, lambda storage: locate(storage) if storage.key == "i" else None, LIMIT)
    with pytest.raises(CorruptError, match="should have"):
        sparse_tensors(root, lambda storage: Payload(b"\0" * 8, 0), LIMIT)
    ((_, whole),) = root.pairs
    (_, indices, _), values = whole.parts
    repeated = TensorRef(indices.storage, 0, (2, 1 << 40), (1, 0), indices.dtype)
    endless = TensorRef(values[1].storage, 0, (1 << 40,), (0,), values[1].dtype)
    bomb = SparseRef((("indices", repeated, True), ("values", endless, False)), (11, 11), False)
    with pytest.raises(UnsupportedError, match="indices") as error:
        sparse_tensors(Mapping([("w", bomb)]), locate, LIMIT)
    assert error.value.code == Code.TOO_LARGE
    repeated = TensorRef(indices.storage, 0, (2, 99), (1, 0), indices.dtype)
    endless = TensorRef(values[1].storage, 0, (99,), (0,), values[1].dtype)
    small = SparseRef((("indices", repeated, True), ("values", endless, False)), (11, 11), False)
    with pytest.raises(CorruptError, match="larger than their storages"):
        sparse_tensors(Mapping([("w", small)]), locate, LIMIT)


def test_huge_tensors_are_refused_before_any_memory_is_taken(save):
    huge = {"w": sparse([(0, 0, 0, 0)], np.ones(1, np.float32), (4096, 4096, 4096, 4096))}
    many = {"a": sparse([(0, 0)], np.ones(1), (4000, 4000)), "b": sparse([(0, 0)], np.ones(1), (4000, 4000))}
    for tensors, limit in ((huge, LIMIT), (many, 200_000_000)):
        with pytest.raises(UnsupportedError) as error:
            read_sparse(save(tensors), max_bytes=limit)
        assert error.value.code == Code.TOO_LARGE
    assert len(read_sparse(save(many), max_bytes=300_000_000)) == 2


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5).map(tuple))
def test_ranks_are_the_places_in_the_scan(shape):
    everything = np.array(scan(shape, None), np.int64)
    assert scan_ranks(everything, shape).tolist() == list(range(len(everything)))
    box, places = scan_places(shape, len(everything))
    assert np.array_equal(np.stack(np.unravel_index(places, box), axis=1), everything)


def test_ranks_of_long_axes_take_little_memory():
    shape = (4096,) * 4
    last = np.array([[4095] * 4], np.int64)
    assert scan_ranks(last, shape).tolist() == [4096**4 - 1]
