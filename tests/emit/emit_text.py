"""Specs compiled in memory: their text, and modules made of a text."""

from __future__ import annotations

import functools
import itertools
import os
import sys
from pathlib import Path
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


def compare(spec: str, folder: Path) -> ModuleType:
    """Write the module of a spec, and hold each of its variants to what was checked."""
    path = folder / "spec.arch"
    path.write_text(spec, encoding="utf-8")
    bag = Bag()
    checked = driver.check(str(path), bag)
    assert checked is not None, render_all(bag.items)
    text = emitter.emit(checked.program, checked.designs, bag)
    assert not bag.failed, render_all(bag.items)
    module = module_of(text)
    for design in checked.designs:
        model = meta(getattr(module, design.name)).eval()
        assert sum(each.numel() for each in model.parameters()) == design.params
        with torch.no_grad():
            result = results_of(model(*images(design, 1, "meta")))
        assert [tuple(part.shape[1:]) for part in result] == [shape for _, shape in design.outputs]
        paths = {step.path: step.outputs[0] for step in design.walk()}
        for key, child in model.named_modules():
            if isinstance(child, (nn.Conv2d, nn.Linear)):
                assert paths[key][0] == child.weight.shape[0], key
        real = getattr(module, design.name)()
        outputs = results_of(real(*images(design, 2)))
        torch.stack([output.sum() for output in outputs]).sum().backward()
    return module
