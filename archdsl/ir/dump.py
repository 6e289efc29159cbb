"""Trees, programs and designs as text to read: what `archdsl dump` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archdsl.expr import Expr, Template
from archdsl.ir.design import Design, Row
from archdsl.ir.program import (
    BoundArgument,
    Capture,
    Definition,
    ModuleName,
    Program,
    Region,
    ValueTarget,
)
from archdsl.ir.recipe import AuxLoss, Method, Recipe, Steps, Train
from archdsl.node import Node
from archdsl.ops.op import Op
from archdsl.source import Source, Span
from archdsl.values import show

_HIDDEN = frozenset({"span", "source", "sources", "comments", "uid", "chain", "callee_span"})


def dump_ast(file: Node) -> str:
    """The syntax tree, a field a line."""
    return "\n".join(_tree(file, 0)) + "\n"


def dump_program(program: Program) -> str:
    """The program: definitions with their items, symbolic, every name resolved."""
    lines: list[str] = []
    for kind in ("constants", "functions", "externs"):
        for entry in getattr(program, kind):
            lines += [*_tree(entry, 0), ""]
    for definition in program.definitions:
        lines += [*_definition(definition), ""]
    for variant in program.variants:
        given = ", ".join(f"{a.parameter}={_expr(a.value)}" for a in variant.arguments)
        lines.append(f"variant {variant.name} = {variant.definition}({given})")
        lines += [f"  expect {claim.key}: {_expr(claim.value)}" for claim in variant.claims]
    for train in program.recipes:
        lines += ["", *_train(train)]
    return "\n".join(lines).rstrip("\n") + "\n"


def dump_design(design: Design) -> str:
    """The network as a tree: paths, ops, shapes, parameters, multiply-adds."""
    lines = [
        f"{design.name} = {design.model}: {_shapes(s for _, s in design.inputs)} -> "
        f"{_shapes(s for _, s in design.outputs)}",
        f"  params {design.params:,}  macs {design.macs:,}  depth {design.depth}  "
        f"receptive field {'x'.join(map(str, design.receptive_field))}  "
        f"activations {design.activations:,}",
    ]
    for row in design.tree().children:
        lines += _rows(row, 1)
    for recipe in design.recipes:
        lines += _recipe(recipe)
    return "\n".join(lines) + "\n"


def _rows(row: Row, depth: int) -> Iterator[str]:
    figures = f"  params {row.params:,}" if row.params else ""
    figures += f"  macs {row.macs:,}" if row.macs else ""
    name = f"{row.path}: " if row.path else ""
    mark = " (reused)" if row.reused else ""
    yield (
        f"{'  ' * depth}{name}{row.op}{mark}  {_shapes(row.inputs)} -> "
        f"{_shapes(row.outputs)}{figures}"
    )
    for child in row.children:
        yield from _rows(child, depth + 1)


def _shapes(shapes: Any) -> str:
    return ", ".join("x".join(map(str, shape)) for shape in shapes) or "-"


# Programs


def _definition(definition: Definition) -> Iterator[str]:
    params = ", ".join(
        param.name + ("" if param.default is None else f" = {_expr(param.default)}")
        for param in definition.params
    )
    ports = " -> ".join(
        "(" + ", ".join(_port(port) for port in side) + ")"
        for side in (definition.inputs, definition.outputs)
    )
    yield f"{definition.kind} {definition.name}({params}): {ports}"
    yield from _region(definition.body, 1)
    for told in definition.weights:
        yield f"  Weights source={told.source}"
        for rule in told.rules:
            target = "none" if rule.target is None else _expr(rule.target)
            yield f"    {''.join(map(_pattern, rule.pattern))}: {target}"


def _train(train: Train) -> Iterator[str]:
    """A recipe as written, with every argument at its parameter."""
    targets = ", ".join(target.name for target in train.targets)
    yield f"train {train.name} for {targets or 'all'}"
    for told in train.told:
        given = ", ".join(
            f"{choice.name}({', '.join(map(_plain, choice.arguments))})" for choice in told.methods
        )
        yield f"  {told.key}: {given if told.value is None else _expr(told.value)}"


def _recipe(recipe: Recipe) -> Iterator[str]:
    """A recipe on numbers: the fields that say how it trains."""
    yield f"  train {recipe.name}"
    for field in recipe._fields:
        value = getattr(recipe, field)
        if field in ("name", "variant", "model", "span") or value is None or value == ():
            continue
        if isinstance(value, Steps):
            for part in value._fields:
                methods = getattr(value, part)
                if methods:
                    yield f"    {field} {part}: {', '.join(map(_method, methods))}"
        else:
            yield f"    {field}: {_method(value) if isinstance(value, Method) else _worth(value)}"


def _method(method: Method) -> str:
    return f"{method.name}({', '.join(f'{name}={_worth(v)}' for name, v in method.arguments)})"


def _worth(value: Any) -> str:
    if isinstance(value, tuple) and value and isinstance(value[0], AuxLoss):
        return ", ".join(f"{head.path} {head.weight:g}" for head in value)
    return value if isinstance(value, str) else show(value)


def _pattern(part: str | Capture) -> str:
    if isinstance(part, str):
        return part
    return f"{{{part.name}: int}}" if part.number else f"{{{part.name}}}"


def _port(port: Any) -> str:
    dims = "" if port.dims is None else " [" + ", ".join(map(_dim, port.dims)) + "]"
    return f"{port.name or '_'}{'[]' if port.many else ''}{dims}"


def _dim(dim: Expr | None) -> str:
    return "_" if dim is None else _expr(dim)


def _region(region: Region, depth: int) -> Iterator[str]:
    for item in region.items:
        yield from _item(item, depth)


def _item(item: Node, depth: int) -> Iterator[str]:
    """An item or branch on a line with its plain fields; regions and lists below it."""
    plain: list[str] = []
    below: list[tuple[str, Any]] = []
    for field in item._fields:
        value = getattr(item, field)
        if field in _HIDDEN or field.endswith("_span") or value is None or value == ():
            continue
        if isinstance(value, Region) or _holds_items(value):
            below.append((field, value))
        elif value is not False or field == "bias":
            plain.append(f"{field}={_plain(value)}")
    yield f"{'  ' * depth}{type(item).__name__} {' '.join(plain)}".rstrip()
    for field, value in below:
        if field not in ("body", "branches"):
            yield f"{'  ' * (depth + 1)}{field}:"
        if isinstance(value, Region):
            yield from _region(value, depth + 2 if field not in ("body", "branches") else depth + 1)
            continue
        for entry in value if isinstance(value, tuple) else (value,):
            yield from _item(entry, depth + 1)


def _holds_items(value: Any) -> bool:
    if isinstance(value, tuple):
        return bool(value) and all(
            hasattr(entry, "uid") or hasattr(entry, "body") for entry in value
        )
    return hasattr(value, "uid")


def _plain(value: Any) -> str:
    if isinstance(value, ModuleName):
        indices = "".join(f"[{_expr(index)}]" for index in value.indices)
        base = value.base if isinstance(value.base, str) else _expr(value.base)
        return f"{base}{indices}" + (" (shared)" if value.shared else "")
    if isinstance(value, ValueTarget):
        return value.base + "".join(f"[{_expr(index)}]" for index in value.indices)
    if isinstance(value, Op):
        return value.name
    if isinstance(value, Expr):
        return _expr(value)
    if isinstance(value, tuple):
        return "(" + ", ".join(map(_plain, value)) + ")"
    if isinstance(value, BoundArgument):
        return f"{value.parameter}={_expr(value.value)}"
    return "_" if value is None else str(value)


def _expr(node: Expr) -> str:
    """An expression as it stands in the spec, on one line."""
    if isinstance(node, Template):
        return (
            '"' + "".join(p if isinstance(p, str) else f"{{{_expr(p)}}}" for p in node.parts) + '"'
        )
    return " ".join(node.span.text.split())


# Syntax trees


def _tree(value: Any, depth: int, field: str = "") -> Iterator[str]:
    """Any record, a field a line; empty ones are left out."""
    pad = "  " * depth + (f"{field}: " if field else "")
    if isinstance(value, (list, tuple)):
        yield f"{pad}"[: -1 if field else None]
        for entry in value:
            yield from _tree(entry, depth + 1)
    elif isinstance(value, Node) and not isinstance(value, Span):
        yield f"{pad}{type(value).__name__}"
        for name in value._fields:
            inner = getattr(value, name)
            if name in _HIDDEN or inner is None or inner == () or isinstance(inner, Source):
                continue
            yield from _tree(inner, depth + 1, name)
    else:
        yield f"{pad}{value!r}"
