"""The Kotlin file beside an asset. That it compiles, and that ktlint takes it, is tried by android_loader/ci."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePath

import pytest
from bundle.kotlin_samples import HOSTILE, SAMPLES

from frcodec.bundle.kotlin import HEADER, parse, render
from frcodec.bundle.names import asset_stem, literal, object_name, quoted_package
from frcodec.bundle.signature import Signature, Value
from frcodec.errors import UsageError

UNET = """\
package com.example.app

/** The model in `assets/unet-v1.2.frc`. */
internal object UnetV12Model {
    /** Name of the asset. */
    const val ASSET: String = "unet-v1.2.frc"

    /** SHA-256 of the asset, in hexadecimal. */
    const val SHA256: String = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

    /** Size of the asset in bytes. */
    const val BYTES: Long = 771L

    /** Kind of the model file; "tensors" where there is none. */
    const val KIND: String = "lite interpreter"

    /** Size of the rebuilt model file in bytes. */
    const val MODEL_BYTES: Long = 124083226L

    /** What the model takes; a traced model has the shapes of its example. Empty where unknown. */
    val inputs: List<Value> =
        listOf(
            Value("x", "Tensor", "float32", longArrayOf(1, 3, 224, 224)),
            Value("scale", "float", null, null),
            Value("y", "Tensor", "int64", longArrayOf()),
        )

    /** What the model gives. Empty where unknown. */
    val outputs: List<Value> =
        listOf(
            Value("", "Tuple[Tensor, Dict[str, Tensor]]", null, null),
            Value("", "Tensor", null, longArrayOf(1, 1000)),
        )

    /** The tensors in the asset, in its order. */
    val tensors: List<Tensor> =
        listOf(
            Tensor("conv.weight", "float32", 64, 3, 3, 3),
        )

    /** An argument"""


def test_the_file_of_an_ordinary_model() -> None:
    assert render(SAMPLES[0]).decode().startswith(HEADER + UNET)
    assert render(SAMPLES[0]) == render(replace(SAMPLES[0]))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.object_name)
def test_all_files(sample) -> None:
    code = render(sample).decode("ascii")
    assert parse(code) == (sample.asset, sample.sha256)
    assert code.endswith("}\n") and "\t" not in code and "\n\n\n" not in code
    assert all(line == line.rstrip() for line in code.splitlines())
    long = any(len(line) > 140 for line in code.splitlines())
    assert ("ktlint:standard:max-line-length" in code) == long
    unusual = sample.package != "com.example.app"
    assert ("ktlint:standard:package-name" in code) == unusual
    assert code.count("    Tensor(") == len(sample.tensors)
    strings = re.sub(r'"(?:\\[\\"$nrtb]|\\u[0-9a-f]{4}|[^\\"$\n])*"', "", code)
    assert '"' not in strings.replace(' "tensors" ', "").replace('"frcodec bundle"', "") and "$" not in strings


def test_files_of_others_are_told_apart() -> None:
    code = render(SAMPLES[0]).decode()
    assert parse("") is parse(code[1:]) is parse(HEADER) is None
    assert parse(code.replace("const val SHA256", "val SHA256")) is None


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("conv.weight", '"conv.weight"'),
        ('a"$\\', '"a\\"\\$\\\\"'),
        ("\n\t\x00", '"\\n\\t\\u0000"'),
        ("é\u202e", '"\\u00e9\\u202e"'),
        ("\U0001f600", '"\\ud83d\\ude00"'),
        ("\ud800", '"\\ud800"'),
    ],
)
def test_texts(text: str, source: str) -> None:
    assert literal(text) == source


def test_escaped_texts_mean_themselves() -> None:
    escapes = {"\\$": "$", '\\"': '"'}
    plain = re.sub(r'\\[$"]', lambda found: escapes[found[0]], literal(HOSTILE)[1:-1])
    units = plain.encode("ascii").decode("unicode_escape").encode("utf-16-be", "surrogatepass")
    assert units == HOSTILE.encode("utf-16-be", "surrogatepass")


@pytest.mark.parametrize(
    ("stem", "name"),
    [
        ("unet", "UnetModel"), ("my_model", "MyModel"), ("model", "Model"), ("net-v1.2", "NetV12Model"),
        ("3d", "Model3dModel"), ("aB.c", "ABCModel"), ("UNet__x", "UNetXModel"),
    ],
)  # fmt: skip
def test_names_of_objects(stem: str, name: str) -> None:
    assert object_name(stem) == name


@pytest.mark.parametrize(
    ("asked", "source", "stem"),
    [
        (None, "d/net.frc", "net"), (None, "net.jit.pt", "net.jit"), (None, "net-v1.2", "net-v1.2"),
        ("other", "x y.frc", "other"), ("other.frc", "x.frc", "other"),
    ],
)  # fmt: skip
def test_names_of_assets(asked: str | None, source: str, stem: str) -> None:
    assert asset_stem(asked, PurePath(source), (".pt",)) == stem


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\\b", "a b", "-a", "a.", "é", "a" * 101, "a\n", "a$b"])
def test_invalid_asset_names_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="not a valid asset name.*--name"):
        asset_stem(name, PurePath("net.frc"), ())


def test_keywords_in_packages() -> None:
    assert quoted_package("com.in.app") == "com.`in`.app"


def test_given_shapes_replace_those_of_the_file() -> None:
    signature = Signature((Value("k", "float"), Value("x", "Tensor", "float32", (2, 3)), Value("y", "Tensor")))
    changed = signature.with_shapes([(1, 3)])
    assert changed.inputs[1:] == (Value("x", "Tensor", "float32", (1, 3)), Value("y", "Tensor"))
    assert signature.with_shapes([(1,), (2,)]).inputs[2].shape == (2,)
    assert Signature().with_shapes([(1,), (2,)]).inputs == (
        Value("", "Tensor", None, (1,)),
        Value("", "Tensor", None, (2,)),
    )
    with pytest.raises(UsageError, match="3 --input are given, but the model takes 2"):
        signature.with_shapes([(1,), (2,), (3,)])
