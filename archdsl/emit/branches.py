"""Branches side by side, and their join."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, Variable, fits
from archdsl.emit.conditions import write_arms
from archdsl.emit.evaluate import spread
from archdsl.emit.families import Body, count_of, counted, loop_body, place, reset
from archdsl.emit.joins import folded, join
from archdsl.emit.loops import loop_header, loop_scope, require_line, run_of
from archdsl.emit.tensor import Flow, Tensor, TensorList, parts, single
from archdsl.emit.unrolled import computed_labels, decided, run, runs
from archdsl.emit.values import Unlike, ended, summed
from archdsl.ir import program as p

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archdsl.diagnostics import SpecError
    from archdsl.emit.writer import ClassWriter
    from archdsl.source import Span


class Written:
    """A branch once written: its statements, its value, and the variable that it may take."""

    def __init__(self, lines: Code, tensor: Tensor, variable: str) -> None:
        self.lines, self.tensor, self.variable = lines, tensor, variable


def branches(w: ClassWriter, items: tuple[p.BranchItem, ...], start: Flow, op: str) -> Tensor:
    """Branches and their join: in one expression where that stays short."""
    with w.inner_scope():
        static = _static(w, items)
        if static is None:
            return _dynamic(w, items, start, op)
        return _each_alone(w, static, [start] * len(static), op)


def split_branches(
    w: ClassWriter,
    items: tuple[p.BranchItem, ...],
    tensor: Tensor,
    pieces: TensorList,
    op: str,
) -> Tensor:
    """Branches of the parts of a value, and their join."""
    with w.inner_scope():
        static = _static(w, items) if isinstance(pieces.count, int) else None
        if static is None:
            variable = w.names.take("parts")
            w.emit(f"{variable} = {pieces.text}")
            named = TensorList(pieces.shape, variable, pieces.count)
            result = _dynamic(w, items, Parts(named), op)
            w.names.release(variable)
            return result
        variables = [w.names.take(f"part{number + 1}") for number in range(len(static))]
        text = tensor.text if pieces.count == 1 else pieces.text
        w.emit(f"{', '.join(variables)} = {text}")
        starts = [
            piece.but(text=variable, simple=True)
            for piece, variable in zip(apart(tensor, pieces), variables)
        ]
        result = _each_alone(w, static, starts, op)
        w.names.release(*variables)
        return result


def apart(tensor: Tensor, pieces: TensorList) -> tuple[Tensor, ...]:
    """The parts of a value one by one, not named yet."""
    widths = [s.index(pieces.shape[0], position) for position in range(pieces.count)]
    return tuple(
        tensor.but(shape=(width, *tensor.shape[1:]), text=pieces.text, simple=False)
        for width in widths
    )


def _each_alone(w: ClassWriter, static: list[Alone], starts: Sequence[Flow], op: str) -> Tensor:
    """Branches that are written out, and their join."""
    written: list[Written] = []
    names: list[str] = []
    keep = {tensor.text for start in starts for tensor in parts(start)}
    for number, (alone, start) in enumerate(zip(static, starts)):
        wish = _variable(alone.branch, number)
        written.append(_branch(w, alone, start, wish, keep))
        names.append(written[-1].variable)
        keep.add(written[-1].variable)
    result = _placed(w, written, op)
    w.names.release(*names)
    return result


def _variable(branch: p.Branch, number: int) -> str:
    """A branch's variable: the stem of its labels, unless those stand within a merge of its own."""
    first = branch.body.items[0] if branch.body.items else None
    inner = isinstance(first, (p.Merge, p.Residual, p.Dense, p.Split))
    return branch.name if branch.name and not inner else f"branch{number + 1}"


class Alone:
    """A branch that is written out: what the names of loops around stand for, and which of their
    runs this is."""

    def __init__(self, branch: p.Branch, bound: dict[str, Any], runs: tuple[int, ...]) -> None:
        self.branch, self.bound, self.runs = branch, bound, runs

    def within(self, position: int, bound: dict[str, Any]) -> Alone:
        """The same in a run of a loop."""
        return Alone(self.branch, {**bound, **self.bound}, (position, *self.runs))

    @contextmanager
    def placed(self, w: ClassWriter) -> Iterator[None]:
        """Inside, the names of loops are those of its runs."""
        outer, w.runs = w.runs, (*w.runs, *self.runs)
        with w.inner_scope() as scope:
            scope.update(self.bound)
            yield
        w.runs = outer


def _runs(w: ClassWriter, item: p.BranchLoop) -> list[dict[str, Any]]:
    return runs(w, item.uid, item.names or ("_",), item.iterable, None, item)


def _static(w: ClassWriter, items: tuple[p.BranchItem, ...]) -> list[Alone] | None:
    """The branches, if their number is known here; lets and requires are written on the way."""
    found: list[Alone] = []
    for item in items:
        match item:
            case p.Branch():
                found.append(Alone(item, {}, ()))
            case p.Let():
                w.unit.let(w, item)
            case p.Require():
                require_line(w, item)
            case p.BranchIf():
                condition = decided(w, w.value(item.condition), (item.then, item.otherwise))
                if isinstance(condition, s.Symbol):
                    return None
                inner = _static(w, item.then if condition else item.otherwise)
                if inner is None:
                    return None
                found += inner
            case p.BranchLoop():
                if not computed_labels(item):
                    return None
                for position, bound in enumerate(_runs(w, item)):
                    with run(w, position, bound):
                        inner = _static(w, item.branches)
                    if inner is None:
                        return None
                    found += [each.within(position, bound) for each in inner]
    return found


def _branch(w: ClassWriter, alone: Alone, start: Flow, wish: str, keep: set[str]) -> Written:
    variable = w.names.take(wish)
    with w.stream(variable, *keep), w.buffer() as lines, alone.placed(w):
        tensor = single(w.walk(alone.branch.body, start))
    return Written(lines, tensor, variable)


def _placed(w: ClassWriter, written: list[Written], op: str) -> Tensor:
    joined = join(w, op, [each.tensor for each in written])
    if not any(each.lines for each in written) and fits(f"{w.variable} = {joined.text}", 2):
        return joined
    tensors = []
    for each in written:
        w.lines += each.lines
        tensor = each.tensor
        if not tensor.simple:
            w.emit(f"{each.variable} = {tensor.text}")
            tensor = tensor.but(text=each.variable, simple=True)
        tensors.append(tensor)
    return join(w, op, tensors)


# Branches whose number the constructor's caller decides


def _dynamic(
    w: ClassWriter, items: tuple[p.BranchItem, ...], start: Flow | Parts, op: str
) -> Tensor:
    """Branches gathered in a list."""
    gathered = w.names.take("branches")
    widths = _widths(w, gathered)
    shapes: list[Gathered] = []
    with w.buffer() as lines:
        _gather(w, items, start, Branches(gathered, widths), shapes)
    comprehension = _comprehension(lines, gathered)
    if comprehension is not None:
        w.emit(f"{gathered} = {comprehension}")
    else:
        w.emit(f"{gathered}: list[Tensor] = []")
        w.lines += lines
    first = shapes[0].tensor
    sizes = [_outside(shapes, axis) for axis in range(1, len(first.shape))]
    if op == "concat":
        w.unit.need("torch")
        channels: Any = 0
        for each in shapes:
            channels = channels + each.count(each.tensor.channels)
        channels = s.call("sum", [widths]) if widths is not None else channels
        text = f"torch.cat({gathered}, dim=1)"
    else:
        channels = s.index(widths, 0) if widths is not None else _outside(shapes, 0)
        text = folded(gathered, op)
        if op == "mul":
            w.unit.need("math")
    if ended(w, channels):
        raise Unlike(_list_key(gathered), "listed")
    # One branch alone is not copied by a sum.
    made = sum(each.count(1) for each in shapes)
    several = op in ("concat", "mean") or (isinstance(made, int) and made > 1)
    fresh = several or all(each.tensor.fresh for each in shapes)
    return Tensor((channels, *sizes), text, stride=first.stride, fresh=fresh)


class Gathered:
    """A branch that loops and arms around make as often as they do: `count` works out what that
    comes to, of a branch's width or of 1. `outside` is its shape without the names of these loops,
    with None where it hangs on them, and `conditional` whether there are arms around."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor
        self.count: Callable[[Any], Any] = lambda width: width
        self.outside: tuple[Any, ...] = tensor.shape
        self.conditional = False

    def repeated(self, names: tuple[str, ...], trips: Any) -> None:
        """By a loop: all its runs are alike where a join needs that, so that its first one tells."""
        inner, total = self.count, summed(names, trips)
        self.count = lambda width: total(inner(width))
        runs = isinstance(trips, s.Symbol) or len(trips) > 0
        first = spread(names, run_of(trips, 0)) if runs and not self.conditional else None
        self.outside = tuple(_left(dim, names, first) for dim in self.outside)

    def chosen(self, condition: Any, equal: dict[str, Any]) -> None:
        """By an arm, where names of loops are `equal` to others."""
        inner = self.count
        self.count = lambda width: s.choose(condition, inner(width), 0)
        self.outside = tuple(s.substitute(dim, equal) for dim in self.outside)
        self.conditional = True


def _left(dim: Any, names: tuple[str, ...], first: dict[str, Any] | None) -> Any:
    if dim is None or s.names_in(dim, expand=True).isdisjoint(names):
        return dim
    return None if first is None else s.substitute(dim, first)


def _outside(shapes: list[Gathered], axis: int) -> Any:
    """What all branches have along an axis, as one of them says it without names of loops."""
    known = [each.outside[axis] for each in shapes if each.outside[axis] is not None]
    steady = [dim for dim in known if not s.opaque(dim)]
    return (steady or known or [shapes[0].tensor.shape[axis]])[0]


class Branches:
    """The list of `forward` that branches go to, and that of the constructor with their widths:
    where only loops or arms know these."""

    def __init__(self, variable: str, widths: Variable | None) -> None:
        self.variable, self.widths = variable, widths


def _list_key(gathered: str) -> str:
    """The name under which a class knows that it keeps the widths of branches; no family's."""
    return f"@{gathered}"


def _widths(w: ClassWriter, gathered: str) -> Variable | None:
    """The list of the branches' widths, where the constructor keeps them."""
    if _list_key(gathered) not in w.code.listed:
        return None
    return w.empty_list(f"{gathered}_channels")


def _comprehension(lines: Code, gathered: str) -> str | None:
    """A loop of one `append` as a list comprehension."""
    if len(lines) != 1 or not isinstance(lines[0], Block) or len(lines[0].body) != 1:
        return None
    (line,) = lines[0].body
    prefix = f"{gathered}.append("
    if not isinstance(line, str) or not line.startswith(prefix):
        return None
    return f"[{line[len(prefix):-1]} {lines[0].header[:-1]}]"


class Parts:
    """The parts of a split, of which each branch takes the next one."""

    def __init__(self, values: TensorList, following: Any = 0) -> None:
        self.values, self.following = values, following

    def take(self, w: ClassWriter) -> Tensor:
        part = self.values.member((self.following,), w.forward_text)
        self.following = self.following + 1
        return part

    def later(self, count: Any) -> Parts:
        """The same behind some more."""
        return Parts(self.values, self.following + count)


def _gather(
    w: ClassWriter,
    items: tuple[p.BranchItem, ...],
    start: Flow | Parts,
    gathered: Branches,
    shapes: list[Gathered],
) -> None:
    for item in items:
        match item:
            case p.Let():
                w.unit.let(w, item)
            case p.Require():
                require_line(w, item)
            case p.Branch():
                value = start.take(w) if isinstance(start, Parts) else start
                keep = {tensor.text for tensor in parts(value)}
                wish = item.name or "branch"
                each = _branch(w, Alone(item, {}, ()), value, wish, keep)
                w.lines += each.lines
                w.emit(f"{gathered.variable}.append({each.tensor.text})")
                w.names.release(each.variable)
                shapes.append(Gathered(each.tensor))
                if gathered.widths is not None:
                    kept, width = s.text(gathered.widths), s.text(each.tensor.channels)
                    w.init.append(f"{kept}.append({width})")
            case p.BranchLoop() if computed_labels(item):
                for position, bound in enumerate(_runs(w, item)):
                    with run(w, position, bound):
                        _gather(w, item.branches, start, gathered, shapes)
            case p.BranchLoop():
                _gather_loop(w, item, start, gathered, shapes)
            case p.BranchIf():
                _gather_if(w, item, start, gathered, shapes)


def _gather_loop(
    w: ClassWriter,
    item: p.BranchLoop,
    start: Flow | Parts,
    gathered: Branches,
    shapes: list[Gathered],
) -> None:
    names = counted(w, item.names or ("_",))
    trips, header = loop_header(w, names, item.iterable, None)
    taken: Any = 0
    if isinstance(start, Parts):
        with loop_scope(w, names, item.iterable, trips):
            taken = _number(w, item.branches, item.span)

    inner: list[Gathered] = []

    def written(carried: Sequence[str]) -> Body:
        inner.clear()
        with loop_body(w, names, item.iterable, trips, carried) as body:
            value = start
            if isinstance(start, Parts):
                value = start.later(s.name(body.loop.count(w)) * taken)
            _gather(w, item.branches, value, gathered, inner)
        return body

    body = written(reset(w, written))
    place(w, body, header, names, item.iterable, None)
    if isinstance(start, Parts):
        start.following = start.following + count_of(trips) * taken
    for each in inner:
        each.repeated(body.loop.bound, trips)
    shapes += inner


def _gather_if(
    w: ClassWriter,
    item: p.BranchIf,
    start: Flow | Parts,
    gathered: Branches,
    shapes: list[Gathered],
) -> None:
    condition = w.value(item.condition)
    if not isinstance(condition, s.Symbol):
        _gather(w, item.then if condition else item.otherwise, start, gathered, shapes)
        return

    def arm(chosen: tuple[p.BranchItem, ...], holds: bool) -> Any:
        def write() -> None:
            found: list[Gathered] = []
            value = start.later(0) if isinstance(start, Parts) else start
            _gather(w, chosen, value, gathered, found)
            for each in found:
                equal = _equal(w, condition, holds)
                each.chosen(condition if holds else s.negation(condition), equal)
            shapes.extend(found)

        return write

    write_arms(
        w, condition, arm(item.then, True), arm(item.otherwise, False) if item.otherwise else None
    )
    if isinstance(start, Parts):
        start.following = start.following + _number(w, (item,), item.span)


def _equal(w: ClassWriter, condition: s.Symbol, holds: bool) -> dict[str, Any]:
    """The name of a loop that an arm knows to be that of another one around, with the same runs."""
    if condition.op != "compare" or condition.args[1] != ("==" if holds else "!="):
        return {}
    loops = {s.name(name): loop for loop in w.loops for name in loop.bound}
    sides = (condition.args[0], condition.args[2])
    if not all(side in loops for side in sides):
        return {}
    outer, inner = sorted(sides, key=lambda side: loops[side].depth)
    if not s.same(loops[outer].trips, loops[inner].trips):
        return {}
    return {inner.args[0]: outer}


def _number(w: ClassWriter, items: tuple[p.BranchItem, ...], span: Span) -> Any:
    """How many branches there are, each of which takes a part."""
    result: Any = 0
    for item in items:
        if isinstance(item, p.Branch):
            result = result + 1
        elif isinstance(item, p.BranchLoop):
            names = counted(w, item.names or ("_",))
            trips, _ = loop_header(w, names, item.iterable, None)
            with loop_scope(w, names, item.iterable, trips):
                inner = _number(w, item.branches, span)
            if s.names_in(inner, expand=True) & set(names):
                raise _unknown(w, span)
            result = result + count_of(trips) * inner
        elif isinstance(item, p.BranchIf):
            arms = [_number(w, each, span) for each in (item.then, item.otherwise)]
            condition = w.value(item.condition)
            if isinstance(condition, s.Symbol) and not s.same(*arms):
                raise _unknown(w, span)
            result = result + (arms[1] if condition is False else arms[0])
    return result


def _unknown(w: ClassWriter, span: Span) -> SpecError:
    return w.error(
        "E518",
        "which parts the branches behind this take depends on arguments of the constructor",
        span,
        "give both arms as many branches, and each run of a loop",
    )
