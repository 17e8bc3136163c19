"""An open .frc file as a dictionary of arrays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Self

from ..container.reader import Reader
from ..container.records import Record
from ..container.widths import Widths
from ..tensors import Array, widen
from .decode import Decoder
from .width import Width, at_width


class FrcFile(Mapping[str, Array]):
    """An open .frc file as a read-only dictionary of arrays, decoded when they are asked for.

    `file["conv1.weight"]` reads and decodes that tensor alone (small tensors that share a stream come together) and
    verifies its digest. Views and tensors that share a stream come read-only. bfloat16 comes as float32 of the same
    value, float8 and complex32 as unsigned integers.
    At another width all tensors are decoded when the first is asked for, and come read-only.
    A context manager; safe to use from several threads.
    """

    def __init__(self, reader: Reader, width: Width | None = None, *, force: bool = False) -> None:
        self.reader = reader
        self.decoder = Decoder(reader, at_width(reader, width, force=force))
        self._records = self.decoder.index.records
        self._positions = {r.name: p for p, r in enumerate(self._records) if r.name}

    def __getitem__(self, name: str) -> Array:
        position = self._positions[name]
        return widen(self.decoder.entry(position), self._records[position].dtype)

    def __iter__(self) -> Iterator[str]:
        return iter(self._positions)

    def arrays(self) -> Iterator[Array]:
        """All values in order; on several processors the next ones are decoded ahead."""
        positions = list(self._positions.values())
        for position, array in zip(positions, self.decoder.entries(positions), strict=True):
            yield widen(array, self._records[position].dtype)

    def __len__(self) -> int:
        return len(self._positions)

    def record(self, name: str) -> Record:
        """Shape, dtype and coding of a tensor, without decoding it. KeyError for an unknown name."""
        return self._records[self._positions[name]]

    @property
    def widths(self) -> Widths | None:
        """Which axes are channels, and the widths that the file was validated at; None where it has full width only."""
        return self.reader.widths

    @property
    def metadata(self) -> dict[str, str]:
        """The free text that the file carries."""
        return self.reader.metadata

    def close(self) -> None:
        """Release the file; arrays already decoded stay valid."""
        self.reader.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
