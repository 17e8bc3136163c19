"""The complete file in the specification is one."""

import re
from pathlib import Path

import numpy as np
import pytest

from frcodec import load_file

SPEC = Path(__file__).parents[2] / "spec" / "frc-1.md"


@pytest.fixture
def example() -> bytes:
    section = SPEC.read_text().split("## 16. A complete file")[1]
    return bytes.fromhex("".join(re.findall(r"^    ((?:[0-9a-f]{2} ?)+)$", section, re.MULTILINE)))


def test_it_decodes_to_what_is_said(example):
    assert len(example) == 85
    tensors = load_file(example)
    assert list(tensors) == ["w"]
    assert np.array_equal(tensors["w"], np.array([[1, 0.5, 0], [1, -1.5, 0]], np.float32))


def test_the_bytes_told_one_by_one_are_the_file(example):
    section = SPEC.read_text().split("| bytes | meaning |")[1].split("\n\n")[0]
    rows = [row.split("|")[1] for row in section.splitlines() if row.startswith("| `")]
    told = "".join("".join(re.findall(r"`([0-9a-f ]+)`", cell)) for cell in rows)
    assert bytes.fromhex(told) == example
