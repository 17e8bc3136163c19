"""The whole way on a real model, by the command line as a user would: `make demo`.

A published checkpoint is encoded, looked into, rebuilt and compared. Then the original and the rebuilt checkpoint are
loaded into the network they were made for, and both listen to the same tones.
"""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from pickle import UnpicklingError

import numpy as np
import torch
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from torch import Tensor

from benchmarks.crepe import Array, rate, share_right, tones
from benchmarks.models import MODELS, ROOT, FetchError, fetch

FOLDER = ROOT / "build" / "demo"
STEPS = (
    ("Encode a PyTorch checkpoint", "frcodec encode tiny.pth -o tiny.frc"),
    ("Look into the file", "frcodec inspect tiny.frc"),
    ("Rebuild the checkpoint from it alone", "frcodec decode tiny.frc -o rebuilt.pth"),
    ("Compare", "frcodec verify tiny.frc --against tiny.pth"),
)
ALLOWED_LOSS = 0.5
"""percentage points that the rebuilt model may lose"""

console = Console(highlight=False)


def main() -> int:
    """Prepare a folder, run every step, and judge the result."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(parents=True)
    try:
        shutil.copy(fetch("crepe_tiny"), FOLDER / "tiny.pth")
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    model = MODELS["crepe_tiny"]
    console.print(f"[bold]The model:[/] tiny.pth, {model.what}, published in {model.package}")
    for number, (title, command) in enumerate(STEPS, start=1):
        heading(number, title)
        status = run(command)
        if status:
            console.print(f"\n[bold red]The command failed with exit status {status}.[/]")
            return 1
    heading(len(STEPS) + 1, "Does it still work?")
    return judge()


def heading(number: int, title: str) -> None:
    """Announce a step."""
    console.print(f"\n[bold cyan]{number}. {title}[/]")


def run(command: str) -> int:
    """Show a command, then run it in the demo's folder with the tool of this environment."""
    console.print(f"[bold]$ {command}[/]\n")
    tool, *arguments = shlex.split(command)
    return subprocess.run([Path(sys.executable).with_name(tool), *arguments], cwd=FOLDER, check=False).returncode


def judge() -> int:
    """Load both checkpoints, run both on the same tones and print their scores."""
    sounds = tones()
    original = rate(load("tiny.pth"), sounds.frames)
    try:
        rebuilt = rate(load("rebuilt.pth"), sounds.frames)
    except (OSError, RuntimeError, UnpicklingError) as error:
        console.print(f"[bold red]✗ The rebuilt model does not load:[/] {escape(str(error))}")
        return 1
    before, after = (100 * share_right(rated, sounds.truth) for rated in (original, rebuilt))
    console.print(
        "Both checkpoints load into the network that they were published for, and hear\n"
        f"{len(sounds.truth):,} tones from 65 to 1000 Hz in four timbres, clean and noisy.\n"
    )
    console.print(comparison(before, after))
    difference = float(np.abs(original - rebuilt).max())
    console.print(f"\nLargest difference of an activation (they go from 0 to 1): {difference:.4f}")
    return verdict(before, after, original, rebuilt)


def load(name: str) -> dict[str, Tensor]:
    """A checkpoint, without running code from it."""
    state: dict[str, Tensor] = torch.load(FOLDER / name, map_location="cpu", weights_only=True)
    return state


def comparison(before: float, after: float) -> Table:
    """File, size and score."""
    full, small = ((FOLDER / name).stat().st_size for name in ("tiny.pth", "tiny.frc"))
    table = Table("model", "carried as", box=None, header_style="bold", pad_edge=False, padding=(0, 3, 0, 0))
    for column in ("bytes", "share", "pitch within 50 cents"):
        table.add_column(column, justify="right")
    table.add_row("original", "tiny.pth", f"{full:,}", "100.0 %", f"{before:.2f} %")
    table.add_row("rebuilt", "tiny.frc", f"{small:,}", f"{100 * small / full:.1f} %", f"{after:.2f} %")
    return table


def verdict(before: float, after: float, original: Array, rebuilt: Array) -> int:
    """Print the verdict and return the exit status."""
    if not np.isfinite(rebuilt).all() or before - after > ALLOWED_LOSS:
        console.print(f"\n[bold red]✗ The rebuilt model hears worse by more than {ALLOWED_LOSS} points.[/]")
        return 1
    same = int((original.argmax(1) == rebuilt.argmax(1)).sum())
    console.print(f"\n[bold green]✓ It works.[/] The same of 360 pitches wins for {same:,} of {len(rebuilt):,} tones.")
    console.print(f"The files are in {FOLDER.relative_to(ROOT)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
