"""The table: every key of `train`, with the methods or the value that it takes."""

from __future__ import annotations

from archdsl.recipes.batches import BATCHES
from archdsl.recipes.data import DATA, NORMALIZE
from archdsl.recipes.entry import Entry, Parameter, Setting
from archdsl.recipes.losses import LOSSES
from archdsl.recipes.optimizers import OPTIMIZERS
from archdsl.recipes.pictures import PICTURES
from archdsl.recipes.schedules import LONGEST, SCHEDULES

__all__ = ["ABSENT", "KEYS", "SETTINGS", "lookup"]

PRECISIONS = (
    Entry(
        name="bf16",
        doc="Automatic mixed precision: what gains by it runs in bfloat16, the weights stay in "
        "float32.",
        torch="torch.bfloat16",
        elsewhere=("bfloat16", "amp", "mixed", "fp16", "float16", "half", "16"),
    ),
    Entry(
        name="fp32",
        doc="All in float32 (on a GPU, in TF32 where that has it).",
        torch="torch.float32",
        elsewhere=("float32", "float", "full", "single", "tf32", "32"),
    ),
)


def _number(name: str, type: str, doc: str, **more: object) -> Parameter:
    return Parameter(name=name, type=type, doc=doc, **more)  # type: ignore[arg-type]


def _length(name: str, doc: str, example: str, *elsewhere: str) -> Setting:
    return Setting(
        name=name,
        doc=doc,
        example=example,
        default=f"`{'steps' if name == 'epochs' else 'epochs'}` says how long",
        parameter=_number(name, "int", doc, minimum=1, maximum=LONGEST, unit=name),
        elsewhere=elsewhere,
    )


SETTINGS: tuple[Setting, ...] = (
    Setting(
        name="data",
        doc="The pictures and their classes. They are decoded grey for a model of one channel, "
        "in red, green and blue for one of three.",
        example="imagenet",
        methods=DATA,
        elsewhere=("dataset", "data_set", "train_data"),
    ),
    Setting(
        name="augment",
        doc="What is done to pictures in training, in order: first to each, until all have the "
        "size of the model's input, then to whole batches.",
        example="[random_resized_crop, hflip]",
        default="as in `evaluate`",
        methods=(*PICTURES, *BATCHES),
        many=True,
        elsewhere=("augmentation", "augmentations", "transform", "transforms", "train_transform"),
    ),
    Setting(
        name="evaluate",
        doc="What is done to pictures in evaluation, in order: what leaves nothing to chance.",
        example="[resize(256), center_crop]",
        default="nothing, where the data has the size of the model's input; else the part in the "
        "middle, after the shorter side was made 8/7 of the input's longer",
        methods=(*PICTURES, *BATCHES),
        many=True,
        elsewhere=("test", "val", "validation", "eval", "test_transform", "val_transform"),
    ),
    Setting(
        name="normalize",
        doc="What values between 0 and 1 become, after all else.",
        example="standard(mean=[0.5], std=[0.25])",
        default="by mean and deviation of the data set; for `image_folder` those of ImageNet",
        methods=NORMALIZE,
        elsewhere=("normalise", "normalization", "mean", "std"),
    ),
    Setting(
        name="loss",
        doc="What training makes small.",
        example="cross_entropy(label_smoothing=0.1)",
        default="`cross_entropy`",
        methods=LOSSES,
        elsewhere=("criterion", "objective"),
    ),
    Setting(
        name="aux",
        doc="What the loss of each side head weighs beside that of the model's output: one number "
        "for all, or a list in the order of the heads; 0 trains without.",
        example="[0.3, 0.3]",
        default="what the heads say, `aux(weight=0.3)`",
        parameter=_number("aux", "either", "weights", minimum=0, maximum=100),
        elsewhere=("aux_weight", "aux_weights", "auxiliary", "aux_loss"),
    ),
    Setting(
        name="optimizer",
        doc="How weights follow from gradients.",
        example="sgd(lr=0.1, momentum=0.9)",
        methods=OPTIMIZERS,
        elsewhere=("optimiser", "optim", "solver"),
    ),
    Setting(
        name="schedule",
        doc="How the rate goes. Its lengths are in epochs, or in steps where the recipe has "
        "`steps`.",
        example="cosine(warmup=5)",
        default="`constant`",
        methods=SCHEDULES,
        elsewhere=("scheduler", "lr_schedule", "lr_scheduler", "lr_policy", "decay"),
    ),
    _length(
        "epochs",
        "How often training goes through all the pictures.",
        "90",
        "epoch",
        "max_epochs",
        "num_epochs",
        "n_epochs",
        "passes",
    ),
    _length(
        "steps",
        "How many steps training takes, where it isn't counted in epochs.",
        "64_000",
        "iterations",
        "max_iter",
        "iters",
        "num_steps",
        "max_steps",
        "updates",
    ),
    Setting(
        name="batch",
        doc="Pictures a step, over all processes.",
        example="256",
        parameter=_number(
            "batch", "int", "pictures", minimum=1, maximum=1_000_000, unit="pictures"
        ),
        elsewhere=("batch_size", "batchsize", "minibatch", "bs"),
    ),
    Setting(
        name="accumulate",
        doc="In how many parts each process takes its share of a batch, adding up their "
        "gradients: the same step in less memory.",
        example="4",
        default="1",
        parameter=_number("accumulate", "int", "parts", default=1, minimum=1, maximum=100_000),
        elsewhere=("accumulation", "grad_accum", "accum", "accumulation_steps", "iter_size"),
    ),
    Setting(
        name="precision",
        doc="What is computed in, on a GPU; a CPU computes in float32 unless asked.",
        example="bf16",
        default="`bf16`",
        methods=PRECISIONS,
        elsewhere=("dtype", "amp", "mixed_precision"),
    ),
    Setting(
        name="ema",
        doc="Evaluates a running mean of the weights, of which this share stays each step.",
        example="0.9999",
        default="no mean",
        parameter=_number("ema", "number", "share", default=None, above=0, below=1, optional=True),
        elsewhere=("ema_decay", "average", "averaging", "polyak", "moving_average"),
    ),
    Setting(
        name="mixup",
        doc="Mixes pairs of pictures and their targets by shares from Beta(a, a), this being a "
        "(Zhang et al., 2017). Beside `cutmix`, each batch has one of the two.",
        example="0.2",
        default="none",
        parameter=_number(
            "mixup", "number", "alpha", default=None, above=0, maximum=100, optional=True
        ),
        elsewhere=("mix_up", "mixup_alpha"),
    ),
    Setting(
        name="cutmix",
        doc="Puts a rectangle of one picture into another, and mixes their targets by area; its "
        "share is from Beta(a, a), this being a (Yun et al., 2019).",
        example="1.0",
        default="none",
        parameter=_number(
            "cutmix", "number", "alpha", default=None, above=0, maximum=100, optional=True
        ),
        elsewhere=("cut_mix", "cutmix_alpha"),
    ),
    Setting(
        name="clip",
        doc="Scales the gradient down to this norm, over all weights, where it is longer.",
        example="2.0",
        default="none",
        parameter=_number(
            "clip", "number", "norm", default=None, above=0, maximum=1e9, optional=True
        ),
        elsewhere=("clip_grad", "grad_clip", "gradient_clipping", "max_norm", "clip_norm"),
    ),
    Setting(
        name="seed",
        doc="What all that is random comes from: weights, order, augmentation, dropout.",
        example="0",
        default="0",
        parameter=_number("seed", "int", "seed", default=0, minimum=0, maximum=2**63 - 1),
        elsewhere=("random_seed", "manual_seed"),
    ),
)

KEYS: dict[str, Setting] = {setting.name: setting for setting in SETTINGS}

# What is asked for at the wrong place, or isn't there: key or method, and what to do.
ABSENT = {
    "lr": "the rate is the optimizer's: `optimizer: sgd(lr=0.1)`",
    "learning_rate": "the rate is the optimizer's: `optimizer: sgd(lr=0.1)`",
    "momentum": "it is the optimizer's: `optimizer: sgd(lr=0.1, momentum=0.9)`",
    "weight_decay": "it is the optimizer's: `optimizer: sgd(lr=0.1, weight_decay=1e-4)`",
    "nesterov": "it is the optimizer's: `optimizer: sgd(lr=0.1, momentum=0.9, nesterov=true)`",
    "label_smoothing": "it is the loss's: `loss: cross_entropy(label_smoothing=0.1)`",
    "warmup": "it is the schedule's: `schedule: cosine(warmup=5)`",
    "warmup_epochs": "it is the schedule's: `schedule: cosine(warmup=5)`",
    "gamma": "it is the schedule's: `schedule: step(every=30, gamma=0.1)`",
    "milestones": "it is a schedule: `schedule: milestones([30, 60])`",
    "dropout": "it belongs to the network: `-> dropout(0.5)`, or a parameter of the model",
    "init": "it belongs to the network: `init { conv: kaiming_normal }` in the model",
    "input": "the size is that of the model's input; a crop takes another one",
    "image_size": "the size is that of the model's input; a crop takes another one",
    "resolution": "the size is that of the model's input; a crop takes another one",
    "classes": "it is the data's: `data: image_folder(classes=10)`",
    "num_classes": "it is the data's: `data: image_folder(classes=10)`",
    "workers": "it belongs to the machine, not to the recipe: the script takes `--workers`",
    "num_workers": "it belongs to the machine, not to the recipe: the script takes `--workers`",
    "device": "it belongs to the machine, not to the recipe",
    "gpus": "it belongs to the machine, not to the recipe: start the script by `torchrun`",
    "compile": "it belongs to the machine, not to the recipe",
    "path": "it belongs to the machine, not to the recipe: the script takes `--data`",
    "root": "it belongs to the machine, not to the recipe: the script takes `--data`",
    "metrics": "the script always tells top-1 and top-5",
    "variant": "it stands before the brace: `train imagenet for resnet18, resnet50 {`",
    "model": "it stands before the brace: `train imagenet for resnet18, resnet50 {`",
    "lamb": "PyTorch has no LAMB: `adamw` comes nearest",
    "lars": "PyTorch has no LARS: `sgd` with a warm-up comes nearest",
    "lion": "PyTorch has no Lion: `adamw` comes nearest",
    "plateau": "when a curve is flat isn't known beforehand: `milestones` says when the rate fell",
    "reduce_on_plateau": "when a curve is flat isn't known beforehand: `milestones` says when the "
    "rate fell",
    "reduce_lr_on_plateau": "when a curve is flat isn't known beforehand: `milestones` says when "
    "the rate fell",
    "ten_crop": "one view of each picture is evaluated: `center_crop`",
    "normalize": "it is a key of its own, and comes last: `normalize: standard(...)`",
    "to_tensor": "it goes without saying",
    "mixup": "it is a key of its own: `mixup: 0.2`",
    "cutmix": "it is a key of its own: `cutmix: 1.0`",
}


def lookup(key: str, method: str) -> Entry:
    """A method of a key. KeyError where there is none."""
    entry = KEYS[key].method(method)
    if entry is None:
        raise KeyError(method)
    return entry
