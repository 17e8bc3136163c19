"""The lines of Kotlin that load a bundled model."""

from __future__ import annotations

from .kotlin import Contents


def kotlin_lines(contents: Contents) -> list[str]:
    """Import, loading and first use, by the kind of the model file."""
    name = contents.object_name
    if contents.kind in ("lite interpreter", "TorchScript"):
        return _module("pytorch", name, f"IValue.from(Tensor.fromBlob(values, {_shape(contents)}))")
    if contents.kind == "ExecuTorch":
        return _module("executorch", name, f"EValue.from(Tensor.fromBlob(values, {_shape(contents)}))")
    return [
        "import io.github.frcodec.FrcFile",
        f"val file = FrcFile.open(context.assets, {name}.ASSET)",
        f"val values = file.decode({name}.tensors.first().name)",
    ]


def _module(runtime: str, name: str, argument: str) -> list[str]:
    return [
        f"import io.github.frcodec.{runtime}.FrcModule",
        f"val model = withContext(Dispatchers.IO) {{ FrcModule.load(context, {name}.ASSET, {name}.SHA256) }}",
        f"val result = model.forward({argument})",
    ]


def _shape(contents: Contents) -> str:
    """The shape of the first argument, where the constants have it."""
    known = bool(contents.signature.inputs) and contents.signature.inputs[0].shape is not None
    return f"{contents.object_name}.inputs[0].shape" if known else "shape"
