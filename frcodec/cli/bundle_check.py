"""frcodec bundle --check: what was found in an app package."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import paths, text
from .output import Output
from .table import Column

if TYPE_CHECKING:
    from ..bundle.check import AssetCheck, LibraryCheck, PackageReport, Wanted

_ASSETS = (
    Column("asset", right=False),
    Column("bytes"),
    Column("stored", right=False, drop=1),
    Column("aligned", drop=2),
    Column("tensors", drop=3),
    Column("", right=False),
)
_LIBRARIES = (
    Column("native library", right=False),
    Column("stored", right=False, drop=1),
    Column("pages", drop=2),
    Column("", right=False),
)


def check(out: Output, built: str, *, app: str | None, asset: str | None, max_bytes: int) -> None:
    """Show everything that was looked at; CheckError (unfit_app) with all findings, if there are any."""
    from ..bundle.check import check_package
    from ..bundle.package import open_package

    paths.source_of(built)
    package = open_package(Path(built))
    wanted = _wanted(app, asset)
    with out.progress("verifying") as progress:
        report = check_package(package, wanted, max_bytes=max_bytes, progress=progress)
    if out.as_json:
        out.document(_record(built, report))
    elif not out.quiet:
        _show(out, built, report)
    report.require(Path(built).name)


def _wanted(app: str | None, asset: str | None) -> list[Wanted]:
    from ..bundle.check import wanted_asset, wanted_of
    from ..bundle.project import module_of

    wanted = [wanted_asset(asset)] if asset is not None else []
    return wanted + (wanted_of(module_of(Path(app))) if app is not None else [])


def _show(out: Output, built: str, report: PackageReport) -> None:
    if report.assets:
        out.table(_ASSETS, [_asset_row(asset) for asset in report.assets])
    if report.libraries:
        out.table(_LIBRARIES, [_library_row(library) for library in report.libraries])
    if not report.findings:
        assets, libraries = len(report.assets), len(report.libraries)
        counts = f"{text.plural(assets, 'asset')}, {libraries:,} native {'library' if libraries == 1 else 'libraries'}"
        out.data(f"{paths.shown(built)}: as Android needs it ({counts})", "good")


def _asset_row(asset: AssetCheck) -> dict[str, str]:
    return {
        "asset": text.label(asset.name),
        "bytes": f"{asset.size:,}",
        "stored": "yes" if asset.stored else "no",
        "aligned": f"{asset.alignment:,}",
        "tensors": f"{asset.tensors:,}",
        **_verdict(asset.findings),
    }


def _library_row(library: LibraryCheck) -> dict[str, str]:
    return {
        "native library": text.label(library.path),
        "stored": "yes" if library.stored else "no",
        "pages": f"{library.alignment:,}" if library.alignment is not None else "",
        **_verdict(library.findings),
    }


def _verdict(findings: tuple[str, ...]) -> dict[str, str]:
    return {"": "UNFIT", "role": "bad"} if findings else {"": "fit", "role": "row"}


def _record(built: str, report: PackageReport) -> dict[str, Any]:
    return {
        "input": built,
        "kind": report.kind,
        "bytes": report.size,
        "fit": not report.findings,
        "assets": [asdict(asset) for asset in report.assets],
        "libraries": [asdict(library) for library in report.libraries],
        "findings": report.findings,
        "advice": report.advice,
    }
