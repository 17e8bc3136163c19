"""End to end: train, save as .ptl, encode, package, rebuild in Kotlin, compare the outputs bit for bit."""

import shutil
from pathlib import Path

import torch

import frcodec
from ci import apk, jvm
from ci.commands import Failure, run
from ci.machines import HOST
from ci.modules import FRCODEC, PYTORCH, classes, stubs
from ci.paths import LOADER, OUT, library
from ci.sysroot import java_home

FOLDER = OUT / "lite"
SOURCES = LOADER / "tests" / "lite"
SHAPE = (2, 3, 16, 16)


def build_interpreter() -> str:
    """Build the JNI library of the installed torch's lite interpreter, unless source and torch are unchanged."""
    home = Path(torch.__file__).parent
    source, target = SOURCES / "lite_interpreter.cpp", FOLDER / torch.__version__ / "libfrcodec_lite_test.so"
    if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
        target.parent.mkdir(parents=True, exist_ok=True)
        java = java_home() / "include"
        headers = [home / "include", home / "include/torch/csrc/api/include", java, java / "linux"]
        run([
            "g++", "-std=c++20", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror",
            *(word for folder in headers for word in ("-isystem", folder)), source, "-o", target,
            f"-L{home / 'lib'}", "-ltorch_cpu", "-lc10", f"-Wl,-rpath,{home / 'lib'}",
        ])  # fmt: skip
    return f"torch {torch.__version__}"


def trained() -> torch.nn.Module:
    """A small convolutional network, trained to classify pictures as bright or dark."""
    torch.manual_seed(3)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(3, 16, 3, padding=1), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(16, 32, 3, padding=1), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(4), torch.nn.Flatten(),
        torch.nn.Linear(512, 2),
    )  # fmt: skip
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01)
    for _ in range(30):
        pictures = torch.rand(32, *SHAPE[1:])
        answers = (pictures.mean((1, 2, 3)) > 0.5).long()
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(pictures), answers).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network.eval()


def outputs(model: Path, pictures: torch.Tensor) -> bytes:
    """The outputs of desktop PyTorch's lite interpreter, as bytes of float32."""
    from torch.jit.mobile import _load_for_lite_interpreter

    with torch.inference_mode():
        return bytes(_load_for_lite_interpreter(str(model))(pictures).numpy().tobytes())  # type: ignore[no-untyped-call]


def check() -> str:
    """Kotlin rebuilds the same file as Python, and the interpreter's outputs are the same bits."""
    shutil.rmtree(FOLDER / "run", ignore_errors=True)
    folder = FOLDER / "run"
    folder.mkdir(parents=True)
    model, asset, desktop = folder / "model.ptl", folder / "model.frc", folder / "desktop.ptl"
    torch.jit.script(trained())._save_for_lite_interpreter(str(model))  # type: ignore[no-untyped-call]
    frcodec.encode_file(model, asset)
    frcodec.decode_file(asset, desktop)
    pictures = torch.rand(SHAPE, generator=torch.Generator().manual_seed(4))
    (folder / "input").write_bytes(pictures.numpy().tobytes())
    _run_app(folder, asset)
    rebuilt = [path for path in (folder / "phone").rglob("*") if path.is_file() and _same(path, desktop)]
    if not rebuilt:
        raise Failure("no file of the cache has the bytes that frcodec decode writes")
    got, expected = (folder / "output").read_bytes(), outputs(desktop, pictures)
    if got != expected:
        raise Failure(f"the outputs are not the desktop's: {got.hex()}, not {expected.hex()}")
    if got == outputs(model, pictures):
        raise Failure("the outputs are those of the weights before encoding, so nothing was decoded")
    return f"{model.stat().st_size:,} bytes travel as {asset.stat().st_size:,}; outputs and file are the desktop's"


def _same(path: Path, other: Path) -> bool:
    return path.stat().st_size == other.stat().st_size and path.read_bytes() == other.read_bytes()


def _run_app(folder: Path, asset: Path) -> None:
    """Do what an app does, with working stand-ins for the classes of Android and PyTorch Mobile."""
    package = folder / "app.apk"
    apk.sign(apk.aligned(folder / "package", asset), package)
    runtime = jvm.compile_java("lite-runtime", sorted((SOURCES / "org").rglob("*.java")))
    class_path = [runtime, jvm.STDLIB, stubs(), classes(FRCODEC), classes(PYTORCH)]
    app = jvm.compile_kotlin("lite-app", sorted((SOURCES / "io").rglob("*.kt")), class_path)
    (folder / "phone").mkdir()
    natives = jvm.joined([library(HOST.abi).parent, FOLDER / torch.__version__])
    output = run([
        *HOST.command(), *HOST.java_options(), f"-Djava.library.path={natives}", "-cp", jvm.joined([*class_path, app]),
        "io.github.frcodec.lite.EndToEndKt", package, apk.ASSET, folder / "phone", folder / "input",
        ",".join(map(str, SHAPE)), folder / "output",
    ])  # fmt: skip
    jvm.check_jni(output)
