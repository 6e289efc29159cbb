"""Steps with a body that is no plain sequence: merges, splits, residuals, dense connections."""

from __future__ import annotations

from archdsl import expr as e
from archdsl.diagnostics import Fix, SpecError
from archdsl.ir import program as p
from archdsl.ops import table
from archdsl.sema import arguments as args
from archdsl.sema.errors import did_you_mean, error, respelt
from archdsl.sema.naming import common_stem
from archdsl.sema.statements import Statements, out_of_place
from archdsl.sema.synonyms import op_of
from archdsl.sema.units import MERGES
from archdsl.syntax import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from archdsl.sema.place import Place
    from archdsl.source import Span

_PARTS = args.Formal(name="parts", required=True)
_JOIN = args.Formal(name="join", required=False)
_SCALE = args.Formal(name="scale", required=False)
_FORMALS: dict[str, tuple[args.Formal, ...]] = {"split": (_PARTS, _JOIN), "residual": (_SCALE,)}


class Merges(Statements):
    """The part of `Flow` that lowers merges; `troubled` once a branch was wrong."""

    troubled: bool = False
    if TYPE_CHECKING:
        as_region: Callable[[list[p.Item], Place, Span], p.Region]
        chain: Callable[[ast.Chain, Place], list[p.Item]]
        step: Callable[[ast.Step, Place], list[p.Item]]
        group: Callable[..., p.Group]
        call: Callable[..., p.Call]

    def merge(self, step: ast.Step, merge: ast.Merge, place: Place) -> p.Item:
        """A step with a body."""
        name = merge.name.text
        if name not in MERGES:
            raise self._no_body(merge)
        if merge.skip is not None and name != "residual":
            adds = "; the input itself is the branch `identity`" if name == "sum" else ""
            help = f"only `residual` has one{adds}"
            raise error("E340", f"`{name}` has no skip", merge.skip.span, help=help)
        if place.sequential is not None:
            raise out_of_place(f"`{name}`", merge.name.span, place.sequential)
        uid = self.next_uid()
        given = self._arguments(merge, place)
        self.label_value(uid, step.label, place)
        common: dict[str, Any] = {"span": merge.span, "uid": uid}
        if name == "residual":
            return self._residual(merge, given, place, common)
        if name == "dense":
            return p.Dense(body=self.region(merge.body, place.branch()), **common)
        branches = self.branches(merge.body, place.branch())
        if not branches and not self.troubled:
            raise error("E341", f"`{name}` has no branches", merge.body.span)
        if name == "split":
            return p.Split(
                parts=given["parts"], branches=branches, join=self._join(merge), **common
            )
        return p.Merge(op=name, branches=branches, **common)

    def bodiless(self, step: ast.Step, call: ast.Call, place: Place) -> p.Item:
        """A merge that joins what arrives, or a split whose parts flow on."""
        name = call.name.text
        if name in ("residual", "dense"):
            help = f"`{name} {{ ... }}`"
            if name == "dense" and call.arguments:  # Keras's
                said = ", ".join(argument.span.text for argument in call.arguments)
                help = f"a fully connected layer is `linear({said})`; {help} joins with its input"
            raise error("E341", f"`{name}` needs a body", call.span, help=help)
        if place.sequential is not None:
            raise out_of_place(f"`{name}`", call.span, place.sequential)
        uid = self.next_uid()
        given = self._arguments(call, place)
        self.label_value(uid, step.label, place)
        if name == "split":
            join = next((a for a in call.arguments if a.name == "join"), None)
            if join is not None:
                raise error("E341", "`split` without a body joins nothing", join.span)
            return p.Split(
                parts=given["parts"], branches=None, join="concat", span=call.span, uid=uid
            )
        return p.Merge(op=name, branches=None, span=call.span, uid=uid)

    def _no_body(self, merge: ast.Merge) -> SpecError:
        name = merge.name.text
        entity = self.resolver.unit.names.get(name)
        defined = entity is not None and entity.kind != "broken"
        known = defined or table.lookup(name) is not None
        if known:
            return error(
                "E340",
                f"`{name}` takes no body",
                merge.name.span,
                help="put `->` between the two, if both are steps",
            )
        elsewhere = op_of(name, frozenset(MERGES))
        fix = respelt(name, MERGES, merge.name.span)
        if elsewhere is not None:
            fix = Fix(span=merge.name.span, text=elsewhere)
        return error(
            "E302",
            f"there is nothing with a body that is called `{name}`",
            merge.name.span,
            "unknown",
            notes=(f"there are {', '.join(f'`{n}`' for n in MERGES)}",),
            help=(
                "a branch is a step or `{ ... }`, with or without a label: `name: { ... }`"
                if name == "branch"
                else f"it is called `{elsewhere}` here" if elsewhere else did_you_mean(name, MERGES)
            ),
            fix=fix,
        )

    def _arguments(self, merge: ast.Merge | ast.Call, place: Place) -> dict[str, e.Expr]:
        formals = _FORMALS.get(merge.name.text, ())
        if not formals and merge.arguments:
            name = merge.name.text
            raise error(
                "E313",
                f"`{name}` takes no arguments",
                merge.arguments[0].span,
                help=f"branches stand in braces, a line each: `{name} {{ ... }}`; values that have "
                f"names are joined by `from (a, b) -> {name}`",
            )
        pairs = args.match(
            merge.arguments, formals, merge.name.text, merge.name.span, partial=False
        )
        return {
            formal.name: self.resolver.resolve(argument.value, place.scope)
            for formal, argument in pairs
            if formal is not _JOIN
        }

    def _join(self, merge: ast.Merge) -> str:
        pairs = args.match(
            merge.arguments, _FORMALS["split"], "split", merge.name.span, partial=False
        )
        for formal, argument in pairs:
            if formal is _JOIN:
                return _join_name(argument)
        return "concat"

    # Branches

    def branches(self, body: ast.Body, place: Place) -> tuple[p.BranchItem, ...]:
        """A branch for each line; loops and ifs hold branches in turn."""
        found: list[p.BranchItem] = []
        for statement in body.statements:
            try:
                found += self._branch(statement, place)
            except SpecError as failure:
                self.troubled = True
                self.report(failure)
        return tuple(found)

    def _branch(self, statement: ast.Statement, place: Place) -> list[p.BranchItem]:
        if isinstance(statement, ast.Let):
            return [self.let(statement, place)]
        if isinstance(statement, ast.Require):
            return [self.require(statement, place)]
        if not isinstance(statement, ast.Chain):
            raise error(
                "E343", "this cannot stand among branches", statement.span, help="put it before"
            )
        only = statement.steps[0] if len(statement.steps) == 1 and statement.head is None else None
        if only is None:
            return [self._chain_branch(statement, place)]
        match only.action:
            case ast.For() | ast.Repeat():
                self._check_bare(only)
                return [self._branch_loop(only.action, place)]
            case ast.If():
                self._check_bare(only)
                return [self._branch_if(only.action, place)]
            case ast.Group() if only.label is None and only.count is None and only.result is None:
                region = self.region(only.action.body, place.within())
                name = common_stem(_labels(only.action.body.statements))
                return [p.Branch(name=name, body=region, span=only.span)]
            case ast.Call(name=ast.Ident(text="none")) if not only.action.called:
                return []
        return [self._chain_branch(statement, place)]

    def _chain_branch(self, chain: ast.Chain, place: Place) -> p.Branch:
        inner = place.within()
        region = self.as_region(self.chain(chain, inner), inner, chain.span)
        return p.Branch(name=common_stem(_labels((chain,))), body=region, span=chain.span)

    def _check_bare(self, step: ast.Step) -> None:
        part = step.label or step.count or step.result
        if part is not None:
            raise error(
                "E324",
                "this stands for several branches, and no single value or module",
                part.span,
                help="label the steps inside: `name[i]: ...`",
            )

    def _branch_loop(self, loop: ast.For | ast.Repeat, place: Place) -> p.BranchLoop:
        inner = place.loop()
        uid = self.next_uid()
        if isinstance(loop, ast.Repeat):
            names: tuple[ast.Ident, ...] = () if loop.name is None else (loop.name,)
            times = self.resolver.resolve(loop.times, place.scope)
            argument = e.Argument(name=None, value=times, span=times.span)
            iterable: e.Expr = e.CallExpr(function="range", arguments=(argument,), span=times.span)
        else:
            names = loop.names
            iterable = self.resolver.iterable(loop.iterable, place.scope)
        self.loop_names(names, inner)
        return p.BranchLoop(
            names=tuple(name.text for name in names),
            iterable=iterable,
            repeat=isinstance(loop, ast.Repeat),
            branches=self.branches(loop.body, inner),
            span=loop.span,
            uid=uid,
        )

    def _branch_if(self, action: ast.If, place: Place) -> p.BranchIf:
        condition = self.resolver.resolve(action.condition, place.scope)
        uid = self.next_uid()
        otherwise: tuple[p.BranchItem, ...] = ()
        then = self.branches(action.then, place.arm(uid, 0))
        if action.otherwise is not None:
            otherwise = self.branches(action.otherwise, place.arm(uid, 1))
        return p.BranchIf(
            condition=condition, then=then, otherwise=otherwise, span=action.span, uid=uid
        )

    # Residuals

    def _residual(
        self, merge: ast.Merge, given: dict[str, e.Expr], place: Place, common: dict[str, Any]
    ) -> p.Residual:
        inner = place.branch()
        body = self.region(merge.body, inner)
        skip = merge.skip
        if skip is None:
            return p.Residual(
                body=body,
                skip="identity",
                projection=None,
                condition=None,
                scale=given.get("scale"),
                skip_span=merge.name.span,
                **common,
            )
        condition = self.resolver.optional(skip.condition, place.scope)
        step = skip.otherwise if skip.source == "identity" else skip.step
        kind = skip.source if skip.source in ("identity", "none") else "apply"
        return p.Residual(
            body=body,
            skip=kind,
            projection=None if step is None else self._projection(step, inner.branch()),
            condition=condition,
            scale=given.get("scale"),
            skip_span=skip.span,
            **common,
        )

    def _projection(self, step: ast.Step, place: Place) -> p.Region:
        """What the skip applies: `downsample`, if it has no name and is a plain chain."""
        action = step.action
        if step.label is None and isinstance(action, ast.Group):
            if not _is_plain(action.body):
                return self.region(action.body, place)
            group = self.group(None, action, place, stem="downsample")
            return self.as_region([group], place, step.span)
        if step.label is None and isinstance(action, ast.Call) and action.name.text not in MERGES:
            call = self.call(None, action, place, stem="downsample")
            return self.as_region([call], place, step.span)
        return self.as_region(self.step(step, place), place, step.span)


def _join_name(argument: e.Argument) -> str:
    value = argument.value
    text = (
        value.id if isinstance(value, e.Name) else value.value if isinstance(value, e.Text) else ""
    )
    if text not in ("concat", "sum"):
        raise error("E310", "the parts of a split are joined by `concat` or `sum`", argument.span)
    return text


def _is_plain(body: ast.Body) -> bool:
    """Whether a body is a chain of unlabelled calls."""
    for statement in body.statements:
        if not isinstance(statement, ast.Chain) or statement.head is not None:
            return False
        for step in statement.steps:
            call = step.action
            if step.label is not None or step.result is not None:
                return False
            if not isinstance(call, ast.Call) or call.name.text in (*MERGES, "none"):
                return False
    return True


def _labels(statements: tuple[ast.Statement, ...]) -> list[str]:
    """The plain labels of a branch, with those in merges and groups that are part of it."""
    found: list[str] = []
    todo = list(reversed(statements))
    while todo:
        statement = todo.pop()
        if not isinstance(statement, ast.Chain):
            continue
        for step in statement.steps:
            if step.label is not None:
                if isinstance(step.label.base, str):
                    found.append(step.label.base)
            elif isinstance(step.action, (ast.Merge, ast.Group)):
                todo.extend(reversed(step.action.body.statements))
    return found
