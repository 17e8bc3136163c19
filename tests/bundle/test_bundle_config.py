"""What an app bundle says about compression."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest
from bundle.packages import bundle_config

from frcodec.bundle.bundle_config import matches, uncompressed_globs


def test_the_patterns_are_found() -> None:
    globs = ["**.[mM][pP]4", "**[fF][rR][cC]", "assets/" + "x" * 150]
    assert uncompressed_globs(bundle_config(globs)) == globs
    assert uncompressed_globs(b"") == []


@pytest.mark.parametrize(
    ("path", "glob", "meant"),
    [
        ("assets/net.frc", "**[fF][rR][cC]", True),
        ("assets/a/b/NET.FRC", "**.[fF][rR][cC]", True),
        ("assets/net.frc2", "**[fF][rR][cC]", False),
        ("assets/net.frc", "assets/*.frc", True),
        ("assets/a/net.frc", "assets/*.frc", False),
        ("assets/a/net.frc", "assets/**/*.frc", True),
        ("assets/net.frc", "assets/net.frc", True),
        ("assets/net.frc", "assets/ne?.frc", True),
        ("assets/net.frc", "assets?net.frc", False),
        ("assets/net.frc", "**", True),
        ("assets/net.frc", "**\\.f[a-r]c", True),
        ("assets/net.frc", "**[!c]", False),
        ("assets/net[", "assets/net[", True),
        ("assets/net.frc", "", False),
        ("", "**", True),
    ],
)
def test_patterns(path: str, glob: str, meant: bool) -> None:
    assert matches(path, glob) is meant


def test_hostile_patterns_take_no_time() -> None:
    start = time.process_time()
    assert not matches("a" * 1000, "**a" * 300 + "b")
    assert time.process_time() - start < 10


def test_damaged_messages_are_refused_or_read() -> None:
    data = bundle_config(["**.frc"])
    for length in range(len(data)):
        with suppress(ValueError):
            assert len(uncompressed_globs(data[:length])) <= 1
    for bad in (b"\x1a\xff", b"\xff" * 11, b"\x1f", bundle_config(["x"] * 1001), bundle_config(["x" * 1001])):
        with pytest.raises(ValueError):
            uncompressed_globs(bad)
