"""The Python API: sources, open and closed files, writable arrays, errors, and what notebooks show."""

from __future__ import annotations

import io
import pickle
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from saving import network, saved

import frcodec
from frcodec import Code, CorruptError, FileError, FrcError, Options, UsageError, load_file, open_file
from frcodec.decoder import level_stream

RANDOM = np.random.default_rng(8)


@pytest.fixture(scope="module")
def file():
    """Tensors of all codings: levels, small ones that share a stream, lossless, and an empty one."""
    tensors = network() | {"empty": np.zeros((0, 3), np.float32), "bytes": np.arange(5, dtype=np.uint8)}
    return saved(tensors | {"w": RANDOM.normal(size=(200, 300)).astype(np.float32)}, metadata={"epoch": "9"})


@pytest.fixture
def model(tmp_path):
    """A model file and its .frc file."""
    from cli.running import tensors, write

    source = write(tmp_path / "net.pt", tensors())
    frcodec.encode_file(source, tmp_path / "net.frc", threads=1)
    return source, tmp_path / "net.frc"


def test_all_names_of_the_package_exist():
    assert all(getattr(frcodec, name) is not None for name in frcodec.__all__)


@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, io.BytesIO], ids=lambda wrap: wrap.__name__)
def test_every_function_reads_bytes_and_files(model, tmp_path, wrap):
    source, frc = model
    data = frc.read_bytes()
    frcodec.decode_file(wrap(data), tmp_path / "again.pt")
    assert (tmp_path / "again.pt").stat().st_size == source.stat().st_size
    assert list(load_file(wrap(data))) == list(load_file(frc))
    assert frcodec.inspect(wrap(data)) == frcodec.inspect(frc)
    report = frcodec.verify(wrap(data), wrap(source.read_bytes()))
    assert report == frcodec.verify(frc, source) and report.matches and not report.differences


@pytest.mark.parametrize("function", [open_file, load_file, frcodec.inspect, frcodec.verify])
def test_arguments_of_other_types_are_refused(function):
    with pytest.raises(UsageError, match="a path, a binary file or bytes|A path, a binary file or bytes"):
        function(7)
    with pytest.raises(UsageError, match="max_bytes"):
        function(b"", max_bytes=-1)


def test_decoding_needs_somewhere_to_write(file):
    with pytest.raises(UsageError, match="output must be"):
        frcodec.decode_file(file, 7)


def test_force_does_not_accept_widths_without_validation(tmp_path):
    from width_files import one

    (tmp_path / "w.npz").write_bytes(b"")
    with pytest.raises(UsageError) as raised:
        frcodec.decode_file(one(), tmp_path / "w.npz", to="npz", width=(1,), force=True)
    assert raised.value.code is Code.UNVALIDATED_WIDTH
    with pytest.raises(UsageError) as raised:
        frcodec.decode_file(one(), tmp_path / "w.npz", to="npz", width=(1,), allow_unvalidated=True)
    assert raised.value.code is Code.OUTPUT_EXISTS
    frcodec.decode_file(one(), tmp_path / "w.npz", to="npz", width=(1,), allow_unvalidated=True, force=True)
    assert np.load(tmp_path / "w.npz")["w"].shape[0] == 1


def test_arrays_of_a_file_are_read_only_and_loaded_ones_writable(file):
    with open_file(file) as opened:
        arrays = [*opened.values(), *opened.arrays(), *map(opened.stored, opened)]
        loaded = opened.load()
    assert not any(array.flags.writeable for array in arrays)
    for array in (*loaded.values(), *load_file(file).values()):
        assert array.flags.writeable
        array[...] = 0
    assert any(array.any() for array in arrays)


def test_bfloat16_is_read_only_too():
    from frcodec.api import save_entries
    from frcodec.tensors import DTYPES, Stored

    out = io.BytesIO()
    entry = Stored("w", DTYPES["bfloat16"], (3,), np.array([16256, 0, 1], "<u2").tobytes())
    save_entries([entry], (), out, options=None, force=False, threads=1, metadata=None, progress=None)
    with open_file(out.getvalue()) as opened:
        assert opened["w"].dtype == np.float32 and opened.stored("w").dtype == np.uint16
        assert not opened["w"].flags.writeable and not opened.stored("w").flags.writeable
        assert opened["w"][0] == 1.0


def test_loaded_views_share_no_memory():
    from frcodec.encoder.encode import encode
    from frcodec.formats.model import Model
    from frcodec.tensors import View, from_array

    entries = [from_array("a", np.arange(6.0)), View("b", 0, 2, (4,), (1,))]
    out = io.BytesIO()
    encode(Model("tensors", entries, None, frozenset()), out, Options(lossless=True))
    loaded = load_file(out.getvalue())
    assert loaded["b"].flags.writeable and not np.shares_memory(loaded["a"], loaded["b"])


USES = {
    "item": lambda opened: opened["w"],
    "shared": lambda opened: opened["bytes"],
    "stored": lambda opened: opened.stored("w"),
    "arrays": lambda opened: list(opened.arrays()),
    "load": lambda opened: opened.load(),
    "rebuild": lambda opened: opened.rebuild(io.BytesIO().write),
    "checksum": lambda opened: opened.checksum(),
    "kind": lambda opened: opened.kind,
    "widths": lambda opened: opened.widths,
    "metadata": lambda opened: opened.metadata,
}


@pytest.mark.parametrize("use", USES.values(), ids=USES)
@pytest.mark.parametrize("on_disk", [True, False])
def test_a_closed_file_says_so(file, tmp_path, use, on_disk):
    path = tmp_path / "f.frc"
    path.write_bytes(file)
    opened = open_file(path if on_disk else file)
    kept, expected = opened["w"], load_file(file)["w"]
    assert opened["bytes"].size == 5 and opened.metadata == {"epoch": "9"}
    opened.close()
    opened.close()
    with pytest.raises(UsageError) as raised:
        use(opened)
    assert raised.value.code is Code.CLOSED_FILE
    assert np.array_equal(kept, expected)
    assert "w" in opened and opened.record("w").shape == (200, 300) and "closed" in repr(opened)


def test_asking_for_a_name_decodes_nothing(file, monkeypatch):
    monkeypatch.setattr(level_stream, "decode", None)
    with open_file(file) as opened:
        assert "w" in opened and "x" not in opened and "w" in list(opened)


def test_closing_while_other_threads_decode(file, tmp_path, monkeypatch):
    """What is being decoded is returned; what comes after it is refused."""
    path = tmp_path / "f.frc"
    path.write_bytes(file)
    decode, reading, closed = level_stream.decode, threading.Event(), threading.Event()

    def slow(*arguments):
        reading.set()
        assert closed.wait(20)
        return decode(*arguments)

    monkeypatch.setattr(level_stream, "decode", slow)
    opened = open_file(path, threads=2)
    results: list[object] = []

    def use():
        try:
            results.append(opened["w"])
            opened["w"]
        except BaseException as error:
            results.append(error)

    thread = threading.Thread(target=use)
    thread.start()
    assert reading.wait(20)
    opened.close()
    closed.set()
    thread.join(20)
    array, error = results
    assert np.array_equal(array, load_file(file)["w"])
    assert isinstance(error, UsageError) and error.code is Code.CLOSED_FILE


def test_closing_ends_an_iteration_with_an_error(file, tmp_path):
    path = tmp_path / "f.frc"
    path.write_bytes(saved({f"w{n}": RANDOM.normal(size=(120, 100)) for n in range(30)}))
    opened = open_file(path, threads=2)
    arrays = opened.arrays()
    next(arrays)
    opened.close()
    with pytest.raises(UsageError, match="closed"):
        list(arrays)


def _load(path: str) -> None:
    load_file(path, threads=1)


def test_errors_come_out_of_other_processes(tmp_path):
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, pytest.raises(FileError) as raised:
        pool.submit(_load, str(tmp_path / "missing.frc")).result()
    assert raised.value.code is Code.READ_FAILED and "missing.frc" in raised.value.message


@pytest.mark.parametrize(
    "error", [CorruptError(Code.BAD_CRC, "Wrong.", offset=7), UsageError(Code.BAD_OPTION, "No."), FrcError]
)
def test_errors_are_pickled_whole(error):
    if error is FrcError:
        assert pickle.loads(pickle.dumps(error)) is FrcError
        return
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error) and str(copy) == str(error)
    assert (copy.code, copy.message, copy.offset) == (error.code, error.message, error.offset)


def test_short_representations(file):
    assert repr(Options()) == "Options()"
    assert repr(Options(quality=60, keep="^head")) == "Options(quality=60, keep=('^head',))"
    report = frcodec.save_file({"w": np.ones((30, 30), np.float32)}, io.BytesIO(), options=Options(lossless=True))
    assert repr(report).startswith("<EncodeReport: 1 tensor, ") and repr(report).endswith(" of 3.60 kB>")
    with open_file(file) as opened:
        assert repr(opened).startswith(f"<FrcFile: {len(opened)} tensors of ") and len(repr(opened)) < 80


def test_notebooks_get_a_table_with_escaped_names_and_few_rows():
    tensors = {f"<b>{number}&": np.ones(3) for number in range(120)}
    out = io.BytesIO()
    report = frcodec.save_file(tensors, out)
    with open_file(out.getvalue()) as opened:
        for html in (report._repr_html_(), opened._repr_html_()):
            assert "&lt;b&gt;0&amp;" in html and "<b>" not in html
            assert html.count("<tr>") == 51 and "the first 50 of 120" in html
