"""Files of weights: the only user of torch and of safetensors, which nothing else waits for."""

from __future__ import annotations

import os

from archdsl.diagnostics import Diagnostic, Label, SpecError
from archdsl.draft import Draft
from archdsl.files import opened, whole
from archdsl.output import failed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from torch import Tensor as Tensor

SUFFIX = ".safetensors"
# Where a file of torch's keeps the weights beside other things.
INNER = ("state_dict", "model")


def read(path: str) -> dict[str, Tensor]:
    """The tensors of a file by their keys; raises SpecError. Nothing in the file is run."""
    try:
        opened(path).close()
    except OSError as error:
        raise SpecError(failed("read", path, error)) from error
    try:
        found = _safe(path) if path.endswith(SUFFIX) else _torch(path)
    except ImportError as error:
        raise _unusable(path, f"{error}", "pip install 'archdsl[torch]'") from error
    except Exception as error:  # what a file can be is without end
        what, help = _refused(path, error)
        raise _unusable(path, f"{path} cannot be read: {what}", help) from error
    return _tensors(path, found)


def write(path: str, tensors: dict[str, Tensor]) -> None:
    """A safetensors file, there as a whole or not at all."""
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    try:
        with Draft(os.path.realpath(path)) as draft:
            save_file(tensors, draft, metadata={"format": "pt"})
    except (OSError, SafetensorError) as error:
        reason = error if isinstance(error, OSError) else OSError(str(error))
        raise SpecError(failed("write", path, reason)) from error


def count() -> Tensor:
    """Of the batches that a norm has seen, where a file is older than the count."""
    import torch

    return torch.tensor(0)


def _safe(path: str) -> Any:
    from safetensors.torch import load_file

    return load_file(path)


def _torch(path: str) -> Any:
    import warnings

    import torch

    with warnings.catch_warnings():  # of the ways in which old versions wrote: torch reads them
        warnings.simplefilter("ignore")
        return torch.load(path, map_location="cpu", weights_only=True)


def kind(tensor: Tensor) -> str:
    """What its numbers are: "floating", "integer", or what else torch has."""
    if tensor.is_floating_point():
        return "floating"
    if tensor.is_complex():
        return "complex"
    return "boolean" if f"{tensor.dtype}" == "torch.bool" else "integer"


def _refused(path: str, error: Exception) -> tuple[str, str]:
    """What is wrong with a file that its library did not read, and what to do. What the libraries
    say themselves is of their insides."""
    with opened(path) as file:
        head = file.read(8)
    again = "copy it or download it again"
    if not head:
        return "it is empty", again
    if path.endswith(SUFFIX):
        return "it is no safetensors file, or not the whole of one", again
    if head == b"\x89HDF\r\n\x1a\n":
        return "it is a file of Keras's", "weights are read from PyTorch's files and safetensors"
    if not head.startswith((b"PK", b"\x80")):
        return f"torch.save writes no such file, it begins with {head!r}", again
    if type(error).__name__ == "UnpicklingError" and "eights only" in str(error):
        return (
            "it holds other objects than weights, which would be run",
            "save the weights alone: `torch.save(model.state_dict(), path)`",
        )
    return "it is damaged, or not the whole file", again


def _tensors(path: str, found: Any) -> dict[str, Tensor]:
    import torch
    from torch import Tensor

    for inner in INNER:
        if isinstance(found, dict) and isinstance(found.get(inner), dict):
            found = found[inner]
    if not isinstance(found, dict) or not found:
        raise _unusable(path, f"{path} holds no `state_dict`, but {type(found).__name__}")
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, Tensor):
            kind = type(value).__name__
            raise _unusable(path, f"{path} holds no `state_dict`: under {key!r} stands {kind}")
        if value.layout is not torch.strided or value.is_meta or value.is_quantized:
            raise _unusable(
                path,
                f"{path} holds no plain numbers under {key!r}",
                "tensors that are sparse, quantized or on the meta device are no weights here",
            )
    # Each on its own, so that the file that is written holds no more than the keys say.
    return {key: value.detach().clone().contiguous() for key, value in found.items()}


def _unusable(path: str, message: str, help: str | None = None) -> SpecError:
    return SpecError(
        Diagnostic(code="E597", message=message, label=Label(span=whole(path)), help=help)
    )
