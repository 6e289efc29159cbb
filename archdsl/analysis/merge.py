"""Values that meet: which shapes go together, and what is said where they don't."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.analysis.notes import dims, error, place, size
from archdsl.analysis.value import Value
from archdsl.diagnostics import Fix, SpecError
from archdsl.expr import Input, Name
from archdsl.ir.design import Leaf, Section, Sub, flat
from archdsl.ir.program import Call, Item
from archdsl.node import Node
from archdsl.ops.op import SAME, OpError, Shape, Size
from archdsl.ops.table import OPS
from archdsl.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


# Where a projection that is missing would go, and the words before it.
Gap = tuple[Span, str]


class SizesDiffer(SpecError):
    """Maps that meet differ in height and width."""


class Side:
    """One of the values that meet: what to call it, where it was written, what made it.

    `apart`: it has a place of its own to be pointed at.
    """

    __slots__ = ("apart", "name", "nodes", "span", "value")

    def __init__(
        self,
        value: Value,
        name: str,
        span: Span,
        nodes: Sequence[Leaf | Sub | Section] = (),
        apart: bool = True,
    ) -> None:
        self.apart = apart
        self.value = value
        self.name = name
        self.span = span
        self.nodes = nodes

    @property
    def shape(self) -> Shape:
        shape = self.value.shape
        return shape if shape is not None else ()


def head(item: Item) -> Span:
    """The word that a merge begins with."""
    text, start = item.span.source.text, item.span.start
    end = start
    while end < item.span.end and text[end].isalnum():
        end += 1
    return Span(source=item.span.source, start=start, end=end)


def concat(sides: Sequence[Side], span: Span, what: str = "concat", code: str = "E201") -> Shape:
    """Channels in a row; all else must agree."""
    first = sides[0].shape
    for side in sides:
        if not side.value.batched:
            raise error(
                "E208",
                f"`{what}` joins values that flow, and {side.name} is a learned tensor",
                side.span,
                help="arithmetic in `from` takes tensors of a block's own",
            )
    if any(len(side.shape) != len(first) for side in sides):
        _ranks(sides, span, what, code)
    if any(side.shape[1:] != first[1:] for side in sides):
        _sizes(sides, span, what, code)
    return (sum(side.shape[0] for side in sides), *first[1:])


def elementwise(sides: Sequence[Side], span: Span, what: str, code: str = "E202") -> Shape:
    """Equal shapes, or shapes that torch broadcasts."""
    shape = sides[0].shape
    batched = sides[0].value.batched
    for side in sides[1:]:
        joined = broadcast(shape, batched, side.shape, side.value.batched)
        if joined is None:
            _unequal(sides, span, what, code)
        else:
            shape = joined
        batched = batched or side.value.batched
    return shape


def broadcast(first: Shape, batched: bool, second: Shape, also: bool) -> Shape | None:
    """The shape that torch broadcasts two to; None where they don't go together.

    Tensors without a batch line up from the right with those that have one.
    """
    if first == second:
        return first
    if batched and also and len(first) != len(second):
        return None
    if batched != also:
        loose, tied = (second, first) if batched else (first, second)
        while len(loose) > len(tied) and loose[0] == 1:
            loose = loose[1:]
        if len(loose) > len(tied):
            return None
        first, second = tied, loose
    if len(first) < len(second):
        first, second = second, first
    padded = (1,) * (len(first) - len(second)) + tuple(second)
    result = []
    for one, other in zip(first, padded):
        if one != other and one != 1 and other != 1:
            return None
        result.append(max(one, other) if 1 in (one, other) else one)
    return tuple(result)


# What is said


def _others(sides: Sequence[Side], odd: Sequence[Side], words: Any) -> tuple[Any, ...]:
    usual = next((side for side in sides if side not in odd), None)
    shown = [*odd[:3], *([usual] if usual is not None else [])]
    places: dict[int, tuple[Span, str]] = {}  # branches of a loop stand in one
    for side in shown:
        if side.apart:
            places.setdefault(side.span.start, (side.span, words(side)))
    return tuple(places.values())


def _of(what: str) -> str:
    if what == "dense":
        return "input and the body of this `dense`"
    return f"sides of `{what}`" if what in ("+", "-", "*") else f"branches of this `{what}`"


def _odd(sides: Sequence[Side], trait: Any) -> list[Side]:
    """Those that differ from the most frequent trait (the first of equals)."""
    traits = [trait(side) for side in sides]
    usual = max(dict.fromkeys(traits), key=traits.count)
    return [side for side, found in zip(sides, traits) if found != usual]


def _ranks(sides: Sequence[Side], span: Span, what: str, code: str) -> None:
    odd = _odd(sides, lambda side: len(side.shape))
    raise error(
        code,
        f"the {_of(what)} are maps and vectors",
        span,
        _summary(sides, odd, lambda side: dims(side.shape)),
        others=_others(sides, odd, lambda side: dims(side.shape)),
        help="`flatten` makes a vector of a map; `reshape` brings it back",
    )


def _sizes(sides: Sequence[Side], span: Span, what: str, code: str) -> None:
    odd = _odd(sides, lambda side: side.shape[1:])
    if len(sides[0].shape) != 3:
        words: Any = lambda side: dims(side.shape)  # noqa: E731
    else:
        words = lambda side: size(side.shape)  # noqa: E731
    raise _differ(sides, odd, words, span, what, code)


def _unequal(sides: Sequence[Side], span: Span, what: str, code: str) -> None:
    if any(len(side.shape) != len(sides[0].shape) for side in sides):
        odd = _odd(sides, lambda side: len(side.shape))
        raise error(
            code,
            f"the {_of(what)} are maps and vectors",
            span,
            _summary(sides, odd, lambda side: dims(side.shape)),
            help="`flatten` makes a vector of a map; `reshape` brings it back",
        )
    widths = [side for side in sides if side.shape[0] != 1]
    channels = _odd(widths, lambda side: side.shape[0]) if widths else []
    if channels:
        raise error(
            code,
            f"the {_of(what)} differ in channels",
            span,
            _summary(sides, channels, lambda side: str(side.shape[0])),
            others=_others(sides, channels, lambda side: f"{side.shape[0]} channels"),
            help=f"a 1x1 convolution brings one to the other: `conv({_usual(sides, channels)}, "
            "1x1)`",
        )
    odd = _odd(sides, lambda side: side.shape[1:])
    words: Any = lambda side: (  # noqa: E731
        size(side.shape) if len(side.shape) == 3 else dims(side.shape)
    )
    raise _differ(sides, odd, words, span, what, code)


def _differ(
    sides: Sequence[Side], odd: Sequence[Side], words: Any, span: Span, what: str, code: str
) -> SizesDiffer:
    usual = next((side for side in sides if side not in odd), sides[0])
    facts, help = shrinking(odd, span, usual.shape[1:])
    if len(sides) == 2:  # either may be the one that is wrong
        facts += tuple(_keeping(usual, span))
        if help is None:
            more, help = shrinking([usual], span, odd[-1].shape[1:])
            facts += more
    found = error(
        code,
        f"the {_of(what)} differ in height and width",
        span,
        _summary(sides, odd, words),
        others=_others(sides, odd, words),
        notes=facts,
        help=help,
    )
    return SizesDiffer(found.diagnostic)


def _usual(sides: Sequence[Side], odd: Sequence[Side]) -> int:
    return int(next(side for side in sides if side not in odd).shape[0])


def _summary(sides: Sequence[Side], odd: Sequence[Side], words: Any) -> str:
    usual = next((side for side in sides if side not in odd), sides[0])
    strange = next(side for side in odd if side is not usual)
    return f"{words(usual)} from {usual.name}, {words(strange)} from {strange.name}"


def shrinking(
    sides: Sequence[Side], seen_from: Span, wanted: Shape
) -> tuple[tuple[str, ...], str | None]:
    """Where maps change their size on the way, and the padding with which they would get the
    height and width that are wanted."""
    facts: list[str] = []
    help: str | None = None
    for side in sides[:2]:
        for node in flat(side.nodes):
            before, after = _change(node)
            if before is None or len(facts) == 4:
                continue
            name = node.cost.op if isinstance(node, Leaf) else node.instance.definition.name
            where = place(node.item.span, seen_from)
            facts.append(f"`{name}` at {where} takes {before} to {after}")
            if help is None and isinstance(node, Leaf) and after == size(side.shape):
                help = _padding(node, wanted)
    return tuple(facts), help


def _keeping(side: Side, seen_from: Span) -> Iterator[str]:
    """The blocks of a branch that leave the height and width of their input."""
    for node in flat(side.nodes):
        if isinstance(node, Sub) and _change(node)[0] is None:
            where = place(node.item.span, seen_from)
            yield f"`{node.instance.definition.name}` at {where} leaves {size(side.shape)} as it is"
            return


def _change(node: Leaf | Sub) -> tuple[str | None, str]:
    inputs = node.inputs if isinstance(node, Leaf) else node.instance.inputs
    outputs = node.cost.outputs if isinstance(node, Leaf) else node.instance.outputs
    if not inputs or not outputs or len(inputs[0]) != 3 or len(outputs[0]) != 3:
        return None, ""
    if inputs[0][1:] == outputs[0][1:]:
        return None, ""
    return size(inputs[0]), size(outputs[0])


def _padding(node: Leaf, wanted: Shape) -> str | None:
    """The padding with which an op gives the height and width that are wanted."""
    op = OPS.get(node.cost.op)
    if op is None or "pad" not in node.cost.arguments:
        return None
    x = node.inputs[0]
    effect = "keeps the size" if x[1:] == wanted else f"gives {wanted[0]}x{wanted[1]}"
    tall, wide = (int(extent) // 2 for extent in node.cost.extent)
    pads = [Size(min(pad, tall), min(pad, wide)) for pad in range(max(tall, wide) + 1)]
    default = next(param.default for param in op.parameters if param.name == "pad")
    for pad in (SAME, *pads) if default is SAME else pads:
        try:
            given = op.shape({**node.cost.arguments, "pad": pad}, x)
        except OpError:
            continue
        if given[1:] == wanted and pad is SAME:
            return f"`{op.name}` without `pad` {effect}"
        if given[1:] == wanted:
            text = pad[0] if pad[0] == pad[1] else pad
            return f"`{op.name}(..., pad={text})` {effect}"
    return None


def residual_mismatch(
    body: Side,
    skip: Side,
    span: Span,
    stride: tuple[Any, Any],
    projected: bool,
    projection: str | None,
    gap: Gap | None,
    maker: tuple[str, ...],
) -> SpecError:
    """E204: with the projection to write, where one would do; it would go into the `gap`. `maker`
    tells where the body's channels come from."""
    fix = None
    if projection is not None and gap is not None:
        fix = Fix(span=gap[0], text=f"{gap[1]} {projection}")
    if projection is not None:
        form = "a projection that fits: `{}`" if projected else PROJECT
        projection = form.format(projection)
    if len(body.shape) != len(skip.shape):
        return error(
            "E204",
            "the two sides of this residual differ in rank",
            span,
            f"{dims(skip.shape)} {_from(projected)}, {dims(body.shape)} from the body",
        )
    width = body.shape[0]
    if body.shape[0] != skip.shape[0]:
        # Else the step stands right there.
        notes = tuple(note for note in maker if " in " in note or "unchanged by" in note)
        if len(body.shape) == 3 and body.shape[1:] != skip.shape[1:]:
            notes += (f"they differ in size, too: {size(skip.shape)} and {size(body.shape)}",)
        return error(
            "E204",
            "the two sides of this residual differ in channels",
            span,
            f"{skip.shape[0]} channels {_from(projected)}, {width} from the body",
            notes=notes,
            help=projection,
            fix=fix,
        )
    facts, help = shrinking((body,), span, skip.shape[1:])
    if stride == (1, 1):
        fix = None
    else:
        help = projection
    return error(
        "E204",
        "the two sides of this residual differ in height and width",
        span,
        f"{size(skip.shape)} {_from(projected)}, {size(body.shape)} from the body",
        notes=facts,
        help=help,
        fix=fix,
    )


def _from(projected: bool) -> str:
    return "from the projection" if projected else "here"


PROJECT = "project where they differ: `skip identity else {}`"


def projection(body: Side, stride: tuple[Any, Any], norm: bool, visible: set[str]) -> str | None:
    """A body that brings the input to the shape of a residual's body, in the words of the body's
    own convolutions as far as those hold for it; `visible` are the names that they may use."""
    if any(not isinstance(step, int) for step in stride):
        return None
    width, step = str(body.shape[0]), ""
    if stride != (1, 1):
        step = str(stride[0] if stride[0] == stride[1] else Size(*stride))
    convs = [
        node
        for node in flat(body.nodes)
        if isinstance(node, Leaf) and isinstance(node.item, Call) and node.cost.op == "conv"
    ]
    if convs and convs[-1].cost.outputs[0][0] == body.shape[0]:
        width = _said(convs[-1], "width", visible) or width
    strides = [node for node in convs if _said(node, "stride", visible)]
    if len(strides) == 1 and strides[0].cost.stride == stride:
        step = _said(strides[0], "stride", visible) or step
    step = f", stride={step}" if step else ""
    return f"{{ conv({width}, 1x1{step})" + (" -> bn }" if norm else " }")


def _said(node: Leaf, parameter: str, visible: set[str]) -> str | None:
    """An argument of a convolution, as it was written, if that means the same in the skip."""
    assert isinstance(node.item, Call)
    for argument in node.item.arguments:
        if argument.parameter == parameter and _names(argument.value) <= visible:
            return argument.value.span.text
    return None


def _names(value: object) -> set[str]:
    """The names that an expression needs; `in` is one, and means something else elsewhere."""
    if isinstance(value, Name):
        return {value.id}
    if isinstance(value, Input):
        return {"in"}
    if isinstance(value, Node):
        return set().union(*(_names(getattr(value, f)) for f in value._fields if f != "span"))
    return set().union(*map(_names, value)) if isinstance(value, tuple) else set()
