"""`python -m benchmarks.training [VARIANT...]`: how many images a second the training scripts take.

For each network, in one run and turn by turn: a step of the script that archdsl writes for it
(`--synthetic`, or from `--folder`), of the same network from torchvision or timm in a plain eager
loop, and of that with the settings of timm's own script (bfloat16, channels_last, torch.compile);
then the same for evaluation. The figure is the median of the rounds, in images a second. `limit` is
what the memory would allow: five passes over what convolutions and linear layers put out (forwards
written and read, backwards the gradient written and read and the value read again), two bytes each,
at the rate at which the device copies; two passes in evaluation.

On a GPU batches are of 256 pictures. Without one it shows only that all of it runs.
"""

from __future__ import annotations

import argparse
import importlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import Any

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [os.path.join(ROOT, "generated"), os.path.join(ROOT, "tests")]

import torch  # noqa: E402
from torch import Tensor, nn  # noqa: E402
from torchvision_models import models  # noqa: E402

CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
BATCH = 256 if CUDA else 2
ROUNDS = 5 if CUDA else 2
STEPS = 20 if CUDA else 1  # a round
WARM = 10 if CUDA else 1  # steps before anything counts: compiling, choosing algorithms

# Variants with their modules, and the library whose network of this name is the same.
NETWORKS = {
    "resnet50": ("resnet", "torchvision", "resnet50"),
    "resnext50_32x4d": ("resnext", "torchvision", "resnext50_32x4d"),
    "densenet121": ("densenet", "torchvision", "densenet121"),
    "inception_v3": ("inception_v3", "torchvision", "inception_v3"),
    "mobilenetv1_100": ("mobilenet", "timm", "mobilenetv1_100"),
}

Step = Callable[[], Any]
Predict = Callable[[nn.Module, Tensor], Any]


def main(wanted: list[str], folder: str | None) -> None:
    models()  # imports torchvision, which scripts do, too, as it can be here
    rate = bandwidth()
    print(f"{torch.cuda.get_device_name() if CUDA else 'CPU'}, torch {torch.__version__}, ", end="")
    print(f"batches of {BATCH}, copies at {rate / 1e9:,.0f} GB/s")
    columns = ("script", "eager", "timm's", "limit", "share")
    print(f"{'':<28}" + "".join(f"{name:>10}" for name in columns), flush=True)
    for variant in wanted or NETWORKS:
        step, predict, model, shape = ours(variant, folder)
        size = written(model, shape)
        for phase, passes in (("training", 5), ("inference", 2)):
            plain, tuned = theirs(variant, shape, phase), theirs(variant, shape, phase, tuned=True)
            own = step if phase == "training" else inference(model, predict, shape)
            speeds = turns([own, plain, tuned])
            limit = rate / (2 * passes * size)
            figures = "".join(f"{each:>10,.0f}" for each in (*speeds, limit))
            print(f"{variant:<17} {phase:<10}{figures}{speeds[0] / limit:>10.1%}", flush=True)


def ours(variant: str, folder: str | None) -> tuple[Step, Predict, nn.Module, tuple[int, int, int]]:
    """A script's training step, how it calls a network, the network and the shape of a picture."""
    script = importlib.import_module(f"{NETWORKS[variant][0]}_train")
    given = ["--variant", variant, "--batch", str(BATCH), "--accumulate", "1"]
    given += ["--data", folder] if folder else ["--synthetic"]
    command, sys.argv = sys.argv, ["script", *given, "--out", tempfile.mkdtemp()]
    args = script.options()
    sys.argv = command
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    run = script.Run(args)
    run.waited = 0.0
    parts: Iterator[list[Tensor]] = run.parts()

    def predict(model: nn.Module, x: Tensor) -> Any:
        return script.predicted(model, x, args)

    return lambda: run.train_step(parts), predict, run.model, args.shape


def inference(model: nn.Module, predict: Predict, shape: tuple[int, ...]) -> Step:
    """The network of a script in evaluation, as the script calls it."""
    x = torch.rand(BATCH, *shape, device=DEVICE)

    def step() -> Any:
        model.eval()
        with torch.no_grad():
            out = predict(model, x)
        model.train()
        return out

    return step


def theirs(variant: str, shape: tuple[int, ...], phase: str, tuned: bool = False) -> Step:
    """A step of a public library's network: plain, or with the settings of timm's own script."""
    _, library, name = NETWORKS[variant]
    if library == "timm":
        timm = importlib.import_module("timm")
        model: nn.Module = timm.create_model(name)
    else:
        options = {"init_weights": True} if name == "inception_v3" else {}
        model = models().__dict__[name](**options)
    layout = torch.channels_last if tuned else torch.contiguous_format
    model.to(DEVICE).to(memory_format=layout)  # type: ignore[call-overload]
    x = torch.rand(BATCH, *shape, device=DEVICE).contiguous(memory_format=layout)
    y = torch.randint(1000, (BATCH,), device=DEVICE)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    model.train(phase == "training")
    if tuned and CUDA:
        model.compile()

    def step() -> Any:
        training = phase == "training"
        with (
            torch.autocast(DEVICE.type, torch.bfloat16, enabled=tuned and CUDA),
            torch.set_grad_enabled(training),
        ):
            out = model(x)
            if not training:
                return out
            heads = (out, 1.0) if isinstance(out, Tensor) else (out[0], 1.0, out[1], 0.4)
            losses = [
                weight * nn.functional.cross_entropy(head, y)
                for head, weight in zip(heads[::2], heads[1::2])
            ]
            loss = torch.stack(losses).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        return loss

    return step


def turns(steps: list[Step]) -> list[float]:
    """Images a second of each, the median of rounds in which they take turns."""
    for step in steps:
        for _ in range(WARM):
            step()
    times: list[list[float]] = [[] for _ in steps]
    for _ in range(ROUNDS):
        for step, found in zip(steps, times):
            finished()
            begun = time.perf_counter()
            for _ in range(STEPS):
                step()
            finished()
            found.append((time.perf_counter() - begun) / STEPS)
    return [BATCH / statistics.median(found) for found in times]


def finished() -> None:
    if CUDA:
        torch.cuda.synchronize()


def bandwidth() -> float:
    """Bytes a second that the device reads and writes in copying."""
    source = torch.empty((1 << 30) if CUDA else (1 << 26), dtype=torch.uint8, device=DEVICE)
    target = torch.empty_like(source)
    target.copy_(source)
    found = []
    for _ in range(5):
        finished()
        begun = time.perf_counter()
        target.copy_(source)
        finished()
        found.append(2 * source.numel() / (time.perf_counter() - begun))
    return max(found)


def written(model: nn.Module, shape: tuple[int, ...]) -> int:
    """How many numbers the convolutions and linear layers put out for a picture."""
    count = 0

    def add(module: nn.Module, given: Any, out: Tensor) -> None:
        nonlocal count
        count += out.numel()

    layers = [each for each in model.modules() if isinstance(each, (nn.Conv2d, nn.Linear))]
    handles = [each.register_forward_hook(add) for each in layers]
    model.eval()
    with torch.no_grad(), torch.compiler.set_stance("force_eager"):
        model(torch.rand(1, *shape, device=DEVICE))
    model.train()
    for handle in handles:
        handle.remove()
    return count


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("variants", nargs="*", metavar="VARIANT", help=", ".join(NETWORKS))
    parser.add_argument("--folder", help="pictures as ImageNet has them, in place of made-up ones")
    options = parser.parse_args()
    if unknown := set(options.variants) - set(NETWORKS):
        parser.error(f"there is no {', '.join(sorted(unknown))}")
    main(options.variants, options.folder)
