"""archdsl: convolutional networks as short specs, compiled to PyTorch that reads as hand-written.

    >>> import archdsl
    >>> archdsl.check("specs/resnet.arch")
    ()
    >>> resnet = archdsl.load("specs/resnet.arch")
    >>> model = resnet.resnet50(num_classes=10)

Importing the package imports nothing else; each function brings in what it needs. Only `load`,
whose module does, and `weights` import torch.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping
    from types import ModuleType
    from typing import Any

    from archdsl.checkpoint import Tensor
    from archdsl.diagnostics import Diagnostic
    from archdsl.driver import Compiled

    Path = str | os.PathLike[str]
    Shape = str | tuple[int, ...]
    Input = Shape | Mapping[str, Shape]

__version__ = "0.1.0"
__all__ = ["CompileError", "check", "compile", "load", "summary", "weights"]


class CompileError(Exception):
    """A spec has errors, or weights don't fit it. `str` of it is the report that the command line would print."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        from archdsl.render import render_all

        super().__init__(render_all(diagnostics))
        self.diagnostics = diagnostics


def check(
    path: Path, input: Input | None = None, *, root: Path | None = None
) -> tuple[Diagnostic, ...]:
    """What is wrong with a spec as a network, or worth a warning; empty if nothing is. What can't
    be written as a module (E5 codes, few) is told by `compile` and `load` alone.

    `str` of a finding is the report that the command line would print.

    `input` checks the models at another input than they declare: `"3x192x192"`, or the tuple; with
    several inputs, a dict of them by name. Imports stay inside the folder `root`, the spec's own if
    it is left out; so they do in the other functions.
    """
    from archdsl import api

    return api.check(path, input, root)


def compile(path: Path, output_dir: Path = "generated", *, root: Path | None = None) -> Compiled:
    """Write the module of a spec to `output_dir`, if it isn't there already.

    Raises `CompileError` where the spec has errors or the file may not be written; then nothing
    is. The result tells the module's `path`, whether it `changed`, and the `warnings`.
    """
    from archdsl import api

    return api.compile(path, output_dir, root)


def summary(
    path: Path,
    variant: str | None = None,
    input: Input | None = None,
    *,
    root: Path | None = None,
) -> list[dict[str, Any]]:
    """The figures of each variant (or of one), as `archdsl summary --json` prints them.

    Raises `CompileError` where the spec has errors, `ValueError` for a variant it doesn't have.
    """
    from archdsl import api

    return api.summary(path, variant, input, root)


def load(path: Path, *, root: Path | None = None) -> ModuleType:
    """The generated module of a spec, compiled in memory: no file is written.

    The module stays registered in `sys.modules` under a name that its text determines: the same
    text gives the same module, and its classes can be pickled. Tracebacks show its source.
    Raises `CompileError` where the spec has errors.
    """
    from archdsl import api

    return api.load(path, root)


def weights(
    path: Path,
    checkpoint: Path,
    variant: str | None = None,
    source: str | None = None,
    *,
    root: Path | None = None,
) -> dict[str, Tensor]:
    """The weights of a checkpoint file under the keys of a variant, for a strict `load_state_dict`.

    The file is a `.safetensors` or one of `torch.save`; no code in it is run. Its keys are taken as
    they are, or renamed by the `weights` of the spec, whichever fits; `source` names one of these.
    Without `variant`, the file has to fit one variant alone.
    Raises `CompileError` where the spec has errors, or the file does not fit: it then says what is
    missing, unexpected or of another shape. `ValueError` for a variant or source unknown.
    """
    from archdsl import api

    return api.weights(path, checkpoint, variant, source, root)
