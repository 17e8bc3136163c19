"""An APK with the library and an asset, by Debian's build tools, read back through Android's own asset code."""

import shutil
import zipfile
from pathlib import Path

from ci import zips
from ci.commands import Failure, run
from ci.native import ABIS
from ci.paths import CI, LIBRARY, OUT, REPOSITORY, library
from ci.sysroot import API, java_home

FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
ANDROID_LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/android")
PAGE = 16384
ASSET = "model.frc"
MODEL = REPOSITORY / "spec/vectors/valid/trellis_segments.frc"
FOLDER = OUT / "apk"
APK = FOLDER / "signed.apk"
MANIFEST = f"""\
<manifest xmlns:android="http://schemas.android.com/apk/res/android"
    package="io.github.frcodec.check" android:versionCode="1" android:versionName="1">
    <uses-sdk android:minSdkVersion="{API}" android:targetSdkVersion="29" />
    <application android:hasCode="false" android:extractNativeLibs="false" />
</manifest>
"""


def build() -> str:
    """Build, align and sign the APK. Without the signature, the build is reproducible."""
    first, second = (aligned(FOLDER / name, MODEL) for name in ("first", "second"))
    if first.read_bytes() != second.read_bytes():
        raise Failure("two builds of it differ")
    sign(first, APK)
    return f"{APK.stat().st_size / 1000:.1f} kB"


def aligned(folder: Path, model: Path) -> Path:
    """An aligned APK without a signature; `folder` is emptied first."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "assets").mkdir(parents=True)
    shutil.copyfile(model, folder / "assets" / ASSET)
    (folder / "AndroidManifest.xml").write_text(MANIFEST)
    run([
        "aapt", "package", "-f", "-M", folder / "AndroidManifest.xml", "-I", FRAMEWORK, "-A", folder / "assets",
        "-0", "frc", "-F", folder / "packed.apk",
    ])  # fmt: skip
    with zipfile.ZipFile(folder / "all.apk", "w") as target, zipfile.ZipFile(folder / "packed.apk") as source:
        for info in source.infolist():
            target.writestr(_dated(info.filename, info.compress_type), source.read(info))
        for abi in ABIS:
            target.writestr(_dated(f"lib/{abi}/{LIBRARY}", zipfile.ZIP_STORED), library(abi).read_bytes())
    run(["zipalign", "-f", str(PAGE), folder / "all.apk", folder / "aligned.apk"])
    return folder / "aligned.apk"


def _dated(name: str, method: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, zips.OLDEST_TIME)
    info.compress_type = method
    return info


def sign(source: Path, target: Path) -> None:
    """Sign with a throw-away key."""
    store = target.with_suffix(".keystore")
    store.unlink(missing_ok=True)
    run([
        java_home() / "bin" / "keytool", "-genkeypair", "-keystore", store, "-storepass", "android", "-alias", "debug",
        "-dname", "CN=Debug", "-keyalg", "RSA", "-keysize", "2048", "-validity", "1",
    ])  # fmt: skip
    run([
        "apksigner", "sign", "--ks", store, "--ks-pass", "pass:android", "--min-sdk-version", str(API),
        "--out", target, source,
    ])  # fmt: skip


def check_signature() -> str:
    """The signature is valid, and invalid after one bit of the asset has changed."""
    said = run(["apksigner", "verify", "--verbose", "--min-sdk-version", str(API), APK])
    schemes = [number for number in ("2", "3") if f"Signature Scheme v{number}): true" in said]
    if not schemes:
        raise Failure(f"neither scheme 2 nor 3 verifies:\n{said}")
    data = bytearray(APK.read_bytes())
    data[zips.placed(APK)[f"assets/{ASSET}"].offset] ^= 1
    changed = FOLDER / "changed.apk"
    changed.write_bytes(data)
    try:
        run(["apksigner", "verify", "--min-sdk-version", str(API), changed])
    except Failure:
        return f"schemes {' and '.join(schemes)}; a changed asset is noticed"
    raise Failure("the signature is valid although the asset has changed")


def check_places() -> str:
    """Asset and libraries are stored without compression, at multiples of the page size."""
    entries = zips.placed(APK)
    expected = {f"assets/{ASSET}": MODEL, **{f"lib/{abi}/{LIBRARY}": library(abi) for abi in ABIS}}
    for name, path in expected.items():
        entry = entries.get(name)
        if entry is None or not entry.stored or entry.offset % PAGE:
            raise Failure(f"{name} is missing, compressed, or not at a multiple of {PAGE}: {entry and entry.offset}")
        if entry.data != path.read_bytes():
            raise Failure(f"{name} has other bytes than {path}")
    return ", ".join(f"{Path(name).parent.name} at {entries[name].offset}" for name in expected)


def check_android() -> str:
    """Android's AssetManager opens the asset: descriptor, offset, length and mapped buffer are right."""
    program = FOLDER / "asset_check"
    source = CI / "asset_check.cpp"
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        run([
            "g++", "-std=c++17", "-O1", "-Wall", "-Wextra", "-Werror", "-isystem", "/usr/include/android", source,
            "-o", program, f"-L{ANDROID_LIBRARIES}", "-landroidfw", "-lutils", f"-Wl,-rpath,{ANDROID_LIBRARIES}",
        ])  # fmt: skip
    found = run([program, APK, ASSET, MODEL]).strip()
    if f"offset {zips.placed(APK)[f'assets/{ASSET}'].offset}," not in found:
        raise Failure(f"Android's code finds the asset at another place: {found}")
    compressed = FOLDER / "compressed.apk"
    with zipfile.ZipFile(compressed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"assets/{ASSET}", bytes(MODEL.stat().st_size))
        archive.write(FOLDER / "first/AndroidManifest.xml", "AndroidManifest.xml")
    try:
        run([program, compressed, ASSET, MODEL])
    except Failure as refused:
        if "compressed" in str(refused):
            return found
        raise
    raise Failure("a compressed asset was opened")
