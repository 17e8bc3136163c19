"""Encoding options: the fidelity of a file, and rules for tensors by name."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Final

from ..constants import MAX_BLOCK_LOG2, Code
from ..errors import UsageError
from .calibration import Calibration

DEFAULT_QUALITY: Final = 70.0
TRANSFORMS: Final = ("none", "spatial", "all")

_RULE_OPTIONS: Final = "lossless, snr=DB, max-error=E, quality=Q or transform=none|spatial|all|AXES[/BLOCK]"
RULE_HELP: Final = """\
A rule is REGEX=OPTION[,OPTION…]; the regular expression is searched in the tensor's name, later rules win. Options:
  lossless            store without loss
  snr=DB              signal-to-noise ratio of this tensor
  max-error=E         absolute error bound of every weight
  quality=Q           0 … 100
  transform=T         none, spatial, all, or axes such as 0 or 0+2, or 0+2/16 in blocks of 16"""

_AXES = re.compile(r"\d+(\+\d+)*(/(" + "|".join(str(1 << b) for b in range(1, MAX_BLOCK_LOG2 + 1)) + "))?")


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How close decoded weights must be to the original ones: exactly one of the three is set."""

    snr: float | None = None
    """signal-to-noise ratio in dB, -20 … 200; of the whole model in `Options`, of one tensor in a `Rule`"""
    max_error: float | None = None
    """absolute error bound of every weight, 1e-26 … 1e30"""
    quality: float | None = None
    """0 … 100; see `allocate`"""


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """Options of an encoding. At most one of the first four fields and `lossless` is set; none means quality 70."""

    snr: float | None = None
    """signal-to-noise ratio of the whole model in dB, -20 … 200, by one step for all tensors"""
    max_error: float | None = None
    """absolute error bound of every weight, 1e-26 … 1e30"""
    quality: float | None = None
    """0 … 100: a signal-to-noise ratio for every tensor by its own scale"""
    target_size: int | None = None
    """largest file in bytes: the highest quality that fits is used"""
    rules: tuple[str, ...] = ()
    """overrides by name, such as "^head=snr=40"; see RULE_HELP"""
    keep: tuple[str, ...] = ()
    """regular expressions; tensors whose names match are stored losslessly"""
    lossless: bool = False
    """store every tensor losslessly"""
    calibration: Calibration | None = None
    """sensitivities of the model's output: `quality` is then that of the output, and errors are allocated for it"""

    def __post_init__(self) -> None:
        for name in ("rules", "keep"):
            value = getattr(self, name)
            texts = (value,) if isinstance(value, str) else value
            if not isinstance(texts, tuple | list) or not all(isinstance(text, str) for text in texts):
                raise UsageError(Code.BAD_OPTION, f"{name} must be regular expressions as text, not {value!r}.")
            object.__setattr__(self, name, tuple(texts))
        for name in ("snr", "max_error", "quality", "target_size"):
            value = getattr(self, name)
            if value is not None and not isinstance(value, int | float):
                raise UsageError(Code.BAD_OPTION, f"{name} must be a number, not {value!r}.")

    def __repr__(self) -> str:
        """Only what differs from the defaults."""
        values = ((f.name, getattr(self, f.name)) for f in fields(self) if getattr(self, f.name) != f.default)
        shown = (f"{name}={'…' if name == 'calibration' else repr(value)}" for name, value in values)
        return f"Options({', '.join(shown)})"

    def fidelity(self) -> Fidelity:
        """The fidelity of all tensors without a rule of their own. Raises UsageError (bad_option)."""
        kinds = ("snr", "max_error", "quality", "target_size")
        asked = [name.replace("_", "-") for name in kinds if getattr(self, name) is not None]
        if len(asked) > 1 or (asked and self.lossless):
            names = [*asked, *["lossless"] * self.lossless]
            raise UsageError(Code.BAD_OPTION, f"Choose one kind of quality only, not {' and '.join(names)}.")
        if self.calibration and (self.snr is not None or self.max_error is not None or self.lossless):
            raise UsageError(
                Code.BAD_OPTION,
                "Calibration goes with a quality or a target size, not with an SNR, an error bound or lossless.",
            )
        if not asked or self.target_size is not None:
            return Fidelity(quality=DEFAULT_QUALITY)
        return _checked(Fidelity(self.snr, self.max_error, self.quality))


@dataclass(frozen=True, slots=True)
class Rule:
    """Options of the tensors whose names match; later rules take precedence."""

    text: str
    """as the user wrote it"""
    pattern: re.Pattern[str]
    lossless: bool = False
    fidelity: Fidelity | None = None
    transform: str | None = None
    """one of TRANSFORMS, or axes such as "0+2/16" """


def parse_rule(text: str) -> Rule:
    """Parse `REGEX=OPTION[,OPTION…]`. Raises UsageError (bad_option)."""
    match = re.fullmatch(r"(.+?)=((?:lossless|snr=|max-error=|quality=|transform=).*)", text, re.DOTALL)
    if not match:
        raise UsageError(Code.BAD_OPTION, f"The rule {text!r} cannot be parsed; write REGEX={_RULE_OPTIONS}.")
    rule = Rule(text, compile_pattern(match[1]))
    for option in match[2].split(","):
        key, _, value = option.partition("=")
        if key == "lossless" and not value:
            rule = replace(rule, lossless=True)
        elif key in ("snr", "max-error", "quality"):
            field_name = key.replace("-", "_")
            rule = replace(rule, fidelity=_checked(Fidelity(**{field_name: _number(text, value)})))
        elif key == "transform" and (value in TRANSFORMS or _AXES.fullmatch(value)):
            rule = replace(rule, transform=value)
        else:
            raise UsageError(
                Code.BAD_OPTION, f"The rule {text!r} has the unknown option {option!r}; known are {_RULE_OPTIONS}."
            )
    if rule.lossless and (rule.fidelity or rule.transform):
        raise UsageError(Code.BAD_OPTION, f"The rule {text!r} asks for lossless storage and for a quality: choose one.")
    return rule


def _checked(fidelity: Fidelity) -> Fidelity:
    """The fidelity itself, once it is in range."""
    checks = (
        ("signal-to-noise ratio", fidelity.snr, -20.0, 200.0),
        ("error bound", fidelity.max_error, 1e-26, 1e30),
        ("quality", fidelity.quality, 0.0, 100.0),
    )
    for name, value, low, high in checks:
        if value is not None and not low <= value <= high:
            raise UsageError(Code.BAD_OPTION, f"A {name} of {value} is out of range; allowed are {low:g} to {high:g}.")
    return fidelity


def _number(rule: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(Code.BAD_OPTION, f"The rule {rule!r} needs a number where it has {text!r}.") from None


def compile_pattern(text: str) -> re.Pattern[str]:
    """Compile a regular expression. Raises UsageError (bad_option)."""
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is no regular expression: {error}.") from None
