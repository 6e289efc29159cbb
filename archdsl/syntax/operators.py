"""Arranges a flat run of operands and operators by precedence."""

from __future__ import annotations

from archdsl import expr
from archdsl.source import Span
from archdsl.syntax.errors import fail, syntax_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PRECEDENCE = {"or": 1, "and": 2, "+": 5, "-": 5, "*": 6, "/": 6, "//": 6, "%": 6, "**": 8}
_COMPARISONS = frozenset(("==", "!=", "<", "<=", ">", ">=", "in", "notin"))


def arrange(items: list[Any]) -> expr.Expr:
    """The expression that operands (nodes) and operators (tokens) in a row make."""
    return _Run(items).parse(0)


class _Run:
    """Arranges operands and operators by precedence."""

    def __init__(self, items: list[Any]) -> None:
        self.items = items
        self.at = 0

    def parse(self, least: int) -> expr.Expr:
        """The longest expression from here whose operators bind at least so tightly."""
        left = self._operand(least)
        while self.at < len(self.items):
            op = self.items[self.at].value
            level = 4 if op in _COMPARISONS else _PRECEDENCE[op]
            if level < least:
                break
            left = self._comparison(left) if level == 4 else self._binary(left, op, level)
        return left

    def _operand(self, least: int) -> expr.Expr:
        item = self.items[self.at]
        self.at += 1
        if isinstance(item, expr.Expr):
            return item
        op = item.value
        if op == "not" and least > 3:
            raise fail(
                syntax_error(
                    "E101",
                    "`not` cannot stand after an operator that binds more tightly",
                    item.source,
                    (item.start_pos, item.end_pos),
                    help="put `not ...` in parentheses",
                )
            )
        operand = self.parse(3 if op == "not" else 7)
        span = Span(source=item.source, start=item.start_pos, end=operand.span.end)
        return expr.Unary(op=op, operand=operand, span=span)

    def _binary(self, left: expr.Expr, op: str, level: int) -> expr.Expr:
        self.at += 1
        right = self.parse(7 if op == "**" else level + 1)
        return expr.Binary(op=op, left=left, right=right, span=left.span.to(right.span))

    def _comparison(self, left: expr.Expr) -> expr.Expr:
        operands = [left]
        ops = []
        while self.at < len(self.items) and self.items[self.at].value in _COMPARISONS:
            ops.append(self.items[self.at].value)
            self.at += 1
            operands.append(self.parse(5))
        return expr.Compare(
            operands=tuple(operands), ops=tuple(ops), span=left.span.to(operands[-1].span)
        )
