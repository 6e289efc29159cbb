"""A class's own steps: attributes in the constructor, statements in `forward`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import shared
from archdsl.emit.block_calls import by_port, takes_list
from archdsl.emit.calls import make, resolved_width
from archdsl.emit.code import snake
from archdsl.emit.conditions import choice, where_given
from archdsl.emit.families import class_loop
from archdsl.emit.formulas import arithmetic
from archdsl.emit.held import CalleeParam, held
from archdsl.emit.init import tensor_lines
from archdsl.emit.loops import require_line
from archdsl.emit.made import Made
from archdsl.emit.merges import dense, merge, split
from archdsl.emit.residuals import residual
from archdsl.emit.sequential import (
    container_text,
    loop_children,
    repeat_names,
    sequential,
    with_argument,
)
from archdsl.emit.tensor import (
    Flow,
    Tensor,
    TensorList,
    packed,
    parts,
    several_results,
    single,
)
from archdsl.emit.values import add, keep, slot
from archdsl.ir import program as p

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def walk(w: ClassWriter, region: p.Region, flow: Flow) -> Flow:
    """Write a region's items in order; each source line becomes a statement."""
    tail = w.unread
    for position, item in enumerate(region.items):
        following = region.items[position + 1] if position + 1 < len(region.items) else None
        unread = tail if following is None else isinstance(following, p.From)
        w.unread = unread and not item.targets
        flow = _step(w, item, flow)
        w.unread = unread
        flow = bind(w, item, flow)
        if following is not None and following.chain != item.chain and not w.unread:
            flow = _end_of_line(w, item, flow)
    w.unread = tail
    return flow


def _end_of_line(w: ClassWriter, item: p.Item, flow: Flow) -> Flow:
    """A merge waits for the activation on the next line; all else is assigned."""
    if isinstance(item, (p.Residual, p.Merge, p.Dense, p.Let, p.Require, p.Tensor, p.Share)):
        return flow
    return flow if isinstance(flow, tuple) else w.flush(flow)


def _step(w: ClassWriter, item: p.Item, flow: Flow) -> Flow:
    """An item. A loop whose result has a name works on a variable of that name."""
    target = item.targets[0] if len(item.targets) == 1 and not item.unpack else None
    looping = isinstance(item, (p.Repeat, p.For)) and item.inline and w.loop is None
    if target is None or target.indices or not looping or isinstance(flow, tuple):
        return _item(w, item, flow)
    if w.conditional or w.unread or not w.names.free(target.base):
        return _item(w, item, flow)
    w.names.reserve(target.base)
    with w.stream(target.base, *([flow.text] if flow.simple else [])):
        flow = _item(w, item, flow)
    w.names.release(target.base)
    return flow


def _item(w: ClassWriter, item: p.Item, flow: Flow) -> Flow:
    match item:
        case p.Let():
            w.unit.let(w, item)
            return flow
        case p.Require():
            require_line(w, item)
            return flow
        case p.Assert():
            return flow
        case p.From():
            return _from(w, item, flow)
        case p.Call():
            return _call(w, item, flow)
        case p.Group():
            return _group(w, item, flow)
        case p.Part():
            return _part(w, item, flow)
        case p.Repeat() | p.For():
            return _loop(w, item, flow)
        case p.If():
            return choice(w, item, flow)
        case p.Merge():
            return merge(w, item, flow)
        case p.Split():
            return split(w, item, flow)
        case p.Residual():
            return residual(w, item, flow)
        case p.Dense():
            return dense(w, item, flow)
        case p.Aux():
            return _aux(w, item, flow)
        case p.Tensor():
            _tensor(w, item)
            return flow
        case p.Share():
            w.scope[f"share {item.name}"] = item
            return flow
        case _:
            raise TypeError(f"no way to write {type(item).__name__}")


# Names of values


def bind(w: ClassWriter, item: p.Item, flow: Flow) -> Flow:
    """Give the value after an item its names."""
    if not item.targets:
        return flow
    if item.unpack:
        return _unpack(w, item, flow)
    target = item.targets[0]
    if target.indices:
        return _member(w, target, single(flow))
    if isinstance(flow, tuple) and several_results(flow):
        variable = w.variable_for(target.base)
        w.emit(f"{variable} = {parts(flow)[0].text}")
        flow = tuple(
            tensor.but(
                text=f"{variable}[{position}]", simple=True, fresh=False, among=len(parts(flow))
            )
            for position, tensor in enumerate(parts(flow))
        )
    if isinstance(flow, tuple):
        flow = w.settle_flow(flow)
        w.scope[target.base] = flow
        return flow
    named = w.flush(flow, w.variable_for(target.base))
    w.protected.add(named.text)
    named = named.but(fresh=False)
    for each in item.targets:
        w.scope[each.base] = named
    return named


def _unpack(w: ClassWriter, item: p.Item, flow: Flow) -> Flow:
    if isinstance(flow, TensorList):
        members = [flow.member((position,)) for position in range(len(item.targets))]
        flow = tuple(member.but(text=flow.text, simple=False) for member in members)
    values = parts(flow)
    variables = [_variable(w, target, tensor) for target, tensor in zip(item.targets, values)]
    texts = {tensor.text for tensor in values}
    if len(texts) == 1 and len(values) > 1:
        w.emit(f"{', '.join(variables)} = {values[0].text}")
    else:
        for variable, tensor in zip(variables, values):
            if tensor.text != variable:
                w.emit(f"{variable} = {tensor.text}")
    named = []
    for target, variable, tensor in zip(item.targets, variables, values):
        each = tensor.but(text=variable, simple=True, fresh=False)
        if not target.indices:
            w.protected.add(variable)
            w.scope[target.base] = each
        elif w.families[target.base].ordered:
            w.emit(f"{w.families[target.base].variable}.append({variable})")
        named.append(each)
    return tuple(named)


def _variable(w: ClassWriter, target: p.ValueTarget, tensor: Tensor) -> str:
    """What one of several values is assigned to."""
    if target.indices:
        family = add(w, target, tensor)
        keep(w, family)
        return w.names.take("y") if family.ordered else slot(w, family, target)
    if tensor.text == target.base and target.base not in w.protected:
        return target.base
    return w.variable_for(target.base)


def _member(w: ClassWriter, target: p.ValueTarget, tensor: Tensor) -> Flow:
    """`as skips[i]`: into a list where the index counts the loop's runs, else into a dict."""
    if not w.unread:
        tensor = w.flush(tensor)
    family = add(w, target, tensor)
    keep(w, family)
    if family.ordered:
        w.emit(f"{family.variable}.append({tensor.text})")
    else:
        w.emit(f"{slot(w, family, target)} = {tensor.text}")
    return tensor.but(fresh=False)


# Calls


def _call(w: ClassWriter, call: p.Call, flow: Flow) -> Flow:
    if call.kind == "shared":
        return _shared(w, call, flow)
    if call.kind == "param":
        target = held(w, call)
        if target is None:
            return flow
        if isinstance(target, CalleeParam) and target.optional:
            with w.inner_scope() as scope:
                scope[call.callee] = target
                return choice(w, where_given(call), flow)
    if isinstance(flow, tuple):
        flow = w.settle_flow(flow)
    if call.kind == "block":
        flow = by_port(w.unit.definitions[call.callee], flow)
    made = make(w, call, flow)
    if made.form is not None and made.form.expression is not None:
        if made.form.module is None:
            w.use_form(made)
        return _expression(w, made, single(flow))
    w.use_form(made)
    assert call.name is not None
    text, holder = _text(w, call.name, made, flow), None
    if made.widths_of is not None and w.loop is not None:
        holder = w.locals.copy().take(snake(made.kind) if made.kind.isidentifier() else "module")
        w.init.append(f"{holder} = {text}")
        text = holder
    reference = w.declare(call.name, text, made.kind)
    result = made.flow
    if made.widths_of is not None:
        result = resolved_width(w, made, holder or reference)
    return apply(w, reference, flow, result, made.taken)


def _text(w: ClassWriter, name: p.ModuleName, made: Made, flow: Flow) -> str:
    if not made.inplace or isinstance(flow, tuple):
        return made.text
    return w.inplace(
        str(name.base),
        flow.fresh,
        with_argument(made.text, "inplace=True"),
        made.text,
        name.shared,
    )


def apply(
    w: ClassWriter, reference: str, flow: Flow, result: Flow, taken: tuple[str, ...] = ()
) -> Flow:
    """The module's call in `forward`."""
    if isinstance(flow, tuple):
        text = f"{reference}({', '.join(tensor.text for tensor in parts(flow))})"
    else:
        text = w.apply(reference, flow, *taken)
    if isinstance(result, tuple):
        w.handed_on(text, flow, len(result))
        return tuple(tensor.but(text=text, simple=False) for tensor in parts(result))
    return result.but(text=text, simple=False)


def _expression(w: ClassWriter, made: Made, tensor: Tensor) -> Tensor:
    """An op that `forward` writes as a function or an operator."""
    assert made.form is not None and made.form.expression is not None and made.args is not None
    texts = {name: w.forward_text(value, 8) for name, value in made.args.items()}
    w.unit.need(*made.form.imports)
    if not tensor.simple:
        trial = made.form.expression("x", texts)
        nests = trial.startswith(("torch.", "F.")) and trial.count("x") == 1
        written = made.form.expression(tensor.text, texts)
        if not nests or len(written) > 70:
            tensor = w.flush(tensor)
    text = made.form.expression(tensor.text, texts)
    return single(made.flow).but(text=text, simple=text == tensor.text, fresh=False)


def _shared(w: ClassWriter, call: p.Call, flow: Flow) -> Flow:
    flow = w.settle_flow(flow) if isinstance(flow, tuple) else flow
    made = shared.use(w, call, flow)
    reference, result = f"self.{call.callee}", made.flow
    if made.widths_of is not None:
        result = resolved_width(w, made, reference)
    return apply(w, reference, flow, result, made.taken)


def _from(w: ClassWriter, item: p.From, flow: Flow) -> Flow:
    return arithmetic(w, item.value)


# Containers and parts


def _group(w: ClassWriter, item: p.Group, flow: Flow) -> Flow:
    if item.name is None:
        return w.walk(item.body, flow)
    return _contained(w, item.name, item.body, single(flow))


def _contained(w: ClassWriter, name: p.ModuleName, body: p.Region, tensor: Tensor) -> Tensor:
    """A region as a Sequential."""
    ops: list[Any] = []
    with w.inner_scope():
        result = single(sequential(w, body, tensor.but(fresh=False), ops))
    return declare_container(w, name, ops, tensor, result)


def declare_container(
    w: ClassWriter, name: p.ModuleName, ops: list[Any], tensor: Tensor, result: Tensor
) -> Tensor:
    """A Sequential as an attribute, and its call."""
    wish = w.attribute_of(name)
    prelude, text = container_text(w, ops, wish)
    if prelude:
        w.init.append("")
    w.init += prelude
    reference = w.declare(name, text, "nn.Sequential")
    if prelude:
        w.init.append("")
    return result.but(text=w.apply(reference, tensor), simple=False, fresh=False)


def _part(w: ClassWriter, item: p.Part, flow: Flow) -> Flow:
    if item.name is not None:
        return _contained(w, item.name, item.body, single(flow))
    before = len(w.lines)
    w.init.append("")
    flow = w.walk(item.body, flow)
    flow = flow if isinstance(flow, tuple) else w.flush(flow)
    w.init.append("")
    if len(w.lines) - before > 1:
        w.lines.insert(before, "")
        w.lines.append("")
    return flow


def _loop(w: ClassWriter, item: p.Repeat | p.For, flow: Flow) -> Flow:
    names, iterable, times = (
        (repeat_names(item), None, item.times)
        if isinstance(item, p.Repeat)
        else (item.names, item.iterable, None)
    )
    body, container = item.body, item.container
    first = body.items[0] if body.items else None
    lists = isinstance(first, p.Call) and takes_list(w, first)
    if lists and isinstance(flow, tuple):
        flow = packed(flow)
    # A container hands on what it gets: a list as a list, a tensor as a tensor.
    unlike = lists and not isinstance(flow, TensorList)
    if item.inline or isinstance(flow, tuple) or unlike:
        result = class_loop(w, item.uid, names, iterable, times, body, flow, container)
        return _like_its_input(w, item, flow, result) if lists else result
    ops: list[Any] = []
    tensor = single(flow)
    made = single(loop_children(w, names, iterable, body, tensor, ops, times))
    if lists:
        _like_its_input(w, item, tensor, made)
    assert container is not None
    return declare_container(w, container, ops, tensor, made)


def _like_its_input(w: ClassWriter, item: p.Repeat | p.For, flow: Flow, result: Flow) -> Flow:
    """What leaves a loop that begins with a block of lists; what enters it is a list if this is."""
    if isinstance(flow, TensorList) != isinstance(result, TensorList):
        raise w.error(
            "E516",
            "the first of these steps gets a list and those after it one value, or the reverse",
            item.span,
            "write the first one apart",
        )
    return result


# Side heads and tensors of one's own


def _aux(w: ClassWriter, item: p.Aux, flow: Flow) -> Flow:
    tensor = w.flush(single(flow)).but(fresh=False)
    step = item.step
    if isinstance(step, p.Group):
        ops: list[Any] = []
        with w.inner_scope():
            sequential(w, step.body, tensor, ops)
        prelude, text = container_text(w, ops, item.name)
        w.init += prelude
        kind = "nn.Sequential"
    else:
        assert isinstance(step, p.Call)
        made = make(w, step, tensor)
        text, kind = made.text, made.kind
    name = p.ModuleName(base=item.name, written=True, span=item.span)
    reference = w.declare(name, text, kind)
    variable = w.names.take(item.name) if item.name not in w.aux else item.name
    weight = None if item.weight is None else w.value(item.weight)
    if w.conditional and not w.only_heads:
        w.head.append(f"{variable}: Tensor | None = None")
    w.emit_aux(variable, reference, tensor.text, w.head_condition, weight)
    return tensor


def _tensor(w: ClassWriter, item: p.Tensor) -> None:
    shape = tuple(w.value(dim) for dim in item.shape)
    written, filled = tensor_lines(w, item, shape)
    attribute = item.name
    w.attributes.add(attribute)
    if item.kind == "param":
        w.init.append(f"self.{attribute} = nn.Parameter({written})")
    else:
        w.code.buffers.append(attribute)
        w.init.append(f'self.register_buffer("{attribute}", {written})')
    w.init += filled
    w.scope[item.name] = Tensor(shape, f"self.{attribute}", stride=None, simple=True)
    w.protected.add(f"self.{attribute}")
