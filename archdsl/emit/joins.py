"""Joins: one value of several, and how texts are combined."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.emit import symbol as s
from archdsl.emit.tensor import Tensor, TensorList

if TYPE_CHECKING:
    from archdsl.emit.writer import ClassWriter


def atomic(text: str) -> bool:
    """Whether a text can be an operand without parentheses."""
    depth = 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == " " and depth == 0:
            return False
    return True


def level_of(text: str) -> int:
    """How tightly a text's loosest operator binds, as Python has it: 6 for sums, 7 for products."""
    depth, level = 0, 10
    for word in text.split(" "):
        if depth == 0 and word in LEVELS:
            level = min(level, LEVELS[word])
        depth += sum(map(word.count, "([{")) - sum(map(word.count, ")]}"))
    return level if level < 10 or atomic(text) else 1


LEVELS = {"+": 6, "-": 6, "*": 7, "/": 7, "if": 1}


def operand(text: str, op: str) -> str:
    """A text as an operand of `op`, in parentheses where it would bind wrongly."""
    if atomic(text) or (op == "+" and " if " not in text):
        return text
    return f"({text})"


def join(w: ClassWriter, op: str, tensors: list[Tensor]) -> Tensor:
    """One value of several: `concat`, `sum`, `mul` or `mean`."""
    texts = [tensor.text for tensor in tensors]
    if op == "concat":
        w.unit.need("torch")
        channels = tensors[0].channels
        for tensor in tensors[1:]:
            channels = channels + tensor.channels
        shape = (channels, *common(tensors)[1:])
        if len(texts) == 1:
            return tensors[0].but(shape=shape)
        text = f"torch.cat(({', '.join(texts)}), dim=1)"
        return Tensor(shape, text, stride=stride_of(tensors), fresh=True)
    symbol = "*" if op == "mul" else "+"
    text = f" {symbol} ".join(operand(each, symbol) for each in texts)
    if op == "mean":
        text = f"({text}) / {len(texts)}"
    return Tensor(common(tensors), text, stride=stride_of(tensors), fresh=len(texts) > 1)


def common(tensors: list[Tensor]) -> tuple[Any, ...]:
    """The broadcast shape; where two texts denote one size, the simpler is kept."""
    longest = max(tensors, key=lambda tensor: len(tensor.shape))
    shape = list(longest.shape)
    for tensor in tensors:
        for back in range(1, len(tensor.shape) + 1):
            if s.same(shape[-back], 1) or simpler(tensor.shape[-back], shape[-back]):
                if not s.same(tensor.shape[-back], 1):
                    shape[-back] = tensor.shape[-back]
    return tuple(shape)


def simpler(first: Any, second: Any) -> bool:
    """Whether the first text says in less what both mean; what is not known yet never does."""
    if s.opaque(first) or s.opaque(second):
        return not s.opaque(first)
    if not isinstance(first, s.Symbol):
        return isinstance(second, s.Symbol)
    if not isinstance(second, s.Symbol):
        return False
    return len(s.text(s.unstale(first))) < len(s.text(s.unstale(second)))


def stride_of(tensors: list[Tensor]) -> Any:
    for tensor in tensors:
        if tensor.stride is not None:
            return tensor.stride
    return None


def join_members(w: ClassWriter, op: str, flow: TensorList) -> Tensor:
    """A list of values, joined as one."""
    if isinstance(flow.count, int):
        flow_named = w.flush(flow)
        assert isinstance(flow_named, TensorList)
        joined = join(w, op, list(flow_named.members))
        text = (
            f"torch.cat({flow_named.text}, dim=1)"
            if op == "concat"
            else folded(flow_named.text, op)
        )
        return joined.but(text=text, simple=False)
    channels = flow.total if op == "concat" else s.index(flow.shape[0], 0)
    dims = tuple(s.index(each, 0) for each in flow.shape[1:])
    if op != "concat" and not flow.text.isidentifier():
        text = w.flush(flow.but(simple=False)).text
        return Tensor((channels, *dims), folded(text, op), stride=None, fresh=op == "mean")
    w.unit.need("torch")
    text = f"torch.cat({flow.text}, dim=1)" if op == "concat" else folded(flow.text, op)
    # One value alone is not copied by a sum.
    fresh = op in ("concat", "mean")
    return Tensor((channels, *dims), text, stride=None, fresh=fresh)


def folded(gathered: str, op: str) -> str:
    if op == "mul":
        return f"math.prod({gathered}[1:], start={gathered}[0])"
    total = f"sum({gathered}[1:], start={gathered}[0])"
    return total if op == "sum" else f"{total} / len({gathered})"
