"""frcodec inspect: show the tensors and sections of an .frc file."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from ..units import format_size
from . import params, paths, rows, text
from .output import Output

if TYPE_CHECKING:
    from ..report.inspect import FileReport, WidthsReport

_EPILOG = """\b
Columns:
  coding  plain: quantized without a transform; dct 2,3: DCT over these axes;
          dct 0/16: DCT in blocks of 16; fr: low frequencies of all axes;
          lossless; view: shares the values of another tensor
  kept    the stored low frequencies, where not all are stored
  step    quantization step
  b/w     bits per weight; tensors in one stream share its bytes by levels
  width   channels in each group, as decode --width takes them
A terminal shows the columns that fit; a pipe gets all of them.

\b
Examples:
  frcodec inspect model.frc
  frcodec inspect model.frc --json | jq '.tensors[].name'
"""


@click.command("inspect", short_help="Show the tensors of a file.", epilog=_EPILOG)
@click.argument("source", metavar="FILE", type=click.Path(readable=False))
@params.max_bytes
@params.common
def inspect(source: str, max_bytes: int, as_json: bool, quiet: bool) -> None:
    """Show the tensors of the .frc file FILE with their sizes. FILE may be -, for stdin.

    Only the index and the headers are read and checked; nothing is decoded.
    """
    out = Output(as_json=as_json, quiet=quiet)
    data = paths.frc_of(source, max_bytes)
    from .. import api

    report = api.inspect(data, max_bytes=max_bytes)
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
    out.data(" · ".join(f"{name} {format_size(count)}" for name, count in report.sections.items() if count), "dim")
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
