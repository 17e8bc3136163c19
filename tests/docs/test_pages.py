"""What the pages say can be run is run; what they name exists."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from docs.blocks import PAGES, ROOT, RUN, SHOWN, blocks_of, matches, run_console, run_python

import frcodec
from docs import pictures, samples

NOT_RUN = {"README.md": 1, "CONTRIBUTING.md": 2, "android.md": 5, "install.md": 1}
"""blocks that no machine without a network, a phone or the data sets can run; each says why"""


@pytest.fixture(scope="session")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("samples")
    samples.make(folder)
    return folder


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_blocks_run(page, files, tmp_path, monkeypatch):
    runnable = [block for block in blocks_of(page) if block.language in RUN and not block.reason]
    if not runnable:
        return
    folder = tmp_path / "work"
    shutil.copytree(files, folder)
    monkeypatch.chdir(folder)
    monkeypatch.setenv("HOME", str(folder))
    names = {"__name__": "__main__"}
    for block in runnable:
        if block.language == "python":
            run_python(block, page, names)
        else:
            run_console(block, page)


def test_every_block_has_a_language_and_what_is_not_run_is_counted():
    not_run = {}
    for page in PAGES:
        for block in blocks_of(page):
            assert block.language in RUN | SHOWN, f"{page.name}:{block.line}"
            assert block.language != "console" or block.text.startswith("$ "), f"{page.name}:{block.line}"
            if block.language in RUN and block.reason:
                not_run[page.name] = not_run.get(page.name, 0) + 1
    assert not_run == NOT_RUN


def test_pictures_are_as_drawn():
    for path, text in pictures.drawn().items():
        assert path.read_text() == text, path.name


def test_readme_is_short():
    text = (ROOT / "README.md").read_text()
    assert len(text.split()) <= 650
    assert text.count("![") == 1


def test_the_python_page_documents_every_public_name():
    page = (ROOT / "docs" / "python.md").read_text()
    documented = set(re.findall(r"^\.\. auto(?:function|class|exception):: (\w+)$", page, re.MULTILINE))
    assert documented == set(frcodec.__all__) - {"__version__"}


@pytest.mark.parametrize(
    ("expected", "printed", "same"),
    [
        ("a\n", "a\n", True),
        ("a\n", "b\n", False),
        ("a…c\n", "abc\n", True),
        ("a…c\n", "ab\nc\n", False),
        ("a\n…\nc\n", "a\nb\nb\nc\n", True),
        ("a\n…\nc\n", "a\nb\nd\n", False),
    ],
)
def test_output_is_compared(expected, printed, same):
    assert matches(expected, printed) == same
