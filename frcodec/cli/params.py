"""Types of option values, and the options that several subcommands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ..constants import DEFAULT_MAX_BYTES
from ..errors import UsageError
from ..units import parse_size

if TYPE_CHECKING:
    _Kind = click.ParamType[Any]
else:
    _Kind = click.ParamType  # generic in newer versions only

Command = TypeVar("Command", bound=Callable[..., Any])


class Size(_Kind):
    """Bytes, such as 900, 3M or 4GB (powers of 1000), or 512Mi (powers of 1024)."""

    name = "SIZE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes from text."""
        if isinstance(value, int):
            return value
        try:
            return parse_size(value)
        except UsageError as error:
            self.fail(error.message, param, ctx)


class Number(_Kind):
    """A finite number in a range, both ends included."""

    name = "NUMBER"

    def __init__(self, low: float, high: float) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """A number from text."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number.", param, ctx)
        if not (isfinite(number) and self.low <= number <= self.high):
            self.fail(f"{value} is not in the range {self.low:g} to {self.high:g}.", param, ctx)
        return number


class Count(Number):
    """A whole number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """A whole number from text."""
        number = super().convert(value, param, ctx)
        if number != int(number):
            self.fail(f"{value!r} is no whole number.", param, ctx)
        return int(number)


class Shape(_Kind):
    """Lengths of axes, such as 1,3,224,224."""

    name = "SHAPE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """Lengths from text."""
        if isinstance(value, tuple):
            return value
        if not re.fullmatch(r"\d{1,18}(,\d{1,18}){0,31}", value, re.ASCII):
            self.fail(f"{value!r} is no shape: 1 to 32 lengths with commas between them are needed.", param, ctx)
        return tuple(map(int, value.split(",")))


class Pair(_Kind):
    """KEY=VALUE."""

    name = "KEY=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Key and value from text."""
        if isinstance(value, tuple):
            return value
        key, equals, text = value.partition("=")
        if not key or not equals:
            self.fail(f"{value!r} is not KEY=VALUE.", param, ctx)
        try:
            value.encode()
        except UnicodeEncodeError:
            self.fail("the text is not valid UTF-8.", param, ctx)
        return key, text


def common(command: Command) -> Command:
    """--json and --quiet, which every subcommand has."""
    quiet = click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
    json = click.option("--json", "as_json", is_flag=True, help="A JSON document on stdout, errors as JSON on stderr.")
    return json(quiet(command))


def max_bytes(command: Command) -> Command:
    """--max-bytes, for subcommands that read .frc files."""
    option = click.option(
        "--max-bytes",
        type=Size(),
        default=DEFAULT_MAX_BYTES,
        help="Largest decoded size, such as 512M or 4G (1000s) or 4Gi (1024s); 64Gi by default.",
    )
    return option(command)


def output(command: Command) -> Command:
    """-o, for subcommands that write one file."""
    option = click.option(
        "-o",
        "--output",
        type=click.Path(readable=False),
        metavar="FILE",
        help="Output file or folder, or - for stdout.",
    )
    return option(command)


def threads(command: Command) -> Command:
    """--threads, for subcommands that encode or decode."""
    option = click.option(
        "--threads", metavar="N", type=Count(1, 1024), help="Largest number of threads; all processors by default."
    )
    return option(command)


def force(command: Command) -> Command:
    """-f, for subcommands that write files."""
    return click.option("-f", "--force", is_flag=True, help="Replace an existing output file.")(command)
