"""Sphinx settings of the site: `make docs` builds it into build/docs.

The source directory is the root of the repository, so that README, specification and pages link to each other by the
paths that GitHub shows. README is the first page.
"""

from __future__ import annotations

import re
from importlib.metadata import version as version_of
from pathlib import Path

import click
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from frcodec.cli.main import cli

ROOT = Path(__file__).parents[1]
CONTENTS = {
    "Use": ["quickstart", "install", "command-line", "python", "quality", "calibration", "errors"],
    "Train": ["training", "widths"],
    "Ship": ["android"],
    "Understand": ["format", "/spec/frc-1", "/spec/rationale", "architecture", "benchmarks", "limitations"],
    "Project": ["/CONTRIBUTING", "/SECURITY", "/CHANGELOG"],
}
"""captions and pages of the navigation; names without a slash are files of docs/"""

PEERS = "benchmarks/results/peers"

project = "frcodec"
project_copyright = "the frcodec authors, Apache-2.0"
version = release = version_of("frcodec")

root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "spec/*.md", f"{PEERS}.md"]
exclude_patterns = [".*", "build"]
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]

myst_heading_anchors = 4
default_role = "code"
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False

html_theme = "furo"
html_title = f"frcodec {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
templates_path = ["_templates"]
html_additional_pages = {"index": "redirect.html"}


class CommandHelp(SphinxDirective):
    """`command-help`: what `--help` prints, a section for each subcommand."""

    def run(self) -> list[nodes.Node]:
        """Ask the click commands themselves."""
        with click.Context(cli, info_name="frcodec", terminal_width=88) as top:
            sections = [self._section(name, command, top) for name, command in cli.commands.items()]
            return [self._text(cli.get_help(top)), *sections]

    def _section(self, name: str, command: click.Command, top: click.Context) -> nodes.section:
        section = nodes.section(ids=[name], names=[name])
        section += nodes.title(text=f"frcodec {name}")
        with click.Context(command, info_name=name, parent=top, terminal_width=88) as context:
            section += self._text(command.get_help(context))
        return section

    @staticmethod
    def _text(text: str) -> nodes.literal_block:
        return nodes.literal_block(text, text, language="text")


class ErrorCodes(SphinxDirective):
    """`error-codes`: the table of codes in spec/constants.toml."""

    def run(self) -> list[nodes.Node]:
        """Number, name and meaning of each."""
        constants = (ROOT / "spec" / "constants.toml").read_text()
        codes = re.findall(r"^(\w+) = (\d+) +# (.+)$", constants.split("[errors]")[1].split("\n[")[0], re.MULTILINE)
        rows = [f"| {number} | `{name}` | {meaning} |" for name, number, meaning in codes]
        return self.parse_text_to_nodes("\n".join(["| code | name | meaning |", "|--:|---|---|", *rows]))


def add_contents(app: Sphinx, name: str, source: list[str]) -> None:
    """Append the navigation to README, whose text on GitHub has none."""
    if name != root_doc:
        return
    for caption, pages in CONTENTS.items():
        entries = "\n".join(page if page.startswith("/") else f"/docs/{page}" for page in pages)
        source[0] += f"\n```{{toctree}}\n:hidden:\n:caption: {caption}\n\n{entries}\n```\n"


def add_title(app: Sphinx, name: str, source: list[str]) -> None:
    """Make a page of the measured table, which is no part of the navigation."""
    if name == PEERS:
        source[0] = f"---\norphan: true\n---\n# Other codecs\n\n{source[0]}"


def unlink_folders(app: Sphinx, name: str, source: list[str]) -> None:
    """Keep only the text of links to folders: GitHub shows those, a site does not."""
    folder = ROOT / Path(name).parent

    def text(match: re.Match[str]) -> str:
        return match[1] if (folder / match[2]).is_dir() else match[0]

    source[0] = re.sub(r"(?<!!)\[([^\]]+)\]\(([^)#: ]+)\)", text, source[0])


def setup(app: Sphinx) -> None:
    """Connect the hooks and the directives."""
    for hook in (add_contents, add_title, unlink_folders):
        app.connect("source-read", hook)
    app.add_directive("command-help", CommandHelp)
    app.add_directive("error-codes", ErrorCodes)
