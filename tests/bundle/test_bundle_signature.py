"""What a model file says of its inputs and outputs."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from frcodec import Options
from frcodec.api import encode_file
from frcodec.bundle import executorch, torchscript
from frcodec.bundle.model import signature_of
from frcodec.bundle.signature import Signature, Value
from frcodec.container.reader import Reader
from frcodec.errors import CorruptError, FrcError

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, image: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        return self.conv(image), ids * 2


class Typed(Net):
    def forward(
        self, image: Tensor, more: dict[str, list[Tensor]], scale: float = 1.5, name: str = "a):\n'b\""
    ) -> dict[str, Tensor]:
        return {name: self.conv(image) * scale + more["x"][0]}


IMAGE, IDS = Value("image", "Tensor", "float32", (1, 3, 8, 9)), Value("ids", "Tensor", "int64", (2,))
RESULT = Value("", "Tuple[Tensor, Tensor]")
TYPED = (
    Value("image", "Tensor"), Value("more", "Dict[str, List[Tensor]]"), Value("scale", "float"), Value("name", "str"),
)  # fmt: skip


def traced() -> torch.jit.ScriptModule:
    return torch.jit.trace(Net().eval(), (torch.zeros(1, 3, 8, 9), torch.zeros(2, dtype=torch.int64)))


def saved(module: torch.jit.ScriptModule, *, lite: bool) -> bytes:
    if lite:
        return bytes(module._save_to_buffer_for_lite_interpreter())
    out = io.BytesIO()
    torch.jit.save(module, out)
    return out.getvalue()


def said(model: bytes, folder: Path, **options: bool) -> Signature:
    """Of the encoded model."""
    (folder / "m.pt").write_bytes(model)
    encode_file(folder / "m.pt", folder / "m.frc", options=Options(**options), force=True, threads=1)
    with Reader(folder / "m.frc") as reader:
        return signature_of(reader.recipe)


@pytest.mark.parametrize("lossless", [False, True])
@pytest.mark.parametrize("lite", [False, True])
def test_a_traced_model_tells_types_and_the_shapes_of_its_example(tmp_path: Path, lite: bool, lossless: bool) -> None:
    assert said(saved(traced(), lite=lite), tmp_path, lossless=lossless) == Signature((IMAGE, IDS), (RESULT,))


@pytest.mark.parametrize("lite", [False, True])
def test_a_scripted_model_tells_types_only(tmp_path: Path, lite: bool) -> None:
    model = saved(torch.jit.script(Typed().eval()), lite=lite)
    assert said(model, tmp_path) == Signature(TYPED, (Value("", "Dict[str, Tensor]"),))


def test_a_frozen_model(tmp_path: Path) -> None:
    found = said(saved(torch.jit.freeze(torch.jit.script(Net().eval())), lite=False), tmp_path)
    assert found == Signature((Value("image", "Tensor"), Value("ids", "Tensor")), (RESULT,))


def test_a_state_dictionary_tells_nothing(tmp_path: Path) -> None:
    out = io.BytesIO()
    torch.save(Net().state_dict(), out)
    assert said(out.getvalue(), tmp_path) == Signature() == signature_of(None)


PROGRAM = Path(__file__).parents[1] / "formats" / "executorch" / "files" / "portable.pte"


def test_an_executorch_program_tells_all_shapes(tmp_path: Path) -> None:
    with_all = Signature((Value("", "Tensor", "float32", (1, 3, 8, 8)),), (Value("", "Tensor", "float32", (1, 5)),))
    assert said(PROGRAM.read_bytes(), tmp_path) == with_all


def test_damaged_programs_are_refused_or_read() -> None:
    program = PROGRAM.read_bytes()
    for position in range(0, len(program), 3):
        damaged = bytearray(program)
        damaged[position] ^= 0x41
        try:
            found = executorch.signature(memoryview(damaged))
        except CorruptError:
            continue
        assert len(found.inputs) < 100
    for length in range(0, 1000, 7):
        with pytest.raises(CorruptError):
            executorch.signature(memoryview(program[:length]))


def test_damaged_parts_are_refused_or_read() -> None:
    model = saved(traced(), lite=True)
    whole = torchscript.signature(memoryview(model))
    assert whole.inputs == (IMAGE, IDS)
    found = set()
    for position in range(0, len(model), 5):
        damaged = bytearray(model)
        damaged[position] ^= 0x41
        try:
            found.add(torchscript.signature(memoryview(damaged)))
        except FrcError:
            continue
    assert whole in found
    for length in range(0, len(model), 41):
        with pytest.raises(CorruptError):
            torchscript.signature(memoryview(model[:length]))
