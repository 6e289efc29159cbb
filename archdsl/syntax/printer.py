"""The canonical text of a tree: what `archdsl fmt` writes.

Four spaces an indent, a statement a line, comments where they were, at most one blank line
where the author left some. A body that stood on one line stays there if it fits.
"""

from __future__ import annotations

import re

from archdsl import expr
from archdsl.source import Span
from archdsl.syntax import ast
from archdsl.syntax import unparse as text

WIDTH = 100
INDENT = 4
_BLANK = re.compile(r"\n[ \t\r\f]*\n")
_DOC = re.compile(r'(?:[\s\ufeff]|#[^\n]*)*"""')


def print_file(file: ast.File) -> str:
    """The canonical text. It parses to an equal tree, and prints to itself."""
    return _Printer(file).run()


class _Printer:
    def __init__(self, file: ast.File) -> None:
        self.file = file
        self.source = file.source.text
        self.comments = list(file.comments)
        self.lines: list[str] = []
        self.line = ""
        self.last: int | None = None

    def run(self) -> str:
        if self.file.doc is not None:
            self._file_doc(self.file.doc)
        for item in self.file.items:
            self._before(item.span.start, item.span.end, 0, _bodies(item))
            self._item(item)
            self._after(item.span.end)
        self._comments_until(len(self.source) + 1, 0)
        return "\n".join(self.lines) + "\n" if self.lines else ""

    # Lines, comments and blank lines

    def _put(self, words: str) -> None:
        self.line += words

    def _end(self) -> None:
        self.lines.append(self.line.rstrip())
        self.line = ""

    def _start(self, indent: int) -> None:
        if self.line:
            self._end()
        self.line = " " * indent

    def _fits(self, words: str | None) -> bool:
        return words is not None and len(self.line) + len(words) <= WIDTH

    def _space(self, start: int) -> None:
        """Keep a blank line that the author left before an offset."""
        if self.last is not None and self.last < start:
            if _BLANK.search(self.source, self.last, start):
                self.lines.append("")

    def _comments_until(self, end: int, indent: int) -> None:
        while self.comments and self.comments[0].span.start < end:
            comment = self.comments.pop(0)
            self._space(comment.span.start)
            self.lines.append(" " * indent + comment.text)
            self.last = comment.span.end

    def _before(self, start: int, end: int, indent: int, bodies: tuple[Span, ...] = ()) -> None:
        """Write the comments before a statement, and those in it that no body of it holds."""
        self._comments_until(start, indent)
        inside = [c for c in self.comments if c.span.start < end]
        moved = [c for c in inside if not any(b.start < c.span.start < b.end for b in bodies)]
        for comment in moved:
            self.comments.remove(comment)
        self._space(start)
        for comment in moved:
            self.lines.append(" " * indent + comment.text)
        self._start(indent)

    def _after(self, end: int) -> None:
        """End a statement's line, with the comment that stands behind it."""
        self._trailing(end)
        self._end()
        self.last = max(end, self.last or 0)

    def _trailing(self, end: int) -> None:
        if not self.comments:
            return
        comment = self.comments[0]
        if comment.span.start >= end and "\n" not in self.source[end : comment.span.start]:
            self.comments.pop(0)
            self._put(f"  {comment.text}")
            self.last = comment.span.end

    # Docstrings

    def _file_doc(self, doc: str) -> None:
        found = _DOC.match(self.source)
        start = found.end() - 3 if found else 0
        self._comments_until(start, 0)
        self._space(start)
        self._doc(doc, 0)
        self.last = None
        if self.file.items or self.comments:
            self.lines.append("")

    def _doc(self, doc: str, indent: int) -> None:
        margin = " " * indent
        lines = doc.split("\n")
        end = " " if doc.endswith("\\") else ""
        if len(lines) == 1:
            self.lines.append(f'{margin}"""{doc}{end}"""')
            return
        self.lines.append(f'{margin}"""{lines[0]}')
        self.lines += [f"{margin}{line}" if line else "" for line in lines[1:]]
        self.lines.append(f'{margin}"""')

    # Items

    def _item(self, node: ast.Item) -> None:
        match node:
            case ast.Paper():
                self._put("paper ")
                self._map(node.pairs, node.span, 0)
            case ast.Train():
                self._train(node)
            case ast.Import():
                self._put(f'import "{text.escape(node.path)}" ')
                self._list("(", [_import_name(name) for name in node.names], ")", 0)
            case ast.FileLet():
                self._put(f"let {text.ident_list(node.names)} = ")
                self._expression(node.value, 0)
            case ast.Function():
                self._put(f"fn {node.name.text}")
                self._list("(", [text.param(p) for p in node.params], ")", 0, reserve=2)
                self._put(" = ")
                self._expression(node.value, 0)
            case ast.Extern():
                self._extern(node)
            case ast.Block():
                self._block(node)
            case ast.Variant():
                self._variant(node)
            case ast.Weights():
                self._weights(node)

    def _extern(self, node: ast.Extern) -> None:
        self._put(f"extern {node.name.text}")
        checked = "same" if node.shape is None else text.shape(node.shape)
        rest = f' = "{text.escape(node.target)}" shape {checked}'
        if node.params:
            params = [text.param(p) for p in node.params]
            self._list("(", params, ")", 0, reserve=len(rest))
        self._put(rest)

    def _block(self, node: ast.Block) -> None:
        self._put(f"{node.kind} {node.name.text}")
        if node.kind == "model":
            rest = f": {text.ports(node.inputs)} -> {text.ports(node.outputs)} "
        else:
            rest = f" in {text.ports(node.inputs)}" if node.inputs else ""
            rest += f" -> {text.ports(node.outputs)} " if node.outputs else " "
        if node.params:
            params = [text.param(p) for p in node.params]
            self._list("(", params, ")", 0, reserve=len(rest) + 1)
        self._put(rest)
        self._body(node.body, 0)

    def _variant(self, node: ast.Variant) -> None:
        self._put(f"variant {node.name.text} = {node.base.text}")
        args = text.arguments(node.arguments)
        pairs = ", ".join([text.pair(pair) for pair in node.expect])
        claims = f" expect {{ {pairs} }}" if node.expect else ""
        rows = any(_in_rows(argument.value) for argument in node.arguments)
        if not rows and self._fits(f"({args}){claims}"):
            self._put(f"({args})")
        else:
            self._arguments(node.arguments, 0)
        if self._fits(claims):
            self._put(claims)
            return
        self._start(INDENT)
        self._put("expect ")
        first, last = node.expect[0].key.span, node.expect[-1].value.span
        self._map(node.expect, first.to(last), INDENT)

    def _train(self, node: ast.Train) -> None:
        self._put(f"train {node.name.text} ")
        for at, target in enumerate(node.targets):
            self._put("" if at else "for ")
            self._next(target.text, at > 0, INDENT)
            self._put(target.text)
        self._put(" " if node.targets else "")
        self._map(node.pairs, node.span, 0)

    def _weights(self, node: ast.Weights) -> None:
        self._put(f"weights {node.source.text} for {node.model.text} ")
        self._open(node.span.start + node.span.text.index("{"))
        for rule in node.rules:
            self._before(rule.span.start, rule.span.end, INDENT)
            pattern, target = text.weights_rule(rule)
            self._put(f"{pattern}:")
            if not self._fits(f" {target}"):
                self._start(2 * INDENT)
            self._put(f" {target}" if self.line.strip() else target)
            self._after(_past_comma(self.source, rule.span.end))
        self._close(node.span.end, 0)

    def _map(self, pairs: tuple[ast.Pair, ...], span: Span, indent: int) -> None:
        texts = [text.pair(pair) for pair in pairs]
        flat = f"{{ {', '.join(texts)} }}" if texts else "{ }"
        brace = span.text.find("{")
        if "\n" not in span.text[brace:] and self._fits(flat):
            self._put(flat)
            return
        self._open(span.start + brace)
        for pair in pairs:
            end = pair.value.span.end
            self._before(pair.key.span.start, end, indent + INDENT)
            self._put(f"{pair.key.text}: ")
            self._expression(pair.value, indent + INDENT)
            self._after(_past_comma(self.source, end))
        self._close(span.end, indent)

    # Bodies

    def _open(self, brace: int) -> None:
        self._put("{")
        self._trailing(brace + 1)
        self._end()
        self.last = None

    def _close(self, end: int, indent: int) -> None:
        self._comments_until(end, indent + INDENT)
        self.line = " " * indent + "}"
        self.last = end

    def _body(self, node: ast.Body, indent: int, *, flat: bool = True) -> None:
        one = text.flat_body(node) if flat else None
        if one is not None and self._fits(one):
            self._put(one)
            return
        self._open(node.span.start)
        if node.doc is not None:
            self._doc(node.doc, indent + INDENT)
        for statement in node.statements:
            span = statement.span
            self._before(span.start, span.end, indent + INDENT, _bodies(statement))
            self._statement(statement, indent + INDENT)
            self._after(_past_comma(self.source, span.end))
        self._close(node.span.end, indent)

    def _statement(self, node: ast.Statement, indent: int) -> None:
        flat = text.flat(node)
        rows = isinstance(node, ast.Let) and _in_rows(node.value)
        if flat is not None and not rows and self._fits(flat):
            self._put(flat)
            return
        match node:
            case ast.Chain():
                self._chain(node, indent)
            case ast.Part():
                self._put(text.part_header(node))
                self._body(node.body, indent)
            case ast.Let():
                self._put(f"let {text.ident_list(node.names)} = ")
                self._expression(node.value, indent)
            case ast.Tensor():
                self._put(f"{node.kind} {node.name.text} {text.shape(node.shape)} = ")
                self._expression(node.init, indent)
            case ast.Share():
                self._put(f"share {node.name.text} = ")
                self._call(node.call, indent)
            case ast.Init():
                self._init(node, indent)
            case _:
                self._put(flat or "")

    def _init(self, node: ast.Init, indent: int) -> None:
        self._put("init ")
        self._open(node.span.start + node.span.text.index("{"))
        for rule in node.rules:
            self._before(rule.span.start, rule.span.end, indent + INDENT)
            self._put(text.init_rule(rule))
            self._after(rule.span.end)
        self._close(node.span.end, indent)

    # Chains and steps

    def _chain(self, node: ast.Chain, indent: int) -> None:
        base = indent
        if node.head is not None:
            self._put("from ")
            self._expression(node.head, indent)
            if node.result is not None:
                self._put(text.result(node.result))
        for at, step in enumerate(node.steps):
            flat = text.flat_step(step)
            if flat is not None and _action_bodies(step.action):
                # What will be opened in any case is laid out as what was written open.
                fresh = " " * (indent + INDENT) + "-> " + flat
                if not self._fits(" -> " + flat) and len(fresh) > WIDTH:
                    flat = None
            if at or node.head is not None:
                if not self._fits(" -> " + (flat or _opening(step))):
                    base = indent + INDENT
                    self._start(base)
                    self._put("-> ")
                else:
                    self._put(" -> ")
            if flat is not None and self._fits(flat):
                self._put(flat)
            else:
                self._step(step, base)

    def _step(self, node: ast.Step, indent: int) -> None:
        self._put(text.prefix(node))
        self._action(node.action, indent)
        self._put(text.suffix(node))

    def _action(self, node: ast.Action, indent: int) -> None:
        match node:
            case ast.Call():
                self._call(node, indent)
            case ast.Merge():
                self._put(node.name.text)
                if node.arguments:
                    self._arguments(node.arguments, indent)
                self._put(" ")
                self._body(node.body, indent)
                if node.skip is not None:
                    self._skip(node.skip, indent)
            case ast.Aux():
                self._put(text.header(node))
                self._step(node.step, indent)
            case ast.If():
                self._if(node, indent)
            case ast.For():
                self._put(f"for {text.ident_list(node.names)} in ")
                self._expression(node.iterable, indent, reserve=2)
                self._put(" ")
                self._body(node.body, indent)
            case ast.Group() | ast.Repeat():
                self._put(text.header(node))
                self._body(node.body, indent)
            case _:
                self._put(text.flat_action(node) or "")

    def _if(self, node: ast.If, indent: int) -> None:
        self._put(text.header(node))
        self._body(node.then, indent, flat=False)
        if node.otherwise is None:
            return
        self._put(" else ")
        inner = text.else_if(node.otherwise)
        if inner is not None:
            self._if(inner, indent)
        else:
            self._body(node.otherwise, indent, flat=False)

    def _skip(self, node: ast.Skip, indent: int) -> None:
        flat = text.flat_skip(node)
        if flat is not None and self._fits(flat):
            self._put(flat)
            return
        self._put(text.skip_header(node))
        step = node.otherwise if node.source == "identity" else node.step
        if step is not None:
            self._step(step, indent)
        self._put(text.skip_suffix(node))

    def _call(self, node: ast.Call, indent: int) -> None:
        self._put(node.name.text)
        if node.called:
            self._arguments(node.arguments, indent)
        if node.taps:
            self._put(f" tap ({text.ident_list(node.taps)})")

    # Lists that may break

    def _arguments(self, items: tuple[expr.Argument, ...], indent: int) -> None:
        rows = any(_in_rows(item.value) for item in items)
        if not rows and self._fits(f"({text.arguments(items)})"):
            self._put(f"({text.arguments(items)})")
            return
        if len(items) == 1 and items[0].name is None and _breaks(items[0].value):
            self._put("(")
            self._expression(items[0].value, indent, reserve=1)
            self._put(")")
            return
        self._put("(")
        self._start(indent + INDENT)
        for at, item in enumerate(items):
            self._next(text.argument(item), at > 0, indent + INDENT)
            if _in_rows(item.value) or not self._fits(text.argument(item) + ","):
                self._put(f"{item.name}=" if item.name is not None else "")
                self._expression(item.value, indent + INDENT)
            else:
                self._put(text.argument(item))
        self._start(indent)
        self._put(")")

    def _next(self, words: str, comma: bool, indent: int) -> None:
        """Go to where the next item of a broken list stands."""
        if not comma:
            return
        self._put(",")
        if self._fits(f" {words},"):
            self._put(" ")
        else:
            self._start(indent)

    def _list(
        self, opener: str, items: list[str], closer: str, indent: int, reserve: int = 0
    ) -> None:
        """Items on one line, or filled into several; `reserve` is what must follow."""
        flat = f"{opener}{', '.join(items)}{closer}"
        if self._fits(flat + " " * reserve):
            self._put(flat)
            return
        self._put(opener)
        self._start(indent + INDENT)
        for at, item in enumerate(items):
            self._next(item, at > 0, indent + INDENT)
            self._put(item)
        self._start(indent)
        self._put(closer)

    def _expression(self, node: expr.Expr, indent: int, reserve: int = 0) -> None:
        if _in_rows(node):
            self._table(node.items, indent, node.span.end)  # type: ignore[attr-defined]
            return
        flat = text.expression(node)
        if self._fits(flat + " " * reserve) or not _breaks(node):
            self._put(flat)
            return
        if isinstance(node, expr.CallExpr):
            self._put(node.function)
            self._arguments(node.arguments, indent)
            return
        items = node.items if isinstance(node, (expr.ListExpr, expr.TupleExpr)) else ()
        self._put(flat[0])
        self._start(indent + INDENT)
        for at, item in enumerate(items):
            words = text.expression(item)
            self._next(words, at > 0, indent + INDENT)
            self._expression(item, indent + INDENT, reserve=1)
        self._put("," if len(items) == 1 and flat[0] == "(" else "")
        self._start(indent)
        self._put(flat[-1])

    def _table(self, rows: tuple[expr.Expr, ...], indent: int, end: int) -> None:
        """A list of lists, a row a line, with the comments that stand before and behind rows."""
        self._put("[")
        for at, row in enumerate(rows):
            self._end()
            self._comments_until(row.span.start, indent + INDENT)
            self._start(indent + INDENT)
            self._expression(row, indent + INDENT, reserve=1)
            self._put("," if at + 1 < len(rows) else "")
            if self.comments and self.comments[0].span.start < end:
                self._trailing(_past_comma(self.source, row.span.end))
        self._end()
        self._comments_until(end, indent + INDENT)
        self._start(indent)
        self._put("]")


def _in_rows(node: expr.Expr) -> bool:
    """Whether a list of lists was written a row a line."""
    if not isinstance(node, expr.ListExpr) or len(node.items) < 2:
        return False
    if not all(isinstance(item, expr.ListExpr) for item in node.items):
        return False
    source = node.span.source.text
    pairs = zip(node.items, node.items[1:])
    return all("\n" in source[one.span.end : other.span.start] for one, other in pairs)


def _breaks(node: expr.Expr) -> bool:
    """Whether an expression has a list of its own to break."""
    return isinstance(node, (expr.CallExpr, expr.ListExpr, expr.TupleExpr))


def _import_name(node: ast.ImportName) -> str:
    alias = f" as {node.alias.text}" if node.alias is not None else ""
    return f"{node.name.text}{alias}"


def _opening(step: ast.Step) -> str:
    """The least of a step that has to stand on its first line."""
    return f"{text.prefix(step)}{text.header(step.action)}{{"


def _past_comma(source: str, end: int) -> int:
    """The offset after the separator that follows, so that a comment behind it is found."""
    rest = source[end : end + 20]
    stripped = rest.lstrip(" \t")
    return end + len(rest) - len(stripped) + 1 if stripped[:1] in (",", ";") else end


def _bodies(node: object) -> tuple[Span, ...]:
    """Where in an item or statement comments can stay: its outermost bodies."""
    match node:
        case ast.Block() | ast.Part():
            return (node.body.span,)
        case ast.Paper() | ast.Train() | ast.Weights() | ast.Init():
            return (node.span,)
        case ast.FileLet() | ast.Let():
            return (node.value.span,) if _in_rows(node.value) else ()
        case ast.Variant():
            return tuple(a.value.span for a in node.arguments if _in_rows(a.value))
        case ast.Chain():
            return tuple(span for step in node.steps for span in _action_bodies(step.action))
        case _:
            return ()


def _action_bodies(node: ast.Action) -> tuple[Span, ...]:
    match node:
        case ast.Group() | ast.Repeat() | ast.For():
            return (node.body.span,)
        case ast.Merge():
            skip = node.skip
            step = None if skip is None else (skip.otherwise or skip.step)
            return (node.body.span, *(_action_bodies(step.action) if step is not None else ()))
        case ast.If():
            return (node.then.span, *((node.otherwise.span,) if node.otherwise else ()))
        case ast.Aux():
            return _action_bodies(node.step.action)
        case _:
            return ()
