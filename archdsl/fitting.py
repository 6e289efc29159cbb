"""Whether a checkpoint fits a variant, and what its keys are called here. Shapes alone tell."""

from __future__ import annotations

from archdsl.analysis.costs import volume
from archdsl.analysis.renaming import renamed
from archdsl.analysis.session import Session
from archdsl.diagnostics import Bag, Diagnostic, Label, SpecError
from archdsl.expr import Name
from archdsl.files import whole
from archdsl.ir.keys import state
from archdsl.node import Node
from archdsl.ops.op import Shape

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from archdsl.checkpoint import Tensor
    from archdsl.driver import Checked
    from archdsl.ir.design import Design
    from archdsl.ir.keys import State
    from archdsl.ir.program import Weights

# torch counts batches since 0.4.1; older files go without.
COUNT = "num_batches_tracked"


# Difflib is slow: where this many keys are unexpected, what they are near is beside the point.
MOST_NEAR = 40


class Fit(Node):
    """How a checkpoint goes with a variant.

    `source` is the name of the `weights` that apply, None for none; `prefix` is what all of their
    keys begin with and ours don't. `keys` are ours by theirs, `wanted` the shapes that ours have.
    `added` are counts of batches that the file is too old for. What is `missing`, `unexpected` or
    `reshaped` is a key with its shape, or with the shape that it has and the one that it should
    have; `retyped` likewise with kinds of numbers; `doubled` with the keys of theirs that it is made
    of. Where there is nothing of all this, it fits.
    """

    variant: str
    source: str | None
    prefix: str
    keys: dict[str, str]
    wanted: dict[str, Shape]
    added: tuple[str, ...]
    missing: dict[str, Shape]
    unexpected: dict[str, Shape]
    doubled: dict[str, list[str]]
    reshaped: dict[str, tuple[Shape, Shape]]
    retyped: dict[str, tuple[str, str]]

    @property
    def problems(self) -> int:
        found = len(self.missing) + len(self.unexpected)
        return found + len(self.doubled) + len(self.reshaped) + len(self.retyped)

    @property
    def way(self) -> str:
        """How their keys become ours, in words; "" where they are the same."""
        cut = f", without the `{self.prefix}` of all keys" if self.prefix else ""
        return cut + ("" if self.source is None else f", renamed from {self.source}")

    def report(self) -> Iterator[str]:
        """A line for every problem."""
        for key, shape in self.missing.items():
            yield f"missing: {key} {_shown(shape)}"
        for number, (key, shape) in enumerate(self.unexpected.items()):
            alike = [other for other, wanted in self.missing.items() if wanted == shape]
            near = _near(key, alike) if number < MOST_NEAR else ""
            yield f"unexpected: {key} {_shown(shape)}{near}"
        for key, theirs in self.doubled.items():
            yield f"one key for several: {key}, from {' and '.join(theirs)}"
        for key, (found, wanted) in self.reshaped.items():
            yield f"another shape: {key} {_shown(found)}, not {_shown(wanted)}"
        for key, (given, right) in self.retyped.items():
            yield f"another type: {key} holds {given} numbers, not {right} ones"


def load(
    checked: Checked, path: str, variant: str | None = None, source: str | None = None
) -> tuple[Fit, dict[str, Tensor]]:
    """What a file holds, under our keys and in our shapes. Raises as `fit` does."""
    from archdsl import checkpoint

    given = checkpoint.read(path)
    shapes = {key: tuple(value.shape) for key, value in given.items()}
    kinds = {key: checkpoint.kind(value) for key, value in given.items()}
    found = fit(checked, path, shapes, kinds, variant, source)
    tensors = {ours: given[theirs] for theirs, ours in found.keys.items()}
    tensors |= {key: checkpoint.count() for key in found.added}
    inner = {key: tensors.pop(key).reshape(shape) for key, shape in found.wanted.items()}
    return found, {**inner, **tensors}


def fit(
    checked: Checked,
    path: str,
    shapes: Mapping[str, Shape],
    kinds: Mapping[str, str],
    variant: str | None = None,
    source: str | None = None,
) -> Fit:
    """The variant that a file of these shapes and kinds of numbers fits.

    Raises SpecError where it fits none, or several; ValueError for a variant or source that the
    spec doesn't have.
    """
    fits = [
        found
        for prefix in _prefixes(shapes)
        for found in _fits(checked, prefix, shapes, kinds, variant, source)
    ]
    if not fits:
        raise ValueError(f"no variant has weights from {source!r}; there are {_sources(checked)}")
    right = {fit.variant: fit for fit in reversed(fits) if not fit.problems}
    if len(right) == 1:
        return next(iter(right.values()))
    if right:
        which = ", ".join(reversed(right))
        raise _finding(path, f"{path} fits several variants: {which}", help="name one of them")
    nearest = min(fits, key=lambda fit: fit.problems)
    by = nearest.way and f"{nearest.way},"
    design = next(of for of in checked.designs if of.name == nearest.variant)
    raise _finding(
        path,
        f"{path}{by} does not fit `{nearest.variant}`",
        tuple(nearest.report()),
        _classes(nearest, design),
    )


def _classes(fit: Fit, design: Design) -> str | None:
    """The variant to write where a file differs in the number of classes alone."""
    (_, output), *others = design.outputs
    stated = design.root.definition.outputs[0].dims
    if others or len(output) != 1 or not stated or not isinstance(stated[0], Name):
        return None
    if len(fit.reshaped) < fit.problems or not fit.reshaped:
        return None
    parameter = stated[0].id
    if all(param.name != parameter for param in design.root.definition.params):
        return None
    numbers = {found[:1] for found, wanted in fit.reshaped.values()}
    alike = all(
        found and found[1:] == wanted[1:] and wanted[:1] == output
        for found, wanted in fit.reshaped.values()
    )
    if len(numbers) != 1 or not alike:
        return None
    ((count,),) = numbers
    name = f"{fit.variant}_{count}"
    return (
        f"it tells {count} classes apart, not {output[0]}: "
        f"`variant {name} = {fit.variant}({parameter}={count})`"
    )


def _prefixes(keys: Iterable[str]) -> Iterator[str]:
    """What all keys begin with, name by name, from nothing on: wrappers of a model (for several
    devices, by `torch.compile`) put theirs in front."""
    names = [key.split(".")[:-1] for key in keys]
    shared = 0
    for level in zip(*names):
        if len(set(level)) > 1:
            break
        shared += 1
    for length in range(shared + 1):
        yield "".join(f"{name}." for name in names[0][:length])


def _fits(
    checked: Checked,
    prefix: str,
    shapes: Mapping[str, Shape],
    kinds: Mapping[str, str],
    variant: str | None,
    source: str | None,
) -> Iterator[Fit]:
    """Every variant with the keys as they are behind the prefix, and by each of the `weights` of
    its model."""
    bare = {key[len(prefix) :]: shape for key, shape in shapes.items()}
    program = checked.program
    session = Session(program, Bag())
    told = {definition.name: definition.weights for definition in program.definitions}
    for design in checked.named(variant):
        ways: list[Weights | None] = [None] if source is None else []
        ways += [of for of in told[design.model] if source in (None, of.source)]
        wanted = state(design, session.externs)
        for way in ways:
            keys = {key: key for key in bare}
            if way is not None:
                keys = renamed(way, bare, design, session)
            whole = {prefix + key: ours for key, ours in keys.items()}
            yield _fit(design, way, prefix, whole, shapes, kinds, wanted)


def _fit(
    design: Design,
    way: Weights | None,
    prefix: str,
    keys: dict[str, str],
    shapes: Mapping[str, Shape],
    kinds: Mapping[str, str],
    wanted: State,
) -> Fit:
    ours: dict[str, list[str]] = {}
    for their, key in keys.items():
        ours.setdefault(key, []).append(their)
    given = {key: shapes[theirs[0]] for key, theirs in ours.items()}
    types = {key: (kinds[theirs[0]], _kind(key)) for key, theirs in ours.items()}
    missing = {key: shape for key, shape in wanted.shapes.items() if key not in ours}
    added = tuple(key for key in missing if key.endswith(f".{COUNT}"))
    return Fit(
        variant=design.name,
        source=None if way is None else way.source,
        prefix=prefix,
        keys=keys,
        wanted=wanted.shapes,
        added=added,
        missing={key: shape for key, shape in missing.items() if key not in added},
        unexpected={key: shape for key, shape in given.items() if not wanted.known(key)},
        doubled={key: theirs for key, theirs in ours.items() if len(theirs) > 1},
        reshaped={
            key: (given[key], shape)
            for key, shape in wanted.shapes.items()
            if key in given and not _goes(given[key], shape)
        },
        retyped={
            key: (found, right)
            for key, (found, right) in types.items()
            if key in wanted.shapes and found != right
        },
    )


def _kind(key: str) -> str:
    """What numbers one of our keys holds."""
    return "integer" if key.endswith(f".{COUNT}") else "floating"


def _goes(found: Shape, wanted: Shape) -> bool:
    """Whether a tensor has the shape, or has it once flattened.

    A convolution that covers its whole map and a linear layer hold the same weights in the same
    order, and libraries use the one as the other.
    """
    if {len(found), len(wanted)} != {2, 4}:
        return found == wanted
    return found[0] == wanted[0] and volume(found) == volume(wanted)


def _near(key: str, candidates: Sequence[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(key, candidates, 1)
    return f"; near: {found[0]}" if found else ""


def _shown(shape: Shape) -> str:
    return f"[{', '.join(map(str, shape))}]"


def _sources(checked: Checked) -> str:
    known = [of.source for definition in checked.program.definitions for of in definition.weights]
    return ", ".join(dict.fromkeys(known)) or "none"


def _finding(
    path: str, message: str, notes: tuple[str, ...] = (), help: str | None = None
) -> SpecError:
    label = Label(span=whole(path))
    return SpecError(Diagnostic(code="E598", message=message, label=label, notes=notes, help=help))
