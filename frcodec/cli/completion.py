"""frcodec completion: what a shell needs to complete this command."""

from __future__ import annotations

from typing import Final

import click
from click.shell_completion import ShellComplete, get_completion_class

from . import params
from .output import Output, raw

PROGRAM: Final = "frcodec"
VARIABLE: Final = "_FRCODEC_COMPLETE"
"""set by the shell when it asks for completions"""

_EXAMPLES = """\b
Examples:
  bash  eval "$(frcodec completion bash)"        in ~/.bashrc
  zsh   eval "$(frcodec completion zsh)"         in ~/.zshrc, after compinit
  fish  frcodec completion fish > ~/.config/fish/completions/frcodec.fish
"""


@click.command("completion", short_help="Print a shell's completion script.", epilog=_EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@params.common
@click.pass_context
def completion(context: click.Context, shell: str, as_json: bool, quiet: bool) -> None:
    """Print the script that lets a SHELL complete subcommands, options and files."""
    kind = get_completion_class(shell)
    assert kind is not None
    # The base class' source: that of bash would run a bash to learn its version.
    script = ShellComplete.source(kind(context.find_root().command, {}, PROGRAM, VARIABLE))
    if as_json:
        Output(as_json=True, quiet=quiet).document({"shell": shell, "script": script})
    else:
        raw(script)
