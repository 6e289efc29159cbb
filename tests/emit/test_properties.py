"""What holds for every generated text: the rules of code that reads as written by hand."""

from __future__ import annotations

import ast
import inspect
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
import torch
from emit_text import FOLDERS, ROOT, emitted, specs_in
from torch import nn

from archdsl import driver
from archdsl.diagnostics import Bag

PATHS = [path for folder in FOLDERS for path in specs_in(folder)]
IDS = [os.path.relpath(path, ROOT).removesuffix(".arch") for path in PATHS]


class Text:
    """A generated module, read."""

    def __init__(self, path: str) -> None:
        self.text = emitted(path).text
        self.tree = ast.parse(self.text)
        with open(path, encoding="utf-8") as file:
            self.spec = file.read()

    @property
    def functions(self) -> list[ast.FunctionDef]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)]

    @property
    def calls(self) -> list[ast.Call]:
        return [node for node in ast.walk(self.tree) if isinstance(node, ast.Call)]


_read: dict[str, Text] = {}


@pytest.fixture(params=PATHS, ids=IDS)
def module(request: pytest.FixtureRequest) -> Text:
    path = request.param
    if path not in _read:
        _read[path] = Text(path)
    return _read[path]


def imported(tree: ast.Module) -> Iterator[str]:
    """The modules that a file takes something from."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or "."


def test_imports(module: Text) -> None:
    """torch, the standard library, and what the spec's `extern` names; all of it is used."""
    externs = {name.split(":")[0] for name in re.findall(r'extern .*?= "(.*?)"', module.spec)}
    for name in imported(module.tree):
        top = name.split(".")[0]
        assert top == "torch" or top in sys.stdlib_module_names or name in externs
    bound = {
        alias.asname or alias.name.split(".")[0]
        for node in module.tree.body
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    used = {node.id for node in ast.walk(module.tree) if isinstance(node, ast.Name)}
    assert bound <= used


def test_nothing_unpleasant(module: Text) -> None:
    """No attribute by its text, no star, no leftover of the emitter's own."""
    called = {call.func.id for call in module.calls if isinstance(call.func, ast.Name)}
    assert called.isdisjoint({"setattr", "getattr", "hasattr", "eval", "exec", "vars"})
    assert "import *" not in module.text
    assert not re.search(r"[@\x00\x01]", module.text.split('"""', 2)[2])
    assert not re.search(r"<[a-z]+ [^>]*at 0x|<built-in|Symbol\(|Callee\(", module.text)
    assert all(
        not isinstance(node, (ast.Global, ast.Nonlocal, ast.Delete, ast.Try, ast.Lambda))
        for node in ast.walk(module.tree)
    )


def test_lines_are_short(module: Text) -> None:
    assert [line for line in module.text.splitlines() if len(line) > 88] == []


def assigned(function: ast.FunctionDef) -> dict[str, int]:
    """Local names that a function assigns, and where first."""
    found: dict[str, int] = {}
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.setdefault(node.id, node.lineno)
    return found


def test_every_local_is_read(module: Text) -> None:
    for function in module.functions:
        read = {
            node.id
            for node in ast.walk(function)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
        }
        parameters = {argument.arg for argument in function.args.args}
        names = set(assigned(function)) | parameters - {"self"}
        assert {name for name in names if not name.startswith("_")} <= read, function.name


def test_every_kept_value_is_read(module: Text) -> None:
    """What the constructor keeps beside modules, `forward` (or a user of the block) reads."""
    attributes = [node for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)]
    read = {node.attr for node in attributes if isinstance(node.ctx, ast.Load)}
    stored = {node.attr for node in attributes if isinstance(node.ctx, ast.Store)}
    assert stored <= read


def test_no_statement_does_nothing(module: Text) -> None:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target = node.targets[0]
            assert ast.unparse(target) != ast.unparse(node.value), ast.unparse(node)
        if isinstance(node, ast.AugAssign):
            assert ast.unparse(node.value) not in ("0", "1") or isinstance(node.op, ast.Add)
            assert ast.unparse(node.value) != "0"
        if isinstance(node, ast.If):
            arms = ["\n".join(map(ast.unparse, arm)) for arm in (node.body, node.orelse)]
            assert arms[0] != arms[1], arms[0]
        assert not isinstance(node, ast.Pass)


# Parts of a split, branches and values of several that have no name in the spec.
_PARTS = re.compile(r"(part|branch|x)\d+")


def test_no_numbered_variables(module: Text) -> None:
    """A number in a local's name was written in the spec, tells one module from another, or parts
    of one value."""
    words = set(re.findall(r"[A-Za-z_]\w*", module.spec))
    attributes = {node.attr for node in ast.walk(module.tree) if isinstance(node, ast.Attribute)}
    for function in module.functions:
        numbered = {name for name in assigned(function) if re.search(r"\d$", name)} - words
        numbered = {
            name
            for name in numbered
            if not _PARTS.fullmatch(name)
            and not any(attribute.startswith(name) for attribute in attributes)
        }
        assert not numbered, (function.name, numbered)


def test_parts_are_taken_apart(module: Text) -> None:
    """`x1` stands among its like: it is never one temporary for one step."""
    for function in module.functions:
        names = {name for name in assigned(function) if _PARTS.fullmatch(name)}
        for name in names:
            stem = name.rstrip("0123456789")
            assert {f"{stem}1", f"{stem}2"} <= names, (function.name, name)


SIGNATURES = {
    name: inspect.signature(member).parameters
    for name, member in vars(nn).items()
    if inspect.isclass(member) and issubclass(member, nn.Module)
}


def layers(module: Text) -> Iterator[tuple[str, ast.Call]]:
    """The calls of torch's own modules."""
    for call in module.calls:
        if isinstance(call.func, ast.Attribute) and ast.unparse(call.func.value) == "nn":
            if call.func.attr in SIGNATURES:
                yield call.func.attr, call


def test_defaults_are_left_out(module: Text) -> None:
    for name, call in layers(module):
        parameters = SIGNATURES[name]
        for keyword in call.keywords:
            if keyword.arg is None or not isinstance(keyword.value, ast.Constant):
                continue
            default = parameters[keyword.arg].default
            value = keyword.value.value
            same = value == default and isinstance(value, bool) == isinstance(default, bool)
            assert not same, ast.unparse(call)


def test_arguments_are_torchs(module: Text) -> None:
    """Channels go by position, the rest by keyword; square sizes are numbers."""
    for name, call in layers(module):
        parameters = list(SIGNATURES[name])
        assert all(keyword.arg in parameters for keyword in call.keywords if keyword.arg)
        if name.startswith("Conv") and not any(isinstance(a, ast.Starred) for a in call.args):
            assert len(call.args) == 2, ast.unparse(call)
        if name.startswith(("MaxPool", "AvgPool")):
            assert not call.args, ast.unparse(call)
        for keyword in call.keywords:
            if isinstance(keyword.value, ast.Tuple) and len(keyword.value.elts) == 2:
                first, second = map(ast.unparse, keyword.value.elts)
                assert first != second, ast.unparse(call)


def test_every_result_is_a_tensor_to_the_type_checker(module: Text) -> None:
    """`return self.fc(x)` would be Any."""
    for function in module.functions:
        if function.name == "forward":
            for node in ast.walk(function):
                if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                    assert not ast.unparse(node.value.func).startswith("self.")


def test_adds_are_out_of_place(module: Text) -> None:
    for function in module.functions:
        if function.name == "forward":
            assert not any(isinstance(node, ast.AugAssign) for node in ast.walk(function))


def test_order_and_docstrings(module: Text) -> None:
    """Classes stand before their use; each has a sentence, and shapes if it isn't a result."""
    seen: set[str] = set()
    names = {node.name for node in module.tree.body if isinstance(node, ast.ClassDef)}
    for node in module.tree.body:
        if isinstance(node, ast.ClassDef):
            used = {
                each.id
                for function in node.body
                if isinstance(function, ast.FunctionDef)
                for each in ast.walk(function)
                if isinstance(each, ast.Name)
            }
            assert used & names <= {*seen, node.name}, node.name
            seen.add(node.name)
            doc = ast.get_docstring(node)
            assert doc
            if re.search(rf"\b(block|sequence|model) {node.name}\b", module.spec):
                assert "Shape: " in doc
        elif isinstance(node, ast.FunctionDef):
            assert ast.get_docstring(node)


def test_docstrings_are_closed_as_black_does(module: Text) -> None:
    """No space at either end; the quotes of several lines stand alone."""
    for node in ast.walk(module.tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                raw = ast.get_source_segment(module.text, first) or ""
                inner = raw.strip('"')
                assert inner == inner.lstrip()
                if "\n" in raw:
                    assert raw.rsplit("\n", 1)[1].strip() == '"""'
                else:
                    assert inner == inner.rstrip()
                assert all(line == line.rstrip() for line in raw.split("\n"))


def test_shapes_name_what_the_class_knows(module: Text) -> None:
    """The sizes in a class's docstring are of its arguments and inputs."""
    for node in module.tree.body:
        doc = ast.get_docstring(node) if isinstance(node, ast.ClassDef) else None
        if doc is None or "Shape: " not in doc:
            continue
        (init,) = (f for f in node.body if isinstance(f, ast.FunctionDef) and f.name == "__init__")
        known = {argument.arg for argument in init.args.args}
        words = set(re.findall(r"(?<![\w\"'])[a-z_]\w*(?![\w\"'(])", doc.split("Shape: ")[1]))
        inputs = {f"{word}_channels" for word in ("in", "x")} | _WORDS
        unknown = {word for word in words - known - inputs if not word.endswith("_channels")}
        assert not unknown, (node.name, unknown)


_WORDS = set("if else for in is and or not of list ceil floor len sum max min i math".split())


@pytest.mark.parametrize("path", PATHS[::6], ids=IDS[::6])
def test_a_second_compile_gives_the_same(path: str) -> None:
    bag = Bag()
    again = driver.emit(path, bag)
    assert again is not None
    assert again[1] == emitted(path).text


def test_hashes_do_not_matter() -> None:
    """Another process with other hashes writes the same bytes."""
    program = (
        "import sys; from archdsl import driver; from archdsl.diagnostics import Bag\n"
        "sys.stdout.reconfigure(encoding='utf-8')\n"
        "for path in sys.argv[1:]: print(driver.emit(path, Bag())[1], end='\\0')\n"
    )
    names = ("residuals", "parted", "value_families", "efficientnet", "mobilenet_v3", "hrnet")
    paths = [path for path in PATHS if os.path.basename(path).removesuffix(".arch") in names]
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", program, *paths],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": ROOT},
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        for seed in ("1", "2")
    ]
    for run in runs:
        written, _ = run.communicate()
        assert run.returncode == 0
        assert written.split("\0")[:-1] == [emitted(path).text for path in paths]


def test_nothing_runs_at_import(module: Text) -> None:
    """A module is a docstring, imports, constants, classes and functions."""
    kinds = (ast.Expr, ast.Import, ast.ImportFrom, ast.Assign, ast.ClassDef, ast.FunctionDef)
    assert all(isinstance(node, kinds) for node in module.tree.body)
    assert sum(isinstance(node, ast.Expr) for node in module.tree.body) == 1


def test_torch_is_at_hand() -> None:
    """The signatures that the tests above compare with are torch's."""
    assert SIGNATURES["Conv2d"]["stride"].default == 1
    assert issubclass(nn.Conv2d, torch.nn.Module)
