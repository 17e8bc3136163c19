"""Files that the tests in the JVM need besides the vectors: `python fixtures.py FOLDER`.

large.frc        a model file of 9 MB in four tensors, so that work on it takes a while
large.checksums  CRC-32 and Adler-32 of that model file, in hexadecimal
lite.frc         a model file of the kind "lite interpreter", which holds nothing of the sort
torchscript.frc  the same as "TorchScript"
executorch.frc   the same as "ExecuTorch"
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from zlib import adler32, crc32

import numpy as np

import frcodec

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "tests"))

from vectors.building import Rebuilt, build, exact


def large() -> bytes:
    """A .safetensors file of noise."""
    generator = np.random.default_rng(5)
    tensors = {f"layer{i}.weight": generator.standard_normal((256, 256, 3, 3)).astype(np.float32) for i in range(4)}
    header, end = {}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": tensor.shape, "data_offsets": [end, end + tensor.nbytes]}
        end += tensor.nbytes
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + b"".join(tensor.tobytes() for tensor in tensors.values())


def main(folder: Path) -> None:
    """Write all of them."""
    folder.mkdir(parents=True, exist_ok=True)
    model, asset = folder / "large.safetensors", folder / "large.frc"
    model.write_bytes(large())
    frcodec.encode_file(model, asset, options=frcodec.Options(quality=10), force=True)
    frcodec.decode_file(asset, model, force=True)
    (folder / "large.checksums").write_text(f"{crc32(model.read_bytes()):08x}{adler32(model.read_bytes()):08x}")
    model.unlink()
    tensor = exact("w", np.arange(3, dtype=np.float32))
    for name, kind in (("lite", "lite interpreter"), ("torchscript", "TorchScript"), ("executorch", "ExecuTorch")):
        (folder / f"{name}.frc").write_bytes(build([tensor], rebuilt=Rebuilt(kind, (b"before", 0, b"after"))))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
