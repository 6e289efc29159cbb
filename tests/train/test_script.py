"""Training scripts as text: their style and types, and that they hold what their recipes need."""

from __future__ import annotations

import ast
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import parts
import pytest
import smoke
import torch
import training

from archdsl.emit.script import _functions

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
    assert len(SHIPPED) > 20
    for script in SHIPPED:
        assert "VARIANTS: dict[str, Any]" in script.read_text()


def test_scripts_are_short() -> None:
    """An ordinary recipe's have about 600 lines, one that does much below 690."""
    lengths = {script.stem: len(script.read_text().splitlines()) for script in SHIPPED}
    assert max(lengths.values()) < 690
    assert lengths["vgg_train"] <= 625 and lengths["squeezenet_train"] <= 595


def test_each_line_of_a_script_is_of_a_part() -> None:
    """What is not told apart by name is of the recipes: nothing of the template is."""
    for path in SHIPPED:
        tree = ast.parse(path.read_text())
        assert sum(parts.lengths(path).values()) == len(path.read_text().splitlines())
        names = {
            each.name for each in tree.body if isinstance(each, (ast.FunctionDef, ast.ClassDef))
        }
        assert names - parts.NAMES.keys() <= {"constant", *_functions()}


def test_a_script_holds_what_its_recipes_need(tmp_path: Path) -> None:
    plain = written(tmp_path, f"plain for m {{ {PLAIN} }}")
    words = (
        "mixup",
        "average.",
        "clip",
        "hflip",
        "decaying",
        "MixUp",
        "Folder",
        "done(",
        "--recipe",
    )
    for word in words:
        assert word not in plain
    for more, word in (
        ("mixup: 0.2", "v2.MixUp"),
        ("cutmix: 1.0", "v2.CutMix"),
        ("ema: 0.99", "get_ema_multi_avg_fn(args.ema)"),
        ("clip: 2.0", "clip_grad_norm_"),
        ("augment: [rotate(10)]", "def rotate("),
        ('optimizer: adamw(lr=0.1, exempt=["norms"])', "def decaying("),
    ):
        body = PLAIN.replace("optimizer: sgd(lr=0.1), ", "") if "optimizer" in more else PLAIN
        assert word in written(tmp_path, f"r for m {{ {body}, {more} }}"), more


def test_recipes_are_values_and_variants_a_table(tmp_path: Path) -> None:
    """A further recipe says in what it differs from the one that is most like it."""
    text = written(
        tmp_path,
        f"first for m, other {{ {PLAIN} }}",
        "second for other { data: cifar10, optimizer: adam(lr=1e-3), epochs: 2, batch: 8 }",
        "world for other { data: cifar10, optimizer: adam(lr=1e-3), epochs: 2, batch: 8, loss: mse }",
    )
    assert "SECOND = SimpleNamespace(**vars(FIRST) | {" in text.replace("\n    ", " ").replace(
        "( ", "("
    )
    assert "WORLD_3 = SimpleNamespace(**vars(SECOND) | {" in text.replace("( ", "(")
    assert '"m": ((3, 32, 32), [FIRST])' in text
    assert '"other": ((3, 32, 32), [FIRST, SECOND, WORLD_3])' in text


def test_recipes_have_names_of_their_own(tmp_path: Path) -> None:
    """Other than what the script imports and defines."""
    names = ("f", "ddp", "rank", "components", "Pictures", "variants")
    recipes = [f"{name} for m {{ {PLAIN}, seed: {seed} }}" for seed, name in enumerate(names)]
    tree = ast.parse(written(tmp_path, *recipes))
    targets = [ast.unparse(each.targets[0]) for each in tree.body if isinstance(each, ast.Assign)]
    assert targets[-6:] == ["F_1", "DDP_2", "RANK_3", "COMPONENTS_4", "PICTURES", "VARIANTS_6"]


def test_side_heads_have_the_weights_of_their_recipe(tmp_path: Path) -> None:
    """Two recipes of one variant, and one for variants with and without side heads."""
    spec = tmp_path / "net.arch"
    spec.write_text(SIDE)
    text = training.compiled(spec, tmp_path).read_text()
    assert "aux=(0.3,)" in text and '"aux": (0.5,)' in text and text.count("SimpleNamespace(") == 2
    assert '"with_side": ((3, 32, 32), [FIRST, SECOND])' in text
    assert '"without": ((3, 32, 32), [FIRST])' in text


SIDE = """
model M(side): [3, 32, 32] -> [10] {
    conv(8, 3x3) -> bn -> relu
    if side { aux(weight=0.3) early: { global_avgpool -> flatten -> linear(10) } }
    conv(8, 3x3) -> bn -> relu -> global_avgpool -> flatten -> linear(10)
}
variant without = M(false)
variant with_side = M(true)
train first { data: cifar10, optimizer: sgd(lr=0.1), epochs: 2, batch: 8 }
train second for with_side { data: cifar10, optimizer: sgd(lr=0.1), epochs: 2, batch: 8, aux: 0.5 }
"""


def test_ties_and_what_is_not_a_number_count_against_the_answer() -> None:
    """Also at chance, where all outputs are alike."""
    tree = ast.parse((ROOT / "generated" / "vgg_train.py").read_text())
    (scored,) = (each for each in tree.body if getattr(each, "name", "") == "scored")
    names: dict[str, Any] = {"torch": torch, "Tensor": torch.Tensor}
    exec(compile(ast.Module([scored], []), "scored", "exec"), names)
    bad = math.nan
    out = torch.tensor(
        [
            [0.1, 0.9, 0.2, 0.3, 0.4, 0.5, 0.6],
            [0.9, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            [0.6, 0.1, 0.9, 0.3, 0.4, 0.5, 0.2],
            [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5],
            [0.9, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1],
            [0.9, bad, 0.1, 0.1, 0.1, 0.1, 0.1],
            [bad, 0.9, 0.1, 0.1, 0.1, 0.1, 0.1],
            [bad, bad, bad, bad, bad, bad, bad],
        ]
    )
    right = torch.tensor([1, 2, 0, 0, 0, 1, 1, 3])
    found = [names["scored"](out[i : i + 1], right[i : i + 1], torch.tensor(2.0)) for i in range(8)]
    hits = [(top1, top5) for _, top1, top5, _ in torch.stack(found).tolist()]
    expected = [(1, 1), (0, 0), (0, 1), (0, 0), (0, 1), (0, 0), (0, 1), (0, 0)]
    assert hits == expected
    assert names["scored"](out, right, torch.tensor(2.0)).tolist() == [16, 1, 4, 8]


def rate(folder: Path, schedule: str, length: str = "epochs: 10") -> list[float]:
    """A schedule's shares, at times 0 to 9.5 by halves, of 10."""
    body = f"data: cifar10, optimizer: sgd(lr=0.1), {length}, batch: 8, schedule: {schedule}"
    tree = ast.parse(written(folder, f"r for m {{ {body} }}"))
    keywords = (each for each in ast.walk(tree) if isinstance(each, ast.keyword))
    (share,) = (each.value for each in keywords if each.arg == "rate")
    found = eval(ast.unparse(share), {"math": math})
    return [found(each / 2, 10) for each in range(20)]


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
    assert summary["images"] == 6 and summary["step"] == summary["steps"]
    assert summary["out"] is None  # gone with all that was written
