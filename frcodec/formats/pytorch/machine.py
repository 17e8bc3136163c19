"""The pickle machine: its state, and the operations of its instructions.

An invalid instruction raises ValueError or TypeError with the reason, IndexError if the stack has too few values, or
KeyError for an unknown memo index.
"""

from __future__ import annotations

import struct

from . import known_globals
from .objects import Global, Mapping, Placeholder, StorageRef, TensorRef

MAX_DIGITS = 400
"""of a number written as text, because parsing decimal digits takes quadratic time"""


class Machine:
    """The state of unpickling: the stack, the stacks below open marks, and the memo."""

    def __init__(self, data: memoryview, start: int) -> None:
        self.data = data
        self.at = start
        self.stack: list[object] = []
        self.below: list[list[object]] = []
        self.memo: dict[int, object] = {}
        self.storages: dict[str, StorageRef] = {}

    # operands

    def take(self, count: int) -> bytes:
        """The next `count` bytes of the pickle."""
        end = self.at + count
        if end > len(self.data):
            raise ValueError("it ends too early")
        part = bytes(self.data[self.at : end])
        self.at = end
        return part

    def byte(self) -> int:
        """The next byte."""
        if self.at >= len(self.data):
            raise ValueError("it ends too early")
        self.at += 1
        return self.data[self.at - 1]

    def number(self, layout: str) -> int:
        """The next number, in a layout of `struct`."""
        value: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return value

    def line(self, limit: int = 1 << 16) -> bytes:
        """The next line of text, without its end."""
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
        """Push a value."""
        self.stack.append(value)

    def mark(self) -> None:
        """Push a mark."""
        self.below.append(self.stack)
        self.stack = []

    def since_mark(self) -> list[object]:
        """Pop everything above the topmost mark, and the mark."""
        items = self.stack
        self.stack = self.below.pop()
        return items

    def discard(self) -> None:
        """Pop a value or a mark."""
        if self.stack:
            self.stack.pop()
        else:
            self.since_mark()

    def top(self, count: int) -> tuple[object, ...]:
        """Pop `count` values."""
        if len(self.stack) < count:
            raise IndexError
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        return items

    # values

    def integer_text(self) -> None:
        """Push an integer or a bool written in decimal."""
        text = self.line(MAX_DIGITS).rstrip(b"L")
        self.push({b"00": False, b"01": True}[text] if text in (b"00", b"01") else int(text))

    def quoted_text(self) -> None:
        """Push a string literal of protocol 0."""
        text = self.line()
        if len(text) < 2 or text[:1] not in (b'"', b"'") or text[:1] != text[-1:]:
            raise ValueError("a text is not quoted")
        self.push(text[1:-1].decode("utf-8", "backslashreplace"))

    def text(self, layout: str) -> None:
        """Push a string in UTF-8 after its length."""
        self.push(self.take(self.number(layout)).decode("utf-8", "surrogatepass"))

    def old_text(self, layout: str) -> None:
        """Push a byte string of Python 2 as text."""
        self.push(self.take(self.number(layout)).decode("utf-8", "backslashreplace"))

    def long(self, layout: str) -> None:
        """Push a little-endian integer of any length."""
        self.push(int.from_bytes(self.take(self.number(layout)), "little", signed=True))

    # memo

    def remember(self, index: int) -> None:
        """Store the topmost value in the memo."""
        if not 0 <= index < 1 << 32:
            raise ValueError("a memo index is out of range")
        self.memo[index] = self.stack[-1]

    # names and calls

    def name_from_stack(self) -> None:
        """Replace module and name by the global of that name."""
        module, name = self.top(2)
        if not isinstance(module, str) or not isinstance(name, str):
            raise ValueError("a global name is not text")
        self.push(Global(module, name))

    def call(self) -> None:
        """Replace a callable and its arguments by the result."""
        function, arguments = self.top(2)
        self.push(known_globals.call(function, arguments))

    def call_with_keywords(self) -> None:
        """Replace a callable, its arguments and keyword arguments by a placeholder."""
        function, arguments, keywords = self.top(3)
        self.push(Placeholder(function, (arguments, keywords)))

    def call_marked(self) -> None:
        """Call the first value above the mark with the others as arguments."""
        function, *arguments = self.since_mark()
        self.push(known_globals.call(function, tuple(arguments)))

    def call_named(self) -> None:
        """Call a global, named in two lines, with the values above the mark."""
        function = self.global_line()
        self.push(known_globals.call(function, tuple(self.since_mark())))

    def global_line(self) -> Global:
        """The global named in the next two lines."""
        return Global(self.line().decode(), self.line().decode())

    def persistent(self, identity: object) -> None:
        """Push the storage, or the class of a module, that a persistent id means."""
        match identity:
            case ("module", Global() as module_class, *_):  # legacy files give a class together with its source text
                return self.push(module_class)
        storage = known_globals.storage(identity)
        first = self.storages.setdefault(storage.key, storage)
        if (first.kind, first.count) != (storage.kind, storage.count):
            raise ValueError("a storage is described twice, differently")
        self.push(first)

    # containers

    def append(self, items: list[object]) -> None:
        """Append items to the list on top of the stack."""
        target = self.stack[-1]
        if isinstance(target, list):
            target.extend(items)
        elif isinstance(target, Placeholder):
            target.elements.extend(items)
        else:
            raise ValueError("items are appended to an object that is not a list")

    def set_items(self, items: list[object]) -> None:
        """Put keys and values, alternating, into the dictionary on top of the stack."""
        target = self.stack[-1]
        if not isinstance(target, Mapping | Placeholder) or len(items) % 2:
            raise ValueError("items are set in an object that is not a dictionary")
        target.pairs.extend(zip(items[::2], items[1::2], strict=True))

    def dictionary(self) -> None:
        """Push a dictionary of the keys and values above the mark."""
        items = self.since_mark()
        self.push(Mapping([]))
        self.set_items(items)

    def set_state(self) -> None:
        """Pop a state and record it for the object below, as `__setstate__` would get it."""
        state = self.stack.pop()
        target = self.stack[-1]
        if isinstance(target, Placeholder):
            target.states.append(state)
        elif not isinstance(target, Mapping | Global | TensorRef | list):
            raise ValueError("a state is set on an object that has none")
