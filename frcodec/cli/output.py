"""The only place that prints: data on stdout, messages on stderr, colours and progress on terminals only."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from math import isfinite
from pathlib import Path
from textwrap import fill
from time import monotonic
from typing import TYPE_CHECKING, Any, TextIO

from ..constants import Code
from ..errors import FileError, FrcError
from . import text
from .table import Column, layout

if TYPE_CHECKING:
    import rich.progress
    from rich.console import Console

    from ..work import Progress

_STYLES = {"head": "bold", "lossless": "dim", "view": "dim", "total": "bold", "good": "green", "bad": "red", "row": ""}
_MARKS = {"error": "bold red", "warning": "bold yellow"}
_PATIENCE = 0.4
"""seconds before a progress bar appears"""
_BAR_NAME = 24
"""columns for a tensor's name beside the bar"""


class Output:
    """What one run of a subcommand says."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self.as_json, self.quiet = as_json, quiet

    def document(self, value: Mapping[str, Any]) -> None:
        """The one JSON document of a run with --json."""
        _write(_stdout(), _json(_plain(value)) + "\n")

    def data(self, line: str, style: str = "") -> None:
        """A line of data."""
        _print(_stdout(), [(line, style)])

    def table(self, columns: Sequence[Column], rows: Sequence[Mapping[str, str]]) -> None:
        """A table of data."""
        for line in layout(columns, rows, data_width()):
            _print(_stdout(), [(str(line), line.role)])

    def message(self, line: str) -> None:
        """What was done, for people who watch."""
        if not self.quiet and not self.as_json:
            _print(sys.stderr, [(line, "")])

    def warning(self, sentence: str) -> None:
        """Something that went as it should but may not be what was meant."""
        if not self.quiet:
            _say("warning", text.escaped(sentence))

    @contextmanager
    def progress(self, doing: str) -> Iterator[Progress | None]:
        """A bar on stderr where that is a terminal, otherwise None."""
        if self.quiet or self.as_json or sys.stderr is None or not sys.stderr.isatty():
            yield None
            return
        bar = _Bar(doing, sys.stderr)
        try:
            yield bar
        finally:
            bar.close()


def error(problem: FrcError, *, as_json: bool, hint: str = "") -> None:
    """An error as one sentence with its code, or as JSON; always on stderr."""
    code = problem.code
    if as_json:
        record = {"code": code.name.lower(), "number": int(code), "message": problem.message, "offset": problem.offset}
        _write(sys.stderr, json.dumps({"error": record}) + "\n")
        return
    message = "\n".join(text.escaped(line) for line in problem.message.split("\n"))
    place = "" if problem.offset is None else f" at byte {problem.offset:,}"
    first, newline, rest = message.partition("\n")
    _say("error", _wrapped(f"{first} [E{int(code)} {code.name.lower()}{place}]") + newline + rest)
    if hint:
        _print(sys.stderr, [(hint, "")])


def raw(line: str) -> None:
    """Help, version or a script on stdout as it is."""
    _write(_stdout(), line if line.endswith("\n") else line + "\n")


def data_width() -> int | None:
    """Columns for data: the terminal's, or None in a pipe, where nothing should be cut, unless COLUMNS is set."""
    if _is_terminal(sys.stdout):
        return shutil.get_terminal_size().columns
    columns = os.environ.get("COLUMNS", "")
    return int(columns) if columns.isascii() and columns.isdigit() and int(columns) else None


def console(stream: TextIO) -> Console:
    """A rich console that takes text as it is: no markup, no emoji codes, no highlighting."""
    from rich.console import Console

    return Console(file=stream, markup=False, emoji=False, highlight=False, soft_wrap=True)


def silence(stream: TextIO | None) -> None:
    """Let what is left in the buffers of a stream that nobody reads go nowhere."""
    if stream is None:
        return
    with suppress(OSError, ValueError), Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _say(mark: str, sentence: str) -> None:
    _print(sys.stderr, [("frcodec: ", ""), (f"{mark}:", _MARKS[mark]), (f" {sentence}", "")])


def _stdout() -> TextIO:
    """Where data goes; a program may have been started without it."""
    if sys.stdout is None:
        raise FileError(Code.WRITE_FAILED, "Cannot write to stdout: it is closed.")
    return sys.stdout


def _wrapped(sentence: str) -> str:
    """Lines of a terminal's width; programs that read stderr get one line."""
    if not _is_terminal(sys.stderr):
        return sentence
    columns = max(20, shutil.get_terminal_size().columns)
    return fill(sentence, columns, initial_indent=" " * len("frcodec: error: "), break_on_hyphens=False).lstrip()


def _print(stream: TextIO | None, parts: Sequence[tuple[str, str]]) -> None:
    """One line of (text, style); styles only show on terminals."""
    if _is_terminal(stream) and any(style for _, style in parts):
        parts = [(_encodable(part, stream), style) for part, style in parts]
        _coloured(stream, parts)
        return
    _write(stream, "".join(part for part, _ in parts) + "\n")


def _coloured(stream: TextIO | None, parts: Sequence[tuple[str, str]]) -> None:
    from rich.text import Text

    assert stream is not None
    line = Text.assemble(*[(part, _STYLES.get(style, style)) for part, style in parts])
    with _translated(stream):
        console(stream).print(line)


def _write(stream: TextIO | None, content: str) -> None:
    if stream is None:
        return
    with _translated(stream):
        stream.write(_encodable(content, stream))
        stream.flush()


@contextmanager
def _translated(stream: TextIO) -> Iterator[None]:
    """Turn a full disk into a FileError; a closed pipe passes through, and a lost stderr is ignored."""
    try:
        yield
    except OSError as error:
        silence(stream)
        if stream is sys.stderr:
            return
        if isinstance(error, BrokenPipeError):
            raise
        raise FileError(Code.WRITE_FAILED, f"Cannot write to stdout: {error.strerror or error}.") from error


def _encodable(content: str, stream: TextIO | None) -> str:
    """The text, with whatever the stream's encoding lacks replaced."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        content.encode(encoding)
    except UnicodeEncodeError:
        return text.ascii_only(content).encode(encoding, "backslashreplace").decode(encoding)
    return content


def _is_terminal(stream: TextIO | None) -> bool:
    return stream is not None and stream.isatty()


def _json(value: Mapping[str, Any]) -> str:
    """Indented, with one line for each record of a list."""
    return "{\n" + ",\n".join(f"  {json.dumps(key)}: {_item(item)}" for key, item in value.items()) + "\n}"


def _item(value: Any) -> str:
    if isinstance(value, list) and value:
        return "[\n    " + ",\n    ".join(json.dumps(item, allow_nan=False) for item in value) + "\n  ]"
    return json.dumps(value, allow_nan=False)


def _plain(value: Any) -> Any:
    """JSON has no infinity and no NaN: they become null."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


class _Bar:
    """A progress bar that appears only where the work takes a while."""

    def __init__(self, doing: str, stream: TextIO) -> None:
        self._doing, self._stream = doing, stream
        self._started = monotonic()
        self._drawn: rich.progress.Progress | None = None

    def __call__(self, done: int, total: int, what: str) -> None:
        if self._drawn is None and monotonic() - self._started < _PATIENCE:
            return
        if self._drawn is None:
            self._drawn = self._draw()
            self._drawn.add_task(self._doing, what="")
            self._drawn.start()
        name = _encodable(text.shortened(text.label(what), _BAR_NAME), self._stream)
        self._drawn.update(self._drawn.task_ids[0], completed=done, total=total, what=name)

    def close(self) -> None:
        """Wipe the bar away."""
        if self._drawn is not None:
            self._drawn.stop()

    def _draw(self) -> rich.progress.Progress:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

        doing = TextColumn("{task.description}", markup=False)
        what = TextColumn("{task.fields[what]}", markup=False, style="dim")
        columns = (doing, BarColumn(30), TaskProgressColumn(), TimeRemainingColumn(compact=True), what)
        return Progress(*columns, console=console(self._stream), transient=True)
