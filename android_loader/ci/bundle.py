"""`frcodec bundle` against a real compiler and real packages."""

import sys
import zipfile
from pathlib import Path

from ci import apk, jvm
from ci.commands import Failure, run
from ci.native import check_rules_catch
from ci.paths import LIBRARY, OUT, REPOSITORY

FRCODEC = Path(sys.executable).with_name("frcodec")
FOLDER = OUT / "bundle"


def check_generated() -> str:
    """The Kotlin files for ordinary and hostile models compile without warnings and pass ktlint."""
    folder = FOLDER / "kotlin"
    run([sys.executable, REPOSITORY / "tests/bundle/kotlin_samples.py", folder], cwd=REPOSITORY)
    files = sorted(folder.rglob("*.kt"))
    jvm.compile_kotlin("bundle", files, [jvm.STDLIB], library=True)
    run([jvm.java(), "-jar", jvm.KTLINT, *files], cwd=REPOSITORY)
    return f"{len(files)} files"


def check_packages() -> str:
    """`--check` accepts the APK, and refuses others: unaligned, with a compressed asset, with small pages."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    run([FRCODEC, "bundle", "--check", apk.APK, "--asset", apk.MODEL])
    bad = [apk.FOLDER / "first/all.apk", _compressed(), _small_pages()]
    for package in bad:
        try:
            run([FRCODEC, "bundle", "--check", package, "--asset", apk.MODEL])
        except Failure as refused:
            if "ended with status 1\n" not in str(refused):
                raise
        else:
            raise Failure(f"{package} is accepted")
    return f"1 accepted, {len(bad)} refused"


def _compressed() -> Path:
    path = FOLDER / "compressed.apk"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(apk.MODEL, f"assets/{apk.ASSET}")
    return path


def _small_pages() -> Path:
    check_rules_catch()
    path = FOLDER / "small_pages.apk"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(apk.MODEL, f"assets/{apk.ASSET}", zipfile.ZIP_STORED)
        archive.write(OUT / "bad" / "bad.so", f"lib/x86_64/{LIBRARY}")
    return path
