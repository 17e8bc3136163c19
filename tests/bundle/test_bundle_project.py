"""Where a model belongs in a project."""

from __future__ import annotations

from pathlib import Path

import pytest
from bundle.projects import APP, project

from frcodec.bundle.project import kotlin_files, module_of
from frcodec.constants import Code
from frcodec.errors import FileError, UsageError

LIBRARY = 'plugins { id("com.android.library") }\nandroid {\n    namespace = "com.example.lib"\n}\n'


def test_the_module_itself_and_the_project_around_it(tmp_path: Path) -> None:
    root = project(tmp_path / "p", {"app": APP, "core": LIBRARY, "plain": 'plugins { kotlin("jvm") }'})
    assert module_of(root).folder == root / "app"
    assert module_of(root / "app").folder == root / "app"
    assert module_of(root / "core").folder == root / "core"


def test_the_one_app_under_another_name(tmp_path: Path) -> None:
    root = project(tmp_path / "p", {"mobile/main": APP, "core": LIBRARY, "build/app": APP, ".hidden": APP})
    assert module_of(root).folder == root / "mobile" / "main"


def test_the_one_library_where_there_is_no_app(tmp_path: Path) -> None:
    root = project(tmp_path / "p", {"core": LIBRARY})
    assert module_of(root).folder == root / "core"


def test_no_module_or_several_are_told(tmp_path: Path) -> None:
    several = project(tmp_path / "p", {"one": APP, "two": APP})
    with pytest.raises(UsageError, match="has 2 Android modules: .*one, .*two") as caught:
        module_of(several)
    assert caught.value.code is Code.BAD_OPTION
    with pytest.raises(UsageError, match="is no Android project"):
        module_of(project(tmp_path / "q", {"plain": 'plugins { kotlin("jvm") }', "a/b/c/d": APP}))
    with pytest.raises(FileError, match="no such folder"):
        module_of(tmp_path / "none")


def test_the_package_is_asked_for_or_the_namespace_or_the_manifest_s(tmp_path: Path) -> None:
    module = module_of(project(tmp_path / "p", {"app": APP}))
    assert module.package(None) == "com.example.app"
    assert module.package("other.name") == "other.name"
    for wrong in ("", "a..b", "1a", "a-b", "a.b;", "é", "a" * 300):
        with pytest.raises(UsageError, match="not a package" if wrong else "not a package|namespace"):
            module.package(wrong or "..")
    old = module_of(project(tmp_path / "q", {"app": "plugins { id('com.android.application') }"}))
    with pytest.raises(UsageError, match="--package"):
        old.package(None)
    (old.folder / "src" / "main").mkdir(parents=True)
    (old.folder / "src" / "main" / "AndroidManifest.xml").write_text('<manifest package="old.app"/>')
    assert old.package(None) == "old.app"


def test_sources_go_where_sources_are(tmp_path: Path) -> None:
    module = module_of(project(tmp_path / "p", {"app": APP}))
    main = module.folder / "src" / "main"
    assert module.source_roots == [main / "kotlin", main / "java"]
    (main / "java" / "a").mkdir(parents=True)
    assert module.source_roots == [main / "java", main / "kotlin"]
    (main / "java" / "a" / "B.kt").write_text("")
    (main / "java" / "a" / "A.kt").write_text("")
    (main / "java" / "a" / "A.java").write_text("")
    assert [path.name for path in kotlin_files(module)] == ["A.kt", "B.kt"]
