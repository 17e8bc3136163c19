"""frcodec verify: check an .frc file, and compare it with its model."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..constants import Code
from ..errors import UsageError
from ..units import format_size
from . import params, paths, rows, text
from .output import Output

if TYPE_CHECKING:
    from ..report.verify import VerifyReport

_SHOWN = 20
"""differences that are printed"""
_EXAMPLES = """\b
Examples:
  frcodec verify model.frc                        every checksum
  frcodec verify model.frc --against model.pt     SNR and error of each tensor
  frcodec verify model.frc --against model.pt --min-snr 30 -q
"""


@click.command("verify", short_help="Check a file, and compare it with its model.", epilog=_EXAMPLES)
@click.argument("source", metavar="FILE", type=click.Path(readable=False))
@click.option(
    "--against", metavar="MODEL", type=click.Path(readable=False), help="Compare every tensor with this model file."
)
@click.option(
    "--min-snr",
    metavar="DB",
    type=params.Number(-20, 400),
    help="With --against: fail below this signal-to-noise ratio.",
)
@params.threads
@params.max_bytes
@params.common
def verify(
    source: str,
    against: str | None,
    min_snr: float | None,
    threads: int | None,
    max_bytes: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Decode the .frc file FILE and compare everything with its checksums; nothing is written. FILE may be -.

    With --against, names, shapes and types must be those of the model, and lossless tensors must be equal; otherwise
    the exit status is 1.
    """
    out = Output(as_json=as_json, quiet=quiet)
    if min_snr is not None and against is None:
        raise UsageError(Code.BAD_OPTION, "--min-snr needs --against MODEL to compare with.")
    if source == against == paths.STANDARD:
        raise UsageError(Code.BAD_OPTION, "Only one of the two files can come from stdin.")
    data = paths.frc_of(source, max_bytes)
    model = paths.model_of(against, max_bytes) if against is not None else None
    from .. import api

    with out.progress("verifying") as progress:
        report = api.verify(data, model, max_bytes=max_bytes, threads=threads, progress=progress)
    if as_json:
        out.document(_record(source, against, report))
    elif not quiet:
        _show(out, source, report)
    report.require(min_snr)


def _show(out: Output, source: str, report: VerifyReport) -> None:
    if report.matches is not None:
        out.table(rows.MATCH_COLUMNS, rows.match_rows(report.matches))
        out.data("")
    for match in report.differences[:_SHOWN]:
        out.data(f"{text.label(match.name)} {match.difference}", "bad")
    if len(report.differences) > _SHOWN:
        out.data(f"and {text.plural(len(report.differences) - _SHOWN, 'more difference')}; --json has all", "bad")
    checked = f"{text.plural(report.tensors, 'tensor')}, {format_size(report.decoded_bytes)}"
    rebuilt = f", rebuilt {text.escaped(report.kind)}" if report.kind else ""
    if report.widths:
        checked += f", {text.plural(report.widths, 'width')}"
    out.data(f"sha256 {report.sha256}", "dim")
    out.data(f"{paths.shown(source)}: sound ({checked}{rebuilt})", "good")
    if report.matches is not None and not report.differences:
        out.data(f"same names, shapes and types as the model; {_closeness(report)}", "good")


def _closeness(report: VerifyReport) -> str:
    if _equal(report):
        return "equal in every bit"
    return f"SNR {report.snr:.2f} dB" if report.snr is not None else "only biases and norms differ"


def _equal(report: VerifyReport) -> bool:
    return all(match.max_error == 0 for match in report.matches or ())


def _record(source: str, against: str | None, report: VerifyReport) -> dict[str, Any]:
    record = asdict(report)
    return {
        "input": source,
        "against": against,
        **record,
        "differences": [asdict(match) for match in report.differences],
        "equal": _equal(report) if report.matches is not None else None,
    }
