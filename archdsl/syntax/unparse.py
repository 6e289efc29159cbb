"""Expressions, and whatever else fits on one line, as canonical text."""

from __future__ import annotations

from archdsl import expr
from archdsl.syntax import ast

_LEVELS = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}
_ESCAPES = {"\n": "\\n", "\t": "\\t", "\r": "\\r", '"': '\\"', "\\": "\\\\"}
ATOM = 9


def expression(node: expr.Expr, least: int = 0) -> str:
    """The text of an expression, in parentheses where it binds less tightly than `least`."""
    level, text = _parts(node)
    return f"({text})" if level < least else text


def _parts(node: expr.Expr) -> tuple[int, str]:
    """How tightly an expression binds, and its text."""
    match node:
        case expr.Binary(op=op, left=left, right=right):
            level = _LEVELS[op]
            before, after = (ATOM, 7) if op == "**" else (level, level + 1)
            return level, f"{expression(left, before)} {op} {expression(right, after)}"
        case expr.Unary(op="not", operand=operand):
            return 3, f"not {expression(operand, 3)}"
        case expr.Unary(op=op, operand=operand):
            return 7, f"{op}{expression(operand, 7)}"
        case expr.Compare():
            return 4, _comparison(node)
        case expr.Ternary(condition=condition, then=then, other=other):
            text = f"{expression(then, 1)} if {expression(condition, 1)} else {expression(other)}"
            return 0, text
        case _:
            return ATOM, _atom(node)


def _comparison(node: expr.Compare) -> str:
    text = expression(node.operands[0], 5)
    for op, operand in zip(node.ops, node.operands[1:]):
        text += f" {'not in' if op == 'notin' else op} {expression(operand, 5)}"
    return text


def _atom(node: expr.Expr) -> str:
    match node:
        case expr.Number():
            return node.text
        case expr.SizeLiteral():
            return f"{node.height}x{node.width}"
        case expr.Text():
            return f'"{escape(node.value)}"'
        case expr.Template():
            return template(node)
        case expr.Truth():
            return "true" if node.value else "false"
        case expr.Null():
            return "none"
        case expr.Name():
            return node.id
        case expr.Input():
            return "in"
        case expr.Open():
            return "_"
        case expr.Approximate():
            return f"~{expression(node.value)}"
        case _:
            return _compound(node)


def _compound(node: expr.Expr) -> str:
    match node:
        case expr.Attribute(value=expr.Number() as value):
            return f"({expression(value)}).{node.name}"
        case expr.Attribute():
            return f"{expression(node.value, ATOM)}.{node.name}"
        case expr.Index():
            return f"{expression(node.value, ATOM)}[{commas(node.indices)}]"
        case expr.Slice():
            return f"{expression(node.value, ATOM)}[{_slice(node)}]"
        case expr.CallExpr():
            return f"{node.function}({arguments(node.arguments)})"
        case expr.ListExpr():
            return f"[{commas(node.items)}]"
        case expr.TupleExpr():
            return f"({commas(node.items)}{',' if len(node.items) == 1 else ''})"
        case expr.Comprehension():
            conditions = "".join(f" if {expression(item, 1)}" for item in node.conditions)
            names = ", ".join(node.names)
            over = expression(node.iterable, 1)
            return f"[{expression(node.element)} for {names} in {over}{conditions}]"
        case _:
            raise TypeError(f"no text for {type(node).__name__}")


def _slice(node: expr.Slice) -> str:
    start = expression(node.start) if node.start is not None else ""
    stop = expression(node.stop) if node.stop is not None else ""
    step = f":{expression(node.step)}" if node.step is not None else ""
    return f"{start}:{stop}{step}"


def commas(items: tuple[expr.Expr, ...]) -> str:
    return ", ".join([expression(item) for item in items])


def argument(node: expr.Argument) -> str:
    value = expression(node.value)
    return value if node.name is None else f"{node.name}={value}"


def arguments(items: tuple[expr.Argument, ...]) -> str:
    return ", ".join([argument(item) for item in items])


def template(node: expr.Template) -> str:
    """A template in its quotes."""
    parts = []
    for part in node.parts:
        if isinstance(part, str):
            parts.append(escape(part).replace("{", "{{").replace("}", "}}"))
        else:
            parts.append(f"{{{expression(part)}}}")
    return f'"{"".join(parts)}"'


def escape(text: str) -> str:
    """A string's text with what cannot stand in quotes escaped."""
    return "".join([_ESCAPES.get(char) or _visible(char) for char in text])


def _visible(char: str) -> str:
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


# Small parts of statements


def ident_list(names: tuple[ast.Ident, ...]) -> str:
    return ", ".join([name.text for name in names])


def param(node: ast.Param) -> str:
    kind = f": {node.type.text}" if node.type is not None else ""
    default = f" = {expression(node.default)}" if node.default is not None else ""
    return f"{node.name.text}{kind}{default}"


def label(node: ast.Label) -> str:
    base = node.base if isinstance(node.base, str) else template(node.base)
    return f"{base}[{commas(node.indices)}]" if node.indices else base


def result(node: ast.As) -> str:
    names = ", ".join([_value_name(name) for name in node.names])
    return f" as ({names})" if node.several else f" as {names}"


def _value_name(node: ast.ValueName) -> str:
    return f"{node.base}[{commas(node.indices)}]" if node.indices else node.base


def shape(node: ast.Shape) -> str:
    dims = [
        expression(value) if name is None else f"{name}: {expression(value)}"
        for name, value in zip(node.names, node.dims)
    ]
    return f"[{', '.join(dims)}]"


def ports(items: tuple[ast.Port, ...]) -> str:
    """The inputs or outputs of a block or model."""
    if len(items) == 1 and items[0].name is None and items[0].shape is not None:
        return shape(items[0].shape)
    return f"({', '.join([_port(item) for item in items])})"


def _port(node: ast.Port) -> str:
    name = node.name.text if node.name is not None else ""
    if node.shape is not None:
        return f"{name}: {shape(node.shape)}"
    return f"{name}[]" if node.many else name


def pair(node: ast.Pair) -> str:
    return f"{node.key.text}: {expression(node.value)}"


def weights_rule(node: ast.WeightsRule) -> tuple[str, str]:
    """A pattern, and the key for what it matches."""
    return template(node.pattern), "none" if node.target is None else template(node.target)


def init_rule(node: ast.InitRule) -> str:
    extras = "".join([f", {argument(item)}" for item in node.extras])
    return f"{ident_list(node.kinds)}{_places(node.places)}: {expression(node.scheme)}{extras}"


def _places(places: tuple[ast.ModulePath, ...]) -> str:
    paths = [".".join([name.text for name in path.names]) for path in places]
    if not paths:
        return ""
    return f" in {paths[0]}" if len(paths) == 1 else f" in ({', '.join(paths)})"


def call(node: ast.Call) -> str:
    called = f"({arguments(node.arguments)})" if node.called else ""
    taps = f" tap ({ident_list(node.taps)})" if node.taps else ""
    return f"{node.name.text}{called}{taps}"


# Whole statements, where they fit on a line


def header(node: ast.Action) -> str:
    """What stands before the first body of an action."""
    match node:
        case ast.Merge():
            called = f"({arguments(node.arguments)}) " if node.arguments else " "
            return f"{node.name.text}{called}"
        case ast.Repeat():
            name = f" as {node.name.text}" if node.name is not None else ""
            return f"repeat {expression(node.times)}{name} "
        case ast.For():
            return f"for {ident_list(node.names)} in {expression(node.iterable)} "
        case ast.If():
            return f"if {expression(node.condition)} "
        case ast.Aux():
            called = f"({arguments(node.arguments)})" if node.arguments else ""
            return f"aux{called} "
        case _:
            return ""


def one_line(body: ast.Body) -> bool:
    """Whether a body stood on one line in the source, and has nothing that needs more."""
    return body.doc is None and "\n" not in body.span.text


def flat_body(body: ast.Body) -> str | None:
    if not one_line(body):
        return None
    texts = [flat(statement) for statement in body.statements]
    if any(text is None for text in texts):
        return None
    return f"{{ {'; '.join([text or '' for text in texts])} }}" if texts else "{ }"


def flat(node: ast.Statement) -> str | None:
    """A statement on one line, or None where it takes several."""
    match node:
        case ast.Chain():
            return _flat_chain(node)
        case ast.Let():
            return f"let {ident_list(node.names)} = {expression(node.value)}"
        case ast.Require():
            return f"require {expression(node.condition)}: {template(node.message)}"
        case ast.Tensor():
            init = expression(node.init)
            return f"{node.kind} {node.name.text} {shape(node.shape)} = {init}"
        case ast.Share():
            return f"share {node.name.text} = {call(node.call)}"
        case ast.Init():
            if "\n" in node.span.text:
                return None
            return f"init {{ {'; '.join([init_rule(rule) for rule in node.rules])} }}"
        case ast.Part():
            body = flat_body(node.body)
            return None if body is None else part_header(node) + body
        case _:
            raise TypeError(f"no text for {type(node).__name__}")


def part_header(node: ast.Part) -> str:
    name = f" {label(node.label)}" if node.label is not None else ""
    checked = f" -> {shape(node.shape)}" if node.shape is not None else ""
    return f"{node.kind}{name}{checked} "


def _flat_chain(node: ast.Chain) -> str | None:
    parts = []
    if node.head is not None:
        named = result(node.result) if node.result is not None else ""
        parts.append(f"from {expression(node.head)}{named}")
    for item in node.steps:
        text = flat_step(item)
        if text is None:
            return None
        parts.append(text)
    return " -> ".join(parts)


def suffix(node: ast.Step) -> str:
    """What stands after a step's action."""
    count = f" * {expression(node.count, ATOM)}" if node.count is not None else ""
    return count + (result(node.result) if node.result is not None else "")


def prefix(node: ast.Step) -> str:
    return f"{label(node.label)}: " if node.label is not None else ""


def flat_step(node: ast.Step) -> str | None:
    text = flat_action(node.action)
    return None if text is None else prefix(node) + text + suffix(node)


def flat_action(node: ast.Action) -> str | None:
    match node:
        case ast.Call():
            return call(node)
        case ast.Assert():
            return shape(node.shape)
        case ast.Aux():
            return _joined(header(node), flat_step(node.step))
        case ast.If():
            return _joined(header(node), _flat_arms(node))
        case ast.Merge():
            rest = "" if node.skip is None else flat_skip(node.skip)
            return _joined(header(node), flat_body(node.body), rest)
        case ast.Group() | ast.Repeat() | ast.For():
            return _joined(header(node), flat_body(node.body))
        case _:
            raise TypeError(f"no text for {type(node).__name__}")


def _flat_arms(node: ast.If) -> str | None:
    then = flat_body(node.then)
    if node.otherwise is None:
        return then
    inner = else_if(node.otherwise)
    other = flat_action(inner) if inner is not None else flat_body(node.otherwise)
    return _joined(then, " else ", other)


def else_if(body: ast.Body) -> ast.If | None:
    """The `If` that an `else if` is, or None where the body has braces of its own."""
    if body.span.text.startswith("{") or len(body.statements) != 1:
        return None
    match body.statements[0]:
        case ast.Chain(head=None, steps=(ast.Step(action=ast.If() as inner),)):
            return inner
        case _:
            return None


def flat_skip(node: ast.Skip) -> str | None:
    step = node.otherwise if node.source == "identity" else node.step
    inner = "" if step is None else flat_step(step)
    return _joined(skip_header(node), inner, skip_suffix(node))


def skip_header(node: ast.Skip) -> str:
    if node.source == "none":
        return " skip none"
    if node.source == "identity":
        return " skip identity else " if node.otherwise is not None else " skip identity"
    return " skip "


def skip_suffix(node: ast.Skip) -> str:
    return f" if {expression(node.condition)}" if node.condition is not None else ""


def _joined(*parts: str | None) -> str | None:
    return None if any(part is None for part in parts) else "".join([p or "" for p in parts])
