"""What the subcommands do with names, options and files."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from cli.running import HOSTILE, Result, tensors, write

from frcodec import load_file, save_file

Call = Callable[..., Result]


def error_of(result: Result) -> str:
    assert result.err.startswith("frcodec: error: ") and result.out == b""
    return result.err


def test_encode_writes_beside_the_model_and_says_what_it_did(call: Call, folder: Path) -> None:
    (folder / "net.frc").unlink()
    done = call("encode", folder / "net.pt")
    assert (done.status, done.out) == (0, b"")
    assert "net.pt → " in done.err and "bits/weight" in done.err and "SNR" in done.err
    assert (folder / "net.frc").is_file()


def test_names_are_derived_as_people_expect(call: Call, folder: Path) -> None:
    write(folder / "net-v1.2", tensors()).rename(folder / "net-v1.2")
    assert call("encode", folder / "net-v1.2", "-q").status == 0
    assert (folder / "net-v1.2.frc").is_file()
    assert call("decode", folder / "net-v1.2.frc", "-q").status == 0
    assert (folder / "net-v1.2.pt").is_file()
    (folder / "plain.safetensors").unlink()
    assert call("decode", folder / "plain.frc", "-q").status == 0
    assert (folder / "plain.safetensors").is_file()
    (folder / "sub").mkdir()
    assert call("decode", folder / "net.frc", "-o", folder / "sub", "-q").status == 0
    assert (folder / "sub" / "net.pt").is_file()


def test_a_file_of_tensors_becomes_safetensors(call: Call, tmp_path: Path) -> None:
    save_file({"a": np.arange(12.0).reshape(3, 4)}, tmp_path / "a.frc")
    assert call("decode", tmp_path / "a.frc", "-q").status == 0
    assert (tmp_path / "a.safetensors").is_file()
    assert call("decode", tmp_path / "a.frc", "-o", tmp_path / "b.pt", "-q").status == 0
    assert (tmp_path / "b.pt").read_bytes()[:2] == b"PK"


@pytest.mark.parametrize("subcommand", ["encode", "decode"])
def test_existing_files_are_only_replaced_by_force(call: Call, folder: Path, subcommand: str) -> None:
    source, target = {"encode": ("net.pt", "net.frc"), "decode": ("net.frc", "net.pt")}[subcommand]
    (folder / target).write_bytes(b"mine")
    (folder / "net.pt" if subcommand == "encode" else folder / "net.frc").stat()
    refused = call(subcommand, folder / source)
    assert refused.status == 2
    assert "--force" in error_of(refused) and "[E203 output_exists]" in refused.err
    assert (folder / target).read_bytes() == b"mine"
    assert call(subcommand, folder / source, "--force", "-q").status == 0
    assert (folder / target).read_bytes() != b"mine"


def test_the_input_is_never_its_own_output(call: Call, folder: Path) -> None:
    before = (folder / "net.pt").read_bytes()
    done = call("encode", folder / "net.pt", "-o", folder / "net.pt", "-f")
    assert done.status == 2
    assert "is the input itself" in error_of(done)
    assert (folder / "net.pt").read_bytes() == before


def test_the_ending_of_the_output_chooses_the_format(call: Call, folder: Path) -> None:
    assert call("decode", folder / "net.frc", "-o", folder / "x.safetensors", "-q").status == 0
    assert (folder / "x.safetensors").read_bytes()[8:9] == b"{"
    assert call("decode", folder / "net.frc", "-o", folder / "x.npz", "-q").status == 0
    assert set(np.load(folder / "x.npz")) == set(tensors())
    assert call("decode", folder / "plain.frc", "--to", "pt", "-o", folder / "y.bin", "-q").status == 0
    assert (folder / "y.bin").read_bytes()[:2] == b"PK"


def test_lossless_gives_the_input_back(call: Call, folder: Path) -> None:
    assert call("encode", folder / "net.pt", "--lossless", "-f", "-q").status == 0
    assert call("decode", folder / "net.frc", "-o", folder / "again.pt", "-q").status == 0
    assert (folder / "again.pt").read_bytes() == (folder / "net.pt").read_bytes()


def test_options_reach_the_codec(call: Call, folder: Path) -> None:
    done = call(
        "encode", folder / "net.pt", "-f", "--max-error", "1e-3", "--keep", "^head", "--rule", "conv.bias=lossless",
        "--meta", "author=me", "--meta", "note=a=b", "--threads", "1", "--json",
    )  # fmt: skip
    document = json.loads(done.out)
    assert done.status == 0 and done.err == ""
    codings = {tensor["name"]: tensor["coding"] for tensor in document["tensors"]}
    assert codings == {"conv.weight": "levels", "conv.bias": "lossless", "head.weight": "lossless", "steps": "lossless"}
    decoded = load_file(folder / "net.frc")
    assert np.abs(decoded["conv.weight"] - tensors()["conv.weight"]).max() <= 1e-3
    assert json.loads(call("inspect", folder / "net.frc", "--json").out)["metadata"] == {"author": "me", "note": "a=b"}
    assert "note = a=b" in call("inspect", folder / "net.frc").text


def test_a_dry_run_writes_nothing_and_predicts_the_size(call: Call, folder: Path) -> None:
    size = (folder / "net.frc").stat().st_size
    (folder / "net.frc").unlink()
    done = call("encode", folder / "net.pt", "--dry-run")
    assert done.status == 0 and "conv.weight" in done.text and "predicted: " in done.text
    assert not (folder / "net.frc").exists()
    assert json.loads(call("encode", folder / "net.pt", "-n", "--json").out)["file_bytes"] == size


def test_inspect_shows_tensors_sections_and_totals(call: Call, made: Path) -> None:
    done = call("inspect", made / "net.frc")
    assert (done.status, done.err) == (0, "")
    first, *_ = done.text.splitlines()
    assert first.split()[:4] == ["tensor", "shape", "type", "coding"]
    for part in ("16×8×3×3", "f16", "lossless", "PyTorch zip, 4 tensors, 6,289 weights", "skeleton", "bits/weight"):
        assert part in done.text


def test_hostile_names_are_shown_harmlessly(call: Call, tmp_path: Path) -> None:
    save_file(
        {HOSTILE: np.zeros((4, 4), np.float32), "\u202dnan\x07": np.array([np.nan], np.float32)}, tmp_path / "x.frc"
    )
    for arguments in (["inspect"], ["inspect", "--json"], ["verify"], ["verify", "--json"]):
        done = call(*arguments, tmp_path / "x.frc")
        assert done.status == 0
        assert not set("\x1b\u202e\u202d\x07") & set(done.text + done.err)
    shown = call("inspect", tmp_path / "x.frc").text
    assert r"evil\x1b[31m\u202e[bold red]\\x\x0a" in shown
    names = [t["name"] for t in json.loads(call("inspect", tmp_path / "x.frc", "--json").out)["tensors"]]
    assert HOSTILE in names


def test_warnings_of_hostile_names_are_harmless(call: Call, tmp_path: Path) -> None:
    source = write(tmp_path / "x.safetensors", {"a\x1b[2J": np.full((8, 8), np.nan, np.float32)})
    done = call("encode", source)
    assert done.status == 0
    assert r"frcodec: warning: " in done.err and r"a\x1b[2J" in done.err and "\x1b" not in done.err
    assert call("encode", source, "-f", "-q").err == ""
    assert json.loads(call("encode", source, "-f", "--json", "-q").out)["warnings"]


def test_verify_tells_soundness_and_closeness(call: Call, made: Path) -> None:
    alone = call("verify", made / "net.frc")
    assert (alone.status, alone.err) == (0, "") and "sound (4 tensors" in alone.text
    compared = call("verify", made / "net.frc", "--against", made / "net.pt")
    assert compared.status == 0 and "same names, shapes and types as the model; SNR " in compared.text
    assert call("verify", made / "net.frc", "--against", made / "net.pt", "--min-snr", "20", "-q") == Result(0, b"", "")
    low = call("verify", made / "net.frc", "--against", made / "net.pt", "--min-snr", "90", "-q")
    assert (low.status, low.out) == (1, b"") and "[E101 differs]" in low.err
    document = json.loads(call("verify", made / "net.frc", "--against", made / "net.pt", "--json").out)
    assert document["differences"] == [] and len(document["matches"]) == 4 and document["equal"] is False


def test_verify_names_what_differs(call: Call, folder: Path) -> None:
    other = tensors()
    other["extra"] = other.pop("conv.bias")
    other["steps"] = np.array(8, "<i8")
    write(folder / "other.pt", other)
    done = call("verify", folder / "net.frc", "--against", folder / "other.pt")
    assert done.status == 1
    for line in (
        "conv.bias is not in the model",
        "extra is not in the .frc file",
        "steps is stored without loss, but its values differ",
    ):
        assert line in done.text
    assert "[E101 differs]" in done.err
    document = call("verify", folder / "net.frc", "--against", folder / "other.pt", "--json")
    assert {m["name"] for m in json.loads(document.out)["differences"]} == {"conv.bias", "extra", "steps"}
    assert json.loads(document.err)["error"]["code"] == "differs"


def test_a_damaged_file_is_found(call: Call, folder: Path) -> None:
    data = bytearray((folder / "net.frc").read_bytes())
    data[40] ^= 1
    (folder / "net.frc").write_bytes(data)
    done = call("verify", folder / "net.frc")
    assert done.status == 3 and "[E304 bad_crc at byte 6]" in error_of(done)
    assert call("inspect", folder / "net.frc").status == 0
    (folder / "out.pt").write_bytes(b"mine")
    assert call("decode", folder / "net.frc", "-o", folder / "out.pt", "-f").status == 3
    assert (folder / "out.pt").read_bytes() == b"mine"


def test_limits_are_kept(call: Call, made: Path) -> None:
    for subcommand in ("inspect", "verify", "decode"):
        done = call(subcommand, made / "net.frc", "--max-bytes", "1K")
        assert done.status == 4 and "[E404 too_large]" in error_of(done)
    assert call("inspect", made / "net.frc", "--max-bytes", "1M").status == 0
