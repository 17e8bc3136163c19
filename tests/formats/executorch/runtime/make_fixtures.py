"""Write the programs of tests/formats/executorch/files, in the environment that android_loader/ci/executorch makes.

build/executorch/bin/python tests/formats/executorch/runtime/make_fixtures.py
"""

from __future__ import annotations

from pathlib import Path

from programs import RECIPES

FOLDER = Path(__file__).parent.parent / "files"
FIXTURES = ("portable", "channels_last", "normed", "counting", "external", "xnnpack", "xnnpack_inline", "two_methods")
FIXTURES += ("int8_static", "four_bits")

for name in FIXTURES:
    recipe = RECIPES[name]
    program = recipe.lower(*recipe.network(4))
    (FOLDER / f"{name}.pte").write_bytes(program.pte)
    if program.ptd is not None:
        (FOLDER / f"{name}.ptd").write_bytes(program.ptd)
    print(f"{name}.pte: {len(program.pte):,} bytes")
