"""A sysroot for clang's Android targets: stubs of bionic's libraries, a start file, the compiler's runtime library."""

import shutil
from pathlib import Path

from ci.commands import Failure, run
from ci.paths import CI, OUT

API = 24
TARGETS = {
    "arm64-v8a": f"aarch64-linux-android{API}",
    "armeabi-v7a": f"armv7a-linux-androideabi{API}",
    "x86_64": f"x86_64-linux-android{API}",
}
BUILTINS = {
    "arm64-v8a": OUT / "packages/arm64/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.builtins-aarch64.a",
    "armeabi-v7a": OUT / "packages/armel/usr/lib/gcc/arm-linux-gnueabi/12/libgcc.a",
    "x86_64": Path("/usr/lib/llvm-19/lib/clang/19/lib/linux/libclang_rt.builtins-x86_64.a"),
}
LIBRARIES = ("libc", "libm", "libdl")


def java_home() -> Path:
    """The home of the installed JDK 17."""
    homes = sorted(Path("/usr/lib/jvm").glob("java-17-openjdk-*/bin/javac"))
    if not homes:
        raise Failure("there is no JDK 17 in /usr/lib/jvm; android_loader/ci/setup says how to get it")
    return homes[0].parent.parent


def names(library: str, abi: str) -> list[str]:
    """The symbols that a library of bionic exports at API 24, as far as they are needed here."""
    lists = [CI / "bionic" / f"{library}.txt", CI / "bionic" / f"{library}.{abi}.txt"]
    return [name for path in lists if path.exists() for name in path.read_text().split()]


def allowed(abi: str) -> set[str]:
    """The symbols that a library for this ABI may leave undefined."""
    return {name for library in LIBRARIES for name in names(library, abi)}


def make(abi: str) -> Path:
    """Make the folder that android.toolchain.cmake calls FRC_SYSROOT."""
    folder = OUT / "sysroot" / abi
    folder.mkdir(parents=True, exist_ok=True)
    clang = ["clang-19", f"--target={TARGETS[abi]}", "-fPIC", "-nostdlib"]
    for library in LIBRARIES:
        source = folder / f"{library}.s"
        lines = [f".globl {name}\n.type {name}, %function\n{name}:\n" for name in names(library, abi)]
        source.write_text(".text\n" + "".join(lines) + '.section .note.GNU-stack, "", %progbits\n')
        link = ["-shared", "-fuse-ld=lld-19", f"-Wl,-soname,{library}.so"]
        run([*clang, *link, "-o", folder / f"{library}.so", source])
    run([*clang, "-O2", "-Wall", "-Wextra", "-Werror", "-c", "-o", folder / "crt.o", CI / "bionic" / "crt.c"])
    shutil.copyfile(BUILTINS[abi], folder / "libbuiltins.a")
    jni = folder / "jni"
    jni.mkdir(exist_ok=True)
    for header in ("jni.h", "linux/jni_md.h"):
        shutil.copyfile(java_home() / "include" / header, jni / Path(header).name)
    return folder
