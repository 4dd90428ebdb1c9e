"""Putting releases to use and back, of whatever kind; refuses what measures worse. Knows nothing of models.

A release may carry `validation.json`: which messages of a held-out set it got right, by the sha256 of the message, and
how the release in use at that time did on the same ones. Two releases are compared message by message.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import ReleaseInvalid, ReleaseWorse
from bot.releases import (
    Manifest,
    current_release,
    earlier_release,
    go_back,
    make_current,
    open_release,
    releases,
)
from bot.training.metrics import bootstrap_interval
from bot.verifiers.opening import BUILT_IN
from bot.verifiers.reading import read_judgements

KINDS = ("intents", "verifier", "generator")
VALIDATION = "validation.json"
USED_IN = "used_in"  # metric: the languages in which it judges, where a kind is used only in some
FEWEST_SHARED = 20  # messages; fewer say nothing

_Both = tuple[Mapping[str, bool], Mapping[str, bool]]  # what the one before and the one after got right


@dataclass(frozen=True, slots=True)
class Validation:
    """What a release got right of messages that its measured twin had not seen. Keys are the messages' sha256."""

    right: Mapping[str, bool]
    against: str = ""  # the release in use at that time, and
    right_before: Mapping[str, bool] | None = None  # what that one got right of the same messages

    def write(self, folder: Path) -> None:
        before = None if self.right_before is None else _as_bits(self.right_before)
        values = {"right": _as_bits(self.right), "against": self.against, "right_before": before}
        (folder / VALIDATION).write_text(json.dumps(values), encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Compared:
    """Shares of the same messages that two releases get right, and the 95 % bootstrap interval of the difference."""

    messages: int
    before: float
    after: float
    low: float
    high: float

    @property
    def is_worse(self) -> bool:
        return self.high < 0

    @property
    def is_better(self) -> bool:
        return self.low > 0


@dataclass(frozen=True, slots=True)
class Promotion:
    kind: str
    release: str  # now in use
    before: str  # in use until now, or ""
    compared: Compared | None
    not_compared: str = ""  # why, where there is something to compare with


def promote(root: Path, release: str, *, force: bool = False) -> Promotion:
    """Puts a release to use; `release` is "intents/NAME", or a NAME that only one kind has.

    Raises ReleaseInvalid where it is not there or damaged, and ReleaseWorse where it does worse than the one in use by
    more than chance explains, or found itself of use nowhere, unless `force`. The first verifier is held against the
    one that comes with the product, where that reads with the same embedder.
    """
    manifest = find_release(root, release)
    open_release(root / manifest.kind / manifest.name)
    if manifest.metrics.get(USED_IN) == "" and not force:
        raise ReleaseWorse(
            f"'{manifest.release}' measured better than what judges without it in no language, so nothing would be "
            "judged by it; use --force to promote it all the same"
        )
    seen: list[Promotion] = []

    def is_no_worse() -> None:
        before = name_in_use(root, manifest.kind)
        both = _both_with_what_is_in_use(root, manifest, before)
        known = None if both is None else compared(*both)
        if known is not None and known.is_worse and not force:
            rival = f"'{before}'" if before else "what comes with the product"
            raise ReleaseWorse(
                f"'{manifest.release}' does worse than {rival}, which is in use: {known.after:.1%} against "
                f"{known.before:.1%} of {known.messages} messages that neither had seen, and chance does not explain "
                f"it (difference {known.low:+.1%} to {known.high:+.1%}); use --force to promote it all the same"
            )
        why_not = "" if known is not None or before == manifest.name else _why_not_compared(manifest.kind, before, both)
        seen.append(Promotion(manifest.kind, manifest.name, before, known, why_not))

    make_current(root, manifest.kind, manifest.name, allowed=is_no_worse)
    return seen[0]


def _both_with_what_is_in_use(root: Path, manifest: Manifest, before: str) -> _Both | None:
    if before:
        return None if before == manifest.name else _both(root, manifest.kind, before, manifest.name)
    if manifest.kind == "generator":
        return _both_with_what_was_in_use(root, manifest)
    if manifest.kind != "verifier" or manifest.base not in read_judgements(BUILT_IN).embedders:
        return None
    old, new = read_validation(BUILT_IN), read_validation(root / manifest.kind / manifest.name)
    return (old.right, new.right) if old is not None and new is not None else None


def _both_with_what_was_in_use(root: Path, manifest: Manifest) -> _Both | None:
    """The first generator against what came with the product, which answered the same questions beside it."""
    measured = read_validation(root / manifest.kind / manifest.name)
    if measured is None or measured.against or measured.right_before is None:
        return None
    return measured.right_before, measured.right


def _why_not_compared(kind: str, before: str, both: _Both | None) -> str:
    """A clause; "" where nothing is missing: the first list of intents replaces nothing."""
    asked = "questions" if kind == "generator" else "messages"
    if both is not None:
        shared = len(both[0].keys() & both[1].keys())
        return f"only {shared} {asked} were set aside for both, and fewer than {FEWEST_SHARED} say nothing"
    if before or kind == "generator":
        rival = f"'{before}'" if before else "what comes with the product"
        return f"it was not measured on the same {asked} as {rival}"
    return ""


def roll_back(root: Path, kind: str) -> Promotion:
    """Puts the release before the one in use back to use. Raises ReleaseInvalid where there is none."""
    before = name_in_use(root, kind)
    return Promotion(kind, go_back(root, kind), before, None)


def can_roll_back(root: Path, kind: str) -> bool:
    try:
        return earlier_release(root, kind) is not None
    except ReleaseInvalid:
        return False


def find_release(root: Path, release: str) -> Manifest:
    """Raises ReleaseInvalid where there is none of this name, or where several kinds have it."""
    kind, slash, name = release.rpartition("/")
    if slash and kind not in KINDS:
        raise ReleaseInvalid(f"There are no releases of '{kind}'; there are {', '.join(KINDS)}")
    found = [each for each in all_releases(root, [kind] if kind else KINDS) if each.name == name]
    if len(found) != 1:
        problem = "There is no release" if not found else "Several kinds have a release"
        raise ReleaseInvalid(f"{problem} '{release}'; `frontdesk releases list` shows what there is")
    return found[0]


def all_releases(root: Path, kinds: Sequence[str] = KINDS) -> tuple[Manifest, ...]:
    return tuple(manifest for kind in kinds for manifest in releases(root, kind))


def name_in_use(root: Path, kind: str) -> str:
    """ "" where no release is in use, or the one in use is gone."""
    try:
        folder = current_release(root, kind)
    except ReleaseInvalid:
        return ""
    return "" if folder is None else folder.name


def compare(root: Path, kind: str, before: str, after: str) -> Compared | None:
    """None where the two releases were not measured on enough of the same messages."""
    both = _both(root, kind, before, after)
    return None if both is None else compared(*both)


def _both(root: Path, kind: str, before: str, after: str) -> _Both | None:
    old, new = read_validation(root / kind / before), read_validation(root / kind / after)
    if new is not None and new.against == before and new.right_before is not None:
        return new.right_before, new.right
    if old is not None and old.against == after and old.right_before is not None:
        return old.right, old.right_before
    return (old.right, new.right) if old is not None and new is not None else None


def compared(before: Mapping[str, bool], after: Mapping[str, bool]) -> Compared | None:
    """Over the messages that both know; the interval is of the paired differences. None for too few."""
    shared = sorted(before.keys() & after.keys())
    if len(shared) < FEWEST_SHARED:
        return None
    old, new = [float(before[key]) for key in shared], [float(after[key]) for key in shared]
    low, high = bootstrap_interval([mine - yours for mine, yours in zip(new, old, strict=True)])
    return Compared(len(shared), sum(old) / len(old), sum(new) / len(new), low, high)


def read_validation(folder: Path) -> Validation | None:
    """None where the release carries none. Raises ReleaseInvalid where it cannot be read."""
    path = folder / VALIDATION
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        before = values["right_before"]
        return Validation(
            _as_truths(values["right"]), str(values["against"]), None if before is None else _as_truths(before)
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ReleaseInvalid(f"Cannot read '{path}': {error}; train it again") from error


def _as_bits(right: Mapping[str, bool]) -> dict[str, int]:
    return {key: int(value) for key, value in sorted(right.items())}


def _as_truths(values: Mapping[str, int]) -> dict[str, bool]:
    return {str(key): bool(value) for key, value in values.items()}
