"""frcodec decode: rebuild a model file from an .frc file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from ..formats.suffixes import KIND_SUFFIXES
from ..units import format_size
from . import params, paths, text
from .output import Output

if TYPE_CHECKING:
    from ..api import Format
    from ..decoder.width import AtWidth

_FORMATS = ("pt", "safetensors", "npz")
_EXAMPLES = """\b
Examples:
  frcodec decode model.frc                        the model file, model.pt
  frcodec decode model.frc -o rebuilt.pt
  frcodec decode model.frc -o model.safetensors   in another format
  frcodec decode model.frc --to npz               model.npz, for NumPy
  frcodec decode model.frc --to npz --width 16    with at most 16 channels
  frcodec decode - < model.frc > model.pt
"""


@click.command("decode", short_help="Rebuild the model file.", epilog=_EXAMPLES)
@click.argument("source", metavar="IN", type=click.Path(readable=False))
@params.output
@params.force
@click.option(
    "--to",
    type=click.Choice(_FORMATS),
    help="Write a state dict in this format instead of the model file; by default the suffix of FILE decides.",
)
@click.option(
    "--width",
    metavar="WIDTH",
    help="Decode at another width, where the file declares channel axes: 16 for at most 16 channels in every group, "
    "1/4 or 0.25 of them, 8,16 for the length of each group.",
)
@click.option("--allow-unvalidated", is_flag=True, help="Accept a --width that was not validated (see inspect).")
@params.threads
@params.max_bytes
@params.common
def decode(
    source: str,
    output: str | None,
    to: str | None,
    width: str | None,
    allow_unvalidated: bool,
    force: bool,
    threads: int | None,
    max_bytes: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Rebuild the model file that the .frc file IN was encoded from. IN may be -, for stdin.

    The output is a file of the same kind, beside IN and with the usual suffix; files that hold only tensors become
    .safetensors. It appears under its name only when it is complete and its checksums match.
    """
    from ..api import decode_file

    out = Output(as_json=as_json, quiet=quiet)
    data = paths.frc_of(source, max_bytes)
    kind, at = _header(data, width, allow_unvalidated=allow_unvalidated, max_bytes=max_bytes)
    to = to or _format_for(output, kind)
    suffix = f".{to}" if to else KIND_SUFFIXES.get(kind or "", ".model")
    name = paths.target_name(output, paths.decoded_name(source, suffix))
    paths.check_target(source, name, force=force, as_json=as_json)
    target = paths.target_of(name)
    with out.progress("decoding") as progress:
        decode_file(
            data,
            target,
            to=cast("Format | None", to),
            width=width,
            allow_unvalidated=allow_unvalidated,
            force=force,
            threads=threads,
            max_bytes=max_bytes,
            progress=progress,
        )
    paths.flush(target)
    _show_result(out, source, name, kind, to, at)


def _header(
    data: Path | memoryview, width: str | None, *, allow_unvalidated: bool, max_bytes: int
) -> tuple[str | None, AtWidth | None]:
    """Kind of the model file, None for only tensors; and the other width, None for full width."""
    from ..container.reader import Reader
    from ..decoder.width import at_width

    with Reader(data, max_bytes=max_bytes) as reader:
        kind = reader.recipe.kind if reader.recipe else None
        return kind, at_width(reader, width, allow_unvalidated=allow_unvalidated)


def _format_for(output: str | None, kind: str | None) -> str | None:
    """The format that the suffix of the output names; None for the original file itself."""
    suffix = Path(output or "").suffix.lower().removeprefix(".")
    if kind is None:
        return suffix if suffix in _FORMATS else "safetensors"
    original = KIND_SUFFIXES.get(kind, "").removeprefix(".")
    if suffix not in _FORMATS or suffix == original or (suffix == "pt" and kind != "safetensors"):
        return None
    return suffix


def _show_result(out: Output, source: str, target: str, kind: str | None, to: str | None, at: AtWidth | None) -> None:
    size = Path(target).stat().st_size if target != paths.STANDARD and Path(target).is_file() else None
    validated = bool(at.validated) if at else None
    if out.as_json:
        wide = {"width": at.lengths if at else None, "validated": validated}
        out.document({"input": source, "output": target, "kind": kind, "format": to, "bytes": size, **wide})
    lengths = ",".join(map(str, at.lengths)) if at else ""
    written = text.escaped(kind or "") if to is None else f"{to} file of tensors"
    parts = [format_size(size)] if size is not None else []
    parts.append(f"{written} at width {lengths}" if at else written)
    parts.append("not validated" if validated is False else "checksums verified")
    out.message(f"{paths.shown(source)} → {paths.shown(target, output=True)}: {', '.join(parts)}")
    if validated is False:
        out.warning(f"The width {lengths} was not validated; only the file's own checksums were compared.")
