"""`nn.Sequential`: regions whose steps become numbered or labelled children."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.block_calls import takes_list
from archdsl.emit.calls import make, resolved_width
from archdsl.emit.code import Block, Code, Local, Variable
from archdsl.emit.conditions import alternative, narrow, where_given
from archdsl.emit.held import CalleeParam, held
from archdsl.emit.loops import loop_header, loop_scope, require_line, rerun, unused
from archdsl.emit.made import Made
from archdsl.emit.tensor import (
    Flow,
    Tensor,
    TensorList,
    joined_stride,
    resized,
    single,
    unsized,
)
from archdsl.expr import Expr, Template
from archdsl.ir import program as p
from archdsl.node import Node, replace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from archdsl.emit.writer import ClassWriter


class Child(Node):
    """A module at the next position, or under `key` (Python text of a string)."""

    key: str | None
    text: str
    kind: str
    reads_width: bool = False


class Loop(Node):
    """A loop that adds children."""

    header: str
    body: list[Any]


class Choice(Node):
    """An `if` that adds children."""

    test: str
    then: list[Any]
    otherwise: list[Any]


Ops = list[Any]


def sequential(w: ClassWriter, region: p.Region, flow: Flow, ops: Ops) -> Flow:
    """Append a region's children to `ops`; the stream that leaves it."""
    with _filling(w, ops):
        for item in region.items:
            flow = _item(w, item, flow, ops)
    return flow


def _item(w: ClassWriter, item: p.Item, flow: Flow, ops: Ops) -> Flow:
    match item:
        case p.Let():
            w.unit.let(w, item)
            return flow
        case p.Require():
            require_line(w, item)
            return flow
        case p.Assert():
            return flow
        case p.Part():
            return sequential(w, item.body, flow, ops)
        case p.Call():
            return _call(w, item, flow, ops)
        case p.Group():
            return _group(w, item.name, item.body, flow, ops)
        case p.Repeat():
            return _repeat(w, item, flow, ops)
        case p.For():
            if not item.inline:
                return _container_loop(w, item, flow, ops)
            return loop_children(w, item.names, item.iterable, item.body, flow, ops, None)
        case p.If():
            return _choice(w, item, flow, ops)
        case _:
            raise w.error(
                "E516",
                "an `nn.Sequential` can hold only steps in a row",
                item.span,
                "make it a block",
            )


@contextmanager
def _filling(w: ClassWriter, ops: Ops) -> Iterator[None]:
    """Constructor lines written inside become part of the container's building."""
    outer, w.init = w.init, ops
    try:
        yield
    finally:
        w.init = outer


def key_text(w: ClassWriter, name: p.ModuleName | None) -> str | None:
    """Python text of a child's key: a string, or an f-string where it is computed."""
    if name is None:
        return None
    if not isinstance(name.base, Template):
        return s.quoted(name.base)
    return w.unit.fstring(w, name.base)


def _call(w: ClassWriter, call: p.Call, flow: Flow, ops: Ops) -> Flow:
    if call.kind == "param":
        target = held(w, call)
        if target is None:
            return flow
        if isinstance(target, CalleeParam) and target.optional:
            with w.inner_scope() as scope:
                scope[call.callee] = target
                return _choice(w, where_given(call), flow, ops)
    made = make(w, call, flow)
    several = isinstance(flow, tuple) or isinstance(made.flow, tuple)
    if several or (takes_list(w, call) and not isinstance(flow, TensorList)):
        raise w.error(
            "E516",
            "an `nn.Sequential` can hold only steps in a row",
            call.span,
            "make it a block",
        )
    w.use_form(made)
    key = key_text(w, call.name)
    text = _in_place(made, single(flow) if not isinstance(flow, tuple) else None)
    ops.append(Child(key=key, text=text, kind=made.kind, reads_width=made.widths_of is not None))
    if made.widths_of is None:
        return made.flow
    return resolved_width(w, made, "\0last\0")


def _in_place(made: Made, tensor: Tensor | None) -> str:
    """An activation works in place where nothing else reads what it gets."""
    if not made.inplace or tensor is None or not tensor.fresh:
        return made.text
    return with_argument(made.text, "inplace=True")


def with_argument(text: str, argument: str) -> str:
    """A constructor call with one more argument."""
    return f"{text[:-1]}{argument})" if text.endswith("()") else f"{text[:-1]}, {argument})"


def _group(w: ClassWriter, name: p.ModuleName | None, body: p.Region, flow: Flow, ops: Ops) -> Flow:
    inner: Ops = []
    with w.inner_scope():
        result = sequential(w, body, flow, inner)
    _contain(w, name, inner, ops)
    return result


def _contain(w: ClassWriter, name: p.ModuleName | None, inner: Ops, ops: Ops) -> None:
    """Append a Sequential of its own."""
    prelude, text = container_text(w, inner, _wish(name))
    ops += prelude
    ops.append(Child(key=key_text(w, name), text=text, kind="nn.Sequential"))


def _wish(name: p.ModuleName | None) -> str:
    return name.base if name is not None and isinstance(name.base, str) else "layers"


def _repeat(w: ClassWriter, item: p.Repeat, flow: Flow, ops: Ops) -> Flow:
    if item.inline:
        return loop_children(w, repeat_names(item), None, item.body, flow, ops, item.times)
    inner: Ops = []
    result = loop_children(w, repeat_names(item), None, item.body, flow, inner, item.times)
    _contain(w, item.container, inner, ops)
    return result


def repeat_names(item: p.Repeat) -> tuple[str, ...]:
    return (item.variable or "_",)


def _container_loop(w: ClassWriter, item: p.For, flow: Flow, ops: Ops) -> Flow:
    inner: Ops = []
    result = loop_children(w, item.names, item.iterable, item.body, flow, inner, None)
    _contain(w, item.container, inner, ops)
    return result


def loop_children(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    body: p.Region,
    flow: Flow,
    ops: Ops,
    count: Expr | None,
) -> Flow:
    """A loop in a Sequential, in the first form that holds: the width stays; it grows by the
    same amount each time; a running local follows it."""
    trips, header = loop_header(w, names, iterable, count)
    if not isinstance(trips, s.Symbol) and not trips:
        return flow
    start = single(flow).but(fresh=False)
    if not isinstance(trips, s.Symbol) and len(trips) == 1 and names == ("_",):
        with w.inner_scope():
            return sequential(w, body, flow, ops)
    after, assigned = _dry(w, names, iterable, trips, body, start)
    changes = resized(start, after)
    if changes:
        start = unsized(start, f"in{body.span.start}")
    if w.trying:
        result = _tried(w, start, after, trips, names)
    else:
        carried = sorted(assigned & w.held())
        with _filling(w, ops):
            result = _looped(
                w, names, iterable, trips, count, body, start, after, header, ops, carried
            )
    result = rerun(start, result, names, trips)
    return unsized(result, f"out{body.span.start}") if changes else result


def _looped(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    trips: Any,
    count: Expr | None,
    body: p.Region,
    start: Tensor,
    after: Tensor,
    header: str,
    ops: Ops,
    carried: list[str],
) -> Tensor:
    """The loop in its first form that holds; `after` is what one run makes of `start`."""
    if _same_width(start, after):
        return _steady(w, names, iterable, trips, body, start, header, ops, carried)
    grown = _growing(w, names, iterable, trips, count, body, start, after, header)
    if grown is not None:
        loop, result = grown
        ops.append(loop)
        return result
    return _running(w, names, iterable, trips, body, start, header, ops, carried)


def _steady(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    trips: Any,
    body: p.Region,
    start: Tensor,
    header: str,
    ops: Ops,
    carried: list[str],
) -> Tensor:
    """Runs that keep the width."""
    kept = w.snapshot(trial=False)
    with w.body() as frame, loop_scope(w, names, iterable, trips):
        inner = frame.code
        result = single(sequential(w, body, start, inner))
    w.restore(kept)
    if len(inner) == 2 and isinstance(inner[0], Child) and inner[0].reads_width:
        inner = [replace(inner[0], reads_width=False)]
    else:
        with w.body(*carried) as frame, loop_scope(w, names, iterable, trips):
            inner = frame.code
            result = single(sequential(w, body, start, inner))
    ops.append(Loop(header=unused(header, _code(inner)), body=inner))
    return result.but(shape=(start.channels, *result.shape[1:]), fresh=False)


def _tried(
    w: ClassWriter, start: Tensor, after: Tensor, trips: Any, names: tuple[str, ...]
) -> Tensor:
    """What leaves a loop, as far as a trial has to know it: from one run."""
    if _same_width(start, after):
        return after.but(fresh=False)
    used = tuple(s.names_in(start.channels, expand=True))
    last = w.settled_after(w.unknown(), after.channels, trips, (*names, *used))
    return after.but(shape=(last, *after.shape[1:]), fresh=False)


def _dry(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    trips: Any,
    body: p.Region,
    start: Tensor,
) -> tuple[Tensor, set[str]]:
    """What a run makes, and the locals that it sets."""
    kept = w.snapshot()
    try:
        with w.body() as frame, loop_scope(w, names, iterable, trips):
            return single(sequential(w, body, start, [])), frame.assigned
    finally:
        w.restore(kept)


def _same_width(first: Tensor, second: Tensor) -> bool:
    return s.same(first.channels, second.channels)


def _growing(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    trips: Any,
    count: Expr | None,
    body: p.Region,
    start: Tensor,
    after: Tensor,
    header: str,
) -> tuple[Loop, Tensor] | None:
    """`start + i * growth`, where the body is one module and each run adds as much."""
    if len(body.items) != 1 or not isinstance(body.items[0], p.Call):
        return None
    if count is None and not _counts_up(iterable):
        return None
    generic = start.but(shape=(s.name("@channels"), *start.shape[1:]))
    grown, _ = _dry(w, names, iterable, trips, body, generic)
    growth = grown.channels - generic.channels
    if "@channels" in s.names_in(growth, expand=True):
        return None
    if s.names_in(growth, expand=True) & set(names):
        return None
    if s.names_in(growth, expand=True) & s.names_in(start.channels, expand=True):
        return None
    index = names[0] if names[0] != "_" else w.index_name()
    inner: Ops = []
    at = s.binary("+", start.channels, s.binary("*", s.name(index), growth))
    kept = w.snapshot(trial=False)
    with w.body(), loop_scope(w, (index,), iterable, trips):
        sequential(w, body, start.but(shape=(at, *start.shape[1:])), inner)
    w.restore(kept)
    if len(inner) != 1 or not isinstance(inner[0], Child):
        return None
    times = len(trips) if not isinstance(trips, s.Symbol) else s.index_count(trips)
    total = s.binary("+", start.channels, s.binary("*", times, growth))
    header = header.replace("for _ in", f"for {index} in")
    return (
        Loop(header=unused(header, _code(inner)), body=inner),
        after.but(shape=(total, *after.shape[1:]), fresh=False),
    )


def _counts_up(iterable: Expr | None) -> bool:
    from archdsl.expr import CallExpr

    return (
        isinstance(iterable, CallExpr)
        and iterable.function == "range"
        and len(iterable.arguments) == 1
    )


def _running(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    trips: Any,
    body: p.Region,
    start: Tensor,
    header: str,
    ops: Ops,
    carried: list[str],
) -> Tensor:
    """A local follows the width."""
    wish = _local(start)
    w.hold(wish, start.channels)
    others = [each for each in carried if each != wish]
    with w.body(wish, *others) as frame, loop_scope(w, names, iterable, trips):
        inner = frame.code
        first = w.latest(wish)
        result = single(sequential(w, body, start.but(shape=(first, *start.shape[1:])), inner))
        w.update(wish, first, result.channels)
    ops.append(Loop(header=unused(header, _code(inner)), body=inner))
    settled = w.settled_after(w.latest(wish), result.channels, trips, names)
    return result.but(shape=(settled, *result.shape[1:]), fresh=False)


def _local(tensor: Tensor) -> str:
    """The local that follows the width of a value, or the widths of a list."""
    return "xs_channels" if isinstance(tensor, TensorList) else "channels"


def _choice(w: ClassWriter, item: p.If, flow: Flow, ops: Ops) -> Flow:
    condition = w.value(item.condition)
    if not isinstance(condition, s.Symbol):
        chosen = item.then if condition else item.otherwise
        if chosen is None:
            return flow
        with w.inner_scope():
            return sequential(w, chosen, flow, ops)
    start = single(flow)
    kept = w.snapshot()
    (then, _), (other, _) = _arms(w, item, start, None)
    w.restore(kept)
    if w.trying:
        width = then.channels if _same_width(then, other) else w.unknown()
        return _joined(condition, then, other, width)
    if _same_width(then, other):
        (then, yes), (other, no) = _arms(w, item, start, None)
        ops.append(Choice(test=s.text(condition), then=yes, otherwise=no))
        return _joined(condition, then, other, then.channels)
    wish = _local(start)
    w.hold(wish, start.channels)
    running = w.version(wish)
    (then, yes), (other, no) = _arms(w, item, start.but(shape=(running, *start.shape[1:])), running)
    last = w.latest(wish)
    if not s.opaque(then.channels) and not s.opaque(other.channels):
        last.assumed = s.choose(condition, s.expanded(then.channels), s.expanded(other.channels))
    ops.append(Choice(test=s.text(condition), then=yes, otherwise=no))
    return _joined(condition, then, other, last)


def _arms(
    w: ClassWriter, item: p.If, start: Tensor, running: Variable | None
) -> list[tuple[Tensor, Ops]]:
    """What leaves each arm, and its children; a local that follows the width is brought to it."""
    made = []
    with w.arms() as begin:
        for region in (item.then, item.otherwise):
            begin()
            with w.body() as frame, w.inner_scope():
                if region is item.then:
                    narrow(w, item)
                ops = frame.code
                tensor = start if region is None else single(sequential(w, region, start, ops))
                if running is not None:
                    w.update(_local(start), running, tensor.channels)
            made.append((tensor, ops))
    return made


def _joined(condition: Any, then: Tensor, other: Tensor, channels: Any) -> Tensor:
    spatial = tuple(s.choose(condition, a, b) for a, b in zip(then.shape[1:], other.shape[1:]))
    stride = joined_stride(condition, then.stride, other.stride)
    return Tensor((channels, *spatial), stride=stride, fresh=then.fresh and other.fresh)


# Writing a container


def container_text(w: ClassWriter, ops: Ops, wish: str) -> tuple[Code, str]:
    """Lines that prepare a Sequential (often none), and the expression that makes it."""
    lines = 0
    while lines < len(ops) and not isinstance(ops[lines], (Child, Loop, Choice)):
        lines += 1
    before, steps = ops[:lines], ops[lines:]
    arguments = _plain_arguments(steps)
    if arguments is not None:
        return before, f"nn.Sequential({arguments})"
    labelled = _labelled(steps)
    if labelled is not None:
        w.unit.need("OrderedDict")
        return before, f"nn.Sequential({labelled})"
    return _built(w, ops, wish)


def _plain_arguments(ops: Ops) -> str | None:
    """`a, b, *[c for _ in range(n)]`, where the children can stand in one expression."""
    pieces = []
    for op in ops:
        if isinstance(op, Child) and op.key is None and not op.reads_width:
            pieces.append(op.text)
        elif isinstance(op, Loop):
            child = _only_child(op)
            if child is None or child.key is not None:
                return None
            pieces.append(f"*[{child.text} {op.header[:-1]}]")
        else:
            return None
    return ", ".join(pieces)


def _only_child(loop: Loop) -> Child | None:
    if len(loop.body) == 1 and isinstance(loop.body[0], Child) and not loop.body[0].reads_width:
        return loop.body[0]
    return None


def _labelled(ops: Ops) -> str | None:
    """An `OrderedDict` in one expression."""
    if len(ops) == 1 and isinstance(ops[0], Loop):
        child = _only_child(ops[0])
        if child is not None and child.key is not None:
            return f"OrderedDict(({child.key}, {child.text}) {ops[0].header[:-1]})"
        return None
    if not all(isinstance(op, Child) and not op.reads_width for op in ops):
        return None
    return _ordered_dict(ops)


def _ordered_dict(children: Ops) -> str:
    """Children under their keys, or their positions."""
    keys = [child.key or s.quoted(str(position)) for position, child in enumerate(children)]
    if all(key[1:-1].isidentifier() for key in keys):
        named = ", ".join(f"{key[1:-1]}={child.text}" for key, child in zip(keys, children))
        return f"OrderedDict({named})"
    pairs = ", ".join(f"({key}, {child.text})" for key, child in zip(keys, children))
    return f"OrderedDict([{pairs}])"


def _built(w: ClassWriter, ops: Ops, wish: str) -> tuple[Code, str]:
    """A container filled step by step."""
    variable = w.locals.take(wish if w.locals.free(wish) else f"{wish}_layers")
    builder = _Builder(w, variable, any_labelled(ops), _kinds(ops))
    code = builder.start(ops)
    if builder.labelled:
        w.unit.need("OrderedDict")
        return code, f"nn.Sequential({variable})"
    return code, f"nn.Sequential(*{variable})"


def any_labelled(ops: Ops) -> bool:
    """Whether any child has a key."""
    for op in ops:
        if isinstance(op, Child) and op.key is not None:
            return True
        if isinstance(op, Loop) and any_labelled(op.body):
            return True
        if isinstance(op, Choice) and (any_labelled(op.then) or any_labelled(op.otherwise)):
            return True
    return False


def _kinds(ops: Ops) -> set[str]:
    kinds: set[str] = set()
    for op in ops:
        if isinstance(op, Child):
            kinds.add(op.kind)
        elif isinstance(op, Loop):
            kinds |= _kinds(op.body)
        elif isinstance(op, Choice):
            kinds |= _kinds(op.then) | _kinds(op.otherwise)
    return kinds


def _reads_width(ops: Ops) -> bool:
    return any(
        (isinstance(op, Child) and op.reads_width)
        or (isinstance(op, Loop) and _reads_width(op.body))
        or (isinstance(op, Choice) and (_reads_width(op.then) or _reads_width(op.otherwise)))
        for op in ops
    )


class _Builder:
    """Writes the statements that fill one container."""

    def __init__(self, w: ClassWriter, variable: str, labelled: bool, kinds: set[str]) -> None:
        self.w = w
        self.variable = variable
        self.labelled = labelled
        self.uniform = len(kinds) == 1
        self.kind = next(iter(kinds)) if self.uniform else "nn.Module"

    def start(self, ops: Ops) -> Code:
        """The container's creation with its first children, then the rest."""
        lead = 0
        while lead < len(ops) and isinstance(ops[lead], Child):
            lead += 1
            if ops[lead - 1].reads_width and (self.labelled or not self.uniform):
                lead -= 1
                break
            if ops[lead - 1].reads_width:
                break
        before = 0
        while lead == 0 and before < len(ops) and isinstance(ops[before], (Local, str)):
            before += 1
        code: Code = self._fill(ops[:before])
        code.append(self._literal(ops[:lead], ops))
        rest = ops[max(lead, before) :]
        code += self._fill(rest)
        return code

    def _literal(self, children: Ops, ops: Ops) -> str:
        if self.labelled:
            return f"{self.variable}: OrderedDict[str, nn.Module] = {_ordered_dict(children)}"
        inner = ", ".join(child.text for child in children)
        if self.uniform and _reads_width(ops):
            if children:
                return f"{self.variable} = [{inner}]"
            return f"{self.variable}: list[{self.kind}] = []"
        return f"{self.variable}: list[nn.Module] = [{inner}]"

    def _fill(self, ops: Ops) -> Code:
        code: Code = []
        last = f"{self.variable}[-1]"
        for op in ops:
            match op:
                case Child():
                    last = self._add(op, code)
                case Loop():
                    child = _only_child(op)
                    if child is not None and not self.labelled:
                        code.append(f"{self.variable} += [{child.text} {op.header[:-1]}]")
                    else:
                        code.append(Block(header=op.header, body=self._fill(op.body)))
                case Choice():
                    code.append(Block(header=f"if {op.test}:", body=self._fill(op.then)))
                    if op.otherwise:
                        code += alternative(self._fill(op.otherwise))
                case Local():
                    text = op.text.replace("\0last\0", last)
                    code.append(replace(op, text=text))
                case _:
                    code.append(op)
        return code

    def _add(self, child: Child, code: Code) -> str:
        text, last = child.text, f"{self.variable}[-1]"
        if child.reads_width and (self.labelled or not self.uniform):
            last = self.w.locals.copy().take("layer")
            code.append(f"{last} = {text}")
            text = last
        if not self.labelled:
            code.append(f"{self.variable}.append({text})")
        else:
            key = child.key or f"str(len({self.variable}))"
            code.append(f"{self.variable}[{key}] = {text}")
        return last


def _code(ops: Ops) -> Code:
    """The texts of children, to see which names they read."""
    code: Code = []
    for op in ops:
        if isinstance(op, Child):
            code.append(f"{op.key} {op.text}")
        elif isinstance(op, Loop):
            code.append(Block(header=op.header, body=_code(op.body)))
        elif isinstance(op, Choice):
            code.append(op.test)
            code += _code(op.then) + _code(op.otherwise)
        else:
            code.append(op)
    return code
