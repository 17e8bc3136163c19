"""The library of each ABI, by the CMakeLists.txt that Gradle uses and clang instead of the NDK."""

import re
import shlex
from pathlib import Path

from ci import elf_rules, sysroot
from ci.commands import Failure, run
from ci.elf import Library
from ci.paths import CI, LIBRARY, LOADER, OUT, library

ABIS = tuple(sysroot.TARGETS)
NATIVES = LOADER / "kotlin/src/main/kotlin/io/github/frcodec/FrcNative.kt"
LIMIT_KB = 160
# Without zstd: the current sizes, with a margin of a few kB.
OWN_LIMIT_KB = {"arm64-v8a": 95, "armeabi-v7a": 82, "x86_64": 130}


def check_zstd() -> str:
    """zstd.txt pins the release that zstd.cmake fetches for Gradle."""
    fetched = re.search(r"/zstd-([\d.]+)\.tar\.gz", (LOADER / "zstd.cmake").read_text())
    header = (OUT / "zstd" / "zstd.h").read_text()
    parts = re.findall(r"^#define ZSTD_VERSION_(?:MAJOR|MINOR|RELEASE) +(\d+)$", header, re.MULTILINE)
    if not fetched or fetched[1] != ".".join(parts):
        raise Failure(f"zstd.cmake fetches {fetched and fetched[1]}, zstd.txt brings {'.'.join(parts)}")
    return fetched[1]


def build(abi: str) -> str:
    """Compile, link and strip."""
    folder = OUT / "cmake" / abi
    root = sysroot.make(abi)
    run([
        "cmake", "-G", "Ninja", "-S", LOADER, "-B", folder, f"-DCMAKE_TOOLCHAIN_FILE={CI / 'android.toolchain.cmake'}",
        f"-DANDROID_ABI={abi}", f"-DFRC_SYSROOT={root}", f"-DFRC_ZSTD_SOURCE={OUT / 'zstd'}", "-DFRC_WERROR=ON",
        "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
    ])  # fmt: skip
    run(["cmake", "--build", folder, "--target", "frcodec_jni", "frcodec_jni_counting"])
    strip(folder / "jni" / LIBRARY, library(abi))
    return sysroot.TARGETS[abi]


def strip(source: Path, target: Path) -> None:
    """Strip debugging information and local symbols."""
    target.parent.mkdir(parents=True, exist_ok=True)
    run(["llvm-strip-19", "--strip-unneeded", "-o", target, source])


def check_rules(abi: str) -> str:
    """Everything that Android's linker and the store want."""
    folder = OUT / "cmake" / abi
    problems = elf_rules.broken(Library(library(abi)), abi)
    problems += [f"it contains the encoder's {name}" for name in encoder_symbols(folder / "jni" / LIBRARY)]
    problems += [f"it is built from {path}" for path in encoder_sources(folder)]
    if problems:
        raise Failure("\n".join(problems))
    exported = sum(symbol.defined and not symbol.local for symbol in Library(library(abi)).symbols)
    return f"{exported} JNI names, no encoder, 16 KiB pages"


def encoder_symbols(unstripped: Path) -> list[str]:
    """The functions and data of the core's namespace frc::encoder that a library contains."""
    table = run(["llvm-nm-19", "--demangle", "--defined-only", unstripped]).splitlines()
    symbols = [line.split(maxsplit=2)[2] for line in table]
    if not any(symbol.startswith("frc::") for symbol in symbols):
        raise Failure(f"{unstripped} has no symbol of the core, so it cannot be checked")
    return [symbol for symbol in symbols if symbol.startswith("frc::encoder::")]


def encoder_sources(folder: Path) -> list[str]:
    """The encoder's sources and objects among the inputs of the library."""
    inputs = run(["ninja", "-C", folder, "-t", "inputs", "frcodec_jni"]).splitlines()
    if not any("/stages/" in path for path in inputs):
        raise Failure("the inputs of the library do not name core/stages, so they cannot be checked")
    return [path for path in inputs if "/encode/" in path]


def check_size(abi: str) -> str:
    """The sizes of the stripped library, and of the same link with zstd's symbols left undefined."""
    whole, own = library(abi).stat().st_size, _without_zstd(abi).stat().st_size
    for size, limit, what in ((whole, LIMIT_KB, "with zstd"), (own, OWN_LIMIT_KB[abi], "without zstd")):
        if size > limit * 1000:
            raise Failure(f"{size:,} bytes {what}; {limit} kB are allowed")
    return f"{whole / 1000:.1f} kB, {own / 1000:.1f} kB without zstd"


def check_natives(abi: str) -> str:
    """The library exports the natives that Kotlin declares, and no others: what tests need is in another library."""
    exported = {symbol.name for symbol in Library(library(abi)).symbols if symbol.defined and not symbol.local}
    declared = re.findall(r"^    external fun (\w+)\(", NATIVES.read_text(), re.MULTILINE)
    expected = {"JNI_OnLoad", *(f"Java_io_github_frcodec_FrcNative_{name}" for name in declared)}
    problems = [f"{name} is exported, but not declared in {NATIVES.name}" for name in exported - expected]
    problems += [f"{name} is missing" for name in expected - exported]
    if problems:
        raise Failure("\n".join(problems))
    return f"{len(declared)}"


def _without_zstd(abi: str) -> Path:
    folder = OUT / "cmake" / abi
    commands = run(["ninja", "-C", folder, "-t", "commands", "frcodec_jni"]).splitlines()
    link = next(line for line in reversed(commands) if f"-o jni/{LIBRARY}" in line)
    words = shlex.split(link.removeprefix(": && ").removesuffix(" && :"))
    kept = [word for word in words if not word.endswith("libfrc_zstd.a")]
    if len(kept) != len(words) - 1:
        raise Failure("the link of the library does not name libfrc_zstd.a once, so its size cannot be measured")
    kept[kept.index("-o") + 1] = "without_zstd.so"
    run([*kept, "-Wl,--unresolved-symbols=ignore-all"], cwd=folder)
    strip(folder / "without_zstd.so", folder / "without_zstd.stripped.so")
    symbols = Library(folder / "without_zstd.stripped.so").symbols
    for name in {symbol.name for symbol in symbols if not symbol.defined} - sysroot.allowed(abi):
        if not name.startswith("ZSTD_"):
            raise Failure(f"without zstd, {name} is undefined as well")
    return folder / "without_zstd.stripped.so"


def check_rules_catch() -> str:
    """Every broken rule of a bad library is reported."""
    folder = OUT / "bad"
    folder.mkdir(parents=True, exist_ok=True)
    source = folder / "bad.c"
    source.write_text("int getrandom(void); _Thread_local int t; int leaked(void) { return getrandom() + t++; }\n")
    clang = ["clang-19", f"--target={sysroot.TARGETS['x86_64']}", "-fPIC", "-fno-emulated-tls", "-nostdlib"]
    link = [*clang, "-shared", "-fuse-ld=lld-19", "-Wl,--hash-style=both", "-Wl,--build-id=none"]
    loose = ["-Wl,-z,execstack", "-Wl,-z,max-page-size=4096", "-Wl,-z,lazy", "-Wl,-z,norelro"]
    run([*link, "-Wl,-soname,liblog.so", "-o", folder / "liblog.so", "-x", "c", "/dev/null"])
    run([*link, *loose, "-Wl,-soname,libbad.so", "-o", folder / "bad.so", source, folder / "liblog.so"])
    encoder = folder / "encoder.cpp"
    encoder.write_text("namespace frc { int f() { return 0; } namespace encoder { int viterbi() { return f(); } } }\n")
    run([*link, "-o", folder / "encoder.so", encoder])
    if encoder_symbols(folder / "encoder.so") != ["frc::encoder::viterbi()"]:
        raise Failure("the encoder in a library is not found")
    found = "\n".join(elf_rules.broken(Library(folder / "bad.so"), "arm64-v8a"))
    words = (
        "machine", "aligned to 4096", "thread-local", "no RELRO", "bound late", "executable stack", "name inside",
        "needs liblog.so", "needs getrandom", "exports leaked", "no note", "no build id",
    )  # fmt: skip
    missed = [word for word in words if word not in found]
    if missed:
        raise Failure(f"not found: {', '.join(missed)}; found:\n{found}")
    return f"{len(words) + 1} rules"
