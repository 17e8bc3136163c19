"""The JVMs that run the libraries for Android: this machine's, and ARM ones under an emulator."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ci.commands import run
from ci.jvm import java
from ci.paths import CI, OUT


@dataclass(frozen=True)
class Machine:
    """A Linux system with a JVM, and Android's ABI for its processor."""

    abi: str
    target: str
    emulator: str = ""
    architecture: str = ""

    @property
    def root(self) -> Path:
        """The root folder of the emulated system."""
        return OUT / "roots" / self.architecture

    @property
    def shims(self) -> Path:
        """Libraries with the names of bionic's, which resolve symbols in glibc."""
        return OUT / "shims" / self.abi

    def make_shims(self) -> str:
        """Compile the shims with the system's headers."""
        self.shims.mkdir(parents=True, exist_ok=True)
        clang = ["clang-19", f"--target={self.target}", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
        if self.emulator:
            clang.append(f"--sysroot={self.root}")
        for name, source in (("c", CI / "bionic/shim.c"), ("m", Path("/dev/null")), ("dl", Path("/dev/null"))):
            link = ["-fuse-ld=lld-19", f"-Wl,-soname,lib{name}.so", "-Wl,--no-as-needed"]
            run([*clang, *link, "-o", self.shims / f"lib{name}.so", "-x", "c", source, "-lm"])
        if self.preloaded:
            run([*clang, "-fuse-ld=lld-19", "-o", self.preloaded, CI / "bionic/tls.c"])
        return self.target

    @property
    def preloaded(self) -> Path | None:
        """The library for LD_PRELOAD, if the JVM needs one."""
        return self.shims / "libtls.so" if self.abi == "arm64-v8a" else None

    def command(self, program: Path | None = None, environment: Mapping[str, str] | None = None) -> list[str | Path]:
        """The start of a command that runs a program on this machine; None for its JVM."""
        variables = dict(environment or {})
        if program is None:
            variables["LD_LIBRARY_PATH"] = str(self.shims)
            if self.preloaded:
                variables["LD_PRELOAD"] = str(self.preloaded)
        if not self.emulator:
            settings = [f"{name}={value}" for name, value in variables.items()]
            return ["env", *settings, program or java()]
        settings = [word for name, value in variables.items() for word in ("-E", f"{name}={value}")]
        jvm = self.root / f"usr/lib/jvm/java-17-openjdk-{self.architecture}/bin/java"
        return [self.emulator, "-L", self.root, *settings, program or jvm]

    def java_options(self) -> Sequence[str]:
        """-Xcheck:jni except under emulation, where it is slow. The ParcelFileDescriptor stub reads a private field."""
        opened = ("--add-opens", "java.base/java.io=ALL-UNNAMED")
        return (*opened, "-XX:+UseSerialGC") if self.emulator else (*opened, "-Xcheck:jni")


HOST = Machine("x86_64", "x86_64-linux-gnu")
ARM64 = Machine("arm64-v8a", "aarch64-linux-gnu", "qemu-aarch64-static", "arm64")
ARM = Machine("armeabi-v7a", "arm-linux-gnueabi", "qemu-arm-static", "armel")
