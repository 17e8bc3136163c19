"""Prints a line for each check, and the counts at the end."""

import sys
import time
import traceback
from collections.abc import Callable

from ci.commands import Failure


class Report:
    """Counts checks that passed and failed."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, name: str, work: Callable[[], str | None]) -> bool:
        """Run a check, print its line with the result of `work`, and return whether it passed."""
        started = time.monotonic()
        problem = ""
        try:
            detail = work() or ""
        except Failure as failure:
            problem = str(failure)
        except Exception:
            problem = traceback.format_exc()
        seconds = time.monotonic() - started
        if problem:
            self.failed += 1
            print(f"FAILED  {name} ({seconds:.1f} s)")
            print("\n".join("        " + line for line in problem.splitlines()))
        else:
            self.passed += 1
            print(f"ok      {name}{': ' if detail else ''}{detail} ({seconds:.1f} s)")
        sys.stdout.flush()
        return not problem

    def finish(self) -> int:
        """Print the count; the exit status."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0
