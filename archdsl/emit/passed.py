"""Calls of what a parameter, a loop or a list holds.

Where all that a name may hold is constructed alike, the call says so: `unit(in_channels, width)`,
`act()`. Otherwise each op becomes a function that is called as a block is (`factories.py`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.block_calls import block_mapping, block_outputs
from archdsl.emit.extern_calls import extern_module
from archdsl.emit.held import CalleeParam
from archdsl.emit.made import Made
from archdsl.emit.op_calls import make_op, op_arguments
from archdsl.emit.tensor import Flow, Tensor, parts, resized, single, unsized
from archdsl.ir import program as p
from archdsl.ir.design import Callee

if TYPE_CHECKING:
    from archdsl.diagnostics import SpecError
    from archdsl.emit.classes import ClassCode
    from archdsl.emit.writer import ClassWriter


class Adapt(Exception):
    """Ops that have to be functions: the file is written anew."""

    def __init__(self, ops: set[str]) -> None:
        super().__init__(ops)
        self.ops = ops


def make_param(
    w: ClassWriter, call: p.Call, param: CalleeParam, given: dict[str, Any], flow: Flow
) -> Made:
    """The module of a call whose block or op only the constructor's caller knows."""
    if param.bound:
        free = w.unit.free_names(param)
        named = {free[int(key)] if key.isdigit() else key: each for key, each in given.items()}
        given = {**dict(param.bound), **named}
    passed = _Passed(w, call, param, given, flow)
    kinds = {callee.kind for callee in param.candidates}
    if kinds == {"block"}:
        return passed.block()
    names = {callee.name for callee in param.candidates if callee.kind != "block"}
    made = passed.layer() if len(kinds) == 1 and not names & w.unit.adapted else None
    if made is not None:
        return made
    if not names <= w.unit.adapted:
        raise Adapt(names)
    return passed.function()


def merged(callee: Callee, given: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A callee's bound arguments with a call's own; positional ones take the free parameters."""
    bound = dict(callee.arguments)
    free = [name for name in names if name not in bound]
    for name, value in given.items():
        bound[free[int(name)] if name.isdigit() else name] = value
    return bound


class _Passed:
    """One call of what a name holds."""

    def __init__(
        self,
        w: ClassWriter,
        call: p.Call,
        param: CalleeParam,
        given: dict[str, Any],
        flow: Flow,
    ) -> None:
        self.w, self.call, self.param, self.given, self.flow = w, call, param, given, flow
        self.inputs = parts(flow)

    def _arguments(self, callee: Callee) -> dict[str, Any]:
        return merged(callee, self.given, self.w.unit.parameters(callee))

    def _refused(self, why: str, help: str) -> SpecError:
        return self.w.error(
            "E515",
            f"what is passed as `{self.call.callee}` {why}",
            self.call.callee_span,
            help,
        )

    # Blocks alone

    def block(self) -> Made:
        """All candidates are blocks: it is called as any of them is."""
        w, param = self.w, self.param
        made = Made(
            text=f"{param.name}({', '.join(self._block_arguments())})",
            kind=w.unit.callee_type(list(param.candidates)),
            flow=self.flow,
        )
        return self._joined(made, [self._block(callee) for callee in param.candidates])

    def _block(self, callee: Callee) -> Flow:
        """What leaves a block."""
        w = self.w
        code = w.unit.code(callee.name)
        if code.size_params:
            raise w.error(
                "E522",
                f"`{code.name}` takes the size of its input, which `{self.param.name}` doesn't "
                "pass on",
                self.call.callee_span,
                "call the block by its name, or bring the map to one size first",
            )
        mapping = block_mapping(w, code, self._arguments(callee), self.inputs)
        return block_outputs(w, code, mapping, self.inputs)

    def _block_arguments(self) -> list[str]:
        """What any of the candidates is called with. Models take the channels last, so that all
        goes by name where a block may stand in a model's place."""
        codes = [self.w.unit.code(callee.name) for callee in self.param.candidates]
        texts = {name: self._candidates_text(name, each) for name, each in self.given.items()}
        channels = [s.text(tensor.channels) for tensor in self.inputs]
        models = [code.is_model for code in codes]
        own, named = {tuple(texts)}, {tuple(map(str, code.channel_params)) for code in codes}
        if any(models) != all(models) or any(map(self._begun, self.param.candidates)):
            own = {
                tuple(_free(each, code, list(texts)))
                for each, code in zip(self.param.candidates, codes)
            }
        if len(own) > 1 or (any(models) and len(named) > 1):
            raise self._refused(
                "has other names for its arguments from one to the next",
                "give their parameters the same names",
            )
        texts = dict(zip(own.pop(), texts.values()))
        given = [text if name.isdigit() else f"{name}={text}" for name, text in texts.items()]
        if not any(models):
            return channels + given
        return given + [f"{name}={text}" for name, text in zip(named.pop(), channels)]

    def _begun(self, callee: Callee) -> bool:
        """Whether a parameter before those of the call is bound already."""
        names, bound = self.w.unit.parameters(callee), dict(callee.arguments)
        free = [name for name in names if name not in bound]
        last = max((int(name) + 1 for name in self.given if name.isdigit()), default=0)
        return names[:last] != free[:last]

    def _candidates_text(self, name: str, value: Any) -> str:
        """An argument for whichever block it is: all of them have it in one form."""
        callee = self.param.candidates[0]
        free = [
            each for each in self.w.unit.parameters(callee) if each not in dict(callee.arguments)
        ]
        parameter = free[int(name)] if name.isdigit() else name
        return self.w.unit.argument_text(self.w, callee.name, parameter, value)

    # Ops alone, or layers of Python alone, that are constructed alike

    def layer(self) -> Made | None:
        """The call that constructs whichever it is; None if they differ in that."""
        made = [self._layer(callee) for callee in self.param.candidates]
        written = {self._layer_call(each) for each in self.param.candidates}
        first = made[0]
        alike = len(written) == 1 and len({each.taken for each in made}) == 1
        if not alike or _width_differs([each.flow for each in made]):
            return None
        text = f"{self.param.name}({written.pop()})"
        result = Made(
            text=text,
            kind="nn.Module",
            flow=first.flow,
            taken=first.taken,
            inplace=all(each.inplace for each in made),
        )
        return self._joined(result, [each.flow for each in made])

    def _layer(self, callee: Callee) -> Made:
        tensor, args = single(self.flow), self._arguments(callee)
        if callee.kind == "extern":
            return extern_module(self.w, self.w.unit.externs[callee.name], args, tensor)
        return make_op(self.w, self.call, self.w.unit.op(callee.name), args, tensor)

    def _layer_call(self, callee: Callee) -> str:
        """The arguments that a call adds to what a partial application holds."""
        if callee.kind == "extern":
            names = [name for name in self._arguments(callee) if name not in dict(callee.arguments)]
            values = self.given.values()
            return ", ".join(
                f"{name}={self.w.unit.value_text(self.w, each)}"
                for name, each in zip(names, values)
            )
        op = self.w.unit.op(callee.name)
        bound = op_arguments(op, dict(callee.arguments), None)
        held = {text for text, runtime in bound if not runtime}
        full = op_arguments(op, self._arguments(callee), single(self.flow))
        return ", ".join(text for text, runtime in full if runtime or text not in held)

    # Functions

    def function(self) -> Made:
        """A parameter that holds layers of different forms, or blocks as well as layers."""
        w, param = self.w, self.param
        flows: list[Flow] = []
        written: list[str] = []
        for callee in param.candidates:
            if callee.kind == "block":
                flows.append(self._block(callee))
            else:
                flows.append(self._layer(callee).flow)
                w.unit.adapt(callee, self._arguments(callee))
            written.append(self._passed(callee))
        if len(set(written)) > 1:
            raise self._refused(
                f"takes its arguments in other ways from one to the next: `({written[0]})`, and "
                f"`({next(each for each in written if each != written[0])})`",
                "wrap them in blocks with the same parameters",
            )
        text = ", ".join(filter(None, [s.text(single(self.flow).channels), written[0]]))
        made = Made(text=f"{param.name}({text})", kind="nn.Module", flow=self.flow)
        return self._joined(made, flows)

    def _passed(self, callee: Callee) -> str:
        """A call's arguments; by name where some before them are bound already."""
        names = self.w.unit.parameters(callee)
        bound = dict(callee.arguments)
        free = [name for name in names if name not in bound]
        texts = []
        for name, value in self.given.items():
            parameter = free[int(name)] if name.isdigit() else name
            if isinstance(value, Tensor):
                continue
            text = self._text(callee, parameter, value)
            if name.isdigit() and names[: int(name) + 1] == free[: int(name) + 1]:
                texts.append(text)
            else:
                texts.append(f"{parameter}={text}")
        return ", ".join(texts)

    def _text(self, callee: Callee, parameter: str, value: Any) -> str:
        if callee.kind == "block":
            return self.w.unit.argument_text(self.w, callee.name, parameter, value)
        if callee.kind == "op" and isinstance(value, (bool, str)):
            raise self._refused(
                f"is called with `{parameter}={s.text(value).lower()}`, which decides how "
                f"`{callee.name}` is written",
                "give that argument where it is passed, or wrap them in blocks",
            )
        return self.w.unit.value_text(
            self.w, self.w.unit.function_size(self.w, callee.name, parameter, value)
        )

    # What leaves

    def _joined(self, made: Made, flows: list[Flow]) -> Made:
        """A call with what leaves whichever candidate it is. Where they keep the map's size or not,
        it hangs on the use."""
        first = flows[0]
        if isinstance(first, tuple):
            return self._several(made, first, flows)
        tensors = list(map(single, flows))
        ranks = {len(tensor.shape) for tensor in tensors}
        if len(ranks) > 1:
            raise self._refused(
                "leaves maps and vectors, from one to the next",
                "bring them to one form in blocks of their own",
            )
        result = tensors[0].but(fresh=False)
        if any(resized(result, each) for each in tensors):
            result = unsized(result, f"passed{self.call.uid}").but(stride=None)
        elif not all(_same_stride(result, each) for each in tensors):
            result = result.but(stride=None)
        if not _width_differs(flows):
            return made.but(flow=result)
        width = s.Symbol("out", self.param.name, *self._relevant())
        asked = made.width
        blocks = [callee for callee in self.param.candidates if callee.kind == "block"]
        for callee in blocks:
            self.w.unit.code(callee.name).exposes = True
        if len(blocks) < len(flows):
            self._ask_layers(tensors)
            asked = f'getattr({{}}, "out_channels", {s.text(self.inputs[0].channels)})'
        return made.but(
            flow=result.but(shape=(width, *result.shape[1:])), widths_of=width, width=asked
        )

    def _several(self, made: Made, first: Flow, flows: list[Flow]) -> Made:
        """The same for blocks that several values leave."""
        if not _width_differs(flows):
            return made.but(flow=first)
        for callee in self.param.candidates:
            self.w.unit.code(callee.name).exposes = True
        width = s.Symbol("out", self.param.name, *self._relevant())
        values = tuple(each.but(shape=(width, *each.shape[1:])) for each in parts(first))
        return made.but(flow=values, widths_of=width)

    def _ask_layers(self, tensors: list[Tensor]) -> None:
        """A layer's module tells how wide its output is, or it is as wide as the input."""
        before = self.inputs[0].channels
        for callee, tensor in zip(self.param.candidates, tensors):
            kept = s.same(tensor.channels, before)
            if callee.kind == "block" or kept or self._tells_width(callee):
                continue
            raise self._refused(
                f"makes other widths from one to the next, and the module of `{callee.name}` does "
                "not tell its own",
                f"put `{callee.name}` into a block",
            )

    def _tells_width(self, callee: Callee) -> bool:
        if callee.kind == "extern":
            return False
        torch = self._layer(callee).form
        convolutions = ("nn.Conv2d", "nn.ConvTranspose2d")
        return torch is not None and (
            torch.module in convolutions
            or any(f"({name}):" in (torch.helper or "") for name in convolutions)
        )

    def _relevant(self) -> list[Any]:
        """The arguments (and inputs) that any candidate's width depends on."""
        relevant: list[Any] = []

        def note(name: str, value: Any) -> None:
            if (name, s.key_of(value)) not in relevant:
                relevant.append((name, s.key_of(value)))

        for callee in self.param.candidates:
            if callee.kind != "block":
                note("in", self.inputs[0].channels)
                for name, value in self._arguments(callee).items():
                    note(name, value)
                continue
            code = self.w.unit.code(callee.name)
            outputs = code.outputs or ()
            used = s.names_in(tuple(output.channels for output in outputs), expand=True)
            for name, value in self._arguments(callee).items():
                if name in used:
                    note(name, value)
            for symbol, tensor in zip(code.channel_symbols, self.inputs):
                if symbol in used:
                    note(symbol, tensor.channels)
        return relevant


def _width_differs(flows: list[Flow]) -> bool:
    """Whether the widths of what leaves differ."""
    first = parts(flows[0])
    return any(
        len(parts(flow)) != len(first)
        or not all(s.same(a.channels, b.channels) for a, b in zip(first, parts(flow)))
        for flow in flows[1:]
    )


def _same_stride(first: Tensor, second: Tensor) -> bool:
    if first.stride is None or second.stride is None:
        return first.stride is second.stride
    return s.same(first.stride, second.stride)


def _free(callee: Callee, code: ClassCode, names: list[str]) -> list[str]:
    """The parameters that arguments of a call go to."""
    bound = dict(callee.arguments)
    free = [each.name for each in code.definition.params if each.name not in bound]
    return [free[int(name)] if name.isdigit() else name for name in names]
