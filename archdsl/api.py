"""The functions of the package: the verbs of the command line, from Python."""

from __future__ import annotations

import builtins
import os
import sys
from typing import TYPE_CHECKING, Any

from archdsl import CompileError, driver
from archdsl.diagnostics import Bag

if TYPE_CHECKING:
    from types import ModuleType

    from archdsl import Input, Path
    from archdsl.diagnostics import Diagnostic


def check(path: Path, input: Input | None) -> tuple[Diagnostic, ...]:
    bag = Bag()
    driver.check(os.fspath(path), bag, _size(input))
    return tuple(bag.items)


def compile(path: Path, output_dir: Path) -> driver.Compiled:
    from archdsl import output

    bag = Bag()
    for job in output.plan([os.fspath(path)], os.fspath(output_dir), bag):
        compiled = driver.compile(job, bag)
        if compiled is not None:
            return compiled
    raise CompileError(tuple(bag.items))


def summary(path: Path, variant: str | None, input: Input | None) -> list[dict[str, Any]]:
    bag = Bag()
    checked = driver.check(os.fspath(path), bag, _size(input))
    if checked is None:
        raise CompileError(tuple(bag.items))
    designs = checked.named(variant)
    if variant is not None and not designs:
        known = ", ".join(design.name for design in checked.designs)
        raise ValueError(f"{os.fspath(path)} has no variant {variant!r}; it has {known}")
    return [driver.figures(checked, design) for design in designs]


def load(path: Path) -> ModuleType:
    bag = Bag()
    name = os.fspath(path)
    emitted = driver.emit(name, bag)
    if emitted is None:
        raise CompileError(tuple(bag.items))
    program, text = emitted
    return _module(program.source.origin, text)


def _module(origin: str, text: str) -> ModuleType:
    """A module of a text; the same one for the same text."""
    import linecache
    from types import ModuleType

    from archdsl.cache import digest

    stem = "".join(char if char.isalnum() else "_" for char in os.path.basename(origin))
    name = f"archdsl_{stem}_{digest(f'{origin} {text}'.encode())[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    file = f"<{origin} as {name}>"
    module = ModuleType(name)
    module.__file__ = file
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    sys.modules[name] = module
    try:
        exec(builtins.compile(text, file, "exec"), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _size(input: Input | None) -> tuple[int, ...] | None:
    """`"3x192x192"` or `(3, 192, 192)`."""
    if input is None:
        return None
    try:
        sizes = tuple(int(part) for part in (input.split("x") if isinstance(input, str) else input))
    except (TypeError, ValueError):
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise ValueError(f"input {input!r} is not of the form '3x192x192' or (3, 192, 192)")
    return sizes
