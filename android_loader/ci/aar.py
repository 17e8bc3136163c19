"""The libraries as .aar files, as Gradle would publish them."""

import hashlib
import io
import zipfile
from pathlib import Path
from xml.etree import ElementTree

from ci import zips
from ci.commands import Failure
from ci.modules import FRCODEC, Module, classes
from ci.native import ABIS
from ci.paths import LIBRARY, OUT, library
from ci.sysroot import API

ANDROID = "http://schemas.android.com/apk/res/android"
METADATA = """\
aarFormatVersion=1.0
aarMetadataVersion=1.0
minCompileSdk=1
minCompileSdkExtension=0
minAndroidGradlePluginVersion=1.0.0
coreLibraryDesugaringEnabled=false
"""


def build(module: Module) -> str:
    """Build the AAR of a module, and check its contents."""
    path = OUT / "aar" / f"{module.name}.aar"
    path.parent.mkdir(parents=True, exist_ok=True)
    data = zips.packed(_entries(module))
    if data != zips.packed(_entries(module)):
        raise Failure("two builds of it differ")
    path.write_bytes(data)
    _check(path, module)
    return f"{len(data) / 1000:.1f} kB"


def _entries(module: Module) -> dict[str, bytes]:
    entries = {
        "AndroidManifest.xml": _manifest(module),
        "R.txt": b"",
        "META-INF/com/android/build/gradle/aar-metadata.properties": METADATA.encode(),
        "classes.jar": zips.packed(zips.tree(classes(module))),
    }
    rules = module.folder / "consumer-rules.pro"
    if rules.exists():
        entries["proguard.txt"] = rules.read_bytes()
    if module is FRCODEC:
        entries |= {f"jni/{abi}/{LIBRARY}": library(abi).read_bytes() for abi in ABIS}
    return entries


def _manifest(module: Module) -> bytes:
    """The module's manifest with Gradle's additions."""
    ElementTree.register_namespace("android", ANDROID)
    manifest = ElementTree.parse(module.folder / "src/main/AndroidManifest.xml").getroot()
    manifest.set("package", module.namespace)
    manifest.insert(0, ElementTree.Element("uses-sdk", {f"{{{ANDROID}}}minSdkVersion": str(API)}))
    text: bytes = ElementTree.tostring(manifest, encoding="utf-8", xml_declaration=True)
    return text


def _check(path: Path, module: Module) -> None:
    entries = zips.placed(path)
    manifest = ElementTree.fromstring(entries["AndroidManifest.xml"].data)
    if manifest.get("package") != module.namespace or manifest.find("uses-sdk") is None:
        raise Failure("its manifest lacks the package or the lowest Android version")
    with zipfile.ZipFile(io.BytesIO(entries["classes.jar"].data)) as jar:
        names = [name for name in jar.namelist() if name.endswith(".class")]
        strangers = [name for name in names if not name.startswith(module.namespace.replace(".", "/") + "/")]
        newer = [name for name in names if jar.read(name)[6:8] != b"\0\x34"]
    if not names or strangers:
        raise Failure(f"classes.jar has {len(names)} classes, of other packages: {strangers}")
    if newer:
        raise Failure(f"classes for a JVM later than 1.8: {newer}")
    libraries = {name for name in entries if name.startswith("jni/")}
    wanted = {f"jni/{abi}/{LIBRARY}" for abi in ABIS} if module is FRCODEC else set()
    if libraries != wanted:
        raise Failure(f"it has the libraries {sorted(libraries)}, not {sorted(wanted)}")
    for abi in ABIS if module is FRCODEC else ():
        inside = hashlib.sha256(entries[f"jni/{abi}/{LIBRARY}"].data).digest()
        if inside != hashlib.sha256(library(abi).read_bytes()).digest():
            raise Failure(f"the library for {abi} is not the one that was checked")
