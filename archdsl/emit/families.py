"""Loops in a class: their modules form families, and `forward` repeats the loop."""

from __future__ import annotations

import builtins
import keyword
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code, Frame, mentions
from archdsl.emit.loops import (
    bound_names,
    loop_header,
    loop_scope,
    rerun,
    spelled,
    starts_anew,
    unused,
)
from archdsl.emit.sizes import evened
from archdsl.emit.tensor import (
    Flow,
    Tensor,
    TensorList,
    listed,
    parts,
    read_again,
    resized,
    single,
    unsized,
)
from archdsl.emit.unrolled import computed_labels, written_out
from archdsl.emit.values import Family, Place, Unlike, next_index
from archdsl.expr import Expr
from archdsl.ir import program as p
from archdsl.node import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from archdsl.emit.writer import ClassWriter


class Loop:
    """A loop whose modules form families.

    `variables` are its names, and `bound` what they are in the constructor, that goes over the
    channels of values. `counts` is the one that counts the runs from
    zero, if there is one; `hidden`: it is none of the spec's names. `stepped` families are walked
    by `forward` in step with the loop; others are addressed by key. `depth` tells how many loops
    there are around, this included, and `frames` how many bodies of the constructor. `shared` are
    modules that all its runs use, made before it: texts and types by attribute.
    """

    def __init__(
        self, variables: tuple[str, ...], counts: str | None, depth: int, trips: Any
    ) -> None:
        self.variables = self.bound = variables
        self.trips = trips
        self.counts = counts
        self.hidden = False
        self.depth = depth
        self.stepped: dict[str, str] = {}
        self.keyed: list[str] = []
        self.frames = 0
        self.shared: dict[str, tuple[str, str]] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """All its names in the constructor and in `forward`."""
        return (*self.variables, self.counts) if self.hidden and self.counts else self.variables

    def count(self, w: ClassWriter) -> str:
        """The name that counts its runs; one of its own where the spec has none."""
        if self.counts is None:
            self.counts, self.hidden = w.index_name(), True
        return self.counts


def counted(w: ClassWriter, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a loop; a bare `repeat` gets one, for what has to know the run."""
    return (w.index_name(),) if names == ("_",) else names


def count_of(trips: Any) -> Any:
    """How often a loop runs."""
    return s.index_count(trips) if isinstance(trips, s.Symbol) else len(trips)


def counter(names: tuple[str, ...], iterable: Expr | None) -> str | None:
    """The loop name that counts 0, 1, 2, ..., if any."""
    if iterable is None:
        return names[0]
    if isinstance(iterable, e.CallExpr):
        if iterable.function == "enumerate" and len(iterable.arguments) == 1:
            return names[0]
        if iterable.function == "range" and len(iterable.arguments) == 1:
            return names[0]
    return None


def declare_member(
    w: ClassWriter, name: p.ModuleName, attribute: str, text: str, keyed: bool
) -> str:
    """Add a module to its family; the text that denotes it in `forward`.

    A family that one loop makes is walked by `forward` in step with it, or keyed by its names. One
    that is made in several places is addressed by index.
    """
    loop = w.loop
    indices = tuple(w.value(index) for index in name.indices)
    if w.runs and not indices:
        indices = (*w.runs, *(s.name(each.count(w)) for each in w.loops))
    family = f"self.{attribute}"
    if loop is None or w.runs or family in w.code.listed or attribute in w.attributes:
        return _addressed(w, attribute, indices, text)
    counted = not indices or (
        len(indices) == 1
        and isinstance(indices[0], s.Symbol)
        and indices[0].op == "name"
        and indices[0].args[0] == loop.counts
        and loop.counts is not None
    )
    if counted and not keyed and loop.depth == 1:
        around = {each for outer in w.loops for each in outer.names}
        single = _singular(attribute)
        variable = w.names.take("module" if single in around else single)
        loop.stepped[attribute] = variable
        w.init.append(f"self.{attribute}.append({text})")
        return variable
    if not indices:
        indices = tuple(s.name(each.count(w)) for each in w.loops)
    key = _key(indices, s.text)
    if attribute not in loop.keyed:
        loop.keyed.append(attribute)
    w.init.append(f"self.{attribute}[{key}] = {text}")
    innermost = w.contexts[-1]
    if not isinstance(innermost, Loop) and innermost.member is None:
        innermost.member = f"{_key(indices, w.forward_text)} in self.{attribute}"
    return f"self.{attribute}[{_key(indices, w.forward_text)}]"


def _addressed(w: ClassWriter, attribute: str, indices: tuple[Any, ...], text: str) -> str:
    """Add a module to a family that is made in several places."""
    name = f"self.{attribute}"
    if name not in w.code.listed:
        raise Unlike(name, "listed")
    family = w.module_families.get(attribute) or Family(w, name, name)
    following = next_index(w, family, indices)
    if family.ordered and following is None:
        raise Unlike(name, "keyed")
    if not family.places:
        w.attributes.add(attribute)
        w.base.append(f"{name} = nn.Module{'List' if family.ordered else 'Dict'}()")
    place = Place(indices, (), w.around)
    w.module_families[attribute] = Family(w, name, name, (*family.places, place), following)
    if family.ordered:
        w.init.append(f"{name}.append({text})")
        return f"{name}[{w.forward_text(indices[0])}]"
    w.init.append(f"{name}[{_key(indices, s.text)}] = {text}")
    return f"{name}[{_key(indices, w.forward_text)}]"


def _singular(attribute: str) -> str:
    single = attribute
    if attribute.endswith(("ches", "shes", "sses", "xes")):
        single = attribute[:-2]
    elif attribute.endswith("s") and attribute[-2:] not in ("ss", "us", "is") and attribute != "s":
        single = attribute[:-1]
    return attribute if hasattr(builtins, single) or keyword.iskeyword(single) else single


def _key(indices: tuple[Any, ...], render: Callable[[Any], str]) -> str:
    if len(indices) == 1:
        (index,) = indices
        return f"str({render(index)})" if isinstance(index, s.Symbol) else f'"{index}"'
    inner = "_".join("{" + render(index) + "}" for index in indices)
    return f'f"{inner}"'


def class_loop(
    w: ClassWriter,
    uid: int,
    names: tuple[str, ...],
    iterable: Expr | None,
    count: Expr | None,
    body: p.Region,
    flow: Flow,
    container: p.ModuleName | None,
) -> Flow:
    """A loop among a class's own steps."""
    if computed_labels(body):
        return written_out(w, uid, names, iterable, count, body, flow)
    names = counted(w, names)
    trips, header = loop_header(w, names, iterable, count)
    if container is not None:
        body = _named(body, container)
    flow = w.settle_flow(flow)
    if w.unread and starts_anew(body):

        def from_before(carried: Sequence[str]) -> Body:
            with loop_body(w, names, iterable, trips, carried) as written:
                w.walk(body, flow)
            return written

        place(w, from_before(reset(w, from_before)), header, names, iterable, count)
        return flow
    w.unread = False
    start = _stale_free(w, flow, _wishes(w, body), starts_anew(body))

    def run_once(flow: Flow) -> tuple[Flow, set[str]]:
        kept = w.snapshot()
        try:
            with loop_body(w, names, iterable, trips) as written:
                return _close(w, flow, w.walk(body, flow)), written.frame.assigned
        finally:
            w.restore(kept)

    if w.trying:
        result, _ = run_once(start)
        tried = _tried(w, start, result, trips, names)
        return read_again(_unsized(tried, _resizes(start, result), f"out{uid}"))
    wishes, assigned, resizes = _running(start, run_once)
    start = _unsized(start, resizes, f"in{uid}")
    for wish, value in wishes.items():
        w.hold(wish, value)
    carried = [*wishes, *sorted(assigned & w.held() - wishes.keys())]
    with loop_body(w, names, iterable, trips, carried) as written:
        running = {wish: w.latest(wish) for wish in wishes}
        result = _close(w, start, w.walk(body, _followed(start, running)))
        w.update_all(
            {
                _wish(tensor): tensor.channels
                for tensor in parts(result)
                if _wish(tensor) in running
            },
            running,
        )
    place(w, written, header, names, iterable, count)
    locals_ = tuple(w.latest(wish).local for wish in wishes)
    settled = {
        wish: w.settled_after(
            w.latest(wish), tensor.channels, trips, (*written.loop.bound, *locals_)
        )
        for wish, tensor in zip(map(_wish, parts(start)), parts(result))
        if wish in wishes
    }
    return read_again(_unsized(_followed(result, settled), resizes, f"out{uid}"))


def _resizes(before: Flow, after: Flow) -> tuple[bool, ...]:
    """Which values differ in height or width after a run."""
    return tuple(map(resized, parts(before), parts(after)))


def _unsized(flow: Flow, resizes: tuple[bool, ...], mark: str) -> Flow:
    """A flow without the sizes that runs change."""
    marked = iter(enumerate(resizes))

    def each(part: Flow) -> Flow:
        if isinstance(part, tuple):
            return tuple(each(inner) for inner in part)
        position, changes = next(marked)
        return unsized(part, f"{mark}_{position}") if changes else part

    return each(flow)


class Body:
    """The body of a loop once written: its lines in the constructor and in `forward`."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.frame = Frame()
        self.lines: Code = []


@contextmanager
def loop_body(
    w: ClassWriter,
    names: tuple[str, ...],
    iterable: Expr | None,
    trips: Any,
    carried: Sequence[str] = (),
) -> Iterator[Body]:
    """What is written inside goes to a loop's body, in the constructor and in `forward`."""
    body = Body(Loop(names, counter(names, iterable), len(w.loops) + 1, trips))
    body.loop.frames = len(w.frames)
    body.loop.bound = bound_names(w, names, iterable)
    w.contexts.append(body.loop)
    try:
        with (
            w.body(*carried) as body.frame,
            w.buffer() as body.lines,
            loop_scope(w, names, iterable, trips),
        ):
            yield body
    finally:
        w.contexts.pop()


def reset(w: ClassWriter, runs: Callable[[Sequence[str]], Body]) -> list[str]:
    """The locals from before a loop that its runs set, where each starts from the same value."""
    if w.trying or not w.held():
        return []
    kept = w.snapshot()
    try:
        body = runs(())
    finally:
        w.restore(kept)
    return sorted(body.frame.assigned & w.held())


def place(
    w: ClassWriter,
    body: Body,
    header: str,
    names: tuple[str, ...],
    iterable: Expr | None,
    count: Expr | None,
) -> None:
    """Both loops, where they belong."""
    _place_init(w, body.loop, header, names, body.frame.code)
    _place_forward(w, body.loop, names, iterable, count, body.lines)


def _tried(w: ClassWriter, start: Flow, result: Flow, trips: Any, names: tuple[str, ...]) -> Flow:
    """What leaves a loop, as far as a trial has to know it: from one run."""
    settled = {}
    for before, after in zip(parts(start), parts(result)):
        if not s.same(before.channels, after.channels):
            last = w.unknown()
            used = tuple(s.names_in(before.channels, expand=True))
            settled[_wish(before)] = w.settled_after(last, after.channels, trips, (*names, *used))
    return _followed(result, settled)


def _wishes(w: ClassWriter, body: p.Region) -> tuple[str, ...]:
    """Names for the values that a loop hands on: those of its one block's inputs."""
    if len(body.items) == 1 and isinstance(body.items[0], p.Call) and body.items[0].kind == "block":
        definition = w.unit.definitions[body.items[0].callee]
        return tuple(port.name or "x" for port in definition.inputs)
    return ()


def _wish(tensor: Tensor) -> str:
    """The local that follows a value's channels."""
    return "channels" if tensor.text in ("x", "out") else f"{tensor.text}_channels"


def _running(
    start: Flow, run_once: Callable[[Flow], tuple[Flow, set[str]]]
) -> tuple[dict[str, Any], set[str], tuple[bool, ...]]:
    """The channels that runs change, by the name of the local that follows them, all locals that
    runs set, and which values they resize.

    What one run hands to another value may change that in the next: asked until no more do.
    """
    known: dict[str, Any] = {}
    while True:
        trial = _followed(start, {wish: s.name(f"@{wish}") for wish in known})
        after, assigned = run_once(trial)
        changed = {
            _wish(first): origin.channels
            for origin, first, second in zip(parts(start), parts(trial), parts(after))
            if not s.same(first.channels, second.channels)
        }
        if changed.keys() <= known.keys():
            return known, assigned, _resizes(trial, after)
        known.update(changed)


def _followed(flow: Flow, channels: dict[str, Any]) -> Flow:
    """A flow whose channels are those of locals, where there are any."""
    if isinstance(flow, Tensor):
        wish = _wish(flow)
        if wish in channels:
            return flow.but(shape=(channels[wish], *flow.shape[1:]))
        return flow
    return tuple(_followed(part, channels) for part in flow)


def _named(body: p.Region, container: p.ModuleName) -> p.Region:
    """The one step of a container's runs, as a family of the container's name."""
    items = tuple(
        (
            replace(item, name=container)
            if isinstance(item, (p.Call, p.Group)) and item.name is None
            else item
        )
        for item in body.items
    )
    return p.Region(items=items, sequential=False, span=body.span)


def _stale_free(w: ClassWriter, flow: Flow, wishes: tuple[str, ...], anew: bool) -> Flow:
    """The stream of a loop lives in variables that every run assigns; one that takes nothing from
    what was before has one, and several values before it need none."""
    if anew and isinstance(flow, (tuple, TensorList)):
        if w.variable in w.protected:
            w.variable = w.names.take("out")
        first = parts(flow)[0]
        first = first.member((0,)) if isinstance(first, TensorList) else first
        return first.but(text=w.variable, simple=True, fresh=False)
    if isinstance(flow, TensorList):
        if flow.text == w.list_name():
            return flow
        w.emit(f"{w.list_name()} = {flow.text}")
        return flow.but(text=w.list_name(), simple=True)
    if isinstance(flow, Tensor):
        if flow.text != w.variable or flow.text in w.protected:
            if w.variable in w.protected:
                w.variable = w.names.take("out")
            w.emit(f"{w.variable} = {flow.text}")
            return flow.but(text=w.variable, simple=True, fresh=False)
        return flow.but(fresh=False)
    texts = [tensor.text for tensor in parts(flow)]
    named = all(map(str.isidentifier, texts)) and len(set(texts)) == len(texts)
    if named and not w.protected & set(texts):
        return read_again(flow)
    if len(wishes) != len(texts):
        wishes = tuple(f"x{number}" for number in range(1, len(texts) + 1))
    names = [w.names.take(wish) for wish in wishes]
    w.emit(f"{', '.join(names)} = {', '.join(texts)}")
    return tuple(
        tensor.but(text=name, simple=True, fresh=False) for tensor, name in zip(parts(flow), names)
    )


def _close(w: ClassWriter, start: Flow, result: Flow) -> Flow:
    """The run's last values go back into the variables that it started from."""
    if isinstance(start, Tensor):
        tensor = single(result)
        if tensor.text != start.text:
            w.emit(f"{start.text} = {tensor.text}")
        return _rerun(w, start, tensor)
    before, after = parts(start), parts(result)
    texts = [tensor.text for tensor in before]
    if len({tensor.text for tensor in after}) == 1 and len(after) > 1:
        w.emit(f"{', '.join(texts)} = {after[0].text}")
    elif [tensor.text for tensor in after] != texts:
        w.emit(f"{', '.join(texts)} = {', '.join(tensor.text for tensor in after)}")
    return tuple(_rerun(w, first, last) for first, last in zip(before, after))


def _rerun(w: ClassWriter, before: Tensor, after: Tensor) -> Tensor:
    """What the loop around leaves in a variable."""
    assert w.loop is not None
    left = rerun(before, after, w.loop.variables, w.loop.trips)
    return left.but(text=before.text, simple=True)


def _place_init(
    w: ClassWriter, loop: Loop, header: str, names: tuple[str, ...], code: Code
) -> None:
    """The families' creation and the loop that fills them, behind what its runs share."""
    w.own_shared(loop.shared)
    for attribute in loop.stepped:
        w.own(attribute, "nn.ModuleList")
    for attribute in loop.keyed:
        w.own(attribute, "nn.ModuleDict")
    header = unused(header, code)
    if loop.hidden and loop.counts is not None and mentions(code, loop.counts):
        header = _enumerated(loop.counts, header)
    if len(code) == 1 and isinstance(code[0], str) and len(loop.stepped) == 1:
        (attribute,) = loop.stepped
        prefix = f"self.{attribute}.append("
        if code[0].startswith(prefix):
            made = code[0][len(prefix) : -1]
            w.init.append(f"self.{attribute} = nn.ModuleList({made} {header[:-1]})")
            return
    w.init += [f"self.{attribute} = nn.ModuleList()" for attribute in loop.stepped]
    if loop.depth == 1:
        w.init += [f"self.{attribute} = nn.ModuleDict()" for attribute in loop.keyed]
    else:
        w.loops[-1].keyed += [each for each in loop.keyed if each not in w.loops[-1].keyed]
    if code:
        w.init.append(Block(header=header, body=code))


def _enumerated(counts: str, header: str) -> str:
    """A loop's header with a counter before its names."""
    target, over = header[len("for ") : -1].split(" in ", 1)
    return f"for {counts}, {target if ',' not in target else f'({target})'} in enumerate({over}):"


def forward_header(
    w: ClassWriter,
    loop: Loop,
    names: tuple[str, ...],
    iterable: Expr | None,
    count: Expr | None,
    read: set[str],
) -> str:
    """`for ... in ...:` of `forward`: families in step, and the loop's names where they are read."""
    if loop.hidden and loop.counts in read and (len(read) > 1 or not loop.stepped):
        if len(read) == 1:
            return f"for {loop.counts} in range({w.forward_text(count_of(loop.trips))}):"
        inner = forward_header(w, loop, names, iterable, count, read - {loop.counts})
        return _enumerated(loop.counts, inner)
    members = list(loop.stepped.values())
    sources = [f"self.{attribute}" for attribute in loop.stepped]
    if members and not read:
        if len(members) == 1:
            return f"for {members[0]} in {sources[0]}:"
        return f"for {', '.join(members)} in zip({', '.join(sources)}, strict=True):"
    if members and read == {loop.counts}:
        if len(members) == 1:
            return f"for {loop.counts}, {members[0]} in enumerate({sources[0]}):"
        inner = ", ".join(sources)
        return f"for {loop.counts}, ({', '.join(members)}) in enumerate(zip({inner}, strict=True)):"
    kept = [name if name in read else "_" for name in names]
    own = ", ".join(kept)
    over = forward_iterable(w, iterable, count)
    if iterable is not None and isinstance(iterable, e.CallExpr):
        if iterable.function == "enumerate" and kept[0] == "_" and len(kept) == 2:
            own, over = kept[1], forward_iterable(w, iterable.arguments[0].value, None)
    if not members:
        return f"for {own} in {over}:"
    target = own if "," not in own else f"({own})"
    return f"for {target}, {', '.join(members)} in zip({over}, {', '.join(sources)}, strict=True):"


def forward_iterable(w: ClassWriter, iterable: Expr | None, count: Expr | None) -> str:
    """What `forward` loops over, from what the constructor keeps."""
    if iterable is None:
        assert count is not None
        return f"range({w.forward_text(w.value(count))})"
    if isinstance(iterable, e.CallExpr) and iterable.function in (
        "range",
        "enumerate",
        "zip",
        "reversed",
    ):
        inner = [forward_iterable(w, argument.value, None) for argument in iterable.arguments]
        return spelled(iterable.function, inner)
    value = evened(w.value(iterable))
    source = listed(value)
    return w.forward_text(value if source is None else source)


def _place_forward(
    w: ClassWriter,
    loop: Loop,
    names: tuple[str, ...],
    iterable: Expr | None,
    count: Expr | None,
    lines: Code,
) -> None:
    """`forward`'s loop."""
    if not lines:
        return
    read = {name for name in loop.names if name != "_" and mentions(lines, name)}
    w.lines.append(Block(header=forward_header(w, loop, names, iterable, count, read), body=lines))
