"""A pickle machine that cannot import, call or compare anything: it only records.

Python's own unpickler is not used because its memo and its buffers grow with numbers found in the file.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

from ...constants import Code
from ...errors import CorruptError
from ...tensors import Buffer
from .machine import MAX_DIGITS, Machine
from .objects import Mapping, StorageRef

MAX_PICKLE_BYTES = 1 << 28
_BUDGET = 1 << 24
"""opcodes; one that makes a container counts as several, so that memory stays below about a gigabyte"""
_CONTAINER_COST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Unpickled:
    """What a pickle describes."""

    root: object
    end: int
    """position behind it"""
    storages: dict[str, StorageRef]
    """by their key, all that are mentioned"""


def unpickle(data: Buffer, start: int = 0) -> Unpickled:
    """The pickle at `start`.

    Containers are lists, tuples and `Mapping`; everything else that is not a plain value is a record of
    `objects`. The result may contain itself.

    Raises CorruptError (bad_model) for anything that is not a pickle, or one made to exhaust memory or time.
    """
    machine = Machine(memoryview(data).cast("B")[: start + MAX_PICKLE_BYTES], start)
    try:
        return Unpickled(_run(machine), machine.at, machine.storages)
    except KeyError:
        what = "it refers to a value that it never had"
    except IndexError:
        what = "an instruction takes more values than there are"
    except (ValueError, TypeError, OverflowError) as error:
        what = str(error)
    raise CorruptError(Code.BAD_MODEL, f"The pickle inside the model file is damaged: {what}.", offset=machine.at)


def _run(machine: Machine) -> object:
    """Carry out instructions up to the end of the pickle; what is left on top of the stack is its value."""
    budget = _BUDGET
    while True:
        opcode = machine.byte()
        if opcode == _STOP:
            return machine.stack.pop()
        budget -= _CONTAINER_COST if opcode in _CONTAINERS else 1
        if budget < 0:
            raise ValueError(f"it has more than {_BUDGET:,} instructions")
        action = _ACTIONS.get(opcode)
        if action is None:
            raise ValueError(f"instruction 0x{opcode:02x} is unknown or not allowed in a model")
        action(machine)


_STOP = ord(".")
_CONTAINERS = frozenset(b"]}(l)tdR\x81\x92\x85\x86\x87\x8f\x91boicQP")
_ACTIONS: dict[int, Callable[[Machine], object]] = {
    ord("\x80"): lambda m: m.byte(),  # protocol
    ord("\x95"): lambda m: m.number("<Q"),  # frame: a hint to readers of pipes
    ord("("): Machine.mark,
    ord("0"): Machine.discard,
    ord("1"): Machine.since_mark,
    ord("2"): lambda m: m.push(m.stack[-1]),
    ord("N"): lambda m: m.push(None),
    ord("\x88"): lambda m: m.push(True),
    ord("\x89"): lambda m: m.push(False),
    ord("I"): Machine.integer_text,
    ord("L"): Machine.integer_text,
    ord("F"): lambda m: m.push(float(m.line(MAX_DIGITS))),
    ord("G"): lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    ord("J"): lambda m: m.push(m.number("<i")),
    ord("K"): lambda m: m.push(m.byte()),
    ord("M"): lambda m: m.push(m.number("<H")),
    ord("\x8a"): lambda m: m.long("<B"),
    ord("\x8b"): lambda m: m.long("<I"),
    ord("S"): Machine.quoted_text,
    ord("T"): lambda m: m.old_text("<I"),
    ord("U"): lambda m: m.old_text("<B"),
    ord("V"): lambda m: m.push(m.line().decode("raw-unicode-escape")),
    ord("X"): lambda m: m.text("<I"),
    ord("\x8c"): lambda m: m.text("<B"),
    ord("\x8d"): lambda m: m.text("<Q"),
    ord("B"): lambda m: m.push(m.take(m.number("<I"))),
    ord("C"): lambda m: m.push(m.take(m.number("<B"))),
    ord("\x8e"): lambda m: m.push(m.take(m.number("<Q"))),
    ord("\x96"): lambda m: m.push(m.take(m.number("<Q"))),
    ord("]"): lambda m: m.push([]),
    ord("}"): lambda m: m.push(Mapping([])),
    ord("\x8f"): lambda m: m.push([]),  # a set: only its elements matter
    ord("l"): lambda m: m.push(m.since_mark()),
    ord("\x91"): lambda m: m.push(m.since_mark()),
    ord("d"): Machine.dictionary,
    ord(")"): lambda m: m.push(()),
    ord("\x85"): lambda m: m.push(m.top(1)),
    ord("\x86"): lambda m: m.push(m.top(2)),
    ord("\x87"): lambda m: m.push(m.top(3)),
    ord("t"): lambda m: m.push(tuple(m.since_mark())),
    ord("a"): lambda m: m.append(list(m.top(1))),
    ord("e"): lambda m: m.append(m.since_mark()),
    ord("\x90"): lambda m: m.append(m.since_mark()),
    ord("s"): lambda m: m.set_items(list(m.top(2))),
    ord("u"): lambda m: m.set_items(m.since_mark()),
    ord("b"): Machine.set_state,
    ord("p"): lambda m: m.remember(int(m.line(MAX_DIGITS))),
    ord("q"): lambda m: m.remember(m.byte()),
    ord("r"): lambda m: m.remember(m.number("<I")),
    ord("\x94"): lambda m: m.remember(len(m.memo)),
    ord("g"): lambda m: m.push(m.memo[int(m.line(MAX_DIGITS))]),
    ord("h"): lambda m: m.push(m.memo[m.byte()]),
    ord("j"): lambda m: m.push(m.memo[m.number("<I")]),
    ord("c"): lambda m: m.push(m.global_line()),
    ord("\x93"): Machine.name_from_stack,
    ord("R"): Machine.call,
    ord("\x81"): Machine.call,
    ord("\x92"): Machine.call_with_keywords,
    ord("o"): Machine.call_marked,
    ord("i"): Machine.call_named,
    ord("P"): lambda m: m.persistent(m.line().decode()),
    ord("Q"): lambda m: m.persistent(m.stack.pop()),
}
"""instruction -> what it does; the numbers are those of Python's pickle protocols 0 to 5"""
