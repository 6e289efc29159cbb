"""Specs compiled in memory: their text, and modules made of a text."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from types import ModuleType
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from archdsl import driver
from archdsl.diagnostics import Bag, Diagnostic
from archdsl.emit import emit as emitter
from archdsl.ir.design import Design
from archdsl.render import render_all

# The tests run beside each other already: more threads each would wait for one another.
torch.set_num_threads(1)

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CONSTRUCTS = os.path.join(HERE, "specs")
FOLDERS = (CONSTRUCTS, os.path.join(ROOT, "specs"), os.path.join(ROOT, "tests", "outside", "specs"))


def specs_in(folder: str) -> list[str]:
    return [
        os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".arch")
    ]


class Emitted(NamedTuple):
    """The text of a spec, and what the checker knows of its variants."""

    text: str
    designs: tuple[Design, ...]


@functools.cache
def emitted(path: str) -> Emitted:
    bag = Bag()
    checked = driver.check(path, bag)
    assert checked is not None, render_all(bag.items)
    text = emitter.emit(checked.program, checked.designs, bag)
    assert not bag.failed, render_all(bag.items)
    return Emitted(text, checked.designs)


def findings(path: str) -> list[Diagnostic]:
    """The errors that compiling a spec reports."""
    bag = Bag()
    driver.emit(path, bag)
    return [item for item in bag.items if item.severity == "error"]


_numbers = itertools.count()


def module_of(text: str) -> ModuleType:
    """A module of a text, imported as any other."""
    module = ModuleType(f"emitted_{next(_numbers)}")
    sys.modules[module.__name__] = module
    exec(compile(text, module.__name__, "exec", dont_inherit=True), module.__dict__)
    return module


def meta(factory: Any, **arguments: Any) -> nn.Module:
    """A model without values."""
    with torch.device("meta"):
        made: nn.Module = factory(**arguments)
    return made


def images(design: Design, batch: int, device: str = "cpu") -> tuple[Tensor, ...]:
    """An image for every input of a model."""
    return tuple(torch.randn(batch, *shape, device=device) for _, shape in design.inputs)


def results_of(result: Any) -> tuple[Tensor, ...]:
    """All tensors that a model returns; side heads that don't exist are None."""
    parts = (result,) if isinstance(result, Tensor) else tuple(result)
    return tuple(part for part in parts if part is not None)
