"""frcodec inspect: what an .frc file holds."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from . import params, paths, rows, text
from .output import Output

if TYPE_CHECKING:
    from ..report.inspect import FileReport, WidthsReport

_EPILOG = """\b
Columns:
  coding  plain: quantized as it is; dct 2,3: transformed over these axes and
          quantized; dct 0/16: the same in blocks of 16; fr: a few of the low
          frequencies of all axes; exact: without loss; view: another's values
  kept    the low frequencies that are stored, where that is not everything
  step    distance of neighbouring values
  b/w     bits per weight; tensors of one stream share its bytes by levels
  width   channels in each of their groups: what decode --width takes
A terminal shows the columns that fit; a pipe gets all of them.

\b
Examples:
  frcodec inspect model.frc
  frcodec inspect model.frc --json | jq '.tensors[].name'
"""


@click.command("inspect", short_help="Show what a file holds.", epilog=_EPILOG)
@click.argument("source", metavar="FILE", type=click.Path(readable=False))
@params.max_bytes
@params.common
def inspect(source: str, max_bytes: int, as_json: bool, quiet: bool) -> None:
    """Show every tensor of an .frc file and what it takes. FILE may be -, for stdin.

    Only index and headers are read: nothing is decoded, and nothing is verified but them.
    """
    out = Output(as_json=as_json, quiet=quiet)
    data = paths.frc_of(source, max_bytes)
    from ..container.reader import Reader
    from ..report.inspect import inspect as report_of

    with Reader(data, max_bytes=max_bytes) as reader:
        report = report_of(reader)
    if as_json:
        out.document(_record(source, report))
    else:
        _show(out, source, report)


def _show(out: Output, source: str, report: FileReport) -> None:
    tensors = f"{text.plural(len(report.tensors), 'tensor')}, {text.plural(report.weights, 'weight')}"
    if spectral := sum(tensor.levels for tensor in report.tensors if rows.is_spectral(tensor)):
        tensors += f", {text.plural(spectral, 'coefficient')} of low frequencies"
    if report.tensors:
        out.table(rows.TENSOR_COLUMNS, rows.tensor_rows(report.tensors))
        out.data("")
    out.data(f"{paths.shown(source)}: {text.escaped(report.kind or 'tensors only')}, {tensors}")
    out.data(" · ".join(f"{name} {text.size(count)}" for name, count in report.sections.items() if count), "dim")
    for key, value in report.metadata.items():
        out.data(f"{text.escaped(key)} = {text.escaped(value)}")
    if report.widths:
        _show_widths(out, report.widths)
    out.data(
        rows.totals(file_bytes=report.file_bytes, source_bytes=report.source_bytes, weights=report.weights), "total"
    )


def _show_widths(out: Output, widths: WidthsReport) -> None:
    full = ",".join(map(str, widths.groups))
    if not widths.validated:
        out.data(f"full width {full}; no other was validated")
        return
    out.data(f"full width {full}; validated:")
    out.table(rows.WIDTH_COLUMNS, rows.width_rows(widths.validated))
    if widths.label:
        out.data(f"score = {text.escaped(widths.label)}")


def _record(source: str, report: FileReport) -> dict[str, Any]:
    sizes = rows.size_record(file_bytes=report.file_bytes, source_bytes=report.source_bytes, weights=report.weights)
    return {
        "input": source,
        "kind": report.kind,
        **sizes,
        "sections": report.sections,
        "metadata": report.metadata,
        "widths": asdict(report.widths) if report.widths else None,
        "tensors": [rows.tensor_record(tensor) for tensor in report.tensors],
    }
