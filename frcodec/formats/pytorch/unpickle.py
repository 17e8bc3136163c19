"""Unpickles without importing, calling or comparing anything: the result is containers and inert records.

Python's own unpickler is not used because a few bytes of a file can make its memo and its buffers huge.
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
"""instructions; those that make a container count more, so that memory stays below about a gigabyte"""
_CONTAINER_COST = 4


@dataclass(frozen=True, slots=True, eq=False)
class Unpickled:
    """The object of a pickle."""

    root: object
    end: int
    """end of the pickle"""
    storages: dict[str, StorageRef]
    """all storages that it refers to, by key"""


def unpickle(data: Buffer, start: int = 0) -> Unpickled:
    """Read the pickle at `start`.

    Containers are lists, tuples and `Mapping`; other objects are records of `objects`. The result may contain itself.

    Raises CorruptError (bad_model) for malformed pickles and for those that would exhaust memory or time.
    """
    machine = Machine(memoryview(data).cast("B")[: start + MAX_PICKLE_BYTES], start)
    try:
        return Unpickled(_run(machine), machine.at, machine.storages)
    except KeyError:
        what = "it refers to an unknown memo entry"
    except IndexError:
        what = "an instruction takes more values than there are"
    except (ValueError, TypeError, OverflowError) as error:
        what = str(error)
    raise CorruptError(Code.BAD_MODEL, f"The pickle inside the model file is damaged: {what}.", offset=machine.at)


def _run(machine: Machine) -> object:
    """Execute a pickle and return its object, the top of the stack at the end."""
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
    ord("\x95"): lambda m: m.number("<Q"),  # frame: a hint for buffering
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
"""opcode of Python's pickle protocols 0 to 5 -> action"""
