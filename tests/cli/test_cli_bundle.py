"""frcodec bundle: a model into an Android project."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from bundle.projects import APP, project
from cli.running import Result, tensors, write

from frcodec import load_file
from frcodec.bundle.kotlin import HEADER

Call = Callable[..., Result]
ASSET = Path("src/main/assets/net.frc")
SOURCE = Path("src/main/kotlin/com/example/app/NetModel.kt")


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """The app module of a project."""
    return project(tmp_path / "project", {"app": APP}) / "app"


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_an_frc_file_is_taken_as_it_is(call: Call, made: Path, app: Path) -> None:
    done = call("bundle", made / "net.frc", "--app", app.parent)
    data = (made / "net.frc").read_bytes()
    assert done.status == 0 and "4 tensors" in done.err and "checksums verified" in done.err
    assert (app / ASSET).read_bytes() == data
    code = (app / SOURCE).read_text()
    assert code.startswith(HEADER + "package com.example.app\n")
    assert f'SHA256: String = "{hashlib.sha256(data).hexdigest()}"' in code
    assert f"BYTES: Long = {len(data)}L" in code and f"MODEL_BYTES: Long = {(made / 'net.pt').stat().st_size}L" in code
    assert 'Tensor("conv.weight", "float32", 16, 8, 3, 3),' in code and 'Tensor("steps", "int64"),' in code
    assert done.text.splitlines() == [
        "import io.github.frcodec.FrcFile",
        "val file = FrcFile.open(context.assets, NetModel.ASSET)",
        "val values = file.decode(NetModel.tensors.first().name)",
    ]
    assert sorted(files(app)) == ["build.gradle.kts", str(ASSET), str(SOURCE)]


def test_a_model_is_encoded_first_with_the_usual_options(call: Call, made: Path, app: Path) -> None:
    done = call("bundle", made / "net.pt", "--app", app, "--max-error", "1e-3", "--keep", "^head", "-q")
    assert done == Result(0, b"", "")
    decoded, model = load_file(app / ASSET), tensors()
    assert abs(decoded["conv.weight"] - model["conv.weight"]).max() <= 1e-3
    assert decoded["head.weight"].tobytes() == model["head.weight"].tobytes()


def test_running_again_changes_nothing_or_renews_both(call: Call, made: Path, app: Path) -> None:
    assert call("bundle", made / "net.pt", "--app", app, "-q").status == 0
    first = files(app)
    stamps = [(app / path).stat().st_mtime_ns for path in (ASSET, SOURCE)]
    assert call("bundle", made / "net.pt", "--app", app, "-q").status == 0
    assert files(app) == first and stamps == [(app / path).stat().st_mtime_ns for path in (ASSET, SOURCE)]
    assert call("bundle", made / "net.pt", "--app", app, "--quality", "30", "-q").status == 0
    renewed = files(app)
    assert sorted(renewed) == sorted(first) and renewed[str(ASSET)] != first[str(ASSET)]
    assert hashlib.sha256(renewed[str(ASSET)]).hexdigest() in renewed[str(SOURCE)].decode()


def test_files_of_others_are_only_replaced_by_force(call: Call, made: Path, app: Path) -> None:
    for path in (ASSET, SOURCE):
        (app / path).parent.mkdir(parents=True)
        (app / path).write_bytes(b"mine")
        for extra in ((), ("--dry-run",)):
            refused = call("bundle", made / "net.frc", "--app", app, *extra)
            assert refused.status == 2 and "[E203 output_exists]" in refused.err and path.name in refused.err
        assert (app / path).read_bytes() == b"mine"
        (app / path).unlink()
        (app / path).parent.rmdir()
    (app / ASSET).parent.mkdir(parents=True, exist_ok=True)
    (app / ASSET).write_bytes(b"mine")
    assert call("bundle", made / "net.frc", "--app", app, "--force", "-q").status == 0
    (app / ASSET).write_bytes(b"changed by hand")
    assert call("bundle", made / "net.pt", "--app", app, "--snr", "20", "-q").status == 2
    assert (app / ASSET).read_bytes() == b"changed by hand"


def test_an_interrupted_run_can_be_repeated(call: Call, made: Path, app: Path) -> None:
    assert call("bundle", made / "net.frc", "--app", app, "-q").status == 0
    old = (app / SOURCE).read_bytes()
    assert call("bundle", made / "net.pt", "--app", app, "--snr", "20", "-q").status == 0
    (app / SOURCE).write_bytes(old)  # the asset was renamed, the Kotlin file not yet
    assert call("bundle", made / "net.pt", "--app", app, "--snr", "20", "-q").status == 0
    assert (app / SOURCE).read_bytes() != old


def test_two_assets_do_not_share_an_object(call: Call, made: Path, app: Path) -> None:
    assert call("bundle", made / "net.frc", "--app", app, "--name", "a-net", "-q").status == 0
    refused = call("bundle", made / "net.frc", "--app", app, "--name", "a_net")
    assert refused.status == 2 and "describes the asset 'a-net.frc'" in refused.err


def test_a_dry_run_writes_nothing(call: Call, made: Path, app: Path) -> None:
    before = files(app)
    done = call("bundle", made / "net.pt", "--app", app, "--dry-run")
    assert done.status == 0 and "nothing was written" in done.err and files(app) == before
    document = json.loads(call("bundle", made / "net.pt", "--app", app, "-n", "--json").out)
    assert document["written"] is False and files(app) == before


def test_the_document(call: Call, made: Path, app: Path) -> None:
    done = call("bundle", made / "net.frc", "--app", app, "--input", "1,8,9,9", "--package", "a.b", "--json")
    document = json.loads(done.out)
    assert done.err == "" and document["asset"] == str(app / ASSET) and document["package"] == "a.b"
    assert document["kotlin"] == str(app / "src/main/kotlin/a/b/NetModel.kt") and Path(document["kotlin"]).is_file()
    assert document["inputs"] == [{"name": "", "type": "Tensor", "dtype": None, "shape": [1, 8, 9, 9]}]
    assert document["tensors"][0] == {"name": "conv.weight", "dtype": "float32", "shape": [16, 8, 3, 3]}
    assert document["no_compress"] is True and document["advice"] is None and document["outputs"] == []


def test_a_missing_no_compress_is_told_and_left_to_the_user(call: Call, made: Path, app: Path) -> None:
    script = app / "build.gradle.kts"
    script.write_text(APP.replace('androidResources { noCompress += "frc" }', ""))
    before = script.read_bytes()
    done = call("bundle", made / "net.frc", "--app", app)
    assert done.status == 0 and script.read_bytes() == before
    assert 'Add inside of android { }: androidResources { noCompress += "frc" }' in done.err
    document = json.loads(call("bundle", made / "net.frc", "--app", app, "--json").out)
    assert document["no_compress"] is False and 'noCompress += "frc"' in document["advice"]
    script.write_text(APP.replace('noCompress += "frc"', document["advice"].split("{ ")[1].rstrip(" }")))
    assert "noCompress" not in call("bundle", made / "net.frc", "--app", app).err


def test_a_damaged_file_is_not_bundled(call: Call, folder: Path, tmp_path: Path) -> None:
    app = project(tmp_path / "project", {"app": APP}) / "app"
    data = bytearray((folder / "net.frc").read_bytes())
    data[40] ^= 1
    (folder / "net.frc").write_bytes(data)
    before = files(app)
    done = call("bundle", folder / "net.frc", "--app", app)
    assert done.status == 3 and "[E304 bad_crc" in done.err and files(app) == before


def test_hostile_names_of_tensors(call: Call, tmp_path: Path, app: Path) -> None:
    name = 'a"; val x = "${System.exit(1)}\n*/\u202e'
    write(tmp_path / "evil.safetensors", {name: tensors()["conv.bias"]})
    assert call("bundle", tmp_path / "evil.safetensors", "--app", app, "-q").status == 0
    code = (app / SOURCE.parent / "EvilModel.kt").read_text("ascii")
    assert '"a\\"; val x = \\"\\${System.exit(1)}\\n*/\\u202e"' in code


MISTAKES = [
    (["net.frc"], 2, "--app DIR are needed"),
    (["--app", "project"], 2, "MODEL and --app DIR are needed"),
    (["-", "--app", "project"], 2, "must be a file"),
    (["none.pt", "--app", "project"], 5, "[E501 read_failed]"),
    (["net.frc", "--app", "none"], 5, "no such folder"),
    (["net.frc", "--app", "."], 2, "has 2 Android modules"),
    (["net.frc", "--app", "project", "--snr", "30"], 2, "encoded already"),
    (["net.pt", "--app", "project", "--snr", "30", "--quality", "3"], 2, "exclude each other"),
    (["net.frc", "--app", "project", "--name", "a b"], 2, "not a valid asset name"),
    (["net.frc", "--app", "project", "--name", ""], 2, "not a valid asset name"),
    (["net.frc", "--app", "project", "--package", "a-b"], 2, "not a package"),
    (["net.frc", "--app", "project", "--input", "3x4"], 2, "is no shape"),
    (["net.frc", "--app", "project", "--asset", "net.frc"], 2, "--asset is for --check"),
    (["net.frc", "--check", "a.apk", "--name", "a"], 2, "MODEL and --name cannot be used with --check"),
    (["--check", "none.apk"], 5, "[E501 read_failed]"),
    (["--check", "net.pt"], 1, "[E102 unfit_app]"),
    (["--check", "net.frc"], 1, "no zip archive"),
]


@pytest.mark.parametrize(("arguments", "status", "message"), MISTAKES, ids=[" ".join(m[0])[:50] for m in MISTAKES])
def test_mistakes(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, message: str
) -> None:
    monkeypatch.chdir(folder)
    project(folder / "project", {"app": APP})
    project(folder / "other", {"mobile": APP})
    before = files(folder)
    done = call("bundle", *arguments)
    assert (done.status, done.out) == (status, b"") and message in done.err and "Traceback" not in done.err
    assert files(folder) == before
