"""Losses: means over the batch."""

from __future__ import annotations

from archdsl.recipes.entry import Loss, Parameter

SMOOTHING = Parameter(
    name="label_smoothing",
    type="number",
    doc="share of the target that goes evenly to all classes (Szegedy et al., 2015)",
    default=0.0,
    minimum=0,
    below=1,
    elsewhere=("smoothing", "epsilon", "eps"),
)
PROBABILITIES = ("softmax", "log_softmax", "sigmoid", "log_sigmoid")

LOSSES = (
    Loss(
        name="cross_entropy",
        doc="Softmax and the logarithm of the right class. The outputs are scores.",
        parameters=(SMOOTHING,),
        torch="nn.CrossEntropyLoss",
        refuses=PROBABILITIES,
        elsewhere=("ce", "softmax", "softmax_cross_entropy", "categorical_crossentropy"),
    ),
    Loss(
        name="binary_cross_entropy",
        doc="A sigmoid for each class, against 1 for the right one and 0 for the others. The "
        "outputs are scores.",
        parameters=(SMOOTHING,),
        torch="nn.BCEWithLogitsLoss",
        refuses=PROBABILITIES,
        elsewhere=("bce", "bce_with_logits", "binary_crossentropy"),
    ),
    Loss(
        name="nll",
        doc="The negative logarithm of the right class, for a model that ends in `log_softmax`.",
        torch="nn.NLLLoss",
        takes="log_softmax",
        mixes=False,
        elsewhere=("negative_log_likelihood",),
    ),
    Loss(
        name="mse",
        doc="Squared differences from 1 for the right class and 0 for the others.",
        torch="nn.MSELoss",
        elsewhere=("l2", "mean_squared_error", "squared_error", "euclidean"),
    ),
    Loss(
        name="distance",
        doc="For outputs that are distances from each class, of which the least is the answer: "
        "y of the right class, plus log(exp(-j) + sum of all exp(-y)) (LeCun et al., 1998, "
        "equation 9).",
        parameters=(
            Parameter(
                name="j",
                type="number",
                doc="what a class of rubbish would be away",
                default=0.1,
                above=0,
                maximum=1000,
            ),
        ),
        mixes=False,
        least=True,
        elsewhere=("map", "rbf"),
    ),
)
