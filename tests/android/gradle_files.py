"""The Gradle project as text: what its files say, without Gradle."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

REPOSITORY = Path(__file__).resolve().parents[2]
LOADER = REPOSITORY / "android_loader"
SAMPLE = LOADER / "sample"
MAIN = SAMPLE / "src" / "main"
ANDROID = "{http://schemas.android.com/apk/res/android}"
LIBRARIES = {"frcodec": "kotlin", "frcodec-pytorch": "pytorch", "frcodec-executorch": "executorch"}
MODULES = {**LIBRARIES, "sample": "sample"}
"""name in Gradle -> folder"""


@cache
def text(path: str) -> str:
    """A file of android_loader."""
    return (LOADER / path).read_text()


def one(pattern: str, path: str) -> str:
    """What the pattern's only group finds in a file, where it must be found once."""
    found = re.findall(pattern, text(path), re.MULTILINE)
    assert len(found) == 1, f"{pattern!r} is found {len(found)} times in android_loader/{path}"
    return str(found[0])


def quoted(pattern: str, path: str) -> list[str]:
    """The quoted words of a list that the pattern's group finds."""
    return re.findall(r'"([^"]*)"', one(pattern, path))


def catalog() -> dict[str, str]:
    """Versions by their names in the catalog."""
    versions = tomllib.loads(text("gradle/libs.versions.toml"))["versions"]
    assert isinstance(versions, dict)
    return versions


def kotlin(folder: str) -> list[Path]:
    """A module's Kotlin sources."""
    return sorted((LOADER / folder / "src" / "main" / "kotlin").rglob("*.kt"))


def resources() -> list[Path]:
    """The sample's XML files of resources."""
    return sorted((MAIN / "res").rglob("*.xml"))


def parsed(path: Path) -> ElementTree.Element:
    """The root of an XML file."""
    return ElementTree.parse(path).getroot()
