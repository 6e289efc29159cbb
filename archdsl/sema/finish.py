"""The last look at a definition's body: names given by rule, and labels that are referred to."""

from __future__ import annotations

from archdsl.ir import program as p
from archdsl.node import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Finish:
    """Puts names and targets on items, by uid."""

    def __init__(
        self, names: Mapping[int, p.ModuleName], targets: Mapping[int, p.ValueTarget]
    ) -> None:
        self._names = names
        self._targets = targets

    def region(self, region: p.Region) -> p.Region:
        items = tuple([self._item(item) for item in region.items])
        return (
            region
            if items == ()
            else p.Region(items=items, sequential=region.sequential, span=region.span)
        )

    def _item(self, item: p.Item) -> p.Item:
        changes = self._inner(item)
        name = self._names.get(item.uid)
        if name is not None:
            field = "container" if isinstance(item, (p.Repeat, p.For)) else "name"
            changes[field] = name
        target = self._targets.get(item.uid)
        if target is not None:
            changes["targets"] = (*item.targets, target)
        return replace(item, **changes) if changes else item

    def _inner(self, item: p.Item) -> dict[str, Any]:
        match item:
            case p.Call() | p.Let() | p.Require() | p.From() | p.Assert() | p.Tensor():
                return {}
            case p.Group() | p.Repeat() | p.For() | p.Dense() | p.Part():
                return {"body": self.region(item.body)}
            case p.If():
                otherwise = item.otherwise and self.region(item.otherwise)
                return {"then": self.region(item.then), "otherwise": otherwise}
            case p.Merge() | p.Split():
                branches = item.branches and self._branches(item.branches)
                return {"branches": branches}
            case p.Residual():
                projection = item.projection and self.region(item.projection)
                return {"body": self.region(item.body), "projection": projection}
            case p.Aux():
                step = self._item(item.step)
                named = step.name if isinstance(step, (p.Call, p.Group)) else None
                return {"step": step, "name": str(named.base) if named is not None else item.name}
            case p.Share():
                return {"call": self._item(item.call)}
            case _:
                raise TypeError(f"no rule for {type(item).__name__}")

    def _branches(self, branches: tuple[p.BranchItem, ...]) -> tuple[p.BranchItem, ...]:
        return tuple([self._branch(branch) for branch in branches])

    def _branch(self, branch: p.BranchItem) -> p.BranchItem:
        if isinstance(branch, p.Branch):
            return p.Branch(name=branch.name, body=self.region(branch.body), span=branch.span)
        if isinstance(branch, p.BranchLoop):
            return replace(branch, branches=self._branches(branch.branches))  # type: ignore[no-any-return]
        if isinstance(branch, p.BranchIf):
            return replace(  # type: ignore[no-any-return]
                branch,
                then=self._branches(branch.then),
                otherwise=self._branches(branch.otherwise),
            )
        return branch
