"""Conditions: modules of one arm are None in the other, and `forward` asks the module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, Local, fits, texts, variables_in
from archdsl.emit.held import CalleeParam, as_callee
from archdsl.emit.loops import starts_anew
from archdsl.emit.tensor import (
    Flow,
    Tensor,
    TensorList,
    joined_stride,
    parts,
    read_again,
    recursive,
    several_results,
    single,
)
from archdsl.emit.unrolled import decided
from archdsl.emit.values import Choice
from archdsl.ir import program as p
from archdsl.node import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.emit.writer import ClassWriter


class Arm:
    """One arm of an `if` in the constructor, and the attributes that it alone declares;
    `nested` ones are declared in an `if` within it. `member` asks whether a family has the member
    that it made first. Around it are so many bodies of the constructor as `frames` says; `shared`
    are modules that are used beside it, too, made before it: texts and types by attribute."""

    def __init__(self, frames: int, choice: Choice | None = None, holds: bool = True) -> None:
        self.frames, self.choice, self.holds = frames, choice, holds
        self.shared: dict[str, tuple[str, str]] = {}
        self.declared: dict[str, str] = {}
        self.nested: set[str] = set()
        self.member: str | None = None


class Part:
    """An arm once written."""

    def __init__(
        self,
        init: Code,
        lines: Code,
        declared: dict[str, str],
        arm: Arm | None = None,
    ) -> None:
        self.init, self.lines, self.declared = init, lines, declared
        self.nested = arm.nested if arm else set()
        self.member = arm.member if arm else None
        self.shared = arm.shared if arm else {}

    @property
    def direct(self) -> dict[str, str]:
        """What exists wherever the arm is taken."""
        return {name: kind for name, kind in self.declared.items() if name not in self.nested}


def _arm(
    w: ClassWriter, write: Callable[[], None], choice: Choice | None = None, holds: bool = True
) -> Part:
    arm = Arm(len(w.frames), choice, holds)
    before = set(w.attributes)
    w.contexts.append(arm)
    try:
        with w.body() as frame, w.buffer() as lines:
            write()
        return Part(frame.code, lines, arm.declared, arm)
    finally:
        w.contexts.pop()
        w.attributes |= before


def write_arms(
    w: ClassWriter,
    condition: Any,
    then: Callable[[], None],
    otherwise: Callable[[], None] | None,
) -> None:
    """Both arms of an `if`, in the constructor and in `forward`."""
    before, chosen = set(w.attributes), Choice(condition)
    with w.arms() as start:
        yes = _arm(w, then, chosen)
        after = set(w.attributes)
        w.attributes = set(before) | (after - set(yes.declared))
        start()
        no = _arm(w, otherwise, chosen, False) if otherwise is not None else Part([], [], {})
        w.attributes |= after
    place(w, condition, yes, no)


def place(w: ClassWriter, condition: Any, yes: Part, no: Part) -> None:
    """Write both arms where they belong."""
    for attribute, kind in list(no.declared.items()):
        if attribute in yes.declared:
            if yes.declared[attribute] != kind and w.loop is None:
                w.init.append(f"self.{attribute}: {yes.declared[attribute]} | {kind}")
            del yes.declared[attribute], no.declared[attribute]
    _place_init(w, condition, yes, no)
    _place_forward(w, condition, yes, no)


def _place_init(w: ClassWriter, condition: Any, yes: Part, no: Part) -> None:
    w.own_shared({**yes.shared, **no.shared})
    test = s.text(condition)
    absent = {**yes.declared, **no.declared}
    while yes.init and no.init and isinstance(yes.init[0], str) and yes.init[0] == no.init[0]:
        w.init.append(yes.init.pop(0))
        no.init.pop(0)
    if not yes.init and not no.init:
        return
    if len(yes.init) == 1 and not no.init and len(absent) == 1 and w.loop is None:
        (attribute,) = absent
        made = yes.init[0]
        prefix = f"self.{attribute} = "
        if isinstance(made, str) and made.startswith(prefix):
            line = f"{made} if {s.text(condition, 2)} else None"
            if fits(w.settle(line), 2):
                w.init.append(line)
                return
    if w.loop is None and not w.conditional:
        w.init += [f"self.{name}: {kind} | None = None" for name, kind in absent.items()]
    if not yes.init:
        w.init.append(Block(header=f"if {s.text(s.negation(condition))}:", body=no.init))
        return
    w.init.append(Block(header=f"if {test}:", body=yes.init))
    if no.init:
        w.init += alternative(no.init)


def _place_forward(w: ClassWriter, condition: Any, yes: Part, no: Part) -> None:
    if not yes.lines and not no.lines:
        return
    if yes.lines == no.lines:
        w.lines += yes.lines
        return
    in_loop = w.loop is not None
    if yes.direct and not in_loop:
        tests = present(yes.direct, yes.lines)
        other = present(no.direct, no.lines) if _calls(no.direct, no.lines) else None
    elif no.direct and not in_loop:
        yes, no = no, yes
        tests, other = present(yes.direct, yes.lines), None
    else:
        tests, other = asked(w, condition, yes), None
    if not yes.lines:
        opposite = f"not ({tests})" if " " in tests else f"not {tests}"
        if not yes.direct and not no.direct:
            opposite = asked(w, s.negation(condition), no)
        tests, yes, no, other = opposite, no, Part([], [], {}), None
    w.lines.append(Block(header=f"if {tests}:", body=yes.lines))
    if no.lines and other:
        w.lines.append(Block(header=f"elif {other}:", body=no.lines))
    elif no.lines:
        w.lines += alternative(no.lines)


def asked(w: ClassWriter, condition: Any, arm: Part) -> str:
    """A condition as `forward` asks it: of the constructor's arguments, or, where it hangs on a width
    that only a loop knows, or on what is constructed, of the family that has a member then."""
    constructed = condition.op == "compare" and condition.args[1:] == ("!=", None)
    unknown = constructed or any(s.opaque(each) for each in variables_in(condition))
    if arm.member is not None and unknown:
        return arm.member
    return w.flag(condition)


def alternative(code: Code) -> Code:
    """The other arm of an `if`: an `if` alone in it becomes `elif`."""
    headers = [part.header if isinstance(part, Block) else "" for part in code]
    if headers[0].startswith("if ") and all(
        header.startswith(("elif ", "else")) for header in headers[1:]
    ):
        first = code[0]
        return [Block(header=f"el{first.header}", body=first.body), *code[1:]]
    return [Block(header="else:", body=code)]


def present(declared: dict[str, str], lines: Code) -> str:
    """`self.a is not None and self.b is not None`, for the modules that the lines call."""
    called = _calls(declared, lines) or list(declared)[:1]
    return " and ".join(f"self.{name} is not None" for name in called)


def where_given(call: p.Call) -> p.If:
    """A call of a parameter that may be `none`, where it is not."""
    operands = (e.Name(id=call.callee, span=call.span), e.Null(span=call.span))
    bare = replace(call, targets=(), unpack=False)
    return p.If(
        span=call.span,
        uid=-call.uid,
        chain=call.chain,
        condition=e.Compare(operands=operands, ops=("!=",), span=call.span),
        then=p.Region(items=(bare,), sequential=False, span=call.span),
        otherwise=None,
    )


def narrow(w: ClassWriter, item: p.If) -> None:
    """In the arm of `if f != none`, f holds something."""
    node = item.condition
    if not isinstance(node, e.Compare) or node.ops != ("!=",):
        return
    name = node.operands[0]
    if isinstance(name, e.Name) and isinstance(node.operands[1], e.Null):
        held = as_callee(w, w.scope.get(name.id))
        if isinstance(held, CalleeParam):
            w.scope[name.id] = held.given()


def _calls(declared: dict[str, str], lines: Code) -> list[str]:
    """The attributes that lines call without asking whether they exist."""
    unguarded = [
        part
        for part in lines
        if not isinstance(part, Block) or not part.header.startswith(("if ", "elif ", "else"))
    ]
    body = "\n".join(texts(unguarded))
    return [name for name in declared if re.search(rf"self\.{name}\b", body)]


def choice(w: ClassWriter, item: p.If, flow: Flow) -> Flow:
    """`if c { } else { }` among a class's own steps."""
    condition = decided(w, w.value(item.condition), (item.then, item.otherwise))
    if not isinstance(condition, s.Symbol):
        chosen = item.then if condition else item.otherwise
        return flow if chosen is None else w.walk(chosen, flow)
    if _only_heads(item.then) and item.otherwise is None:
        return _heads(w, condition, item, flow)
    start = read_again(w.settle_flow(flow)) if item.otherwise is not None else w.settle_flow(flow)
    unread = w.unread
    target = _texts(start) if unread else _target(w, item, start)
    results: list[Flow] = []
    bound: list[dict[str, Any]] = []
    unified = None if unread else _unified(w, item, start)

    def arm(region: p.Region | None) -> Callable[[], None]:
        def write() -> None:
            with w.inner_scope() as scope:
                if region is item.then:
                    narrow(w, item)
                result = start if region is None else w.walk(_handed(region, item), start)
                if unified is not None:
                    w.init.append(Local(name=unified, text=s.text(single(result).channels)))
                results.append(result if unread else _assigned(w, target, result))
                bound.append(dict(scope))

        return write

    outer = dict(w.scope)
    needs_else = item.otherwise is not None or (target != _texts(start) and not unread)
    needs_else = needs_else or unified is not None
    outer_condition = w.head_condition
    w.head_condition = (outer_condition, s.key_of(condition), item.uid)
    write_arms(w, condition, arm(item.then), arm(item.otherwise) if needs_else else None)
    w.head_condition = outer_condition
    if len(results) == 1:
        results.append(start)
        bound.append(outer)
    _keep_common(w, condition, outer, bound)
    joined = _joined(condition, results[0], results[1], target)
    if unified is None:
        return joined
    tensor = single(joined)
    return tensor.but(shape=(w.chosen(unified), *tensor.shape[1:]))


def _unified(w: ClassWriter, item: p.If, start: Flow) -> str | None:
    """A local for the width after an `if` whose arms leave widths that only locals know."""
    widths = []
    if w.trying:
        return None
    for region in (item.then, item.otherwise):
        kept = w.snapshot()
        w.contexts.append(Arm(len(w.frames)))
        try:
            with w.body(), w.inner_scope():
                if region is item.then:
                    narrow(w, item)
                result = start if region is None else w.walk(region, start)
                tensors = parts(result)
                if len(tensors) != 1:
                    return None
                widths.append(tensors[0].channels)
        finally:
            w.restore(kept)
    if not any(variables_in(width) for width in widths):
        return None
    made_there = any(
        s.opaque(each) and each.frame not in w.frames
        for width in widths
        for each in variables_in(width)
    )
    if s.same(widths[0], widths[1]) and not made_there:
        return None
    return w.locals.take("channels")


def _handed(region: p.Region, item: p.If) -> p.Region:
    """An arm whose last step is an `if` in turn: its arms assign to the same name."""
    last = region.items[-1] if region.items else None
    if not isinstance(last, p.If) or last.targets or len(item.targets) != 1:
        return region
    handed = replace(last, targets=item.targets)
    items = (*region.items[:-1], handed)
    return p.Region(items=items, sequential=region.sequential, span=region.span)


def _texts(flow: Flow) -> tuple[str, ...]:
    return tuple(tensor.text for tensor in parts(flow))


def _target(w: ClassWriter, item: p.If, start: Flow) -> tuple[str, ...]:
    """The variables that hold the stream after the `if`."""
    if len(item.targets) == 1 and not item.unpack and not item.targets[0].indices:
        name = item.targets[0].base
        w.arm_names[name] = w.variable_for(name)
        return (w.arm_names[name],)
    anew = item.otherwise is not None and starts_anew(item.then) and starts_anew(item.otherwise)
    if isinstance(start, Tensor) or anew:
        if isinstance(start, TensorList) and not anew:
            return (start.text if start.text == w.list_variable else w.list_name(),)
        if not isinstance(start, Tensor):
            start = parts(start)[0]
        if start.text in w.protected or start.text != w.variable:
            if w.variable in w.protected:
                w.variable = w.names.take("out")
            return (w.variable,)
        return (start.text,)
    return _texts(start)


def _assigned(w: ClassWriter, target: tuple[str, ...], flow: Flow) -> Flow:
    """Put an arm's result into the variables that the other arm uses, too."""
    tensors = parts(flow)
    if len(tensors) != len(target):
        return flow
    moved = {name: each.text for name, each in zip(target, tensors) if each.text != name}
    if several_results(flow):
        w.emit(f"{', '.join(target)} = {tensors[0].text}")
    elif moved:
        w.emit(f"{', '.join(moved)} = {', '.join(moved.values())}")
    made = tuple(each.but(text=name, simple=True) for name, each in zip(target, tensors))
    return made[0] if len(made) == 1 else made


def _keep_common(
    w: ClassWriter, condition: Any, outer: dict[str, Any], bound: list[dict[str, Any]]
) -> None:
    """Names that both arms bound stay visible: for a value of either."""
    for name in bound[0]:
        if name not in outer and name in bound[1]:
            first, second = bound[0][name], bound[1][name]
            if isinstance(first, (Tensor, tuple)) and isinstance(second, (Tensor, tuple)):
                w.scope[name] = _joined(condition, first, second, _texts(first))


def _joined(condition: Any, then: Flow, other: Flow, target: tuple[str, ...]) -> Flow:
    made = []
    for first, second, text in zip(parts(then), parts(other), target):
        made.append(join_shapes(condition, first, second).but(text=text, simple=True))
    return made[0] if len(made) == 1 else tuple(made)


def join_shapes(condition: Any, then: Tensor, other: Tensor) -> Tensor:
    """The shape after an `if`: a dimension that differs is chosen by the condition."""
    if recursive(then.shape):
        return other
    if recursive(other.shape):
        return then
    shape = tuple(s.choose(condition, a, b) for a, b in zip(then.shape, other.shape))
    if isinstance(then, TensorList) and isinstance(other, TensorList):
        return TensorList(shape, "", s.choose(condition, then.count, other.count))
    stride = joined_stride(condition, then.stride, other.stride)
    return Tensor(shape, stride=stride, fresh=then.fresh and other.fresh)


# Side heads under a condition


def _only_heads(region: p.Region) -> bool:
    return all(isinstance(item, p.Aux) for item in region.items)


def _heads(w: ClassWriter, condition: Any, item: p.If, flow: Flow) -> Flow:
    """`if c { aux ... }`: the head is None where the condition fails."""
    tensor = w.flush(single(flow)).but(fresh=False)
    outer = (w.only_heads, w.head_condition)
    w.only_heads = not w.conditional or w.only_heads
    w.head_condition = s.key_of(condition) if outer[1] is None else (outer[1], condition.key)
    with w.arms():
        arm = _arm(w, lambda: _discard(w.walk(item.then, tensor)))
    w.only_heads, w.head_condition = outer
    _place_init(w, condition, arm, Part([], [], {}))
    w.lines += arm.lines
    return tensor


def _discard(_: Flow) -> None:
    return None


# Projections


def projects(w: ClassWriter, item: p.Residual, start: Tensor, body: Tensor) -> Any:
    """Whether a skip has to project: the channels differ, or the body's stride is not 1."""
    differs = s.compare("!=", start.channels, body.channels)
    if body.stride is None:
        return _as_seen(w, item, differs)
    stride = s.compare("!=", body.stride[0], 1)
    if not s.same(body.stride[0], body.stride[1]):
        stride = s.either(stride, s.compare("!=", body.stride[1], 1))
    return s.either(stride, differs)


def _as_seen(w: ClassWriter, item: p.Residual, differs: Any) -> Any:
    """The same where the body's stride is not known here: what its uses did has the answer."""
    seen = [
        (each.value, each.inputs[0], each.outputs[0])
        for instance in w.unit.instances(w.definition.name)
        for each in instance.observed.get(item.uid, ())
        if each.value is not None
    ]
    always = all(projected for projected, _, _ in seen)
    if seen and always and any(before[1:] != after[1:] for _, before, after in seen):
        return True
    if all(projected == (before[0] != after[0]) for projected, before, after in seen):
        return differs
    if always:
        return True
    raise w.error(
        "E527",
        "whether this input is projected depends on a stride that is not known here",
        item.skip_span,
        "make the stride an argument of the block, or project always: `skip { ... }`",
    )


def guarded_projection(w: ClassWriter, item: p.Residual, start: Tensor, body: Tensor) -> Tensor:
    """The skip's value: the input itself, or its projection where it has to be projected."""
    assert item.projection is not None
    condition = True if item.skip == "apply" else projects(w, item, start, body)
    if not isinstance(condition, s.Symbol):
        if not condition:
            return start
        return _always(w, item.projection, start)
    return _sometimes(w, condition, item.projection, start)


def _always(w: ClassWriter, projection: p.Region, start: Tensor) -> Tensor:
    variable = w.names.take("identity")
    with w.inner_scope(), w.stream(variable, start.text):
        made = single(w.walk(projection, start))
        if not made.simple:
            w.emit(f"{variable} = {made.text}")
            made = made.but(text=variable, simple=True)
    return made


def _sometimes(w: ClassWriter, condition: Any, projection: p.Region, start: Tensor) -> Tensor:
    variable = w.names.take("identity")
    made: list[Tensor] = []

    def write() -> None:
        with w.inner_scope(), w.stream(variable, start.text):
            made.append(single(w.walk(projection, start)))

    with w.arms():
        arm = _arm(w, write)
    result = made[0]
    _place_init(w, condition, arm, Part([], [], {}))
    test = (
        present(arm.declared, [*arm.lines, result.text])
        if arm.declared
        else asked(w, condition, arm)
    )
    if not arm.lines and len(arm.declared) <= 1:
        absent = f"self.{next(iter(arm.declared))} is None" if arm.declared else None
        if absent is not None:
            text = f"{start.text} if {absent} else {result.text}"
        else:
            text = f"{result.text} if {test} else {start.text}"
        w.emit(f"{variable} = {text}")
    else:
        w.emit(f"{variable} = {start.text}")
        lines = arm.lines
        if result.text != variable:
            lines = [*lines, f"{variable} = {result.text}"]
        w.lines.append(Block(header=f"if {test}:", body=lines))
    return Tensor(result.shape, variable, stride=result.stride, simple=True)
