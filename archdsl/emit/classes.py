"""One definition as one class: its parameters, its constructor, its `forward`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.emit import symbol as s
from archdsl.emit.annotations import annotation, declared
from archdsl.emit.body import walk
from archdsl.emit.code import Block, Code, begun, mentions, prune, rewritten, texts
from archdsl.emit.held import CalleeParam, unique
from archdsl.emit.init import init_loop
from archdsl.emit.joins import atomic
from archdsl.emit.padding import same_padding
from archdsl.emit.recursion import agree, expected, uses_itself
from archdsl.emit.sequential import Ops, any_labelled, container_text, sequential
from archdsl.emit.tensor import (
    HEIGHT,
    LOOPED,
    WIDTH,
    Flow,
    ListResult,
    Tensor,
    TensorList,
    packed,
    parts,
    single,
)
from archdsl.emit.tidy import named, taken_apart, tidied, unpacked
from archdsl.emit.values import Family, Unlike
from archdsl.emit.writer import ClassWriter, size_name
from archdsl.ir import program as p
from archdsl.ir.design import Callee, Instance
from archdsl.ops.op import SAME

if TYPE_CHECKING:
    from archdsl.emit.unit import Unit


class Parameter:
    """One parameter of a constructor: its annotation, and the text of its default."""

    def __init__(self, name: str, kind: str, default: str | None) -> None:
        self.name, self.kind, self.default = name, kind, default


class ClassCode:
    """A class as data, and what its users have to know of it.

    `channel_symbols` are the names of the inputs' channels, `channel_params` those that the
    constructor takes (None where the spec fixes them). `outputs` are symbolic in these, in
    the parameters, and in the inputs' heights and widths; None while the class is being written.
    `exposes`: users read `.out_channels`.
    `keyed` families of values are dicts, and of `listed` ones the constructor keeps the channels.
    """

    def __init__(self, definition: p.Definition) -> None:
        self.definition = definition
        self.name = definition.name
        self.base = "nn.Sequential" if definition.kind == "sequence" else "nn.Module"
        self.parameters: list[Parameter] = []
        self.channel_symbols: list[str] = []
        self.channel_params: list[str | None] = []
        self.input_prefixes: list[str] = []
        self.input_defaults: dict[str, Any] = {}
        self.inputs: list[tuple[str, str]] = []
        self.starts: list[Tensor] = []
        self.outputs: tuple[Tensor, ...] | None = None
        self.guess: tuple[Tensor, ...] | None = None
        self.ranks: tuple[int, ...] | None = None
        self.exposes = False
        self.pad_rules: dict[str, tuple[Any, Any]] = {}
        self.pad_defaults: dict[str, Any] = {}
        self.same_params: set[str] = set()
        self.size_params: list[str] = []
        self.dropped: set[str] = set()
        self.buffers: list[str] = []
        self.init: Code = []
        self.forward: Code = []
        self.returns = "Tensor"
        self.results: list[tuple[str, str]] = []
        self.aux: list[tuple[str, str, Any]] = []
        self.keyed: set[str] = set()
        self.listed: set[str] = set()

    def anew(self) -> ClassCode:
        """The class to write again, with what is known of it by now."""
        fresh = ClassCode(self.definition)
        fresh.exposes, fresh.guess, fresh.ranks = self.exposes, self.guess, self.ranks
        fresh.size_params, fresh.dropped = self.size_params, set(self.dropped)
        fresh.keyed, fresh.listed = self.keyed, self.listed
        return fresh

    @property
    def is_model(self) -> bool:
        return self.definition.kind == "model"


def build(unit: Unit, definition: p.Definition, code: ClassCode) -> None:
    """Write a definition; one that uses itself again, knowing what leaves it and what it takes."""
    try:
        within = uses_itself(unit, definition)
        _settled(unit, definition, code)
        taken: set[str] | None = None
        while within and not (taken == code.dropped and agree(code.guess, code.outputs or ())):
            for name in within - {definition.name}:
                unit.codes.pop(name, None)
            taken, guess = code.dropped, expected(code.guess, code.outputs or ())
            code.__dict__.update(code.anew().__dict__)
            code.guess = guess
            _settled(unit, definition, code)
    except s.Gone as gone:
        message = f"`{definition.name}` reads a width outside of the loop that makes it"
        raise SpecError(
            Diagnostic(
                code="E525",
                message=message,
                label=Label(span=definition.span),
                notes=(f"in the constructor it is `{gone}` of a loop or an arm that is over",),
                help="make the part with the loop a block of its own",
            )
        ) from None


def _settled(unit: Unit, definition: p.Definition, code: ClassCode) -> None:
    """Write a definition, until its families of values have their forms."""
    while True:
        try:
            _build(unit, definition, code)
            return
        except Unlike as found:
            known = code.keyed if found.form == "keyed" else code.listed
            if found.name in known:
                raise _formless(definition, found.name) from None
            known.add(found.name)
            code.__dict__.update(code.anew().__dict__)


def _formless(definition: p.Definition, name: str) -> SpecError:
    return SpecError(
        Diagnostic(
            code="E525",
            message=f"the widths of `{name}`, which leaves `{definition.name}`, depend on what its "
            "arms and loops make",
            label=Label(span=definition.span),
            help="make all members in one loop, or take them as results one by one",
        )
    )


def _build(unit: Unit, definition: p.Definition, code: ClassCode) -> None:
    instances = unit.instances(definition.name)
    w = ClassWriter(unit, code, walk)
    defaults = _parameters(w, definition, instances)
    start = _inputs(w, definition, instances)
    _defaults(w, defaults)
    if definition.kind == "sequence":
        result = _sequence(w, definition, start)
    else:
        result = _module(w, definition, start)
    code.outputs = tuple(result)
    for output in code.outputs:
        if s.opaque(output.channels) and not isinstance(output, ListResult):
            s.text(output.channels)  # raises Gone, if no local holds it
    _finish(w, definition, instances)


# Parameters


def _parameters(
    w: ClassWriter, definition: p.Definition, instances: list[Instance]
) -> list[tuple[p.Param, Any]]:
    """Put the parameters into scope; those with defaults come back with the defaults' values."""
    defaults: list[tuple[p.Param, Any]] = []
    for param in definition.params:
        values = [use[param.name] for use in w.unit.uses(definition.name) if param.name in use]
        default = None
        if param.default is not None:
            default = w.evaluator.evaluate(param.default, w.scope)
            defaults.append((param, default))
            values.append(default)
        callees = [value for value in values if isinstance(value, Callee)]
        if SAME in [value for value in values if not isinstance(value, (Callee, tuple))]:
            w.code.same_params.add(param.name)
        if callees:
            w.scope[param.name] = CalleeParam(
                param.name, unique(callees), any(value is None for value in values)
            )
        elif values and all(value is None for value in values):
            w.scope[param.name] = None
        else:
            fraction = param.type == "float" or any(isinstance(value, float) for value in values)
            symbol = s.name(param.name, fraction=fraction)
            pair = unit_pair(w, param.name)
            w.scope[param.name] = s.pair_of(symbol) if pair else symbol
    return defaults


def unit_pair(w: ClassWriter, name: str) -> bool:
    """Whether a parameter is a height and a width."""
    return name not in w.code.same_params and w.unit.sizes.pair(w.definition.name, name)


def _defaults(w: ClassWriter, defaults: list[tuple[p.Param, Any]]) -> None:
    """A default that refers to another parameter is computed where nothing arrives."""
    for param, value in defaults:
        if _computed(w, value):
            text = w.unit.argument_text(w, w.definition.name, param.name, value)
            test = "is None"
            if _may_be_none(w, param):
                test = f"== {_DEFAULT}"
            w.init.append(Block(header=f"if {param.name} {test}:", body=[f"{param.name} = {text}"]))


def _may_be_none(w: ClassWriter, param: p.Param) -> bool:
    """Whether None is given as a value: it can't mean that nothing is, then."""
    return any(use.get(param.name, 0) is None for use in w.unit.uses(w.definition.name))


# What stands for a default that the constructor works out, where None is a value.
_DEFAULT = '"default"'


def _computed(w: ClassWriter, value: Any) -> bool:
    """Whether a default is computed where nothing arrives: from another parameter, or by a call."""
    if isinstance(value, Callee):
        extern = w.unit.externs.get(value.name) if value.kind == "extern" else None
        return bool(value.arguments or (extern and w.unit.extern_defaults(extern, value)))
    return bool(s.names_in(value))


def parameter_list(w: ClassWriter, instances: list[Instance]) -> list[Parameter]:
    """The constructor's parameters in order."""
    definition, code = w.definition, w.code
    own: list[Parameter] = []
    for param in definition.params:
        if param.name in code.dropped:
            continue
        values = [use[param.name] for use in w.unit.uses(definition.name) if param.name in use]
        default: str | None = None
        sentinel = False
        if param.default is not None:
            value = w.evaluator.evaluate(param.default, _free_scope(w))
            sentinel = _computed(w, value)
            if param.name in code.pad_rules:
                known = code.pad_defaults[param.name]
                default = "None" if known is None else s.text(known)
            else:
                default = w.unit.argument_text(w, definition.name, param.name, value)
                if sentinel:
                    default = _DEFAULT if _may_be_none(w, param) else "None"
            if not sentinel:
                values.append(value)
        if param.name in code.pad_rules:
            sentinel = code.pad_defaults[param.name] is None
            values = _paddings(w, param.name, instances)
        if param.name not in code.same_params:
            values = [w.unit.sizes.written(definition.name, param.name, each) for each in values]
        kind = _annotation(w, param, values)
        if default == _DEFAULT:
            kind += f" | Literal[{_DEFAULT}]"
            w.unit.need_for_annotation(kind)
        elif sentinel and "None" not in kind:
            kind += " | None"
        own.append(Parameter(param.name, kind, default))
    implied = _implied(w, instances)
    if code.is_model:
        return own + implied
    sizes = [Parameter(size_argument(code, name), "int", None) for name in code.size_params]
    return (
        implied
        + sizes
        + [each for each in own if each.default is None]
        + [each for each in own if each.default is not None]
    )


def _free_scope(w: ClassWriter) -> dict[str, Any]:
    scope = dict(w.unit.constants)
    scope.update({param.name: s.name(param.name) for param in w.definition.params})
    return scope


def _paddings(w: ClassWriter, name: str, instances: list[Instance]) -> list[Any]:
    """The paddings that `same` came to."""
    kernel, dilation = w.code.pad_rules[name]
    found: list[Any] = [0]
    for instance in instances:
        value = instance.arguments.get(name)
        if value is SAME or value is None:
            given = {
                key: w.unit.sizes.written(w.definition.name, key, each)
                for key, each in instance.arguments.items()
            }
            value = same_padding(s.substitute(kernel, given), s.substitute(dilation, given))
        found.append(value)
    return found


def _annotation(w: ClassWriter, param: p.Param, values: list[Any]) -> str:
    given = declared(param.type)
    if given is not None and not any(value is None for value in values):
        return given
    kind = annotation(values, lambda callees: w.unit.callee_annotation(callees))
    w.unit.need_for_annotation(kind)
    return kind


def _implied(w: ClassWriter, instances: list[Instance]) -> list[Parameter]:
    made = []
    for name in w.code.channel_params:
        if name is None or name in w.code.dropped:
            continue
        default = w.code.input_defaults.get(name)
        kind = "Sequence[int]" if name in w.lists else "int"
        w.unit.need_for_annotation(kind)
        made.append(Parameter(name, kind, None if default is None else s.text(default)))
    return made


# Inputs


def _inputs(w: ClassWriter, definition: p.Definition, instances: list[Instance]) -> Flow:
    """The values that arrive, symbolic; a model knows its input's size."""
    flows: list[Any] = []
    several = len(definition.inputs) > 1
    for position, port in enumerate(definition.inputs):
        name = port.name or "in"
        plain = name in ("in", "x")
        prefix = "" if name == "in" and not several else f"{name}."
        variable = "x" if plain else w.names.take(name)
        symbol = "in_channels" if name == "in" else f"{name}_channels"
        rank = _rank(definition, position, instances)
        if w.code.ranks is not None:
            rank = w.code.ranks[position]
        if port.many:
            tensor: Tensor = _list_input(w, symbol, prefix, variable)
        else:
            tensor = _input(w, port, symbol, prefix, variable, rank)
        w.code.input_prefixes.append(prefix)
        w.code.inputs.append((variable, "list[Tensor]" if port.many else "Tensor"))
        w.code.starts.append(tensor)
        w.scope[name] = tensor
        if name != "in":
            w.protected.add(variable)
        flows.append(tensor)
    if len(flows) == 1:
        w.scope["in"] = flows[0]
    return flows[0] if len(flows) == 1 else tuple(flows)


def _rank(definition: p.Definition, position: int, instances: list[Instance]) -> int:
    """How many dimensions an input has: a list before it may hold any number of values."""
    if not instances:
        return 3
    shapes = instances[0].inputs
    if any(port.many for port in definition.inputs[:position]):
        position -= len(definition.inputs)
    return len(shapes[position]) if -len(shapes) <= position < len(shapes) else 3


def _list_input(w: ClassWriter, symbol: str, prefix: str, variable: str) -> TensorList:
    """`x[]`: as many values as the caller brings."""
    w.code.channel_symbols.append(symbol)
    w.code.channel_params.append(symbol)
    w.lists.add(symbol)
    dims = (s.name(symbol), s.name(prefix + HEIGHT), s.name(prefix + WIDTH))
    return TensorList(dims, variable, s.call("len", [dims[0]]))


def _input(
    w: ClassWriter, port: p.Port, symbol: str, prefix: str, variable: str, rank: int
) -> Tensor:
    code = w.code
    if port.dims is None:
        dims = (s.name(symbol), s.name(prefix + HEIGHT), s.name(prefix + WIDTH))[:rank]
        code.channel_symbols.append(symbol)
        code.channel_params.append(symbol)
        return Tensor(dims, variable, simple=True)
    known = []
    for name, dim in zip(port.dim_names, port.dims):
        value = None if dim is None else w.value(dim)
        known.append(value)
        if name is not None:  # for the dimensions that follow, too
            w.scope[name] = value
    channels = known[0]
    if isinstance(channels, int):
        code.input_defaults[symbol] = channels
        code.channel_params.append(symbol)
        channels = s.name(symbol)
    else:
        code.channel_params.append(None)
    code.channel_symbols.append(symbol)
    return Tensor((channels, *known[1:]), variable, simple=True)


# Bodies


def _sequence(w: ClassWriter, definition: p.Definition, start: Flow) -> list[Tensor]:
    """A block that is an `nn.Sequential`."""
    ops: Ops = []
    result = single(sequential(w, definition.body, single(start).but(fresh=False), ops))
    prelude, text = container_text(w, ops, "layers" if not any_labelled(ops) else "children")
    inner = text[len("nn.Sequential(") : -1]
    w.init += prelude
    w.init.append(f"super().__init__({inner})")
    return [result]


def _module(w: ClassWriter, definition: p.Definition, start: Flow) -> list[Tensor]:
    """A block with a `forward`."""
    if _reads_input(definition.body):
        w.protected |= {tensor.text for tensor in parts(start)}
    w.unread = any(port.name is not None for port in definition.outputs)
    result = w.walk(definition.body, start)
    w.unread = False
    outputs = _outputs(w, definition, result)
    _return(w, outputs)
    w.lines = [*_size_lines(w), *w.head, *w.lines]
    return _seen(w, outputs) if w.code.is_model else outputs


def _seen(w: ClassWriter, outputs: list[Tensor]) -> list[Tensor]:
    """A model's outputs; of a size that a loop leaves without a text, what its instances gave."""
    shapes = {instance.outputs for instance in w.unit.instances(w.definition.name)}
    if len(shapes) != 1 or len(outputs) != len(given := shapes.pop()):
        return outputs
    return [
        tensor.but(shape=tuple(map(_unless_looped, tensor.shape, shape)))
        for tensor, shape in zip(outputs, given)
    ]


def _unless_looped(dim: Any, seen: int) -> Any:
    looped = any(name.startswith(LOOPED) for name in s.names_in(dim, expand=True))
    return seen if looped else dim


def _size_lines(w: ClassWriter) -> list[str]:
    """The heights and widths of inputs that `forward` needs later."""
    lines = []
    for prefix, (variable, kind) in zip(w.code.input_prefixes, w.code.inputs):
        sides = [prefix + side for side in (HEIGHT, WIDTH)]
        read = [size_name(side) for side in sides if side in w.sizes]
        if kind != "Tensor":
            lines += [
                f"{size_name(side)} = [x.shape[{axis}] for x in {variable}]"
                for side, axis in zip(sides, (-2, -1))
                if side in w.sizes
            ]
        elif len(read) == 2:
            lines.append(f"{', '.join(read)} = {variable}.shape[-2:]")
        elif read:
            lines.append(f"{read[0]} = {variable}.shape[{-2 if sides[0] in w.sizes else -1}]")
    return lines


def _outputs(w: ClassWriter, definition: p.Definition, result: Flow) -> list[Tensor]:
    if len(definition.outputs) <= 1 and all(port.name is None for port in definition.outputs):
        return list(parts(result))
    found: list[Tensor] = []
    for port in definition.outputs:
        value = w.families.get(port.name or "") or w.scope[port.name or "in"]
        if port.many:
            found.append(_list_output(w, value))
            continue
        found += list(parts(value)) if isinstance(value, (Tensor, tuple)) else []
    return found


def _list_output(w: ClassWriter, value: Any) -> Tensor:
    """A family or list that leaves the block."""
    if isinstance(value, Family):
        text = value.values().text
        return result_with(value.result(), text)
    if isinstance(value, TensorList):
        position = s.name("@position")
        member = tuple(s.index(dims, position) for dims in value.shape)
        return result_with(ListResult(member, "@position", value.count), value.text)
    packed_list = packed(value)
    assert isinstance(packed_list, TensorList)
    member = tuple(s.Symbol("index", dims, s.name("@position")) for dims in packed_list.shape)
    result = ListResult(member, "@position", packed_list.count)
    return result_with(result, packed_list.text)


def result_with(result: ListResult, text: str) -> ListResult:
    """A list of results and the text that denotes it."""
    result.text, result.simple = text, True
    return result


def _return(w: ClassWriter, outputs: list[Tensor]) -> None:
    if len(outputs) == 1 and isinstance(outputs[0], ListResult):
        w.code.returns = "list[Tensor]"
        text = outputs[0].text
        family = any(each.variable == text for each in w.families.values())
        w.emit(f"return {text}" if family or text.startswith("[") else f"return list({text})")
        return
    if len(outputs) > 1:
        texts = {tensor.text for tensor in outputs}
        w.code.returns = f"tuple[{', '.join(map(_kind, outputs))}]"
        names = [tensor.text for tensor in outputs]
        if len(texts) == 1:
            names = [w.names.take(f"out{number}") for number in range(1, len(outputs) + 1)]
            w.emit(f"{', '.join(names)} = {outputs[0].text}")
        if w.aux:
            ports = [port.name or "" for port in w.definition.outputs]
            _return_heads(w, list(zip(ports, map(_kind, outputs))), ", ".join(names))
            return
        w.emit(f"return {', '.join(names)}")
        return
    tensor = outputs[0]
    if w.aux:
        tensor = w.flush(tensor)
        _return_heads(w, [("logits", "Tensor")], tensor.text)
        return
    typed = {name for name, kind in w.code.inputs if kind == "Tensor"}
    if _is_tensor(tensor.text, typed) and not tensor.simple:
        w.emit(f"return {tensor.text}")
        return
    if not tensor.simple:
        tensor = w.flush(tensor, "x" if "x" in typed else None)
    name = tensor.text
    last = w.lines[-1] if w.lines else ""
    if isinstance(last, str) and last.startswith(f"{name} = "):
        text = last[len(f"{name} = ") :]
        if _is_tensor(text, typed):
            w.lines[-1] = f"return {text}"
            return
    if name not in typed and not name.startswith("self."):
        name = _typed(w, name, "x" in typed)
    w.emit(f"return {name}")


def _is_tensor(text: str, typed: set[str]) -> bool:
    """Whether the type checker knows that an expression is a Tensor. Of what a module's call gives,
    and of all that is worked out with it, it doesn't."""
    if text.startswith(("torch.", "F.")):
        return atomic(text)
    names = re.findall(r"[A-Za-z_][\w.]*", text)
    plain = re.fullmatch(r"\w+ [-+*/] [\w.+*/ -]+", text) is not None
    return plain and all(name in typed or name.startswith("self.") for name in names)


def _typed(w: ClassWriter, name: str, renames: bool) -> str:
    """A result is a Tensor to the type checker: the last assignment goes to `x`, or the first
    one of its variable says so."""
    prefix = f"{name} = "
    written = [part for part in w.lines if part != ""]
    last = written[-1] if written else ""
    line = last if renames and isinstance(last, str) else ""
    made = re.fullmatch(rf"((?:\w+, )*){name}((?:, \w+)* = .+)", line)
    if made is not None:
        position = len(w.lines) - 1 - w.lines[::-1].index(last)
        w.lines[position] = f"{made[1]}x{made[2]}"
        return "x"
    if not _declare(w.lines, prefix) and renames:
        w.emit(f"x = {name}")
        return "x"
    return name


def _declare(lines: Code, prefix: str) -> bool:
    """Annotate the first assignment, which may stand in the arm of an `if`; whether there is one."""
    for position, line in enumerate(lines):
        if isinstance(line, Block):
            if _declare(line.body, prefix):
                return True
        elif isinstance(line, str) and line.startswith(prefix):
            lines[position] = f"{prefix[:-3]}: Tensor = {line[len(prefix):]}"
            return True
    return False


def _kind(output: Tensor) -> str:
    return "list[Tensor]" if isinstance(output, (TensorList, ListResult)) else "Tensor"


def output_name(unit: Unit, code: ClassCode) -> str:
    """The class of what a model with side heads returns in training."""
    return unit.names.derived(code.name, "Output")


def _return_heads(w: ClassWriter, results: list[tuple[str, str]], text: str) -> None:
    """Training returns the heads, too."""
    code = w.code
    code.results = results
    alike = len({condition for condition, _ in w.aux.values()}) == 1
    code.aux = [
        (name, "Tensor" if alike or condition is None else "Tensor | None", weight)
        for name, (condition, weight) in w.aux.items()
    ]
    code.returns += f" | {output_name(w.unit, code)}"
    asked = [name for name, (condition, _) in w.aux.items() if alike or condition is None]
    test = " or ".join(f"{name} is None" for name in asked)
    if not asked:
        test = " and ".join(f"{name} is None" for name in w.aux)
    w.lines.append(Block(header=f"if {test}:", body=[f"return {text}"]))
    w.emit(f"return {output_name(w.unit, code)}({', '.join((text, *w.aux))})")
    w.unit.need("NamedTuple")


def _reads_input(region: p.Region) -> bool:
    """Whether the body takes its input as a value later on."""
    from archdsl.emit.inputs import reads_input

    return reads_input(region)


# The end


def _pad_defaults(w: ClassWriter) -> Code:
    """What `same` is where a caller says nothing: a number, or computed from the kernel."""
    lines: Code = []
    for name, (kernel, dilation) in w.code.pad_rules.items():
        value = same_padding(kernel, dilation)
        w.code.pad_defaults[name] = None if s.symbolic(value) else value
        if s.symbolic(value):
            lines.append(Block(header=f"if {name} is None:", body=[f"{name} = {s.text(value)}"]))
    return lines


def _finish(w: ClassWriter, definition: p.Definition, instances: list[Instance]) -> None:
    code = w.code
    captures: Code = [f"self.{attribute} = {name}" for name, attribute in w.captured.items()]
    code.init = [*_pad_defaults(w), *w.init, *captures, *init_loop(w)]
    code.forward = w.lines
    code.init, code.forward = rewritten(code.init, w.settle), rewritten(code.forward, w.settle)
    asked = definition.name in w.unit.called and exposes_late(code)
    exposed = [out_channels_line(code)] if asked or code.exposes else []
    code.init = tidied(begun(unpacked(prune(code.init, exposed))), 2)
    code.forward = named(tidied(begun(taken_apart(code.forward)), 2))
    w.name_copies(code)
    written = "\n".join((*texts(code.init), *texts(code.forward), *texts(exposed)))
    for name, error in w.unit.unwritten.items():
        if name in written:
            raise error
    if LOOPED in written:
        raise w.error(
            "E522",
            f"`{definition.name}` needs a height or width that a loop has changed",
            definition.span,
            "make the loop a block of its own, and use the size in another that takes its output",
        )
    _take_sizes(code)
    _drop_dead(w, definition, exposed)
    code.parameters = parameter_list(w, instances)


_SIZE = re.compile(rf"(?:\w+\.)?(?:{HEIGHT}|{WIDTH})")


def _take_sizes(code: ClassCode) -> None:
    """What depends on the input's height or width in the constructor makes it an argument."""
    lines = [*texts(code.init), *([out_channels_line(code)] if code.exposes else [])]
    for name in _SIZE.findall("\n".join(lines)):
        if name not in code.size_params:
            code.size_params.append(name)
    code.size_params.sort()
    code.init = rewritten(code.init, lambda text: _sized(code, text))


def _sized(code: ClassCode, text: str) -> str:
    return _SIZE.sub(lambda found: size_argument(code, found[0]), text)


def size_argument(code: ClassCode, name: str) -> str:
    """The constructor's argument for an input's height or width; one of the spec's keeps its name."""
    wish = size_name(name)
    while wish in {param.name for param in code.definition.params}:
        wish = f"map_{wish}"
    return wish


def _drop_dead(w: ClassWriter, definition: p.Definition, exposed: Code) -> None:
    """Parameters that only shape the signature are none of the constructor's."""
    code = w.code
    used = [*code.init, *exposed]
    if definition.name in w.unit.handed:
        return  # it is called as the others are that may stand in its place
    for param in definition.params:
        if not mentions(used, param.name):
            code.dropped.add(param.name)
    for name in code.channel_params:
        if name is not None and not mentions(used, name):
            code.dropped.add(name)


def exposes_late(code: ClassCode) -> bool:
    """Whether the width is known only once the constructor is through."""
    return any(s.opaque(each.channels) for each in code.outputs or ())


def _kind_of_widths(code: ClassCode) -> str:
    """The type of `out_channels`."""
    kinds = ["list[int]" if isinstance(each, ListResult) else "int" for each in code.outputs or ()]
    return kinds[0] if len(kinds) == 1 else f"tuple[{', '.join(kinds)}]"


def out_channels_line(code: ClassCode) -> str:
    """The attribute that tells users how wide the output is; of several, each."""
    assert code.outputs is not None
    widths = tuple(
        each.lists()[0] if isinstance(each, ListResult) else each.channels for each in code.outputs
    )
    late = exposes_late(code)
    known = s.unstale(widths) if late else s.expanded(widths)
    # A class that reads its own width has to say what it is.
    kind = (
        f": {_kind_of_widths(code)}"
        if any(s.opaque(each.channels) for each in code.guess or ())
        else ""
    )
    line = f"self.out_channels{kind} = {s.text(known[0] if len(known) == 1 else known)}"
    return line if late else _sized(code, line)
