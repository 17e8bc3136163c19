"""Android projects on disk, as small as they can be."""

from __future__ import annotations

from pathlib import Path

APP = """\
plugins {
    alias(libs.plugins.android.application)
}
android {
    namespace = "com.example.app"
    androidResources { noCompress += "frc" }
}
"""
ROOT = """\
plugins {
    id("com.android.application") version "8.13.2" apply false
    id("com.android.library") version "8.13.2" apply false
}
"""


def project(folder: Path, modules: dict[str, str]) -> Path:
    """A project with these modules: path -> build script in Kotlin."""
    folder.mkdir(exist_ok=True)
    (folder / "settings.gradle.kts").write_text("")
    (folder / "build.gradle.kts").write_text(ROOT)
    for path, script in modules.items():
        (folder / path).mkdir(parents=True)
        (folder / path / "build.gradle.kts").write_text(script)
    return folder
