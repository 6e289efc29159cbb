"""Initialisation, as the spec's `init` asks for it: one loop over the modules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl import expr as e
from archdsl.emit import symbol as s
from archdsl.emit.code import Block, Code
from archdsl.ir import program as p
from archdsl.ops.op import form

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter

# What fills a tensor while it is made; other schemes fill it afterwards.
_MADE = {"zeros": "zeros", "ones": "ones"}


def init_loop(w: ClassWriter) -> Code:
    """The loop at the end of the constructor; nothing where the spec asks for nothing."""
    rules = w.definition.init
    if not rules:
        return []
    branches: list[Block] = []
    for rule in rules:
        word = "elif" if branches else "if"
        header = f"{word} isinstance(module, {_classes(w, rule)}):"
        branches.append(Block(header=header, body=_fill(w, rule)))
    return ["", Block(header="for module in self.modules():", body=list(branches))]


def _classes(w: ClassWriter, rule: p.InitRule) -> str:
    names: list[str] = []
    for kind in rule.kinds:
        op = w.unit.op(kind)
        args = {param.name: param.default for param in op.parameters}
        shape = (1,) if op.rank == 1 else (1, 1, 1)
        name = op.torch.module or form(op, args, shape).module
        if name is not None and name not in names:
            names.append(name)
    return names[0] if len(names) == 1 else f"({', '.join(names)})"


def _fill(w: ClassWriter, rule: p.InitRule) -> Code:
    arguments = [
        (
            f"{argument.parameter}={s.text(w.value(argument.value))}"
            if argument.parameter != "val"
            else s.text(w.value(argument.value))
        )
        for argument in rule.arguments
    ]
    code: Code = [f"nn.init.{rule.scheme}_({', '.join(['module.weight', *arguments])})"]
    if rule.bias is not None:
        code.append(Block(header="if module.bias is not None:", body=[_bias(w.value(rule.bias))]))
    return code


def _bias(value: Any) -> str:
    if s.same(value, 0):
        return "nn.init.zeros_(module.bias)"
    return f"nn.init.constant_(module.bias, {s.text(value)})"


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
    if isinstance(value, tuple):
        return f"torch.tensor({s.text(value)}, dtype=torch.float32).reshape({size})", []
    number = float(value) if isinstance(value, int) else value
    return f"torch.full({size}, {s.text(number)})", []


def _scheme(w: ClassWriter, node: e.Expr) -> tuple[str | None, list[str]]:
    """The scheme that an expression names, if it names one, with its arguments."""
    if isinstance(node, e.Name) and node.id not in w.scope:
        return node.id, []
    if isinstance(node, e.CallExpr) and node.function not in w.unit.functions:
        from archdsl.values import BUILTINS

        if node.function not in BUILTINS:
            given = [(argument.name, w.value(argument.value)) for argument in node.arguments]
            return node.function, [
                s.text(value) if name in (None, "val") else f"{name}={s.text(value)}"
                for name, value in given
            ]
    return None, []
