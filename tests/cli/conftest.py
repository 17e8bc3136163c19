"""A small model in every kind of file, and the command in this process."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from cli.running import Result, tensors, write

from frcodec.api import encode_file
from frcodec.cli.main import main


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """The command in this process, which saves its start; stdin is empty and no stream a terminal."""

    def called(*arguments: str | Path, stdin: bytes = b"") -> Result:
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.TextIOWrapper(io.BytesIO(), "utf-8")
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
            patch.setattr(sys, "stdout", out)
            patch.setattr(sys, "stderr", err)
            status = main([str(argument) for argument in arguments])
            out.flush()
            err.flush()
        return Result(status, out.buffer.getvalue(), err.buffer.getvalue().decode())

    return called


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with net.pt, net.frc, plain.safetensors and plain.frc, which tests only read."""
    folder = tmp_path_factory.mktemp("models")
    for source in (write(folder / "net.pt", tensors()), write(folder / "plain.safetensors", tensors())):
        encode_file(source, source.with_suffix(".frc"), threads=1)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    """The same files to work on."""
    for path in made.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path
