"""A spec is text from anywhere: none of it becomes code, and no name breaks what is written."""

from __future__ import annotations

import ast
import builtins
import keyword
import os
import socket
from pathlib import Path
from typing import Any

import pytest
import torch

from archdsl import driver, files, output, reserved
from archdsl.diagnostics import Bag
from archdsl.emit import guard

NASTY = (
    '"',
    '"""',
    "'''",
    '""""',
    "\\",
    "\\\\",
    "a\\",
    'a"',
    "'",
    "{}",
    "{x}",
    "{{x}}",
    "{__import__('os')}",
    "%s %(x)s",
    "\\N{BULLET}",
    "\\x41",
    "\\u202e",
    "\n",
    "a\nimport os",
    '\n"""\nimport os\n"""',
    "\r",
    "\r\nimport os",
    "\f",
    "\v",
    "\0",
    "\x1b[31m",
    "\x7f",
    "\x85",
    "\u2028import os",
    "\u2029",
    "\u202e",
    "\u2066",
    "\ufeff",
    "\u200b",
    "\U0010ffff",
    "#",
    "# type: ignore",
    "<script>",
    "{{ 7 * 7 }}",
    "{% raw %}",
    "$(id)",
    "x" * 5000,
    "é網𝒩",
)
SPEC = """{head}
paper {{ title: {text}, year: 2020, url: {text} }}
{doc}
block B(kind = {text}) {{
    {inner}
    require kind != "none": {braced}
    conv(4, 3x3) -> bn -> relu
}}
model M: [3, 8, 8] -> [4, 8, 8] {{ B -> B(kind={text}) }}
variant m = M()
"""


def quoted(text: str) -> str:
    """A string of the language."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\0": "\\0"}
    return '"' + "".join(escapes.get(char, char) for char in text) + '"'


def emitted(path: Path, text: str) -> tuple[str | None, Bag]:
    path.write_text(text, encoding="utf-8", newline="")
    bag = Bag()
    found = driver.emit(str(path), bag)
    return (None if found is None else found[1]), bag


def strings(tree: ast.AST) -> set[str]:
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


@pytest.mark.parametrize("nasty", NASTY, ids=ascii)
def test_strings_stay_strings(tmp_path: Path, nasty: str) -> None:
    braced = quoted(nasty).replace("{", "{{").replace("}", "}}")
    spec = SPEC.format(text=quoted(nasty), braced=braced, head="", doc="", inner="")
    text, bag = emitted(tmp_path / "net.arch", spec)
    assert text is not None, [str(item) for item in bag.items]
    assert all(char.isprintable() or char == "\n" for char in text)
    tree = ast.parse(text)
    assert [
        type(node) for node in tree.body if not isinstance(node, (ast.Import, ast.ImportFrom))
    ] == [
        ast.Expr,
        ast.ClassDef,
        ast.ClassDef,
        ast.FunctionDef,
    ]
    assert nasty in strings(tree)


@pytest.mark.parametrize("nasty", [text for text in NASTY if "\0" not in text], ids=ascii)
def test_docstrings_stay_docstrings(tmp_path: Path, nasty: str) -> None:
    inside = nasty.replace("\\", "\\\\").replace('"', '\\"')
    doc = f'"""Doc {inside} end."""'
    for head, inner in ((doc, ""), ("", doc)):
        path = tmp_path / "net.arch"
        spec = f"{head}\nmodel M: [3, 8, 8] -> [4, 8, 8] {{\n{inner}\nconv(4, 3x3)\n}}\nvariant m = M()\n"
        text, bag = emitted(path, spec)
        assert text is not None, [str(item) for item in bag.items]
        assert all(char.isprintable() or char == "\n" for char in text)
        assert {type(node) for node in ast.parse(text).body} <= {
            ast.Expr,
            ast.Import,
            ast.ImportFrom,
            ast.ClassDef,
            ast.FunctionDef,
        }


@pytest.mark.parametrize(
    "nasty", ['a"b', "a\\b", 'a"""b', "a'b", "a\nb", "a{b}", "a\u202eb", "a#b", "-a"]
)
def test_names_of_folders(tmp_path: Path, nasty: str) -> None:
    folder = tmp_path / nasty
    folder.mkdir()
    spec = "model M: [3, 8, 8] -> [4, 8, 8] { conv(4, 3x3) }\nvariant m = M()\n"
    text, _ = emitted(folder / "net.arch", spec)
    assert text is not None
    assert all(char.isprintable() or char == "\n" for char in text)
    ast.parse(text)


PLACES = {
    "model": "model NAME: [3, 8, 8] -> [_, 8, 8] { conv(4, 3x3) }\nvariant v = NAME()",
    "block": "block NAME { conv(4, 3x3) -> bn }\nmodel M: [3, 8, 8] -> [_, 8, 8] { NAME -> again: NAME }\nvariant v = M()",
    "sequence": "sequence NAME { conv(4, 3x3) -> bn }\nmodel M: [3, 8, 8] -> [_, 8, 8] { NAME }\nvariant v = M()",
    "variant": "model M: [3, 8, 8] -> [_, 8, 8] { conv(4, 3x3) }\nvariant NAME = M()",
    "parameter": "block B(NAME) { conv(NAME, 3x3) -> relu -> conv(NAME, 1x1) }\n"
    "model M(NAME = 4): [3, 8, 8] -> [_, 8, 8] { B(NAME) }\nvariant v = M()\nvariant w = M(8)",
    "label": "model M: [3, 8, 8] -> [_, 8, 8] { NAME: conv(4, 3x3) -> relu }\nvariant v = M()",
    "family": "model M: [3, 8, 8] -> [_, 8, 8] { for i in range(3) { NAME[i]: conv(4, 3x3) } }\nvariant v = M()",
    "part": "model M: [3, 8, 8] -> [_, 8, 8] { stage NAME { conv(4, 3x3) -> relu } }\nvariant v = M()",
    "value": "model M: [3, 8, 8] -> [_, 8, 8] { conv(4, 3x3) as NAME\nconv(4, 3x3) as other\nfrom NAME + other }\nvariant v = M()",
    "values": "model M: [3, 8, 8] -> [_, 8, 8] { for i in range(3) { conv(4, 3x3) as NAME[i] }\nfrom NAME -> concat }\nvariant v = M()",
    "let": "block B(n) { let NAME = 2 * n\nconv(NAME, 3x3) -> conv(NAME, 1x1) }\nmodel M(n = 4): [3, 8, 8] -> [_, 8, 8] { B(n) }\nvariant v = M()\nvariant w = M(8)",
    "file_let": "let NAME = [4, 8]\nmodel M: [3, 8, 8] -> [_, 8, 8] { for n in NAME { conv(n, 3x3) } }\nvariant v = M()",
    "fn": "fn NAME(n) = 2 * n\nblock B(n) { conv(NAME(n), 3x3) }\nmodel M(n = 4): [3, 8, 8] -> [_, 8, 8] { B(n) }\nvariant v = M()\nvariant w = M(8)",
    "loop": "block B(ns) { for NAME in ns { conv(NAME, 3x3) } }\nmodel M: [3, 8, 8] -> [_, 8, 8] { B([4, 8]) -> B([8]) }\nvariant v = M()",
    "input": "model M: (NAME: [3, 8, 8], other: [3, 8, 8]) -> [_, 8, 8] { from NAME + other -> conv(4, 3x3) }\nvariant v = M()",
    "output": "model M: [3, 8, 8] -> (NAME: [_, 8, 8], other: [_, 8, 8]) { conv(4, 3x3) as other\nconv(4, 3x3) as NAME }\nvariant v = M()",
    "port": "block B in (NAME, other) -> (out) { from NAME + other -> relu as out }\nmodel M: [3, 8, 8] -> [_, 8, 8] { conv(4, 3x3) as a\nconv(4, 3x3) as b\nfrom (a, b) -> B }\nvariant v = M()",
    "dimension": "model M: [3, NAME: 8, 8] -> [4, NAME, 8] { conv(4, 3x3) }\nvariant v = M()",
    "tensor": "block B { param NAME [in.channels, 1, 1] = 1\nfrom in * NAME }\nmodel M: [3, 8, 8] -> [3, 8, 8] { B }\nvariant v = M()",
    "share": "model M: [3, 8, 8] -> [_, 8, 8] { share NAME = conv(3, 3x3)\nNAME -> relu -> NAME }\nvariant v = M()",
    "aux": "block H { global_avgpool -> flatten -> linear(3) }\nmodel M: [3, 8, 8] -> [_] { conv(4, 3x3) -> relu\naux NAME: H\nH }\nvariant v = M()",
    "extern": 'extern NAME(p = 0.1) = "torch.nn:FeatureAlphaDropout" shape same\nmodel M: [3, 8, 8] -> [_, 8, 8] { conv(4, 3x3) -> NAME }\nvariant v = M()',
}
NAMES = sorted(
    {
        *keyword.kwlist,
        *keyword.softkwlist,
        *(name for name in dir(builtins) if name.isidentifier()),
        *reserved.MODULE_ATTRIBUTES,
        *reserved.SEQUENTIAL_ATTRIBUTES,
        *reserved.EMITTED_ATTRIBUTES,
        *reserved.EMITTED_NAMES,
        *"_ __ _x __x __x__ __init__ __class__ __dict__ _modules _parameters _forward_hooks".split(),
        *"l O I x y out x1 part1 branch1 channels in_channels out_channels width height batch N C H W".split(),
        *"conv bn relu index mode kwargs module weight bias logits children result value init".split(),
        *"keys values items update clear copy count sort remove M B H v w other a b i n p".split(),
    }
)


def made(folder: Path, place: str, name: str) -> tuple[int, list[int]] | None:
    """The parameters of the module that comes out, and the shape of what leaves it."""
    text, bag = emitted(folder / "net.arch", PLACES[place].replace("NAME", name) + "\n")
    errors = [item for item in bag.items if item.severity == "error"]
    assert (text is None) == bool(errors), name
    if text is None:
        return None
    namespace: dict[str, Any] = {"__name__": "net"}
    exec(compile(text, "net", "exec", dont_inherit=True), namespace)
    net = namespace[name if place == "variant" else "v"]().eval()
    inputs = 2 if place == "input" else 1
    out = net(*[torch.zeros(1, 3, 8, 8)] * inputs)
    parameters = sum(each.numel() for each in net.parameters())
    return parameters, list((out[0] if isinstance(out, tuple) else out).shape)


@pytest.mark.parametrize("place", PLACES)
def test_names_are_refused_or_written(tmp_path: Path, place: str) -> None:
    """Each name everywhere: a finding, or a module that passes the guard, and is the same one."""
    refused, alike = set(), made(tmp_path, place, "neutral")
    for name in NAMES:
        found = made(tmp_path, place, name)
        if found is None:
            refused.add(name)
            continue
        assert found == alike, name
    assert "lambda" in refused or place in ("dimension",), "no keyword of Python gets through"
    assert "x" not in refused


def test_the_guard_calls_what_names_may_not_take() -> None:
    assert guard.BUILTINS <= reserved.EMITTED_NAMES


RIGHT = "import math\n\nfrom torch import Tensor, nn\n\n\nclass A(nn.Module):\n    def forward(self, x: Tensor) -> Tensor:\n        return %s\n"


@pytest.mark.parametrize(
    "text",
    [
        "import os\n",
        "import os.path as F\n",
        "import torch as nn\n",
        "from os import system\n",
        "from torch import *\n",
        "from torch import load\n",
        "from . import x\n",
        "from __future__ import annotations\n",
        "print(1)\n",
        "x = open('f')\n",
        "x = [y for y in ().__class__.__bases__]\n",
        "while True:\n    pass\n",
        "def f() -> int:\n    global x\n",
        "def f() -> int:\n    return lambda: 1\n",
        "def f() -> int:\n    return eval('1')\n",
        "def f() -> int:\n    return __import__('os')\n",
        "def f() -> int:\n    return g\n",
        "@f\ndef f() -> int:\n    return 1\n",
        "def range() -> int:\n    return 1\n",
        "def f(torch: int) -> int:\n    return 1\n",
        "def f() -> int:\n    try:\n        return 1\n    except ValueError:\n        return 2\n",
        "def f() -> int:\n    with f:\n        return 1\n",
        "def f() -> int:\n    del f\n",
        "async def f() -> int:\n    return 1\n",
        "def f() -> int:\n    return (yield 1)\n",
        "def f() -> int:\n    import os\n",
        RIGHT % "x.__class__",
        RIGHT % "self._modules",
        RIGHT % "x if (y := x) else x",
        "import torch\n\n\ndef f() -> int:\n    return torch.load('f')\n",
        "import torch\n\n\ndef f() -> int:\n    return torch.hub.load('f')\n",
    ],
)
def test_the_guard_refuses(text: str) -> None:
    with pytest.raises(guard.Escape):
        guard.check(text, set())


def test_the_guard_lets_pass() -> None:
    guard.check(RIGHT % "x + math.ceil(2.5)", set())
    guard.check("from mine import Drop\n", {("mine", "Drop")})


@pytest.mark.parametrize(
    "target",
    [
        "os:system",
        "subprocess:Popen",
        "builtins:exec",
        "os.path:join",
        "x;import os:A",
        "a:b c",
        ":",
        "",
    ],
)
def test_externs_name_layers(tmp_path: Path, target: str) -> None:
    spec = f'extern E(p = 1) = "{target}" shape same\nmodel M: [3, 8, 8] -> [3, 8, 8] {{ E }}\nvariant v = M()\n'
    text, bag = emitted(tmp_path / "net.arch", spec)
    assert text is None
    assert [item.code for item in bag.items] == ["E347"]


# Imports and outputs


def codes_of_import(folder: Path, path: str) -> list[str]:
    spec = folder / "net.arch"
    spec.write_text(
        f'import "{path}" (B)\nmodel M: [3, 8, 8] -> [3, 8, 8] {{ B }}\nvariant v = M()\n'
    )
    bag = Bag()
    driver.check(str(spec), bag)
    return [item.code for item in bag.items if item.severity == "error"]


def test_imports_stay_inside(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    unit = "block B { relu }\n"
    (outside / "b.arch").write_text(unit)
    (inside / "b.arch").write_text(unit)
    (inside / "link.arch").symlink_to(outside / "b.arch")
    (inside / "folder").symlink_to(outside)
    (inside / "inner.arch").symlink_to("b.arch")
    (inside / "zero.arch").symlink_to("/dev/zero")
    (inside / "loop.arch").symlink_to("loop.arch")
    (inside / "dir.arch").mkdir()
    assert codes_of_import(inside, "b.arch") == []
    assert codes_of_import(inside, "inner.arch") == []
    leaving = ["../out/b.arch", str(outside / "b.arch"), "link.arch", "folder/b.arch", "zero.arch"]
    leaving += ["x/../../out/b.arch", "~/b.arch", "std:../../in/b", "std:/etc/passwd"]
    for path in (*leaving, "loop.arch", "dir.arch", "", "b.arch\\0", "." * 5000 + ".arch"):
        assert codes_of_import(inside, path), path


def test_pipes_are_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arch")
    assert codes_of_import(tmp_path, "pipe.arch") == ["E331"]


@pytest.mark.parametrize("kind", ["pipe", "socket", "endless", "terminal"])
def test_what_is_no_file_is_refused(kind: str, tmp_path: Path) -> None:
    """At once, named or in a folder."""
    path = tmp_path / "net.arch"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as of:
            of.bind(str(path))
    else:
        path.symlink_to({"endless": "/dev/zero", "terminal": "/dev/tty"}[kind])
    bag = Bag()
    assert files.specs_in(str(tmp_path), bag) == [str(path)]
    assert driver.check(str(path), bag) is None
    assert [item.code for item in bag.items] == ["E394"]


def test_outputs_are_not_waited_for(tmp_path: Path) -> None:
    """Nor is a pipe in the place of a module."""
    (tmp_path / "net.arch").write_text(
        "model Net: [3, 8, 8] -> [3, 8, 8] { relu }\nvariant net = Net()\n"
    )
    os.mkfifo(tmp_path / "net.py")
    bag = Bag()
    (job,) = output.plan([str(tmp_path / "net.arch")], str(tmp_path), bag, None)
    assert driver.compile(job, bag) is None
    assert [item.code for item in bag.items] == ["E594"]
