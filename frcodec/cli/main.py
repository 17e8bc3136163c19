"""The `frcodec` command: subcommands, exit codes and error messages."""

from __future__ import annotations

import errno
import os
import signal
import sys
import threading
from collections.abc import Sequence
from difflib import get_close_matches

import click
from click.shell_completion import shell_complete

from .. import __version__
from ..constants import Code
from ..errors import FileError, FrcError, UnsupportedError, UsageError
from . import output
from .bundle import bundle
from .completion import PROGRAM, VARIABLE, completion
from .decode import decode
from .encode import encode
from .inspect import inspect
from .verify import verify

_CLOSED_PIPE = 128 + signal.SIGPIPE if hasattr(signal, "SIGPIPE") else 141
_INTERRUPTED = 130
_TERMINATED = 143
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)

_EPILOG = """\b
Exit status:
  0  success                       3  the input is damaged
  1  a check failed                4  not supported, or beyond a limit
  2  invalid usage                 5  reading or writing failed
  130  interrupted                 143  terminated

\b
Examples:
  frcodec encode model.pt          writes model.frc
  frcodec inspect model.frc        tensors and sizes
  frcodec decode model.frc         rebuilds model.pt
  frcodec verify model.frc --against model.pt
  frcodec bundle model.ptl --app . an Android app's asset, and its Kotlin

\b
Sizes are bytes, or numbers with k, M or G (1000s) or Ki, Mi or Gi (1024s).
Data goes to stdout, messages to stderr. A - in place of a file is stdin or
stdout. NO_COLOR turns colours off.
"""


class _Subcommands(click.Group):
    """The group; for an unknown subcommand it suggests the nearest one."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of typical use."""
        return list(self.commands)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if self.get_command(ctx, name) is None and not name.startswith("-"):
            near = get_close_matches(name, self.commands, 1)
            hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(self.list_commands(ctx))}."
            ctx.fail(f"There is no subcommand {name!r}. {hint}")
        return super().resolve_command(ctx, args)


@click.group(
    PROGRAM,
    cls=_Subcommands,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, "-V", "--version", prog_name=PROGRAM, message="%(prog)s %(version)s")
def cli() -> None:
    """A codec for neural-network weights: .frc files decode to the same bits on every machine."""


for _subcommand in (encode, decode, inspect, verify, bundle, completion):
    cli.add_command(_subcommand)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if VARIABLE in os.environ:
        return shell_complete(cli, {}, PROGRAM, VARIABLE, os.environ[VARIABLE])
    as_json = "--json" in given[: given.index("--")] if "--" in given else "--json" in given
    signal.signal(signal.SIGTERM, _terminate)
    try:
        return _guarded(given, as_json)
    except KeyboardInterrupt as interrupt:
        return _exit_status(_TERMINATED if isinstance(interrupt, _Terminated) else _INTERRUPTED)
    except BrokenPipeError:  # of stderr too, while an error is printed
        return _closed_pipe()


def _guarded(given: Sequence[str], as_json: bool) -> int:
    """Run the command and print its errors; exceptions that are bugs propagate."""
    try:
        return _run(given)
    except FrcError as problem:
        if _is_closed_pipe(problem):
            return _closed_pipe()
        return _report(problem, as_json)
    except click.UsageError as mistake:
        return _report(UsageError(Code.BAD_OPTION, _sentence(mistake)), as_json, _hint(mistake))
    except click.ClickException as mistake:
        return _report(UsageError(Code.BAD_OPTION, mistake.format_message()), as_json)
    except BrokenPipeError:
        raise
    except MemoryError:
        return _report(UnsupportedError(Code.TOO_LARGE, "There is not enough memory."), as_json)
    except OSError as problem:
        code = Code.WRITE_FAILED if problem.errno in _FULL else Code.READ_FAILED
        where = problem.filename or "Reading or writing failed"
        return _report(FileError(code, f"{where}: {problem.strerror or problem}."), as_json)


def _run(given: Sequence[str]) -> int:
    """Like click's own `main`, which prints errors itself and treats a closed pipe as a failure."""
    if not given:
        with click.Context(cli, info_name=PROGRAM) as context:
            output.raw(cli.get_help(context))
        return UsageError.status
    try:
        with cli.make_context(PROGRAM, list(given)) as context:
            cli.invoke(context)
    except click.exceptions.Exit as end:
        return end.exit_code
    return 0


def _report(problem: FrcError, as_json: bool, hint: str = "") -> int:
    output.error(problem, as_json=as_json, hint=hint)
    if problem.code is Code.WRITE_FAILED:
        output.silence(sys.stdout)  # what is left in its buffer would fail again at exit
    return problem.status


def _sentence(mistake: click.UsageError) -> str:
    """Click's message as one sentence; for an unknown option, with the nearest known one."""
    if isinstance(mistake, click.NoSuchOption):
        near = get_close_matches(mistake.option_name, mistake.possibilities or (), 1)
        return f"There is no option {mistake.option_name}." + "".join(f" Did you mean {name}?" for name in near)
    message = " ".join(mistake.format_message().split())
    return message if message.endswith((".", "?", "!")) else message + "."


def _hint(mistake: click.UsageError) -> str:
    command = mistake.ctx.command_path if mistake.ctx else PROGRAM
    return f"Try: {command} --help"


def _is_closed_pipe(problem: BaseException) -> bool:
    """Whether an error was caused by a pipe that its reader has closed."""
    cause: BaseException | None = problem
    while cause is not None:
        if isinstance(cause, BrokenPipeError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _closed_pipe() -> int:
    """End silently with the status of SIGPIPE."""
    output.silence(sys.stdout)
    output.silence(sys.stderr)
    return _CLOSED_PIPE


class _Terminated(KeyboardInterrupt):
    """SIGTERM; like Ctrl-C it removes temporary files."""


def _terminate(number: int, frame: object) -> None:
    raise _Terminated


def _exit_status(status: int) -> int:
    """The exit status; exits at once where threads still run, for which the interpreter would wait."""
    if threading.active_count() > 1:
        os._exit(status)
    return status
