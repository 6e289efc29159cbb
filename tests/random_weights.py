"""Values for whole models, so that two of them can be compared."""

from __future__ import annotations

import torch
from torch import Tensor, nn

State = dict[str, Tensor]


def random_state(model: nn.Module, seed: int = 0) -> State:
    """Values for all parameters and buffers of a model, such that signals neither die nor burst."""
    generator = torch.Generator().manual_seed(seed)
    state: State = {}
    for key, value in model.state_dict().items():
        if key.endswith("num_batches_tracked"):
            state[key] = torch.randint(1, 1000, value.shape, generator=generator)
        elif key.endswith("running_var"):
            state[key] = torch.rand(value.shape, generator=generator) + 0.5
        elif value.dim() > 1:
            spread = (2 / value[0].numel()) ** 0.5
            state[key] = torch.randn(value.shape, generator=generator) * spread
        elif key.endswith("weight"):
            state[key] = torch.rand(value.shape, generator=generator) * 0.5 + 0.5
        else:
            state[key] = torch.randn(value.shape, generator=generator) * 0.1
    return state
