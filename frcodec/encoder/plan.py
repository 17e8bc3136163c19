"""What is to be done with each tensor: options and rules by name -> one treatment per stored tensor."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

import numpy as np

from ..constants import MAX_BLOCK_LOG2, MAX_TRANSFORM_LENGTH, Code
from ..errors import UsageError
from ..stages.spectral import Spectral, spectrum
from ..stages.transform import Transform
from ..tensors import Entry, Stored
from .calibration import Calibration, Sensitivity

DEFAULT_QUALITY: Final = 70.0
VECTOR_LIMIT: Final = 1 << 16
"""longer tensors of one axis are weights in a common buffer, no biases"""
SMALL: Final = 4096
"""tensors of fewer elements share a stream"""
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
_SMALLEST, _LARGEST = 2.0**-80, 2.0**120
"""largest magnitudes of tensors for which the format has steps"""
_NOT_WEIGHTS = re.compile(
    r"(^|[._])(inv_freq|freqs(_cis)?|(sin|cos)(_cached?)?|rope|rotary_emb|position_ids|relative_position_index|window"
    r"|(forward|inverse)_basis(_buffer)?|(mel|dct)_(basis|filters?|matrix)|fb|stft|(\w+_)?mask|anchors?|num_batches_tracked)$"
)
"""buffers that are fixed by construction, not trained: bases, tables, masks, counters"""


class Coding(Enum):
    """How a stored tensor is coded."""

    RAW = "raw"
    INTEGER = "integer"
    LOSSY = "lossy"


@dataclass(frozen=True, slots=True)
class Target:
    """The fidelity asked for: exactly one of the three."""

    snr: float | None = None
    """dB; of the whole model as an option, of one tensor in a rule"""
    max_error: float | None = None
    """absolute bound for every weight"""
    quality: float | None = None
    """0 … 100"""


@dataclass(frozen=True, slots=True)
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

    def target(self) -> Target:
        """The checked fidelity for all tensors without a rule of their own."""
        fields = ("snr", "max_error", "quality", "target_size")
        asked = [name.replace("_", "-") for name in fields if getattr(self, name) is not None]
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


@dataclass(frozen=True, slots=True)
class Treatment:
    """What is done with one stored tensor."""

    position: int
    """in the list of entries"""
    tensor: Stored
    coding: Coding
    target: Target = field(default=Target())
    own_target: bool = False
    """whether the target comes from a rule"""
    transform: str | None = None
    """the user's choice, None to choose by cost"""
    sensitivity: Sensitivity | None = None
    """what its errors do to the model's output, where that is known and no rule sets a target"""

    @property
    def small(self) -> bool:
        """Whether it shares a stream with others."""
        return self.tensor.size < SMALL or (self.coding is Coding.LOSSY and self.vector)

    @property
    def made_up_for(self) -> bool:
        """Whether later columns make up for its errors."""
        return bool(self.sensitivity and self.sensitivity.moments is not None and not self.small)

    @property
    def variance(self) -> bool:
        """Whether a network divides by the root of its elements."""
        return self.tensor.name.endswith(("running_var", "moving_variance"))

    @property
    def vector(self) -> bool:
        """Whether it is a bias, a norm's parameter or another tensor of at most one axis longer than 1."""
        return sum(n > 1 for n in self.tensor.shape) < 2 and self.tensor.size <= VECTOR_LIMIT


def treatments(entries: Sequence[Entry], exact: Iterable[int], options: Options) -> tuple[list[Treatment], list[str]]:
    """A treatment for every stored tensor, in order, and warnings for people.

    Raises UsageError (bad_option, unmatched_rule).
    """
    target = options.target()
    rules = [parse_rule(text) for text in options.rules]
    rules += [Rule(text, _pattern(text), lossless=True) for text in options.keep]
    names = _names(entries)
    for rule in rules:
        if not any(rule.pattern.search(name) for aliases in names.values() for name in aliases):
            raise UsageError(
                Code.UNMATCHED_RULE, f"No tensor's name matches {rule.pattern.pattern!r}. See the names with --dry-run."
            )
    known_exact = set(exact)
    result, warnings = [], []
    for position, entry in enumerate(entries):
        if not isinstance(entry, Stored):
            continue
        mine = [rule for rule in rules if any(rule.pattern.search(name) for name in names[position])]
        treatment, warning = _treatment(
            position, entry, names[position], mine, target, options, position in known_exact
        )
        result.append(treatment)
        warnings += [warning] if warning else []
    if options.calibration:
        result = [replace(t, sensitivity=_sensitivity(t, names[t.position], options.calibration)) for t in result]
        if not any(treatment.sensitivity for treatment in result):
            raise UsageError(
                Code.BAD_OPTION, "The calibration knows none of this model's tensors: it must be of the same model."
            )
    return result, warnings


def parse_rule(text: str) -> Rule:
    """A rule from `REGEX=option,…`. Raises UsageError (bad_option)."""
    match = re.fullmatch(r"(.+?)=((?:lossless|snr=|max-error=|quality=|transform=).*)", text, re.DOTALL)
    if not match:
        raise UsageError(Code.BAD_OPTION, f"The rule {text!r} is not understood; write REGEX={_RULE_OPTIONS}.")
    rule = Rule(text, _pattern(match[1]))
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


def transform_of(treatment: Treatment) -> Transform:
    """The transform that the user chose."""
    shape, choice = treatment.tensor.shape, treatment.transform
    if choice in (None, "none"):
        return Transform()
    if choice in ("spatial", "all"):
        first = 2 if choice == "spatial" else 0
        return Transform(tuple(a for a in range(first, len(shape)) if 1 < shape[a] <= MAX_TRANSFORM_LENGTH))
    text, _, run = str(choice).partition("/")
    axes = tuple(sorted({int(axis) for axis in text.split("+")}))
    if axes[-1] >= len(shape):
        raise UsageError(
            Code.BAD_OPTION, f"Tensor {treatment.tensor.name!r} of shape {shape} has no axis {axes[-1]} to transform."
        )
    how = Transform(axes, int(run).bit_length() - 1 if run else 0)
    if any(how.runs(shape[axis]) > MAX_TRANSFORM_LENGTH for axis in axes):
        raise UsageError(
            Code.BAD_OPTION,
            f"Tensor {treatment.tensor.name!r} of shape {shape} has more than {MAX_TRANSFORM_LENGTH} elements "
            f"along an axis to transform: choose blocks, such as {text}/64.",
        )
    return how


def _treatment(
    position: int,
    tensor: Stored,
    names: Sequence[str],
    rules: Sequence[Rule],
    target: Target,
    options: Options,
    exact: bool,
) -> tuple[Treatment, str | None]:
    own = next((rule.target for rule in reversed(rules) if rule.target), None)
    transform = next((rule.transform for rule in reversed(rules) if rule.transform), None)
    lossless = options.lossless or any(rule.lossless for rule in rules)
    if tensor.dtype.name in ("int8", "uint8") and tensor.size >= SMALL:
        return Treatment(position, tensor, Coding.INTEGER), None
    if lossless or not tensor.dtype.lossy or not tensor.size:
        return Treatment(position, tensor, Coding.RAW), None
    if not own and (exact or any(_NOT_WEIGHTS.search(name) for name in names)):
        return Treatment(position, tensor, Coding.RAW), None
    values = spectrum(tensor)
    largest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(largest):
        return Treatment(position, tensor, Coding.RAW), f"{names[0]!r} holds NaN or infinity: stored exactly."
    if largest and not _SMALLEST <= largest <= _LARGEST:
        return Treatment(position, tensor, Coding.RAW), f"{names[0]!r} holds values near {largest:.0e}: stored exactly."
    if isinstance(tensor, Spectral):
        return Treatment(position, tensor, Coding.LOSSY, own or target, own is not None), None
    if not own and values.any() and (np.array_equal(values, np.rint(values)) or values.min() == values.max()):
        return Treatment(position, tensor, Coding.RAW), None  # a mask, a grid, a constant: nothing that was trained
    return Treatment(position, tensor, Coding.LOSSY, own or target, own is not None, transform), None


def _sensitivity(treatment: Treatment, names: Sequence[str], calibration: Calibration) -> Sensitivity | None:
    """What is known of a tensor's errors; nothing where a rule sets its target, or of a vector."""
    found = next((calibration.tensors[name] for name in names if name in calibration.tensors), None)
    if (
        found is None
        or isinstance(treatment.tensor, Spectral)
        or treatment.coding is not Coding.LOSSY
        or treatment.own_target
        or treatment.vector
    ):
        return None
    shape = treatment.tensor.shape
    columns = treatment.tensor.size // shape[0]
    related = len(found.moments) if found.moments is not None else columns
    if len(found.rows) != shape[0] or related != columns:
        raise UsageError(
            Code.BAD_OPTION,
            f"Tensor {names[0]!r} has shape {shape}, the calibration {len(found.rows)} rows, {related} columns: "
            f"it must be of the same model.",
        )
    return found


def _names(entries: Sequence[Entry]) -> dict[int, list[str]]:
    """All names of each stored tensor, its own first."""
    names = {position: [entry.name] for position, entry in enumerate(entries) if isinstance(entry, Stored)}
    for entry in entries:
        if not isinstance(entry, Stored):
            names[entry.target].append(entry.name)
    return {position: [name for name in all_names if name] or [""] for position, all_names in names.items()}


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


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise UsageError(Code.BAD_OPTION, f"{text!r} is no regular expression: {error}.") from None
