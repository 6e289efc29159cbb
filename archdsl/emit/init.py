"""Initialisation, as the spec's `init` asks for it: one loop over the modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code
from archdsl.ir import program as p
from archdsl.ir.walk import every
from archdsl.ops.op import Op, OpParam, form
from archdsl.ops.table import OPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from archdsl.emit.writer import ClassWriter

# What fills a tensor while it is made; other schemes fill it afterwards.
_MADE = {"zeros": "zeros", "ones": "ones"}


# What has a class in common with `conv`: of that name alone it is told apart.
_DEPTHWISE = ("depthwise",)


def init_loop(w: ClassWriter) -> Code:
    """The loop at the end of the constructor; nothing where the spec asks for nothing."""
    rules = sorted(w.definition.init, key=lambda rule: (not rule.places, rule.kinds != _DEPTHWISE))
    if not rules:
        return []
    names = w.locals.copy()
    module, name = names.take("module"), names.take("name")
    branches: list[Block] = []
    for rule in rules:
        word = "elif" if branches else "if"
        tests = _place_tests(rule, name)
        if rule.kinds == _DEPTHWISE:
            tests.insert(0, f"1 < {module}.groups == {module}.in_channels")
        where = "".join([f" and {test}" for test in tests])
        header = f"{word} isinstance({module}, {_classes(w, rule)}){where}:"
        branches.append(Block(header=header, body=_fill(w, rule, module)))
    header = f"for {module} in self.modules():"
    if rules[0].places:
        header = f"for {name}, {module} in self.named_modules():"
    return ["", Block(header=header, body=list(branches))]


def _place_tests(rule: p.InitRule, name: str) -> list[str]:
    """The test whether a module of this path is one that the rule is about; none if all are."""
    leaves = [f'"{place.path}"' for place in rule.places if place.leaf]
    holders = [f'"{place.path}."' for place in rule.places if not place.leaf]
    tests = []
    if leaves:
        equal = f"== {leaves[0]}" if len(leaves) == 1 else f"in ({', '.join(leaves)})"
        tests.append(f"{name} {equal}")
    if holders:
        prefix = holders[0] if len(holders) == 1 else f"({', '.join(holders)})"
        tests.append(f"{name}.startswith({prefix})")
    return tests if len(tests) < 2 else [f"({' or '.join(tests)})"]


def _classes(w: ClassWriter, rule: p.InitRule) -> str:
    names: list[str] = []
    for kind in rule.kinds:
        op = w.unit.op(kind)
        args = {param.name: param.default for param in op.parameters}
        shape = (1,) if op.rank == 1 else (1, 1, 1)
        torch = op.torch if op.torch.module else form(op, args, shape)
        name = w.unit.names.helper(torch)
        if torch.helper:  # the test needs the class, whether or not a layer is made of it
            w.unit.use_helper(torch)
        if name and name not in names:
            names.append(name)
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _fill(w: ClassWriter, rule: p.InitRule, module: str) -> Code:
    arguments = [
        (
            f"{argument.parameter}={_number(w, argument.value)}"
            if argument.parameter != "val"
            else _number(w, argument.value)
        )
        for argument in rule.arguments
    ]
    code: Code = [f"nn.init.{rule.scheme}_({', '.join([f'{module}.weight', *arguments])})"]
    if rule.bias is not None:
        fill = _bias(w.value(rule.bias), module)
        if _may_lack_bias(w, rule):
            code.append(Block(header=f"if {module}.bias is not None:", body=[fill]))
        else:
            code.append(fill)
    return code


def _number(w: ClassWriter, node: e.Expr) -> str:
    """An argument's text: a root or logarithm says more than its decimals."""
    value = w.value(node)
    if not isinstance(node, e.CallExpr) or node.function not in ("log", "log2", "sqrt"):
        return s.text(value)
    of = [argument.value for argument in node.arguments]
    plain = all(isinstance(each, e.Number) for each in of) and value != int(value)
    inner = ", ".join(s.text(w.value(each)) for each in of)
    return f"math.{node.function}({inner})" if plain else s.text(value)


def _may_lack_bias(w: ClassWriter, rule: p.InitRule) -> bool:
    """Whether any layer of the file that the rule is about may have no bias: surely none, or yes.
    To type checkers a convolution may, whatever it was made with."""
    classes = _classes(w, rule)
    program = w.unit.program
    if "Conv" in classes or program.externs:
        return True

    def meant(op: Op) -> bool:
        return op.torch.helper is not None or f"{op.torch.module}" in classes

    return any(
        _without_bias(node, meant)
        for node in every((program.definitions, program.variants, program.constants))
    )


def _without_bias(node: Any, meant: Callable[[Op], bool]) -> bool:
    """Whether a node makes, or may make, a layer without a bias."""
    if isinstance(node, p.Call) and node.kind in ("op", "param"):
        op = node.op
        given = {each.parameter: each.value for each in node.arguments}
        if node.bias is False and (op is None or any(q.default is None for q in _switches(op))):
            if op is None or meant(op):
                return True
    elif isinstance(node, e.CallExpr) and node.function in OPS:
        op = OPS[node.function]
        given = {each.name or "": each.value for each in node.arguments}
    else:
        return False
    if op is None:
        return any(_no_switch(given[name]) for name in _SWITCHES & given.keys())
    return meant(op) and any(
        _no_switch(given[each.name]) if each.name in given else each.default is False
        for each in _switches(op)
    )


# What leaves a layer without a bias where it is false.
_SWITCHES = {"bias", "affine"}


def _switches(op: Op) -> list[OpParam]:
    return [each for each in op.parameters if each.name in _SWITCHES]


def _no_switch(value: e.Expr) -> bool:
    """Whether a switch may be off."""
    return not (isinstance(value, e.Truth) and value.value)


def _bias(value: Any, module: str) -> str:
    for number, scheme in ((0, "zeros"), (1, "ones")):
        if s.same(value, number):
            return f"nn.init.{scheme}_({module}.bias)"
    return f"nn.init.constant_({module}.bias, {s.text(value)})"


def tensor_lines(w: ClassWriter, item: p.Tensor, shape: tuple[Any, ...]) -> tuple[str, list[str]]:
    """A tensor of the definition's own: the expression that makes it, and what fills it after."""
    dims = ", ".join(s.text(dim) for dim in shape)
    w.unit.need("torch")
    scheme, arguments = _scheme(w, item.init)
    if scheme in _MADE:
        return f"torch.{_MADE[scheme]}({dims})", []
    if scheme is not None:
        filled = ", ".join([f"self.{item.name}", *arguments])
        return f"torch.empty({dims})", [f"nn.init.{scheme}_({filled})"]
    value = w.value(item.init)
    if isinstance(value, (int, float)) and value in (0, 1):
        return f"torch.{'ones' if value else 'zeros'}({dims})", []
    size = f"({dims},)" if len(shape) == 1 else f"({dims})"
    if sizes := _sizes(value):
        fits = len(sizes) == len(shape) and all(map(s.same, sizes, shape))
        reshaped = "" if fits else f".reshape({size})"
        return f"torch.tensor({s.text(value)}, dtype=torch.float32){reshaped}", []
    number = float(value) if isinstance(value, int) else value
    return f"torch.full({size}, {s.text(number)})", []


def _sizes(value: Any) -> list[Any]:
    """How many items a list has along each axis, None where that can't be told; a number has none."""
    if isinstance(value, tuple):
        return [len(value), *(_sizes(value[0]) if value else [])]
    if isinstance(value, s.Symbol) and value.op == "loop":
        loop = value.args[0]
        return [None if loop.conditions else _length(loop.iterable), *_sizes(loop.element)]
    return []


def _length(iterable: Any) -> Any:
    if isinstance(iterable, tuple):
        return len(iterable)
    if isinstance(iterable, s.Symbol) and iterable.op == "call" and iterable.args[0] == "range":
        return iterable.args[1] if len(iterable.args) == 2 else None
    return None


def _scheme(w: ClassWriter, node: e.Expr) -> tuple[str | None, list[str]]:
    """The scheme that an expression names, if it names one, with its arguments."""
    if isinstance(node, e.Name) and node.id not in w.scope:
        return node.id, []
    if isinstance(node, e.CallExpr) and node.function not in w.unit.functions:
        from archdsl.values import BUILTINS

        if node.function not in BUILTINS:
            given = [(each.name, _number(w, each.value)) for each in node.arguments]
            return node.function, [
                text if name in (None, "val") else f"{name}={text}" for name, text in given
            ]
    return None, []
