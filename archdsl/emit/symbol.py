"""Symbols: compile-time expressions over constructor parameters, kept as their author wrote them.

A symbol has two faces. Its text is what the constructor will say (`width * base // 64`); its key is
what it means: sums and products are polynomials, so `out - c + c` and `out` have one key.
Two symbols are equal where their keys are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from archdsl.ops.op import SAME, Size
from archdsl.values import BUILTINS, Fault
from archdsl.values import binary as compute

_PRECEDENCE = {
    "ternary": 1,
    "or": 2,
    "and": 3,
    "not": 4,
    "compare": 5,
    "+": 6,
    "-": 6,
    "*": 7,
    "/": 7,
    "//": 7,
    "%": 7,
    "neg": 8,
    "**": 9,
    "atom": 10,
}
_SIMPLE = re.compile(r"[A-Za-z_][\w.]*|-?\d[\w.]*")


class Gone(Exception):
    """A local was to be read outside of the loop or arm that defines it."""


Polynomial = dict[tuple[Any, ...], int]


class Symbol:
    """An expression whose value only the constructor's caller knows.

    `op` is a binary operator, "neg", "not", "and", "or", "compare", "ternary", "call", "index",
    "slice", "attribute", "list", "join", "name" or "loop"; `args` are its operands, symbols or constants.
    """

    __slots__ = ("_key", "args", "meaning", "op")

    def __init__(self, op: str, *args: Any, meaning: Any = None) -> None:
        self.op = op
        self.args = args
        self.meaning = meaning
        self._key: Any = None

    @property
    def key(self) -> Any:
        if self._key is None:
            self._key = _key(self)
        return self._key

    @property
    def length(self) -> Any:
        """`len` of a list."""
        return call("len", [self])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbol) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"Symbol({text(self)})"

    def __add__(self, other: Any) -> Any:
        return binary("+", self, other)

    def __radd__(self, other: Any) -> Any:
        return binary("+", other, self)

    def __sub__(self, other: Any) -> Any:
        return binary("-", self, other)

    def __rsub__(self, other: Any) -> Any:
        return binary("-", other, self)

    def __mul__(self, other: Any) -> Any:
        return binary("*", self, other)

    def __rmul__(self, other: Any) -> Any:
        return binary("*", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return binary("//", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return binary("//", other, self)

    def __truediv__(self, other: Any) -> Any:
        return binary("/", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return binary("/", other, self)

    def __mod__(self, other: Any) -> Any:
        return binary("%", self, other)

    def __rmod__(self, other: Any) -> Any:
        return binary("%", other, self)

    def __pow__(self, other: Any) -> Any:
        return binary("**", self, other)

    def __rpow__(self, other: Any) -> Any:
        return binary("**", other, self)

    def __neg__(self) -> Any:
        return negate(self)


def name(identifier: str, meaning: Any = None, fraction: bool = False) -> Symbol:
    """A variable of the constructor. With a meaning it stands for that value: a `let`.
    A `fraction` may be no integer."""
    if fraction:
        return Symbol("name", identifier, fraction)
    return Symbol("name", identifier, meaning=meaning)


def key_of(value: Any) -> Any:
    """What a value means, hashable: equal keys are equal values."""
    if isinstance(value, Symbol):
        return value.key
    if isinstance(value, Size) and same(value[0], value[1]):
        return key_of(value[0])
    if isinstance(value, Size):
        return ("Size", key_of(value[0]), key_of(value[1]))
    if isinstance(value, (tuple, list)):
        return (type(value).__name__, *(key_of(item) for item in value))
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, bool):
        return ("bool", value)
    return value


def same(left: Any, right: Any) -> bool:
    """Whether two values are surely equal."""
    return bool(key_of(left) == key_of(right))


def symbolic(value: Any) -> bool:
    """Whether a value depends on what only the constructor's caller knows."""
    if isinstance(value, Symbol):
        return True
    return isinstance(value, (tuple, list)) and any(symbolic(item) for item in value)


def _key(symbol: Symbol) -> Any:
    if symbol.op == "name":
        identifier = symbol.args[0]
        return ("name", identifier) if symbol.meaning is None else key_of(symbol.meaning)
    if symbol.op in ("+", "-", "*", "neg"):
        return _polynomial_key(_polynomial(symbol))
    if symbol.op == "/" and not symbolic(symbol.args):
        return key_of(symbol.args[0] / symbol.args[1])
    return (symbol.op, *(key_of(arg) for arg in symbol.args))


def _polynomial_key(terms: Polynomial) -> Any:
    if len(terms) == 1:
        ((monomial, coefficient),) = terms.items()
        if coefficient == 1 and len(monomial) == 1:
            return monomial[0]
    if not terms:
        return 0
    if set(terms) == {()}:
        return terms[()]
    return ("polynomial", frozenset(terms.items()))


def _polynomial(value: Any) -> Polynomial:
    """Monomials (sorted tuples of atom keys) and their integer coefficients."""
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        return {(value,): 1}
    if isinstance(value, (int, float)):
        return {(): int(value)} if value else {}
    if not isinstance(value, Symbol):
        return {(key_of(value),): 1}
    if value.op == "name" and value.meaning is not None:
        return _polynomial(value.meaning)
    if value.op in ("+", "-"):
        left, right = _polynomial(value.args[0]), _polynomial(value.args[1])
        return _combine(left, right, 1 if value.op == "+" else -1)
    if value.op == "neg":
        return _combine({}, _polynomial(value.args[0]), -1)
    if value.op == "*":
        product: Polynomial = {}
        for first, a in _polynomial(value.args[0]).items():
            for second, b in _polynomial(value.args[1]).items():
                monomial = tuple(sorted(first + second, key=repr))
                product[monomial] = product.get(monomial, 0) + a * b
        return {monomial: c for monomial, c in product.items() if c}
    return {(value.key,): 1}


def _combine(left: Polynomial, right: Polynomial, sign: int) -> Polynomial:
    result = dict(left)
    for monomial, coefficient in right.items():
        result[monomial] = result.get(monomial, 0) + sign * coefficient
    return {monomial: c for monomial, c in result.items() if c}


def _atoms(value: Any, found: dict[Any, Any]) -> dict[Any, Any]:
    """The factors of a polynomial by key, each as it was written first."""
    if isinstance(value, Symbol) and value.op in ("+", "-", "*", "neg"):
        for arg in value.args:
            _atoms(arg, found)
    elif isinstance(value, Symbol):
        if value.op == "name" and value.meaning is not None:
            expanded = _polynomial(value.meaning)
            if set(expanded) != {(value.key,)}:
                _atoms(value.meaning, found)
                return found
        found.setdefault(value.key, value)
    elif isinstance(value, float) and not value.is_integer():
        found.setdefault(value, value)
    return found


def _rebuild(terms: Polynomial, atoms: Mapping[Any, Any]) -> Any:
    """Write a polynomial anew: positive terms first, coefficients in front."""
    ordered = sorted(terms.items(), key=lambda item: (item[0] == (), item[1] < 0))
    result: Any = None
    for monomial, coefficient in ordered:
        product: Any = None
        for atom in monomial:
            factor = atoms.get(atom, atom)
            product = factor if product is None else Symbol("*", product, factor)
        size = abs(coefficient)
        if product is None:
            product = size
        elif size != 1:
            product = Symbol("*", size, product)
        if result is None:
            result = product if coefficient > 0 else negate(product)
        else:
            result = Symbol("+" if coefficient > 0 else "-", result, product)
    return 0 if result is None else result


def _plain(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def binary(op: str, left: Any, right: Any) -> Any:
    """`left op right`, simplified where that loses nothing that the author wrote."""
    if not isinstance(left, Symbol) and not isinstance(right, Symbol):
        try:
            return compute(op, left, right) if _plain(left) else CONCRETE[op](left, right)
        except Fault:
            # In an arm that no variant takes, as this is checked elsewhere.
            return Symbol(op, left, right)
    if op == "+" and (_is_list(left) or _is_list(right)):
        return rebuild("join", [*_pieces(left), *_pieces(right)])
    if op in ("+", "-"):
        return _sum(op, left, right)
    if op == "*":
        if (_plain(left) and left == 0) or (_plain(right) and right == 0):
            return 0
        if _plain(left) and left == 1:
            return right
        if _plain(right) and right == 1:
            return left
        if _plain(left) and isinstance(left, int) and isinstance(right, Symbol):
            return _multiple(left, right) or Symbol(op, left, right)
    if op in ("/", "**") and _plain(right) and right == 1:
        return left
    if op == "//" and _plain(right) and right == 1 and whole(left):
        return left
    if op == "//" and isinstance(right, int) and right > 0 and isinstance(left, Symbol):
        return _floor(left, right)
    if op in ("//", "/") and same(left, right):
        return 1
    if op == "%" and same(left, right):
        return 0
    return Symbol(op, left, right)


def _pieces(value: Any) -> tuple[Any, ...]:
    """What a list is joined of."""
    return value.args if isinstance(value, Symbol) and value.op == "join" else (value,)


def _multiple(factor: int, product: Symbol) -> Symbol | None:
    """`factor * product` where the product begins with a number, which takes the factor in."""
    if product.op != "*":
        return None
    first, rest = product.args
    if isinstance(first, int) and not isinstance(first, bool):
        return Symbol("*", factor * first, rest)
    begun = _multiple(factor, first) if isinstance(first, Symbol) else None
    return None if begun is None else Symbol("*", begun, rest)


def _sum(op: str, left: Any, right: Any) -> Any:
    if _plain(right) and right == 0:
        return left
    if op == "+" and _plain(left) and left == 0:
        return right
    if not _numeric(left) or not _numeric(right):
        return Symbol(op, left, right)
    first, second = _polynomial(left), _polynomial(right)
    terms = _combine(first, second, 1 if op == "+" else -1)
    if not terms or set(terms) == {()}:
        return terms.get((), 0)
    if len(terms) == len(first) + len(second):
        return Symbol(op, left, right)
    return _rebuild(terms, _atoms(right, _atoms(left, {})))


def _numeric(value: Any) -> bool:
    return _plain(value) or (
        isinstance(value, Symbol) and value.op not in ("list", "slice", "loop", "join")
    )


def _floor(left: Symbol, divisor: int) -> Any:
    """Floors of floors become one: `((h - 1) // 2 + 1) // 2` is `(h + 1) // 4`."""
    if not whole(left):
        return Symbol("//", left, divisor)
    terms = _polynomial(left)
    if terms and all(coefficient % divisor == 0 for coefficient in terms.values()):
        reduced = {monomial: c // divisor for monomial, c in terms.items()}
        return _rebuild(reduced, _atoms(left, {}))
    inner, offset = left, 0
    if left.op in ("+", "-") and isinstance(left.args[1], int):
        inner = left.args[0]
        offset = left.args[1] if left.op == "+" else -left.args[1]
    if isinstance(inner, Symbol) and inner.op == "//" and isinstance(inner.args[1], int):
        step = inner.args[1]
        return binary("//", inner.args[0] + offset * step, step * divisor)
    return Symbol("//", left, divisor)


def whole(value: Any) -> bool:
    """Whether a value is an integer whatever its parameters are: floors of it mean something."""
    if isinstance(value, Symbol):
        if value.op == "name":
            if value.meaning is not None:
                return whole(value.meaning)
            return len(value.args) == 1
        if value.op in ("+", "-", "*", "neg", "ternary"):
            return all(whole(arg) for arg in value.args if not _condition(arg))
        return value.op in ("//", "%", "call", "index", "out")
    return isinstance(value, int)


def _condition(value: Any) -> bool:
    return isinstance(value, Symbol) and value.op in ("compare", "and", "or", "not")


def negate(value: Any) -> Any:
    """`-value`"""
    if isinstance(value, Symbol) and value.op == "neg":
        return value.args[0]
    return Symbol("neg", value) if isinstance(value, Symbol) else -value


CONCRETE: dict[str, Callable[[Any, Any], Any]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "//": lambda a, b: a // b,
    "%": lambda a, b: a % b,
    "**": lambda a, b: a**b,
}


# Conditions


def compare(op: str, left: Any, right: Any) -> Any:
    """`left op right`, decided where both sides are known or surely the same."""
    if op in ("==", "!=") and same(left, right):
        return op == "=="
    if not symbolic(left) and not symbolic(right):
        return COMPARISONS[op](left, right)
    if isinstance(left, int) and not isinstance(left, bool) and op in _FLIPPED:
        left, op, right = right, _FLIPPED[op], left
    return Symbol("compare", left, op, right)


def negation(condition: Any) -> Any:
    """`not condition`, written as the opposite comparison where there is one."""
    if not isinstance(condition, Symbol):
        return not condition
    if condition.op == "not":
        return condition.args[0]
    if condition.op == "compare" and condition.args[1] in _OPPOSITE:
        left, op, right = condition.args
        return Symbol("compare", left, _OPPOSITE[op], right)
    return Symbol("not", condition)


def either(left: Any, right: Any) -> Any:
    """`left or right`"""
    if not isinstance(left, Symbol):
        return left or right
    if not isinstance(right, Symbol):
        return right or left
    return left if left == right else Symbol("or", left, right)


def both(left: Any, right: Any) -> Any:
    """`left and right`"""
    if not isinstance(left, Symbol):
        return left and right
    if not isinstance(right, Symbol):
        return left if right else right
    return left if left == right else Symbol("and", left, right)


def choose(condition: Any, then: Any, other: Any) -> Any:
    """`then if condition else other`"""
    if not isinstance(condition, Symbol):
        return then if condition else other
    if same(then, other):
        return then
    if condition.op == "compare" and condition.args[1] in ("==", "!="):
        # `f(a) if a != c else f(c)` is f(a).
        left, op, right = condition.args
        first, second = (then, other) if op == "!=" else (other, then)
        if {key_of(first), key_of(second)} == {key_of(left), key_of(right)}:
            return first
        if type(left) is Symbol and left.op == "name" and _plain(right):
            if same(substitute(first, {left.args[0]: right}), expanded(second)):
                return first
    return Symbol("ternary", then, condition, other)


_FLIPPED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_OPPOSITE = {
    "==": "!=",
    "!=": "==",
    "<": ">=",
    ">=": "<",
    ">": "<=",
    "<=": ">",
    "in": "notin",
    "notin": "in",
}
COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "==": lambda a, b: key_of(a) == key_of(b),
    "!=": lambda a, b: key_of(a) != key_of(b),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "in": lambda a, b: _holds(b, a),
    "notin": lambda a, b: not _holds(b, a),
}


def _holds(items: Any, item: Any) -> bool:
    if isinstance(items, str):
        return item in items
    return key_of(item) in map(key_of, items)


def aligned(op: str, left: Any, right: Any, lists: bool = False) -> tuple[Any, Any]:
    """What is compared, in one form: beside a pair (or, with `lists`, a list of pairs that only the
    constructor's caller knows) a size is a pair, and so is a number."""
    if not (lists or _has_pair(left) or _has_pair(right)):
        return left, right
    if op in ("in", "notin"):
        held = not isinstance(right, tuple) or isinstance(right, NamedList)
        return _as_pair(left), right if held else tuple(map(_as_pair, right))
    if lists or _is_list(left) or _is_list(right):
        return paired(left), paired(right)
    return _as_pair(left), _as_pair(right)


def _is_list(value: Any) -> bool:
    return isinstance(value, tuple) and not isinstance(value, Size)


def _has_pair(value: Any) -> bool:
    if isinstance(value, Size):
        return isinstance(value, Pair) or symbolic(value) or has_oblong(value)
    return isinstance(value, tuple) and any(map(_has_pair, value))


def _as_pair(value: Any) -> Any:
    return Pair(value, value) if isinstance(value, Symbol) or _plain(value) else paired(value)


# Substitution and names


def substitute(value: Any, mapping: Mapping[str, Any]) -> Any:
    """The value with names replaced, simplified again."""
    if isinstance(value, Size):
        return type(value)(substitute(value[0], mapping), substitute(value[1], mapping))
    if isinstance(value, tuple):
        return tuple(substitute(item, mapping) for item in value)
    if not isinstance(value, Symbol):
        return value
    if value.op == "name":
        if value.args[0] in mapping:
            return mapping[value.args[0]]
        if value.meaning is not None:
            return substitute(value.meaning, mapping)
        if getattr(value, "assumed", None) is not None:
            return substitute(value.assumed, mapping)  # type: ignore[attr-defined]
        return value
    if value.op == "loop":
        return value.args[0].substitute(mapping)
    if value.op == "ternary":
        condition = substitute(value.args[1], mapping)
        if not isinstance(condition, Symbol):  # the other one may mean nothing then
            return substitute(value.args[0 if condition else 2], mapping)
    if value.op in ("and", "or"):
        first = substitute(value.args[0], mapping)
        if not isinstance(first, Symbol) and bool(first) is (value.op == "or"):
            return first
    args = [substitute(arg, mapping) for arg in value.args]
    return rebuild(value.op, args)


def substitute_shallow(value: Any, mapping: Mapping[str, Any]) -> Any:
    """The value with names replaced in its text, and nothing simplified or expanded."""
    if isinstance(value, Size):
        return type(value)(*(substitute_shallow(side, mapping) for side in value))
    if isinstance(value, NamedList):
        return value
    if isinstance(value, tuple):
        return tuple(substitute_shallow(item, mapping) for item in value)
    if not isinstance(value, Symbol):
        return value
    if value.op == "name":
        return mapping.get(value.args[0], value)
    if value.op == "loop":
        return value.args[0].substitute(mapping)
    return Symbol(value.op, *(substitute_shallow(arg, mapping) for arg in value.args))


def rebuild(op: str, args: list[Any]) -> Any:
    """Apply an operation to operands, symbolic or not."""
    if op in CONCRETE:
        return binary(op, args[0], args[1])
    if op == "neg":
        return negate(args[0])
    if op == "not":
        return negation(args[0])
    if op == "and":
        return both(args[0], args[1])
    if op == "or":
        return either(args[0], args[1])
    if op == "compare":
        return compare(args[1], args[0], args[2])
    if op == "ternary":
        return choose(args[1], args[0], args[2])
    if op == "index":
        return index(args[0], args[1])
    if op == "slice":
        return slice_of(args[0], args[1], args[2], args[3])
    if op == "call":
        return call(args[0], args[1:])
    if op == "list":
        return tuple(args)
    if op == "join" and all(isinstance(arg, tuple) for arg in args):
        return tuple(item for arg in args for item in arg)
    return Symbol(op, *args)


def _counts(position: Any) -> bool:
    """Whether a position is a name that counts from 0."""
    return isinstance(position, Symbol) and position.op == "name"


def index(value: Any, position: Any) -> Any:
    """`value[position]`"""
    if isinstance(value, Symbol) and value.op == "uniform":
        return value.args[0]
    if isinstance(value, Symbol) and value.op == "loop" and value.args[0].constant:
        return value.args[0].element
    if isinstance(value, Symbol) and value.op == "loop" and _counts(position):
        found = value.args[0].at(position)
        if found is not None:
            return found
    if isinstance(value, tuple) and isinstance(position, int):
        return value[position]
    if isinstance(value, Symbol) and value.op == "join" and isinstance(position, int):
        if isinstance(value.args[0], tuple) and 0 <= position < len(value.args[0]):
            return value.args[0][position]
    if _plain(value):
        # A side of a size that is one number.
        return value
    return Symbol("index", value, position)


def slice_of(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """`value[start:stop:step]`"""
    if isinstance(value, (tuple, range)) and not symbolic((start or 0, stop or 0, step or 1)):
        return value[start:stop:step]
    return Symbol("slice", value, start, stop, step)


def call(function: str, args: list[Any] | tuple[Any, ...]) -> Any:
    """`function(*args)`: computed where the arguments are known."""
    if function == "len" and isinstance(args[0], tuple):
        return len(args[0])
    if function == "len" and isinstance(args[0], Symbol) and args[0].op == "uniform":
        return args[0].args[1]
    if function == "len" and isinstance(args[0], Symbol) and args[0].op == "join":
        lengths = [call("len", [arg]) for arg in args[0].args]
        return sum(lengths[1:], start=lengths[0])
    if function == "prod" and isinstance(args[0], tuple):
        return product(args[0])
    if not any(symbolic(arg) for arg in args):
        args = [tuple(arg) if isinstance(arg, NamedList) else arg for arg in args]
        return BUILTINS[function](*args)
    if function == "int" and isinstance(args[0], Symbol) and args[0].op in ("//", "+", "*", "-"):
        if _integral(args[0]):
            return args[0]
    return Symbol("call", function, *args)


def product(factors: Iterable[Any]) -> Any:
    """All factors multiplied."""
    result: Any = 1
    for factor in factors:
        result = binary("*", result, factor)
    return result


def _integral(value: Any) -> bool:
    if isinstance(value, Symbol):
        if value.op in ("//", "+", "*", "-"):
            return all(_integral(arg) for arg in value.args)
        return value.op == "name" and value.args[0].endswith("channels")
    return isinstance(value, int)


def unstale(value: Any) -> Any:
    """The value with locals as plain names, whatever versions of them there are."""
    if isinstance(value, tuple) and not isinstance(value, (Size, NamedList)):
        return tuple(map(unstale, value))
    if not isinstance(value, Symbol):
        return value
    if value.op == "name":
        return Symbol("name", value.args[0])
    if value.op == "loop":
        return Symbol("loop", value.args[0].made_of(*map(unstale, value.args[0].operands)))
    if value.op == "out":
        return Symbol("name", "x" * 30)
    return Symbol(value.op, *(unstale(arg) for arg in value.args))


def opaque(value: Any) -> bool:
    """Whether a value is known to a local of the constructor only, which follows a loop."""
    if isinstance(value, (tuple, list)):
        return any(opaque(item) for item in value)
    if not isinstance(value, Symbol):
        return False
    if value.op == "name":
        if value.meaning is not None:
            return opaque(value.meaning)
        if getattr(value, "assumed", None) is not None:
            return False
        return hasattr(value, "gone") or value.args[0] == "@recursive"
    if value.op == "out":
        return True
    if value.op == "loop":
        return opaque(value.args[0].operands)
    return any(opaque(arg) for arg in value.args)


def gone(value: Any) -> bool:
    """Whether a value is that of a local whose frame has ended."""
    if isinstance(value, tuple):
        return any(map(gone, value))
    if not isinstance(value, Symbol):
        return False
    if value.op == "name":
        return getattr(value, "gone", False) and opaque(value)
    if value.op == "loop":
        return gone(value.args[0].operands)
    return value.op != "out" and any(map(gone, value.args))


def expanded(value: Any) -> Any:
    """The value in terms of parameters alone: locals stand for what they mean."""
    return substitute(value, {})


def index_count(trips: Symbol) -> Any:
    """How often a loop over a symbol runs."""
    if trips.op == "call" and trips.args[0] == "range" and len(trips.args) == 2:
        return trips.args[1]
    if trips.op == "call" and trips.args[0] in ("enumerate", "reversed", "zip"):
        known = [each for each in trips.args[1:] if not isinstance(each, Symbol)]
        inner = known[0] if known else trips.args[1]
        return index_count(inner) if isinstance(inner, Symbol) else len(inner)
    return call("len", [trips])


def names_in(value: Any, expand: bool = False) -> set[str]:
    """The variables that a value's text mentions; with `expand`, those that it depends on."""
    if isinstance(value, (tuple, list)):
        return set().union(*(names_in(item, expand) for item in value)) if value else set()
    if not isinstance(value, Symbol):
        return set()
    if value.op == "name":
        if expand and value.meaning is not None:
            return names_in(value.meaning, expand)
        return {value.args[0]}
    if value.op == "loop":
        return set(value.args[0].names(expand))
    return set().union(*(names_in(arg, expand) for arg in value.args))


# Text


def text(value: Any, outer: int = 0) -> str:
    """Python source of a value; in parentheses where the surroundings bind tighter."""
    if isinstance(value, Symbol):
        written, level = _write(value)
        return f"({written})" if level < outer else written
    whole = _whole_pair(value)
    if whole is not None:
        return text(whole, outer)
    written = literal(value)
    if outer > _PRECEDENCE["neg"] and written.startswith("-"):
        return f"({written})"
    return written


class NamedList(tuple[Any, ...]):
    """A list that the file holds: its name in the spec, and the one that it is written under."""

    name: str
    written: str


class Pair(Size):
    """A size that is written as a pair even where its sides are the same."""


def paired(value: Any) -> Any:
    """A value whose sizes are written as pairs."""
    if isinstance(value, Size):
        return Pair(*value)
    if isinstance(value, tuple) and not isinstance(value, NamedList):
        return tuple(paired(item) for item in value)
    return value


def pair_of(value: Any) -> Size:
    """What stands for a height and a width, by its sides."""
    return Size(index(value, 0), index(value, 1))


def _whole_pair(value: Any) -> Any:
    """What has the two sides of a size as its items, if anything has."""
    if not isinstance(value, Size):
        return None
    tall, wide = value
    if isinstance(tall, Symbol) and isinstance(wide, Symbol) and tall.op == wide.op == "index":
        if same(tall.args[0], wide.args[0]) and (tall.args[1], wide.args[1]) == (0, 1):
            return tall.args[0]
    return None


def _size(value: Size) -> str:
    tall, wide = value
    whole = _whole_pair(value)
    if whole is not None:
        return text(whole)
    if same(tall, wide) and not isinstance(value, Pair):
        return text(tall)
    return f"({text(tall)}, {text(wide)})"


def has_oblong(value: Any) -> bool:
    """Whether a value is or holds a size whose sides differ."""
    if isinstance(value, Size):
        return not same(value[0], value[1])
    return isinstance(value, tuple) and any(map(has_oblong, value))


def literal(value: Any) -> str:
    """Python source of a constant, or of a tuple that may hold symbols."""
    if isinstance(value, NamedList):
        return value.written
    if isinstance(value, Size):
        return _size(value)
    if isinstance(value, tuple):
        items = [text(item) for item in (paired(value) if has_oblong(value) else value)]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, float):
        return number(value)
    return "None" if value is SAME else repr(value)


def number(value: float) -> str:
    """The shortest text of a float: 1e-3 rather than 0.001 below a hundredth."""
    written = repr(value)
    if 0 < abs(value) < 0.01 and "e" not in written:
        digits = written.split(".")[1]
        zeros = len(digits) - len(digits.lstrip("0"))
        mantissa = digits.lstrip("0")
        point = f"{mantissa[0]}.{mantissa[1:]}" if len(mantissa) > 1 else mantissa
        sign = "-" if value < 0 else ""
        return f"{sign}{point}e-{zeros + 1}"
    return written.replace("e-0", "e-")


def quoted(value: str) -> str:
    """A string literal in double quotes, ASCII only where escapes are needed."""
    body = '\\"'.join(repr("'" + piece)[2:-1] for piece in value.split('"'))
    return f'"{body}"'


_MATH = ("ceil", "floor", "sqrt", "log", "log2", "prod")


def _written_call(function: str, args: tuple[Any, ...]) -> str:
    """A builtin of the language in Python's words."""
    if function in _LAZY:
        return f"list({_walked(function, args)})"
    inner = ", ".join(text(arg) for arg in args)
    if function in _MATH:
        return f"math.{function}({inner})"
    if function == "unique":
        return f"tuple(dict.fromkeys({inner}))"
    if function == "count":
        return f"{text(args[0], _PRECEDENCE['atom'])}.count({text(args[1])})"
    return f"{function}({inner})"


# Lists in the language, and what can be gone over once in Python.
_LAZY = ("enumerate", "zip", "reversed")


def iterable(value: Any) -> str:
    """Text of what a loop goes over."""
    if isinstance(value, Symbol) and value.op == "call" and value.args[0] in _LAZY:
        return _walked(value.args[0], value.args[1:])
    return text(value, 2)


def _walked(function: str, args: tuple[Any, ...]) -> str:
    again = function == "reversed"
    inner = ", ".join(text(arg) if again else iterable(arg) for arg in args)
    return f"{function}({inner}{', strict=True' if function == 'zip' else ''})"


_BOUND = re.compile(r"\w*|-\d+")


def written_slice(of: str, bounds: Sequence[Any], render: Callable[[Any], str]) -> str:
    """`of[start:stop:step]`, as black writes it: apart where a bound is more than a name or a
    number."""
    written = ["" if bound is None else render(bound) for bound in bounds]
    if not written[2]:
        written.pop()
    inner = ":".join(written)
    if not all(map(_BOUND.fullmatch, written)):
        inner = " : ".join(written).strip().replace("  ", " ")
    return f"{of}[{inner}]"


def _write(symbol: Symbol) -> tuple[str, int]:
    op, args = symbol.op, symbol.args
    if op == "name":
        if getattr(symbol, "gone", False):
            if symbol.meaning is None or opaque(symbol.meaning):
                raise Gone(getattr(symbol, "local", args[0]))
            if isinstance(symbol.meaning, Symbol):
                return _write(symbol.meaning)
            return literal(symbol.meaning), _PRECEDENCE["atom"]
        return args[0], _PRECEDENCE["atom"]
    if op == "loop":
        return args[0].text(), _PRECEDENCE["atom"]
    if op in CONCRETE:
        level = _PRECEDENCE[op]
        if op == "**":
            base, exponent = text(args[0], level + 1), text(args[1], level)
            # As black writes it: apart where a side is more than a name or a number.
            simple = all(map(_SIMPLE.fullmatch, (base, *exponent.split("**"))))
            apart = "" if simple else " "
            return f"{base}{apart}**{apart}{exponent}", level
        return f"{text(args[0], level)} {op} {text(args[1], level + 1)}", level
    if op in ("neg", "not"):
        level = _PRECEDENCE[op]
        return f"{'-' if op == 'neg' else 'not '}{text(args[0], level)}", level
    if op in ("and", "or"):
        level = _PRECEDENCE[op]
        return f"{text(args[0], level)} {op} {text(args[1], level + 1)}", level
    if op == "compare":
        level = _PRECEDENCE[op]
        spelled = "not in" if args[1] == "notin" else args[1]
        if args[2] is None and spelled in ("==", "!="):
            spelled = "is" if spelled == "==" else "is not"
        return f"{text(args[0], level + 1)} {spelled} {text(args[2], level + 1)}", level
    if op == "ternary":
        return f"{text(args[0], 2)} if {text(args[1], 2)} else {text(args[2], 1)}", 1
    if op == "call":
        return _written_call(args[0], args[1:]), _PRECEDENCE["atom"]
    if op == "index":
        keys = args[1] if isinstance(args[1], tuple) else (args[1],)
        return f"{text(args[0], 10)}[{', '.join(map(text, keys))}]", _PRECEDENCE["atom"]
    if op == "slice":
        return written_slice(text(args[0], 10), args[1:], text), _PRECEDENCE["atom"]
    if op == "join":
        items = [
            text(item) if isinstance(arg, tuple) else f"*{text(arg, _PRECEDENCE['atom'])}"
            for arg in args
            for item in (arg if isinstance(arg, tuple) else (arg,))
        ]
        return f"[{', '.join(items)}]", _PRECEDENCE["atom"]
    if op == "uniform":
        return f"[{text(args[0])}] * {text(args[1], _PRECEDENCE['*'] + 1)}", _PRECEDENCE["*"]
    if op == "out":
        return f"{args[0]}.out_channels", _PRECEDENCE["atom"]
    if op == "attribute":
        return f"{text(args[0], 10)}.{args[1]}", _PRECEDENCE["atom"]
    raise ValueError(f"no text for {op}")
