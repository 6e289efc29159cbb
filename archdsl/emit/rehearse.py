"""A module is rehearsed before anyone gets it: built and run as Python does it, without torch.

Stand-ins (`standins.py`) take the place of torch's classes. Each variant's `state_dict` so found
has to be the one of its design, and `forward` has to call each layer as often, and on the shapes,
that the design says. The two come from different sides, the text that was written and the network
that was checked, so that a fault of the emitter is an error here, and never a module that is
silently wrong.

Only what `guard.check` has let through is rehearsed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Sequence
from typing import Any

from archdsl.emit import standins
from archdsl.ir import keys
from archdsl.ir.design import Design, Step
from archdsl.ops.table import OPS

BATCH = 2


class Mismatch(Exception):
    """The module that was written isn't the network that was checked: a fault of archdsl's own."""


def check(tree: ast.Module, designs: Sequence[Design], externs: Collection[str]) -> None:
    """Raise `Mismatch` unless each variant of the module is its design: parameters and buffers,
    key by key, and what runs in training and in evaluation. `externs` are layers that the spec
    declares: what they hold, only Python knows."""
    namespace: dict[str, Any] = {"__name__": "rehearsal", "__builtins__": standins.names()}
    exec(compile(tree, "<rehearsal>", "exec", dont_inherit=True), namespace)
    for design in designs:
        try:
            model = namespace[design.name]()
        except Exception as error:
            raise Mismatch(f"`{design.name}` can't be built: {error!r}") from error
        modules: dict[str, standins.Module] = {}
        found: dict[str, standins.Sizes | None] = {}
        _collect(model, "", modules, found)
        steps = list(design.walk())
        _compare(design.name, keys.state_of(steps, externs), found)
        for training in (True, False) if any(step.aux for step in steps) else (True,):
            due: dict[str, list[Step]] = {}
            for step in steps:
                called = step.path in modules and _is_module(step, externs)
                if called and (training or not step.aux):
                    due.setdefault(step.path, []).append(step)
            _run(design, modules, due, training)


def _is_module(step: Step, externs: Collection[str]) -> bool:
    """Whether a step is a module's: a sum of two values may bear the name of a block."""
    if step.op not in OPS:
        return step.op in externs
    form = OPS[step.op].torch
    return form.module is not None or form.select is not None


def _collect(
    module: standins.Module,
    path: str,
    modules: dict[str, standins.Module],
    state: dict[str, standins.Sizes | None],
) -> None:
    """All modules by path, and the shapes of what they hold."""
    modules[path] = module
    for name, value in module.held.items():
        key = f"{path}.{name}" if path else name
        if isinstance(value, standins.Module):
            _collect(value, key, modules, state)
        elif value is not None:
            state[key] = value.sizes


def _compare(name: str, state: keys.State, found: dict[str, standins.Sizes | None]) -> None:
    for key, shape in state.shapes.items():
        if key not in found:
            raise Mismatch(f"`{name}` lacks {key}")
        if found[key] not in (None, tuple(shape)):
            raise Mismatch(f"{key} of `{name}` is {found[key]}, and {shape} was checked")
    for key in found:
        if not state.known(key):
            raise Mismatch(f"`{name}` has {key}, which was never checked")


def _run(
    design: Design,
    modules: dict[str, standins.Module],
    due: dict[str, list[Step]],
    training: bool,
) -> None:
    """Run `forward`: layers take their output's shape from the design, if they get its input."""
    for path, module in modules.items():
        module.__dict__["training"] = training
        module.__dict__["played"] = _player(path, due[path]) if path in due else None
    inputs = [standins.Tensor(BATCH, *shape) for _, shape in design.inputs]
    try:
        result = modules[""](*inputs)
    except standins.Unfollowed:
        return
    except Mismatch as error:
        raise Mismatch(f"`{design.name}`: {error}") from error
    except Exception as error:
        raise Mismatch(f"`forward` of `{design.name}` fails: {error!r}") from error
    if left := [step for each in due.values() for step in each]:
        # A step whose result goes nowhere may be left out: W609 tells its author.
        idle = design.idle()
        for step in left:
            if step.index not in idle:
                raise Mismatch(f"`forward` of `{design.name}` never comes to {step.path}")
    outputs = result if isinstance(result, (tuple, list)) else (result,)
    if len(outputs) != len(design.outputs) and not design.root.aux:
        raise Mismatch(f"`{design.name}` gives {len(outputs)} results")
    for output, (_, shape) in zip(outputs, design.outputs):
        if isinstance(output, standins.Tensor) and output.sizes not in (None, (BATCH, *shape)):
            raise Mismatch(f"`{design.name}` gives {output.sizes[1:]}, and {shape} was checked")


def _player(path: str, due: list[Step]) -> Callable[..., Any]:
    """What a layer does when it is called: the next of its steps whose input that is."""

    def played(*inputs: Any) -> Any:
        sizes = inputs[0].sizes
        for step in due:
            batch = _batch(step, sizes)
            if batch is not None:
                due.remove(step)
                results = [standins.Tensor(*batch, *shape) for shape in step.outputs]
                return results[0] if len(results) == 1 else results
        checked = " or ".join(str(step.inputs[0]) for step in due) or "no further call"
        raise Mismatch(f"{path} gets {sizes[1:]}, and {checked} was checked")

    return played


def _batch(step: Step, sizes: standins.Sizes | None) -> tuple[int, ...] | None:
    """The batch's axis, if a layer may take its step on a tensor of these sizes: a model's own
    tensors have none."""
    shape = tuple(step.inputs[0])
    if sizes is None or sizes == (BATCH, *shape):
        return (BATCH,)
    return () if sizes == shape and step.op in OPS and OPS[step.op].pointwise else None
