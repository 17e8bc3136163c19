"""Change every check of the reference decoder in turn; report the changes that no vector notices.

    python spec/mutate_reference.py [--jobs N]

A check is the condition of a `require(condition, code)`. Its mutants: the check removed, negated, without one operand
of an `and` or `or`, and with one bound off by one (`<` for `<=` and the like). A mutant is noticed if a vector decodes
to other bytes or gives another error. The others must be in unnoticed_mutants.toml, with the reason.

All mutants are in one program: a condition becomes `choose(number, original, mutant, mutant, ...)`, of lambdas. First
every vector is decoded once while `choose` evaluates all variants and records the mutants whose value differs: no other
vector can notice them. Then each mutant runs on these vectors, the fastest first, until one notices it.
"""

from __future__ import annotations

import argparse
import ast
import copy
import hashlib
import os
import resource
import signal
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

SPEC = Path(__file__).parent
VECTORS = SPEC / "vectors"
MODULES = ("reference_levels", "reference_widths", "reference_decoder")  # each imports those before it
MAX_LEVELS = 100_000  # larger vectors take seconds each and are not needed here
SECONDS = 1  # of processor time that a mutant may take beyond three times the original's: it may not end
MEMORY = 3 << 30  # of address space, so that a mutant that allocates without bound fails alone
BOUNDS: dict[type[ast.cmpop], ast.cmpop] = {ast.Lt: ast.LtE(), ast.LtE: ast.Lt(), ast.Gt: ast.GtE(), ast.GtE: ast.Gt()}
IMPURE = {"next", "field"}  # calls that must not be evaluated twice


@dataclass(frozen=True)
class Mutant:
    """One change of one check."""

    function: str
    check: str
    mutant: str


# Mutants --------------------------------------------------------------------------------------------------------------
def variants(condition: ast.expr) -> Iterator[ast.expr]:
    """Return the changed conditions."""
    yield ast.Constant(value=True)
    yield ast.UnaryOp(ast.Not(), condition)
    for place, node in enumerate(ast.walk(condition)):
        if isinstance(node, ast.BoolOp):
            for n in range(len(node.values)):
                changed = copy.deepcopy(condition)
                del _nth(changed, place).values[n]
                yield changed
        if isinstance(node, ast.Compare):
            for n, operator in enumerate(node.ops):
                if type(operator) in BOUNDS:
                    changed = copy.deepcopy(condition)
                    _nth(changed, place).ops[n] = BOUNDS[type(operator)]
                    yield changed


def _nth(tree: ast.expr, place: int) -> Any:
    return list(ast.walk(tree))[place]


class Instrument(ast.NodeTransformer):
    """Replace the conditions of all checks."""

    def __init__(self, mutants: list[Mutant]) -> None:
        self.mutants, self.function = mutants, ""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        """Remember the name of the function."""
        self.function = node.name
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """Replace the condition of a check."""
        if not (isinstance(node.func, ast.Name) and node.func.id == "require"):
            return self.generic_visit(node)
        condition, first = node.args[0], len(self.mutants)
        changed = list({ast.unparse(variant): variant for variant in variants(condition)}.values())
        self.mutants += [Mutant(self.function, ast.unparse(condition), ast.unparse(variant)) for variant in changed]
        names = {call.func for call in ast.walk(condition) if isinstance(call, ast.Call)}
        pure = not IMPURE & {getattr(name, "attr", getattr(name, "id", "")) for name in names}
        choices = [ast.parse(f"lambda: {ast.unparse(variant)}", mode="eval").body for variant in (condition, *changed)]
        numbers = [ast.Constant(value=value) for value in (first, pure)]
        node.args[0] = ast.Call(ast.Name("choose", ast.Load()), [*numbers, *choices], [])
        return ast.fix_missing_locations(node)


class Checks:
    """The reference decoder with all mutants, of which one or none is active."""

    def __init__(self) -> None:
        self.mutants: list[Mutant] = []
        self.active = -1
        self.infected: set[int] | None = None  # mutants whose condition had another value, while they are recorded
        for name in MODULES:
            source = (SPEC / f"{name}.py").read_text(encoding="utf-8")
            tree = Instrument(self.mutants).visit(ast.parse(source))
            module = sys.modules[name] = ModuleType(name)
            vars(module).update(__file__=str(SPEC / f"{name}.py"), choose=self.choose)
            exec(compile(tree, name, "exec"), vars(module))
        self.decoder: Any = sys.modules[MODULES[-1]]

    def choose(self, first: int, pure: bool, original: Callable[[], Any], *changed: Callable[[], Any]) -> Any:
        """Return the condition, or that of the active mutant."""
        if first <= self.active < first + len(changed):
            return changed[self.active - first]()
        value = original()
        if self.infected is not None:
            for number, variant in enumerate(changed, first):
                if number not in self.infected and (not pure or self.differs(variant, value)):
                    self.infected.add(number)
        return value

    def differs(self, variant: Callable[[], Any], value: Any) -> bool:
        """Whether a variant has another value, or fails."""
        try:
            return bool(variant()) is not bool(value)
        except Exception:
            return True

    def outcome(self, data: bytes) -> object:
        """Return the digest of everything that a file decodes to at full and all validated widths, or the error."""
        try:
            found = self.decoder.decode(data)
            widths = found.widths.checksums if found.widths else ()
            every = [found, *(self.decoder.decode(data, lengths=width) for width in widths)]
        except self.decoder.FrcError as error:
            return error.code
        text = repr([(sorted((k, v.tobytes()) for k, v in one.tensors.items()), one.model_file) for one in every])
        return hashlib.sha256(text.encode()).hexdigest()


# Runs -----------------------------------------------------------------------------------------------------------------
CHECKS: Checks
FILES: dict[str, bytes]


def start() -> None:
    """Set up a process."""
    global CHECKS, FILES
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, late)
    CHECKS, FILES = Checks(), vectors()


def late(number: int, frame: object) -> None:
    """End what takes too long."""
    raise TimeoutError


def vectors() -> dict[str, bytes]:
    """Return all vectors, by name."""
    manifest = tomllib.loads((VECTORS / "manifest.toml").read_text(encoding="utf-8"))
    return {f"{kind}/{name}": (VECTORS / kind / name).read_bytes() for kind in manifest for name in manifest[kind]}


def is_small(data: bytes) -> bool:
    """Whether a vector has few levels."""
    try:
        entries = CHECKS.decoder.read_index(CHECKS.decoder.read_file(data)[4][0], 1 << 36)[0]
    except Exception:
        return True
    return bool(sum(entry.size for entry in entries if entry.coding == 0) <= MAX_LEVELS)


def record(name: str) -> tuple[str, float, set[int], object]:
    """Decode a vector: its name, seconds, the mutants that are infected, and the outcome."""
    CHECKS.active, CHECKS.infected = -1, None
    if not is_small(FILES[name]):
        return name, 0.0, set(), None
    start, CHECKS.infected = time.process_time(), set()
    outcome = CHECKS.outcome(FILES[name])
    return name, time.process_time() - start, CHECKS.infected, outcome


def notice(task: tuple[int, list[tuple[str, float, object]]]) -> tuple[int, bool]:
    """Return the number of a mutant, and whether a vector notices it.

    It runs in a process of its own: without its check, a mutant may read memory that is not there.
    """
    child = os.fork()
    if not child:
        CHECKS.active, CHECKS.infected = task[0], None
        try:
            outcomes = ((limited_outcome(FILES[name], SECONDS + 3 * t), expected) for name, t, expected in task[1])
            noticed = any(outcome != expected for outcome, expected in outcomes)
        except BaseException:
            noticed = True
        os._exit(int(noticed))
    return task[0], os.waitpid(child, 0)[1] != 0


def limited_outcome(data: bytes, seconds: float) -> object:
    """Return the outcome, or the exception that ended it: other errors, too much memory or processor time."""
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
        try:
            return CHECKS.outcome(data)
        except Exception as error:
            return error
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except TimeoutError as error:  # the signal came on the way out
        return error


def unnoticed(jobs: int) -> tuple[list[Mutant], int]:
    """Return the mutants that no vector notices, and the number of all mutants."""
    mutants = Checks().mutants
    with ProcessPoolExecutor(jobs, initializer=start) as pool:  # which notices when a process dies
        runs = [run for run in pool.map(record, vectors()) if run[3] is not None]
        runs.sort(key=lambda run: run[1])
        tasks = [
            (n, [(v, t, outcome) for v, t, infected, outcome in runs if n in infected]) for n in range(len(mutants))
        ]
        noticed = dict(pool.map(notice, tasks))
    return [mutant for n, mutant in enumerate(mutants) if not noticed[n]], len(mutants)


def main() -> int:
    """Compare the mutants that no vector notices with the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    found, total = unnoticed(parser.parse_args().jobs)
    table = tomllib.loads((SPEC / "unnoticed_mutants.toml").read_text(encoding="utf-8")).get("mutant", [])
    explained = {Mutant(row["function"], row["check"], row["mutant"]) for row in table if row["reason"]}
    for mutant in found:
        if mutant not in explained:
            print(f"no vector notices, in {mutant.function}:\n    {mutant.check}\n    as {mutant.mutant}")
    for mutant in explained - set(found):
        print(f"explained, but noticed or gone, in {mutant.function}:\n    {mutant.check}\n    as {mutant.mutant}")
    print(f"{total} mutants, {len(found)} that no vector notices, {len(set(found) - explained)} of them not explained")
    return int(set(found) != explained)


if __name__ == "__main__":
    sys.exit(main())
