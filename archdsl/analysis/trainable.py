"""Whether a variant is one that recipes train: pictures in, one vector of scores out."""

from __future__ import annotations

from archdsl.analysis.notes import dims, error
from archdsl.ir.design import Leaf, Section, Sub, flat
from archdsl.ir.program import Aux

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from archdsl.ir.design import Design, Instance
    from archdsl.ops.op import Shape
    from archdsl.source import Span


def check_trainable(design: Design, at: Span) -> None:
    """Refuse a model that is no classifier of pictures. `at` is where the recipe names it."""
    definition, name = design.root.definition, design.name
    if len(design.inputs) > 1 or len(design.outputs) > 1:
        inputs, outputs = len(design.inputs), len(design.outputs)
        what = f"takes {inputs} inputs" if inputs > 1 else f"gives {outputs} outputs"
        raise error(
            "E613",
            f"a recipe trains a model that takes pictures and gives one vector of scores, and "
            f"`{name}` {what}",
            at,
            others=((definition.span, "the model"),),
            notes=(
                "how several values come from data, or go into a loss, can't be said in a spec",
            ),
            help="name the variants that it is for: `train name for a, b { ... }`, and train this "
            "one by a script of your own",
        )
    ((_, taken),), ((_, given),) = design.inputs, design.outputs
    if len(taken) != 3 or taken[0] not in (1, 3):
        raise error(
            "E613",
            f"a recipe decodes pictures to 1 or 3 channels, and `{name}` takes {dims(taken)}",
            at,
            others=((definition.inputs[0].span, "its input"),),
            help="name the variants that it is for: `train name for a, b { ... }`",
        )
    for head in design.aux:
        if head.output != given:
            raise error(
                "E613",
                f"the side head `{head.path}` of `{name}` gives {dims(head.output)}, and the model "
                f"itself {dims(given)}: they can't have one loss",
                at,
                others=_of_head(design.root.nodes, head.path),
                help=_as_the_model(given),
            )
    if len(given) != 1:
        raise error(
            "E613",
            f"a recipe trains a model that gives one vector of scores, and `{name}` gives "
            f"{dims(given)}",
            at,
            others=((definition.outputs[0].span, "its output"),),
            help="name the variants that it is for: `train name for a, b { ... }`",
        )


def _as_the_model(given: Shape) -> str | None:
    if len(given) != 1:
        return None
    return f"end it as the model ends, in a vector of {given[0]} scores"


def _of_head(nodes: Iterable[Any], path: str) -> tuple[tuple[Span, str], ...]:
    """Where a side head stands, and the last step in it."""
    for node in nodes:
        if not isinstance(node, Section):
            continue
        item = node.item
        if isinstance(item, Aux) and item.name == path.rpartition(".")[2]:
            inner: Any = node
            while not isinstance(inner, Leaf):
                steps = list(flat((inner.instance if isinstance(inner, Sub) else inner).nodes))
                if not steps:
                    return ((item.span, "the side head"),)
                inner = steps[-1]
            return (item.span, "the side head"), (inner.item.span, "its last step")
        found = _of_head(node.nodes, path)
        if found:
            return found
    return ()


def classes_of(design: Design) -> int:
    """How many classes a classifier tells apart."""
    ((_, shape),) = design.outputs
    (classes,) = shape
    return int(classes)


def last_op(design: Design) -> str | None:
    """The op that makes the model's output, if one does."""
    return _maker(design.root, design.root.results[0])


def _maker(instance: Instance, number: int) -> str | None:
    for node in flat(instance.nodes):
        if isinstance(node, Leaf):
            if node.first <= number < node.first + len(node.cost.outputs):
                return str(node.cost.op)
        elif node.first <= number < node.first + len(node.instance.results):
            return _maker(node.instance, node.instance.results[number - node.first])
    return None
