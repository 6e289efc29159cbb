"""What users of other languages write, and what is written here instead."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archdsl.diagnostics import Diagnostic
    from archdsl.syntax.explain import Misfit

_PYTHON_STATEMENTS = {
    "return": "the last value of a body is its result; for others say `-> (name)` in the head",
    "lambda": "a function has a name: `fn name(x) = ...`; a block can be an argument as it is",
    "while": "`repeat n { ... }` repeats, `for x in list { ... }` goes over a list",
    "def": "blocks stand at file level: `block Name(...) { ... }`",
    "class": "blocks stand at file level: `block Name(...) { ... }`",
    "with": "there is nothing to enter or leave; write the steps",
    "assert": 'write `require condition: "text"`',
    "del": "values need not be deleted",
    "import": 'imports stand at file level: `import "file.arch" (Name)`',
}
_MERGES = frozenset(("concat", "sum", "mul", "mean", "split"))


def habit(misfit: Misfit) -> Diagnostic | None:
    """The diagnostic for a form of another language; None for everything else."""
    for explanation in (
        _comment,
        _python_word,
        _assigned_again,
        _compared,
        _size_with_blanks,
        _skip,
        _label_alone,
        _label_without_colon,
        _map,
    ):
        found = explanation(misfit)
        if found is not None:
            return found
    return None


def _comment(misfit: Misfit) -> Diagnostic | None:
    """`// text` on a line of its own, or behind a step."""
    if misfit.token is None or misfit.token.value != "//":
        return None
    if misfit.before is not None and not misfit.expected & {"ARROW", "_SEP", "NAME"}:
        return None
    return misfit.say("E110", "a comment begins with `#`, not with `//`", fix="#")


def _python_word(misfit: Misfit) -> Diagnostic | None:
    if misfit.token is not None and misfit.token.value == "elif":
        return misfit.say("E110", "`elif` is spelled `else if` here", fix="else if")
    word = misfit.before
    if word is None or word.value not in _PYTHON_STATEMENTS or misfit.kind == "_COLON":
        return None
    misfit.place = (word.start_pos, word.end_pos)
    return misfit.say("E110", f"`{word.value}` is Python's", help=_PYTHON_STATEMENTS[word.value])


def _assigned_again(misfit: Misfit) -> Diagnostic | None:
    """`n += 1`, `n := 3`."""
    before, token = misfit.before, misfit.token
    if before is None or token is None:
        return None
    following = misfit.tokens[misfit.at + 1] if misfit.at + 1 < len(misfit.tokens) else None
    if following is not None and following.type == "_EQUAL" and token.value in tuple("+-*/"):
        if following.start_pos == token.end_pos and before.type == "NAME":
            misfit.place = (token.start_pos, following.end_pos)
            return misfit.say(
                "E110",
                f"`{token.value}=` changes a name's value, and names keep theirs here",
                help=f"give the result a name of its own: `let name = {before.value} "
                f"{token.value} ...`",
            )
    if misfit.kind == "_EQUAL" and before.type == "_COLON" and before.end_pos == token.start_pos:
        misfit.place = (before.start_pos, token.end_pos)
        return misfit.say(
            "E110", "`:=` is Python's", help="a number gets a name by `let name = ...`"
        )
    return None


def _compared(misfit: Misfit) -> Diagnostic | None:
    """`if n = 1 { ... }`"""
    if misfit.kind != "_EQUAL" or misfit.context() not in ("IF", "REQUIRE"):
        return None
    return misfit.say("E110", "`=` gives a value, and `==` compares two", fix="==")


def _size_with_blanks(misfit: Misfit) -> Diagnostic | None:
    """`2 x 2` as a size; `[3 x 224 x 224]` as a shape."""
    before, token = misfit.before, misfit.token
    if before is None or token is None or token.value not in ("x", "X"):
        return None
    following = misfit.tokens[misfit.at + 1] if misfit.at + 1 < len(misfit.tokens) else None
    if before.type != "NUMBER" or following is None or following.type != "NUMBER":
        return None
    if "RSQB" in misfit.expected:
        return misfit.say(
            "E101", "the sizes of a shape have commas between them", help="as in `[3, 224, 224]`"
        )
    misfit.place = (before.start_pos, following.end_pos)
    right = f"{before.value}x{following.value}"
    return misfit.say("E101", "a size has no blanks in it", fix=right)


def _skip(misfit: Misfit) -> Diagnostic | None:
    if misfit.token is None or misfit.token.value != "skip" or "_SEP" not in misfit.expected:
        return None
    return misfit.say(
        "E101",
        "a `skip` follows the body of a `residual`",
        help="write `residual { ... } skip identity`",
    )


def _label_alone(misfit: Misfit) -> Diagnostic | None:
    """A label, and nothing that it names."""
    if not misfit.ends or misfit.before is None or misfit.before.type != "_COLON":
        return None
    if "NAME" not in misfit.expected or "LBRACE" not in misfit.expected:
        return None
    label = misfit.tokens[misfit.at - 2]
    misfit.place = (label.start_pos, misfit.before.end_pos)
    owner = _owner(misfit)
    if owner in _MERGES:
        return misfit.say("E101", f"a branch of `{owner}` needs a step after its label")
    return misfit.say("E101", "a label needs a step after it")


def _label_without_colon(misfit: Misfit) -> Diagnostic | None:
    """`"conv1" conv(...)`"""
    label = misfit.before
    if label is None or label.type != "STRING" or "_COLON" not in misfit.expected or misfit.ends:
        return None
    misfit.place = (label.start_pos, label.end_pos)
    return misfit.say("E111", "a `:` has to follow a label", fix=f"{label.value}:")


def _owner(misfit: Misfit) -> str:
    """The word before the brace that is open here, and before its arguments."""
    depth = 0
    for i in range(misfit.at - 1, 0, -1):
        kind = misfit.tokens[i].type
        if kind in ("RPAR", "RSQB", "RBRACE"):
            depth += 1
        elif kind in ("LPAR", "LSQB", "LBRACE"):
            if depth == 0:
                return _head(misfit, i - 1)
            depth -= 1
    return ""


def _head(misfit: Misfit, at: int) -> str:
    if misfit.tokens[at].type != "RPAR":
        return misfit.tokens[at].value
    depth = 0
    for i in range(at, 0, -1):
        kind = misfit.tokens[i].type
        depth += (kind == "RPAR") - (kind == "LPAR")
        if depth == 0:
            return misfit.tokens[i - 1].value
    return ""


def _map(misfit: Misfit) -> Diagnostic | None:
    """`{"a": 1}` where a value has to stand."""
    if misfit.kind != "LBRACE" or not misfit.expected >= {"NUMBER", "LSQB", "TRUE"}:
        return None
    return misfit.say(
        "E101",
        "a value has to stand here, and braces hold steps",
        help="lists stand in brackets, `[[1, 2], [3, 4]]`, and there are no maps",
    )
