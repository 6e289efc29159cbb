"""The repository as a whole: its style, its types, its promises to a reader."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from archdsl import __version__, output
from archdsl.codes import CODES
from archdsl.render import render_all

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> None:
    """A command of this environment, from the root of the repository."""
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_ruff() -> None:
    run("ruff", "check", "--no-cache", ".")


def test_black() -> None:
    run("black", "--check", "--quiet", ".")


def test_types() -> None:
    run("mypy")


def test_generated_files_are_what_the_specs_give() -> None:
    run("archdsl", "compile", "specs", "--check")


def test_no_generated_file_is_left_over() -> None:
    specs = {path.stem for path in (ROOT / "specs").glob("*.arch")}
    files = {path.stem for path in (ROOT / "generated").glob("*.py")}
    scripts = {name for name in files if name.removesuffix(output.SCRIPT) in specs - {name}}
    modules = files - scripts
    assert modules == specs
    for module in modules:
        assert output.is_ours((ROOT / "generated" / f"{module}.py").read_text(encoding="utf-8"))


def test_specs_are_in_canonical_form() -> None:
    run("archdsl", "fmt", "specs", "archdsl/std", "--check")


def test_modules_of_tests_have_names_of_their_own() -> None:
    """pytest imports them by that name alone; a `__main__.py` is only ever run."""
    names = [path.name for path in (ROOT / "tests").rglob("*.py") if path.stem != "__main__"]
    assert sorted(names) == sorted(set(names))


def test_the_readme_names_a_python_that_the_constraints_allow() -> None:
    """A release of numpy says which Pythons it is for; the package asks for less than the tests."""
    readme = (ROOT / "README.md").read_text("utf-8")
    constraints = (ROOT / "constraints.txt").read_text("utf-8")
    assert ("Python 3.11 or later" in readme) == ("numpy==2.4" in constraints)
    assert 'requires-python = ">=3.10"' in (ROOT / "pyproject.toml").read_text("utf-8")


def test_every_code_is_raised_somewhere() -> None:
    """A code in the catalogue that no source names is dead; one that is named must be in it."""
    named: set[str] = set()
    for path in (ROOT / "archdsl").rglob("*.py"):
        if path.name != "codes.py":
            named |= set(re.findall(r"""["'`]([EW]\d{3})["'`]""", path.read_text("utf-8")))
    assert named == set(CODES)


def test_every_code_is_tested() -> None:
    texts = "".join(
        path.read_text("utf-8")
        for path in (ROOT / "tests").rglob("*")
        if path.suffix in (".py", ".arch", ".txt")
    )
    assert [code for code in CODES if code not in texts] == []


def readme_blocks(kind: str) -> list[str]:
    readme = (ROOT / "README.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", readme, re.DOTALL | re.MULTILINE)
    return [text for of, text in blocks if of == kind]


def test_readme_opens_with_the_commands_that_ci_runs() -> None:
    main_job, tests = readme_blocks("sh")[0].splitlines()
    ci = (ROOT / ".ci" / "run").read_text("utf-8")
    assert tests == "tests/run"
    assert ci.rstrip().endswith(f"\n{tests}")
    for step in main_job.split(" && "):
        words = [word for word in step.split() if not word.startswith(("-", ".venv"))]
        assert any(all(word in line for word in words) for line in ci.splitlines()), step


def test_readme_shows_what_is_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its spec and Python are those of the repository, its error what the edit gives."""
    (block,) = readme_blocks("arch")
    python, _ = readme_blocks("python")
    (error,) = readme_blocks("")
    spec = (ROOT / "specs" / "resnet.arch").read_text("utf-8")
    assert block in spec
    assert python in (ROOT / "generated" / "resnet.py").read_text("utf-8")

    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    cut = re.sub(r"(skip identity) else .*", r"\1", block)
    Path("specs/resnet.arch").write_text(spec.replace(block, cut), "utf-8")
    shown = render_all(archdsl.check("specs/resnet.arch"))
    assert shown == error.rstrip("\n")


def test_links_in_the_documents_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", document.read_text("utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name}: {target}"


def tracked() -> list[Path]:
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.split("\0") if name]


def test_no_file_names_a_machine() -> None:
    homes = re.compile(r"(?<![\w.])/(?:work|home|root|Users)/\w")
    for path in tracked():
        if path.is_file() and path != Path(__file__):
            assert not homes.search(path.read_text("utf-8", errors="ignore")), path


@pytest.mark.parametrize("script", [".ci/run", "tests/run"])
def test_scripts_can_be_run(script: str) -> None:
    assert os.access(ROOT / script, os.X_OK)


@pytest.mark.slow
def test_the_wheel_holds_what_the_package_needs(tmp_path: Path) -> None:
    """Grammar, templates and library come along; no test, no spec does."""
    import shutil
    import zipfile

    tree = tmp_path / "tree"
    shutil.copytree(
        ROOT / "archdsl", tree / "archdsl", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tree)
    pip = ["pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", str(tree)]
    run(*pip, "--wheel-dir", str(tmp_path))
    (wheel,) = tmp_path.glob("*.whl")
    held = set(zipfile.ZipFile(wheel).namelist())
    assert wheel.name.startswith(f"archdsl-{__version__}-")
    for path in (ROOT / "archdsl").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            assert str(path.relative_to(ROOT)) in held
    assert {name.split("/")[0] for name in held} == {"archdsl", f"archdsl-{__version__}.dist-info"}
