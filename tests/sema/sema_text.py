"""Specs as text, lowered; errors with the place marked `«so»`."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from archdsl.diagnostics import Bag, Diagnostic
from archdsl.ir import program as p
from archdsl.node import Node
from archdsl.sema.lower import lower
from archdsl.source import Source, Span
from archdsl.syntax import ast, parser

UNIT = "block Unit(width, stride = 1) { conv(width, 3x3, stride=stride) -> bn -> relu }\n"
MODEL = (
    "model Net(unit = Unit, depth = 2, num_classes = 10): [3, 32, 32] -> [num_classes] {\n"
    "    conv1: conv(8, 3x3)\n"
    "    layer1: unit(8) * depth\n"
    "    stage { layer2: unit(16) -> layer3: unit(32) }\n"
    "    head { global_avgpool -> flatten -> fc: linear(num_classes) }\n"
    "}\n"
)


def lowered(text: str, path: str = "spec.arch") -> tuple[p.Program, Bag]:
    """The program of a text; files that it imports are read from disk."""
    bag = Bag()
    file = parser.parse(Source(path, text), bag)
    assert file is not None, [item.message for item in bag.items]

    def load(found: str, span: Span) -> ast.File | None:
        with open(found, encoding="utf-8") as stream:
            return parser.parse(Source(found, stream.read()), bag)

    return lower(file, load, bag), bag


def program(text: str, path: str = "spec.arch") -> p.Program:
    """The program of a text without mistakes."""
    result, bag = lowered(text, path)
    assert not bag.items, [(item.code, item.message) for item in bag.items]
    return result


def definition(text: str, name: str | None = None) -> p.Definition:
    """The last definition of a text, or the one of that name."""
    found = program(text).definitions
    return found[-1] if name is None else next(d for d in found if d.name == name)


def body(text: str) -> p.Definition:
    """A block of that body, behind a block `Unit(width, stride = 1)`."""
    return definition(f"{UNIT}block Test(n = 2, flag = true, act = relu) {{\n{text}\n}}", "Test")


def errors(text: str, path: str = "spec.arch") -> list[Diagnostic]:
    return lowered(text, path)[1].items


def marked(text: str) -> tuple[str, int, int]:
    """The text without its marks, and where they were."""
    start = text.index("«")
    end = text.index("»") - 1
    return text.replace("«", "").replace("»", ""), start, end


def only_error(text: str, path: str = "spec.arch") -> Diagnostic:
    """The one error of a text, which stands at the mark."""
    plain, start, end = marked(text)
    found = errors(plain, path)
    assert [item.code for item in found] == [found[0].code], [item.message for item in found]
    span = found[0].label.span
    assert (span.start, span.end) == (start, end), (span.text, plain[start:end])
    return found[0]


def walk(node: object) -> Iterator[Any]:
    """Every item of a definition or region, in text order."""
    if isinstance(node, (p.Item, p.Branch, p.BranchLoop, p.BranchIf)):
        yield node
    if isinstance(node, Node) and not isinstance(node, Source):
        for field in node._fields:
            if field not in ("span", "source", "op"):
                yield from walk(getattr(node, field))
    elif isinstance(node, tuple):
        for item in node:
            yield from walk(item)


def names(node: object) -> list[str | None]:
    """The names of the modules in a definition, in text order; a shared one has a star."""
    found: list[str | None] = []
    for item in walk(node):
        if isinstance(item, (p.Call, p.Group)):
            found.append(_text(item.name))
        elif isinstance(item, (p.Repeat, p.For)) and item.container is not None:
            found.append(_text(item.container))
        elif isinstance(item, p.Part) and item.name is not None:
            found.append(_text(item.name))
    return found


def _text(name: p.ModuleName | None) -> str | None:
    if name is None:
        return None
    base = name.base if isinstance(name.base, str) else name.base.span.text
    return base + ("[]" if name.indices else "") + ("*" if name.shared else "")


def first(node: object, kind: type) -> Any:
    return next(item for item in walk(node) if isinstance(item, kind))


def files(folder: str, texts: Mapping[str, str]) -> str:
    """Write files into a folder; the path of the first."""
    for name, text in texts.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
    return os.path.join(folder, next(iter(texts)))
