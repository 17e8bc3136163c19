"""What is read of build scripts."""

from __future__ import annotations

from pathlib import Path

import pytest

from frcodec.bundle.gradle import Script, manifest_package, script_of


def script(folder: Path, text: str, name: str = "build.gradle.kts") -> Script:
    (folder / name).write_text(text)
    found = script_of(folder)
    assert found is not None
    return found


@pytest.mark.parametrize(
    "setting",
    [
        'androidResources { noCompress += "frc" }',
        'androidResources {\n    noCompress += listOf("tflite", "frc")\n}',
        'androidResources {\n    noCompress += listOf(\n        "tflite",\n        "frc",\n    )\n}',
        'androidResources.noCompress.add("frc")',
        'aaptOptions { noCompress("tflite", "FRC") }',
        'androidResources { noCompress.addAll(setOf(".frc")) }',
        "aaptOptions { noCompress 'frc' }",
        "aaptOptions { noCompress 'tflite',\n    'frc' }",
        "androidResources { noCompress = ['frc'] }",
        "androidResources { noCompress +=\n    ['frc'] }",
        'val u = "http://x"; androidResources { noCompress += "frc" }',
    ],
)
def test_no_compress_in_all_its_ways(tmp_path: Path, setting: str) -> None:
    assert script(tmp_path, f"android {{\n{setting}\n}}\n").keeps_frc_stored


@pytest.mark.parametrize(
    "setting",
    [
        "",
        '// androidResources { noCompress += "frc" }',
        '/* androidResources {\n noCompress += "frc"\n} */',
        'androidResources { noCompress += "tflite" }\nval other = "frc"',
        'androidResources { noCompress += "tflite" }; val other = "frc"',
        "aaptOptions { noCompress 'tflite' }\n'frc'",
        'androidResources { noCompress += "frcx" }',
        '/* not closed: androidResources { noCompress += "frc" }',
    ],
)
def test_what_is_no_such_setting(tmp_path: Path, setting: str) -> None:
    assert not script(tmp_path, f"android {{\n{setting}\n}}\n").keeps_frc_stored


def test_the_advice_is_in_the_script_s_language(tmp_path: Path) -> None:
    assert script(tmp_path, "android { }", "build.gradle").advice == "androidResources { noCompress 'frc' }"
    assert script(tmp_path, "android { aaptOptions { } }", "build.gradle").advice == "aaptOptions { noCompress 'frc' }"
    assert script(tmp_path, "android { }").advice == 'androidResources { noCompress += "frc" }'
    for name in ("build.gradle", "build.gradle.kts"):
        advised = script(tmp_path, "", name)
        text = f"android {{\n    {Script(tmp_path / name, advised.text).advice}\n}}\n"
        assert Script(tmp_path / name, text).keeps_frc_stored


@pytest.mark.parametrize(
    ("text", "android", "application"),
    [
        ('plugins { id("com.android.application") }', True, True),
        ("apply plugin: 'com.android.library'", True, False),
        ("plugins { alias(libs.plugins.androidApplication) }\nandroid {\n}", True, True),
        ('plugins { id("my.convention") }\nandroid {\n    defaultConfig { applicationId = "a.b" }\n}', True, True),
        ('plugins { id("my.convention") }\nandroid {\n}', True, False),
        ('plugins { id("com.android.application") version "8" apply false }', False, True),
        ("plugins { id('com.android.library') apply(false) }", False, False),
        ("// android {\n", False, False),
        ('plugins { kotlin("jvm") }', False, False),
        (
            'subprojects {\n    plugins.withId("com.android.library") {\n        android {\n        }\n    }\n}',
            False,
            False,
        ),
        ("subprojects {\n    apply plugin: 'com.android.library'\n}", False, False),
        ("plugins {\n    alias(libs.plugins.android.library)\n    id('x') apply false\n}", True, False),
        ("plugins {\n    id 'com.android.dynamic-feature'\n}", True, False),
    ],
)
def test_kinds_of_modules(tmp_path: Path, text: str, android: bool, application: bool) -> None:
    found = script(tmp_path, text)
    assert (found.is_android, found.is_application) == (android, application)


@pytest.mark.parametrize(
    ("text", "namespace"),
    [
        ('android { namespace = "com.example.app" }', "com.example.app"),
        ("android {\n    namespace 'com.example.app'\n}", "com.example.app"),
        ('android { namespace("a.b_c") }', "a.b_c"),
        ('// namespace = "x.y"', None),
        ('android { namespace = "$base.app" }', None),
        ("android { namespace = base }", None),
    ],
)
def test_the_namespace(tmp_path: Path, text: str, namespace: str | None) -> None:
    assert script(tmp_path, text).namespace == namespace


def test_the_package_of_older_manifests(tmp_path: Path) -> None:
    assert manifest_package(tmp_path) is None
    (tmp_path / "src" / "main").mkdir(parents=True)
    manifest = tmp_path / "src" / "main" / "AndroidManifest.xml"
    manifest.write_text('<manifest xmlns:android="http://x"\n    package="com.old.app">\n</manifest>')
    assert manifest_package(tmp_path) == "com.old.app"
    manifest.write_text("<manifest><application/></manifest>")
    assert manifest_package(tmp_path) is None
