"""The table of error codes in the specification is complete, and names the sections that name the codes."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

SPEC = Path(__file__).parents[2] / "spec"
TEXT = (SPEC / "frc-1.md").read_text("utf-8")
ERRORS = tomllib.loads((SPEC / "constants.toml").read_text("utf-8"))["errors"]
ROWS = re.findall(r"^\| (\w+) \| (\d{3}) \| (.+) \|$", TEXT, re.MULTILINE)


def test_the_table_has_every_code():
    assert {name: int(number) for name, number, _ in ROWS} == ERRORS
    assert [name for name, _, _ in ROWS] == list(ERRORS)


def test_the_table_has_the_sections_of_every_code():
    found: dict[str, list[str]] = {}
    for heading, text in re.findall(r"^##+ (\d+(?:\.\d+)?)\.? (.*?)(?=^##)", TEXT + "\n##", re.MULTILINE | re.DOTALL):
        for code in ERRORS:
            if f"**{code}**" in text:
                found.setdefault(code, []).append(heading)
    assert {name: sections for name, _, sections in ROWS} == {
        code: ", ".join(found.get(code, ["tools"])) for code in ERRORS
    }


def test_only_codes_about_model_files_are_for_tools_among_those_of_files():
    tools = {name for name, number, sections in ROWS if sections == "tools" and number[0] in "34"}
    assert tools == {"bad_model", "unsupported_model", "needs_torch"}
