"""frcodec bundle: an .frc file into an Android app, and whether the built app has it as it should."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..constants import MAGIC, Code
from ..errors import UsageError
from ..formats.suffixes import MODEL_SUFFIXES
from ..units import format_size
from . import params, paths, text
from .bundle_check import check
from .output import Output
from .quality import EncodingCommand, options_of, quality_options

if TYPE_CHECKING:
    from ..bundle.place import Placement
    from ..encoder.options import Options

_EXAMPLES = """\b
Examples:
  frcodec bundle model.frc --app ~/MyApp      asset and Kotlin file of app/
  frcodec bundle model.ptl --app . --snr 30   encode it first
  frcodec bundle net.pt --app . --input 1,3,224,224
  frcodec bundle model.frc --app . --dry-run  what would be written
  frcodec bundle --check app-release.aab      assets and native libraries
  frcodec bundle --check app.apk --app .      also: is it this project's?
  frcodec bundle --check app.apk --asset model.frc -q
"""


@click.command(
    "bundle", cls=EncodingCommand, short_help="Put a model into an Android app, or check one.", epilog=_EXAMPLES
)
@click.argument("source", metavar="[MODEL]", required=False, type=click.Path(readable=False))
@click.option(
    "--app",
    metavar="DIR",
    type=click.Path(file_okay=False, readable=False),
    help="The Android project, or a module in it.",
)
@click.option("--name", metavar="NAME", help="Name of the asset; that of MODEL by default.")
@click.option("--package", metavar="PACKAGE", help="Package of the Kotlin file; the module's namespace by default.")
@click.option(
    "--input",
    "shapes",
    type=params.Shape(),
    multiple=True,
    help="Shape of a tensor that the model takes, such as 1,3,224,224; repeatable, in their order.",
)
@quality_options
@params.force
@click.option("-n", "--dry-run", is_flag=True, help="Write nothing; show what would be written.")
@click.option(
    "--check",
    "built",
    metavar="PACKAGE",
    type=click.Path(readable=False),
    help="Check this .apk, .aab or .aar instead.",
)
@click.option(
    "--asset",
    metavar="ASSET",
    type=click.Path(readable=False),
    help="With --check: an .frc file that must be in it as it is, or the name of an asset.",
)
@params.max_bytes
@params.common
def bundle(
    source: str | None,
    app: str | None,
    name: str | None,
    package: str | None,
    shapes: tuple[tuple[int, ...], ...],
    force: bool,
    dry_run: bool,
    built: str | None,
    asset: str | None,
    max_bytes: int,
    as_json: bool,
    quiet: bool,
    **quality: Any,
) -> None:
    """Put MODEL, an .frc file or a model file to encode, among an Android module's assets.

    A Kotlin file beside the sources gets the asset's name, its SHA-256, its tensors, and what the model takes and gives
    as far as its file tells. Build scripts are never changed: if .frc is not in noCompress, the line to add is shown.
    Run it again to renew both files; files of others are only replaced by --force.

    With --check, a built package is looked at instead: .frc assets must be uncompressed, aligned and sound, and every
    native library fit for memory pages of 16 KiB. The status is 1 where something is not.
    """
    out = Output(as_json=as_json, quiet=quiet)
    if built is not None:
        _refuse({"MODEL": source, "--name": name, "--package": package, "--input": shapes, **_named(quality)})
        check(out, built, app=app, asset=asset, max_bytes=max_bytes)
        return
    if source is None or app is None:
        raise UsageError(Code.BAD_OPTION, "MODEL and --app DIR are needed, or --check PACKAGE.")
    if asset is not None:
        raise UsageError(Code.BAD_OPTION, "--asset is for --check; the new asset is named by --name.")
    options = options_of(**quality)
    with ExitStack() as stack:
        frc = _frc(out, stack, source, options, any(_named(quality).values()))
        placed = _placed(out, frc, source, app, name=name, package=package, shapes=shapes, max_bytes=max_bytes)
    _write(placed, force=force, dry_run=dry_run)
    _tell(out, source, placed, dry_run=dry_run)


def _named(quality: dict[str, Any]) -> dict[str, Any]:
    """The options for encoding by the names that users know."""
    return {"--rule" if name == "rules" else f"--{name.replace('_', '-')}": value for name, value in quality.items()}


def _refuse(given: dict[str, Any]) -> None:
    wrong = [name for name, value in given.items() if value not in (None, (), False)]
    if wrong:
        raise UsageError(Code.BAD_OPTION, f"{' and '.join(wrong)} cannot be used with --check.")


def _frc(out: Output, stack: ExitStack, source: str, options: Options, encoding: bool) -> Path:
    """The .frc file itself, or the one that the model is encoded to, which lasts as long as the stack."""
    model = paths.source_of(source) if source != paths.STANDARD else None
    if not isinstance(model, Path):
        raise UsageError(Code.BAD_OPTION, "The model must be a file, which has a name for the asset.")
    with model.open("rb") as file:
        is_frc = file.read(len(MAGIC)) == MAGIC
    if is_frc and encoding:
        raise UsageError(Code.BAD_OPTION, f"{source} is encoded already: encoding options are for model files.")
    if is_frc:
        return model
    from ..api import encode_file

    target = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="frcodec-"))) / "model.frc"
    with out.progress("encoding") as progress:
        report = encode_file(model, target, options=options, progress=progress)
    for warning in report.warnings:
        out.warning(warning)
    return target


def _placed(
    out: Output,
    frc: Path,
    source: str,
    app: str,
    *,
    name: str | None,
    package: str | None,
    shapes: tuple[tuple[int, ...], ...],
    max_bytes: int,
) -> Placement:
    from ..bundle.names import asset_stem
    from ..bundle.place import placement
    from ..bundle.project import module_of

    stem = asset_stem(name, Path(source), MODEL_SUFFIXES)
    with out.progress("verifying") as progress:
        return placement(
            frc,
            module_of(Path(app)),
            stem=stem,
            package=package,
            shapes=shapes,
            max_bytes=max_bytes,
            progress=progress,
        )


def _write(placed: Placement, *, force: bool, dry_run: bool) -> None:
    from ..bundle.place import check_free, write

    if not dry_run:
        write(placed, force=force)
    elif not force:
        check_free(placed)


def _tell(out: Output, source: str, placed: Placement, *, dry_run: bool) -> None:
    from ..bundle.use import kotlin_lines

    contents, script = placed.contents, placed.module.script
    lines = kotlin_lines(contents)
    advice = None if script.keeps_frc_stored else script.advice
    if advice:
        out.warning(
            f"{script.path} does not name frc in noCompress, so that the app could not map the asset. "
            f"Add inside of android {{ }}: {advice}"
        )
    if out.as_json:
        out.document(_record(source, placed, advice, lines, dry_run=dry_run))
        return
    size = format_size(contents.size)
    of_model = f" of {format_size(contents.model_size)}" if contents.model_size else ""
    out.message(f"{paths.shown(source)} → {_shown(placed.asset)}: {size}{of_model}, checksums verified")
    values = [text.plural(len(contents.tensors), "tensor")]
    values += [text.plural(len(contents.signature.inputs), "input")] if contents.signature.inputs else []
    values += [text.plural(len(contents.signature.outputs), "output")] if contents.signature.outputs else []
    out.message(f"constants → {_shown(placed.source)}: {', '.join(values)}")
    if dry_run:
        out.message("nothing was written (--dry-run)")
    if not out.quiet:
        for line in lines:
            out.data(line)


def _shown(path: Path) -> str:
    return paths.shown(str(path))


def _record(source: str, placed: Placement, advice: str | None, lines: list[str], *, dry_run: bool) -> dict[str, Any]:
    contents = placed.contents
    return {
        "input": source,
        "module": str(placed.module.folder),
        "asset": str(placed.asset),
        "kotlin": str(placed.source),
        "package": contents.package,
        "object": contents.object_name,
        "sha256": contents.sha256,
        "file_bytes": contents.size,
        "kind": contents.kind,
        "model_bytes": contents.model_size,
        "inputs": [asdict(value) for value in contents.signature.inputs],
        "outputs": [asdict(value) for value in contents.signature.outputs],
        "tensors": [asdict(tensor) for tensor in contents.tensors],
        "no_compress": advice is None,
        "advice": advice,
        "usage": lines,
        "written": not dry_run,
    }
