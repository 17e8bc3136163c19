"""frcodec decode: an .frc file becomes a model file again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import click

from . import params, paths, text
from .output import Output

if TYPE_CHECKING:
    from ..api import Format
    from ..decoder.width import AtWidth

_FORMATS = ("pt", "safetensors", "npz")
_EXAMPLES = """\b
Examples:
  frcodec decode model.frc                        model.pt, or what it was
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
    help="A plain dictionary of tensors instead of the original file. The ending of FILE says it too.",
)
@click.option(
    "--width",
    metavar="WIDTH",
    help="Tensors of another width, where the file allows it: 16 for at most 16 channels everywhere, 1/4 or 0.25 of "
    "them, 8,16 for each group. One that was not validated (see inspect) needs --force.",
)
@params.max_bytes
@params.common
def decode(
    source: str,
    output: str | None,
    to: str | None,
    width: str | None,
    force: bool,
    max_bytes: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Rebuild the model file that the .frc file IN was made from, checked bit for bit. IN may be -, for stdin.

    The output is the same kind of file as the original and is named like it; files that hold only tensors become
    .safetensors. Nothing appears under the output's name before it is whole and checked.
    """
    out = Output(as_json=as_json, quiet=quiet)
    data = paths.frc_of(source, max_bytes)
    kind, at = _looked_at(data, width, force=force, max_bytes=max_bytes)
    to = to or _format_for(output, kind)
    suffix = f".{to}" if to else paths.KIND_SUFFIXES.get(kind or "", ".model")
    target = paths.target_name(output, paths.decoded_name(source, suffix))
    paths.check_target(source, target, force=force, as_json=as_json)
    _rebuild(out, data, paths.target_of(target), to, width, force=force, max_bytes=max_bytes)
    written = kind if to is None else f"{to} file of tensors"
    lengths = ",".join(map(str, at.lengths)) if at else ""
    if at:
        written = f"{written} at width {lengths}"
    size = Path(target).stat().st_size if target != paths.STANDARD and Path(target).is_file() else None
    if as_json:
        wide = {"width": at.lengths if at else None, "validated": bool(at.validated) if at else None}
        out.document({"input": source, "output": target, "kind": kind, "format": to, "bytes": size, **wide})
    told = f"{text.size(size)}, " if size is not None else ""
    arrow = f"{paths.shown(source)} → {paths.shown(target, output=True)}"
    checked = "not validated" if at and not at.validated else "checksums verified"
    out.message(f"{arrow}: {told}{text.escaped(written or '')}, {checked}")
    if at and not at.validated:
        out.warning(f"Nobody validated the width {lengths}, and nothing but the file's own checksums was compared.")


def _looked_at(
    data: Path | memoryview, width: str | None, *, force: bool, max_bytes: int
) -> tuple[str | None, AtWidth | None]:
    """Kind of the model file inside, None for only tensors; and what is wanted of another width than the full one."""
    from ..container.reader import Reader
    from ..decoder.width import at_width

    with Reader(data, max_bytes=max_bytes) as reader:
        return reader.recipe.kind if reader.recipe else None, at_width(reader, width, force=force)


def _format_for(output: str | None, kind: str | None) -> str | None:
    """The format that the ending of the output asks for; None for the original file itself."""
    asked = Path(output or "").suffix.lower().removeprefix(".")
    if kind is None:
        return asked if asked in _FORMATS else "safetensors"
    original = paths.KIND_SUFFIXES.get(kind, "").removeprefix(".")
    if asked not in _FORMATS or asked == original or (asked == "pt" and kind != "safetensors"):
        return None
    return asked


def _rebuild(
    out: Output,
    data: Path | memoryview,
    target: Path | BinaryIO,
    to: str | None,
    width: str | None,
    *,
    force: bool,
    max_bytes: int,
) -> None:
    from io import BytesIO

    from ..api import decode_file

    source = data if isinstance(data, Path) else cast(BinaryIO, BytesIO(data))
    with out.progress("decoding") as progress:
        decode_file(
            source,
            target,
            to=cast("Format | None", to),
            width=width,
            force=force,
            max_bytes=max_bytes,
            progress=progress,
        )
    paths.flush(target)
