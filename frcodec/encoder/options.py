"""What the user asks for: a fidelity, and rules by name."""

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
  lossless            store exactly
  snr=DB              signal-to-noise ratio of this tensor
  max-error=E         absolute bound for every weight
  quality=Q           0 … 100
  transform=T         none, spatial, all, or axes such as 0 or 0+2, or 0+2/16 in blocks of 16"""

_AXES = re.compile(r"\d+(\+\d+)*(/(" + "|".join(str(1 << b) for b in range(1, MAX_BLOCK_LOG2 + 1)) + "))?")


@dataclass(frozen=True, slots=True)
class Target:
    """The fidelity asked for: exactly one of the three."""

    snr: float | None = None
    """dB; of the whole model as an option, of one tensor in a rule"""
    max_error: float | None = None
    """absolute bound for every weight"""
    quality: float | None = None
    """0 … 100"""


@dataclass(frozen=True, slots=True, repr=False)
class Options:
    """What the user asks for; at most one of the first four, none means the default quality."""

    snr: float | None = None
    """signal-to-noise ratio of the whole model in dB, by one step for all tensors"""
    max_error: float | None = None
    """absolute bound for every weight"""
    quality: float | None = None
    """0 … 100: a signal-to-noise ratio for every tensor by its own scale"""
    target_size: int | None = None
    """bytes: the highest quality whose file is not larger"""
    rules: tuple[str, ...] = ()
    """overrides by name, such as "^head=snr=40"; see RULE_HELP"""
    keep: tuple[str, ...] = ()
    """regular expressions; tensors whose names match are stored exactly"""
    lossless: bool = False
    """store everything exactly"""
    calibration: Calibration | None = None
    """what errors do to the model's output: quality is the output's then, and errors are shared out for it"""

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

    def target(self) -> Target:
        """The checked fidelity for all tensors without a rule of their own."""
        targets = ("snr", "max_error", "quality", "target_size")
        asked = [name.replace("_", "-") for name in targets if getattr(self, name) is not None]
        if len(asked) > 1 or (asked and self.lossless):
            names = [*asked, *["lossless"] * self.lossless]
            raise UsageError(Code.BAD_OPTION, f"Ask for one kind of quality only, not for {' and '.join(names)}.")
        if self.calibration and (self.snr is not None or self.max_error is not None or self.lossless):
            raise UsageError(
                Code.BAD_OPTION, "Calibration goes with a quality or a target size, not with a bound for the weights."
            )
        if not asked or self.target_size is not None:
            return Target(quality=DEFAULT_QUALITY)
        return _checked(Target(self.snr, self.max_error, self.quality))


@dataclass(frozen=True, slots=True)
class Rule:
    """An override for the tensors whose name it matches."""

    text: str
    pattern: re.Pattern[str]
    lossless: bool = False
    target: Target | None = None
    transform: str | None = None


def parse_rule(text: str) -> Rule:
    """A rule from `REGEX=option,…`. Raises UsageError (bad_option)."""
    match = re.fullmatch(r"(.+?)=((?:lossless|snr=|max-error=|quality=|transform=).*)", text, re.DOTALL)
    if not match:
        raise UsageError(Code.BAD_OPTION, f"The rule {text!r} is not understood; write REGEX={_RULE_OPTIONS}.")
    rule = Rule(text, compile_pattern(match[1]))
    for option in match[2].split(","):
        key, _, value = option.partition("=")
        if key == "lossless" and not value:
            rule = replace(rule, lossless=True)
        elif key in ("snr", "max-error", "quality"):
            field_name = key.replace("-", "_")
            rule = replace(rule, target=_checked(Target(**{field_name: _number(text, value)})))
        elif key == "transform" and (value in TRANSFORMS or _AXES.fullmatch(value)):
            rule = replace(rule, transform=value)
        else:
            raise UsageError(
                Code.BAD_OPTION, f"The rule {text!r} has the unknown option {option!r}; there are {_RULE_OPTIONS}."
            )
    if rule.lossless and (rule.target or rule.transform):
        raise UsageError(Code.BAD_OPTION, f"The rule {text!r} asks for lossless storage and for a quality: choose one.")
    return rule


def _checked(target: Target) -> Target:
    checks = (
        ("signal-to-noise ratio", target.snr, -20.0, 200.0),
        ("error bound", target.max_error, 1e-26, 1e30),
        ("quality", target.quality, 0.0, 100.0),
    )
    for name, value, low, high in checks:
        if value is not None and not low <= value <= high:
            raise UsageError(
                Code.BAD_OPTION, f"A {name} of {value} means nothing here; allowed are {low:g} to {high:g}."
            )
    return target


def _number(rule: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(Code.BAD_OPTION, f"The rule {rule!r} needs a number where it has {text!r}.") from None


def compile_pattern(text: str) -> re.Pattern[str]:
    """A compiled regular expression. Raises UsageError (bad_option)."""
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is no regular expression: {error}.") from None
