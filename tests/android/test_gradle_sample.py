"""The sample app hangs together: what is mentioned exists, and what exists is mentioned."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from android.gradle_files import ANDROID, MAIN, SAMPLE, kotlin, one, parsed, resources, text

from android_loader.sample import make_asset

VALUES = {"string", "color", "style", "dimen", "plurals", "array", "bool", "integer"}
SOURCES = "".join(path.read_text() for path in kotlin("sample"))
MANIFEST = MAIN / "AndroidManifest.xml"


def defined(path: Path) -> Iterator[tuple[str, str]]:
    """(kind, name) of what a file of resources gives."""
    kind = path.parent.name.split("-")[0]
    if kind != "values":
        yield kind, path.stem
        for element in parsed(path).iter():
            for value in element.attrib.values():
                if value.startswith("@+id/"):
                    yield "id", value.removeprefix("@+id/")
        return
    for element in parsed(path):
        assert element.tag in VALUES
        yield element.tag, element.attrib["name"].replace(".", "_")


def mentioned(path: Path) -> Iterator[tuple[str, str]]:
    """(kind, name) of what an XML file refers to."""
    for element in parsed(path).iter():
        for value in [*element.attrib.values(), element.text or ""]:
            for kind, name in re.findall(r"^@(?!\+|android:)(\w+)/([\w.]+)$", value):
                yield kind, name.replace(".", "_")
        parent = element.attrib.get("parent", "") if element.tag == "style" else ""
        if parent and not parent.startswith("android:"):
            yield "style", parent.replace(".", "_")


DEFINED = {item for path in resources() for item in defined(path)}
IN_KOTLIN = set(re.findall(r"\bR\.(\w+)\.(\w+)", SOURCES))
IN_XML = {item for path in [*resources(), MANIFEST] for item in mentioned(path)}


def test_all_resources_that_are_mentioned_exist() -> None:
    assert IN_KOTLIN and IN_XML
    assert IN_KOTLIN | IN_XML <= DEFINED


def test_all_resources_that_exist_are_mentioned() -> None:
    parents = {(kind, name.rpartition("_")[0]) for kind, name in IN_XML if kind == "style"}
    assert IN_KOTLIN | IN_XML | parents >= DEFINED


def test_resources_for_the_night_replace_those_of_the_day() -> None:
    for path in resources():
        folder, _, qualifier = path.parent.name.partition("-")
        if qualifier:
            plain = {item for other in resources() if other.parent.name == folder for item in defined(other)}
            assert set(defined(path)) <= plain | {(folder, path.stem)}, path


def test_all_texts_are_resources() -> None:
    for path in [*resources(), MANIFEST]:
        for element in parsed(path).iter():
            for name in ("text", "contentDescription", "hint", "label", "title"):
                assert element.get(ANDROID + name, "@string/").startswith("@string/"), (path, name)


def test_pictures_are_described() -> None:
    layouts = [path for path in resources() if path.parent.name.startswith("layout")]
    images = [element for path in layouts for element in parsed(path).iter("ImageView")]
    assert images
    assert all(element.get(ANDROID + "contentDescription") for element in images)


def test_placeholders_get_as_many_values() -> None:
    texts = {e.attrib["name"]: e.text or "" for e in parsed(MAIN / "res" / "values" / "strings.xml")}
    calls = re.findall(r"getString\(R\.string\.(\w+)((?:, [\w.]+)*)\)", SOURCES)
    assert len(calls) == SOURCES.count("getString(")
    for name, values in calls:
        assert len(set(re.findall(r"%(\d)\$", texts[name]))) == values.count(","), name


def test_the_manifest_names_classes_that_exist_and_asks_for_no_permission() -> None:
    manifest = parsed(MANIFEST)
    assert not list(manifest.iter("uses-permission"))
    for activity in manifest.iter("activity"):
        name = activity.attrib[ANDROID + "name"].lstrip(".")
        assert re.search(rf"class {name} : Activity\(\)", SOURCES)
        assert activity.get(ANDROID + "exported") in ("true", "false"), "which Android 12 asks for"


def test_the_asset_has_one_name() -> None:
    name, path = make_asset.ASSET.name, "sample/build.gradle.kts"
    assert make_asset.ASSET.is_relative_to(SAMPLE)
    assert one(r'val asset = file\("(.*)"\)', path) == str(make_asset.ASSET.relative_to(SAMPLE))
    source = "sample/src/main/kotlin/io/github/frcodec/sample/Segmenter.kt"
    assert one(r'private const val ASSET = "(.*)"', source) == name
    assert f'noCompress += "{name.rpartition(".")[2]}"' in text(path)


def test_pictures_have_sides_that_the_network_can_halve() -> None:
    source = "sample/src/main/kotlin/io/github/frcodec/sample/Pictures.kt"
    assert int(one(r"const val MULTIPLE = (\d+)", source)) == make_asset.MULTIPLE
    assert int(one(r"const val LONGEST = (\d+)", source)) % make_asset.MULTIPLE == 0
