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
from . import known_globals
from .objects import Global, Mapping, Placeholder, StorageRef, TensorRef

MAX_PICKLE_BYTES = 1 << 28
_BUDGET = 1 << 24
"""opcodes; one that makes a container counts as several, so that memory stays below about a gigabyte"""
_CONTAINER_COST = 4
_MAX_DIGITS = 400
"""of a number written as text: reading decimal digits takes quadratic time"""


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
    machine = _Machine(memoryview(data).cast("B")[: start + MAX_PICKLE_BYTES], start)
    try:
        return Unpickled(machine.run(), machine.at, machine.storages)
    except KeyError:
        what = "it refers to a value that it never had"
    except IndexError:
        what = "an instruction takes more values than there are"
    except (ValueError, TypeError, OverflowError) as error:
        what = str(error)
    raise CorruptError(Code.BAD_MODEL, f"The pickle inside the model file is damaged: {what}.", offset=machine.at)


class _Machine:
    """State of one pickle: a stack, the stacks below open marks, and the memo."""

    def __init__(self, data: memoryview, start: int) -> None:
        self.data = data
        self.at = start
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.storages: dict[str, StorageRef] = {}

    def run(self) -> object:
        budget = _BUDGET
        while True:
            opcode = self.byte()
            if opcode == _STOP:
                return self.stack.pop()
            budget -= _CONTAINER_COST if opcode in _CONTAINERS else 1
            if budget < 0:
                raise ValueError(f"it has more than {_BUDGET:,} instructions")
            action = _ACTIONS.get(opcode)
            if action is None:
                raise ValueError(f"instruction 0x{opcode:02x} is unknown or not allowed in a model")
            action(self)

    # operands

    def take(self, count: int) -> bytes:
        end = self.at + count
        if end > len(self.data):
            raise ValueError("it ends too early")
        part = bytes(self.data[self.at : end])
        self.at = end
        return part

    def byte(self) -> int:
        if self.at >= len(self.data):
            raise ValueError("it ends too early")
        self.at += 1
        return self.data[self.at - 1]

    def number(self, layout: str) -> int:
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def line(self, limit: int = 1 << 16) -> bytes:
        size = 64
        while size < 4 * limit:
            window = bytes(self.data[self.at : self.at + min(size, limit)])
            end = window.find(b"\n")
            if end >= 0:
                self.at += end + 1
                return window[:end]
            size *= 4
        raise ValueError("a line of text does not end")

    # stack

    def push(self, value: object) -> None:
        self.stack.append(value)

    def mark(self) -> None:
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[object]:
        items = self.stack
        self.stack = self.below.pop()
        return items

    def discard(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def top(self, count: int) -> tuple[object, ...]:
        if len(self.stack) < count:
            raise IndexError
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        return items

    # values

    def integer_text(self) -> None:
        text = self.line(_MAX_DIGITS).rstrip(b"L")
        self.push({b"00": False, b"01": True}[text] if text in (b"00", b"01") else int(text))

    def quoted_text(self) -> None:
        text = self.line()
        if len(text) < 2 or text[:1] not in (b'"', b"'") or text[:1] != text[-1:]:
            raise ValueError("a text is not quoted")
        self.push(text[1:-1].decode("utf-8", "backslashreplace"))

    def text(self, layout: str) -> None:
        self.push(self.take(self.number(layout)).decode("utf-8", "surrogatepass"))

    def old_text(self, layout: str) -> None:
        self.push(self.take(self.number(layout)).decode("utf-8", "backslashreplace"))

    def long(self, layout: str) -> None:
        self.push(int.from_bytes(self.take(self.number(layout)), "little", signed=True))

    # memo

    def remember(self, index: int) -> None:
        if not 0 <= index < 1 << 32:
            raise ValueError("a memo index is out of range")
        self.memo[index] = self.stack[-1]

    # names and calls

    def name_from_stack(self) -> None:
        module, name = self.top(2)
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a global name is not text")
        self.push(Global(module, name))

    def call(self) -> None:
        maker, arguments = self.top(2)
        self.push(known_globals.call(maker, arguments))

    def call_with_keywords(self) -> None:
        maker, arguments, keywords = self.top(3)
        self.push(Placeholder(maker, (arguments, keywords)))

    def call_marked(self) -> None:
        maker, *arguments = self.since_mark()
        self.push(known_globals.call(maker, tuple(arguments)))

    def call_named(self) -> None:
        maker = self.global_line()
        self.push(known_globals.call(maker, tuple(self.since_mark())))

    def global_line(self) -> Global:
        return Global(self.line().decode(), self.line().decode())

    def persistent(self, identity: object) -> None:
        match identity:
            case ("module", Global() as found_class, *_):  # legacy files give a class together with its source text
                return self.push(found_class)
        found = known_globals.storage(identity)
        known = self.storages.setdefault(found.key, found)
        if (known.kind, known.count) != (found.kind, found.count):
            raise ValueError("a storage is described twice, differently")
        self.push(known)

    # containers

    def append(self, items: list[object]) -> None:
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Placeholder):
            target.elements.extend(items)
        else:
            raise ValueError("elements are appended to something that is not a list")

    def set_items(self, items: list[object]) -> None:
        target = self.stack[-1]
        if not isinstance(target, Mapping | Placeholder) or len(items) % 2:
            raise ValueError("entries are put into something that is not a dictionary")
        target.pairs.extend(zip(items[::2], items[1::2], strict=True))

    def set_state(self) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Placeholder):
            target.states.append(state)
        elif not isinstance(target, Mapping | Global | TensorRef | list):
            raise ValueError("a state is given to something that has none")


_STOP = ord(".")
_CONTAINERS = frozenset(b"]}(l)tdR\x81\x92\x85\x86\x87\x8f\x91boicQP")
_ACTIONS: dict[int, Callable[[_Machine], object]] = {
    ord("\x80"): lambda m: m.byte(),  # protocol
    ord("\x95"): lambda m: m.number("<Q"),  # frame: a hint to readers of pipes
    ord("("): _Machine.mark,
    ord("0"): _Machine.discard,
    ord("1"): _Machine.since_mark,
    ord("2"): lambda m: m.push(m.stack[-1]),
    ord("N"): lambda m: m.push(None),
    ord("\x88"): lambda m: m.push(True),
    ord("\x89"): lambda m: m.push(False),
    ord("I"): _Machine.integer_text,
    ord("L"): _Machine.integer_text,
    ord("F"): lambda m: m.push(float(m.line(_MAX_DIGITS))),
    ord("G"): lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    ord("J"): lambda m: m.push(m.number("<i")),
    ord("K"): lambda m: m.push(m.byte()),
    ord("M"): lambda m: m.push(m.number("<H")),
    ord("\x8a"): lambda m: m.long("<B"),
    ord("\x8b"): lambda m: m.long("<I"),
    ord("S"): _Machine.quoted_text,
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
    ord("d"): lambda m: _dictionary(m),
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
    ord("b"): _Machine.set_state,
    ord("p"): lambda m: m.remember(int(m.line(_MAX_DIGITS))),
    ord("q"): lambda m: m.remember(m.byte()),
    ord("r"): lambda m: m.remember(m.number("<I")),
    ord("\x94"): lambda m: m.remember(len(m.memo)),
    ord("g"): lambda m: m.push(m.memo[int(m.line(_MAX_DIGITS))]),
    ord("h"): lambda m: m.push(m.memo[m.byte()]),
    ord("j"): lambda m: m.push(m.memo[m.number("<I")]),
    ord("c"): lambda m: m.push(m.global_line()),
    ord("\x93"): _Machine.name_from_stack,
    ord("R"): _Machine.call,
    ord("\x81"): _Machine.call,
    ord("\x92"): _Machine.call_with_keywords,
    ord("o"): _Machine.call_marked,
    ord("i"): _Machine.call_named,
    ord("P"): lambda m: m.persistent(m.line().decode()),
    ord("Q"): lambda m: m.persistent(m.stack.pop()),
}
"""instruction -> what it does; the numbers are those of Python's pickle protocols 0 to 5"""


def _dictionary(machine: _Machine) -> None:
    items = machine.since_mark()
    machine.push(Mapping([]))
    machine.set_items(items)
