"""What is found in app packages, good, bad and hostile."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from bundle.packages import ARM, ARM64, LIBRARY, PAGE, Part, aab, apk, library, package, written
from saving import saved

from frcodec.bundle.check import PackageReport, Wanted, check_package, wanted_asset
from frcodec.bundle.package import open_package
from frcodec.constants import Code
from frcodec.errors import CheckError, FileError

FRC = saved({"w": np.arange(32, dtype=np.float32).reshape(4, 8), "b": np.zeros(4, np.int64)})
SHA256 = hashlib.sha256(FRC).hexdigest()
ELF = library()


def report(tmp_path: Path, data: bytes, *wanted: Wanted, name: str = "app.apk") -> PackageReport:
    return check_package(open_package(written(tmp_path, name, data)), wanted, max_bytes=1 << 30)


def findings(tmp_path: Path, data: bytes, *wanted: Wanted, name: str = "app.apk") -> list[str]:
    return report(tmp_path, data, *wanted, name=name).findings


def only(found: Sequence[str], *words: str) -> None:
    """One finding, with these words in it."""
    assert len(found) == 1 and all(word in found[0] for word in words), found


def test_an_app_as_it_should_be(tmp_path: Path) -> None:
    found = report(tmp_path, apk(FRC, Part(LIBRARY, ELF, align=PAGE), Part("lib/x86/libz.so", ELF[:4], True)))
    asset, (good, bad) = found.assets[0], found.libraries
    assert (asset.name, asset.size, asset.stored, asset.sha256, asset.tensors) == ("net.frc", len(FRC), True, SHA256, 2)
    assert asset.offset % 4 == 0 and asset.alignment == asset.offset & -asset.offset
    assert (good.path, good.abi, good.stored, good.alignment) == (LIBRARY, "arm64-v8a", True, PAGE)
    assert good.offset % PAGE == 0 and not good.findings and bad.alignment is None
    report(tmp_path, apk(FRC, Part(LIBRARY, ELF, align=PAGE))).require("app.apk")


def test_the_alignment_of_a_whole_page_is_told(tmp_path: Path) -> None:
    data = package([Part("AndroidManifest.xml", b""), Part("assets/a/net.frc", FRC, align=PAGE)])
    asset = report(tmp_path, data).assets[0]
    assert (asset.name, asset.alignment) == ("a/net.frc", PAGE)


def test_a_compressed_or_unaligned_asset(tmp_path: Path) -> None:
    manifest = Part("AndroidManifest.xml", b"")
    only(findings(tmp_path, package([manifest, Part("assets/net.frc", FRC, True)])), "assets/net.frc", "noCompress")
    for padding in range(4):
        shifted = [Part("AndroidManifest.xml", bytes(padding)), Part("assets/net.frc", FRC)]
        found = report(tmp_path, package(shifted))
        assert bool(found.findings) == bool(found.assets[0].offset % 4)
        if found.findings:
            only(found.findings, "no multiple of 4", "zipalign")


def test_no_asset_at_all(tmp_path: Path) -> None:
    only(findings(tmp_path, package([Part("AndroidManifest.xml", b""), Part("res/net.frc", FRC)])), "no .frc")


@pytest.mark.parametrize("at", [40, len(FRC) // 2, len(FRC) - 3])
def test_a_damaged_asset(tmp_path: Path, at: int) -> None:
    damaged = bytearray(FRC)
    damaged[at] ^= 1
    only(findings(tmp_path, apk(bytes(damaged))), "assets/net.frc", "cannot be decoded", "(E3")


def test_an_asset_whose_bytes_are_not_those_of_the_archive(tmp_path: Path) -> None:
    data = bytearray(apk(FRC))
    data[data.index(FRC) + 40] ^= 1
    only(findings(tmp_path, bytes(data)), "assets/net.frc", "checksum")


def test_an_asset_beyond_the_limit(tmp_path: Path) -> None:
    found = check_package(open_package(written(tmp_path, "app.apk", apk(FRC))), (), max_bytes=100)
    only(found.findings, "cannot be decoded", "(E404)")


def test_what_must_be_there(tmp_path: Path) -> None:
    data = apk(FRC)
    other = "0" * 64
    assert not findings(tmp_path, data, Wanted("net.frc", SHA256, "NetModel.kt"))
    only(findings(tmp_path, data, Wanted("net.frc", other, "NetModel.kt")), SHA256, other, "NetModel.kt")
    only(findings(tmp_path, data, Wanted("old.frc", SHA256, "OldModel.kt")), "assets/old.frc is missing", "OldModel.kt")
    same, changed = written(tmp_path, "x.frc", FRC), written(tmp_path, "y.frc", FRC + b"1")
    assert not findings(tmp_path, data, wanted_asset(str(same)))
    only(findings(tmp_path, data, wanted_asset(str(changed))), "no asset has the SHA-256", "y.frc")
    assert not findings(tmp_path, data, wanted_asset("net.frc"), wanted_asset("assets/net.frc"))
    only(findings(tmp_path, data, wanted_asset("none.frc")), "assets/none.frc is missing")


def test_libraries_for_small_pages_are_all_named(tmp_path: Path) -> None:
    small = library(alignments=(4096, 4096))
    parts = [Part(f"lib/{abi}/lib{name}.so", small, align=PAGE) for abi in ("arm64-v8a",) for name in ("a", "b")]
    found = report(tmp_path, apk(FRC, *parts))
    assert [line.partition(":")[0] for line in found.findings] == ["lib/arm64-v8a/liba.so", "lib/arm64-v8a/libb.so"]
    assert all("4,096 bytes, not to 16,384" in line for line in found.findings)
    assert len(found.advice) == 1 and "Google Play" in found.advice[0]
    with pytest.raises(CheckError, match="2 findings") as caught:
        found.require("app.apk")
    assert caught.value.code is Code.UNFIT_APP and all(line in caught.value.message for line in found.findings)


def test_pytorch_mobile_has_a_successor(tmp_path: Path) -> None:
    data = apk(FRC, Part("lib/arm64-v8a/libpytorch_jni_lite.so", library(alignments=(4096,)), True))
    found = report(tmp_path, data)
    only(found.findings, "libpytorch_jni_lite.so")
    assert "ExecuTorch" in found.advice[1] and "154449" in found.advice[1]


def test_places_of_stored_libraries(tmp_path: Path) -> None:
    only(findings(tmp_path, apk(FRC, Part(LIBRARY, ELF, align=4096 + 4))), "no multiple of 16,384", "zipalign -P 16")
    assert not findings(tmp_path, apk(FRC, Part(LIBRARY, ELF, deflated=True)))
    small = library(bits=32, machine=ARM, alignments=(4096,))
    assert not findings(tmp_path, apk(FRC, Part("lib/armeabi-v7a/libnet.so", small, align=4096)))
    only(findings(tmp_path, apk(FRC, Part("lib/armeabi-v7a/libnet.so", small, align=4))), "no multiple of 4,096")


def test_libraries_of_another_machine_or_none(tmp_path: Path) -> None:
    arm = library(bits=32, machine=ARM, alignments=(PAGE,))
    only(findings(tmp_path, apk(FRC, Part(LIBRARY, arm, True))), "not made for arm64-v8a")
    only(findings(tmp_path, apk(FRC, Part(LIBRARY, library(machine=62), True))), "not made for arm64-v8a")
    only(findings(tmp_path, apk(FRC, Part(LIBRARY, b"text", True))), "no native library", "ELF")
    only(findings(tmp_path, apk(FRC, Part(LIBRARY, b"", True))), "no native library")
    assert not findings(tmp_path, apk(FRC, Part("lib/riscv64/libnet.so", library(machine=243), True)))


def test_app_bundles_say_what_stays_uncompressed(tmp_path: Path) -> None:
    lib = Part(f"base/{LIBRARY}", ELF, deflated=True)
    feature = Part(f"feature/{LIBRARY}", library(alignments=(4096,)), deflated=True)
    assert not findings(tmp_path, aab(FRC, lib), Wanted("net.frc", SHA256, ""), name="app.aab")
    only(findings(tmp_path, aab(FRC, lib, globs=["**.[mM][pP]3"]), name="app.aab"), "assets/net.frc", "noCompress")
    only(findings(tmp_path, aab(FRC, lib, feature), name="app.aab"), f"feature/{LIBRARY}")
    other = Part("feature/assets/models/other.frc", FRC, deflated=True)
    assert not findings(tmp_path, aab(FRC, other), Wanted("models/other.frc", SHA256, ""), name="app.aab")
    bad = package([Part("BundleConfig.pb", b"\xff"), Part("base/assets/net.frc", FRC)])
    with pytest.raises(CheckError, match="BundleConfig.pb in the app bundle is damaged"):
        open_package(written(tmp_path, "app.aab", bad))


def test_library_archives_leave_compression_to_the_app(tmp_path: Path) -> None:
    asset, lib = Part("assets/net.frc", FRC, True), Part("jni/arm64-v8a/libnet.so", library(alignments=(4096,)))
    data = package([Part("AndroidManifest.xml", b""), Part("classes.jar", b""), asset, lib])
    only(findings(tmp_path, data, name="lib.aar"), "jni/arm64-v8a/libnet.so", "4,096")


def test_what_is_no_package(tmp_path: Path) -> None:
    for data in (b"", b"text", b"PK\3\4", ELF, FRC):
        with pytest.raises(CheckError, match=r"no sound package|no zip archive|is empty"):
            open_package(written(tmp_path, "x.apk", data))
    with pytest.raises(CheckError, match=r"no AndroidManifest\.xml"):
        open_package(written(tmp_path, "x.zip", package([Part("a", b"")])))
    with pytest.raises(FileError):
        open_package(tmp_path / "none.apk")


def test_bombs_and_overlaps_are_refused(tmp_path: Path) -> None:
    bomb = package([Part("AndroidManifest.xml", b""), Part("assets/net.frc", bytes(1 << 20), True)])
    size = (1 << 20).to_bytes(4, "little")
    with pytest.raises(CheckError, match="cannot hold"):
        open_package(written(tmp_path, "x.apk", bomb.replace(size, b"\xfe\xff\xff\xff")))
    twice = package([Part("AndroidManifest.xml", b""), Part("assets/a.frc", FRC), Part("assets/b.frc", FRC)])
    same = bytearray(twice)
    first, second = (twice.rindex(name) - 46 for name in (b"assets/a.frc", b"assets/b.frc"))
    same[second + 42 : second + 46] = same[first + 42 : first + 46]
    with pytest.raises(CheckError, match=r"no sound package.*contradicts"):
        open_package(written(tmp_path, "x.apk", bytes(same)))
    with pytest.raises(CheckError, match="twice"):
        open_package(written(tmp_path, "x.apk", twice.replace(b"assets/b.frc", b"assets/a.frc")))


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    data = apk(FRC, Part(LIBRARY, ELF, True))
    for length in range(len(data)):
        with pytest.raises(CheckError):
            open_package(written(tmp_path, "x.apk", data[:length]))


def test_flipped_bits_are_found_or_meaningless(tmp_path: Path) -> None:
    data = apk(FRC, Part(LIBRARY, ELF, True))
    sound = report(tmp_path, data, Wanted("net.frc", SHA256, "NetModel.kt"))
    assert not sound.findings
    for at in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        try:
            found = report(tmp_path, bytes(damaged), Wanted("net.frc", SHA256, "NetModel.kt"))
        except CheckError:
            continue
        assert found.findings or found.assets[0].sha256 == SHA256


def test_libraries_that_cannot_be_inflated(tmp_path: Path) -> None:
    data = apk(FRC, Part(LIBRARY, ELF, True))
    machine = zlib.compressobj(wbits=-15)
    packed = machine.compress(ELF) + machine.flush()
    bad = data.replace(packed, b"\xff" * len(packed))
    assert bad != data
    only(findings(tmp_path, bad), LIBRARY, "cannot be inflated")


def test_only_the_head_of_a_library_is_inflated(tmp_path: Path) -> None:
    path = written(tmp_path, "app.apk", apk(FRC, Part(LIBRARY, ELF + bytes(30_000_000), True)))
    (found,) = open_package(path).libraries
    assert found.head(100) == ELF[:100] and found.member.size > 30_000_000
    assert (ARM64, found.head(20)[18]) == (183, 183)
