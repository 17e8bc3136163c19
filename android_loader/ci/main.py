"""The checks of `make android` and `make android-qemu`."""

import sys
from functools import partial

from ci import aar, apk, bundle, fuzzing, jvm_tests, lite, modules, native, programs, public_api, sample_app
from ci.machines import ARM, ARM64, HOST, Machine
from ci.report import Report


def check_library(report: Report, abi: str) -> None:
    """Build a library, and check its ELF properties and its size."""
    if report.check(f"{abi}: library", partial(native.build, abi)):
        report.check(f"{abi}: ELF", partial(native.check_rules, abi))
        report.check(f"{abi}: natives", partial(native.check_natives, abi))
        report.check(f"{abi}: size", partial(native.check_size, abi))


def check_programs(report: Report, machine: Machine) -> None:
    """The C++ tests."""
    if report.check(f"{machine.abi}: C++ tests", partial(programs.build, machine)):
        report.check(f"{machine.abi}: vectors in C++", partial(programs.check_vectors, machine))
        report.check(f"{machine.abi}: robustness in C++", partial(programs.check_robustness, machine))


def check_kotlin(report: Report, machine: Machine) -> None:
    """The Kotlin tests with the library for Android."""
    if report.check(f"{machine.abi}: shims", machine.make_shims):
        report.check(f"{machine.abi}: Kotlin tests", partial(jvm_tests.run_tests, machine))


def here(report: Report) -> None:
    """The checks of `make android`, on this machine's processor."""
    report.check("ELF rules catch", native.check_rules_catch)
    report.check("zstd", native.check_zstd)
    for abi in native.ABIS:
        check_library(report, abi)
    report.check("Kotlin style", modules.check_style)
    for module in modules.MODULES:
        if report.check(f"{module.name}: Kotlin", partial(modules.compile_module, module)):
            report.check(f"{module.name}: public API", partial(public_api.check, module))
    report.check("test data", jvm_tests.prepare)
    check_programs(report, HOST)
    report.check("files in C++", programs.check_files)
    check_kotlin(report, HOST)
    report.check("lite interpreter", lite.build_interpreter)
    report.check("end to end", lite.check)
    for module in modules.MODULES:
        report.check(f"{module.name}: AAR", partial(aar.build, module))
    if report.check("APK", apk.build):
        report.check("APK: signature", apk.check_signature)
        report.check("APK: places", apk.check_places)
        report.check("APK: Android's asset code", apk.check_android)
        report.check("APK: frcodec bundle --check", bundle.check_packages)
    report.check("Kotlin by frcodec bundle", bundle.check_generated)
    sample_app.check_all(report)
    if report.check("fuzzers", fuzzing.build):
        for name in fuzzing.FUZZERS:
            report.check(f"fuzz_{name}", partial(fuzzing.fuzz, name))


def emulated(report: Report) -> None:
    """The checks of `make android-qemu`, on emulated ARM processors."""
    report.check("test data", jvm_tests.prepare)
    for machine in (ARM64, ARM):
        check_programs(report, machine)
        check_library(report, machine.abi)
        check_kotlin(report, machine)


def main(words: list[str]) -> int:
    """Run one of the two lists, and return the exit status."""
    report = Report()
    {(): here, ("qemu",): emulated}[tuple(words)](report)
    return report.finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
