"""Where things are."""

from pathlib import Path

CI = Path(__file__).resolve().parent
LOADER = CI.parent
REPOSITORY = LOADER.parent
OUT = REPOSITORY / "build" / "android"

LIBRARY = "libfrcodec_jni.so"


def library(abi: str) -> Path:
    """The stripped library of an ABI, as it goes into AAR and APK."""
    return OUT / "libraries" / abi / LIBRARY


def counting_library(abi: str) -> Path:
    """The same with a heap that counts, for tests alone."""
    return OUT / "cmake" / abi / "jni" / "counting" / LIBRARY
