"""An open .frc file as a dictionary of arrays."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from types import TracebackType
from typing import Self

from ..constants import Code
from ..container.reader import Reader
from ..container.records import LevelsRecord, LosslessRecord, Record, ViewRecord, byte_size
from ..container.widths import Widths
from ..errors import UsageError
from ..notebook import html_table
from ..tensors import Array, Buffer, widen
from ..units import format_size
from ..work import Progress
from .decode import Decoder
from .width import Width, at_width


class FrcFile(Mapping[str, Array]):
    """An open .frc file: a mapping from tensor names to arrays, which are decoded when they are asked for.

    `file["conv1.weight"]` reads and decodes that tensor alone (small tensors that share a stream are decoded together)
    and compares it with its checksum. All arrays are read-only; `load` returns writable ones. bfloat16 becomes float32
    of the same values; float8 and complex32 become unsigned integers of their bits.
    At another width all tensors are decoded when the first is asked for.

    A context manager. Several threads may use one file. Once it is closed, names and records remain; everything else
    raises UsageError (closed_file). Closing does not interrupt other threads: a tensor that they are decoding is still
    returned. Arrays stay valid.
    """

    def __init__(
        self, reader: Reader, width: Width | None = None, *, allow_unvalidated: bool = False, threads: int = 1
    ) -> None:
        self._reader = reader
        self._decoder = Decoder(reader, at_width(reader, width, allow_unvalidated=allow_unvalidated), threads=threads)
        self._records = self._decoder.index.records
        self._positions = {record.name: position for position, record in enumerate(self._records) if record.name}
        self._closed = False

    def __getitem__(self, name: str) -> Array:
        position = self._positions[name]
        self._check_open()
        return _read_only(widen(self._decoder.entry(position), self._records[position].dtype))

    def __contains__(self, name: object) -> bool:
        return name in self._positions

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def __len__(self) -> int:
        return len(self._positions)

    def arrays(self) -> Iterator[Array]:
        """All arrays in the order of the names; other threads decode the next ones meanwhile."""
        return map(_read_only, self._all())

    def load(self) -> dict[str, Array]:
        """All tensors by name, as writable arrays that share no memory."""
        arrays = zip(self, self._all(), strict=True)
        return {name: array if array.flags.writeable else array.copy() for name, array in arrays}

    def stored(self, name: str) -> Array:
        """A tensor in the type that carries its bytes, read-only: bfloat16 as uint16, all others as `file[name]`."""
        position = self._positions[name]
        self._check_open()
        return _read_only(self._decoder.entry(position))

    def record(self, name: str) -> Record:
        """Shape, dtype and coding of a tensor, without decoding it. KeyError for an unknown name."""
        return self._records[self._positions[name]]

    def rebuild(self, write: Callable[[Buffer], object], progress: Progress | None = None) -> None:
        """Write the model file that the file was encoded from, piece by piece.

        Raises CorruptError; UsageError (bad_option) where the file holds only tensors, and at another width.
        """
        self._check_open()
        self._decoder.rebuild(write, progress)

    def checksum(self) -> int:
        """CRC-32 of the bytes of all stored tensors, in the order of the index."""
        self._check_open()
        return self._decoder.checksum()

    @property
    def kind(self) -> str | None:
        """Kind of the model file that `rebuild` writes; None where the file holds only tensors."""
        self._check_open()
        recipe = self._reader.recipe
        return recipe.kind if recipe else None

    @property
    def widths(self) -> Widths | None:
        """Channel axes, and the widths that the file was validated at; None where the file has full width only."""
        self._check_open()
        return self._reader.widths

    @property
    def metadata(self) -> dict[str, str]:
        """The text stored with the model, by key."""
        self._check_open()
        return self._reader.metadata

    def close(self) -> None:
        """Release the file, without waiting for other threads. A second call does nothing."""
        self._closed = True
        self._reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<FrcFile: {self._summary()}>"

    def _repr_html_(self) -> str:
        columns = ("name", "dtype", "shape", "coding")
        rows = [
            (record.name, str(record.dtype), " × ".join(map(str, record.shape)) or "scalar", _coding(record))
            for record in map(self.record, self)
        ]
        return html_table(f"FrcFile: {self._summary()}", columns, rows)

    def _summary(self) -> str:
        decoded = sum(byte_size(record) for record in self._records if not isinstance(record, ViewRecord))
        tensors = f"{len(self):,} tensor{'' if len(self) == 1 else 's'} of {format_size(decoded)}"
        return f"{tensors} in {format_size(self._reader.size)}{', closed' if self._closed else ''}"

    def _all(self) -> Generator[Array]:
        self._check_open()
        positions = list(self._positions.values())
        for position, array in zip(positions, self._decoder.entries(positions), strict=True):
            yield widen(array, self._records[position].dtype)

    def _check_open(self) -> None:
        if self._closed:
            raise UsageError(Code.CLOSED_FILE, "The file is closed: open it again to read from it.")


def _read_only(array: Array) -> Array:
    array.flags.writeable = False
    return array


def _coding(record: Record) -> str:
    if isinstance(record, LevelsRecord):
        return "levels"
    return "lossless" if isinstance(record, LosslessRecord) else "view"
