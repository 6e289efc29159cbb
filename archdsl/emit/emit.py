"""Program and designs to the text of a module: the plan, the template, black."""

from __future__ import annotations

import os
import re
import textwrap
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

from archdsl.diagnostics import Bag, Diagnostic, Label, SpecError
from archdsl.emit import docs, guard, rehearse
from archdsl.emit import symbol as s
from archdsl.emit.ambiguous import told_apart
from archdsl.emit.annotations import annotation
from archdsl.emit.classes import ClassCode, exposes_late, out_channels_line, output_name
from archdsl.emit.code import Block, Code, render
from archdsl.emit.factories import function_text
from archdsl.emit.formatting import formatted
from archdsl.emit.names import settled
from archdsl.emit.passed import Adapt
from archdsl.emit.unit import Unit
from archdsl.ir import program as p
from archdsl.ir.design import Design
from archdsl.limits import LIMITS, more
from archdsl.node import Node, replace
from archdsl.source import Source, Span

if TYPE_CHECKING:
    from jinja2 import Template


class PyClass(Node):
    """A class to write. `signature` and `inputs` are parameter lists, `init` and `forward` lines;
    `output` names the class of what training returns, if that has side heads; `alias` is a line
    behind it that gives it another name."""

    name: str
    base: str
    doc: str
    output: str = ""
    output_doc: str = ""
    fields: tuple[str, ...] = ()
    buffers: tuple[str, ...] = ()
    signature: tuple[str, ...] = ()
    init: tuple[str, ...] = ()
    inputs: str
    returns: str
    forward: tuple[str, ...]
    alias: str


class Factory(Node):
    """A function that makes one variant."""

    name: str
    model: str
    doc: str
    call: str


class PyModule(Node):
    """The file to write, as data."""

    doc: str
    paper: str
    origin: str
    imports: tuple[str, ...]
    constants: tuple[str, ...]
    helpers: tuple[str, ...]
    classes: tuple[PyClass, ...]
    factories: tuple[Factory, ...]


def emit(program: p.Program, designs: Sequence[Design], bag: Bag) -> str:
    """The module's text, as black leaves it; empty if something could not be written."""
    module = plan(program, designs, bag)
    if module is None:
        return ""
    text = _written(module, program)
    tree = guard.check(text, {(extern.module, extern.attribute) for extern in program.externs})
    rehearse.check(tree, designs, {extern.name for extern in program.externs})
    return text


def plan(program: p.Program, designs: Sequence[Design], bag: Bag) -> PyModule | None:
    """The module as data; None if something could not be written."""
    program = settled(program)
    adapted: set[str] = set()
    while True:
        try:
            return _plan(Unit(program, designs, adapted), designs, bag)
        except Adapt as found:
            adapted |= found.ops


def _plan(unit: Unit, designs: Sequence[Design], bag: Bag) -> PyModule | None:
    program = unit.program
    reachable = {instance.definition.name for design in designs for instance in design.instances()}
    for definition in program.definitions:
        if definition.name not in reachable:
            continue
        try:
            unit.code(definition.name)
        except SpecError as error:
            bag.add(error.diagnostic)
    if bag.failed:
        return None
    codes = [
        unit.codes[definition.name]
        for definition in program.definitions
        if definition.name in unit.codes
    ]
    classes = _ordered(
        [
            *(_class(unit, code) for code in codes),
            *(_main_class(unit, code) for code in codes if code.name in unit.mains),
        ]
    )
    factories = tuple(
        _factory(unit, variant, designs)
        for variant in program.variants
        if variant.definition in unit.codes
    )
    functions = [
        function_text(unit, function, used) for function, used in unit.functions_used.items()
    ]
    constants = _constants(unit, classes, factories)
    helpers = (*_functions(classes, factories), *unit.helpers.values(), *functions)
    late = [line for line in constants if any(_names(line, name) for name in _defined(helpers))]
    return PyModule(
        doc=docs.module_doc(program.doc or _stem(program)),
        paper=docs.escaped(_paper(program)),
        origin=_origin(program),
        imports=_imports(unit, classes, factories, [*functions, *constants]),
        constants=tuple(line for line in constants if line not in late),
        helpers=(*helpers, *late),
        classes=classes,
        factories=factories,
    )


def _public(program: p.Program) -> set[str]:
    """Names that users of the file know, or that Python elsewhere has given."""
    return {
        *(definition.name for definition in program.definitions),
        *(variant.name for variant in program.variants),
        *(extern.attribute for extern in program.externs),
        *(param.name for extern in program.externs for param in extern.params),
    }


def _written(module: PyModule, program: p.Program) -> str:
    """The text of a planned module."""
    text = told_apart(_template().render(module=module), _public(program))
    if len(text) > LIMITS["output"]:
        raise SpecError(_too_long(len(text), program))
    return formatted(text)


def _too_long(length: int, program: p.Program) -> Diagnostic:
    return Diagnostic(
        code="E422",
        message=f"the module would have some {round(length, -4):,} characters, and "
        f"{LIMITS['output']:,} are allowed",
        label=Label(span=Span(source=Source(program.source.path, ""), start=0, end=0)),
        notes=("a member of a family, `layers[i]`, is written once for all",),
        help=more("output"),
    )


@cache
def _template() -> Template:
    import jinja2

    folder = os.path.join(os.path.dirname(__file__), "templates")
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("module.py.j2")


# Classes


def _ordered(classes: list[PyClass]) -> tuple[PyClass, ...]:
    """The classes, each after those that it names; where two name each other, the annotations of
    the first are strings."""
    found = {each.name: each for each in classes}
    placed: dict[str, PyClass] = {}
    begun: set[str] = set()

    def visit(each: PyClass) -> None:
        begun.add(each.name)
        code = "\n".join(_code(each))
        others = [name for name in found if name != each.name and _names(code, name)]
        for name in others:
            if name not in begun:
                visit(found[name])
        later = [each.name, *(name for name in others if name not in placed)]
        placed[each.name] = replace(
            each, signature=tuple(_quoted(parameter, later) for parameter in each.signature)
        )

    for each in classes:
        if each.name not in begun:
            visit(each)
    return tuple(placed.values())


def _names(text: str, name: str) -> bool:
    """Whether a text names something, outside of strings."""
    text = re.sub(r'"[^"\n]*"', "", text)
    return re.search(rf"(?<![\w.]){name}\b", text) is not None


def _quoted(parameter: str, later: list[str]) -> str:
    """A parameter whose annotation names no class that is still to come, but in a string."""
    name, colon, rest = parameter.partition(": ")
    kind, equals, default = rest.partition(" = ")
    if not any(_names(kind, each) for each in later):
        return parameter
    inner = kind.replace('"', "'")
    return f'{name}{colon}"{inner}"{equals}{default}'


def _class(unit: Unit, code: ClassCode) -> PyClass:
    init = list(code.init)
    exposed = [out_channels_line(code)] if code.exposes else []
    if code.base == "nn.Module":
        late = exposes_late(code)
        init = ["super().__init__()", *([] if late else exposed), *init, *(exposed if late else [])]
    else:
        init = [*init, *exposed]
    parameters = ["self"]
    for parameter in code.parameters:
        default = "" if parameter.default is None else f" = {parameter.default}"
        parameters.append(f"{parameter.name}: {parameter.kind}{default}")
    inputs = ["self", *(f"{name}: {kind}" for name, kind in code.inputs)]
    return PyClass(
        name=code.name,
        base=code.base,
        doc=docs.class_doc(code),
        output=output_name(unit, code) if code.aux else "",
        output_doc=docs.output_doc(code),
        fields=(
            *(f"{name}: {kind}" for name, kind in code.results),
            *(f"{name}: {kind}" for name, kind, _ in code.aux),
        ),
        buffers=tuple(code.buffers),
        signature=tuple(parameters),
        init=tuple(render(init)),
        inputs=", ".join(inputs),
        returns=code.returns,
        forward=tuple(render(_tidied(code.forward))),
        alias=_alias(unit, code.name) if code.name in unit.hidden else "",
    )


def _main_class(unit: Unit, code: ClassCode) -> PyClass:
    """A model with side heads as a step of something else: it returns what evaluation does."""
    name = unit.names.derived(code.name, "Main")
    given = ", ".join(variable for variable, _ in code.inputs)
    lines: tuple[str, ...] = (
        f"result = super().forward({given})",
        "return result if isinstance(result, Tensor) else result.logits",
    )
    if len(code.results) > 1:
        lines = (f"return super().forward({given})[:{len(code.results)}]",)
    return PyClass(
        name=name,
        base=code.name,
        doc=f"{code.name} as a step: in training, too, it returns what evaluation does.",
        inputs=", ".join(["self", *(f"{variable}: {kind}" for variable, kind in code.inputs)]),
        returns=code.returns.removesuffix(f" | {output_name(unit, code)}"),
        forward=lines,
        alias=_alias(unit, name) if name in unit.hidden else "",
    )


def _tidied(code: Code) -> Code:
    """Blank lines only between statements, one at a time."""
    result: Code = []
    for part in code:
        if part == "" and (not result or result[-1] == ""):
            continue
        if isinstance(part, Block):
            part = Block(header=part.header, body=_tidied(part.body))
        if isinstance(part, str) and part.startswith("return ") and result and result[-1] == "":
            result.pop()
        result.append(part)
    while result and result[-1] == "":
        result.pop()
    return result


_ROUND_TO = """\
def round_to(value: float, step: int) -> int:
    \"\"\"The multiple of step nearest to value; the next if that loses over a tenth.\"\"\"
    result = max(step, int(value + step / 2) // step * step)
    return result + step if result < 0.9 * value else result
"""


def _functions(classes: tuple[PyClass, ...], factories: tuple[Factory, ...]) -> tuple[str, ...]:
    """Functions of the language that Python lacks, where the file calls them."""
    body = "\n".join(_bodies(classes, factories))
    return (_ROUND_TO,) if re.search(r"(?<![\w.])round_to\(", body) else ()


# Factories


def _factory(unit: Unit, variant: p.Variant, designs: Sequence[Design]) -> Factory:
    code = unit.codes[variant.definition]
    design = next(each for each in designs if each.name == variant.name)
    arguments: list[str] = []
    given = {argument.parameter: argument for argument in variant.arguments}
    for param in code.definition.params:
        if param.name not in given or param.name in code.dropped:
            continue
        value = design.root.arguments[param.name]
        text = unit.argument_text(None, variant.definition, param.name, value)
        positional = param.default is None
        arguments.append(text if positional else f"{param.name}={text}")
    unit.need("Any")
    return Factory(
        name=variant.name,
        model=code.name,
        doc=docs.figures(design),
        call=f"{code.name}({', '.join([*arguments, '**kwargs'])})",
    )


# The file's head


def _stem(program: p.Program) -> str:
    return os.path.splitext(os.path.basename(program.source.path))[0]


def _paper(program: p.Program) -> str:
    paper = dict(program.paper)
    if not paper:
        return ""
    pieces = [str(paper[key]) for key in ("title", "year") if key in paper]
    text = ", ".join(pieces) + "." if pieces else ""
    link = ""
    if "arxiv" in paper:
        link = f"https://arxiv.org/abs/{paper['arxiv']}"
    elif "url" in paper:
        link = str(paper["url"])
    elif "doi" in paper:
        link = f"https://doi.org/{paper['doi']}"
    if len(text) + len(link) + 1 <= 88:
        return f"{text} {link}".strip()
    return f"{textwrap.fill(text, 88)}\n{link}".strip()


def _origin(program: p.Program) -> str:
    path = os.path.abspath(program.source.path)
    name = f"{os.path.basename(os.path.dirname(path))}/{os.path.basename(path)}"
    name = docs.escaped(name).replace("\n", "\\n")
    return f"Generated from {name} by archdsl; edit the spec, not this file."


_TYPING = ("Any", "Literal", "NamedTuple")


def _imports(
    unit: Unit,
    classes: tuple[PyClass, ...],
    factories: tuple[Factory, ...],
    beside: list[str],
) -> tuple[str, ...]:
    """Import lines in isort's order: standard library, torch, externs."""
    body = "\n".join([*_bodies(classes, factories), *beside])
    body += "\n".join(unit.helpers.values())

    def used(name: str) -> bool:
        return re.search(rf"(?<![\w.\"]){name}\b", body) is not None

    standard: list[str] = []
    if used("math\\."):
        standard.append("import math")
    if used("OrderedDict"):
        standard.append("from collections import OrderedDict")
    abstract = [name for name in ("Callable", "Sequence") if used(name)]
    if abstract:
        standard.append(f"from collections.abc import {', '.join(abstract)}")
    if used("partial"):
        standard.append("from functools import partial")
    typing = [name for name in _TYPING if used(name)]
    if typing:
        standard.append(f"from typing import {', '.join(typing)}")
    third: list[str] = []
    if used("torch\\."):
        third.append("import torch")
    if used("F\\."):
        third.append("import torch.nn.functional as F")
    modules = {module: sorted(names) for module, names in unit.extern_imports.items()}
    modules["torch"] = [name for name in ("Tensor", "nn") if used(name)]
    third += [f"from {module} import {', '.join(modules[module])}" for module in sorted(modules)]
    return tuple([*standard, "", *third] if standard else third)


def _constants(
    unit: Unit, classes: tuple[PyClass, ...], factories: tuple[Factory, ...]
) -> tuple[str, ...]:
    """The lists of the file that its code reads, and other names of imported classes."""
    body = "\n".join(_bodies(classes, factories))
    written = {*unit.codes, *(unit.names.derived(name, "Main") for name in unit.mains)}
    aliases = [_alias(unit, name) for name in sorted(unit.hidden - written)]
    return (
        *aliases,
        *(
            _constant(unit, name, value)
            for name, value in unit.constants.items()
            if isinstance(value, s.NamedList) and _names(body, value.written)
        ),
    )


def _constant(unit: Unit, name: str, value: s.NamedList) -> str:
    """A list of the file. Where words stand beside numbers, the type checker has to be told which."""
    kind = annotation([unit.sizes.written("", name, tuple(value))], unit.callee_annotation)
    told = f": {kind}" if "Literal[" in kind else ""
    if told:
        unit.need_for_annotation(kind)
    return f"{value.written}{told} = {unit.argument_text(None, '', name, tuple(value))}"


def _defined(helpers: Iterable[str]) -> list[str]:
    """The names of classes and functions."""
    return [name for each in helpers for name in re.findall(r"^(?:class|def) (\w+)", each, re.M)]


def _alias(unit: Unit, name: str) -> str:
    """The other name of a class, for the constructors that have an argument of its own."""
    return f"{unit.names.beside(name)} = {name}"


# An annotation that names a class which is still to come.
_QUOTED = re.compile(r': "([^"]*)"(?= = |$)')


def _code(each: PyClass) -> list[str]:
    """The pieces of a class that are code."""
    signature = [_QUOTED.sub(r": \1", parameter) for parameter in each.signature]
    return [each.base, *signature, each.inputs, each.returns, *each.init, *each.forward]


def _bodies(classes: tuple[PyClass, ...], factories: tuple[Factory, ...]) -> list[str]:
    """All text of the file that is code."""
    found: list[str] = []
    for each in classes:
        found += _code(each)
        found += ["NamedTuple Tensor"] if each.output else []
        found += ["Tensor"] if each.buffers or each.forward else []
    for factory in factories:
        found += ["Any", factory.call]
    return found
