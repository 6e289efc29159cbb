"""Training scripts at work, on the CPU: they learn, stop, go on, and tell what is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
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
    """Also where all of a group are asked, as a terminal and torchrun do: loaders go on until then."""
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
    for name in ("model.safetensors", "state.pt"):
        newest = training.last(tmp_path)
        data = bytearray((newest / name).read_bytes())
        data[len(data) // 2] ^= 1
        (newest / name).write_bytes(data)
        forks.done(script, *given)
        assert f"{newest} is damaged" in forks.said()
        assert kills.compared(whole, tmp_path) == []
    (training.last(tmp_path) / "average.safetensors").unlink()
    assert forks.run(script, "evaluate", training.last(tmp_path), "--data", pictures) == 1
    assert f"{training.last(tmp_path)} is damaged" in forks.said()
    forks.done(script, *given)
    assert kills.compared(whole, tmp_path) == []
    # What file managers and copying leave there is none of its files.
    (training.last(tmp_path) / ".DS_Store").write_text("")
    forks.done(script, *given)
    assert "is damaged" not in forks.said()


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
@pytest.mark.parametrize(("count", "how"), [(3, ()), (2, ("--fsdp",))])
def test_several_processes_go_on_exactly(
    count: int, how: tuple[str, ...], rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """With norms, whose statistics differ between processes, and dropout. It takes three to have sums
    that depend on their order."""
    script, pictures = rich
    given = ("--data", pictures, "--batch", 12, "--workers", 0, "--save-every", 1, *how)
    training.processes(script, count, *given, "--epochs", 2, "--out", tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "broken")
    shutil.rmtree(training.last(tmp_path / "broken"))
    training.processes(script, count, *given, "--epochs", 2, "--out", tmp_path / "broken")
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
    summary = forks.done(script, *given)
    assert summary["images"] == 11
    best = out / summary["best_checkpoint"]
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
    assert f"No such file or directory: '{tmp_path / 'nowhere' / 'train'}'" in forks.said()
    assert "Traceback" not in forks.said()
    few = training.colours(tmp_path / "few", classes=3)
    assert forks.run(script, *given, few) == 1
    assert f"{few / 'train'} has 3 classes, and the recipe 10" in forks.said()
    pictures = training.colours(tmp_path / "pictures")
    assert forks.run(script, *given, pictures, "--batch", 7) == 1
    assert "--batch 7 can't be split into 2 parts" in forks.said()
    assert forks.run(script, *given, pictures, "--batch", 400) == 1
    assert "30 pictures do not fill a batch of 400" in forks.said()
    (pictures / "val" / "class9").rename(pictures / "val" / "other")
    assert forks.run(script, *given, pictures) == 1
    assert "classes in one of train and val only: class9, other" in forks.said()


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
        assert f"{pictures}" in forks.said().strip().splitlines()[-1]
        assert "Traceback" not in forks.said()
    summary = forks.done(script, *given, "--skip-unreadable")
    assert summary["images"] == 9
    assert "skipped" in forks.said()


def test_whatever_a_decoder_raises_names_the_picture(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """Pillow has errors of its own for pictures that say they are huge."""
    script, _ = rich
    pictures = training.colours(tmp_path / "pictures")
    broken = pictures / "train/class3/1.png"
    broken.unlink()
    size = (60_000).to_bytes(4, "little")
    head = b"BM" + bytes(8) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    more = (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24)
    broken.with_suffix(".bmp").write_bytes(head + size + size + more)
    given = (*SHORT, "--data", pictures, "--out", tmp_path / "run")
    assert forks.run(script, *given) == 1
    said = forks.said().strip().splitlines()[-1]
    assert str(broken.with_suffix(".bmp")) in said and "decompression bomb" in said
    forks.done(script, *given, "--skip-unreadable")


def test_a_full_disk_is_said_to_be_one(rich: tuple[Path, Path], tmp_path: Path) -> None:
    """In a line; what was there before stays, and the run goes on from it."""
    script, pictures = rich
    given = (*SHORT, "--data", pictures, "--out", tmp_path)
    command = ["bash", "-c", 'ulimit -f 60; exec "$@"', "", sys.executable, str(script)]
    done = subprocess.run(
        [*command, *map(str, given)], env=training.ENVIRONMENT, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "[Errno 27] File too large"
    assert "Traceback" not in done.stderr


def test_everything_else_that_a_run_can_do(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    given = (*SHORT, "--epochs", 1, "--data", pictures, "--out", tmp_path, "--precision", "bf16")
    forks.done(script, *given, "--tensorboard", "--profile")
    files = [path.name for path in tmp_path.iterdir()]
    assert any(name.startswith("events.out.tfevents") for name in files)
    assert any(name.endswith(".pt.trace.json") for name in files)
    given = (*SHORT, "--synthetic", "--log-every", 5, "--out", tmp_path / "fast")
    assert forks.run(script, *given, after=10, signal=signal.SIGINT) == 130, forks.said()
    assert forks.summary()["images_per_second"] > 0 and forks.summary()["steps"] == 2000


def test_trained_networks_are_exported(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    pytest.importorskip("onnxruntime")
    script, pictures = rich
    trained = forks.done(script, *SHORT, "--epochs", 1, "--data", pictures, "--out", tmp_path)
    for given in (tmp_path, tmp_path / trained["best_checkpoint"] / "model.safetensors"):
        summary = forks.done(script, "export", given, "--out", tmp_path / "exported")
        assert [Path(each).name for each in summary["exported"]] == ["small.pt2", "small.onnx"]
        for each in summary["exported"]:
            Path(each).unlink()


FULL = """
variant small = GoogLeNet(num_classes=10)

train full for small {
    data: image_folder
    augment: [random_resized_crop, hflip, rotate(10), color_jitter(0.4, 0.4, 0.4), random_erasing]
    loss: cross_entropy(label_smoothing=0.1)
    aux: [0.3, 0.2]
    optimizer: rmsprop(lr=1e-3, alpha=0.9, eps=1.0, momentum=0.9, weight_decay=4e-5, exempt=["norms"])
    schedule: cosine(warmup=1)
    epochs: 2
    batch: 8
    accumulate: 2
    ema: 0.9
    mixup: 0.2
    cutmix: 1.0
    clip: 2.0
}
"""


@pytest.mark.slow
def test_an_inception_goes_through_every_feature(forks: training.Forks, tmp_path: Path) -> None:
    """GoogLeNet with its two side heads, and everything that a recipe can ask for."""
    spec = tmp_path / "inception.arch"
    whole_spec = (training.HERE.parent.parent / "specs" / "googlenet.arch").read_text()
    spec.write_text(whole_spec.partition("\ntrain ")[0] + FULL)
    script = training.compiled(spec, tmp_path)
    pictures = training.colours(tmp_path / "pictures")
    given = ("--variant", "small", "--data", pictures, "--workers", 0)
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    summary = forks.done(script, *given, "--out", whole, "--tensorboard")
    assert summary["images"] == 10 and summary["step"] == 6
    first, *_ = training.curve(whole)
    # Uniform scores cost log(10), and half as much beside with the side heads.
    assert 1.2 < first["loss"] / 2.3026 < 2
    assert forks.run(script, *given, "--out", broken, "--save-every", 2, call=20) == -9
    forks.done(script, *given, "--out", broken, "--workers", 1)
    assert kills.compared(whole, broken) == []
    assert forks.done(script, "evaluate", whole, *given)["loss"] == summary["loss"]
    exported = forks.done(script, "export", whole, *given, "--out", tmp_path)["exported"]
    assert [Path(each).suffix for each in exported] == [".pt2", ".onnx"]
    assert forks.run(script, *given, "--lr", 1e30, "--clip", 0, "--out", tmp_path / "bad") == 1
    assert "is the first that is not finite" in forks.summary()["diverged"]
    two = training.processes(script, 2, *given, "--epochs", 1, "--out", tmp_path / "two")
    assert two["images"] == 10


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
    """Each option says what it is; of `epochs` and `steps` there is the one that counts."""
    assert forks.run(rich[0], "--help") == 0
    said = " ".join(forks.said().split())
    for shown in (
        "how long to train, in passes over the data (default: 4)",
        "pictures for an update, of all processes together (default: 16)",
        "how evenly pictures are blended; 0: not at all (default: 0.2)",
        "--precision {bf16,fp32} what is computed in (default: fp32)",
    ):
        assert shown in said
    assert "--steps" not in said


def test_only_the_length_that_counts_is_an_option(
    forks: training.Forks, home: Path, tmp_path: Path
) -> None:
    lenet = training.compiled(training.HERE.parent.parent / "specs" / "lenet.arch", home)
    for variant, length, other in (
        ("lenet5", "--epochs", "--steps"),
        ("lenet_caffe", "--steps", "--epochs"),
    ):
        assert forks.run(lenet, "--variant", variant, "--help") == 0
        assert length in forks.said() and other not in forks.said()
        assert forks.run(lenet, "--variant", variant, other, 3) == 2
    assert forks.run(lenet, "--variant", "lenet_caffe", "--recipe", "other") == 2
    assert "argument --recipe: invalid choice: 'other' (choose from" in forks.said()
    assert forks.run(lenet, "--data", tmp_path) == 1
    assert "--download fetches it" in forks.said() and "Traceback" not in forks.said()


def test_a_folder_is_of_one_run(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """A run is its variant, its recipe and whether its pictures are made up; its numbers and the
    script may change, and what did is said."""
    script, pictures = rich
    given = (*SHORT, "--data", pictures, "--out", tmp_path)
    forks.done(script, *given, "--lr", 0.01)
    forks.done(script, *given, "--lr", 0.01)
    assert forks.said().startswith(f"going on from {training.last(tmp_path)}\n")
    assert forks.done(script, *given, "--epochs", 3, "--seed", 1)["step"] == 9
    assert ", now with {'epochs': 3, 'lr': 0.05, 'seed': 1}\n" in forks.said()
    changed = tmp_path / "changed"
    changed.mkdir()
    text = script.read_text()
    assert "label_smoothing=0.1" in text
    (changed / script.name).write_text(text.replace("label_smoothing=0.1", "label_smoothing=0.2"))
    shutil.copy(script.with_name("rich.py"), changed)
    forks.done(changed / script.name, *given, "--epochs", 3, "--seed", 1, "--lr", 0.05)
    assert ", now with {'code': '" in forks.said()
    for other in (("--variant", "small_plain"), ("--synthetic",)):
        assert forks.run(script, *given, *other) == 1
        assert "is of another run" in forks.said() and "take another --out" in forks.said()
    assert forks.run(script, "evaluate", tmp_path, *given[-4:], "--variant", "small_plain") == 1
    assert "is of small, trained by " in forks.said()


def test_weights_of_another_network_are_said_to_be_so(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """In a line, by going on as by evaluating."""
    script, pictures = rich
    given = (*SHORT, "--epochs", 1, "--data", pictures, "--out", tmp_path / "run")
    forks.done(script, *given)
    changed = tmp_path / script.name
    shutil.copy(script, changed)
    text = script.with_name("rich.py").read_text()
    assert "width" in text and "Linear(32, num_classes)" in text
    text = text.replace("Linear(32, num_classes)", "Linear(32, num_classes + 1)")
    changed.with_name("rich.py").write_text(text)
    for verb in ((), ("evaluate", tmp_path / "run")):
        assert forks.run(changed, *verb, *given, "--epochs", 2) == 1
        last = forks.said().strip().splitlines()[-1]
        assert "is of another network: size mismatch for fc.bias" in last
        assert "Traceback" not in forks.said()
    damaged = tmp_path / "damaged.safetensors"
    damaged.write_bytes(b"nothing that was saved")
    assert forks.run(changed, "evaluate", damaged, *given) == 1
    assert f"{damaged} can't be read: " in forks.said().strip().splitlines()[-1]
    assert "Traceback" not in forks.said()


def test_without_a_mean_of_weights_there_is_no_second_model(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    script, pictures = rich
    given = (*SHORT, "--epochs", 1, "--data", pictures, "--out", tmp_path)
    summary = forks.done(script, *given, "--ema", 0)
    names = {path.name for path in training.last(tmp_path).glob("*.safetensors")}
    assert names == {"model.safetensors"}
    again = forks.done(script, "evaluate", tmp_path, "--data", pictures, "--workers", 0)
    assert again["images"] == summary["images"] and again["loss"] == pytest.approx(summary["loss"])


def test_a_run_whose_checkpoints_are_all_damaged_begins_anew(
    forks: training.Forks, rich: tuple[Path, Path], tmp_path: Path
) -> None:
    """Damaged ones are never kept in the place of good ones."""
    script, pictures = rich
    given = (*SHORT, "--data", pictures)
    forks.done(script, *given, "--out", tmp_path / "whole")
    out = tmp_path / "broken"
    forks.done(script, *given, "--save-every", 1, "--out", out)
    for checkpoint in out.glob("step-*"):
        (checkpoint / "state.pt").write_bytes(b"")
    assert forks.run(script, *given, "--save-every", 1, "--out", out, call=15) == -9
    forks.done(script, *given, "--save-every", 1, "--out", out)
    assert "going on from" in forks.said()
    assert kills.compared(tmp_path / "whole", out) == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (("--epochs", 0), "--epochs 0: it has to be 1 or more"),
        (("--lr", -1), "--lr -1.0: it has to be 0 or more"),
        (("--lr", "nan"), "--lr nan: it has to be 0 or more"),
        (("--save-every", 0), "--save-every 0: it has to be 1 or more"),
        (("--ema", 1.5), "--ema 1.5: it has to be 1 or less"),
        (("--precision", "fp16"), "argument --precision: invalid choice: 'fp16'"),
        (("--epochs", "some"), "argument --epochs: invalid int value: 'some'"),
        (("--variant", "large"), "argument --variant: invalid choice: 'large'"),
        (("--fsdp",), "--fsdp shards over the processes of torchrun"),
        (
            ("train", "some"),
            "training takes no checkpoint: it goes on from the newest of runs/small",
        ),
    ],
)
def test_what_options_take(
    given: tuple[object, ...], expected: str, forks: training.Forks, rich: tuple[Path, Path]
) -> None:
    assert forks.run(rich[0], *given) in (1, 2)
    assert expected in forks.said() and "Traceback" not in forks.said()
