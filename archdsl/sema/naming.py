"""Names of modules: labels as written, and stable names by rule where none stands.

The rule, for a class: the kind of the step (`conv`, `bn`, a block in snake_case), bare if the
class has one of the kind, else numbered from 1 in text order, counting labels of that form. A
stateless activation that is the same everywhere is one module. In an `nn.Sequential` the position
is the name, so that only labels are looked at.
"""

from __future__ import annotations

import re

from archdsl.ir.program import ModuleName
from archdsl.reserved import refusal_of_label
from archdsl.sema.errors import error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.diagnostics import SpecError
    from archdsl.source import Span

# For every `if` around, which arm: steps of different arms never stand side by side.
Arms = tuple[tuple[int, int], ...]

_HUMPS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake_case(name: str) -> str:
    """`DenseLayer` as `dense_layer`, `ConvBN` as `conv_bn`."""
    return _HUMPS.sub("_", name).lower()


class Slot:
    """A module that needs a name, or has one by its label.

    `stem` is its kind; `alike` says what an activation is, so that equal ones can be one module.
    """

    __slots__ = ("alike", "arms", "label", "span", "stem", "uid")

    def __init__(
        self,
        uid: int,
        stem: str | None,
        label: ModuleName | None,
        span: Span,
        arms: Arms,
        alike: object = None,
    ) -> None:
        self.uid = uid
        self.stem = stem
        self.label = label
        self.span = span
        self.arms = arms
        self.alike = alike


class Namespace:
    """The modules of one class, or of one `nn.Sequential` (`place` is then where it stands)."""

    __slots__ = ("place", "slots")

    def __init__(self, place: Span | None = None) -> None:
        self.place = place
        self.slots: list[Slot] = []

    def assign(self, report: Callable[[SpecError], None]) -> dict[int, ModuleName]:
        """A name for every slot without a label; collisions are reported."""
        taken = self._labels(report)
        given: dict[int, ModuleName] = {}
        if self.place is not None:
            return given
        by_stem: dict[str, list[Slot]] = {}
        for slot in self.slots:
            if slot.stem is not None:
                by_stem.setdefault(slot.stem, []).append(slot)
        for stem, slots in by_stem.items():
            for i, (slot, name, shared) in enumerate(_names(stem, slots)):
                problem = None if shared and i else _problem(slot, name, taken)
                if problem is not None:
                    report(problem)
                taken.setdefault(name, []).append(slot)
                given[slot.uid] = ModuleName(
                    base=name, written=False, shared=shared, span=slot.span
                )
        return given

    def _labels(self, report: Callable[[SpecError], None]) -> dict[str, list[Slot]]:
        taken: dict[str, list[Slot]] = {}
        for slot in self.slots:
            if slot.label is None or not isinstance(slot.label.base, str):
                continue
            base = slot.label.base
            other = _clash(slot, taken.get(base, ()))
            if other is not None:
                report(
                    error(
                        "E320",
                        (
                            f"the label `{base}` is used twice in one class"
                            if self.place is None
                            else f"the label `{base}` is used twice in one Sequential"
                        ),
                        slot.span,
                        "used again",
                        others=((other.span, "first used here"),),
                        help="rename one of them",
                    )
                )
            taken.setdefault(base, []).append(slot)
        return taken


def check_label(name: str, span: Span, sequential: bool) -> None:
    """Refuse a label that no attribute of a module can have."""
    reason = refusal_of_label(name, sequential)
    if reason is not None:
        raise error("E322", f"`{name}` cannot be a label: {reason}", span, help="rename it")


def _names(stem: str, slots: list[Slot]) -> list[tuple[Slot, str, bool]]:
    unlabelled = [slot for slot in slots if slot.label is None]
    alike = {slot.alike for slot in unlabelled}
    if len(alike) == 1 and None not in alike:
        return [(slot, stem, True) for slot in unlabelled]
    counted = [slot for slot in slots if slot.label is None or _has_form(slot.label, stem)]
    if len(counted) == 1:
        return [(slot, stem, False) for slot in unlabelled]
    numbered = enumerate(counted, 1)
    return [(slot, f"{stem}{i}", False) for i, slot in numbered if slot.label is None]


def _has_form(label: ModuleName, stem: str) -> bool:
    base = label.base
    if not isinstance(base, str) or not base.startswith(stem):
        return False
    rest = base[len(stem) :]
    return not rest or rest.isdigit()


def _clash(slot: Slot, others: list[Slot] | tuple[Slot, ...]) -> Slot | None:
    for other in others:
        families = slot.label and slot.label.indices and other.label and other.label.indices
        if not families and not _apart(slot.arms, other.arms):
            return other
    return None


def _apart(left: Arms, right: Arms) -> bool:
    arms = dict(left)
    return any(arms.get(uid, arm) != arm for uid, arm in right)


def _problem(slot: Slot, name: str, taken: dict[str, list[Slot]]) -> SpecError | None:
    reason = refusal_of_label(name, sequential=False)
    if reason is not None:
        return error(
            "E322",
            f"by rule this step would be called `{name}`, and cannot: {reason}",
            slot.span,
            help=f"give it a label: `{name}_: ...`",
        )
    other = _clash(slot, taken.get(name, ()))
    if other is None:
        return None
    whose = "is a label already" if other.label is not None else "is another step's name already"
    return error(
        "E321",
        f"by rule this step is called `{name}`, which {whose}",
        slot.span,
        f"`{name}`",
        others=((other.span, f"`{name}`"),),
        help="give this step a label of its own, or rename the other",
    )


def common_stem(labels: list[str]) -> str | None:
    """What a branch is called after: its only label, or what all its labels begin with."""
    if len(labels) < 2:
        return labels[0] if labels else None
    low, high = min(labels), max(labels)
    size = 0
    while size < min(len(low), len(high)) and low[size] == high[size]:
        size += 1
    prefix = low[:size]
    if not all(_ends_word(label, size) for label in labels):
        prefix = prefix[: prefix.rfind("_") + 1]
    stem = prefix.rstrip("_") if prefix.endswith("_") else prefix.rstrip("0123456789").rstrip("_")
    return stem or None


def _ends_word(label: str, size: int) -> bool:
    return (
        size >= len(label) or label[size].isdigit() or label[size] == "_" or label[size - 1] == "_"
    )
