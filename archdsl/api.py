"""The functions of the package: the verbs of the command line, from Python."""

from __future__ import annotations

import builtins
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from archdsl import CompileError, driver
from archdsl.diagnostics import Bag, SpecError

if TYPE_CHECKING:
    from types import ModuleType

    from archdsl import Input, Path
    from archdsl.checkpoint import Tensor
    from archdsl.diagnostics import Diagnostic
    from archdsl.ir.design import Design


def check(path: Path, input: Input | None, root: Path | None) -> tuple[Diagnostic, ...]:
    bag = Bag()
    driver.check(os.fspath(path), bag, _input(input), _root(root))
    return tuple(bag.items)


def compile(path: Path, output_dir: Path, root: Path | None) -> driver.Compiled:
    from archdsl import output

    bag = Bag()
    for job in output.plan([os.fspath(path)], os.fspath(output_dir), bag, _root(root)):
        compiled = driver.compile(job, bag)
        if compiled is not None:
            return compiled
    raise CompileError(tuple(bag.items))


def summary(
    path: Path, variant: str | None, input: Input | None, root: Path | None
) -> list[dict[str, Any]]:
    bag = Bag()
    checked = driver.check(os.fspath(path), bag, _input(input), _root(root))
    if checked is None:
        raise CompileError(tuple(bag.items))
    return [driver.figures(checked, design) for design in _designs(checked, path, variant)]


def weights(
    path: Path, checkpoint: Path, variant: str | None, source: str | None, root: Path | None
) -> dict[str, Tensor]:
    from archdsl import fitting

    bag = Bag()
    checked = driver.check(os.fspath(path), bag, root=_root(root))
    if checked is None:
        raise CompileError(tuple(bag.items))
    _designs(checked, path, variant)
    try:
        return fitting.load(checked, os.fspath(checkpoint), variant, source)[1]
    except SpecError as failure:
        raise CompileError((failure.diagnostic,)) from failure


def _designs(checked: driver.Checked, path: Path, variant: str | None) -> tuple[Design, ...]:
    """The designs of a variant, of all for None. ValueError where there is no such variant."""
    designs = checked.named(variant)
    if variant is not None and not designs:
        known = ", ".join(design.name for design in checked.designs)
        raise ValueError(f"{os.fspath(path)} has no variant {variant!r}; it has {known}")
    return designs


def load(path: Path, root: Path | None) -> ModuleType:
    bag = Bag()
    emitted = driver.emit(os.fspath(path), bag, _root(root))
    if emitted is None:
        raise CompileError(tuple(bag.items))
    program, text = emitted
    return _module(program.source.origin, text)


def _module(origin: str, text: str) -> ModuleType:
    """A module of a text; the same one for the same text."""
    import linecache
    from types import ModuleType

    from archdsl.store import digest

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
        # Not with the future statements of this file: as a file of its own.
        exec(builtins.compile(text, file, "exec", dont_inherit=True), module.__dict__)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _root(root: Path | None) -> str | None:
    return None if root is None else os.fspath(root)


def _input(input: Input | None) -> driver.Input | None:
    """A shape, or shapes by the names of inputs."""
    if isinstance(input, Mapping):
        return {name: _shape(each) for name, each in input.items()}
    return None if input is None else _shape(input)


def _shape(input: str | Sequence[int]) -> tuple[int, ...]:
    """`"3x192x192"` or `(3, 192, 192)`."""
    try:
        sizes = tuple(int(part) for part in (input.split("x") if isinstance(input, str) else input))
    except (TypeError, ValueError):
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise ValueError(f"input {input!r} is not of the form '3x192x192' or (3, 192, 192)")
    return sizes
