"""The threads of an operation: how many there are, in which order results come, and which error is raised."""

from __future__ import annotations

import threading
from threading import Barrier, Event

import numpy as np
import pytest
from saving import saved

from frcodec import UsageError, load_file
from frcodec.decoder import level_stream
from frcodec.work import Workers, processors, thread_count


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_order(threads):
    with Workers(threads) as workers:
        assert list(workers.in_order(lambda number: number**2, range(50))) == [number**2 for number in range(50)]


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_nested_loops_end_and_do_everything_once(threads):
    done = []
    with Workers(threads) as workers:

        def inner(number):
            workers.spread(lambda other: done.append((number, other)), 7)
            return number

        assert list(workers.in_order(inner, range(20))) == list(range(20))
    assert sorted(done) == [(number, other) for number in range(20) for other in range(7)]


def test_a_pool_that_is_busy_stops_no_loop():
    release = Event()
    done = []
    with Workers(2) as workers:
        blocked = workers.in_order(lambda _: release.wait(20), range(3))
        thread = threading.Thread(target=lambda: next(blocked))
        thread.start()
        workers.spread(done.append, 5)  # both threads of the pool wait
        release.set()
        thread.join()
        blocked.close()
    assert sorted(done) == list(range(5))


def test_no_more_threads_compute_than_asked_for():
    computing, most, lock = set(), [0], threading.Lock()

    def compute(number):
        with lock:
            computing.add(threading.get_ident())
            most[0] = max(most[0], len(computing))
        for _ in range(2000):
            pass
        with lock:
            computing.discard(threading.get_ident())

    with Workers(3) as workers:
        list(workers.in_order(lambda _: workers.spread(compute, 9), range(30)))
    assert 1 <= most[0] <= 3


def test_the_first_error_is_raised():
    def fail(number):
        raise ValueError(number)

    with Workers(4) as workers:
        for _ in range(20):
            with pytest.raises(ValueError, match="^0$"):
                workers.spread(fail, 8)


def test_an_error_of_a_helper_reaches_the_caller():
    both = Barrier(2, timeout=20)
    caller = threading.get_ident()

    def fail(number):
        both.wait()
        if threading.get_ident() != caller:
            raise ValueError("helper")

    with Workers(2) as workers, pytest.raises(ValueError, match="helper"):
        workers.spread(fail, 2)


@pytest.mark.parametrize("threads", [0, -1, 1.5, "2", True])
def test_invalid_numbers_of_threads(threads):
    with pytest.raises(UsageError, match="threads"):
        thread_count(threads)
    with pytest.raises(UsageError, match="threads"):
        load_file(b"", threads=threads)


def test_the_default_is_the_processors_of_the_process():
    assert thread_count(None) == processors() >= 1


@pytest.fixture(scope="module")
def large_tensors():
    """Tensors of two segments each, whose transforms have parts."""
    rng = np.random.default_rng(3)
    return saved({f"w{number}": rng.normal(size=(1100, 1000)).astype(np.float32) for number in range(6)}, quality=20)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_decoding_starts_no_more_threads_than_asked_for(large_tensors, monkeypatch, threads):
    """Of one pool; the caller's own thread only waits for it."""
    before = set(threading.enumerate())
    started, decode = set(), level_stream.decode

    def counted(*arguments):
        arrays = decode(*arguments)
        started.update(set(threading.enumerate()) - before)
        return arrays

    monkeypatch.setattr(level_stream, "decode", counted)
    assert len(load_file(large_tensors, threads=threads)) == 6
    assert len(started) == (0 if threads == 1 else threads)
    assert set(threading.enumerate()) == before


def test_threads_do_not_change_arrays(large_tensors):
    alone, together = load_file(large_tensors, threads=1), load_file(large_tensors, threads=4)
    assert all(alone[name].tobytes() == together[name].tobytes() for name in alone)
