"""The sample app and the docs' examples without Gradle: resources by aapt, Kotlin against Android's signatures."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from ci import android_stubs, jvm
from ci.commands import Failure, run
from ci.modules import EXECUTORCH, FRCODEC, PYTORCH, Module, classes, stubs
from ci.paths import CI, LOADER, OUT, REPOSITORY
from ci.report import Report

SAMPLE = Module("sample", LOADER / "sample")
MAIN = SAMPLE.folder / "src" / "main"
FOLDER = OUT / "sample"
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")
MENTIONED = ("android.graphics.Insets", "android.util.Size")
"""classes whose members are used without their names"""
PAGE = REPOSITORY / "docs" / "android.md"


def check_all(report: Report) -> None:
    """The sample, and the examples of the docs."""
    if report.check("Android's signatures", check_signatures):
        if report.check("sample: resources", check_resources) and report.check("sample: Kotlin", check_app):
            report.check("sample: manifest", check_activities)
        report.check("docs: examples", check_examples)


def check_signatures() -> str:
    """Every class of Android that the app imports exists."""
    return f"{len(list(_android().rglob('*.class')))} classes to compile against"


def check_resources() -> str:
    """aapt accepts the manifest and all resources."""
    names = run(["aapt", "list", _packed() / "resources.apk"]).split()
    return f"{len([name for name in names if name.startswith('res/')])} resources"


def check_app() -> str:
    """The Kotlin sources compile without warnings."""
    generated = jvm.compile_java("sample-resources", sorted((_packed() / "java").rglob("R.java")))
    class_path = [jvm.STDLIB, _android(), classes(FRCODEC), generated]
    found = jvm.compile_kotlin(SAMPLE.name, SAMPLE.sources, class_path, library=True)
    return f"{len(list(found.rglob('*.class')))} classes"


def check_activities() -> str:
    """Every activity of the manifest has a class."""
    names = [component.get(f"{{{_NAMESPACE}}}name", "") for component in _manifest().iter("activity")]
    missing = [name for name in names if not list((OUT / "classes" / SAMPLE.name).rglob(f"{name.lstrip('.')}.class"))]
    if missing or not names:
        raise Failure(f"the manifest names {names}, and there are no classes of {missing}")
    return ", ".join(names)


def check_examples() -> str:
    """Each Kotlin example of docs/android.md compiles by itself."""
    folder = FOLDER / "docs"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    blocks = re.findall(r"^```kotlin\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    examples = [block for block in blocks if not re.match(r"// .*\.gradle\.kts\n", block)]
    if not examples:
        raise Failure(f"{PAGE} has no examples in Kotlin")
    for number, example in enumerate(examples):
        (folder / f"Example{number}.kt").write_text(f"package example{number}\n\n{example}")
    class_path = [jvm.STDLIB, _android(), *(classes(module) for module in (FRCODEC, PYTORCH, EXECUTORCH)), stubs()]
    sources = [*folder.glob("*.kt"), *(CI / "stubs").rglob("*.kt")]
    jvm.compile_kotlin("docs", sources, class_path)
    return f"{len(examples)} examples"


_NAMESPACE = "http://schemas.android.com/apk/res/android"


def _android() -> Path:
    """Classes with the signatures of Android's API, and a few of PyTorch's."""
    folder = FOLDER / "api"
    shutil.rmtree(folder, ignore_errors=True)
    android_stubs.write(sorted({*_imports(), *MENTIONED}), folder)
    return jvm.compile_java("sample-api", [*folder.rglob("*.java"), *(CI / "stubs").rglob("*.java")])


def _imports() -> Iterator[str]:
    for source in [*SAMPLE.sources, *FRCODEC.sources]:
        yield from re.findall(r"^import (android\.[\w.]+)$", source.read_text(), re.MULTILINE)


def _packed() -> Path:
    """A folder with the packed resources and the class R."""
    shutil.rmtree(FOLDER / "aapt", ignore_errors=True)
    folder = FOLDER / "aapt"
    (folder / "java").mkdir(parents=True)
    ElementTree.register_namespace("android", _NAMESPACE)
    manifest = _manifest()
    manifest.set("package", SAMPLE.namespace)
    ElementTree.ElementTree(manifest).write(folder / "AndroidManifest.xml")
    run([
        "aapt", "package", "-f", "-m", "-J", folder / "java", "-M", folder / "AndroidManifest.xml", "-S", MAIN / "res",
        "-I", FRAMEWORK, "--min-sdk-version", jvm.catalog()["minSdk"], "--target-sdk-version",
        jvm.catalog()["compileSdk"], "-F", folder / "resources.apk",
    ])  # fmt: skip
    return folder


def _manifest() -> ElementTree.Element:
    return ElementTree.parse(MAIN / "AndroidManifest.xml").getroot()
