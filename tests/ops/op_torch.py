"""The torch side of the table's tests: builds, runs and measures what an op's entry says."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from archdsl.ops.op import REQUIRED, Args, Argument, Op, Shape, Size, form

BATCH = 2


def names(helper: str | None = None) -> dict[str, Any]:
    """What generated code can name, with a helper's own definitions."""
    known: dict[str, Any] = {
        "math": math,
        "torch": torch,
        "nn": nn,
        "F": F,
        "Tensor": Tensor,
        "Sequence": Sequence,
    }
    if helper:
        exec("from __future__ import annotations\n" + helper, known)
    return known


def plain(value: Any) -> Any:
    """A value as Python code would hold it."""
    return tuple(value) if isinstance(value, Size) else value


def left_out(argument: Argument) -> bool:
    return argument.default is not REQUIRED and argument.value == argument.default


def written(arguments: tuple[Argument, ...]) -> tuple[list[Any], dict[str, Any]]:
    """The arguments that the emitted call has: torch's defaults are left out."""
    given = [argument for argument in arguments if not left_out(argument)]
    positional = [plain(argument.value) for argument in given if argument.name is None]
    return positional, {a.name: plain(a.value) for a in given if a.name is not None}


def module_class(op: Op, args: Args, x: Shape) -> Callable[..., nn.Module]:
    torch_form = form(op, args, x)
    assert torch_form.module is not None
    made: Any = eval(torch_form.module, names(torch_form.helper))
    return made  # type: ignore[no-any-return]


def build(op: Op, args: Args, x: Shape) -> nn.Module:
    """The module that the op becomes."""
    torch_form = form(op, args, x)
    assert torch_form.arguments is not None
    positional, keywords = written(torch_form.arguments(args, x))
    return module_class(op, args, x)(*positional, **keywords)


def text(value: Any) -> str:
    """A value's source text."""
    return repr(plain(value))


def express(op: Op, args: Args, x: Shape, stream: str) -> str:
    """The function form; values that flow are named after their parameters."""
    expression = form(op, args, x).expression
    assert expression is not None
    values = {p.name for p in op.parameters if p.type == "value"}
    texts = {
        name: name if name in values and value is not None else text(value)
        for name, value in args.items()
    }
    return expression(stream, texts)


def runner(op: Op, args: Args, x: Shape) -> Callable[[Tensor], Tensor]:
    """The op as a function of the stream, with weights and values on the stream's device."""
    torch_form = form(op, args, x)
    if torch_form.module is not None:
        module = build(op, args, x)
        return lambda stream: module.to(stream.device)(stream)

    source = express(op, args, x, "x")
    values = [p.name for p in op.parameters if p.type == "value" and args[p.name] is not None]

    def run(stream: Tensor) -> Tensor:
        known = names(torch_form.helper)
        known["x"] = stream
        for name in values:
            known[name] = torch.rand(BATCH, *args[name], device=stream.device)
        result: Tensor = eval(source, known)
        return result

    return run


def measure(op: Op, args: Args, x: Shape, device: str = "meta") -> tuple[Shape, int, int]:
    """Shape, parameters and multiply-adds, each without the batch, as torch finds them."""
    with torch.device(device):
        torch_form = form(op, args, x)
        module = build(op, args, x) if torch_form.module is not None else None
        run = module if module is not None else runner(op, args, x)
        with FlopCounterMode(display=False) as counter:
            out = run(torch.empty(BATCH, *x))
    params = sum(p.numel() for p in module.parameters()) if module is not None else 0
    assert out.shape[0] == BATCH
    return tuple(out.shape[1:]), params, counter.get_total_flops() // 2 // BATCH


def signature(made: Callable[..., Any]) -> list[inspect.Parameter]:
    return list(inspect.signature(made).parameters.values())
