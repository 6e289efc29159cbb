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
    "import": 'ops need no import, and blocks of other specs `import "file.arch" (Name)`',
    "match": "`if condition { ... } else if ... { ... }` chooses",
}
_DEFINITIONS = frozenset(("block", "sequence", "model", "variant", "fn", "extern", "train"))
_PARTS = frozenset(("stem", "stage", "head"))
_MERGES = frozenset(("concat", "sum", "mul", "mean", "split"))
_BODIED = _MERGES | {"residual", "dense"}


def habit(misfit: Misfit) -> Diagnostic | None:
    """The diagnostic for a form of another language; None for everything else."""
    for explanation in (
        _arrow,
        _dotted,
        _bare,
        _arguments,
        _commas,
        _label,
        _counted_before,
        _named_in_quotes,
        _argument,
        _listed,
        _loop_of_c,
        _signature,
        _ports,
        _from_in,
        _two_loops,
        _function_body,
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


def comment(misfit: Misfit) -> Diagnostic | None:
    """`// text` on a line of its own, or behind a step; `/* text */`, `-- text`."""
    token = misfit.token
    if token is None:
        return None
    first = misfit.before is None or misfit.before.type in ("_SEP", "LBRACE")
    following = misfit.following()
    touching = following is not None and following.start_pos == token.end_pos
    if following is not None and first and touching and token.value in "/-":
        if (token.value, following.value[:1]) in (("/", "*"), ("-", "-")):
            misfit.place = (token.start_pos, following.end_pos)
            return misfit.say(
                "E110", "a comment begins with `#`", help="write `# text` on each line of it"
            )
    if token.value != "//":
        return None
    if not first and not misfit.expected & {"ARROW", "_SEP", "NAME"}:
        return None
    rest = misfit.source.text[token.end_pos :].split("\n", 1)[0]
    code = any(bracket in rest for bracket in "()[]{}")  # which would be lost with it
    return misfit.say("E110", "a comment begins with `#`, not with `//`", fix=None if code else "#")


def _arrow(misfit: Misfit) -> Diagnostic | None:
    """`=>`, `>`, `- >`, `>>` between two steps."""
    token = misfit.token
    if token is None or "ARROW" not in misfit.expected:
        return None
    end = token
    if misfit.kind == "_DOT" and misfit.before is not None and misfit.before.type == "RPAR":
        return misfit.say("E110", "steps are joined by `->`, not by `.`", "", "write `->`", " -> ")
    if token.value in "=-" and (following := misfit.following()) is not None:
        end = following
    written = misfit.source.text[token.start_pos : end.end_pos]
    if written.replace(" ", "") not in ("=>", ">", "->"):
        return None
    misfit.place = (token.start_pos, end.end_pos)
    return misfit.say("E110", f"steps are joined by `->`, not by `{written}`", fix="->")


def _dotted(misfit: Misfit) -> Diagnostic | None:
    """`nn.Conv2d(...)`, `self.conv1 = ...`, `model.add(...)` where a step begins."""
    owner, name = misfit.before, misfit.following()
    if misfit.kind != "_DOT" or owner is None or owner.type != "NAME":
        return None
    if misfit.context() is not None or not misfit.expected & {"ARROW", "_COLON"}:
        return None
    misfit.place = (owner.start_pos, owner.end_pos if name is None else name.end_pos)
    help = "write the step alone, such as `conv(64, 3x3)` or `relu`"
    if owner.value == "self":
        help = "a label names a module: `conv1: conv(64, 3x3)`"
    return misfit.say("E110", "the name of a step has no dot in it", help=help)


def _arguments(misfit: Misfit) -> Diagnostic | None:
    """`conv 64 3x3`"""
    name, token = misfit.before, misfit.token
    if name is None or token is None or "LPAR" not in misfit.expected:
        return None
    if (
        name.type != "NAME"
        or token.type not in ("NUMBER", "SIZE")
        or "ARROW" not in misfit.expected
    ):
        return None
    if name.value in _PARTS:
        help = f"write `{name.value} {name.value}{token.value} {{ ... }}`"
        return misfit.say("E101", "the name of a part begins with a letter", help=help)
    return misfit.say(
        "E101", "arguments stand in brackets", help=f"write `{name.value}({token.value}, ...)`"
    )


def _commas(misfit: Misfit) -> Diagnostic | None:
    """`conv(64, 3x3), relu`"""
    if misfit.kind != "_COMMA" or not misfit.expected >= {"ARROW", "_SEP"}:
        return None
    if _owner(misfit) in _MERGES:
        return misfit.say(
            "E101", "branches stand on a line each, or have `;` between them", fix=";"
        )
    return misfit.say("E101", "steps have `->` between them, not `,`", help="write `->`", fix=" ->")


def _label(misfit: Misfit) -> Diagnostic | None:
    """`1: conv(...)`, `conv-1: conv(...)`: what is no name before a colon."""
    tokens, at = misfit.tokens, misfit.at
    if misfit.kind not in ("NUMBER", "SIZE", "OP", "PREFIX") or not misfit.expected & {
        "ARROW",
        "FROM",
    }:
        return None
    stop = next(
        (i for i in range(at, min(at + 4, len(tokens))) if tokens[i].type == "_COLON"), None
    )
    if stop is None or "_SEP" in [token.type for token in tokens[at:stop]]:
        return None
    start = at
    while start and tokens[start - 1].type not in ("_SEP", "LBRACE", "ARROW"):
        start -= 1
    first, last = tokens[start], tokens[stop - 1]
    text = misfit.source.text[first.start_pos : last.end_pos]
    if start + 4 < stop or not all(char.isalnum() or char in "_-." for char in text):
        return None
    misfit.place = (first.start_pos, last.end_pos)
    said = (
        "begins with a letter" if text[:1].isdigit() else "has only letters, digits and `_` in it"
    )
    return misfit.say("E111", f"a label {said}")


def _counted_before(misfit: Misfit) -> Diagnostic | None:
    """`3 * conv(...)`, `conv(...) x 3`"""
    before, token, following = misfit.before, misfit.token, misfit.following()
    if token is None or following is None:
        return None
    if misfit.kind == "NUMBER" and following.type == "STAR" and "LBRACE" in misfit.expected:
        return misfit.say(
            "E101", "the count stands behind the step", help=f"write `step * {token.value}`"
        )
    if token.value in ("x", "X") and following.type == "NUMBER" and "STAR" in misfit.expected:
        if before is not None and before.type in ("RPAR", "RBRACE"):
            return misfit.say("E101", "a step is repeated by `*`", fix="*")
    return None


def _named_in_quotes(misfit: Misfit) -> Diagnostic | None:
    """`conv(...) as "x"`; `as x conv(...)`"""
    token, before = misfit.token, misfit.before
    if misfit.kind == "STRING" and before is not None and before.type == "AS" and token is not None:
        name = token.value.strip('"')
        fix = name if name.isidentifier() else None
        return misfit.say("E101", "the name of a value has no quotes around it", fix=fix)
    if misfit.kind == "AS" and (before is None or before.type in ("_SEP", "LBRACE", "ARROW")):
        return misfit.say("E101", "`as` names what a step gives", help="write `step as name`")
    return None


def _argument(misfit: Misfit) -> Diagnostic | None:
    """`conv(width: 64)`"""
    if misfit.kind != "_COLON" or not misfit.expected >= {"_EQUAL", "_COMMA", "RPAR"}:
        return None
    return misfit.say("E111", "an argument is given by `=`", fix="=")


def _bare(misfit: Misfit) -> Diagnostic | None:
    """`residual conv(64, 3x3)`, `Body() tap layer2`, `f"conv{i}": relu`"""
    before, token, following = misfit.before, misfit.token, misfit.following()
    if before is None or token is None or before.type in ("_SEP", "_COLON"):
        return None
    if misfit.kind == "NAME" and before.type == "NAME" and before.value in _BODIED:
        help = f"write `{before.value} {{ ... }}`"
        return misfit.say("E110", f"the body of a `{before.value}` stands in braces", help=help)
    if token.value == "tap" and following is not None and following.type == "NAME":
        help = f"write `tap ({following.value})`"
        return misfit.say("E110", "what a `tap` takes out stands in brackets", help=help)
    if misfit.kind == "STRING" and before.value == "f" and before.end_pos == token.start_pos:
        misfit.place = (before.start_pos, before.end_pos)
        return misfit.say(
            "E110", "a template is a string without `f` before it", help="leave it out", fix=""
        )
    return None


def _listed(misfit: Misfit) -> Diagnostic | None:
    """`- conv: 64`"""
    token, before = misfit.token, misfit.before
    if token is None or token.value != "-" or "LBRACE" not in misfit.expected:
        return None
    if before is None or before.type not in ("_SEP", "LBRACE"):
        return None
    return misfit.say("E110", "steps are listed without `-` before them", help="leave it out")


def _loop_of_c(misfit: Misfit) -> Diagnostic | None:
    """`for (i = 0; i < n; i++) { ... }`"""
    if misfit.kind != "LPAR" or misfit.before is None or misfit.before.type != "FOR":
        return None
    kinds = [token.type for token in misfit.tokens[misfit.at : misfit.at + 3]]
    if kinds != ["LPAR", "NAME", "_EQUAL"]:
        return None
    name = misfit.tokens[misfit.at + 1].value
    return misfit.say(
        "E110", "a `for` goes over a list", help=f"write `for {name} in range(n) {{ ... }}`"
    )


def _signature(misfit: Misfit) -> Diagnostic | None:
    """`model M { ... }`, `model M: [3, 8, 8] { ... }`, `model M: (3, 8, 8) -> (10) { ... }`"""
    before = misfit.before
    if not misfit.within("MODEL") or misfit.in_body() or before is None or misfit.token is None:
        return None
    form = "write `model Name(p): [3, 224, 224] -> [1000] { ... }`"
    if misfit.kind == "LBRACE" and misfit.expected & {"_COLON", "ARROW"}:
        which = "goes in and the one that comes out" if "_COLON" in misfit.expected else "comes out"
        return misfit.say("E101", f"a model says the shape that {which} before its body", help=form)
    if misfit.kind == "_COMMA" and before.type == "RSQB":
        several = "write `(left: [...], right: [...])`"
        return misfit.say("E101", "several inputs or outputs are named in brackets", help=several)
    if misfit.kind == "LSQB" and before.type == "_COLON":
        behind = "write `model Name(p): (left: [...], right: [...]) -> [...] { ... }`"
        return misfit.say("E101", "inputs stand behind the parameters", help=behind)
    opened = before.type in ("LPAR", "ARROW", "_COLON")
    if misfit.kind in ("NUMBER", "SIZE", "NAME") and opened and "_EQUAL" not in misfit.expected:
        return misfit.say("E101", "a shape stands in square brackets", help=form)
    return None


def _ports(misfit: Misfit) -> Diagnostic | None:
    """`block B in xs[] -> y { ... }`"""
    before = misfit.before
    if not misfit.within("BLOCK") or misfit.in_body() or before is None:
        return None
    if misfit.kind not in ("NAME", "INPUT") or before.type not in ("IN", "INPUT", "ARROW"):
        return None
    what = "results" if before.type == "ARROW" else "inputs"
    assert misfit.token is not None
    behind = [token.type for token in misfit.tokens[misfit.at + 1 : misfit.at + 3]]
    many = "[]" if behind == ["LSQB", "RSQB"] else ""
    written = f"{before.value} ({misfit.token.value}{many})"
    return misfit.say(
        "E101", f"the {what} of a block are named in brackets", help=f"write `{written}`"
    )


def _from_in(misfit: Misfit) -> Diagnostic | None:
    """`in * scale` as a line."""
    before = misfit.before
    if misfit.kind != "INPUT" or not (before is None or before.type in ("_SEP", "LBRACE")):
        return None
    line = misfit.source.text[misfit.place[0] :].split("\n", 1)[0].rstrip(" }\r")
    return misfit.say(
        "E101", "a chain that starts at a value begins with `from`", help=f"write `from {line}`"
    )


def _two_loops(misfit: Misfit) -> Diagnostic | None:
    """`[x for row in rows for x in row]`"""
    if misfit.kind != "FOR" or "RSQB" not in misfit.expected or misfit.context() != "FOR":
        return None
    return misfit.say(
        "E101",
        "a list is made by one `for`",
        help="make the lists of each step first: `let rows = [... for row in table]`",
    )


def _function_body(misfit: Misfit) -> Diagnostic | None:
    """`fn f(x) { return x }`"""
    if not misfit.within("FN") or misfit.kind != "LBRACE" or "_EQUAL" not in misfit.expected:
        return None
    return misfit.say(
        "E101", "a function is one expression, without braces", help="write `fn name(x) = 2 * x`"
    )


def _python_word(misfit: Misfit) -> Diagnostic | None:
    if misfit.token is not None and misfit.token.value == "elif":
        return misfit.say("E110", "`elif` is spelled `else if` here", fix="else if")
    word = misfit.before
    if misfit.kind == "IF" and "ARROW" in misfit.expected:
        help = "write `if condition { ... } else { ... }`, with steps in the braces"
        return misfit.say("E110", "an `if` stands before the steps that it is for", help=help)
    if word is not None and word.value in _DEFINITIONS and misfit.kind == "NAME":
        if misfit.in_body() and "ARROW" in misfit.expected:
            misfit.place = (word.start_pos, word.end_pos)
            help = "move it out of the body around it"
            return misfit.say("E110", f"a `{word.value}` stands at file level", help=help)
    if word is None or word.value not in _PYTHON_STATEMENTS or misfit.kind == "_COLON":
        return None
    misfit.place = (word.start_pos, word.end_pos)
    ahead = misfit.tokens[misfit.at : misfit.at + 3]
    if word.value == "import" and [token.type for token in ahead[2:]] == ["STRING"]:
        help = f"write `import {ahead[2].value} ({ahead[0].value})`"
        return misfit.say("E110", "what is imported stands behind the file", help=help)
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
    if (
        not (misfit.ends or misfit.kind == "ARROW")
        or misfit.before is None
        or misfit.before.type != "_COLON"
    ):
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
