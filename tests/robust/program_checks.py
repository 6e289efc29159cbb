"""`python tests/robust/program_checks.py`: random specs that are right, and what holds for each.

It prints, parses and prints to the same text. Its module imports; the shape of every node, the
parameters and the multiply-adds are torch's own on the meta device; the backward pass reaches every
parameter; black finds nothing to do; a second compile gives the same bytes. With a fault of shapes
put into it, it is refused at that place.
"""

from __future__ import annotations

import argparse
import functools
import os
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from types import ModuleType
from typing import Any, ClassVar

import black
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.emit import emit as emitter
from archdsl.ir.design import Design
from archdsl.render import report
from archdsl.source import Source
from archdsl.syntax import parser, printer

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

import programs
from executor import Executor
from programs import Program
from random_weights import random_state

# What right specs may be refused for when they are written: limits of the emitter, each documented.
LIMITS = frozenset({"E511", "E513", "E518", "E519", "E522", "E525", "E527"})

aten = torch.ops.aten
NORMS = {
    each.default
    for each in (aten.native_batch_norm, aten.native_layer_norm, aten.native_group_norm)
}


class Norms(TorchDispatchMode):
    """Torch's own shapes of norms on the meta device, each worked out once: it does that in Python,
    in the time of ten convolutions."""

    known: ClassVar[dict[Any, list[torch.Size]]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in NORMS:
            return func(*args, **(kwargs or {}))
        key = func, str([each.shape if isinstance(each, Tensor) else each for each in args])
        if key not in self.known:
            self.known[key] = [part.shape for part in func(*args)]
        return tuple(torch.empty(shape, device="meta") for shape in self.known[key])


def check_program(program: Program, folder: str) -> tuple[str, ...]:
    """Hold a program to all of the above. The codes for which it was not written, if any."""
    path = write(program, folder)
    check_text(program.text)
    bag = Bag()
    checked = driver.check(path, bag)
    assert checked is not None, report(bag.items)
    text = emitter.emit(checked.program, checked.designs, bag)
    refused = tuple(item.code for item in bag.items if item.severity == "error")
    if refused:
        assert set(refused) <= LIMITS, report(bag.items)
        return refused
    check_module(text, checked.designs)
    again = driver.emit(path, Bag())
    assert again is not None
    assert again[1] == text
    return ()


def write(program: Program, folder: str) -> str:
    for name, text in program.files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)
    return os.path.join(folder, "main.arch")


def check_text(text: str) -> None:
    """What is printed parses to the same tree, and prints to itself."""
    file = parser.parse(Source("main.arch", text), Bag())
    assert file is not None
    printed = printer.print_file(file)
    again = parser.parse(Source("main.arch", printed), Bag())
    assert again is not None
    assert (again.doc, again.items) == (file.doc, file.items)
    assert printer.print_file(again) == printed


def check_module(text: str, designs: tuple[Design, ...]) -> None:
    assert black.format_str(text, mode=black.Mode()) == text
    module = ModuleType("program")
    sys.modules["program"] = module
    exec(compile(text, "program", "exec", dont_inherit=True), module.__dict__)
    for design in designs:
        with torch.device("meta"):
            model = getattr(module, design.name)().eval()
        check_figures(model, design)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = getattr(module, designs[0].name)()
        check_backward(model, designs[0])
        check_values(model, designs[0])


def check_figures(model: nn.Module, design: Design) -> None:
    """Parameters, multiply-adds, what comes out, and what every module gives."""
    parameters = sum(parameter.numel() for parameter in model.parameters())
    assert parameters == design.params, (design.name, parameters, design.params)
    seen: dict[str, list[tuple[int, ...]]] = {}

    def keep(path: str, module: nn.Module, given: Any, output: Tensor) -> None:
        seen.setdefault(path, []).append(tuple(output.shape))

    for path, child in model.named_modules():
        if type(child).__module__.startswith("torch.") and not list(child.children()):
            child.register_forward_hook(functools.partial(keep, path))
    images = [torch.empty(2, *shape, device="meta") for _, shape in design.inputs]
    with FlopCounterMode(display=False) as counter, torch.no_grad(), Norms():
        result = model(*images)
    assert counter.get_total_flops() == 4 * design.macs, design.name
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    assert [tuple(part.shape[1:]) for part in results] == [shape for _, shape in design.outputs]
    announced: dict[str, list[tuple[int, ...]]] = {}
    for step in design.walk():
        if step.path in seen and not step.aux:
            announced.setdefault(step.path, []).append(tuple(step.outputs[0]))
    assert announced.keys() == seen.keys(), design.name
    for path, shapes in announced.items():
        # What is made of the model's own tensors alone has no batch.
        assert [shape[-len(due) :] for shape, due in zip(seen[path], shapes, strict=True)] == shapes


def check_backward(model: nn.Module, design: Design) -> None:
    result = model.train()(*(torch.randn(2, *shape) for _, shape in design.inputs))
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    total = torch.stack([part.square().mean() for part in results if part is not None]).sum()
    total.backward()  # type: ignore[no-untyped-call]
    missing = [key for key, value in model.named_parameters() if value.grad is None]
    assert not missing, missing


def check_values(model: nn.Module, design: Design) -> None:
    """What the model computes is what its design says, node by node."""
    model.load_state_dict(random_state(model))
    images = tuple(torch.randn(2, *shape) for _, shape in design.inputs)
    with torch.no_grad():
        due = Executor(design, model.eval()).run(images)
        result = model(*images)
    results = (result,) if isinstance(result, Tensor) else tuple(result)
    for found, expected in zip(results, due, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-3, atol=1e-4)


def check_planted(program: Program, dice: random.Random, folder: str) -> None:
    """With a fault in it, the program is refused, first of all for that."""
    text, line = program.planted(dice)
    bag = Bag()
    assert driver.check(write(program, folder), bag, text=text) is None, text
    found = [item for item in bag.items if item.severity == "error"]
    lines = {item.label.span.source.position(item.label.span.start)[0] for item in found}
    assert line in lines, (line, text, report(found))


def main() -> int:
    parser = argparse.ArgumentParser(prog="python tests/robust/program_checks.py")
    parser.description = __doc__
    parser.add_argument("--seed", type=int, default=0, help="the first of the programs' seeds")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--keep", metavar="DIR", help="where programs that fail are left")
    options = parser.parse_args()
    torch.set_num_threads(1)
    start = time.monotonic()
    counted: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.seed, options.seed + options.count):
            program = programs.make(seed)
            try:
                refused = check_program(program, folder)
                counted["+".join(sorted({*refused})) or "right"] += 1
                if program.places:
                    check_planted(program, random.Random(f"fault {seed}"), folder)
            except Exception:
                counted["failed"] += 1
                print(f"seed {seed}\n{traceback.format_exc(limit=-4)}", flush=True)
                if options.keep:
                    os.makedirs(os.path.join(options.keep, str(seed)), exist_ok=True)
                    write(program, os.path.join(options.keep, str(seed)))
    words = ", ".join(f"{count} {word}" for word, count in counted.most_common())
    print(f"seeds from {options.seed}: {words}; {time.monotonic() - start:.0f} s")
    return 1 if counted["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
