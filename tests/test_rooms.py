"""Who may import whom, and what a verb may not wait for."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "archdsl"

# What each room may import of the package, beside the modules at its top.
ROOMS = {
    "ops": set(),
    "recipes": {"ops"},
    "syntax": set(),
    "sema": {"ops", "recipes", "syntax", "ir"},
    "ir": {"ops"},
    "analysis": {"ops", "recipes", "ir"},
    "emit": {"ops", "recipes", "ir"},
}
# Modules at the top that anything may import; the others are the driver's side.
GROUND = {
    *("codes", "diagnostics", "expr", "limits", "nearest", "node", "reserved", "source", "store"),
    "values",
}
LIBRARIES = {
    "lark": ["syntax/tables.py"],
    "networkx": ["ir/graph.py"],
    "jinja2": ["emit/"],
    "black": ["emit/"],
    "torch": ["checkpoint.py"],
    "safetensors": ["checkpoint.py"],
}


def sources() -> list[str]:
    return sorted(str(path.relative_to(PACKAGE)) for path in PACKAGE.rglob("*.py"))


def imports(name: str) -> Iterator[str]:
    """The modules that a file imports, also in functions and for types."""
    for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name} imports relatively"
            module = node.module or ""
            yield module
            if module == "archdsl":
                yield from (f"archdsl.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("name", [name for name in sources() if "/" in name])
def test_rooms_keep_their_direction(name: str) -> None:
    room = name.split("/")[0]
    if room == "cli":
        return
    allowed = ROOMS[room] | GROUND | {room}
    for module in imports(name):
        parts = module.split(".")
        if parts[0] == "archdsl" and len(parts) > 1:
            assert parts[1] in allowed, f"{name} imports {module}"


@pytest.mark.parametrize("name", sources())
def test_each_library_has_one_user(name: str) -> None:
    for module in imports(name):
        homes = LIBRARIES.get(module.split(".")[0])
        if homes is not None:
            assert any(name.startswith(home) for home in homes), f"{name} imports {module}"


def test_only_the_command_line_prints_or_exits() -> None:
    for name in sources():
        if name.startswith("cli/") or name in (
            "__main__.py",
            "codes.py",
            "ops/reference.py",
            "recipes/reference.py",
        ):
            continue
        for node in ast.walk(ast.parse((PACKAGE / name).read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                assert called not in ("print", "exit", "sys.exit"), f"{name} calls {called}"


def loaded(code: str) -> set[str]:
    """The modules that a fresh process has imported after a piece of code."""
    code += "\nimport sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


HEAVY = {"torch", "numpy", "networkx", "jinja2", "black", "lark"}
SLOW = {"dataclasses", "inspect", "json", "pathlib", "typing"}


def test_the_package_alone_brings_nothing() -> None:
    modules = loaded("import archdsl")
    assert {name for name in modules if name.startswith("archdsl.")} == set()
    assert not modules & HEAVY


SPEC = "block B(n) { conv(n, 3x3) -> bn -> relu }\nmodel M(): [3, 8, 8] -> [4, 8, 8] { B(4) }\nvariant m = M()\n"


def test_check_needs_lark_once_and_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    spec = tmp_path / "m.arch"
    spec.write_text(SPEC)
    run = f"import archdsl.cli; assert archdsl.cli.main(['check', {str(spec)!r}]) == 0"
    assert loaded(run) & HEAVY == {"lark"}
    assert not (loaded(run) - loaded("pass")) & (HEAVY | SLOW)


TRAIN = "train t { data: cifar10; optimizer: sgd(lr=0.1); epochs: 9; batch: 8 }\n"
CLASSIFIER = (
    "model M: [3, 32, 32] -> [10] { global_avgpool -> flatten -> linear(10) }\nvariant m = M()\n"
)


def test_only_specs_with_recipes_import_their_table(tmp_path: Path) -> None:
    spec = tmp_path / "m.arch"
    run = f"import archdsl.cli; assert archdsl.cli.main(['check', {str(spec)!r}]) == 0"
    spec.write_text(CLASSIFIER)
    assert not {name for name in loaded(run) if "recipe" in name}
    spec.write_text(CLASSIFIER + TRAIN)
    modules = loaded(run)
    assert "archdsl.recipes.table" in modules
    assert not (modules - loaded("pass")) & (HEAVY | SLOW)


def test_nothing_to_compile_needs_nothing(tmp_path: Path) -> None:
    spec = tmp_path / "m.arch"
    spec.write_text(SPEC)
    arguments = ["compile", str(spec), "-o", str(tmp_path / "out")]
    run = f"import archdsl.cli; assert archdsl.cli.main({arguments!r}) == 0"
    assert "black" in loaded(run)
    modules = loaded(run)
    assert not modules & HEAVY
    assert "archdsl.driver" not in modules


def test_compile_does_not_import_torch(tmp_path: Path) -> None:
    spec = tmp_path / "m.arch"
    spec.write_text(SPEC)
    arguments = ["compile", str(spec), "-o", str(tmp_path / "out")]
    assert "torch" not in loaded(f"import archdsl.cli; archdsl.cli.main({arguments!r})")
