"""The quality options of the subcommands that encode."""

from __future__ import annotations

from textwrap import fill, indent
from typing import TYPE_CHECKING

import click

from ..constants import Code
from ..errors import UsageError
from . import params

if TYPE_CHECKING:
    from ..encoder.options import Options


class EncodingCommand(click.Command):
    """A command whose help explains rules below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Rules, then examples."""
        from ..encoder.options import RULE_HELP  # imports NumPy

        lines = [fill(line, formatter.width - 2, subsequent_indent="  ") for line in RULE_HELP.splitlines()]
        formatter.write("\n" + indent("\n".join(["Rules:", *lines]), "  ") + "\n")
        super().format_epilog(ctx, formatter)


_OPTIONS = (
    click.option(
        "--snr", metavar="DB", type=params.Number(-20, 200), help="Signal-to-noise ratio over all weights in dB."
    ),
    click.option(
        "--max-error",
        metavar="E",
        type=params.Number(1e-26, 1e30),
        help="Guaranteed bound for the absolute error of every weight.",
    ),
    click.option(
        "--quality", metavar="Q", type=params.Number(0, 100), help="0 to 100, relative to the scale of each tensor."
    ),
    click.option(
        "--target-size", type=params.Size(), help="Best quality in a file of at most this size: bytes, 500k, 3M, 3Mi."
    ),
    click.option("--lossless", is_flag=True, help="Reproduce the input byte for byte."),
    click.option(
        "--keep", metavar="REGEX", multiple=True, help="Store tensors with matching names without loss; repeatable."
    ),
    click.option(
        "--rule", "rules", metavar="REGEX=OPTION,...", multiple=True, help="Options for some tensors: see below."
    ),
)


def quality_options(command: params.Command) -> params.Command:
    """--snr, --max-error, --quality, --target-size, --lossless, --keep and --rule."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def options_of(
    snr: float | None,
    max_error: float | None,
    quality: float | None,
    target_size: int | None,
    lossless: bool,
    keep: tuple[str, ...],
    rules: tuple[str, ...],
) -> Options:
    """The checked options; at most one kind of quality."""
    asked = {"--snr": snr, "--max-error": max_error, "--quality": quality, "--target-size": target_size}
    given = [name for name, value in asked.items() if value is not None] + ["--lossless"] * lossless
    if len(given) > 1:
        raise UsageError(Code.BAD_OPTION, f"{' and '.join(given)} exclude each other: choose one kind of quality.")
    from ..encoder.options import Options, parse_rule

    for rule in rules:
        parse_rule(rule)  # before the model is read
    return Options(snr, max_error, quality, target_size, rules=rules, keep=keep, lossless=lossless)
