"""Reductions: what is left of some axes."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.ops.op import LOCAL, Args, Argument, Op, OpError, OpParam, Shape, Torch, Window, known
from archdsl.ops.rules import atom, axis_of, optional, positional, show, whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TENSOR = "from torch import Tensor, nn"

PLAIN = '''\
class {name}(nn.Module):
    """{doc} over axes; 0 is the batch."""

    def __init__(self, axes: tuple[int, ...], keep: bool = True) -> None:
        super().__init__()
        self.axes = axes
        self.keep = keep

    def forward(self, x: Tensor) -> Tensor:
        return x.{method}(self.axes, keepdim=self.keep)
'''

VARIANCE = '''\
class ReduceVar(nn.Module):
    """The variance over axes; 0 is the batch."""

    def __init__(
        self, axes: tuple[int, ...], keep: bool = True, correction: int = 1
    ) -> None:
        super().__init__()
        self.axes = axes
        self.keep = keep
        self.correction = correction

    def forward(self, x: Tensor) -> Tensor:
        return x.var(self.axes, correction=self.correction, keepdim=self.keep)
'''

NORM = '''\
class ReduceNorm(nn.Module):
    """The p-norm over axes; 0 is the batch."""

    def __init__(
        self, axes: tuple[int, ...], keep: bool = True, p: float = 2.0
    ) -> None:
        super().__init__()
        self.axes = axes
        self.keep = keep
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        length: Tensor = x.norm(self.p, self.axes, keepdim=self.keep)
        return length
'''

AXES = OpParam(
    name="axes",
    type="ints",
    doc="axes, the batch not counted: 0 is the channels",
    fixed="value",
)
KEEP = OpParam(name="keep", type="bool", default=True, doc="keep them, with size 1", fixed="value")


def _axes(op: str, args: Args, x: Shape) -> tuple[int, ...]:
    axes = tuple(axis_of(op, axis, len(x), "axes") for axis in args["axes"])
    if not axes or len(set(axes)) != len(axes):
        raise OpError("E240", f"`{op}` needs each axis once, and gets {show(args['axes'])}", "axes")
    if len(axes) == len(x) and not args["keep"]:
        raise OpError(
            "E240", f"`{op}` over all axes leaves nothing", "axes", "`keep=true` keeps them as 1"
        )
    return axes


def _shape(op: str) -> Callable[[Args, Shape], Shape]:
    def shape(args: Args, x: Shape) -> Shape:
        axes = _axes(op, args, x)
        if args["keep"]:
            return tuple(1 if axis in axes else size for axis, size in enumerate(x))
        return tuple(size for axis, size in enumerate(x) if axis not in axes)

    return shape


def _variance_shape(args: Args, x: Shape) -> Shape:
    out = _shape("reduce_var")(args, x)
    sizes = [x[axis] for axis in _axes("reduce_var", args, x)]
    if args["unbiased"] and known(*sizes) and all(size == 1 for size in sizes):
        raise OpError(
            "E246",
            "`reduce_var` has a single value to take the variance of, and divides by n - 1",
            "axes",
            "`unbiased=false` divides by n",
        )
    return out


def _window(args: Args) -> Window | None:
    """Each pixel by itself where only channels are reduced."""
    return LOCAL if args["axes"] == (0,) else None


def _dims(args: Any) -> str:
    axes = tuple(axis + 1 if axis >= 0 else axis for axis in whole(args["axes"]) or ())
    return str(axes[0]) if len(axes) == 1 else str(axes)


def _keep(args: Any) -> str:
    return "" if args["keep"] == "False" else f", keepdim={args['keep']}"


def _op(
    name: str,
    doc: str,
    helper: str,
    expression: Callable[[str, Any], str] | None,
    *,
    more: tuple[OpParam, ...] = (),
    shape: Callable[[Args, Shape], Shape] | None = None,
    extra: Callable[[Args], tuple[Argument, ...]] = lambda args: (),
    saves_output: bool = False,
) -> Op:
    def arguments(args: Args, x: Shape) -> tuple[Argument, ...]:
        axes = tuple(axis + 1 for axis in _axes(name, args, x))
        return (*positional(axes), optional("keep", args["keep"], True), *extra(args))

    return Op(
        name=name,
        stem=name,
        doc=doc,
        category="arithmetic",
        parameters=(AXES, KEEP, *more),
        shape=shape or _shape(name),
        window=_window,
        torch=Torch(
            module=helper.split("(")[0].removeprefix("class "),
            helper=helper,
            arguments=arguments,
            expression=expression,
            imports=(TENSOR,),
        ),
        rank=None,
        saves_output=saves_output,
    )


def _method(name: str, class_name: str, method: str, what: str, use: str) -> Op:
    """A reduction that is a method of torch's tensors."""
    return _op(
        name,
        f"{what} over some axes{use}.",
        PLAIN.format(name=class_name, doc=what, method=method),
        lambda x, args: f"{atom(x)}.{method}({_dims(args)}{_keep(args)})",
        saves_output=method in ("amax", "amin"),
    )


def _variance_text(x: str, args: Any) -> str:
    correction = "" if args["unbiased"] == "True" else ", correction=0"
    return f"{atom(x)}.var({_dims(args)}{correction}{_keep(args)})"


OPS = (
    _method("reduce_mean", "ReduceMean", "mean", "The mean", "; `[1, 2]` is global pooling"),
    _method("reduce_sum", "ReduceSum", "sum", "The sum", ""),
    _method(
        "reduce_max",
        "ReduceMax",
        "amax",
        "The maximum",
        "; `[0]` is the channel pooling of CBAM (Woo et al., 2018)",
    ),
    _method("reduce_min", "ReduceMin", "amin", "The minimum", ""),
    _op(
        "reduce_var",
        "The variance over some axes (style recalibration, Lee et al., 2019, takes its root).",
        VARIANCE,
        _variance_text,
        more=(
            OpParam(
                name="unbiased",
                type="bool",
                default=True,
                doc="divide by n - 1, as torch does, and not by n",
                fixed="value",
            ),
        ),
        shape=_variance_shape,
        extra=lambda args: (optional("correction", 1 if args["unbiased"] else 0, 1),),
    ),
    _op(
        "reduce_norm",
        "The p-norm over some axes (global response normalisation, Woo et al., 2023).",
        NORM,
        None,
        more=(OpParam(name="p", type="number", default=2.0, doc="which norm", minimum=1),),
        extra=lambda args: (optional("p", args["p"], 2.0),),
        saves_output=True,
    ),
)
