"""Regularisation: ops that act in training only."""

from __future__ import annotations

from archdsl.ops.op import Args, Argument, Op, OpParam, Shape, Torch
from archdsl.ops.rules import as_map, optional, positional

STOCHASTIC_DEPTH = '''\
class StochasticDepth(nn.Module):
    """Drops a branch with probability p while training.

    In mode "row" for each sample apart, in mode "batch" for all alike.
    """

    def __init__(self, p: float, mode: str = "row") -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0.0:
            return x
        keep = 1.0 - self.p
        samples = x.shape[0] if self.mode == "row" else 1
        mask = x.new_empty((samples,) + (1,) * (x.ndim - 1)).bernoulli_(keep)
        if keep > 0.0:
            mask.div_(keep)
        return x * mask
'''

P = OpParam(
    name="p",
    type="number",
    default=0.5,
    doc="probability that a value is dropped",
    minimum=0,
    maximum=1,
)


def _maps(args: Args, x: Shape) -> Shape:
    return as_map("dropout2d", x)


def _dropout(name: str, module: str, doc: str, rank: int | None) -> Op:
    return Op(
        name=name,
        stem="dropout",
        doc=doc,
        category="regularisation",
        parameters=(P,),
        shape=_maps if rank == 3 else lambda args, x: x,
        torch=Torch(
            module=module,
            arguments=lambda args, x: (Argument(name=None, value=args["p"], default=0.5),),
        ),
        rank=rank,
        stateful=True,
    )


OPS = (
    _dropout(
        "dropout",
        "nn.Dropout",
        "Sets values to zero at random while training (Srivastava et al., 2014); the rest is "
        "scaled by 1 / (1 - p). `p` is what is dropped, not what is kept.",
        None,
    ),
    _dropout(
        "dropout2d",
        "nn.Dropout2d",
        "Sets whole channels to zero at random while training (Tompson et al., 2015).",
        3,
    ),
    _dropout(
        "alpha_dropout",
        "nn.AlphaDropout",
        "Dropout that keeps mean and variance, for SELU networks (Klambauer et al., 2017).",
        None,
    ),
    Op(
        name="stochastic_depth",
        stem="stochastic_depth",
        doc="Drops a whole residual branch at random while training (Huang et al., 2016); stands "
        "at the end of the branch.",
        category="regularisation",
        parameters=(
            OpParam(
                name="p",
                type="number",
                doc="probability that the branch is dropped",
                minimum=0,
                maximum=1,
            ),
            OpParam(
                name="mode",
                type="str",
                default="row",
                doc="for each sample apart, or for the batch",
                choices=("row", "batch"),
            ),
        ),
        torch=Torch(
            module="StochasticDepth",
            helper=STOCHASTIC_DEPTH,
            arguments=lambda args, x: (
                *positional(args["p"]),
                optional("mode", args["mode"], "row"),
            ),
            imports=("from torch import Tensor, nn",),
        ),
        rank=None,
        stateful=True,
        aliases=("drop_path",),
    ),
)
