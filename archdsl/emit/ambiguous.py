"""Names that look like digits: `l`, `O` and `I` of a spec get an underscore in the Python."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_LOOK = re.compile(r"(?<![\w.])[lOI]\b")
_WORD = re.compile(r"\w+")


def told_apart(text: str, public: set[str]) -> str:
    """A module's text with such variables and parameters renamed. Attributes and labels, which are
    keys of a `state_dict`, stay, and so do `public` names."""
    if not _LOOK.search(text):
        return text
    words = set(_WORD.findall(text))
    names = {}
    for name in {"l", "O", "I"} - public:
        names[name] = name + "_"
        while names[name] in words:
            names[name] += "_"
    lines = text.split("\n")
    for row, start, end in sorted(set(_places(ast.parse(text), lines)), reverse=True):
        # Columns count bytes.
        line = lines[row].encode()
        found = line[start:end].decode()
        changed = _inside(found, names) if found.startswith('f"') else _renamed(found, names)
        lines[row] = (line[:start] + changed.encode() + line[end:]).decode()
    return "\n".join(lines)


def _renamed(written: str, names: dict[str, str]) -> str:
    return _LOOK.sub(lambda name: names.get(name[0], name[0]), written)


def _inside(written: str, names: dict[str, str]) -> str:
    """An f-string with the names in its fields changed: these hold no strings and no braces."""

    def field(found: re.Match[str]) -> str:
        return found[0] if found[0] in ("{{", "}}") else _renamed(found[0], names)

    return re.sub(r"\{\{|\}\}|\{[^{}]*\}", field, written)


def _places(module: ast.Module, lines: list[str]) -> Iterator[tuple[int, int, int]]:
    """Line and columns of all that may have to be renamed."""
    stack: list[ast.AST] = [module]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.JoinedStr):
            assert node.end_col_offset is not None
            yield node.lineno - 1, node.col_offset, node.end_col_offset
            continue
        if isinstance(node, ast.ClassDef):
            # What a class declares are attributes.
            yield from _shape(node.body[0], lines)
            fields = [each for each in node.body if isinstance(each, ast.AnnAssign)]
            stack += [each.annotation for each in fields]
            stack += [each for each in node.body if each not in fields]
            continue
        if isinstance(node, (ast.Name, ast.arg, ast.keyword)):
            name = node.id if isinstance(node, ast.Name) else node.arg or ""
            yield node.lineno - 1, node.col_offset, node.col_offset + len(name.encode())
        children = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.Call) and _of_labels(node):
            children = [node.func, *node.args, *(each.value for each in node.keywords)]
        stack += children


def _shape(doc: ast.stmt, lines: list[str]) -> Iterator[tuple[int, int, int]]:
    """The end of a class's docstring, which says the shapes in terms of its parameters."""
    assert doc.end_lineno is not None
    rows = range(doc.lineno - 1, doc.end_lineno)
    first = max((row for row in rows if "Shape: (" in lines[row]), default=doc.end_lineno)
    for row in rows[first - rows.start :]:
        before = lines[row].partition("Shape: (")[0] if row == first else ""
        yield row, len(before.encode()), len(lines[row].encode())


def _of_labels(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and call.func.id == "OrderedDict"
