"""Training scripts at work, on the CPU: they learn, stop, go on, and tell what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kills
import pytest
import training

SPECS = training.HERE / "specs"
SHORT = ("--epochs", 2, "--batch", 8, "--workers", 0)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("train")


@pytest.fixture(scope="module")
def forks(home: Path) -> Iterator[training.Forks]:
    server = training.Forks(home)
    yield server
    server.close()


@pytest.fixture(scope="module")
def digits(home: Path) -> tuple[Path, Path]:
    """The script for digits, and the digits."""
    return training.compiled(SPECS / "digits.arch", home), training.digits(home / "digits")


@pytest.fixture(scope="module")
def rich(home: Path) -> tuple[Path, Path]:
    """The script that does everything, and pictures of noise."""
    return training.compiled(SPECS / "rich.arch", home), training.colours(home / "noise")


@pytest.mark.slow
def test_lenet_learns_handwritten_digits(
    forks: training.Forks, digits: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = digits
    summary = forks.done(script, "--data", pictures, "--out", tmp_path, "--workers", 0)
    assert summary["images"] == 360
    assert summary["top1"] > 0.98
    again = forks.done(script, "evaluate", tmp_path, "--data", pictures, "--workers", 2)
    assert again == {name: summary[name] for name in again}


@pytest.mark.slow
def test_killed_runs_end_as_if_they_had_not_been(tmp_path: Path) -> None:
    inside, found = kills.survived(tmp_path, int(os.environ.get("ARCHDSL_KILLS", "12")))
    assert inside and found == []


def test_the_number_of_workers_and_checkpoints_change_nothing(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    for name, *settings in (("a", "--workers", 0), ("b", "--workers", 2, "--save-every", 1)):
        forks.done(script, *SHORT, *settings, "--data", pictures, "--out", tmp_path / name)
    assert kills.compared(tmp_path / "a", tmp_path / "b") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_asked_to_stop_it_saves_and_leaves(
    number: signal.Signals, forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    given = ("--epochs", 1000, "--batch", 8, "--workers", 2, "--save-every", 10_000)
    given = (*given, "--data", pictures, "--out", tmp_path)
    status = forks.run(script, *given, after=4, signal=number)
    assert status == 128 + number, forks.said()
    summary = forks.summary()
    assert summary["stopped"] == number.name
    kept = training.state(training.last(tmp_path))
    assert kept["state/step"] == summary["step"]
    assert "Traceback" not in forks.said()


def test_a_damaged_checkpoint_is_passed_over(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    given = (*SHORT, "--data", pictures, "--out", tmp_path)
    forks.done(script, *given)
    whole = tmp_path.parent / f"{tmp_path.name}-whole"
    shutil.copytree(tmp_path, whole)
    for name in ("model.safetensors", "state.pt", "manifest.json"):
        newest = training.last(tmp_path)
        data = bytearray((newest / name).read_bytes())
        data[len(data) // 2] ^= 1
        (newest / name).write_bytes(data)
        forks.done(script, *given)
        assert f"{newest} is damaged" in forks.said()
        assert kills.compared(whole, tmp_path) == []
    (training.last(tmp_path) / "average.safetensors").unlink()
    forks.done(script, *given)
    assert kills.compared(whole, tmp_path) == []


def test_accumulated_gradients_are_those_of_the_big_batch(
    forks: training.Forks, digits: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = digits
    curves = []
    for parts in (1, 4):
        out = tmp_path / str(parts)
        given = ("--epochs", 1, "--log-every", 5, "--workers", 0, "--accumulate", parts)
        forks.done(script, *given, "--data", pictures, "--out", out)
        curves.append([line["loss"] for line in training.curve(out) if "loss" in line])
    assert len(curves[0]) > 5
    assert curves[0] == pytest.approx(curves[1], rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("how", [(), ("--deterministic",), ("--fsdp",)])
def test_two_processes_train_as_one_does(
    how: tuple[str, ...], forks: training.Forks, digits: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = digits
    given = ("--data", pictures, "--epochs", 1, "--log-every", 4, "--workers", 0)
    one = forks.done(script, *given, "--out", tmp_path / "one")
    two = training.processes(script, 2, *given, *how, "--out", tmp_path / "two")
    assert one["images"] == two["images"] == 360
    alone, shared = training.curve(tmp_path / "one"), training.curve(tmp_path / "two")
    assert len(alone) > 10
    for mine, theirs in zip(alone, shared, strict=True):
        assert mine == pytest.approx(theirs, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("how", [(), ("--fsdp",)])
def test_two_processes_go_on_exactly(
    how: tuple[str, ...], rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """With norms, whose statistics differ between processes, and dropout."""
    script, pictures = rich
    given = ("--data", pictures, "--batch", 8, "--workers", 0, "--save-every", 2, *how)
    training.processes(script, 2, *given, "--epochs", 2, "--out", tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "broken")
    shutil.rmtree(training.last(tmp_path / "broken"))
    training.processes(script, 2, *given, "--epochs", 2, "--out", tmp_path / "broken")
    assert kills.compared(tmp_path / "whole", tmp_path / "broken") == []


def test_evaluation_counts_each_picture_once(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """Also where there are more processes than the pictures divide into."""
    script, _ = rich
    pictures = training.colours(tmp_path / "odd", train=1, val=1)
    shutil.rmtree(pictures / "val" / "class9")
    (pictures / "val" / "class9").mkdir()
    shutil.copy(pictures / "val" / "class0" / "0.png", pictures / "val" / "class9" / "0.png")
    shutil.copy(pictures / "val" / "class0" / "0.png", pictures / "val" / "class9" / "1.png")
    out = tmp_path / "run"
    given = (*SHORT, "--data", pictures, "--out", out)
    assert forks.done(script, *given)["images"] == 11
    best = out / "best.safetensors"
    alone = forks.done(script, "evaluate", best, "--data", pictures, "--workers", 0)
    shared = training.processes(script, 2, "evaluate", best, "--data", pictures, "--workers", 0)
    assert shared == pytest.approx(alone)


def test_what_is_not_finite_is_located(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    given = (*SHORT, "--data", pictures, "--out", tmp_path, "--log-every", 3)
    assert forks.run(script, *given, "--lr", 1e30, "--clip", 0) == 1, forks.said()
    assert "is the first that is not finite" in forks.summary()["diverged"]
    assert training.state(training.last(tmp_path))["state/step"] == 0


def test_the_first_layer_that_is_not_finite_is_named(forks: training.Forks, tmp_path: Path) -> None:
    """A network that divides by zero from its third step on, in a layer that has a name."""
    script = training.compiled(SPECS / "rich.arch", tmp_path)
    module = script.with_name("rich.py")
    bad = (
        "class Bad(nn.Module):\n    calls = 0\n\n    def forward(self, x: Tensor) -> Tensor:\n"
        "        Bad.calls += self.training\n        return x / (Bad.calls % 3 != 0)\n\n\n"
    )
    text = module.read_text().replace("class Small(nn.Module)", bad + "class Small(nn.Module)")
    text = text.replace("self.dropout = nn.Dropout(0.1)", "self.dropout = Bad()")
    module.write_text(text)
    pictures = training.colours(tmp_path / "pictures")
    given = ("--batch", 4, "--accumulate", 1, "--workers", 0, "--log-every", 3)
    given = (*given, "--data", pictures, "--out", tmp_path / "run")
    assert forks.run(script, *given) == 1
    where = "step 3: the output of dropout is the first that is not finite"
    assert forks.summary()["diverged"] == where


def test_what_is_wrong_with_the_data_is_said(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, _ = rich
    given = (*SHORT, "--out", tmp_path / "run", "--data")
    assert forks.run(script, *given, tmp_path / "nowhere") == 1
    assert f"there is no folder {tmp_path / 'nowhere' / 'train'}" in forks.said()
    few = training.colours(tmp_path / "few", classes=3)
    assert forks.run(script, *given, few) == 1
    assert f"{few / 'train'} has 3 classes, and the recipe 10" in forks.said()
    pictures = training.colours(tmp_path / "pictures")
    assert forks.run(script, *given, pictures, "--batch", 6) == 1
    assert "--batch 6 can't be split into 2 even parts" in forks.said()
    assert forks.run(script, *given, pictures, "--batch", 400) == 1
    assert "30 pictures do not fill a batch of 400" in forks.said()


def test_a_picture_that_cannot_be_read_is_named(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, _ = rich
    pictures = training.colours(tmp_path / "pictures")
    for broken in (pictures / "train/class3/1.png", pictures / "val/class5/0.png"):
        broken.write_bytes(broken.read_bytes()[:200])
    given = (*SHORT, "--data", pictures, "--out", tmp_path / "run")
    for workers in (0, 1):
        assert forks.run(script, *given, "--workers", workers) == 1
        assert f"OSError: {pictures}" in forks.said().strip().splitlines()[-1]
    summary = forks.done(script, *given, "--skip-unreadable")
    assert summary["images"] == 9
    assert "skipped" in forks.said()


def test_everything_else_that_a_run_can_do(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    given = (*SHORT, "--epochs", 6, "--data", pictures, "--out", tmp_path, "--precision", "bf16")
    forks.done(script, *given, "--tensorboard", "--profile")
    files = [path.name for path in tmp_path.iterdir()]
    assert any(name.startswith("events.out.tfevents") for name in files)
    assert any(name.endswith(".pt.trace.json") for name in files)
    summary = forks.done(script, "--synthetic", *SHORT, "--epochs", 1, "--out", tmp_path / "fast")
    assert summary["images_per_second"] > 0 and summary["step"] == 1000


def test_trained_networks_are_exported(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    script, pictures = rich
    forks.done(script, *SHORT, "--epochs", 1, "--data", pictures, "--out", tmp_path)
    summary = forks.done(script, "export", tmp_path / "best.safetensors", "--out", tmp_path)
    assert summary["compared"] == 2
    assert (tmp_path / "small.onnx").exists() and (tmp_path / "small.pt2").exists()


@pytest.mark.slow
def test_compiled_networks_train(
    forks: training.Forks, digits: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = digits
    given = ("--epochs", 1, "--workers", 0, "--data", pictures, "--log-every", 10)
    losses: list[list[Any]] = []
    for how in ("--compile", "--no-compile"):
        forks.done(script, *given, how, "--out", tmp_path / how)
        losses.append([line["loss"] for line in training.curve(tmp_path / how) if "loss" in line])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_help_shows_the_recipe(forks: training.Forks, rich: tuple[Path, Path]) -> None:
    assert forks.run(rich[0], "--help") == 0
    for shown in ("--epochs EPOCHS", "(default: 4)", "--mixup", "(default: 0.2)"):
        assert shown in forks.said()
    assert forks.run(rich[0], "--recipe", "other") == 1
    assert "small has no recipe other, but full" in forks.said()
