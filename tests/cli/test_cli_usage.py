"""Help, mistakes and exit codes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from cli.running import ROOT, Result, run

from frcodec.cli.main import cli, main
from frcodec.cli.params import Count, Number, Size
from frcodec.cli.paths import decoded_name, encoded_name

Call = Callable[..., Result]
SUBCOMMANDS = ["encode", "decode", "inspect", "verify", "bundle", "completion"]


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_every_subcommand_has_help_with_examples(call: Call, subcommand: str) -> None:
    done = call(subcommand, "--help")
    assert done.status == 0
    assert "Examples:" in done.text and "--json" in done.text and "--quiet" in done.text
    assert all(len(line) <= 80 for line in done.text.splitlines())


def test_the_help_lists_subcommands_and_exit_codes(call: Call) -> None:
    done = call("--help")
    assert done.status == 0 and "Exit status:" in done.text
    assert [line.split()[0] for line in done.text.split("Commands:")[1].splitlines()[1:7]] == SUBCOMMANDS
    assert "transform=T" in call("encode", "-h").text


def test_no_arguments_show_the_help_and_fail(call: Call) -> None:
    done = call()
    assert done.status == 2 and "Usage: frcodec" in done.text


def test_version_and_help_need_none_of_the_heavy_parts() -> None:
    code = "import sys; from frcodec.cli.main import main; main(['--version']); main(['-h']); main(['decode', '-h']);"
    code += "print(sorted({'numpy', 'scipy', 'torch', 'rich', 'zstandard', 'msgpack'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith("frcodec ") and done.stdout.endswith("[]\n")


MISTAKES = [
    (["encode", "none.pt"], 5, "Cannot read none.pt: No such file or directory. [E501 read_failed]"),
    (["encode", "."], 5, "Cannot read .: it is a folder. [E501 read_failed]"),
    (["decode", "none.frc"], 5, "[E501 read_failed]"),
    (["inspect", "."], 5, "[E501 read_failed]"),
    (["inspect", "n" * 5000], 5, "[E501 read_failed]"),
    (["verify", "net.frc", "--against", "none.pt"], 5, "none.pt"),
    (["encode", "net.pt", "-o", "none/x.frc"], 5, "[E502 write_failed]"),
    (["encode", "net.pt", "-o", "n" * 5000], 5, "File name too long"),
    (["encode", "net.frc", "-o", "x.frc"], 4, "already a .frc file"),
    (["inspect", "net.pt"], 3, "[E302 bad_magic at byte 0]"),
    (["decode", "net.pt"], 3, "[E302 bad_magic at byte 0]"),
    (["verify", "net.frc", "--against", "net.frc"], 4, "[E405 unsupported_model]"),
    (["encode", "net.pt", "--snrr", "3"], 2, "There is no option --snrr. Did you mean --snr? [E201 bad_option]"),
    (["encode", "net.pt", "--snr", "abc"], 2, "'abc' is no number. [E201 bad_option]"),
    (["encode", "net.pt", "--snr", "nan"], 2, "not in the range"),
    (["encode", "net.pt", "--quality", "101"], 2, "not in the range 0 to 100"),
    (["encode", "net.pt", "--threads", "0"], 2, "not in the range"),
    (["encode", "net.pt", "--snr", "30", "--lossless"], 2, "--snr and --lossless exclude each other"),
    (["encode", "net.pt", "--rule", "conv=foo"], 2, "[E201 bad_option]"),
    (["encode", "net.pt", "-o", "x.frc", "--keep", "("], 2, "no regular expression"),
    (["encode", "net.pt", "-o", "x.frc", "--keep", "nothing"], 2, "[E202 unmatched_rule]"),
    (["encode", "net.pt", "--meta", "novalue"], 2, "is not KEY=VALUE"),
    (["encode", "net.pt", "-o", "x.frc", "--meta", "a=1", "--meta", "a=2"], 2, "same key"),
    (["encode"], 2, "Missing argument 'IN'."),
    (["decode", "net.frc", "--to", "onnx"], 2, "'onnx' is not one of"),
    (["decode", "net.frc", "--max-bytes", "lots"], 2, "'lots' is no size"),
    (["verify", "net.frc", "--min-snr", "3"], 2, "--min-snr needs --against"),
    (["verify", "-", "--against", "-"], 2, "stdin"),
    (["inspct", "net.frc"], 2, "There is no subcommand 'inspct'. Did you mean inspect? [E201 bad_option]"),
    (["completion", "tcsh"], 2, "'tcsh' is not one of"),
]


@pytest.mark.parametrize(("arguments", "status", "message"), MISTAKES, ids=[" ".join(m[0])[:40] for m in MISTAKES])
def test_wrong_use_gives_one_sentence(
    call: Call, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], status: int, message: str
) -> None:
    monkeypatch.chdir(folder)
    before = sorted(path.name for path in folder.iterdir())
    done = call(*arguments)
    assert (done.status, done.out) == (status, b"")
    assert done.err.startswith("frcodec: error: ") and message in done.err
    assert "Traceback" not in done.err
    assert sorted(path.name for path in folder.iterdir()) == before
    as_json = call(*arguments, "--json")
    error = json.loads(as_json.err)["error"]
    assert as_json.status == status and error["number"] // 100 == status
    assert set(error) == {"code", "number", "message", "offset"}


def test_a_document_and_binary_data_do_not_share_stdout(call: Call, made: Path) -> None:
    for arguments in (["encode", made / "net.pt"], ["decode", made / "net.frc"]):
        done = call(*arguments, "-o", "-", "--json")
        assert (done.status, done.out) == (2, b"")
        assert "stdout takes the document" in json.loads(done.err)["error"]["message"]


def test_the_offset_of_an_error_is_reported(call: Call, folder: Path) -> None:
    (folder / "net.frc").write_bytes((folder / "net.frc").read_bytes()[:-9])
    error = json.loads(call("inspect", folder / "net.frc", "--json").err)["error"]
    assert error["offset"] == (folder / "net.frc").stat().st_size and error["code"] == "bad_trailer"


def test_a_bug_is_no_user_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cli.commands["inspect"], "callback", lambda **options: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        main(["inspect", "x"])


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(call: Call, shell: str) -> None:
    done = call("completion", shell)
    assert done.status == 0 and "_FRCODEC_COMPLETE" in done.text and done.err == ""
    assert json.loads(call("completion", shell, "--json").out)["script"].rstrip() == done.text.rstrip()


def test_shells_get_completions() -> None:
    done = run(env={"_FRCODEC_COMPLETE": "bash_complete", "COMP_WORDS": "frcodec in", "COMP_CWORD": "1"})
    assert done.status == 0 and done.text.strip() == "plain,inspect"


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("17", 17),
        ("1k", 1000),
        ("2M", 2_000_000),
        ("1.5G", 1_500_000_000),
        ("4GiB", 4 << 30),
        ("1TB", 10**12),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert Size().convert(text, None, None) == size


@pytest.mark.parametrize("text", ["", "-1", "1X", "1e9", "4 4", "9999999999999999T", "٣"])
def test_texts_that_are_not_sizes(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Size().convert(text, None, None)


@pytest.mark.parametrize("text", ["", "nan", "inf", "-1", "11", "x"])
def test_texts_that_are_not_numbers(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Number(0, 10).convert(text, None, None)
    with pytest.raises(click.BadParameter):
        Count(0, 10).convert("1.5", None, None)


@pytest.mark.parametrize(
    ("model", "frc"),
    [
        ("a.pt", "a.frc"), ("d/a.PTH", "d/a.frc"), ("a.jit.pt", "a.jit.frc"), ("a", "a.frc"),
        ("net-v1.2", "net-v1.2.frc"), ("-", "-"), (".pt", ".pt.frc"),
    ],
)  # fmt: skip
def test_encoded_names(model: str, frc: str) -> None:
    assert encoded_name(model) == frc


@pytest.mark.parametrize(("frc", "model"), [("a.frc", "a.pt"), ("a.b.frc", "a.b.pt"), ("a", "a.pt"), ("-", "-")])
def test_decoded_names(frc: str, model: str) -> None:
    assert decoded_name(frc, ".pt") == model
