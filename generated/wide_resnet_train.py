"""Trains the networks of wide_resnet.py; given again, a command goes on where it stopped.

    python wide_resnet_train.py --data DIR               or, for several GPUs or machines:
    torchrun --nproc-per-node 8 wide_resnet_train.py --data DIR
    python wide_resnet_train.py evaluate CHECKPOINT --data DIR
    python wide_resnet_train.py export CHECKPOINT
    python wide_resnet_train.py --smoke                  (a minute on a CPU, from nothing)

Written from specs/wide_resnet.arch by archdsl, which leaves it alone once edited (b8c20a12e1a0).
"""

import argparse
import hashlib
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import torch
import torch.distributed as dist
import torch.distributed.checkpoint.state_dict as states
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets  # type: ignore[import-untyped]
from torchvision.transforms import v2  # type: ignore[import-untyped]

import wide_resnet as networks

RANK, WORLD = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
CUDA = torch.cuda.is_available()
DEVICE = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if CUDA else "cpu")
WHOLE = states.StateDictOptions(full_state_dict=True, cpu_offload=True)


@dataclass
class Recipe:
    """`cifar10`. Its numbers are options of the command line, too."""

    epochs: int = 200
    batch: int = 128
    accumulate: int = 1
    lr: float = 0.1
    seed: int = 0
    precision: str = "bf16"
    name = "cifar10"
    classes = 10
    mean = (0.4914, 0.4822, 0.4465)
    std = (0.247, 0.2435, 0.2616)

    def source(self, args: argparse.Namespace, train: bool) -> Any:
        return datasets.CIFAR10(args.data, train=train, download=args.download)

    def pictures(self, size: list[int]) -> list[nn.Module]:
        """What is done to single pictures in training."""
        return [v2.RandomCrop(size, padding=4, padding_mode="reflect")]

    def evaluated(self, size: list[int]) -> list[nn.Module]:
        """What is done to single pictures in evaluation."""
        return []

    def augment(self, x: Tensor, u: Tensor) -> Tensor:
        """What is done to batches, on the device; values are between 0 and 1."""
        x = sometimes(0.5, u[:, 0], x.flip(3), x)
        return x

    def drawn(self) -> Tensor:
        """Random numbers for a picture."""
        return torch.rand(1)

    def criterion(self, out: Tensor, target: Tensor) -> Tensor:
        return F.cross_entropy(out, target)

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            model.parameters(),
            lr=self.lr,
            momentum=0.9,
            nesterov=True,
            weight_decay=0.0005,
            fused=CUDA,
        )

    def rate(self, t: float) -> float:
        """The share of `lr` after a time in epochs."""
        return 0.2 ** sum(t >= each for each in (60, 120, 160))


@dataclass
class ImagenetRecipe(Recipe):
    """`imagenet`: what differs from `cifar10`."""

    epochs: int = 90
    batch: int = 256
    name = "imagenet"
    classes = 1000
    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)

    def source(self, args: argparse.Namespace, train: bool) -> Any:
        return folder(args, train, self.classes)

    def pictures(self, size: list[int]) -> list[nn.Module]:
        """What is done to single pictures in training."""
        return [v2.RandomResizedCrop(size)]

    def evaluated(self, size: list[int]) -> list[nn.Module]:
        """What is done to single pictures in evaluation."""
        return [v2.Resize(256), v2.CenterCrop(size)]

    def augment(self, x: Tensor, u: Tensor) -> Tensor:
        """What is done to batches, on the device; values are between 0 and 1."""
        x = brightness(x, u[:, 0], 0.4)
        x = contrast(x, u[:, 1], 0.4)
        x = saturation(x, u[:, 2], 0.4)
        x = pca_lighting(x, u[:, 3:6], std=0.1)
        x = sometimes(0.5, u[:, 6], x.flip(3), x)
        return x

    def drawn(self) -> Tensor:
        """Random numbers for a picture."""
        return torch.rand(7)

    def optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(
            model.parameters(),
            lr=self.lr,
            momentum=0.9,
            nesterov=True,
            weight_decay=0.0001,
            fused=CUDA,
        )

    def rate(self, t: float) -> float:
        """The share of `lr` after a time in epochs."""
        return math.pow(0.1, t // 30)


class Variant(NamedTuple):
    """A network: the shape of its pictures, and the recipes for it, the first its default."""

    shape: tuple[int, int, int]
    recipes: dict[str, type[Recipe]]


VARIANTS = {
    "wrn40_1_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn40_2_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn40_4_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn40_8_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn28_10_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn28_12_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn22_8_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn22_10_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn16_8_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn16_10_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn16_8_dropout_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn28_10_dropout_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wrn40_4_dropout_cifar10": Variant((3, 32, 32), {"cifar10": Recipe}),
    "wide_resnet50_2": Variant((3, 224, 224), {"imagenet": ImagenetRecipe}),
    "wide_resnet101_2": Variant((3, 224, 224), {"imagenet": ImagenetRecipe}),
}


def sometimes(p: float, u: Tensor, new: Tensor, old: Tensor) -> Tensor:
    """`new` by a chance for each picture."""
    return torch.where(u[:, None, None, None] < p, new, old)


def grey(x: Tensor) -> Tensor:
    """Brightness, as one channel."""
    return x if x.shape[1] == 1 else (x * constant(0.299, 0.587, 0.114)).sum(1, keepdim=True)


def factor(u: Tensor, strength: float) -> Tensor:
    return (1 + (2 * u - 1) * strength)[:, None, None, None]


def brightness(x: Tensor, u: Tensor, strength: float) -> Tensor:
    return (x * factor(u, strength)).clamp(0, 1)


def contrast(x: Tensor, u: Tensor, strength: float) -> Tensor:
    mean = grey(x).mean((2, 3), keepdim=True)
    return torch.lerp(mean, x, factor(u, strength)).clamp(0, 1)


def saturation(x: Tensor, u: Tensor, strength: float) -> Tensor:
    return torch.lerp(grey(x), x, factor(u, strength)).clamp(0, 1)


COMPONENTS = (  # deviations and directions of ImageNet's colours
    (0.2175, (-0.5675, -0.5808, -0.5836)),
    (0.0188, (0.7192, -0.0045, -0.6948)),
    (0.0045, (0.4009, -0.8140, 0.4203)),
)


def pca_lighting(x: Tensor, u: Tensor, std: float) -> Tensor:
    """Normal amounts of the principal components of ImageNet's colours."""
    by = torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6)) * std
    for at, (deviation, component) in enumerate(COMPONENTS):
        x = x + by[:, at, None, None, None] * deviation * constant(*component)
    return x.clamp(0, 1)


def folder(args: argparse.Namespace, train: bool, classes: int) -> Any:
    path = os.path.join(args.data, "train" if train else "val")
    if not os.path.isdir(path):
        sys.exit(f"there is no folder {path}: --data has train/CLASS/* and val/CLASS/*")
    found = datasets.ImageFolder(path)
    if len(found.classes) != classes:
        sys.exit(f"{path} has {len(found.classes)} classes, and the recipe {classes}")
    return found


@cache
def constant(*values: float) -> Tensor:
    """A number for each channel, on the device."""
    return torch.tensor(values, device=DEVICE)[:, None, None]


def key(*numbers: int) -> int:
    """A seed for each combination of numbers."""
    return zlib.crc32(repr(numbers).encode())


class Pictures(Dataset[tuple[Tensor, int, Tensor]]):
    """Pictures of the network's size, with their classes and random numbers for what is done on the
    device. All follows from (seed, epoch, index), whoever reads a picture, after whatever else."""

    def __init__(self, args: argparse.Namespace, train: bool) -> None:
        self.recipe, self.train, self.skip = args.recipe, train, args.skip_unreadable
        channels, *size = VARIANTS[args.variant].shape
        self.mode = "L" if channels == 1 else "RGB"
        steps = self.recipe.pictures(size) if train else self.recipe.evaluated(size)
        smoke = [v2.Resize(size)] * args.smoke  # made-up pictures have a size of their own
        self.steps = v2.Compose([*steps, *smoke, v2.PILToTensor()])
        if args.smoke:
            length = 2 * self.recipe.batch if train else 6
            self.source: Any = datasets.FakeData(length, (3, 80, 96), self.recipe.classes)
        else:
            self.source = self.recipe.source(args, train)

    def __getitem__(self, place: tuple[int, int]) -> tuple[Tensor, int, Tensor]:
        epoch, index = place
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(self.recipe.seed, epoch, index))
            picture, label = self.read(index % len(self.source))
            counts = index < len(self.source)
            return self.steps(picture), label if counts else -1, self.recipe.drawn()

    def read(self, index: int) -> tuple[Any, int]:
        """With --skip-unreadable, what can't be read is the next picture, or in evaluation none."""
        try:
            picture, label = self.source[index]
            return picture.convert(self.mode), label
        except (OSError, SyntaxError, ValueError) as error:
            name = self.source.samples[index][0] if hasattr(self.source, "samples") else index
            if not self.skip:
                raise OSError(f"{name}: {error} (--skip-unreadable passes over it)") from error
            print(f"skipped {name}: {error}", file=sys.stderr)
            picture, label = self.read((index + 1) % len(self.source))
            return picture, label if self.train else -1


def deaf(worker: int) -> None:
    """Ctrl-C is for the process that saves."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def loaded(data: Pictures, batches: Iterable[Any], workers: int) -> Iterator[list[Tensor]]:
    """Batches on the device: bytes, classes, random numbers."""
    options: Any = {"num_workers": workers, "pin_memory": CUDA, "worker_init_fn": deaf}
    for batch in DataLoader(data, batch_sampler=batches, **options):
        yield [each.to(DEVICE, non_blocking=True) for each in batch]


def total(values: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if WORLD > 1:
        dist.all_reduce(values)
    return values


def held(values: Iterable[Tensor]) -> list[Tensor]:
    """What this process has of tensors that hold fractions."""
    own = [each.to_local() if isinstance(each, DTensor) else each for each in values]
    return [each.detach() for each in own if each.is_floating_point()]


def put(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file or folder: at any moment there is all of it, or what was there before."""
    draft = path.with_name(f".{path.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    write(draft)
    for each in (*draft.glob("*"), draft, path.parent):
        if each == path.parent:
            if path.is_dir():
                shutil.rmtree(path)  # damaged: one that is whole is never written again
            os.replace(draft, path)
        handle = os.open(each, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)


def digests(checkpoint: Path) -> dict[str, str]:
    files = [*checkpoint.glob("*.safetensors"), *checkpoint.glob("*.pt")]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def latest(out: Path) -> Path | None:
    """The newest checkpoint of a run that is as it was written."""
    for checkpoint in sorted(out.glob("step-*"), reverse=True):
        try:
            if json.loads((checkpoint / "manifest.json").read_text()) == digests(checkpoint):
                return checkpoint
        except (OSError, ValueError):
            pass
        print(f"{checkpoint} is damaged: passing over it", file=sys.stderr)
    return None


def weights(model: nn.Module) -> dict[str, Tensor]:
    """All that a model has learnt, on the first process."""
    kept: dict[str, Any] = states.get_model_state_dict(model, options=WHOLE)
    return {name: value.contiguous() for name, value in kept.items()}


def built(args: argparse.Namespace) -> nn.Module:
    model: nn.Module = getattr(networks, args.variant)().to(DEVICE)
    if not args.fsdp:  # `fully_shard` takes parameters in the usual format only
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def predicted(model: nn.Module, x: Tensor, recipe: Recipe) -> Any:
    """What a network gives for values between 0 and 1."""
    x = (x - constant(*recipe.mean)) / constant(*recipe.std)
    bf16 = recipe.precision == "bf16"
    with torch.autocast(DEVICE.type, torch.bfloat16, enabled=bf16):
        return model(x.contiguous(memory_format=torch.channels_last))


@torch.no_grad()
def evaluate(model: nn.Module, data: Pictures, args: argparse.Namespace) -> dict[str, float]:
    """Each picture once, however many processes share them; beyond the end are none that count."""
    recipe, share = args.recipe, math.ceil(len(data.source) / WORLD)
    size = max(1, recipe.batch // (WORLD * recipe.accumulate))
    places = [(0, RANK + i * WORLD) for i in range(share)]
    batches = [places[at : at + size] for at in range(0, share, size)]
    sums = torch.zeros(4, dtype=torch.float64, device=DEVICE)
    model.eval()
    for x, y, _ in loaded(data, batches, args.workers):
        out = predicted(model, x.float() / 255, recipe).float()
        out, y = out[y >= 0], y[y >= 0]
        scores = out
        # Ties, and what is not a number, count against the right answer.
        place = scores.shape[1] - (scores < scores.gather(1, y[:, None])).sum(1)
        loss = recipe.criterion(out, y) * len(y) if len(y) else 0.0
        for at, value in enumerate((loss, (place <= 1).sum(), (place <= 5).sum(), len(y))):
            sums[at] += value
    model.train()
    loss, top1, top5, images = total(sums).tolist()
    return {"loss": loss / images, "top1": top1 / images, "top5": top5 / images, "images": images}


class Run:
    """What is trained, and where it stands. What a restart needs is in the checkpoints; the order of
    the pictures, what is done to them and dropout follow from the seed and the step."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.recipe, self.out = args, args.recipe, Path(args.out)
        self.writer: Any = None
        self.asked, self.speed, self.watching, self.found = 0, 0.0, False, ""
        own = {"variant": args.variant, "recipe": self.recipe.name, "synthetic": args.synthetic}
        settings = {"run": own, "processes": WORLD, **asdict(self.recipe)}
        self.at: Any = {"step": 0, "reported": 0, "best": -1.0, "last": {}, "settings": settings}
        parts = WORLD * self.recipe.accumulate
        self.micro, rest = divmod(self.recipe.batch, parts)
        if rest or not self.micro:
            sys.exit(f"--batch {self.recipe.batch} can't be split into {parts} parts")
        self.per_epoch = 1000
        if not args.synthetic:
            self.data, self.val = Pictures(args, train=True), Pictures(args, train=False)
            self.per_epoch = len(self.data.source) // self.recipe.batch
        if not self.per_epoch:
            sys.exit(f"{len(self.data.source)} pictures do not fill a batch of {self.recipe.batch}")
        self.total = self.recipe.epochs * self.per_epoch
        torch.manual_seed(self.recipe.seed)
        self.model = built(args)
        self.models = {"model": self.model}  # the last is the one that is evaluated
        if args.fsdp:
            mesh = init_device_mesh(DEVICE.type, (WORLD,))
            for model in self.models.values():
                for child in (*model.children(), model):
                    if not isinstance(child, (nn.ModuleList, nn.ModuleDict)):
                        fully_shard(child, mesh=mesh)
        if args.compile:
            self.model.compile()
        self.net = self.model
        if WORLD > 1 and not args.fsdp:
            # Sums of gradients depend on their order. It changes after a process's first step, and
            # so after a restart, unless parameters may go unused.
            keep = args.deterministic
            self.net = DistributedDataParallel(
                self.model, broadcast_buffers=False, find_unused_parameters=keep
            )
        self.optimizer = self.recipe.optimizer(self.model)
        self.sums = torch.zeros(2, dtype=torch.float64, device=DEVICE)  # of losses, of hits

    def align(self) -> None:
        """All processes take the first one's statistics: until then each has its own."""
        for model in self.models.values() if WORLD > 1 else ():
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def places(self) -> Iterator[list[tuple[int, int]]]:
        """Which pictures each part of a step takes in this process, from the current step on."""
        share, order = self.recipe.batch // WORLD, None
        for step in range(self.at["step"], self.total):
            epoch, place = divmod(step, self.per_epoch)
            if not place or order is None:
                generator = torch.Generator().manual_seed(key(self.recipe.seed, epoch))
                order = torch.randperm(len(self.data.source), generator=generator)
            first = place * self.recipe.batch + RANK * share
            own = order[first : first + share].tolist()
            for at in range(0, share, self.micro):
                yield [(epoch, index) for index in own[at : at + self.micro]]

    def parts(self) -> Iterator[list[Tensor]]:
        if not self.args.synthetic:
            yield from loaded(self.data, self.places(), self.args.workers)
        shape = (self.micro, *VARIANTS[self.args.variant].shape)
        x = torch.randint(256, shape, dtype=torch.uint8, device=DEVICE)
        y = torch.randint(self.recipe.classes, shape[:1], device=DEVICE)
        u = torch.stack([self.recipe.drawn() for _ in range(self.micro)]).to(DEVICE)
        while self.args.synthetic:
            yield [x, y, u]

    def train_step(self, parts: Iterator[list[Tensor]]) -> None:
        """One update of the weights; nothing here waits for the device."""
        recipe, step = self.recipe, self.at["step"]
        for group in self.optimizer.param_groups:
            group["lr"] = recipe.lr * recipe.rate(step / self.per_epoch)
        for part in range(recipe.accumulate):
            begun = time.perf_counter()
            x, y, u = next(parts)
            self.waited += time.perf_counter() - begun
            torch.manual_seed(key(recipe.seed, step, part, RANK))  # dropout's
            if isinstance(self.net, DistributedDataParallel):
                self.net.require_backward_grad_sync = part == recipe.accumulate - 1
            elif isinstance(self.net, FSDPModule):
                self.net.set_requires_gradient_sync(part == recipe.accumulate - 1)
            x = recipe.augment(x.float() / 255, u)
            out = predicted(self.net, x, recipe)
            loss = recipe.criterion(out.float(), y)
            (loss / recipe.accumulate).backward()
            self.sums[0] += loss.detach() * len(y)
            self.sums[1] += out.argmax(1).eq(y).sum()
        if self.watching:
            for name, parameter in reversed(list(self.model.named_parameters())):
                self.notice(f"the gradient of {name}", [parameter.grad])
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.at["step"] += 1

    def train(self) -> None:
        """Go on to the end, or until asked to stop; report, evaluate and save on the way."""
        parts, stop = self.parts(), 0
        self.waited, self.begun, self.since = 0.0, time.perf_counter(), self.at["step"]
        profiler = torch.profiler.profile(
            schedule=torch.profiler.schedule(wait=5, warmup=2, active=5, repeat=1),
            on_trace_ready=torch.profiler.tensorboard_trace_handler(self.args.out),
        )
        if self.args.profile:
            profiler.start()
        while self.at["step"] < self.total and not stop:
            self.train_step(parts)
            step = self.at["step"]
            ends = step % self.per_epoch == 0 or step == self.total
            if ends or step % self.args.log_every == 0:
                self.report(step)
                stop = int(total(torch.tensor(self.asked, device=DEVICE)))
            elif WORLD == 1:
                stop = self.asked
            begun = time.perf_counter()
            if self.args.profile:
                profiler.step()
            if ends and not self.args.synthetic:
                self.judge()
            if ends or stop or step % self.args.save_every == 0:
                self.save()
            self.begun += time.perf_counter() - begun
        if self.args.profile:
            profiler.stop()

    def report(self, step: int) -> None:
        """Say how training goes. It waits for the device, as nothing else in training does."""
        loss, hits = (total(self.sums.clone()) / self.recipe.batch).tolist()
        steps, self.at["reported"] = step - self.at["reported"], step
        self.sums.zero_()
        if not math.isfinite(loss):
            raise FloatingPointError
        now = time.perf_counter()
        self.speed = (step - self.since) * self.recipe.batch / (now - self.begun)
        left = (self.total - step) * self.recipe.batch / self.speed / 60
        values = {"loss": loss / steps, "top1": hits / steps}
        self.log({**values, "lr": self.optimizer.param_groups[0]["lr"]})
        say(
            f"epoch {step / self.per_epoch:.2f} of {self.total / self.per_epoch:.0f}, "
            f"loss {loss / steps:.4f}, top-1 {hits / steps:.2%}, {self.speed:,.0f} img/s, "
            f"{self.waited / (now - self.begun):.0%} waiting for data, {left:.0f} min left"
        )
        self.waited, self.begun, self.since = 0.0, now, step

    def log(self, values: dict[str, float]) -> None:
        if RANK == 0:
            with open(self.out / "log.jsonl", "a") as file:
                file.write(json.dumps({"step": self.at["step"], **values}) + "\n")
            for name, value in values.items() if self.writer else ():
                self.writer.add_scalar(name, value, self.at["step"])

    def judge(self) -> None:
        """Evaluate, and keep the best."""
        self.align()
        *_, model = self.models.values()
        self.at["last"] = evaluate(model, self.val, self.args)
        self.log({f"val_{name}": value for name, value in self.at["last"].items()})
        if self.at["last"]["top1"] > self.at["best"]:
            self.at["best"] = self.at["last"]["top1"]
            kept = weights(model)
            if RANK == 0:
                put(self.out / "best.safetensors", lambda path: save_file(kept, path))
        say(f"evaluation: {self.at['last']}, best top-1 {self.at['best']:.2%}")

    def save(self) -> None:
        """Write a checkpoint. Those before the last two go when it is in its place."""
        self.align()
        kept = {name: weights(model) for name, model in self.models.items()}
        sums = total(torch.stack([self.sums * (RANK == rank) for rank in range(WORLD)]))
        moments = states.get_optimizer_state_dict(self.model, self.optimizer, options=WHOLE)
        state = {**self.at, "sums": sums.cpu(), "optimizer": moments}

        def write(draft: Path) -> None:
            draft.mkdir()
            for name, each in kept.items():
                save_file(each, draft / f"{name}.safetensors")
            torch.save(state, draft / "state.pt")
            (draft / "manifest.json").write_text(json.dumps(digests(draft)))

        own = held(self.model.state_dict().values())
        if total(torch.stack([(~each.isfinite()).sum() for each in own])).any():
            raise FloatingPointError
        if RANK == 0:
            put(self.out / f"step-{self.at['step']:08}", write)
            for old in sorted(self.out.glob("step-*"))[:-2]:
                shutil.rmtree(old)

    def load(self) -> bool:
        """Stand where the last intact checkpoint was written; whether there is one."""
        found = [latest(self.out) if RANK == 0 else None]
        if WORLD > 1:
            dist.broadcast_object_list(found)
        if (checkpoint := found[0]) is None:
            return False
        state = torch.load(checkpoint / "state.pt", "cpu", weights_only=True)
        run = state["settings"]["run"]
        if run != self.at["settings"]["run"]:
            sys.exit(f"{checkpoint} is of another run, {run}: take another --out")
        whole = states.StateDictOptions(full_state_dict=True)
        for name, model in self.models.items():
            kept: dict[str, Any] = load_file(checkpoint / f"{name}.safetensors")
            states.set_model_state_dict(model, kept, options=whole)
        moments, sums = state.pop("optimizer"), state.pop("sums")
        if moments["state"]:  # plain SGD keeps none
            states.set_optimizer_state_dict(self.model, self.optimizer, moments, options=whole)
        self.sums.copy_(sums[RANK] if len(sums) == WORLD else sums.sum(0) * (RANK == 0))
        if state["settings"] != self.at["settings"]:
            say(f"the settings were others: {state['settings']}")
        self.at = {**state, "settings": self.at["settings"]}
        if RANK == 0:
            lines = (self.out / "log.jsonl").read_text().splitlines(keepends=True)
            lines = [each for each in lines if each.endswith("\n")]
            lines = [each for each in lines if json.loads(each)["step"] <= self.at["step"]]
            put(self.out / "log.jsonl", lambda path: path.write_text("".join(lines)))
        say(f"going on from {checkpoint}")
        return True

    def notice(self, what: str, values: Any) -> None:
        tensors = (values,) if isinstance(values, Tensor) else values or ()
        own = held(each for each in tensors if each is not None)
        if self.watching and not self.found and not all(each.isfinite().all() for each in own):
            self.found = what

    def locate(self) -> str:
        """Where the first number that is not finite comes from: the steps since the last checkpoint
        once more, uncompiled, with an eye on everything."""
        failed, self.watching, self.waited = self.at["step"], True, 0.0
        self.load()
        for name, module in self.model.named_modules():
            what = f"the output of {name or 'the network'}"
            module.register_forward_hook(lambda _, x, out, what=what: self.notice(what, out))
        parts = self.parts()
        with torch.compiler.set_stance("force_eager"):
            while self.at["step"] < failed:
                self.train_step(parts)
                self.notice("a weight after its update", self.model.state_dict().values())
                found = [self.found] * WORLD
                if WORLD > 1:
                    dist.all_gather_object(found, self.found)
                if any(found):
                    return f"step {self.at['step']}: {max(found)} is the first that is not finite"
        return f"step {failed} or before; once more, uncompiled, all was finite"

    def ask(self, number: int, frame: Any) -> None:
        """Stop after this step; asked again, at once."""
        self.asked = number
        signal.signal(number, signal.SIG_DFL)


def say(text: str) -> None:
    if RANK == 0:
        print(text, flush=True)


def trained(args: argparse.Namespace) -> dict[str, Any]:
    """Train from the last checkpoint or the start, and tell what came of it."""
    begun, run = time.perf_counter(), Run(args)
    run.out.mkdir(parents=True, exist_ok=True)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, run.ask)
    if not run.load():
        if RANK == 0:
            (run.out / "log.jsonl").write_text("")
        run.save()
    if args.tensorboard and RANK == 0:
        from torch.utils.tensorboard import SummaryWriter

        run.writer = SummaryWriter(args.out, purge_step=run.at["step"])
    summary = {"variant": args.variant, "recipe": args.recipe.name, "out": args.out}
    try:
        run.train()
    except FloatingPointError:
        return {**summary, "diverged": run.locate()}
    if run.at["step"] < run.total:
        summary["stopped"] = signal.Signals(run.asked or signal.SIGTERM).name
    summary |= {"step": run.at["step"], "steps": run.total, **run.at["last"]}
    summary |= {"best": run.at["best"], "images_per_second": round(run.speed, 1)}
    return {**summary, "seconds": round(time.perf_counter() - begun, 1)}


def smoked(args: argparse.Namespace) -> dict[str, Any]:
    """Train from nothing, once to the end, and once more from the middle: is it the same?"""
    recipe = args.recipe
    recipe.accumulate = min(recipe.accumulate, 2)
    recipe.batch = 2 * recipe.accumulate * WORLD
    recipe.epochs = min(recipe.epochs, 2)
    with tempfile.TemporaryDirectory() as args.out:
        summary = trained(args)
        *_, last = sorted(Path(args.out).glob("step-*"))
        before = digests(last)
        shutil.rmtree(last)
        trained(args)
        after = digests(last)
        same = all(after[name] == before[name] for name in before if name != "state.pt")
    return {**summary, "smoke": True, "resumed_exactly": same}


def restored(args: argparse.Namespace) -> nn.Module:
    """The network with the weights of a run, a checkpoint or a file."""
    path = Path(args.checkpoint or args.out)
    path = latest(path) or path
    path = path / "model.safetensors" if path.is_dir() else path
    if not path.is_file():
        sys.exit(f"there is no checkpoint {path}")
    model = built(args)
    model.load_state_dict(load_file(path))
    return model


def exported(args: argparse.Namespace) -> dict[str, Any]:
    """Write the network for torch.export and ONNX, and compare what they give with what it gives."""
    model = restored(args).cpu().eval().requires_grad_(False)
    out = Path(args.out, args.variant)
    out.parent.mkdir(parents=True, exist_ok=True)
    x = torch.randn(2, *VARIANTS[args.variant].shape)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, out.with_suffix(".pt2"))
    torch.onnx.export(program, (x,), out.with_suffix(".onnx"), verbose=False)
    results = [torch.export.load(out.with_suffix(".pt2")).module()(x)]
    try:
        from onnxruntime import InferenceSession  # type: ignore[import-untyped]
    except ImportError:
        print("without onnxruntime the ONNX file is not compared", file=sys.stderr)
    else:
        session = InferenceSession(out.with_suffix(".onnx"))
        feed = {session.get_inputs()[0].name: x.numpy()}
        results.append(torch.from_numpy(session.run(None, feed)[0]))
    for result in results:
        torch.testing.assert_close(result, model(x), rtol=1e-3, atol=1e-4)
    return {"exported": str(out), "compared": len(results)}


def options() -> argparse.Namespace:
    """The command line; the recipe's numbers are its defaults."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--variant", choices=VARIANTS, default=next(iter(VARIANTS)))
    first.add_argument("--recipe", help="the variant's first, if left out")
    known, _ = first.parse_known_args()
    recipes = VARIANTS[known.variant].recipes
    name = known.recipe or next(iter(recipes))
    if name not in recipes:
        sys.exit(f"{known.variant} has no recipe {name}, but {', '.join(recipes)}")
    shown = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(parents=[first], formatter_class=shown)
    add = parser.add_argument
    add("verb", nargs="?", choices=("train", "evaluate", "export"), default="train")
    add("checkpoint", nargs="?", help="a run's folder, a checkpoint, or a file of weights")
    add("--data", default="data", help="folder of the pictures")
    add("--download", action="store_true", help="fetch the data where it lacks")
    add("--out", default=f"runs/{known.variant}", help="folder of the run")
    add("--workers", type=int, default=min(os.cpu_count() or 1, 16), help="loaders a process")
    add("--log-every", type=int, default=50, help="steps between lines of progress")
    add("--save-every", type=int, default=1000, help="steps between checkpoints within an epoch")
    add("--compile", action=argparse.BooleanOptionalAction, default=CUDA, help="torch.compile")
    for flag, meaning in (
        ("deterministic", "the same bits each time on a GPU, too"),
        ("fsdp", "shard the model over the processes of torchrun (FSDP2)"),
        ("synthetic", "one batch on the device again and again, to measure"),
        ("smoke", "a minute on made-up pictures, to see that all works"),
        ("skip-unreadable", "pass over pictures that can't be decoded"),
        ("tensorboard", "write what is logged for TensorBoard, too"),
        ("profile", "write a trace of some steps"),
    ):
        add(f"--{flag}", action="store_true", help=meaning)
    for field in fields(recipes[name]):
        default: Any = field.default
        if field.name in ("epochs", "steps") and not default:
            continue  # the recipe counts the other
        if field.name == "precision" and not CUDA:
            default = "fp32"
        choices = ("bf16", "fp32") if field.name == "precision" else None
        add(f"--{field.name}", type=type(default), default=default, choices=choices, help="recipe")
    args = parser.parse_args()
    names = {field.name for field in fields(recipes[name])}
    args.recipe = recipes[name](**{each: vars(args)[each] for each in names & set(vars(args))})
    return args


def main() -> None:
    args = options()
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = not args.deterministic
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(args.deterministic)
    if CUDA:
        torch.cuda.set_device(DEVICE)
    if "RANK" in os.environ:
        dist.init_process_group("nccl" if CUDA else "gloo")
    elif args.fsdp:
        sys.exit("--fsdp shards over the processes of torchrun")
    if args.verb == "evaluate":
        summary: dict[str, Any] = evaluate(restored(args), Pictures(args, train=False), args)
    elif args.verb == "export":
        summary = exported(args)
    else:
        summary = smoked(args) if args.smoke else trained(args)
    say(json.dumps(summary))
    if dist.is_initialized():
        dist.destroy_process_group()
    if "diverged" in summary or not summary.get("resumed_exactly", True):
        sys.exit(1)
    sys.exit(128 + signal.Signals[summary["stopped"]] if "stopped" in summary else 0)


if __name__ == "__main__":
    main()
