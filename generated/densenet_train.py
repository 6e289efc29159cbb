"""Trains the networks of densenet.py; given again, a command goes on where it stopped.

    python densenet_train.py --data DIR               or, for several GPUs or machines:
    torchrun --nproc-per-node 8 densenet_train.py --data DIR
    python densenet_train.py evaluate CHECKPOINT --data DIR
    python densenet_train.py export CHECKPOINT
    python densenet_train.py --smoke                  (a minute on a CPU, from nothing)

Written from specs/densenet.arch by archdsl, which leaves it alone once edited (c0795b97b5cc).
"""

import argparse
import hashlib
import io
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache, partial
from itertools import repeat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
import torch.distributed as dist
import torch.distributed.checkpoint.state_dict as states
import torch.nn.functional as F
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel as DDP
from torch.utils.data import DataLoader, Dataset
from torchvision import datasets  # type: ignore[import-untyped]
from torchvision.transforms import v2  # type: ignore[import-untyped]

import densenet as networks

RANK, WORLD = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
CUDA = torch.cuda.is_available()
DEVICE = torch.device(f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if CUDA else "cpu")
WHOLE = states.StateDictOptions(full_state_dict=True, cpu_offload=True)
say: Callable[..., None] = partial(print, flush=True) if RANK == 0 else lambda text: None
Step = Callable[[Tensor, Iterator[Tensor]], Tensor]  # of a batch, and of numbers by chance


@cache
def constant(*values: float) -> Tensor:
    """A number for each channel, on the device."""
    return torch.tensor(values, device=DEVICE)[:, None, None]


def done(steps: list[tuple[float, Step]], x: Tensor, u: Tensor) -> Tensor:
    """What steps make of a batch of bytes, each by its chance; values become those from 0 to 1."""
    x, numbers = x.float() / 255, iter(u.T)
    for chance, step in steps:
        new = step(x, numbers)
        x = new if chance == 1 else torch.where(next(numbers)[:, None, None, None] < chance, new, x)
    return x


def hflip(x: Tensor, u: Iterator[Tensor]) -> Tensor:
    return x.flip(3)


def grey(x: Tensor) -> Tensor:
    """Brightness, as one channel."""
    return x if x.shape[1] == 1 else (x * constant(0.299, 0.587, 0.114)).sum(1, keepdim=True)


def factor(u: Iterator[Tensor], strength: float) -> Tensor:
    return (1 + (2 * next(u) - 1) * strength)[:, None, None, None]


def brightness(x: Tensor, u: Iterator[Tensor], strength: float) -> Tensor:
    return (x * factor(u, strength)).clamp(0, 1)


def contrast(x: Tensor, u: Iterator[Tensor], strength: float) -> Tensor:
    mean = grey(x).mean((2, 3), keepdim=True)
    return torch.lerp(mean, x, factor(u, strength)).clamp(0, 1)


def saturation(x: Tensor, u: Iterator[Tensor], strength: float) -> Tensor:
    return torch.lerp(grey(x), x, factor(u, strength)).clamp(0, 1)


COMPONENTS = (  # deviations and directions of ImageNet's colours
    (0.2175, (-0.5675, -0.5808, -0.5836)),
    (0.0188, (0.7192, -0.0045, -0.6948)),
    (0.0045, (0.4009, -0.8140, 0.4203)),
)


def pca_lighting(x: Tensor, u: Iterator[Tensor], std: float) -> Tensor:
    """Normal amounts of the principal components of ImageNet's colours."""
    for deviation, component in COMPONENTS:
        by = torch.special.ndtri(next(u).clamp(1e-6, 1 - 1e-6)) * std * deviation
        x = x + by[:, None, None, None] * constant(*component)
    return x.clamp(0, 1)


IMAGENET = SimpleNamespace(
    name="imagenet",
    numbers={"epochs": 90, "batch": 256, "lr": 0.1},
    source=lambda args, part: datasets.ImageFolder(f"{args.data}/{part}"),
    classes=1000,
    pictures=lambda size: [v2.RandomResizedCrop(size)],
    evaluated=lambda size: [v2.Resize(256), v2.CenterCrop(size)],
    augment=[
        (1.0, partial(brightness, strength=0.4)),
        (1.0, partial(contrast, strength=0.4)),
        (1.0, partial(saturation, strength=0.4)),
        (1.0, partial(pca_lighting, std=0.1)),
        (0.5, hflip),
    ],
    mean=(0.485, 0.456, 0.406),
    std=(0.229, 0.224, 0.225),
    loss=F.cross_entropy,
    optimizer=lambda model, lr: torch.optim.SGD(
        model.parameters(), lr, momentum=0.9, nesterov=True, weight_decay=0.0001, fused=CUDA
    ),
    rate=lambda t, end: 0.1 ** sum(t >= each for each in (30, 60)),
)
# What is trained: the shape of its pictures, and its recipes.
VARIANTS: dict[str, Any] = {
    **dict.fromkeys(["densenet121", "densenet161", "densenet169"], ((3, 224, 224), [IMAGENET])),
    **dict.fromkeys(["densenet201", "densenet264"], ((3, 224, 224), [IMAGENET])),
}


class Pictures(Dataset[tuple[Tensor, int, Tensor]]):
    """Pictures of the network's size, with their classes and random numbers for what is done on the
    device. All follows from (seed, epoch, index), whoever reads a picture, after whatever else."""

    def __init__(self, args: argparse.Namespace, part: str) -> None:
        recipe, (channels, *size) = args.recipe, args.shape
        self.seed, self.part, self.mode = args.seed, part, "L" if channels == 1 else "RGB"
        self.skip = args.skip_unreadable
        steps = recipe.pictures(size) if part == "train" else recipe.evaluated(size)
        if args.smoke or args.synthetic:  # made-up pictures of a size of their own
            count = (1000 if args.synthetic else 2) * args.batch if part == "train" else 6
            self.source: Any = datasets.FakeData(count, (3, 80, 96), recipe.classes)
            steps.append(v2.Resize(size))
        else:
            self.source = recipe.source(args, part)
        found = len(getattr(self.source, "classes", range(recipe.classes)))
        if found != recipe.classes:
            sys.exit(f"{self.source.root} has {found} classes, and the recipe {recipe.classes}")
        self.steps = v2.Compose([*steps, v2.PILToTensor()])

    def __getitem__(self, place: tuple[int, int]) -> tuple[Tensor, int, Tensor]:
        epoch, index = place
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(hash((self.seed, epoch, index)))
            try:
                picture, label = self.source[index % len(self.source)]
                x = self.steps(picture.convert(self.mode))
            except Exception as error:  # decoders raise nearly everything
                text = f"{self.source.samples[index % len(self.source)][0]}: {error}"
                if not self.skip:
                    raise OSError(f"{text} (--skip-unreadable passes over it)") from error
                print(f"skipped {text}", file=sys.stderr)
                x, label, _ = self[epoch, (index + 1) % len(self.source)]
                label = label if self.part == "train" else -1  # the next in its place, or none
            return x, label if index < len(self.source) else -1, torch.rand(16)


def apart(worker: int) -> None:
    """Ctrl-C and torchrun ask a group of processes to stop: who saves still needs its loaders."""
    os.setpgrp()


def loaded(data: Pictures, places: Any, size: int, workers: int) -> Iterator[list[Tensor]]:
    """Batches on the device: bytes, classes, random numbers."""
    options: Any = {"num_workers": workers, "pin_memory": CUDA, "worker_init_fn": apart}
    for batch in DataLoader(data, size, sampler=places, **options):
        yield [each.to(DEVICE, non_blocking=True) for each in batch]


def total(values: Tensor) -> Tensor:
    """The sum over all processes, in place."""
    if WORLD > 1:
        dist.all_reduce(values)
    return values


def local(value: Any) -> Any:
    """What this process has of a tensor, which may be sharded."""
    return value.to_local() if hasattr(value, "to_local") else value


def flush(path: Path) -> None:
    """Have the disk keep a file, or the names in a folder."""
    handle = os.open(path, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def digest(checkpoint: Path) -> str:
    """What the files of a checkpoint come to; one more, which is empty, has it for a name."""
    digests = [hashlib.sha256(file.read_bytes()) for file in sorted(checkpoint.glob("[!.]*.*"))]
    return hashlib.sha256(b"".join(each.digest() for each in digests)).hexdigest()


def latest(out: Path, names: str = "step-*") -> Path | None:
    """The newest checkpoint of a run that is as it was written."""
    for checkpoint in sorted(out.glob(names), reverse=True):
        if (checkpoint / digest(checkpoint)).exists():
            return checkpoint
        print(f"{checkpoint} is damaged: passing over it", file=sys.stderr)
    return None


def built(args: argparse.Namespace) -> nn.Module:
    model: nn.Module = getattr(networks, args.variant)().to(DEVICE)
    if not args.fsdp:  # `fully_shard` takes parameters in the usual format only
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return model


def fill(model: nn.Module, file: Path) -> None:
    """Give a model the weights of a file; its tensors keep their strides."""
    try:
        # In the same order in all processes: sharding takes tensor after tensor.
        kept: dict[str, Any] = dict(sorted(load(file.read_bytes()).items()))
        states.set_model_state_dict(model, kept, options=WHOLE)
    except (OSError, SafetensorError) as error:
        sys.exit(f"{file} can't be read: {error}")
    except RuntimeError as error:
        sys.exit(f"{file} is of another network: {str(error).splitlines()[-1].strip():.150}")


def predicted(model: nn.Module, x: Tensor, args: argparse.Namespace) -> Any:
    """What a network gives for values between 0 and 1."""
    x = (x - constant(*args.recipe.mean)) / constant(*args.recipe.std)
    with torch.autocast(DEVICE.type, torch.bfloat16, enabled=args.precision == "bf16"):
        return model(x.contiguous(memory_format=torch.channels_last))


def scored(out: Tensor, y: Tensor, loss: Tensor) -> Tensor:
    """What is added up: the loss, right answers among the best one and five, and pictures."""
    # Ties, and what is not a number, count against the right answer.
    place = out.shape[1] - (out < out.gather(1, y[:, None])).sum(1)
    count = torch.full_like(loss, len(y), dtype=torch.float64)
    return torch.stack([loss * count, (place <= 1).sum(), (place <= 5).sum(), count])


def means(sums: Tensor) -> dict[str, float]:
    """What the sums of all processes come to for each picture."""
    *values, images = total(sums).tolist()
    shares = zip(("loss", "top1", "top5"), (value / max(images, 1) for value in values))
    return {**dict(shares), "images": images}


@torch.no_grad()
def evaluate(model: nn.Module, data: Pictures, args: argparse.Namespace) -> dict[str, float]:
    """Each picture once, however many processes share them; beyond the end are none that count."""
    places = [(0, RANK + i * WORLD) for i in range(math.ceil(len(data.source) / WORLD))]
    size = max(1, args.batch // (WORLD * args.accumulate))
    sums = torch.zeros(4, dtype=torch.float64, device=DEVICE)
    model.eval()
    for x, y, _ in loaded(data, places, size, args.workers):
        out = predicted(model, x.float() / 255, args)[y >= 0].float()
        if len(y := y[y >= 0]):
            sums += scored(out, y, args.recipe.loss(out, y))
    model.train()
    return means(sums)


class Run:
    """What is trained, and where it stands. What a restart needs is in the checkpoints; the order of
    the pictures, what is done to them and dropout follow from the seed and the step."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.out, self.asked, self.speed = args, Path(args.out), 0, 0.0
        self.at: Any = {"step": 0, "logged": 0, "best": {}, "last": {}}
        self.at["run"] = [args.variant, args.recipe.name, args.synthetic]
        self.micro, rest = divmod(args.batch, WORLD * args.accumulate)
        if rest or not self.micro:
            sys.exit(f"--batch {args.batch} can't be split into {WORLD * args.accumulate} parts")
        self.data, self.val = Pictures(args, "train"), Pictures(args, "val")
        one, other = (set(getattr(each.source, "classes", ())) for each in (self.data, self.val))
        if odd := sorted(one ^ other):
            sys.exit(f"classes in one of train and val only: {', '.join(odd[:9])}")
        self.per_epoch = len(self.data.source) // args.batch
        if not self.per_epoch:
            sys.exit(f"{len(self.data.source)} pictures do not fill a batch of {args.batch}")
        self.total = args.epochs * self.per_epoch
        names = (*args.recipe.numbers, "accumulate", "seed", "precision")
        texts = Path(__file__).read_bytes() + Path(str(networks.__file__)).read_bytes()
        self.at["given"] = {name: vars(args)[name] for name in names}
        self.at["given"] |= {"processes": WORLD, "pictures": len(self.data.source)}
        self.at["given"]["code"] = hashlib.sha256(texts).hexdigest()[:12]
        torch.manual_seed(args.seed)
        self.net = self.model = built(args)
        self.models = {"model": self.model}  # the last is the one that is evaluated
        if args.fsdp:
            # Weights stay whole from forward to backward: what would gather them again hangs on an
            # output, and is lost where that is a view which is then changed in place.
            for model in self.models.values():
                for child in (*model.children(), model):
                    if not isinstance(child, (nn.ModuleList, nn.ModuleDict)):
                        fully_shard(child, reshard_after_forward=False)
        if args.compile:
            self.model.compile()
        if WORLD > 1 and not args.fsdp:
            # Sums of gradients depend on their order. It changes after a process's first step, and
            # so after a restart, unless parameters may go unused.
            unused = args.deterministic or not CUDA
            self.net = DDP(self.model, broadcast_buffers=False, find_unused_parameters=unused)
        self.optimizer = args.recipe.optimizer(self.model, args.lr)
        self.sums = torch.zeros(4, dtype=torch.float64, device=DEVICE)

    def start(self) -> None:
        """Stand where the last intact checkpoint was written, or else write the first."""
        self.out.mkdir(parents=True, exist_ok=True)
        found = [latest(self.out) if RANK == 0 else None]
        if WORLD > 1:
            dist.broadcast_object_list(found)
        if checkpoint := found[0]:
            state = torch.load(checkpoint / "state.pt", "cpu", weights_only=True)
            if state["run"] != self.at["run"]:
                sys.exit(f"{checkpoint} is of another run, {state['run']}: take another --out")
            for name, model in self.models.items():
                fill(model, checkpoint / f"{name}.safetensors")
            moments, sums = state.pop("optimizer"), state.pop("sums")
            if moments["state"]:  # plain SGD keeps none
                states.set_optimizer_state_dict(self.model, self.optimizer, moments, options=WHOLE)
            self.sums.copy_(sums * (RANK == 0))
            changed = dict(sorted(self.at["given"].items() - state.pop("given").items()))
            self.at |= state
            say(f"going on from {checkpoint}" + (f", now with {changed}" if changed else ""))
        if RANK == 0:
            with open(self.out / "log.jsonl", "ab") as file:
                file.truncate(min(file.tell(), self.at["logged"]))
        if not checkpoint:
            self.save()

    def align(self) -> None:
        """All processes take the first one's statistics: until then each has its own."""
        for model in self.models.values() if WORLD > 1 else ():
            for buffer in model.buffers():
                dist.broadcast(buffer, 0)

    def save(self) -> None:
        """Write a checkpoint. At any moment there is all of it under its name, or nothing; older ones
        but the one before and the best go when it is in its place."""
        self.align()
        kept: dict[str, dict[str, Any]] = {  # this shards what evaluation gathered: moments need it
            name: states.get_model_state_dict(model, options=WHOLE)
            for name, model in self.models.items()
        }
        moments = states.get_optimizer_state_dict(self.model, self.optimizer, options=WHOLE)
        sums = total(self.sums).mul_(RANK == 0).cpu()
        bad = not all(each.isfinite().all() for each in (sums, *kept["model"].values()))
        if total(torch.tensor(int(bad), device=DEVICE)):
            raise FloatingPointError
        if RANK > 0:
            return
        path, draft = self.out / f"step-{self.at['step']:08}", self.out / ".draft"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        torch.save({**self.at, "sums": sums, "optimizer": moments}, rest := io.BytesIO())
        (draft / "state.pt").write_bytes(rest.getvalue())
        for name, values in kept.items():
            plain = {key: value.contiguous() for key, value in values.items()}
            (draft / f"{name}.safetensors").write_bytes(save(plain))
        (draft / digest(draft)).touch()
        for each in (*draft.iterdir(), draft):
            flush(each)
        shutil.rmtree(path, ignore_errors=True)  # damaged: what is whole isn't written again
        os.replace(draft, path)
        flush(self.out)
        for old in sorted(each for each in self.out.glob("step-*") if each < path)[:-1]:
            if old.name != self.at["best"].get("best_checkpoint"):
                shutil.rmtree(old)

    def places(self) -> Iterator[tuple[int, int]]:
        """The epoch and index of each picture that this process takes, from the current step on."""
        share, order = self.args.batch // WORLD, None
        for step in range(self.at["step"], self.total):
            epoch, place = divmod(step, self.per_epoch)
            if order is None or not place:
                generator = torch.Generator().manual_seed(hash((self.args.seed, epoch)))
                order = torch.randperm(len(self.data.source), generator=generator)
            first = place * self.args.batch + RANK * share
            for index in order[first : first + share].tolist():
                yield epoch, index

    def parts(self) -> Iterator[list[Tensor]]:
        """What the parts of steps take; with --synthetic the same again and again."""
        parts = loaded(self.data, self.places(), self.micro, self.args.workers)
        return repeat(next(parts)) if self.args.synthetic else parts

    def train_step(self, parts: Iterator[list[Tensor]]) -> None:
        """One update of the weights; nothing here waits for the device."""
        args, recipe, step = self.args, self.args.recipe, self.at["step"]
        for group in self.optimizer.param_groups:
            group["lr"] = args.lr * recipe.rate(step / self.per_epoch, args.epochs)
        for part in range(args.accumulate):
            begun = time.perf_counter()
            x, y, u = next(parts)
            self.waited += time.perf_counter() - begun
            torch.manual_seed(hash((args.seed, step, part, RANK)))  # dropout's
            if isinstance(self.net, DDP):
                self.net.require_backward_grad_sync = part == args.accumulate - 1
            x = done(recipe.augment, x, u)
            out = predicted(self.net, x, args)
            loss = recipe.loss(out.float(), y)
            (loss / args.accumulate).backward()
            self.sums += scored(out.detach(), y, loss.detach())
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.at["step"] += 1

    def train(self) -> None:
        """Go on to the end, or until asked to stop; report, evaluate and save on the way."""
        args, parts, stop = self.args, self.parts(), 0
        self.waited, self.since, self.begun = 0.0, self.at["step"], time.perf_counter()
        if args.tensorboard and RANK == 0:
            from torch.utils.tensorboard import SummaryWriter

            self.writer = SummaryWriter(args.out, purge_step=self.at["step"])
        trace = torch.profiler.tensorboard_trace_handler(args.out)
        profiler, first = torch.profiler.profile(on_trace_ready=trace), self.at["step"]
        while self.at["step"] < self.total and not stop:
            self.train_step(parts)
            step = self.at["step"]
            if args.profile and step == first + 1:
                profiler.start()
            if args.profile and step == min(first + 6, self.total):
                profiler.stop()
            ends = step % self.per_epoch == 0 or step == self.total
            if ends or step % args.log_every == 0:
                self.report()
                stop = int(total(torch.tensor(self.asked, device=DEVICE)))
            elif WORLD == 1:
                stop = self.asked
            begun = time.perf_counter()
            if ends:
                self.judge()
            if ends or stop or step % args.save_every == 0:
                self.save()
            self.begun += time.perf_counter() - begun

    def report(self) -> None:
        """Say how training goes. It waits for the device, as nothing else in training does."""
        step, now, values = self.at["step"], time.perf_counter(), means(self.sums)
        self.sums.zero_()
        if not math.isfinite(values["loss"]):
            raise FloatingPointError
        self.log({**values, "lr": self.optimizer.param_groups[0]["lr"]})
        self.speed = (step - self.since) * self.args.batch / (now - self.begun)
        left = (self.total - step) * self.args.batch / self.speed / 60
        say(
            f"epoch {step / self.per_epoch:.2f} of {self.total / self.per_epoch:.0f}, "
            f"loss {values['loss']:.4f}, top-1 {values['top1']:.2%}, {self.speed:,.0f} img/s, "
            f"{self.waited / (now - self.begun):.0%} waiting for data, {left:.0f} min left"
        )
        self.waited, self.since, self.begun = 0.0, step, now

    def judge(self) -> None:
        """Evaluate, and note the best."""
        self.align()
        *_, model = self.models.values()
        last = self.at["last"] = evaluate(model, self.val, self.args)
        self.log({f"val_{name}": value for name, value in last.items()})
        if last["top1"] > self.at["best"].get("best", -1):
            folder = f"step-{self.at['step']:08}"
            self.at["best"] = {"best": last["top1"], "best_checkpoint": folder}
        say(f"evaluation: {last}, best top-1 {self.at['best']['best']:.2%}")

    def log(self, values: dict[str, float]) -> None:
        if RANK == 0:
            with open(self.out / "log.jsonl", "a") as file:
                file.write(json.dumps({"step": self.at["step"], **values}) + "\n")
            self.at["logged"] = os.path.getsize(self.out / "log.jsonl")
            for name, value in values.items() if self.args.tensorboard else ():
                self.writer.add_scalar(name, value, self.at["step"])

    def locate(self) -> str:
        """Where the first number that is not finite comes from: the steps since the last checkpoint
        once more, uncompiled, with an eye on everything."""
        failed, found = self.at["step"], list[str]()

        def look(what: str, value: Any) -> None:
            for each in value if isinstance(value, tuple) else (value,):
                if not local(each).isfinite().all():
                    found.append(f"{what} is the first that is not finite")

        for name, module in self.model.named_modules():
            what = f"the output of {name or 'the network'}"
            module.register_forward_hook(lambda _, x, out, what=what: look(what, out))
        learnt: Any = self.model.named_parameters()
        for name, value in learnt:
            what = f"the gradient of {name}"
            value.register_post_accumulate_grad_hook(lambda p, what=what: look(what, p.grad))
        self.start()
        parts = self.parts()
        with torch.compiler.set_stance("force_eager"):
            while self.at["step"] < failed and not found:
                self.train_step(parts)
                for name, value in self.model.state_dict().items():
                    look(f"{name} after its update", value)
                everyone = [found] * WORLD
                if WORLD > 1:
                    dist.all_gather_object(everyone, found)
                found = [each for some in everyone for each in some]
        if found:
            return f"step {self.at['step']}: {found[0]}"
        return f"step {failed} or before; once more, uncompiled, all was finite"

    def ask(self, number: int, frame: Any) -> None:
        """Stop after this step; asked again, at once."""
        self.asked = number
        signal.signal(number, signal.SIG_DFL)


def trained(args: argparse.Namespace) -> dict[str, Any]:
    """Train from the last checkpoint or the start, and tell what came of it."""
    begun, run = time.perf_counter(), Run(args)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, run.ask)
    summary = {"variant": args.variant, "recipe": args.recipe.name, "out": args.out}
    run.start()
    try:
        run.train()
    except FloatingPointError:
        return {**summary, "diverged": run.locate()}
    if run.at["step"] < run.total:
        summary["stopped"] = signal.Signals(run.asked or signal.SIGTERM).name
    summary |= {"step": run.at["step"], "steps": run.total, **run.at["last"], **run.at["best"]}
    summary["images_per_second"] = round(run.speed, 1)
    return {**summary, "seconds": round(time.perf_counter() - begun, 1)}


def smoked(args: argparse.Namespace) -> dict[str, Any]:
    """Train a little from nothing, on made-up pictures."""
    args.accumulate, args.batch = 2, 4 * WORLD
    args.epochs = 2
    with tempfile.TemporaryDirectory() as args.out:
        return {**trained(args), "out": None}


def restored(args: argparse.Namespace) -> nn.Module:
    """The network with the weights of a run, a checkpoint or a file."""
    path, model = Path(args.checkpoint or args.out), built(args)
    if path.is_dir() and (found := latest(path) or latest(path.parent, path.name)):
        *of, _ = torch.load(found / "state.pt", "cpu", weights_only=True)["run"]
        if of != [args.variant, args.recipe.name]:
            sys.exit(f"{found} is of {of[0]}, trained by {of[1]}: options have to say so")
        path = min(found.glob("*.safetensors"))  # what is averaged, if it is there
    fill(model, path)
    return model


def exported(args: argparse.Namespace) -> dict[str, Any]:
    """Write the network for torch.export and ONNX, and see that they give what it gives."""
    model, x = restored(args).cpu().eval(), torch.randn(2, *args.shape)
    os.makedirs(args.out, exist_ok=True)
    out = os.path.join(args.out, args.variant)
    program = torch.export.export(model, (x,), dynamic_shapes=({0: torch.export.Dim("batch")},))
    torch.export.save(program, f"{out}.pt2")
    onnx: Any = torch.onnx.export(program, (x,), f"{out}.onnx", verbose=False)
    for result in (torch.export.load(f"{out}.pt2").module()(x), *onnx(x)):  # by onnxruntime
        torch.testing.assert_close(result, model(x), rtol=1e-3, atol=1e-4)
    return {"exported": [f"{out}.pt2", f"{out}.onnx"]}


def options() -> argparse.Namespace:
    """The command line; the recipe's numbers are its defaults."""
    first = argparse.ArgumentParser(add_help=False)
    first.add_argument("--variant", choices=VARIANTS, default=next(iter(VARIANTS)), help="network")
    known, _ = first.parse_known_args()
    shape, recipes = VARIANTS[known.variant]
    (recipe,) = recipes
    shown = argparse.ArgumentDefaultsHelpFormatter
    parser = argparse.ArgumentParser(parents=[first], formatter_class=shown)
    add, flag = parser.add_argument, partial(parser.add_argument, action="store_true")
    add("verb", nargs="?", choices=("train", "evaluate", "export"), default="train")
    add("checkpoint", nargs="?", help="a run's folder, a checkpoint, or a file of weights")
    add("--data", default="data", help="folder of the pictures: train/CLASS/* and val/CLASS/*")
    add("--out", default=f"runs/{known.variant}", help="folder of the run")
    add("--epochs", type=int, help="how long to train, in passes over the data")
    add("--batch", type=int, help="pictures for an update, of all processes together")
    add("--accumulate", type=int, default=1, help="parts of it that a process takes in turn")
    add("--lr", type=float, help="rate of learning, which the schedule changes")
    add("--seed", type=int, default=0, help="what all chance follows from")
    add("--precision", choices=("bf16", "fp32"), help="what is computed in")
    add("--workers", type=int, default=min(os.cpu_count() or 1, 16), help="loaders a process")
    add("--log-every", type=int, default=50, help="steps between lines of progress")
    add("--save-every", type=int, default=1000, help="steps between checkpoints within an epoch")
    add("--compile", action=argparse.BooleanOptionalAction, default=CUDA, help="torch.compile")
    flag("--deterministic", help="the same bits each time on a GPU, too")
    flag("--fsdp", help="shard the model over the processes of torchrun (FSDP2)")
    flag("--synthetic", help="one batch on the device again and again, to measure")
    flag("--smoke", help="a minute on made-up pictures, to see that all works")
    flag("--skip-unreadable", help="pass over pictures that can't be decoded")
    flag("--tensorboard", help="write what is logged for TensorBoard, too")
    flag("--profile", help="write a trace of some steps")
    parser.set_defaults(**{"precision": "bf16" if CUDA else "fp32"} | recipe.numbers)
    args = parser.parse_args()
    for name, value in vars(args).items():
        least = int(name in ("epochs", "steps", "batch", "accumulate", "log_every", "save_every"))
        if isinstance(value, (int, float)) and not least <= value < math.inf:
            parser.error(f"--{name.replace('_', '-')} {value}: it has to be {least} or more")
    if args.checkpoint and args.verb == "train":
        parser.error(f"training takes no checkpoint: it goes on from the newest of {args.out}")
    args.shape, args.recipe = shape, recipe
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
    try:
        if args.verb == "evaluate":
            summary: dict[str, Any] = evaluate(restored(args), Pictures(args, "val"), args)
        elif args.verb == "export":
            summary = exported(args)
        else:
            summary = smoked(args) if args.smoke else trained(args)
    except OSError as error:  # of the data or the disk; that of a loader ends with what it was
        sys.exit(str(error).splitlines()[-1])
    say(json.dumps(summary))
    if dist.is_initialized():
        dist.destroy_process_group()
    if "stopped" in summary:
        sys.exit(128 + signal.Signals[summary["stopped"]])
    sys.exit("diverged" in summary)


if __name__ == "__main__":
    main()
