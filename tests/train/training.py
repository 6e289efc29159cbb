"""What the tests of training scripts share: scripts of small specs, pictures, and runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from archdsl import driver, output
from archdsl.diagnostics import Bag

HERE = Path(__file__).resolve().parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(HERE / "beside"), "OMP_NUM_THREADS": "1"}


def script(spec: Path, folder: Path) -> Path | None:
    """The training script of a spec, if it has one, with its module beside it."""
    bag = Bag()
    (job,) = output.plan([str(spec)], str(folder), bag)
    done = driver.compile(job, bag)
    assert done is not None, bag.items
    return None if done.script is None else Path(done.script.path)


def compiled(spec: Path, folder: Path) -> Path:
    """The training script of a spec that has one."""
    found = script(spec, folder)
    assert found is not None
    return found


class Forks:
    """Runs scripts quickly (`forks.py`)."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "forks.py")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=ENVIRONMENT,
        )
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, program: Path, *arguments: object, **end: object) -> int:
        """The exit status of a run, whose output `said` then gives."""
        order = {
            "script": str(program),
            "arguments": [str(each) for each in arguments],
            "log": str(self.log),
            **end,
        }
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return int(self._answer())

    def done(self, program: Path, *arguments: object) -> dict[str, Any]:
        """What a run that has to succeed sums up."""
        status = self.run(program, *arguments)
        assert status == 0, self.said()
        return self.summary()

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def summary(self) -> dict[str, Any]:
        """The JSON object that ends a run's output."""
        found: dict[str, Any] = json.loads(self.said().splitlines()[-1])
        return found

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()


def processes(program: Path, count: int, *arguments: object) -> dict[str, Any]:
    """What a run in several processes sums up, by torchrun."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", str(count), str(program), *map(str, arguments)]
    for _ in range(2):
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=600)
        # torch's own threads now and then abort a process that ends: it goes on where it was.
        if "terminate called without an active exception" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr[-4000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def digits(root: Path) -> Path:
    """scikit-learn's handwritten digits as an image folder; each fifth is held out."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    data = load_digits()
    for index, (values, label) in enumerate(zip(data.images, data.target)):
        folder = root / ("train" if index % 5 else "val") / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        levels = np.asarray(values * 255 / 16).round().astype(np.uint8)
        Image.fromarray(levels).save(folder / f"{index:04}.png")
    return root


def colours(root: Path, classes: int = 10, train: int = 3, val: int = 1) -> Path:
    """A few pictures of noise, some of them oblong, for each class."""
    import numpy as np
    from PIL import Image

    numbers = np.random.default_rng(0)
    for part, count in (("train", train), ("val", val)):
        for label in range(classes):
            folder = root / part / f"class{label}"
            folder.mkdir(parents=True, exist_ok=True)
            for index in range(count):
                values = numbers.integers(0, 256, (40 + 4 * index, 48, 3), dtype=np.uint8)
                Image.fromarray(values).save(folder / f"{index}.png")
    return root


def curve(out: Path) -> list[dict[str, Any]]:
    """What a run logged."""
    return [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]


def last(out: Path) -> Path:
    """The newest checkpoint of a run."""
    return max(out.glob("step-*"))


def state(checkpoint: Path) -> dict[str, Any]:
    """Everything in a checkpoint, flat: tensors and plain values by their paths."""
    import torch
    from safetensors.torch import load_file

    found: dict[str, Any] = {}

    def add(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                add(f"{path}/{name}", each)
        else:
            found[path] = value

    for file in sorted(checkpoint.glob("*.safetensors")):
        add(file.stem, load_file(file))
    add("state", torch.load(checkpoint / "state.pt", weights_only=True))
    return found


def differences(one: Path, other: Path) -> list[str]:
    """What two checkpoints do not have in common, to the bit."""
    import torch

    first, second = state(one), state(other)
    found = sorted(first.keys() ^ second.keys())
    for name in first.keys() & second.keys():
        a, b = first[name], second[name]
        same = torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b
        found += [] if same else [name]
    return found
