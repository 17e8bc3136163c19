"""Kotlin files as `frcodec bundle` writes them, ordinary and hostile, for the compiler and the linter.

python kotlin_samples.py FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from frcodec.bundle.kotlin import Contents, Tensor, render
from frcodec.bundle.names import object_name
from frcodec.bundle.signature import Signature, Value

HOSTILE = 'a"b$c ${x} \\u0041 \\ \n\r\t\b */ /* \x00\x1b\u202e\u2028\ud800\U0001f600 é'
SIGNATURE = Signature(
    (Value("x", "Tensor", "float32", (1, 3, 224, 224)), Value("scale", "float"), Value("y", "Tensor", "int64", ())),
    (Value("", "Tuple[Tensor, Dict[str, Tensor]]"), Value("", "Tensor", None, (1, 1000))),
)


def contents(stem: str, package: str, signature: Signature, tensors: list[Tensor]) -> Contents:
    """What such a file tells."""
    name, asset, kind = object_name(stem), f"{stem}.frc", "lite interpreter" if tensors else None
    return Contents(package, name, asset, "0123456789abcdef" * 4, 771, kind, 124_083_226, signature, tensors)


SAMPLES = [
    contents("unet-v1.2", "com.example.app", SIGNATURE, [Tensor("conv.weight", "float32", (64, 3, 3, 3))]),
    contents("empty", "com.example.app", Signature(), []),
    contents("3d_net", "in.my_app.fun", Signature(), [Tensor(f"l.{n}.w", "int8", (n, 4)) for n in range(1000)]),
    contents(
        "hostile.names",
        "com.example.app",
        Signature((Value(HOSTILE, HOSTILE * 10, HOSTILE, (2**62,)),)),
        [
            Tensor(HOSTILE, "float32", ()),
            Tensor("long" * 4096, "bytes", (10**9,) * 32),
            *(Tensor("deep" * 99 + str(number), "bfloat16", (10**17,) * 32) for number in range(128)),
        ],
    ),
]

if __name__ == "__main__":
    for sample in SAMPLES:
        path = Path(sys.argv[1], *sample.package.split("."), f"{sample.object_name}.kt")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(render(sample))
        print(path)
