"""Lets Python processes of the tests import a torchvision whose operators don't fit their torch.

A torchvision built for CUDA can't load its operators with a CPU-only torch, and then fails at
import, because it describes two of them to torch (`tests/torchvision_models.py`). Here they are
declared just before torchvision is imported; data sets and transforms need no more.
"""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Sequence
from types import ModuleType


class Finder(importlib.abc.MetaPathFinder):
    """Asked first for each module; it finds none."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name == "torchvision":
            sys.meta_path.remove(self)
            spec = importlib.util.find_spec(name)
            if spec is not None and spec.origin is not None:
                declare(spec.origin)
        return None


def declare(origin: str) -> None:
    """Declare the operators, if they can't be loaded."""
    import glob
    import os

    import torch

    for path in glob.glob(os.path.join(os.path.dirname(origin), "_C*.so")):
        try:
            torch.ops.load_library(path)
            return
        except OSError:
            continue
    library = torch.library.Library("torchvision", "DEF")
    for name in ("nms", "qnms"):
        library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    declare.library = library  # type: ignore[attr-defined]


sys.meta_path.insert(0, Finder())
