"""Optimizers: those of `torch.optim`, under its names for parameters and with its defaults."""

from __future__ import annotations

from archdsl.recipes.entry import REQUIRED, Entry, Length, Parameter, RecipeError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

EXEMPT = Parameter(
    name="exempt",
    type="words",
    doc="what weight decay leaves alone: what norms learn, biases, weights of depthwise "
    "convolutions",
    default=(),
    choices=("norms", "biases", "depthwise"),
    elsewhere=("no_decay", "no_weight_decay", "skip_decay"),
)
CENTERED = Parameter(name="centered", type="bool", doc="normalise by the variance", default=False)


def _lr(default: Any = REQUIRED) -> Parameter:
    return Parameter(
        name="lr",
        type="number",
        doc="rate of learning, which the schedule changes",
        default=default,
        above=0,
        maximum=100,
        elsewhere=("learning_rate", "rate", "base_lr"),
    )


def _decay(default: float = 0.0) -> Parameter:
    return Parameter(
        name="weight_decay",
        type="number",
        doc="weight decay",
        default=default,
        minimum=0,
        below=1,
        elsewhere=("wd", "decay", "l2", "regularization"),
    )


def _share(name: str, default: float, doc: str, elsewhere: tuple[str, ...] = ()) -> Parameter:
    """A number from 0 up to, and without, 1."""
    return Parameter(
        name=name, type="number", doc=doc, default=default, minimum=0, below=1, elsewhere=elsewhere
    )


def _eps(default: float) -> Parameter:
    return Parameter(
        name="eps",
        type="number",
        doc="what is added below the line",
        default=default,
        above=0,
        maximum=1,
        elsewhere=("epsilon",),
    )


def _nesterov(args: Mapping[str, Any], length: Length) -> None:
    if not args["nesterov"]:
        return
    if not args["momentum"]:
        raise RecipeError(
            "E614", "Nesterov's momentum needs a momentum", "nesterov", "add `momentum=0.9`"
        )
    if args["dampening"]:
        raise RecipeError(
            "E614",
            "Nesterov's momentum goes without dampening",
            "dampening",
            "leave `dampening` out",
        )


BETAS = Parameter(
    name="betas",
    type="numbers",
    count=2,
    doc="how much of the means of gradients and of their squares stays each step",
    default=(0.9, 0.999),
    minimum=0,
    below=1,
    elsewhere=("beta",),
)
AMSGRAD = Parameter(
    name="amsgrad", type="bool", doc="the largest mean of squares so far (AMSGrad)", default=False
)
MOMENTUM = _share("momentum", 0.0, "momentum", ("mu",))

OPTIMIZERS = (
    Entry(
        name="sgd",
        doc="Stochastic gradient descent, with momentum where that is said.",
        parameters=(
            _lr(),
            MOMENTUM,
            _share("dampening", 0.0, "dampening of the momentum"),
            Parameter(name="nesterov", type="bool", doc="Nesterov's momentum", default=False),
            _decay(),
            EXEMPT,
        ),
        rule=_nesterov,
        torch="torch.optim.SGD",
        elsewhere=("momentum", "nesterov", "gradient_descent"),
    ),
    Entry(
        name="rmsprop",
        doc="The gradient over the root of its mean square (Tieleman and Hinton, 2012). `eps` is "
        "added to the root, which begins at 0; TensorFlow adds it below the root, and begins at 1.",
        parameters=(
            _lr(1e-2),
            _share("alpha", 0.99, "how much of the mean of squares stays each step", ("rho",)),
            _eps(1e-8),
            _decay(),
            MOMENTUM,
            CENTERED,
            EXEMPT,
        ),
        torch="torch.optim.RMSprop",
    ),
    Entry(
        name="adam",
        doc="Adam (Kingma and Ba, 2014). Weight decay is added to the gradient; see `adamw`.",
        parameters=(_lr(1e-3), BETAS, _eps(1e-8), _decay(), AMSGRAD, EXEMPT),
        torch="torch.optim.Adam",
    ),
    Entry(
        name="adamw",
        doc="Adam with weight decay apart from the gradient (Loshchilov and Hutter, 2017).",
        parameters=(_lr(1e-3), BETAS, _eps(1e-8), _decay(1e-2), AMSGRAD, EXEMPT),
        torch="torch.optim.AdamW",
    ),
    Entry(
        name="nadam",
        doc="Adam with Nesterov's momentum (Dozat, 2016).",
        parameters=(
            _lr(2e-3),
            BETAS,
            _eps(1e-8),
            _decay(),
            _share("momentum_decay", 4e-3, "decay of the momentum"),
            EXEMPT,
        ),
        torch="torch.optim.NAdam",
    ),
    Entry(
        name="radam",
        doc="Adam with a rectified start (Liu et al., 2019).",
        parameters=(_lr(1e-3), BETAS, _eps(1e-8), _decay(), EXEMPT),
        torch="torch.optim.RAdam",
    ),
    Entry(
        name="adamax",
        doc="Adam by the largest gradient in the place of squares (Kingma and Ba, 2014).",
        parameters=(_lr(2e-3), BETAS, _eps(1e-8), _decay(), EXEMPT),
        torch="torch.optim.Adamax",
    ),
    Entry(
        name="adagrad",
        doc="The gradient over the root of the sum of its squares (Duchi et al., 2011).",
        parameters=(
            _lr(1e-2),
            _share("lr_decay", 0.0, "how the rate falls with each step"),
            _decay(),
            Parameter(
                name="initial_accumulator_value",
                type="number",
                doc="what the sum begins with",
                default=0.0,
                minimum=0,
                maximum=1000,
            ),
            _eps(1e-10),
            EXEMPT,
        ),
        torch="torch.optim.Adagrad",
    ),
    Entry(
        name="adadelta",
        doc="Steps in the units of the weights (Zeiler, 2012).",
        parameters=(
            _lr(1.0),
            _share("rho", 0.9, "how much of the means of squares stays each step"),
            _eps(1e-6),
            _decay(),
            EXEMPT,
        ),
        torch="torch.optim.Adadelta",
    ),
)
