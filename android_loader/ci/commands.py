"""Run programs. Failures are reported in one sentence with the end of the output."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

KEPT_LINES = 40


class Failure(Exception):  # noqa: N818 - the result of a check, not an error in it
    """A check failed; the message is for the developer."""


def run(
    command: Sequence[str | Path],
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    seconds: float = 600,
) -> str:
    """Standard output and error of a program that ends with status 0.

    Raises:
        Failure: It is not installed, ended with another status, or took too long.
    """
    words = [str(word) for word in command]
    if shutil.which(words[0]) is None:
        raise Failure(f"{words[0]} is not installed; android_loader/ci/setup says how to get it")
    try:
        done = subprocess.run(
            words, cwd=cwd, env=env, timeout=seconds, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace", check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Failure(f"{' '.join(words)}\n  took more than {seconds:.0f} s") from error
    if done.returncode:
        end = "\n".join("  " + line for line in done.stdout.splitlines()[-KEPT_LINES:])
        raise Failure(f"{' '.join(words)}\n  ended with status {done.returncode}\n{end}")
    return done.stdout
