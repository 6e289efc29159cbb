"""Merges: branches side by side, residuals, dense concatenation, splits, arithmetic over values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, fits, variables_in
from archdsl.emit.conditions import guarded_projection, write_arms
from archdsl.emit.evaluate import Loop as Comprehension
from archdsl.emit.evaluate import listing, spread
from archdsl.emit.families import (
    Loop,
    computed_labels,
    counted,
    forward_iterable,
    loop_body,
    observed_trips,
    place,
)
from archdsl.emit.loops import (
    lists_of,
    loop_header,
    loop_scope,
    require_line,
    run_of,
    trips_of,
)
from archdsl.emit.tensor import (
    Flow,
    Tensor,
    TensorList,
    parts,
    several_results,
    single,
    times,
)
from archdsl.emit.values import Family, summed
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def atomic(text: str) -> bool:
    """Whether a text can be an operand without parentheses."""
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == " " and depth == 0:
            return False
    return True


def _level(text: str) -> int:
    """How tightly a text's loosest operator binds, as Python has it: 6 for sums, 7 for products."""
    depth, level = 0, 10
    for word in text.split(" "):
        if depth == 0 and word in _LEVELS:
            level = min(level, _LEVELS[word])
        depth += sum(map(word.count, "([{")) - sum(map(word.count, ")]}"))
    return level if level < 10 or atomic(text) else 1


_LEVELS = {"+": 6, "-": 6, "*": 7, "/": 7, "if": 1}


def operand(text: str, op: str) -> str:
    """A text as an operand of `op`, in parentheses where it would bind wrongly."""
    if atomic(text) or (op == "+" and " if " not in text):
        return text
    return f"({text})"


# Joining


def join(w: ClassWriter, op: str, tensors: list[Tensor]) -> Tensor:
    """One value of several: `concat`, `sum`, `mul` or `mean`."""
    texts = [tensor.text for tensor in tensors]
    if op == "concat":
        w.unit.need("torch")
        channels = tensors[0].channels
        for tensor in tensors[1:]:
            channels = channels + tensor.channels
        shape = (channels, *_common(tensors)[1:])
        if len(texts) == 1:
            return tensors[0].but(shape=shape)
        text = f"torch.cat(({', '.join(texts)}), dim=1)"
        return Tensor(shape, text, stride=_stride(tensors), fresh=True)
    symbol = "*" if op == "mul" else "+"
    text = f" {symbol} ".join(operand(each, symbol) for each in texts)
    if op == "mean":
        text = f"({text}) / {len(texts)}"
    return Tensor(_common(tensors), text, stride=_stride(tensors), fresh=len(texts) > 1)


def _common(tensors: list[Tensor]) -> tuple[Any, ...]:
    """The broadcast shape; where two texts denote one size, the simpler is kept."""
    longest = max(tensors, key=lambda tensor: len(tensor.shape))
    shape = list(longest.shape)
    for tensor in tensors:
        for back in range(1, len(tensor.shape) + 1):
            if s.same(shape[-back], 1) or _simpler(tensor.shape[-back], shape[-back]):
                if not s.same(tensor.shape[-back], 1):
                    shape[-back] = tensor.shape[-back]
    return tuple(shape)


def _simpler(first: Any, second: Any) -> bool:
    """Whether the first text says in less what both mean; what is not known yet never does."""
    if s.opaque(first) or s.opaque(second):
        return not s.opaque(first)
    if not isinstance(first, s.Symbol):
        return isinstance(second, s.Symbol)
    if not isinstance(second, s.Symbol):
        return False
    return len(s.text(s.unstale(first))) < len(s.text(s.unstale(second)))


def _stride(tensors: list[Tensor]) -> Any:
    for tensor in tensors:
        if tensor.stride is not None:
            return tensor.stride
    return None


# Branches


class Written:
    """A branch once written: its statements, its value, and the variable that it may take."""

    def __init__(self, lines: Code, tensor: Tensor, variable: str) -> None:
        self.lines, self.tensor, self.variable = lines, tensor, variable


def merge(w: ClassWriter, item: p.Merge, flow: Flow) -> Tensor:
    """Branches on one value, or the values that arrive, joined."""
    if item.branches is None:
        if isinstance(flow, TensorList):
            return _join_members(w, item.op, flow)
        if not isinstance(flow, tuple):
            return flow
        return join(w, item.op, list(parts(w.settle_several(flow))))
    start = w.settle_flow(flow)
    start = start.but(fresh=False) if isinstance(start, Tensor) else start
    return branches(w, item.branches, [start] * len(item.branches), item.op)


def _join_members(w: ClassWriter, op: str, flow: TensorList) -> Tensor:
    """A list of values, joined as one."""
    if isinstance(flow.count, int):
        flow_named = w.flush(flow)
        assert isinstance(flow_named, TensorList)
        joined = join(w, op, list(flow_named.members))
        text = (
            f"torch.cat({flow_named.text}, dim=1)"
            if op == "concat"
            else _folded(flow_named.text, op)
        )
        return joined.but(text=text, simple=False)
    channels = flow.total if op == "concat" else s.index(flow.shape[0], 0)
    dims = tuple(s.index(each, 0) for each in flow.shape[1:])
    if op != "concat" and not flow.text.isidentifier():
        text = w.flush(flow.but(simple=False)).text
        return Tensor((channels, *dims), _folded(text, op), stride=None, fresh=True)
    w.unit.need("torch")
    text = f"torch.cat({flow.text}, dim=1)" if op == "concat" else _folded(flow.text, op)
    return Tensor((channels, *dims), text, stride=None, fresh=True)


def split(w: ClassWriter, item: p.Split, flow: Flow) -> Flow:
    """Parts of the channels, a branch each."""
    tensor = w.flush(single(flow)).but(fresh=False)
    sizes = w.value(item.parts)
    if isinstance(sizes, s.Symbol) and item.branches is not None:
        sizes = _written_parts(item.branches) or sizes
    w.unit.need("torch")
    if isinstance(sizes, (int, s.Symbol)):
        text = f"torch.chunk({tensor.text}, {w.forward_text(sizes)}, dim=1)"
        count = sizes
        widths = [tensor.channels // sizes] * (sizes if isinstance(sizes, int) else 1)
    else:
        text = f"torch.split({tensor.text}, {_list_text(w, sizes)}, dim=1)"
        count, widths = len(sizes), list(sizes)
    if isinstance(count, s.Symbol) and item.branches is None:
        shape = tuple(
            s.Symbol("uniform", dim, count) for dim in (tensor.channels // sizes, *tensor.shape[1:])
        )
        return TensorList(shape, text, count, simple=False)
    if isinstance(count, s.Symbol):
        assert item.branches is not None
        if len(item.branches) != 1 or not isinstance(item.branches[0], p.BranchLoop):
            raise w.error(
                "E518",
                "the number of parts is an argument of the constructor",
                item.span,
                "write the branches out, or all of them as one loop",
            )
        return _split_loop(w, item, tensor, text, count)
    if count == 1:
        text = tensor.text
    pieces = tuple(
        tensor.but(shape=(width, *tensor.shape[1:]), text=text, simple=False) for width in widths
    )
    if count == 1:
        pieces = (tensor,)
    if item.branches is None:
        return pieces
    variables = [w.names.take(f"part{number}") for number in range(1, count + 1)]
    w.emit(f"{', '.join(variables)} = {text}")
    starts = [piece.but(text=variable, simple=True) for piece, variable in zip(pieces, variables)]
    result = branches(w, item.branches, list(starts), item.join)
    w.names.release(*variables)
    return result


def _written_parts(items: tuple[p.BranchItem, ...]) -> int | None:
    """The number of branches, where all are written out: there are as many parts."""
    if any(isinstance(item, (p.BranchLoop, p.BranchIf)) for item in items):
        return None
    return sum(isinstance(item, p.Branch) for item in items)


def _split_loop(w: ClassWriter, item: p.Split, tensor: Tensor, text: str, count: Any) -> Tensor:
    """A loop of branches, a part of the channels each."""
    assert item.branches is not None
    variable = w.names.take("parts")
    w.emit(f"{variable} = {text}")
    shape = tuple(
        s.Symbol("uniform", dim, count) for dim in (tensor.channels // count, *tensor.shape[1:])
    )
    with w.inner_scope():
        result = _dynamic(w, item.branches, TensorList(shape, variable, count), item.join)
    w.names.release(variable)
    return result


def _list_text(w: ClassWriter, sizes: tuple[Any, ...]) -> str:
    return "[" + ", ".join(w.forward_text(size) for size in sizes) + "]"


def branches(
    w: ClassWriter, items: tuple[p.BranchItem, ...], starts: list[Flow], op: str
) -> Tensor:
    """Branches and their join: in one expression where that stays short."""
    with w.inner_scope():
        static = _static(w, items)
        if static is None:
            return _dynamic(w, items, starts[0], op)
        written: list[Written] = []
        names: list[str] = []
        keep = {tensor.text for start in starts for tensor in parts(start)}
        for number, (branch, bound) in enumerate(static):
            start = starts[min(number, len(starts) - 1)]
            wish = _variable(branch, number)
            written.append(_branch(w, branch, bound, start, wish, keep))
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


def _static(
    w: ClassWriter, items: tuple[p.BranchItem, ...]
) -> list[tuple[p.Branch, dict[str, Any]]] | None:
    """The branches, if their number is known here; lets and requires are written on the way."""
    found: list[tuple[p.Branch, dict[str, Any]]] = []
    for item in items:
        match item:
            case p.Branch():
                found.append((item, {}))
            case p.Let():
                w.unit.let(w, item)
            case p.Require():
                require_line(w, item)
            case p.BranchIf():
                condition = w.value(item.condition)
                if isinstance(condition, s.Symbol):
                    return None
                inner = _static(w, item.then if condition else item.otherwise)
                if inner is None:
                    return None
                found += inner
            case p.BranchLoop():
                inner = _written_out(w, item)
                if inner is None:
                    return None
                found += inner
    return found


def _written_out(
    w: ClassWriter, item: p.BranchLoop
) -> list[tuple[p.Branch, dict[str, Any]]] | None:
    """The branches of a loop one by one, where they have computed labels and their number is
    known: these are attributes of the class."""
    names = item.names or ("_",)
    trips, _ = loop_header(w, names, item.iterable, None)
    if isinstance(trips, s.Symbol) and any(map(_labels, item.branches)):
        trips = observed_trips(w, item.uid, trips)
    if trips is None or isinstance(trips, s.Symbol) or not any(map(_labels, item.branches)):
        return None
    found: list[tuple[p.Branch, dict[str, Any]]] = []
    for trip in trips:
        with w.inner_scope() as scope:
            scope.update(spread(names, trip))
            inner = _static(w, item.branches)
        if inner is None:
            return None
        found += [(branch, {**spread(names, trip), **bound}) for branch, bound in inner]
    return found


def _labels(item: p.BranchItem) -> bool:
    """Whether a branch has computed labels."""
    match item:
        case p.Branch():
            return computed_labels(item.body)
        case p.BranchLoop():
            return any(map(_labels, item.branches))
        case p.BranchIf():
            return any(map(_labels, (*item.then, *item.otherwise)))
        case _:
            return False


def _branch(
    w: ClassWriter,
    branch: p.Branch,
    bound: dict[str, Any],
    start: Flow,
    wish: str,
    keep: set[str],
) -> Written:
    variable = w.names.take(wish)
    with w.stream(variable, *keep), w.buffer() as lines, w.inner_scope() as scope:
        scope.update(bound)
        tensor = single(w.walk(branch.body, start))
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


def _dynamic(w: ClassWriter, items: tuple[p.BranchItem, ...], start: Flow, op: str) -> Tensor:
    """Branches gathered in a list."""
    gathered = w.names.take("branches")
    shapes: list[tuple[Any, Tensor]] = []
    with w.buffer() as lines:
        _gather(w, items, start, gathered, shapes)
    comprehension = _comprehension(lines, gathered)
    if comprehension is not None:
        w.emit(f"{gathered} = {comprehension}")
    else:
        w.emit(f"{gathered}: list[Tensor] = []")
        w.lines += lines
    first = shapes[0][1]
    if op == "concat":
        w.unit.need("torch")
        channels: Any = 0
        for count, tensor in shapes:
            channels = channels + count(tensor.channels)
        text = f"torch.cat({gathered}, dim=1)"
    else:
        channels = first.channels
        text = _folded(gathered, op)
        if op == "mul":
            w.unit.need("math")
    return Tensor((channels, *first.shape[1:]), text, stride=first.stride, fresh=True)


def _folded(gathered: str, op: str) -> str:
    if op == "mul":
        return f"math.prod({gathered}[1:], start={gathered}[0])"
    total = f"sum({gathered}[1:], start={gathered}[0])"
    return total if op == "sum" else f"{total} / len({gathered})"


def _comprehension(lines: Code, gathered: str) -> str | None:
    """A loop of one `append` as a list comprehension."""
    if len(lines) != 1 or not isinstance(lines[0], Block) or len(lines[0].body) != 1:
        return None
    (line,) = lines[0].body
    prefix = f"{gathered}.append("
    if not isinstance(line, str) or not line.startswith(prefix):
        return None
    return f"[{line[len(prefix):-1]} {lines[0].header[:-1]}]"


def _gather(
    w: ClassWriter,
    items: tuple[p.BranchItem, ...],
    start: Flow,
    gathered: str,
    shapes: list[tuple[Any, Tensor]],
) -> None:
    for item in items:
        match item:
            case p.Let():
                w.unit.let(w, item)
            case p.Require():
                require_line(w, item)
            case p.Branch():
                keep = {tensor.text for tensor in parts(start)}
                wish = item.name or "branch"
                each = _branch(w, item, {}, start, wish, keep)
                w.lines += each.lines
                w.emit(f"{gathered}.append({each.tensor.text})")
                w.names.release(each.variable)
                shapes.append((lambda width: width, each.tensor))
            case p.BranchLoop():
                _gather_loop(w, item, start, gathered, shapes)
            case p.BranchIf():
                _gather_if(w, item, start, gathered, shapes)


def _gather_loop(
    w: ClassWriter,
    item: p.BranchLoop,
    start: Flow,
    gathered: str,
    shapes: list[tuple[Any, Tensor]],
) -> None:
    names = counted(w, item.names or ("_",))
    trips, header = loop_header(w, names, item.iterable, None)
    inner: list[tuple[Any, Tensor]] = []
    with loop_body(w, names, item.iterable, trips) as body:
        if isinstance(start, TensorList):
            start = start.member((s.name(body.loop.count(w)),), w.forward_text)
        _gather(w, item.branches, start, gathered, inner)
    place(w, body, header, names, item.iterable, None)
    total = summed(names, trips)
    shapes += [(lambda width, inner=each: total(inner(width)), tensor) for each, tensor in inner]


def _gather_if(
    w: ClassWriter,
    item: p.BranchIf,
    start: Flow,
    gathered: str,
    shapes: list[tuple[Any, Tensor]],
) -> None:
    condition = w.value(item.condition)
    if not isinstance(condition, s.Symbol):
        _gather(w, item.then if condition else item.otherwise, start, gathered, shapes)
        return

    def arm(chosen: tuple[p.BranchItem, ...], holds: bool) -> Any:
        def write() -> None:
            found: list[tuple[Any, Tensor]] = []
            _gather(w, chosen, start, gathered, found)
            shapes.extend(
                (
                    lambda width, inner=each: s.choose(
                        condition if holds else s.negation(condition), inner(width), 0
                    ),
                    tensor,
                )
                for each, tensor in found
            )

        return write

    write_arms(
        w, condition, arm(item.then, True), arm(item.otherwise, False) if item.otherwise else None
    )


# Residual and dense


def residual(w: ClassWriter, item: p.Residual, flow: Flow) -> Tensor:
    """`body(x) * scale + skip(x)`"""
    start = w.flush(single(flow)).but(fresh=False)
    condition = True if item.condition is None else w.value(item.condition)
    conditional = isinstance(condition, s.Symbol)
    skips = item.skip != "none" and (conditional or bool(condition))
    projected = skips and item.projection is not None
    if w.trying:
        return _tried(w, item, start, skips)
    late = projected and (conditional or _reads_body(item))
    identity: Tensor | None = None
    projection: Code = []
    with w.inner_scope():
        if projected and not late:
            trial = _knowing(w, item, start, _trial_body(w, item, start))
            outer, w.init = w.init, []
            identity = guarded_projection(w, item, start, trial)
            projection, w.init = w.init, outer
        mark, versions = len(w.init), w.reassigned
        keep = start.text not in w.protected and start.text == w.variable
        overwrite = identity is not None and identity.text != start.text and keep
        variable = start.text
        if overwrite:
            assert identity is not None
            with w.stream(start.text, identity.text):
                body = single(w.walk(item.body, _marked(w, start)))
        else:
            variable = w.names.take("out" if start.text != "out" else "inner")
            with w.stream(variable, start.text):
                body = single(w.walk(item.body, _marked(w, start)))
        # The projection stands after the body, unless the body's loops reassign what it reads.
        at = len(w.init) if w.reassigned == versions else mark
        w.init[at:at] = projection
        if body.text.count("(") > 1 or ((late or conditional) and body.text != variable):
            w.emit(f"{variable} = {body.text}")
            body = body.but(text=variable, simple=True)
        if conditional and projected:
            assert isinstance(condition, s.Symbol)
            return _added_under(w, item, condition, start, body)
        if late:
            identity = guarded_projection(w, item, start, _knowing(w, item, start, body))
        if not overwrite:
            w.names.release(variable)
    if identity is not None and identity.text.startswith("identity"):
        w.names.release(identity.text)
    if not skips:
        return body.but(stride=_through(start, body))
    added = _added(w, item, start, body, identity or start)
    if not conditional:
        return added
    text = f"{added.text} if {w.flag(condition)} else {body.text}"
    return body.but(text=text, simple=False, stride=added.stride, fresh=False)


def _added_under(
    w: ClassWriter, item: p.Residual, condition: s.Symbol, start: Tensor, body: Tensor
) -> Tensor:
    """A projection that is there under a condition only, and added only then."""

    def add() -> None:
        identity = guarded_projection(w, item, start, _knowing(w, item, start, body))
        w.emit(f"{body.text} = {_added(w, item, start, body, identity).text}")
        if identity.text.startswith("identity"):
            w.names.release(identity.text)

    write_arms(w, condition, add, None)
    w.names.release(body.text)
    return body.but(stride=_through(start, body), fresh=False)


def _through(start: Tensor, body: Tensor) -> Any:
    return times(start.stride, body.stride)


def _added(
    w: ClassWriter, item: p.Residual, start: Tensor, body: Tensor, identity: Tensor
) -> Tensor:
    text = operand(body.text, "+")
    if item.scale is not None:
        scale = w.value(item.scale)
        if not s.same(scale, 1):
            text = f"{operand(body.text, '*')} * {w.forward_text(scale, 8)}"
    shape = tuple(
        b if _simpler(b, a) or i == 0 else a
        for i, (a, b) in enumerate(zip(body.shape, identity.shape))
    )
    if item.projection is None:
        known = identity.channels if s.opaque(body.channels) else body.channels
        shape = (known, *shape[1:])
    elif not s.opaque(body.channels):
        shape = body.shape
    total = f"{text} + {operand(identity.text, '+')}"
    if item.projection is None and atomic(text) and identity.text == start.text:
        total = f"{identity.text} + {text}"
    return Tensor(shape, total, stride=_through(start, body), fresh=True)


def _marked(w: ClassWriter, start: Tensor) -> Tensor:
    """The input, from which the body counts strides; so do the values that it reads beside it."""
    for name, value in w.scope.items():
        if isinstance(value, Tensor) and value.stride is not None:
            beside = start.stride is not None and s.same(value.stride, start.stride)
            w.scope[name] = value.but(stride=(1, 1) if beside else None)
    return start.marked()


def _tried(w: ClassWriter, item: p.Residual, start: Tensor, skips: bool) -> Tensor:
    """What leaves a residual, as far as a trial has to know it."""
    body = _knowing(w, item, start, _trial_body(w, item, start))
    return _added(w, item, start, body, start) if skips else body.but(stride=_through(start, body))


def _trial_body(w: ClassWriter, item: p.Residual, start: Tensor) -> Tensor:
    kept = w.snapshot()
    try:
        with w.inner_scope(), w.stream("trial", start.text):
            return single(w.walk(item.body, _marked(w, start)))
    finally:
        w.restore(kept)


def _knowing(w: ClassWriter, item: p.Residual, start: Tensor, body: Tensor) -> Tensor:
    """The body's result; where only a loop knows its width, it is what the projection makes."""
    local = any(each.meaning is None for each in variables_in(body.channels))
    if item.projection is None or not (local or s.opaque(body.channels)):
        return body
    kept = w.snapshot()
    try:
        with w.inner_scope(), w.stream("trial", start.text):
            projected = single(w.walk(item.projection, start))
    finally:
        w.restore(kept)
    return body.but(shape=(projected.channels, *body.shape[1:]))


def _reads_body(item: p.Residual) -> bool:
    """Whether the projection starts from a value that the body names."""
    assert item.projection is not None
    named = _targets(item.body)
    return any(
        isinstance(each, p.From) and _names(each.value) & named for each in item.projection.items
    )


def _targets(region: p.Region) -> set[str]:
    found: set[str] = set()
    for item in region.items:
        found |= {target.base for target in item.targets}
        if isinstance(item, p.Group):
            found |= _targets(item.body)
    return found


def _names(node: e.Expr) -> set[str]:
    match node:
        case e.Name():
            return {node.id}
        case e.TupleExpr() | e.ListExpr():
            return set().union(*(_names(item) for item in node.items)) if node.items else set()
        case e.Binary():
            return _names(node.left) | _names(node.right)
        case e.Index():
            return _names(node.value)
        case _:
            return set()


def dense(w: ClassWriter, item: p.Dense, flow: Flow) -> Tensor:
    """The input and what the body makes of it, side by side."""
    start = w.flush(single(flow)).but(fresh=False)
    variable = w.names.take("new")
    with w.inner_scope(), w.stream(variable, start.text):
        body = single(w.walk(item.body, start))
    result = join(w, "concat", [start, body])
    if not fits(f"{w.variable} = {result.text}", 2):
        w.emit(f"{variable} = {body.text}")
        result = join(w, "concat", [start, body.but(text=variable, simple=True)])
    w.names.release(variable)
    return result


# Arithmetic


def arithmetic(w: ClassWriter, node: e.Expr) -> Flow:
    """`from E`: a value, several, or a formula over values, parameters and numbers."""
    match node:
        case e.TupleExpr() | e.ListExpr():
            return _computed(w, tuple(arithmetic(w, item) for item in node.items))
        case e.Comprehension():
            return _each(w, node)
        case _:
            result = _formula(w, node)
            return result.values() if isinstance(result, Family) else result


def _each(w: ClassWriter, node: e.Comprehension) -> Flow:
    over = lists_of(w, node.names, node.iterable)
    plain = isinstance(node.element, e.Name) and (node.element.id,) == node.names
    if over and plain and not node.conditions:
        return over[node.names[0]]
    trips = trips_of(w, node.iterable)
    counts = [len(trips)] if isinstance(trips, tuple) else [each.count for each in over.values()]
    known = [count for count in counts if isinstance(count, int)]
    if not known:
        return _comprehended(w, node, trips, over)
    made = []
    for position in range(known[0]):
        with w.inner_scope() as scope:
            scope.update(spread(node.names, run_of(trips, position)))
            scope.update({name: each.member((position,)) for name, each in over.items()})
            if all(w.value(condition) for condition in node.conditions):
                made.append(arithmetic(w, node.element))
    return _computed(w, tuple(made))


def _computed(w: ClassWriter, flow: tuple[Flow, ...]) -> Flow:
    """Several values, of which equal texts are no results of one call."""
    if not several_results(flow):
        return flow
    once = w.flush(single(flow), w.names.take("y"))
    return tuple(each.but(text=once.text, simple=True) for each in parts(flow))


def _comprehended(
    w: ClassWriter, node: e.Comprehension, trips: s.Symbol, lists: dict[str, TensorList]
) -> TensorList:
    """As many values as the constructor's caller says, as a list comprehension."""
    over = forward_iterable(w, node.iterable, None)
    w.contexts.append(Loop(node.names, None, len(w.loops) + 1, trips))
    try:
        with loop_scope(w, node.names, node.iterable, trips):
            element = single(arithmetic(w, node.element))
            conditions = tuple(w.value(condition) for condition in node.conditions)
            if lists and conditions:
                raise w.error(
                    "E519",
                    "how many values this lists depends on an argument of the constructor",
                    node.span,
                )
            tests = "".join(f" if {w.forward_text(condition, 2)}" for condition in conditions)
    finally:
        w.contexts.pop()
    bound = tuple(f"{name}_channels" if name in lists else name for name in node.names)
    dims = tuple(
        (
            s.Symbol("loop", Comprehension(bound, dim, trips, conditions))
            if conditions
            else _same_sizes(dim, axis, lists) or listing(bound, dim, trips)
        )
        for axis, dim in enumerate(element.shape)
    )
    count = s.call("len", [dims[0]]) if conditions else s.index_count(trips)
    text = f"[{element.text} for {', '.join(node.names)} in {over}{tests}]"
    return TensorList(
        dims,
        text,
        count,
        simple=False,
        total=None if conditions or lists else summed(bound, trips)(element.channels),
    )


def _same_sizes(dim: Any, axis: int, lists: dict[str, TensorList]) -> Any:
    """The heights or widths that one of the lists has already, if those of what is made are."""
    for source in lists.values():
        made = getattr(dim, "op", None) == "index" and dim.args[0]
        if axis and made and s.same(made, source.shape[axis]):
            return made
    return None


def _formula(w: ClassWriter, node: e.Expr) -> Any:
    if isinstance(node, e.Binary) and node.op in ("+", "-", "*", "/"):
        left, right = _formula(w, node.left), _formula(w, node.right)
        if not isinstance(left, Tensor) and not isinstance(right, Tensor):
            return s.binary(node.op, left, right)
        return _operate(w, node.op, left, right)
    if isinstance(node, e.Unary) and node.op == "-":
        value = _formula(w, node.operand)
        if isinstance(value, Tensor):
            return value.but(text=f"-{operand(value.text, '*')}", simple=False)
        return s.negate(value)
    if isinstance(node, (e.Name, e.Index, e.Input)):
        value = w.value(node)
        if isinstance(value, Tensor):
            return value.but(stride=value.stride)
        return value
    return w.value(node)


def _operate(w: ClassWriter, op: str, left: Any, right: Any) -> Tensor:
    level = _LEVELS[op]
    texts = []
    for value, side in ((left, level), (right, level + 1)):
        if isinstance(value, Tensor):
            texts.append(f"({value.text})" if _level(value.text) < side else value.text)
        else:
            texts.append(w.forward_text(value, side))
    tensors = [value for value in (left, right) if isinstance(value, Tensor)]
    return Tensor(_common(tensors), f" {op} ".join(texts), stride=_stride(tensors), fresh=True)
