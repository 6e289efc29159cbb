"""A tiny symbol, as the emitter has them: arithmetic makes a text, and remembers the value."""

from __future__ import annotations

import operator
from typing import Any


class Symbol:
    """Only what rules may use: + - * // % and ==, which compares texts."""

    def __init__(self, text: str, value: Any) -> None:
        self.text = text
        self.value = value

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return str(self) == str(other)

    def __hash__(self) -> int:
        return hash(self.text)

    def __bool__(self) -> bool:
        raise AssertionError(f"a rule asked for the truth of {self.text}")

    def __neg__(self) -> Symbol:
        return Symbol(f"(-{self.text})", -self.value)


def _operator(name: str, sign: str) -> None:
    def forward(self: Symbol, other: Any) -> Symbol:
        value = getattr(operator, name)(self.value, _value(other))
        return Symbol(f"({self} {sign} {other})", value)

    def backward(self: Symbol, other: Any) -> Symbol:
        value = getattr(operator, name)(_value(other), self.value)
        return Symbol(f"({other} {sign} {self})", value)

    setattr(Symbol, f"__{name}__", forward)
    setattr(Symbol, f"__r{name}__", backward)


for _name, _sign in (("add", "+"), ("sub", "-"), ("mul", "*"), ("floordiv", "//"), ("mod", "%")):
    _operator(_name, _sign)


def _value(number: Any) -> Any:
    return number.value if isinstance(number, Symbol) else number


def evaluated(value: Any) -> Any:
    """The numbers behind a symbol or a tuple of them."""
    if isinstance(value, tuple):
        return tuple(evaluated(item) for item in value)
    return _value(value)
