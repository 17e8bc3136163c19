"""The Gradle project, which no machine of the project's own can run, agrees with the build that CI runs."""

from __future__ import annotations

import re
import tomllib
from itertools import pairwise

import pytest
from android.gradle_files import LIBRARIES, LOADER, MODULES, REPOSITORY, catalog, kotlin, one, parsed, quoted, text

PAGE = REPOSITORY / "docs" / "android.md"
SCRIPTS = ["build.gradle.kts", "settings.gradle.kts", *(f"{folder}/build.gradle.kts" for folder in MODULES.values())]


def test_every_module_is_included_from_its_folder() -> None:
    included = quoted(r"^include\((.*)\)$", "settings.gradle.kts")
    assert included == [f":{name}" for name in MODULES]
    pattern = r'^project\("(:[\w-]+)"\)\.projectDir = file\("(\w+)"\)$'
    placed = dict(re.findall(pattern, text("settings.gradle.kts"), re.MULTILINE))
    for name, folder in MODULES.items():
        assert placed.get(f":{name}", name) == folder
        assert (LOADER / folder / "build.gradle.kts").is_file()


@pytest.mark.parametrize("folder", MODULES.values())
def test_a_namespace_is_the_package_of_the_sources(folder: str) -> None:
    namespace = one(r'^    namespace = "([\w.]+)"$', f"{folder}/build.gradle.kts")
    sources = kotlin(folder)
    assert sources
    for source in sources:
        assert re.findall(r"^package ([\w.]+)$", source.read_text(), re.MULTILINE) == [namespace], source
        assert source.parent.parts[-namespace.count(".") - 1 :] == tuple(namespace.split("."))


def test_every_alias_is_in_the_catalog_and_used() -> None:
    entries = tomllib.loads(text("gradle/libs.versions.toml"))
    scripts = "".join(path.read_text() for path in LOADER.rglob("*.gradle.kts"))
    known = {f"libs.{name.replace('-', '.')}" for name in entries["libraries"]}
    known |= {f"libs.plugins.{name.replace('-', '.')}" for name in entries["plugins"]}
    known |= {f"libs.versions.{name}" for name in ("frcodec", "ndk", "cmake", "compileSdk", "minSdk")}
    used = {name.removesuffix(".get") for name in re.findall(r"\blibs(?:\.\w+)+", scripts.replace(".get()", ""))}
    assert {name.removesuffix(".toInt") for name in used} == known
    references = {entry["version"]["ref"] for kind in ("libraries", "plugins") for entry in entries[kind].values()}
    assert references | {"frcodec", "ndk", "cmake", "compileSdk", "minSdk"} == set(entries["versions"])


def test_the_lowest_android_is_the_one_that_ci_builds_for() -> None:
    level = catalog()["minSdk"]
    assert one(r"^API = (\d+)$", "ci/sysroot.py") == level
    assert set(re.findall(r"-linux-android(?:eabi)?(\d+)\)", text("ci/android.toolchain.cmake"))) == {level}


def test_the_processors_are_those_that_ci_builds_for() -> None:
    targets = re.findall(r'^    "([\w-]+)": f"', text("ci/sysroot.py"), re.MULTILINE)
    assert targets == re.findall(r'ANDROID_ABI STREQUAL "([\w-]+)"', text("ci/android.toolchain.cmake"))
    for folder in ("kotlin", "sample"):
        assert quoted(r"ndk \{ abiFilters \+= setOf\((.*)\) \}", f"{folder}/build.gradle.kts") == targets


def test_gradle_builds_the_library_that_ci_builds_and_kotlin_loads() -> None:
    script = "kotlin/build.gradle.kts"
    path = (LOADER / "kotlin" / one(r'path = file\("(.*)"\)', script)).resolve()
    assert path == LOADER / "CMakeLists.txt"
    target = one(r'targets \+= "(\w+)"', script)
    assert re.search(rf"^add_library\({target} SHARED ", text("jni/CMakeLists.txt"), re.MULTILINE)
    assert one(r'^LIBRARY = "lib(\w+)\.so"$', "ci/paths.py") == target
    assert one(r'System\.loadLibrary\("(\w+)"\)', "kotlin/src/main/kotlin/io/github/frcodec/FrcNative.kt") == target
    assert f'"--target", "{target}"' in text("ci/native.py")


def test_arguments_of_cmake_are_the_ndks_and_the_rest_is_in_cmakelists() -> None:
    given = quoted(r"arguments \+= listOf\((.*)\)", "kotlin/build.gradle.kts")
    assert given == ["-DANDROID_STL=none", "-DANDROID_SUPPORT_FLEXIBLE_PAGE_SIZES=ON"]
    assert "-Wl,-z,max-page-size=16384" in text("jni/CMakeLists.txt")
    assert "cppFlags" not in text("kotlin/build.gradle.kts")


def test_cmake_of_the_sdk_is_new_enough() -> None:
    def number(version: str) -> tuple[int, ...]:
        return tuple(map(int, version.split(".")))

    for path in ("CMakeLists.txt", "core/CMakeLists.txt"):
        assert number(catalog()["cmake"]) >= number(one(r"^cmake_minimum_required\(VERSION ([\d.]+)\)$", path))


@pytest.mark.parametrize("folder", ["core", "jni"])
def test_every_source_is_compiled(folder: str) -> None:
    listed = set(re.findall(r"[\w/]+\.cpp\b", text(f"{folder}/CMakeLists.txt")))
    sources = {path.relative_to(LOADER / folder).as_posix() for path in (LOADER / folder).rglob("*.cpp")}
    assert listed == {source for source in sources if not source.startswith("python/")}  # the extension's own


def test_kotlin_is_compiled_for_the_same_language_and_machine() -> None:
    # The language is that of the catalog's Kotlin: ci/jvm.py reads it there.
    assert 'catalog()["kotlin"]' in text("ci/jvm.py") and '"-language-version", version' in text("ci/jvm.py")
    assert one(r'"-jvm-target", "(1\.8)" if library', "ci/jvm.py").replace(".", "_") == one(
        r"jvmTarget = JvmTarget\.JVM_(\w+) ", "build.gradle.kts"
    )
    assert "explicitApi()" in text("build.gradle.kts") and "-Xexplicit-api=strict" in text("ci/jvm.py")


def test_the_version_is_that_of_the_package() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]["version"]
    assert catalog()["frcodec"] == version
    parts = [one(rf"^#define FRC_VERSION_{part} (\d+)$", "core/include/frc.h") for part in ("MAJOR", "MINOR", "PATCH")]
    assert ".".join(parts) == version


def test_a_version_has_three_parts_and_no_wildcard() -> None:
    for name, version in catalog().items():
        assert re.fullmatch(r"\d+" if name.endswith("Sdk") else r"\d+\.\d+\.\d+", version), (name, version)


def test_gradle_is_fetched_by_its_digest() -> None:
    url = r"https\\://services\.gradle\.org/distributions/gradle-[\d.]+-bin\.zip"
    wrapper = dict(line.split("=", 1) for line in text("gradle/wrapper/gradle-wrapper.properties").splitlines())
    assert re.fullmatch(url, wrapper["distributionUrl"])
    assert re.fullmatch(r"[0-9a-f]{64}", wrapper["distributionSha256Sum"])


def test_nothing_is_built_in_the_source_tree() -> None:
    output = one(r'^val output = layout\.projectDirectory\.dir\("(.*)"\)$', "build.gradle.kts")
    assert (LOADER / output).resolve().is_relative_to(REPOSITORY / "build" / "android")
    assert "buildStagingDirectory = layout.buildDirectory" in text("kotlin/build.gradle.kts")


@pytest.mark.parametrize("folder", LIBRARIES.values())
def test_a_library_asks_for_nothing_in_its_manifest(folder: str) -> None:
    manifest = parsed(LOADER / folder / "src" / "main" / "AndroidManifest.xml")
    assert manifest.tag == "manifest" and not list(manifest) and not manifest.attrib


@pytest.mark.parametrize("path", SCRIPTS)
def test_a_script_has_its_brackets_in_pairs(path: str) -> None:
    closing = {")": "(", "]": "[", "}": "{"}
    bare = re.sub(r'"(?:[^"\\]|\\.)*"|//[^\n]*', "", text(path))
    open_ones: list[str] = []
    for sign in re.findall(r"[()\[\]{}]", bare):
        if sign in closing:
            assert open_ones and open_ones.pop() == closing[sign]
        else:
            open_ones.append(sign)
    assert not open_ones


def test_r8_keeps_every_name_that_native_code_looks_up() -> None:
    rules = text("kotlin/consumer-rules.pro")
    native = "".join(path.read_text() for path in sorted((LOADER / "jni").iterdir()) if path.suffix in (".cpp", ".h"))
    looked_up = re.findall(r'find_method\(\w+, "([\w/]+)", "(\w+)", "\(([A-Za-z/;]*)\)', native)
    assert len(looked_up) == native.count("find_method(") - 1, "find_method is called in another way"
    assert not re.findall(r"GetStaticMethodID|GetFieldID|NewObject\(|ThrowNew", native), "names without a rule"
    primitives = {"I": "int", "J": "long", "Ljava/lang/String;": "java.lang.String"}
    for name, method, signature in looked_up:
        types = [primitives[part] for part in re.findall(r"L[\w/]+;|[A-Z]", signature)]
        owner, listed = re.escape(name.replace("/", ".")), re.escape(", ".join(types))
        assert re.search(rf"-keep (class|interface) {owner} \{{\s+void {method}\({listed}\);\s+\}}", rules), name
    owner = one(r"JNICALL Java_(\w+)_##name", "jni/support.h").replace("_", ".")
    assert re.search(rf"class {re.escape(owner)} \{{\s+native <methods>;\s+\}}", rules)


def test_r8_keeps_the_field_that_only_holds_memory() -> None:
    assert "private var memory: Any?" in text("kotlin/src/main/kotlin/io/github/frcodec/FrcHandle.kt")
    rule = r"class io\.github\.frcodec\.FrcHandle \{\s+java\.lang\.Object memory;\s+\}"
    assert re.search(rule, text("kotlin/consumer-rules.pro"))


def test_executorch_is_of_the_version_that_writes_the_tests_programs() -> None:
    pinned = (REPOSITORY / "tests" / "formats" / "executorch" / "runtime" / "requirements.txt").read_text()
    assert re.findall(r"^executorch==([\d.]+)$", pinned, re.MULTILINE) == [catalog()["executorch"]]


def test_the_page_names_the_versions_of_the_project() -> None:
    page, versions = PAGE.read_text(), catalog()
    for name in LIBRARIES:
        assert f"io.github.frcodec:{name}:{versions['frcodec']}" in page
    assert 'noCompress += "frc"' in page and 'noCompress += "frc"' in text("sample/build.gradle.kts")
    for name in ("android-gradle", "kotlin", "ndk", "pytorch", "executorch"):
        assert versions[name] in page, name
    assert f"minSdk {versions['minSdk']}" in page


def test_the_page_lists_every_error_that_an_app_can_get() -> None:
    codes = tomllib.loads((REPOSITORY / "spec" / "constants.toml").read_text())["errors"]
    table = dict(re.findall(r"^\| (\d{3}) `(\w+)` \|", PAGE.read_text(), re.MULTILINE))
    assert table
    for number, name in table.items():
        assert codes[name.lower()] == int(number)
    native = [path for folder in ("core", "jni") for path in (LOADER / folder).rglob("*") if path.is_file()]
    used = {name for path in native for name in re.findall(r"Code::([A-Z_]{3,})", path.read_text())}
    for folder in LIBRARIES.values():
        for path in kotlin(folder):
            used |= set(re.findall(r"FrcCode\.([A-Z_]{3,})", path.read_text()))
    assert {name for name in used if name.lower() in codes} <= set(table.values())
    assert all(int(a) < int(b) for a, b in pairwise(table))
