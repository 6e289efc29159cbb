"""torchvision's models, also beside a torch that its compiled operators don't fit.

A torchvision built for CUDA can't load its operators with a CPU-only torch, and then fails at
import, because it describes two of them to torch. Where they are absent, their schemas are
declared first: the models need no more.
"""

from __future__ import annotations

import glob
import importlib.util
import os
from typing import Any

import pytest
import torch

_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_declared: list[torch.library.Library] = []


def models() -> Any:
    """The module `torchvision.models`."""
    spec = importlib.util.find_spec("torchvision")
    if spec is None or spec.origin is None:
        pytest.skip("torchvision is not installed")
    if not _declared and not _loads_operators(os.path.dirname(spec.origin)):
        library = torch.library.Library("torchvision", "DEF")
        for schema in _SCHEMAS:
            library.define(schema)
        _declared.append(library)
    import torchvision.models

    return torchvision.models


def _loads_operators(folder: str) -> bool:
    for path in glob.glob(os.path.join(folder, "_C*.so")) + glob.glob(
        os.path.join(folder, "_C*.pyd")
    ):
        try:
            torch.ops.load_library(path)
        except OSError:
            continue
        return True
    return False
