"""PyTorch's zip files: state dictionaries, checkpoints, pickled modules, TorchScript and lite interpreter models."""

from __future__ import annotations

from collections.abc import Iterator
from zlib import crc32

from ...constants import Code
from ...container.skeleton import Hole, Patch
from ...errors import CorruptError, UnsupportedError
from ...stages.spectral import DctTensor
from ...tensors import Buffer
from ..model import Model, cut
from ..zip.image import Archive, Member, parse
from ..zip.normalize import normalize as stored_only
from .objects import StorageRef
from .sparse import MARK, sparse_tensors
from .storages import Payload, assemble
from .unpickle import MAX_PICKLE_BYTES, unpickle
from .walk import NamedTensor, Names, named_tensors

_OTHER_ZIPS = (
    (".npy", "a NumPy .npz archive", "Save the arrays as .safetensors or .pt instead."),
    ("config.json", "a Keras archive", "Only PyTorch and safetensors files are supported."),
    ("archive_format", "an exported program (.pt2)", "Save the state_dict() of the module instead."),
    ("model.json", "a TorchScript file of PyTorch 1.2 or older", "Load it in PyTorch 1.x and save it again."),
    (".data/extern_modules", "a torch.package archive", "Save the state_dict() of the module instead."),
)
"""(end of the name of a member, format, advice)"""


def read_torch_zip(image: memoryview, *, normalize: bool, max_bytes: int) -> Model:
    """Read a zip file of torch.save, torch.jit.save or _save_for_lite_interpreter.

    With `normalize`, deflated members (TorchScript code) are stored in the rebuilt file; otherwise it is the same byte
    for byte, and tensors in deflated members are listed but fill no hole. Tensors of `constants.pkl` are named below
    "constants"; those of `bytecode.pkl` are listed (below "bytecode") only if no other tensor uses their storage.
    Example inputs of traced modules stay in the skeleton.

    Raises CorruptError (bad_model) for a damaged file, UnsupportedError (unsupported_model, too_large) for
    big-endian files, other kinds of zip archives and files beyond `max_bytes`.
    """
    pieces: list[Buffer] = [image]
    archive = parse(image)
    if normalize:
        pieces, archive = stored_only(image, archive, max_bytes)
    files = _TorchFiles(archive, max_bytes)
    files.check_byte_order()
    entries, holes, lossless = assemble(files.tensors(), files.locate, max_bytes)
    patches = _patches(files.used(), holes)
    return Model(files.kind(), entries, cut(pieces, holes, patches), lossless)


def read_sparse_zip(image: memoryview, *, max_bytes: int) -> Model | None:
    """Read the DCT coefficients of a file of sparse tensors; see `sparse_tensors`.

    None if the file has no sparse tensor.
    """
    files = _TorchFiles(parse(image), max_bytes)
    files.check_byte_order()
    tensors = files.sparse_tensors()
    return None if tensors is None else Model(files.kind(), tensors, None, frozenset())


class _TorchFiles:
    """The members of an archive by their names in the archive's root folder."""

    def __init__(self, archive: Archive, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._members = {member.name: member for member in archive.members}
        self._root = _root(archive)
        self._folders: dict[int, tuple[str, ...]] = {}
        self._payloads: dict[str, Payload] = {}
        self._inflated = 0
        self._alive: list[object] = []

    def member(self, name: str) -> Member | None:
        return self._members.get(f"{self._root}/{name}")

    def kind(self) -> str:
        if self.member("bytecode.pkl"):
            return "lite interpreter"
        return "TorchScript" if self.member("constants.pkl") else "PyTorch zip"

    def check_byte_order(self) -> None:
        """Raise UnsupportedError for big-endian payloads."""
        member = self.member("byteorder")
        order = bytes(member.read(64)) if member else b"little"
        if order == b"big":
            raise UnsupportedError(
                Code.UNSUPPORTED_MODEL,
                "The model file was written on a big-endian machine. Load it with torch.load and save it again on a "
                "little-endian one.",
            )
        if order != b"little":
            raise CorruptError(Code.BAD_MODEL, f"The model file has an unknown byte order, {order[:16]!r}.")

    def tensors(self) -> Iterator[NamedTensor]:
        """All tensors of the pickles, in the order data, constants, bytecode."""
        names = Names()
        listed: set[str | None] = set()
        for stem, prefix in (("data", ""), ("constants", "constants")):
            for named in self._pickle(stem, (stem,), prefix, names):
                listed.add(self._locate_name(named.tensor.storage))
                yield named
        for named in self._pickle("bytecode", ("constants", "bytecode", "data"), "bytecode", names):
            if self._locate_name(named.tensor.storage) not in listed:
                yield named

    def sparse_tensors(self) -> list[DctTensor] | None:
        """The DCT tensors of a sparse state dictionary; None if it has no sparse tensor."""
        member = self.member("data.pkl")
        data = bytes(member.read(min(MAX_PICKLE_BYTES, self._max_bytes))) if member else b""
        if MARK not in data or self.kind() != "PyTorch zip":
            return None
        return sparse_tensors(unpickle(data).root, self.locate, self._max_bytes)

    def locate(self, storage: StorageRef) -> Payload | None:
        """The payload of a storage; the same object for the same member."""
        name = self._locate_name(storage)
        if name is None:
            raise CorruptError(
                Code.BAD_MODEL, f"The model file is damaged: the storage {storage.key[:100]!r} of a tensor is missing."
            )
        if name not in self._payloads:
            member = self._members[name]
            if member.compressed:
                self._payloads[name] = Payload(member.read(self._max_bytes - self._inflated), None)
                self._inflated += member.size
            else:
                self._payloads[name] = Payload(member.packed, member.payload)
        return self._payloads[name]

    def used(self) -> dict[int, Member]:
        """The members that hold payloads, by the offset of their bytes."""
        return {self._members[name].payload: self._members[name] for name in self._payloads}

    def _pickle(self, stem: str, folders: tuple[str, ...], prefix: str, names: Names) -> Iterator[NamedTensor]:
        member = self.member(f"{stem}.pkl")
        if member is None:
            return
        root = unpickle(member.read(min(MAX_PICKLE_BYTES, self._max_bytes))).root
        self._alive.append(root)
        for named in named_tensors(root, names, prefix):
            self._folders[id(named.tensor.storage)] = folders
            yield named

    def _locate_name(self, storage: StorageRef) -> str | None:
        """The name of the member that holds a storage; its folder depends on the pickle."""
        folders = self._folders.get(id(storage), ("data",))
        candidates = [f"{self._root}/{folder}/{storage.key}" for folder in folders] + [f"{self._root}/{storage.key}"]
        return next((name for name in candidates if name in self._members), None)


def _root(archive: Archive) -> str:
    """The root folder of the archive. Raises UnsupportedError, which names the formats of other known archives."""
    for member in archive.members:
        folder, _, rest = member.name.partition("/")
        if rest == "data.pkl":
            return folder
    names = [member.name for member in archive.members]
    for ending, what, advice in _OTHER_ZIPS:
        if any(name == ending or name.endswith(ending if ending[0] == "." else "/" + ending) for name in names):
            raise UnsupportedError(Code.UNSUPPORTED_MODEL, f"This is {what}, not a PyTorch model file. {advice}")
    raise UnsupportedError(
        Code.UNSUPPORTED_MODEL,
        f"This is a zip archive of {len(names):,} members without data.pkl, so not a PyTorch model file.",
    )


def _patches(members: dict[int, Member], holes: list[Hole]) -> list[Patch]:
    """The CRC-32 fields to update with their tensors; a wrong or missing CRC-32 is kept as it is."""
    patches = []
    for number, hole in enumerate(holes):
        member = members[hole.offset]
        if crc32(member.packed) == member.crc:
            patches += [Patch(offset, number) for offset in member.crc_fields]
    return sorted(patches, key=lambda patch: patch.offset)
