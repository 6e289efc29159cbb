"""Training scripts as text: their style and types, and that they hold what their recipes need."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest
import smoke
import training

ROOT = training.HERE.parent.parent
SHIPPED = sorted((ROOT / "generated").glob("*_train.py"))
SAMPLE = ("lenet", "resnet_cifar")  # quick ones; `python tests/train/smoke.py` runs all

MODEL = """
model M(num_classes = 10): [3, 32, 32] -> [num_classes] {
    conv(8, 3x3) -> bn -> relu -> global_avgpool -> flatten -> linear(num_classes)
}
variant m = M()
variant other = M()
"""
PLAIN = "data: cifar10, optimizer: sgd(lr=0.1), epochs: 2, batch: 8"


def written(folder: Path, *recipes: str) -> str:
    """The script of a small spec with these `train` blocks, each less its first word."""
    spec = folder / "net.arch"
    spec.write_text(MODEL + "".join(f"train {each}\n" for each in recipes))
    return training.compiled(spec, folder).read_text()


def run(*command: str, at: Path = ROOT) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=at, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def everything(folder: Path) -> list[Path]:
    """Scripts that have between them all parts of the template, alone and together."""
    parts = {
        "plain": PLAIN,
        "ema": f"{PLAIN}, ema: 0.9",
        "mixup": f"{PLAIN}, mixup: 0.2, clip: 1.0",
        "cutmix": f"{PLAIN}, cutmix: 1.0, augment: [hflip]",
        "steps": PLAIN.replace("epochs: 2", "steps: 20"),
        "even": f"{PLAIN}, evaluate: [adaptive_equalization]",
    }
    found = []
    for name, body in parts.items():
        inside = folder / name
        inside.mkdir()
        written(inside, f"{name} for m {{ {body} }}")
        found.append(inside / "net_train.py")
    for name in ("digits", "rich"):
        found.append(training.compiled(training.HERE / "specs" / f"{name}.arch", folder))
    return found


@pytest.mark.slow
def test_scripts_are_in_blacks_form_and_have_no_findings(tmp_path: Path) -> None:
    scripts = [*map(str, everything(tmp_path)), *map(str, SHIPPED)]
    run("black", "--check", "--quiet", "--line-length", "100", *scripts)
    for folder in {Path(script).parent for script in scripts}:
        # From where the module that a script imports is the project's own.
        names = [path.name for path in map(Path, scripts) if path.parent == folder]
        command = ("ruff", "check", "--isolated", "--no-cache", "--line-length", "100")
        run(*command, *names, at=folder)


@pytest.mark.slow
def test_scripts_are_typed(tmp_path: Path) -> None:
    *_, rich = everything(tmp_path)
    strict = ("--strict", "--python-version", "3.11", "--cache-dir", str(tmp_path / "cache"))
    for script in (tmp_path / "plain" / "net_train.py", rich):
        run("mypy", *strict, script.name, at=script.parent)
    run("mypy", *strict, *(script.name for script in SHIPPED), at=ROOT / "generated")


def test_each_shipped_recipe_has_its_script() -> None:
    for script in SHIPPED:
        tree = ast.parse(script.read_text())
        assert any(isinstance(node, ast.ClassDef) and node.name == "Recipe" for node in tree.body)
    assert len(SHIPPED) > 20


def test_a_script_holds_what_its_recipes_need(tmp_path: Path) -> None:
    plain = written(tmp_path, f"plain for m {{ {PLAIN} }}")
    for word in ("mixup", "average", "clip", "hflip", "decaying", "Beta", "folder(", "sometimes"):
        assert word not in plain
    for more, word in (
        ("mixup: 0.2", "def blended("),
        ("cutmix: 1.0", "def pasted("),
        ("ema: 0.99", "torch._foreach_lerp_"),
        ("clip: 2.0", "clip_grad_norm_"),
        ("augment: [rotate(10)]", "def rotate("),
        ('optimizer: adamw(lr=0.1, exempt=["norms"])', "def decaying("),
    ):
        body = PLAIN.replace("optimizer: sgd(lr=0.1), ", "") if "optimizer" in more else PLAIN
        assert word in written(tmp_path, f"r for m {{ {body}, {more} }}"), more


def test_recipes_become_classes_and_variants_a_table(tmp_path: Path) -> None:
    text = written(
        tmp_path,
        f"first for m, other {{ {PLAIN} }}",
        "second for other { data: cifar10, optimizer: adam(lr=1e-3), epochs: 2, batch: 8 }",
    )
    assert 'class SecondRecipe(Recipe):\n    """`second`: what differs from `first`.' in text
    assert '"m": Variant((3, 32, 32), {"first": Recipe})' in text
    assert '"other": Variant((3, 32, 32), {"first": Recipe, "second": SecondRecipe})' in text


def rate(folder: Path, schedule: str, length: str = "epochs: 10") -> list[float]:
    """A schedule's shares, at times 0 to 9.5 by halves."""
    body = f"data: cifar10, optimizer: sgd(lr=0.1), {length}, batch: 8, schedule: {schedule}"
    text = written(folder, f"r for m {{ {body} }}")
    tree = ast.parse(text)
    (recipe,) = (each for each in tree.body if getattr(each, "name", "") == "Recipe")
    (method,) = (each for each in recipe.body if getattr(each, "name", "") == "rate")  # type: ignore[attr-defined]
    names: dict[str, object] = {"math": __import__("math")}
    exec(compile(ast.Module([method], []), "rate", "exec"), names)
    this = type("Recipe", (), {"epochs": 10, "steps": 10})()
    return [names["rate"](this, each / 2) for each in range(20)]  # type: ignore[operator]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("constant", {0: 1, 19: 1}),
        ("constant(warmup=2)", {0: 0, 2: 0.5, 4: 1, 19: 1}),
        ('constant(warmup=2, warmup_start=0.1, warmup_shape="constant")', {3: 0.1, 4: 1}),
        ("constant(warmup=2, warmup_start=0.5)", {0: 0.5, 2: 0.75, 4: 1}),
        ("step(every=3, gamma=0.5)", {5: 1, 6: 0.5, 12: 0.25, 19: 0.125}),
        ("milestones([2, 5])", {3: 1, 4: 0.1, 9: 0.1, 10: 0.01}),
        ("milestones([2, 5], gamma=[0.5, 0.1])", {4: 0.5, 10: 0.05}),
        ("exponential(0.5)", {0: 1, 1: 0.5**0.5, 2: 0.5, 4: 0.25}),
        ("inverse(gamma=0.5, power=2)", {0: 1, 4: 0.25}),
        ("linear", {0: 1, 10: 0.5, 15: 0.25}),
        ("linear(floor=0.5)", {0: 1, 10: 0.75}),
        ("polynomial(power=2)", {10: 0.25}),
        ("cosine", {0: 1, 10: 0.5}),
        ("cosine(warmup=5, floor=0.2)", {5: 0.5, 10: 1, 15: 0.6}),
    ],
)
def test_schedules(schedule: str, expected: dict[int, float], tmp_path: Path) -> None:
    found = rate(tmp_path, schedule)
    for at, share in expected.items():
        assert found[at] == pytest.approx(share)


@pytest.mark.slow
@pytest.mark.parametrize("spec", SAMPLE)
def test_shipped_scripts_run_from_nothing(spec: str, tmp_path: Path) -> None:
    forks = training.Forks(tmp_path)
    summary = smoke.smoked(forks, spec, tmp_path)
    forks.close()
    assert summary["resumed_exactly"] is True
