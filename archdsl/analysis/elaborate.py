"""Program to designs: every variant run on numbers, its claims held against what comes out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from archdsl.analysis import claims, readers
from archdsl.analysis.notes import Frame, error
from archdsl.analysis.session import Session, Stop
from archdsl.analysis.value import Value, start
from archdsl.diagnostics import Bag, SpecError
from archdsl.expr import Name, Open
from archdsl.ir.design import Design, Instance
from archdsl.ir.evaluate import Poisoned, Scope
from archdsl.ir.program import Definition, Program, Variant
from archdsl.ops.op import Shape
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

__all__ = ["Session", "elaborate", "elaborate_all", "model_of"]

Override = Shape | Mapping[str, Shape]

# Blocks nest `limits.BLOCKS` deep, each through a dozen calls of this program's own.
_RECURSION = 12_000


def elaborate(
    program: Program,
    variant: Variant | Definition,
    input_override: Override | None = None,
    bag: Bag | None = None,
    session: Session | None = None,
) -> Design | None:
    """The design of a variant, or of a model with its defaults; None where it is wrong.

    `input_override` is the shape of the input instead of the declared one (with several inputs, a
    shape for each name). What is wrong goes to the bag. With a session, variants share work.
    """
    bag = bag if bag is not None else Bag()
    if session is None or session.program is not program:
        session = Session(program, bag)
    session.bag = bag
    if session.evaluator.budget.left < 0:
        return None
    saved = session.frames
    name = variant.name
    kind = "variant" if isinstance(variant, Variant) else "model"
    session.frames = [Frame(kind, name)]
    try:
        with _deep():
            return _elaborate(session, variant, input_override)
    except SpecError as problem:
        session.report(problem.diagnostic)
    except Stop as problem:
        bag.add(problem.diagnostic)
    except Poisoned:
        pass
    except RecursionError:
        bag.add(error("E421", "this network is nested too deeply", variant.span).diagnostic)
    finally:
        session.frames = saved
    return None


def elaborate_all(
    program: Program, input_override: Override | None = None, bag: Bag | None = None
) -> tuple[Design, ...]:
    """The designs of all variants that hold, in the order written."""
    bag = bag if bag is not None else Bag()
    session = Session(program, bag)
    designs: tuple[Design, ...] = ()
    for variant in program.variants:
        design = elaborate(program, variant, input_override, bag, session)
        if design is not None:
            designs += (design,)
        if session.unexplained:
            from archdsl.analysis import nearby

            nearby.suggest(program, variant, input_override, session)
    if any(definition.weights for definition in program.definitions):
        from archdsl.analysis import renaming

        renaming.check(session, designs)
    if program.recipes:
        from archdsl.analysis import recipes

        designs = recipes.with_recipes(session, designs)
    if designs and not bag.failed:
        for warning in readers.warnings(program, designs):
            bag.add(warning)
    return designs


@contextmanager
def _deep() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _RECURSION))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def model_of(program: Program, variant: Variant | Definition) -> Definition:
    """The model of a variant."""
    if isinstance(variant, Definition):
        return variant
    found = [entry for entry in program.definitions if entry.name == variant.definition]
    if not found:  # it was found wrong by an earlier phase
        raise Poisoned
    return found[0]


def _elaborate(
    session: Session, variant: Variant | Definition, override: Override | None
) -> Design | None:
    definition = model_of(session.program, variant)
    given = _arguments(session, variant)
    shapes = _inputs(session, definition, given, override, variant.span)
    flows = _values(definition, shapes)
    declared = _declared(session, definition, given, variant.span)
    overridden = override is not None and tuple(shapes) != tuple(declared)
    instance = session.instance(definition, given, flows, variant.span, overridden)
    if instance.failed:
        return None
    design = Design(
        variant=variant.name if isinstance(variant, Variant) else None,
        model=definition.name,
        root=instance,
        inputs=tuple(zip((port.name or "in" for port in definition.inputs), shapes)),
        outputs=_outputs(definition, instance),
        overridden=overridden,
        notes=_notes(overridden),
    )
    if isinstance(variant, Variant) and variant.claims and not overridden:
        if not claims.check(variant.claims, design, session):
            return None
    return design


def input_of(session: Session, variant: Variant, override: Override | None) -> Shape | None:
    """The shape of a model's only input, where it is a map."""
    definition = model_of(session.program, variant)
    if len(definition.inputs) != 1:
        return None
    given = _arguments(session, variant)
    (shape,) = _inputs(session, definition, given, override, variant.span)
    return shape if len(shape) == 3 else None


def _notes(overridden: bool) -> tuple[str, ...]:
    if not overridden:
        return ()
    return (
        "the input is not the declared one: heights and widths that the spec states as numbers, "
        "and its claims, were not checked",
    )


def _arguments(session: Session, variant: Variant | Definition) -> tuple[tuple[str, Any], ...]:
    if isinstance(variant, Definition):
        return ()
    evaluate = session.evaluator.evaluate
    return tuple(
        (argument.parameter, evaluate(argument.value, session.roots))
        for argument in variant.arguments
    )


def _declared(
    session: Session, definition: Definition, given: tuple[tuple[str, Any], ...], span: Span
) -> list[tuple[int | None, ...]]:
    """The shapes that a model's inputs state, None where a size is open."""
    scope = Scope(session.roots)
    scope.names.update(session.complete(definition, given, (), span))
    shapes = []
    for port in definition.inputs:
        dims: list[int | None] = []
        for number, dim in enumerate(port.dims or ()):
            if dim is None or isinstance(dim, Open):
                dims.append(None)
                continue
            size = session.evaluator.integer(dim, scope, "a size", 1)
            dims.append(size)
            if number < len(port.dim_names) and (name := port.dim_names[number]) is not None:
                scope.names[name] = size
        shapes.append(tuple(dims))
    return shapes


def _inputs(
    session: Session,
    definition: Definition,
    given: tuple[tuple[str, Any], ...],
    override: Override | None,
    span: Span,
) -> list[Shape]:
    shapes: list[Shape] = []
    declared = _declared(session, definition, given, span)
    for port, stated in zip(definition.inputs, declared):
        wanted: Any = override
        if isinstance(override, Mapping):
            wanted = override.get(port.name or "in")
        elif override is not None and len(definition.inputs) > 1:
            names = ", ".join(f"`{port.name}`" for port in definition.inputs)
            raise error(
                "E415",
                f"`{definition.name}` has several inputs: {names}",
                port.span,
                help=f"say which: `--input {port.name}={_asked(stated)}`",
            )
        shape = tuple(wanted) if wanted is not None else stated
        if not shape:
            raise error(
                "E415",
                f"the input of `{definition.name}` has no size",
                port.span,
                help="state it, without the batch: `[3, 224, 224]`, or `[10]` for vectors",
            )
        if None in shape:
            raise error(
                "E415",
                f"the input of `{definition.name}` has an open size",
                port.span,
                help="state it, or ask for one on the command line: `--input 3x224x224`",
            )
        if len(shape) != len(stated):
            raise error(
                "E415",
                f"`{definition.name}` takes an input of {len(stated)} sizes, not {len(shape)}",
                port.span,
                f"{len(stated)} sizes",
                notes=("the input asked for is " + "x".join(map(str, shape)) + " (`--input`)",),
            )
        shapes.append(shape)
    if override is not None:
        _hold_names(definition, shapes)
    if isinstance(override, Mapping):
        known = [port.name or "in" for port in definition.inputs]
        for name in override:
            if name not in known:
                raise error(
                    "E415",
                    f"`{definition.name}` has no input `{name}`",
                    definition.inputs[0].span,
                    help="its inputs are " + ", ".join(f"`{each}`" for each in known),
                )
    return shapes


def _asked(shape: Sequence[int | None]) -> str:
    return "x".join("224" if size is None else str(size) for size in shape)


def _hold_names(definition: Definition, shapes: list[Shape]) -> None:
    """A dimension that has a name is of one size wherever the name stands."""
    sizes: dict[str, Any] = {}
    for port, shape in zip(definition.inputs, shapes):
        sizes.update((name, size) for name, size in zip(port.dim_names, shape) if name is not None)
    for port, shape in zip(definition.inputs, shapes):
        for dim, size in zip(port.dims or (), shape):
            if isinstance(dim, Name) and sizes.get(dim.id, size) != size:
                raise error(
                    "E415",
                    f"`{dim.id}` would be {sizes[dim.id]} and {size} in the input asked for",
                    dim.span,
                    f"{size} here",
                    notes=("the input asked for is " + "x".join(map(str, shape)) + " (`--input`)",),
                    help="ask for an input where they agree, or give each its own name",
                )


def _values(definition: Definition, shapes: list[Shape]) -> tuple[Any, ...]:
    reaches = start(len(shapes))
    return tuple(
        Value(shape, reach, number) for number, (shape, reach) in enumerate(zip(shapes, reaches))
    )


def _outputs(definition: Definition, instance: Instance) -> tuple[tuple[str | None, Shape], ...]:
    names: list[str | None] = []
    structure = instance.structure[len(definition.inputs) :]
    ports = definition.outputs
    for number, length in enumerate(structure):
        name = ports[number].name if number < len(ports) else None
        if length is None:
            names.append(name)
        else:
            names += [f"{name or 'out'}[{index}]" for index in range(length)]
    return tuple(zip(names, instance.outputs))
