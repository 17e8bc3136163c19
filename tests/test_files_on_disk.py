"""Reading and writing files: errors, digests, progress, and what is left behind."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from frc_files import digest, raw_file
from saving import network, saved

from frcodec import Code, FrcError, load_file, save_file


def test_digests_are_compared():
    array = np.arange(5, dtype=np.float32)
    with pytest.raises(FrcError) as caught:
        load_file(raw_file(array, digests=(digest(array) ^ 1).to_bytes(4, "little")))
    assert caught.value.code == Code.BAD_DIGEST


def test_errors_of_files_on_disk_are_those_of_bytes(tmp_path):
    """The mapping is closed although the traceback still holds parts of it."""
    data = saved(network())
    path = tmp_path / "damaged.frc"
    for place in (3, 20, len(data) // 2, len(data) - 20, len(data) - 3):
        damaged = bytearray(data)
        damaged[place] ^= 4
        path.write_bytes(damaged)
        codes = []
        for source in (bytes(damaged), path):
            with pytest.raises(FrcError) as caught:
                load_file(source)
            codes.append(caught.value.code)
        assert codes[0] == codes[1]


@pytest.mark.parametrize("make", [lambda p: p / "missing.frc", lambda p: p])
def test_what_cannot_be_read(make, tmp_path):
    with pytest.raises(FrcError) as caught:
        load_file(make(tmp_path))
    assert caught.value.code == Code.READ_FAILED


def test_an_empty_file_is_no_frc_file(tmp_path):
    path = tmp_path / "empty.frc"
    path.write_bytes(b"")
    for source in (path, b""):
        with pytest.raises(FrcError) as caught:
            load_file(source)
        assert caught.value.code in (Code.BAD_MAGIC, Code.TRUNCATED)


@pytest.mark.parametrize("threads", [1, 3])
def test_progress_grows_to_the_end_in_the_callers_thread(threads, tmp_path):
    tensors, calls = network(), []

    def progress(done, total, what):
        calls.append((done, total, what, threading.get_ident()))

    save_file(tensors, tmp_path / "a.frc", threads=threads, progress=progress)
    total = sum(tensor.nbytes for tensor in tensors.values())
    done = [call[0] for call in calls]
    assert done == sorted(done)
    assert done[-1] == total
    assert {call[1] for call in calls} == {total}
    assert {call[3] for call in calls} == {threading.get_ident()}
    assert {call[2] for call in calls} & set(tensors)


def test_an_exception_of_the_callback_ends_the_work_and_leaves_nothing(tmp_path):
    def progress(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        save_file(network(), tmp_path / "a.frc", progress=progress)
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_replaced_by_force_only(tmp_path):
    path = tmp_path / "a.frc"
    path.write_bytes(b"old")
    with pytest.raises(FrcError) as caught:
        save_file({}, path)
    assert caught.value.code == Code.OUTPUT_EXISTS
    assert path.read_bytes() == b"old"
    save_file({}, path, force=True)
    assert load_file(path) == {}


@pytest.mark.parametrize("umask", [0o022, 0o077])
def test_new_files_have_the_mode_of_the_umask(tmp_path, umask, monkeypatch):
    before = os.umask(umask)
    try:
        with monkeypatch.context() as patch:
            patch.delattr(os, "umask")  # that of the process is never changed, not even for a moment
            save_file({}, tmp_path / "a.frc")
    finally:
        os.umask(before)
    assert (tmp_path / "a.frc").stat().st_mode & 0o777 == 0o666 & ~umask


def test_replaced_files_keep_their_mode(tmp_path):
    path = tmp_path / "a.frc"
    path.write_bytes(b"old")
    path.chmod(0o604)
    save_file({}, path, force=True)
    assert path.stat().st_mode & 0o777 == 0o604


def test_long_names_of_many_bytes_can_be_written(tmp_path):
    path = tmp_path / ("重" * 83 + ".frc")
    save_file({}, path)
    assert load_file(path) == {}
