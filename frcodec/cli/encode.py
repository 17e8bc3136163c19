"""frcodec encode: encode a model file to an .frc file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from ..constants import Code
from ..errors import UsageError
from . import params, paths, rows
from .output import Output
from .quality import EncodingCommand, options_of, quality_options

if TYPE_CHECKING:
    from ..encoder.options import Options
    from ..encoder.reports import EncodeReport

_EXAMPLES = """\b
Examples:
  frcodec encode model.pt                          model.frc beside it
  frcodec encode model.pt --snr 30 -o small.frc    30 dB over all weights
  frcodec encode model.pt --target-size 3M         at most 3,000,000 bytes
  frcodec encode model.pt --max-error 1e-3         every weight within 0.001
  frcodec encode script.pt --calibrate inputs.npz --quality 60
  frcodec encode model.pt --keep '^head[.]'        the head without loss
  frcodec encode model.pt --rule 'embed=quality=80' --dry-run
  cat model.pt | frcodec encode - > model.frc
"""


@click.command("encode", cls=EncodingCommand, short_help="Encode a model file to .frc.", epilog=_EXAMPLES)
@click.argument("source", metavar="IN", type=click.Path(readable=False))
@params.output
@params.force
@quality_options
@click.option("--calibrate", metavar="FILE", help="Inputs (.npz or .pt): allocate errors by their effect on outputs.")
@click.option("--module", metavar="FILE", help="TorchScript that runs the inputs, where IN is none.")
@click.option("--meta", type=params.Pair(), multiple=True, help="Text to store with the model; repeatable.")
@params.threads
@click.option("-n", "--dry-run", is_flag=True, help="Write nothing; show the plan and the predicted sizes.")
@params.common
def encode(
    source: str,
    output: str | None,
    force: bool,
    meta: tuple[tuple[str, str], ...],
    threads: int | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    calibrate: str | None,
    module: str | None,
    **quality: Any,
) -> None:
    """Encode the model file IN (.pt, .pth, .ptl, TorchScript, .pte, .safetensors) to an .frc file.

    Choose one quality target: --snr, --max-error, --quality, --target-size or --lossless; the default is --quality 70.
    With --calibrate, quality is that of the model's output. Buffers other than weights are stored without loss. IN may
    be -, for stdin.
    """
    out = Output(as_json=as_json, quiet=quiet)
    options = _calibrated(options_of(**quality), source, calibrate, module)
    metadata = _metadata(meta)
    model = paths.source_of(source)
    if dry_run:
        _show_plan(out, source, _plan(out, model, options, threads))
        return
    target = paths.target_name(output, paths.encoded_name(source))
    paths.check_target(source, target, force=force, as_json=as_json)
    report = _encoded(out, model, paths.target_of(target), options, force=force, threads=threads, metadata=metadata)
    _show_result(out, source, target, report)


def _calibrated(options: Options, source: str, inputs: str | None, module: str | None) -> Options:
    """The options with the calibration by a file of inputs."""
    if inputs is None:
        if module is not None:
            raise UsageError(Code.BAD_OPTION, "--module runs the inputs of --calibrate, which is missing.")
        return options
    if module is None and source == "-":
        raise UsageError(Code.BAD_OPTION, "A model from stdin cannot be run: pass its TorchScript with --module.")
    from ..pytorch.calibration_files import calibration_of

    return replace(options, calibration=calibration_of(Path(inputs), Path(module or source)))


def _metadata(pairs: tuple[tuple[str, str], ...]) -> dict[str, str]:
    metadata = dict(pairs)
    if len(metadata) < len(pairs):
        raise UsageError(Code.BAD_OPTION, "Two --meta options have the same key.")
    return metadata


def _encoded(
    out: Output,
    model: Path | BinaryIO,
    target: Path | BinaryIO,
    options: Options,
    *,
    force: bool,
    threads: int | None,
    metadata: dict[str, str],
) -> EncodeReport:
    from ..api import encode_file

    with out.progress("encoding") as progress:
        report = encode_file(
            model, target, options=options, force=force, threads=threads, metadata=metadata, progress=progress
        )
    paths.flush(target)
    return report


def _plan(out: Output, model: Path | BinaryIO, options: Options, threads: int | None) -> EncodeReport:
    from ..api import plan_file

    with out.progress("planning") as progress:
        return plan_file(model, options=options, threads=threads, progress=progress)


def _show_plan(out: Output, source: str, report: EncodeReport) -> None:
    """The plan is the data of --dry-run, and goes to stdout."""
    for warning in report.warnings:
        out.warning(warning)
    if out.as_json:
        out.document(_record(source, None, report))
        return
    out.table(rows.TENSOR_COLUMNS, rows.tensor_rows(report.tensors))
    out.data("")
    out.data(f"predicted: {_totals(report)}", "total")


def _show_result(out: Output, source: str, target: str, report: EncodeReport) -> None:
    for warning in report.warnings:
        out.warning(warning)
    if out.as_json:
        out.document(_record(source, target, report))
    else:
        out.message(f"{paths.shown(source)} → {paths.shown(target, output=True)}: {_totals(report)}")


def _totals(report: EncodeReport) -> str:
    weights = rows.weights_of(report.tensors)
    snr = report.snr
    return rows.totals(file_bytes=report.file_bytes, source_bytes=report.source_bytes, weights=weights, snr=snr)


def _record(source: str, target: str | None, report: EncodeReport) -> dict[str, Any]:
    sizes = rows.size_record(
        file_bytes=report.file_bytes, source_bytes=report.source_bytes, weights=rows.weights_of(report.tensors)
    )
    tensors = [rows.tensor_record(tensor) for tensor in report.tensors]
    return {
        "input": source,
        "output": target,
        **sizes,
        "snr": report.snr,
        "warnings": report.warnings,
        "tensors": tensors,
    }
