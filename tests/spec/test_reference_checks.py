"""Some vector notices every check of the reference decoder, unless there is a reason why none can."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SPEC = Path(__file__).parents[2] / "spec"


def test_every_changed_check_is_noticed_or_explained():
    command = [sys.executable, SPEC / "mutate_reference.py", "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
