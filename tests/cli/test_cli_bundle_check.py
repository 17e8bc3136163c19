"""frcodec bundle --check: an app package looked at."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle.packages import LIBRARY, PAGE, Part, apk, library, written
from bundle.projects import APP, project
from cli.running import HOSTILE, Result

Call = Callable[..., Result]


@pytest.fixture
def frc(made: Path) -> bytes:
    """An .frc file."""
    return (made / "net.frc").read_bytes()


def test_a_good_package(call: Call, frc: bytes, tmp_path: Path) -> None:
    path = written(tmp_path, "app.apk", apk(frc, Part(LIBRARY, library(), align=PAGE)))
    done = call("bundle", "--check", path)
    assert (done.status, done.err) == (0, "")
    assert (
        "net.frc" in done.text
        and LIBRARY in done.text
        and "as Android needs it (1 asset, 1 native library)" in done.text
    )
    assert call("bundle", "--check", path, "-q") == Result(0, b"", "")
    document = json.loads(call("bundle", "--check", path, "--json").out)
    assert document["fit"] and document["kind"] == "apk" and document["bytes"] == path.stat().st_size
    assert document["assets"][0]["tensors"] == 4 and document["libraries"][0]["alignment"] == PAGE
    assert document["findings"] == document["advice"] == []


def test_all_findings_are_told(call: Call, frc: bytes, tmp_path: Path) -> None:
    small = library(alignments=(4096,))
    parts = [Part("lib/arm64-v8a/libpytorch_jni_lite.so", small, True), Part(LIBRARY, small, align=4)]
    path = written(tmp_path, "app.apk", apk(frc[:-1], *parts))
    done = call("bundle", "--check", path)
    assert done.status == 1 and "[E102 unfit_app]" in done.err and "UNFIT" in done.text
    for words in ("4 findings", "assets/net.frc: it cannot be decoded", "libpytorch_jni_lite.so: its segments",
                  f"{LIBRARY}: its segments", f"{LIBRARY}: it is stored at byte", "ExecuTorch"):  # fmt: skip
        assert words in done.err
    quiet = call("bundle", "--check", path, "-q")
    assert (quiet.status, quiet.out, quiet.err) == (1, b"", done.err)
    as_json = call("bundle", "--check", path, "--json")
    error = json.loads(as_json.err)["error"]
    assert as_json.status == 1 and error["code"] == "unfit_app" and error["number"] == 102
    document = json.loads(as_json.out)
    assert not document["fit"] and len(document["findings"]) == 4 and len(document["advice"]) == 2


def test_a_package_against_its_project_or_file(call: Call, made: Path, frc: bytes, tmp_path: Path) -> None:
    root = project(tmp_path / "project", {"app": APP})
    path = written(tmp_path, "app.apk", apk(frc))
    nothing = call("bundle", "--check", path, "--app", root)
    assert nothing.status == 2 and "no Kotlin file of frcodec bundle" in nothing.err
    assert call("bundle", made / "net.frc", "--app", root, "-q").status == 0
    assert call("bundle", "--check", path, "--app", root, "--asset", made / "net.frc", "-q").status == 0
    assert call("bundle", made / "net.pt", "--app", root, "--snr", "20", "-q").status == 0
    stale = call("bundle", "--check", path, "--app", root)
    assert stale.status == 1 and "NetModel.kt says" in stale.err and "build the package again" in stale.err
    assert call("bundle", "--check", path, "--asset", "net.frc", "-q").status == 0
    assert call("bundle", "--check", path, "--asset", made / "plain.frc", "-q").status == 1


def test_hostile_names_are_shown_harmlessly(call: Call, frc: bytes, tmp_path: Path) -> None:
    name = HOSTILE.replace("\n", "")
    parts = [Part(f"assets/{name}.frc", frc[:-1]), Part(f"lib/arm64-v8a/{name}.so", b"")]
    path = written(tmp_path, "app.apk", apk(frc, *parts))
    for extra in ((), ("--json",)):
        done = call("bundle", "--check", path, *extra)
        assert done.status == 1 and not set("\x1b\u202e") & set(done.text + done.err)
