"""The state of a run: its values and nodes, what it has seen, what it counts up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from archdsl import expr as e
from archdsl.analysis import merge
from archdsl.analysis.merge import Side
from archdsl.analysis.notes import Frame, dims, error
from archdsl.analysis.places import Paths, Place
from archdsl.analysis.session import Session, Stop
from archdsl.analysis.trail import made, trail
from archdsl.analysis.value import (
    POISON,
    Family,
    Reach,
    Value,
    meet,
)
from archdsl.diagnostics import Fix, SpecError
from archdsl.ir import program as p
from archdsl.ir.design import (
    AuxHead,
    Cost,
    Leaf,
    Observation,
    Section,
    Totals,
    count,
    flat,
)
from archdsl.ir.evaluate import Handle, Poisoned, Scope, spread
from archdsl.limits import more
from archdsl.node import Node
from archdsl.ops.op import Shape
from archdsl.source import Span
from archdsl.values import kind

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class State:
    """The state of a run, and what its items do with it."""

    def __init__(
        self,
        session: Session,
        definition: p.Definition,
        arguments: dict[str, Any],
        flows: tuple[Any, ...],
        relaxed: bool,
        used_at: Span,
    ) -> None:
        self.session = session
        self.used_at = used_at
        self.definition = definition
        self.arguments = arguments
        self.flows = flows
        self.relaxed = relaxed
        self.scope = Scope(session.roots)
        self.scope.names.update(arguments)
        self.sized: set[str] = set()  # names of sizes of values
        self.lets: dict[str, p.Let] = {}  # those that were run
        evaluator = session.evaluator
        self.paths = Paths(
            lambda template: evaluator.template(template, self.scope),
            lambda index: evaluator.evaluate(index, self.scope),
        )
        self.inputs: list[Value] = []
        self.structure: list[int | None] = []
        self.next = 0
        self.size = 0
        self.nodes: list[Any] = []
        self.totals = Totals()
        self.stack: list[tuple[list[Any], Totals]] = []
        self.aux: list[AuxHead] = []
        self.observed: dict[int, dict[Any, Observation]] = {}
        self.failed = False

    # Reports

    def report(self, problem: SpecError) -> None:
        self.session.report(problem.diagnostic)
        if isinstance(problem, merge.SizesDiffer) and problem.diagnostic.help is None:
            self.session.unexplained.append(problem.diagnostic.label.span)
        self.failed = True

    def stop(self, code: str, message: str, span: Span, help: str | None = None) -> NoReturn:
        raise Stop(error(code, message, span, help=help), self.session.frames)

    def item(self, item: p.Item, stream: Any, place: Place) -> Any:
        """The stream after one item."""
        raise NotImplementedError

    def region(self, region: p.Region, stream: Any, place: Place) -> Any:
        """The stream after all items of a region."""
        for item in region.items:
            stream = self.item(item, stream, place)
        return stream

    def guarded(self, action: Callable[..., Any], *values: Any) -> None:
        """Do something, and report what is wrong with it."""
        try:
            action(*values)
        except SpecError as problem:
            self.report(problem)
            self.failed = True
        except Poisoned:
            self.failed = True

    def check_dims(
        self, stated: tuple[e.Expr | None, ...], value: Value, span: Span, what: str
    ) -> None:
        """E413 where a stated shape doesn't hold."""
        shape = value.shape
        if shape is None:
            return
        evaluator = self.session.evaluator
        fix = None
        notes: tuple[str, ...] = ()
        wanted = [
            (
                None
                if dim is None or isinstance(dim, e.Open)
                else evaluator.number(dim, self.scope, "a size")
            )
            for dim in stated
        ]
        if len(wanted) == len(shape):
            free = self._free(stated, what)
            odd = [
                place
                for place, (want, have) in enumerate(zip(wanted, shape))
                if want is not None and want != have and place not in free
            ]
            if not odd:
                return
            fix = _as_it_is([(stated[place], shape[place]) for place in odd])
            first = stated[odd[0]]
            span = first.span if first is not None else span
            notes = trail(self, value, odd[0], span)
        else:
            notes = made(self, value, span)
        true = [str(have) if want is not None else "_" for want, have in zip(wanted, shape)]
        true = true if len(wanted) == len(shape) else [str(dim) for dim in shape]
        head = _missing_head(stated, shape) if what == "output" else None
        said = dims("_" if want is None else want for want in wanted)
        raise error(
            "E413",
            f"the shape {'of this ' + what if what else 'here'} is {dims(shape)}, "
            f"and the spec says {said}",
            span,
            f"{dims(shape)} arrives",
            notes=notes,
            help=f"`-> {dims(true)}`" if head is None else head,
            fix=fix,
        )

    def _free(self, stated: tuple[e.Expr | None, ...], what: str) -> set[int]:
        """The places of a shape that nothing stated holds for another input than the declared:
        heights and widths, and what `flatten` makes of them. What is stated in terms of a value's
        sizes holds for any."""
        if not self.relaxed:
            return set()
        rank = len(stated)
        places = range(1, rank) if rank > 1 or what == "output" else range(rank)
        return {place for place in places if not self.follows(stated[place])}

    def follows(self, node: object) -> bool:
        """Whether an expression asks for the size of a value, by that or by a name for it."""
        if isinstance(node, (e.Name, e.Input)):
            name = "in" if isinstance(node, e.Input) else node.id
            return name in self.sized or isinstance(self.scope.names.get(name), Value)
        if isinstance(node, Node):
            node = tuple(getattr(node, field) for field in node._fields if field != "span")
        return isinstance(node, tuple) and any(map(self.follows, node))

    # Values

    def single(self, flow: Any, span: Span, what: str) -> Value:
        """The one value of a flow; an error where several arrive."""
        if isinstance(flow, Value):
            return flow
        if any(part is POISON for part in flow):
            return POISON
        raise self._several(flow, span, what)

    def _several(self, flow: Any, span: Span, what: str) -> SpecError:
        shown = ", ".join(dims(shape) for shape in self.shapes(flow)[:4])
        help: str | None
        if len(flow) > 1:
            arrive = f"{len(flow)} values arrive where {what} takes one"
            help = "`concat` or `sum` joins them; `as (a, b)` names them"
        else:
            arrive = f"a list of {len(flow)} arrives where {what} takes a value"
            help = "the value of such a list is its first: `xs[0]`" if flow else None
        return error("E206", arrive, span, shown, help=help)

    def shapes(self, flow: Any) -> tuple[Shape, ...]:
        """The shapes of a flow, in order; none of what failed."""
        if isinstance(flow, Value):
            return () if flow.shape is None else (flow.shape,)
        if not flow:
            return ()
        return tuple(shape for part in flow for shape in self.shapes(part))

    def observe(self, uid: int, before: Any, after: Any, value: Any = None) -> None:
        """Keep what a run of an item saw, once."""
        if isinstance(value, range):
            value = tuple(value)
        inputs, outputs = self.shapes(before), self.shapes(after)
        seen = self.observed.setdefault(uid, {})
        key = (inputs, outputs, value, type(value))
        if key not in seen:
            seen[key] = Observation(inputs, outputs, {}, value)

    # Nodes

    def leaf(
        self,
        item: p.Item,
        path: str,
        cost: Cost,
        operands: tuple[Value, ...],
        reach: Reach,
        reused: bool = False,
    ) -> Value:
        """Add a node with one result; it has a batch if anything that it is made of has one."""
        number = self.next
        self.next = number + 1
        self.size += 1
        if self.size > self.session.max_nodes:
            self._too_many(item.span)
        if len(operands) == 1:
            inputs: Any = (operands[0].shape,)
            numbers: Any = (operands[0].number,)
            batched = operands[0].batched
        else:
            inputs = tuple([value.shape for value in operands])
            numbers = tuple([value.number for value in operands])
            batched = any(value.batched for value in operands)
        self.nodes.append(Leaf(item, path, cost, numbers, number, inputs, reused))
        count(self.totals, cost, reused)
        return Value(cost.outputs[0], reach, number, batched)

    def leaves(
        self, item: p.Item, path: str, cost: Cost, operands: tuple[Value, ...], reach: Reach
    ) -> tuple[Value, ...]:
        """Add a node with several results."""
        first = self.leaf(item, path, cost, operands, reach)
        self.next = first.number + len(cost.outputs)
        return tuple(
            Value(shape, reach, first.number + offset) for offset, shape in enumerate(cost.outputs)
        )

    def _too_many(self, span: Span) -> None:
        self.stop(
            "E420",
            f"this network has more than {self.session.max_nodes:,} nodes",
            span,
            f"a repeat or a recursion here is larger than meant; {more('nodes')}",
        )

    def joined(
        self,
        item: p.Item,
        name: str,
        shape: Shape,
        values: tuple[Value, ...],
        place: Place,
        numbers: tuple[tuple[str, float], ...] = (),
    ) -> Value:
        """Add a merge, or arithmetic with the numbers that stand beside the values."""
        cost = self.session.functional(name, (shape,), numbers=numbers)
        path = self.paths.functional(place, name)
        return self.leaf(item, path, cost, values, meet(values))

    def join(self, item: p.Item, op: str, sides: Sequence[Side], place: Place) -> Value:
        """Join branches: concat, sum, mul or mean."""
        if op == "concat":
            shape = merge.concat(sides, merge.head(item))
        else:
            shape = merge.elementwise(sides, merge.head(item), op)
        name = {"sum": "add"}.get(op, op)
        return self.joined(item, name, shape, tuple(side.value for side in sides), place)

    def arithmetic(
        self, item: p.Item, op: str, left: Any, right: Any, span: Span, place: Place
    ) -> Any:
        """`+ - * /` over values, parameters and numbers, in `from`; `neg` has no left side."""
        operands = tuple(side for side in (left, right) if isinstance(side, Value))
        if any(side is POISON for side in operands):
            return POISON
        for side in (right,) if op == "neg" else (left, right):
            if isinstance(side, Value):
                continue
            if isinstance(side, (Handle, bool)) or not isinstance(side, (int, float)):
                families = [value for value in (left, right) if isinstance(value, Family)]
                between = f"`{op}` does not go between {kind(left)} and {kind(right)}"
                raise error(
                    "E402",
                    f"`-` does not go before {kind(right)}" if op == "neg" else between,
                    span,
                    help=families[0].appended() if families else None,
                )
        names = {"+": "add", "-": "sub", "*": "mul", "/": "div", "neg": "neg"}
        if op not in names:
            raise error(
                "E402",
                f"`{op}` does not work on tensors",
                span,
                help="`from` takes `+ - * /`; `pow(n)` is a step",
            )
        if op == "/" and not isinstance(right, Value) and right == 0:
            raise error("E401", "division by zero", span)
        sides = [Side(value, "one side", span, apart=False) for value in operands]
        if len(sides) == 2:
            sides[0].name, sides[1].name = "the left", "the right"
        shape = merge.elementwise(sides, span, op, "E208")
        numbers = tuple(
            (where, side)
            for where, side in (("left", left), ("right", right))
            if side is not None and not isinstance(side, Value)
        )
        return self.joined(item, names[op], shape, operands, place, numbers)

    def costs_of(self, nodes: Sequence[Any]) -> Iterator[Cost]:
        """What nodes do, those of used definitions included."""
        for node in flat(nodes):
            if isinstance(node, Leaf):
                yield node.cost
            else:
                yield from self.costs_of(node.instance.nodes)

    # Iterations and sections

    def iteration(
        self, names: tuple[str, ...], value: Any, position: int, count: int, where: Span
    ) -> Frame:
        """Bind the names of a loop; what to say of the iteration in a report."""
        if not names:
            return Frame("iteration", f"{position + 1} of {count}")
        bound = dict(zip(names, spread(names, value, where)))
        self.scope.names.update(bound)
        counted = value == position  # which the words for it say
        return Frame("iteration", f"{position + 1} of {count}", None if counted else where, bound)

    def open(self, item: p.Item, kind: str, path: str, stream: Any) -> Section:
        """Gather what follows into a section, until it is closed."""
        section = Section(item, kind, path, self.shapes(stream))
        self.nodes.append(section)
        self.stack.append((self.nodes, self.totals))
        self.nodes, self.totals = section.nodes, section.totals
        return section

    def close(self, section: Section, result: Any) -> None:
        """Go back to what was gathered before."""
        self.nodes, self.totals = self.stack.pop()
        if section.kind == "aux":
            self.totals.add_aux(section.totals)
        else:
            self.totals.add(section.totals)
        section.outputs = self.shapes(result)


def _missing_head(stated: tuple[e.Expr | None, ...], shape: Shape) -> str | None:
    """What makes the vector that is stated of the map that arrives."""
    if len(stated) != 1 or stated[0] is None or len(shape) != 3:
        return None
    scores = " ".join(stated[0].span.text.split())
    return f"`global_avgpool -> flatten -> linear({scores})` makes a vector of a map"


def _as_it_is(odd: Sequence[tuple[e.Expr | None, int]]) -> Fix | None:
    """The mend for stated sizes that don't hold, where all of them are plain numbers."""
    spans = [dim.span for dim, _ in odd if isinstance(dim, e.Number)]
    if len(spans) < len(odd):
        return None
    text = str(odd[0][1])
    for before, span, (_, size) in zip(spans, spans[1:], odd[1:]):
        text += f"{span.source.text[before.end:span.start]}{size}"
    return Fix(span=spans[0].to(spans[-1]), text=text)
