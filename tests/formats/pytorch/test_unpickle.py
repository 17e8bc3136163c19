"""The pickle machine runs nothing, and hostile pickles end in an error."""

from __future__ import annotations

import collections
import fractions
import pickle
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from frcodec.constants import Code
from frcodec.errors import CorruptError, FrcError
from frcodec.formats.pytorch.objects import Global, Mapping, Placeholder
from frcodec.formats.pytorch.unpickle import unpickle
from frcodec.formats.pytorch.walk import Names, named_tensors


def plain(value):
    """Mappings as dictionaries."""
    if isinstance(value, Mapping):
        return {plain(k): plain(v) for k, v in value.pairs}
    if isinstance(value, list | tuple):
        return type(value)(plain(v) for v in value)
    return value


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner, inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(values, st.integers(3, 5))
def test_plain_values_arrive_in_every_protocol(value, protocol):
    found = unpickle(pickle.dumps(value, protocol))
    assert plain(found.root) == value


@pytest.mark.parametrize("protocol", range(6))
def test_old_protocols(protocol):
    value = [1, -1, 1 << 40, -(1 << 90), 2.5, "text ä\n\\", True, None, (), (1, 2, 3, 4), {"a": [1]}]
    data = pickle.dumps(value, protocol)
    found = unpickle(b"xx" + data + b"tail", 2)
    assert plain(found.root) == value
    assert found.end == 2 + len(data)


@pytest.mark.parametrize("protocol", range(6))
def test_unknown_classes_absorb_everything(protocol):
    value = [fractions.Fraction(1, 3), collections.Counter("abc"), collections.deque([1, 2]), {1, 2}, frozenset([3])]
    value += [bytearray(b"x"), range(3), collections.defaultdict(list, a=[1]), Names]
    found = unpickle(pickle.dumps(value, protocol)).root
    assert isinstance(found, list) and len(found) == len(value)
    assert isinstance(found[0], Placeholder)
    assert isinstance(found[-1], Global) and found[-1].name == "Names"


class Attack:
    def __reduce__(self):
        return exec, ("raise SystemExit('code of the file was run')",)


@pytest.mark.parametrize("protocol", range(6))
def test_code_is_not_run(protocol):
    found = unpickle(pickle.dumps({"a": Attack()}, protocol)).root
    assert isinstance(found, Mapping)
    assert isinstance(found.pairs[0][1], Placeholder)


def _stacked(layers):
    """Tuples of tuples: each layer holds the one before it twice."""
    return b"\x80\x02)" + b"2\x86" * layers + b"."


HOSTILE = {
    "empty": b"",
    "no stop": b"\x80\x02]",
    "stop alone": b".",
    "unknown": b"\xff.",
    "extension": b"\x82\x01.",
    "memo missing": b"h\x05.",
    "memo bomb": b"Nr\xff\xff\xff\xff0" * 3,
    "huge text": b"\x8d" + struct.pack("<Q", 1 << 62) + b"x.",
    "huge long": b"\x8b" + struct.pack("<i", -1) + b".",
    "huge bytearray": b"\x96" + struct.pack("<Q", (1 << 64) - 1) + b".",
    "digits": b"I" + b"9" * 100_000 + b"\n.",
    "float": b"Fnot a number\n.",
    "put": b"Np-5\n.",
    "line without end": b"c" + b"a" * 1_000_000,
    "append to number": b"K\x01K\x02a.",
    "set on number": b"K\x01K\x02K\x03s.",
    "odd items": b"}(K\x01u.",
    "state of number": b"K\x01K\x02b.",
    "mark missing": b"t.",
    "stack empty": b"R.",
    "tuple of nothing": b"\x87.",
    "bad text": b"X\x01\x00\x00\x00\xff.",
    "persistent nonsense": b"K\x01Q.",
    "instructions": b"\x80\x02" + b"N0" * 600_000,
    "containers": b"}" * 300_000,
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_pickles_are_refused(data, monkeypatch):
    monkeypatch.setattr("frcodec.formats.pytorch.unpickle._BUDGET", 1 << 20)
    with pytest.raises(CorruptError) as caught:
        unpickle(data)
    assert caught.value.code == Code.BAD_MODEL


def test_deep_nesting_is_walked_without_recursion():
    deep = unpickle(b")" + b"\x85" * 200_000 + b".").root
    assert list(named_tensors(deep, Names())) == []
    deep = unpickle(b"]" * 200_000 + b"a" * 199_999 + b".").root
    assert list(named_tensors(deep, Names())) == []


def test_trees_of_astronomic_size_are_refused(monkeypatch):
    monkeypatch.setattr("frcodec.formats.pytorch.walk._MAX_WORK", 1 << 20)
    with pytest.raises(CorruptError, match="millions of nested objects"):
        list(named_tensors(unpickle(_stacked(100)).root, Names()))


def test_nested_subclass_calls_do_not_recurse():
    name = b"ctorch._tensor\n_rebuild_from_type_v2\n"
    layers = 50_000
    data = (name + b"(" + name + b"N") * layers + b")" + b"NtR" * layers + b"."
    assert isinstance(unpickle(data).root, Placeholder)


def _tensor(shape, strides, offset=b"K\x00", count=b"K\x04"):
    storage = b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" + count + b"tQ"
    return b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + offset + shape + strides + b"\x89)tR."


def test_tensor_in_its_storage():
    [named] = named_tensors(unpickle(_tensor(b"K\x02\x85", b"K\x03\x85")).root, Names())
    assert (named.name, named.tensor.shape, named.tensor.strides) == ("tensor", (2,), (3,))


@pytest.mark.parametrize(
    "data",
    [
        _tensor(b"K\x05\x85", b"K\x01\x85"),
        _tensor(b"K\x02\x85", b"K\x04\x85"),
        _tensor(b"K\x02\x85", b"K\x01\x85", b"K\x03"),
        _tensor(b"J\xff\xff\xff\xff\x85", b"K\x01\x85"),
        _tensor(b"K\x02\x85", b"J\xff\xff\xff\xff\x85"),
        _tensor(b"K\x02\x85", b"K\x01\x85", b"J\xff\xff\xff\xff"),
        _tensor(b"K\x02\x85", b")"),
        _tensor(b"N", b")"),
        _tensor(b"(" + b"K\x01" * 40 + b"t", b"(" + b"K\x01" * 40 + b"t"),
        _tensor(b"\x8a\x09" + b"\xff" * 8 + b"\x00\x85", b"K\x00\x85"),
        _tensor(b"K\x02\x85", b"K\x01\x85", b"K\x00", b"J\xff\xff\xff\xff"),
        b"ctorch._utils\n_rebuild_tensor_v2\n)R.",
        b"ctorch._utils\n_rebuild_parameter\n)R.",
        b"ctorch._utils\n_rebuild_qtensor\n)R.",
    ],
)
def test_impossible_tensors_are_refused(data):
    with pytest.raises(FrcError):
        unpickle(data)


@settings(max_examples=500, deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes(data):
    try:
        root = unpickle(data).root
        list(named_tensors(root, Names()))
    except FrcError:
        pass


@settings(max_examples=500, deadline=None)
@given(st.lists(st.sampled_from([b"(", b"0", b"1", b"2", b"]", b"}", b")", b"a", b"e", b"s", b"u", b"b", b"R", b"t",
    b"\x85", b"\x86", b"\x81", b"o", b"Q", b"N", b"K\x01", b"q\x00", b"h\x00", b"ccollections\nOrderedDict\n",
    b"ctorch\nSize\n", b"ctorch._utils\n_rebuild_sparse_tensor\n", b"ctorch._utils\n_rebuild_parameter\n",
    b"c__torch__\nM\n", b"X\x08\x00\x00\x00_modules", b"X\x05\x00\x00\x00state"]), max_size=60))  # fmt: skip
def test_random_instructions(parts):
    try:
        root = unpickle(b"".join(parts) + b".").root
        list(named_tensors(root, Names()))
    except FrcError:
        pass
