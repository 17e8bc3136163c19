"""Data on stdout, messages on stderr, pipes, terminals, full disks, and what is left behind."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from cli.running import ROOT, run, write

import frcodec

PATIENCE = 120
"""seconds to wait for a state of a process on a busy machine"""
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def start(*arguments: str | Path, **options: object) -> subprocess.Popen[bytes]:
    """A process that hears Ctrl-C, even where the tests run in the background, which has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return subprocess.Popen([sys.executable, "-m", "frcodec", *map(str, arguments)], env=ENVIRONMENT, **options)
    finally:
        signal.signal(signal.SIGINT, before)


def temporary_files(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


def test_a_model_goes_through_pipes_both_ways(made: Path) -> None:
    encoded = run("encode", "-", stdin=(made / "net.pt").read_bytes())
    assert (encoded.status, encoded.out) == (0, (made / "net.frc").read_bytes())
    assert "stdin → stdout" in encoded.err
    decoded = run("decode", "-", stdin=encoded.out)
    assert decoded.status == 0
    assert len(decoded.out) == (made / "net.pt").stat().st_size
    assert run("verify", "-", stdin=encoded.out).status == 0


def test_a_named_pipe_is_read_like_a_file(made: Path, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.pt"
    os.mkfifo(pipe)
    with start("encode", pipe, "-o", tmp_path / "out.frc", "-q") as process:
        pipe.write_bytes((made / "net.pt").read_bytes())
    assert process.returncode == 0
    assert (tmp_path / "out.frc").read_bytes() == (made / "net.frc").read_bytes()


def test_a_pipe_that_is_no_frc_file_is_not_read_to_its_end() -> None:
    with (
        Path("/dev/zero").open("rb") as endless,
        start("inspect", "-", stdin=endless, stderr=subprocess.PIPE) as process,
    ):
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 3
    assert b"E302" in err


@pytest.mark.parametrize(
    "arguments", [["decode", "net.frc", "-o", "-"], ["inspect", "net.frc"], ["inspect", "net.frc", "--json"]]
)
def test_a_closed_pipe_ends_quietly(made: Path, arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start(*arguments, cwd=made, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (141, b"")


@pytest.mark.parametrize(
    "arguments", [["decode", "net.frc", "-o", "-"], ["inspect", "net.frc"], ["--version"], ["completion", "zsh"]]
)
def test_a_full_disk_behind_stdout_is_an_error(made: Path, arguments: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "frcodec", *arguments],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=made,
            env=ENVIRONMENT,
            check=False,
        )
    assert done.returncode == 5
    assert done.stderr.startswith(b"frcodec: error: ") and done.stderr.count(b"\n") == 1
    assert b"No space left on device. [E502 write_failed]" in done.stderr


def test_a_full_disk_behind_the_output_is_an_error(made: Path) -> None:
    done = run("encode", made / "net.pt", "-o", "/dev/full")
    assert done.status == 5
    assert "[E502 write_failed]" in done.err


def test_a_device_as_output_needs_no_force_and_stays(made: Path) -> None:
    assert run("decode", made / "net.frc", "-o", "/dev/null").status == 0
    assert Path("/dev/null").is_char_device()


def test_a_closed_stdout_is_an_error_where_data_is_asked_for(made: Path) -> None:
    command = 'exec "$0" -m frcodec inspect net.frc >&-'
    done = subprocess.run(
        ["sh", "-c", command, sys.executable], capture_output=True, cwd=made, env=ENVIRONMENT, check=False
    )
    assert done.returncode == 5
    assert b"stdout: it is closed" in done.stderr


def test_messages_that_cannot_be_told_change_nothing(folder: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        assert start("decode", "net.frc", "-f", cwd=folder, stderr=full).wait(PATIENCE) == 0
        assert start("decode", "none.frc", cwd=folder, stderr=full).wait(PATIENCE) == 5


@pytest.mark.parametrize("subcommand", ["encode", "decode"])
def test_no_binary_data_to_a_terminal(made: Path, subcommand: str) -> None:
    name = {"encode": "net.pt", "decode": "net.frc"}[subcommand]
    shown, stdin = on_a_terminal(subcommand, name, "-o", "-", cwd=made)
    assert stdin == 2
    assert "Refusing to write binary data to a terminal." in " ".join(shown.split())
    assert "\x8fFRC" not in shown


def test_a_terminal_gets_a_table_that_fits_with_colours(made: Path) -> None:
    shown, status = on_a_terminal("inspect", "net.frc", cwd=made)
    assert status == 0
    assert "\x1b[1m" in shown
    shown, _ = on_a_terminal("inspect", "net.frc", cwd=made, NO_COLOR="1")
    assert "\x1b[3" not in shown


def on_a_terminal(*arguments: str, cwd: Path, **environment: str) -> tuple[str, int]:
    """What the command shows on a terminal, and its exit status."""
    mine, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "frcodec", *arguments],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        cwd=cwd,
        env={**ENVIRONMENT, "TERM": "xterm-256color", **environment},
    )
    os.close(theirs)
    shown = b""
    while True:
        try:
            chunk = os.read(mine, 4096)
        except OSError:  # Linux' way to say that the other end is closed
            break
        if not chunk:
            break
        shown += chunk
    os.close(mine)
    return shown.decode(errors="replace"), process.wait(PATIENCE)


@pytest.mark.parametrize(("stop", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_run_leaves_nothing(tmp_path: Path, stop: signal.Signals, status: int) -> None:
    weights = np.random.default_rng(0).standard_normal((256, 256)).astype("<f4")  # more than a pipe holds
    frcodec.save_file({"w": weights}, tmp_path / "net.frc")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    process = start("decode", tmp_path / "net.frc", "--to", "pt", "-o", pipe, stderr=subprocess.PIPE)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert select.select([reader], [], [], PATIENCE)[0]  # the process writes, and waits for a reader of the rest
        process.send_signal(stop)
        os.set_blocking(reader, True)
        while os.read(reader, 1 << 16):  # Python notices a signal when a blocked write returns
            pass
        _, err = process.communicate(timeout=PATIENCE)
    finally:
        os.close(reader)
    assert (process.returncode, err) == (status, b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.frc", "pipe"]


def test_interrupted_encoding_leaves_no_temporary_file(tmp_path: Path) -> None:
    model = write(tmp_path / "large.pt", {"w": np.random.default_rng(0).standard_normal((2048, 2048)).astype("<f4")})
    process = start("encode", model, "-o", tmp_path / "large.frc", "--threads", "1", stderr=subprocess.PIPE)
    deadline = time.monotonic() + PATIENCE
    while not temporary_files(tmp_path):
        assert process.poll() is None and time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, err) == (130, b"")
    assert [path.name for path in tmp_path.iterdir()] == ["large.pt"]


def test_an_ascii_only_stream_gets_ascii(made: Path) -> None:
    done = run("inspect", made / "net.frc", env={"PYTHONIOENCODING": "ascii"})
    assert done.status == 0
    assert "16x8x3x3" in done.out.decode("ascii")
