"""Every code of this phase: where it points, what it says, what it proposes."""

from __future__ import annotations

import re
from itertools import product
from pathlib import Path

import pytest
import torch
from sema_text import MODEL, UNIT, errors, lowered, only_error

from archdsl import expr as e
from archdsl.codes import CODES
from archdsl.diagnostics import Bag
from archdsl.reserved import (
    DICT_ATTRIBUTES,
    MODULE_ATTRIBUTES,
    PYTHON_KEYWORDS,
    SEQUENTIAL_ATTRIBUTES,
)
from archdsl.sema import imports
from archdsl.sema.lower import lower
from archdsl.source import Source, Span
from archdsl.syntax import ast

IN_BODY: list[tuple[str, str, str]] = [
    # names
    ("E301", "conv(«widht», 3x3)", "there is no `widht` here"),
    ("E301", "for i in range(n) { relu as a }\nfrom «a» -> relu", "there is no `a` here"),
    ("E301", "conv(8, 3x3, groups=«range»)", "there is no `range` here"),
    ("E301", "conv(«nothere».channels, 3x3)", "there is no `nothere` here"),
    ("E302", "«convv»(8, 3x3)", "there is no block or op `convv`"),
    ("E302", "let m = «maxx»(n, 2)", "there is no function, block or op `maxx`"),
    ("E302", "«concatt» { relu }", "there is nothing with a body that is called `concatt`"),
    ("E303", "relu as a\n«a»", "`a` is a value, not a step"),
    ("E303", "relu as a\nconv(«a», 3x3)", "`a` is a value that flows, not a number"),
    ("E303", "conv(«in», 3x3)", "`in` is a value that flows, not a number"),
    ("E303", "let m = 3\n«m»", "`m` is a let, and no block or op"),
    ("E303", "let m = «Unit» + 1", "`Unit` is a block or op, and has no number"),
    ("E303", "from «Unit» -> relu", "`Unit` is a block, not a value"),
    ("E303", "from in + «relu»", "`relu` is a block or op, and has no number"),
    ("E303", "from «Unit(8)» -> relu", "`Unit(...)` is not applied here"),
    ("E303", "conv(«n».channels, 3x3)", "`n` is a parameter, not a value that flows"),
    ("E303", "let m = «twice»", "`twice` is a function, not a value"),
    ("E303", "«twice»(n)", "`twice` is a function, and no block or op"),
    ("E303", "share s = Unit(8)\nfrom «s» -> relu", "`s` is a shared module, not a value"),
    ("E303", "«four»", "`four` is a constant, and no block or op"),
    ("E304", "let «n» = 3", "`n` has a meaning here already"),
    ("E304", "relu as a -> relu as «a»", "`a` has a meaning here already"),
    ("E304", "for «n» in range(3) { relu }", "`n` has a meaning here already"),
    ("E304", "relu as «a»\nrelu as a[0]", "`a` has a meaning here already"),
    ("E305", "let «lambda» = 3", "`lambda` cannot be used as a name: it is a keyword of Python"),
    ("E307", "conv(in.«chanels», 3x3)", "a value has no `chanels`"),
    # arguments
    ("E310", "conv(8, 3x3, «strid»=2)", "`conv` has no parameter `strid`"),
    ("E310", "Unit(8, «wide»=2)", "`Unit` has no parameter `wide`"),
    ("E310", "residual(«scal»=2) { relu }", "`residual` has no parameter `scal`"),
    ("E310", "let m = max(1, «key»=2)", "`max` has no parameter `key`"),
    (
        "E310",
        "split(2, «join=mul») { relu; bn }",
        "the parts of a split are joined by `concat` or `sum`",
    ),
    ("E311", "«conv»", "`conv` needs `width` and `kernel`"),
    ("E311", "«Unit»(stride=2)", "`Unit` needs `width`"),
    ("E311", "«split» { relu }", "`split` needs `parts`"),
    ("E311", "let m = «len()»", "`len` takes 1 argument, not 0"),
    ("E311", "let m = «twice()»", "`twice` needs `x`"),
    ("E312", "Unit(8, «width=9»)", "`width` is given twice"),
    ("E312", "act(a=1, «a=2»)", "`a` is given twice"),
    ("E313", "Unit(8, 1, «2»)", "`Unit` takes 2 arguments"),
    ("E313", "Plain(«1»)", "`Plain` takes no arguments"),
    ("E313", "let m = «len(n, n)»", "`len` takes 1 argument, not 2"),
    ("E313", "concat(«2») { relu }", "`concat` takes no arguments"),
    ("E313", "share s = Unit(8)\ns(«8»)", "`s` is made already, and takes no arguments"),
    ("E314", "Unit(stride=1, «8»)", "a positional argument stands behind a keyword"),
    ("E316", "relu\ninit { «Unit»: zeros }", "`init` is about ops, and there is no op `Unit`"),
    ("E316", "relu\ninit { conv: «normall»(std=1) }", "there is no initialisation `normall`"),
    ("E316", "relu\ninit { conv: «[1]» }", "an initialisation is a scheme or a number"),
    ("E316", "c: conv(8, 1x1)\ninit { conv in «d»: zeros }", "`Test` has no module `d`"),
    (
        "E316",
        "f: { c: conv(8, 1x1) }\ninit { conv in (f.c, «f.d»): zeros }",
        "`f` has no module `d`",
    ),
    ("E316", "f: { c: conv(8, 1x1) }\ninit { conv in «f.c.d»: zeros }", "`c` has no module `d`"),
    # labels
    ("E320", "a: relu -> «a»: bn", "the label `a` is used twice in one class"),
    ("E320", "rest: { a: relu -> «a»: bn }", "the label `a` is used twice in one Sequential"),
    (
        "E320",
        "rest: { repeat n { «a»: relu } }",
        "each iteration would use the label `a` again",
    ),
    (
        "E321",
        "bn: conv(8, 3x3) -> «bn»",
        "by rule this step is called `bn`, which is a label already",
    ),
    (
        "E322",
        "«forward»: relu",
        "`forward` cannot be a label: `nn.Module` has an attribute `forward` of its own",
    ),
    (
        "E322",
        "rest: { «append»: relu }",
        "`append` cannot be a label: `nn.Sequential` has an attribute `append` of its own",
    ),
    (
        "E322",
        "«_a»: relu",
        "`_a` cannot be a label: attributes with a leading underscore are PyTorch's own",
    ),
    ("E322", '«"a-b"»: relu', "`a-b` cannot be a label: it is not a name in Python"),
    (
        "E322",
        "«Float»",
        "by rule this step would be called `float`, and cannot: `nn.Module` has an attribute "
        "`float` of its own",
    ),
    (
        "E323",
        '«"a{n}"»: relu',
        "a computed label has its place in a loop or an `nn.Sequential`",
    ),
    ("E324", "rest: { «a[0]»: relu }", "a family such as `a` has no place in an `nn.Sequential`"),
    (
        "E324",
        "concat { «a»: for i in range(n) { relu } }",
        "this stands for several branches, and no single value or module",
    ),
    # bodies
    ("E340", "«conv» { relu }", "`conv` takes no body"),
    ("E340", "concat { relu } «skip identity»", "`concat` has no skip"),
    ("E341", "«residual»", "`residual` needs a body"),
    ("E341", "sum «{ }»", "`sum` has no branches"),
    ("E341", "split(2, «join=sum») as (a, b)", "`split` without a body joins nothing"),
    ("E343", "concat { «stem { relu }» }", "this cannot stand among branches"),
    (
        "E343",
        "residual { «stem { relu }» }",
        "`stem` cannot stand here: it divides a whole body, not a branch",
    ),
    (
        "E343",
        "if flag { «init { conv: zeros }» }",
        "`init` cannot stand here: it is about the whole block or model",
    ),
    (
        "E343",
        "repeat n { «param g [1] = ones» }",
        "`param` cannot stand here: in a loop there would be several of one name",
    ),
    (
        "E343",
        "«aux a: Unit(8)»",
        "`aux` cannot stand here: a side head leaves the main stream of a model, and this is in a "
        "block",
    ),
    ("E343", "param g [«_»] = ones", "every size of `g` must be said"),
    ("E344", "«a»: none", "`none` is no step, and a label has nothing to stand for"),
    ("E344", "none «as a»", "`none` is no step, and `as` has nothing to stand for"),
    ("E345", "«Unit»(8) tap (a) as b", "only a model can be tapped, and `Unit` is none"),
    ("E345", "Net tap («layer9») as b", "`Net` has nothing called `layer9` to tap"),
    ("E345", "share s = Net tap («layer9»)", "`Net` has nothing called `layer9` to tap"),
    ("E345", "share s = Net()\n«s» tap (layer1)", "only a model can be tapped, and `s` is none"),
]

_STEPWISE = "cannot stand in an `nn.Sequential`, which hands on one value from step to step"
IN_SEQUENTIAL: list[tuple[str, str]] = [
    ("«concat» { relu; bn }", f"`concat` {_STEPWISE}"),
    ("«residual» { relu }", f"`residual` {_STEPWISE}"),
    ("«concat»", f"`concat` {_STEPWISE}"),
    ("«split(2)»", f"`split` {_STEPWISE}"),
    ("from «in» -> relu", f"`from` {_STEPWISE}"),
    ("«param g [1] = ones»", f"`param` {_STEPWISE}"),
    ("«share s = Unit(8)»", f"`share` {_STEPWISE}"),
    (
        "resize(«like=in»)",
        "`like` brings in a second value, and an `nn.Sequential` hands on one only",
    ),
]

WHOLE: list[tuple[str, str, str]] = [
    ("E301", "let a = «b»", "there is no `b` here"),
    ("E301", "variant v = «Net»()", "there is no model or variant `Net`"),
    ("E303", "let a = «in».channels", "`in` is the input of a block, and there is no block here"),
    (
        "E303",
        "block B in (a, b) { from «in» -> relu }",
        "`in` means nothing in a block of several inputs",
    ),
    (
        "E303",
        "block B(n) -> («n») { relu }",
        "`n` is a parameter, not a value that could come out",
    ),
    ("E303", "let a = 1\nlet b = «a(1)»", "`a` is a constant and cannot be called"),
    ("E304", "block A { relu }\nlet «A» = 3", "`A` has a meaning in this file already"),
    ("E304", "block B(a, «a») { relu }", "`a` has a meaning here already"),
    ("E305", "block «conv» { relu }", "`conv` is an op of the language"),
    ("E305", "fn «sqrt»(x) = x", "`sqrt` is a function of the language"),
    (
        "E305",
        "block «Tensor» { relu }",
        "`Tensor` cannot be used as a name: the generated Python uses that name itself",
    ),
    (
        "E305",
        'extern D(«lambda») = "a:B" shape same',
        "`lambda` cannot be used as a name: it is a keyword of Python",
    ),
    (
        "E305",
        'extern D(«self») = "a:B" shape same',
        "`self` cannot be used as a name: no class takes an argument of that name",
    ),
    (
        "E305",
        "block B(«in_channels») { relu }",
        "`in_channels` cannot be a parameter: it is what the input brings",
    ),
    (
        "E305",
        "block B(«a_channels») in (a, b) { from a + b }",
        "`a_channels` cannot be a parameter: it is what that input brings",
    ),
    (
        "E308",
        "block B -> («out») { relu }",
        "nothing in the body is called `out`, which is to come out",
    ),
    ("E315", "block B(n: «integer») { relu }", "there is no type `integer`"),
    ("E317", "fn «f»(x) = f(x - 1)", "`f` is defined by itself"),
    ("E317", "let «a» = b\nlet b = a", "`a` is defined by itself"),
    ("E318", "variant a = b()\nvariant b = «a»()", "variants rest on each other in a circle"),
    (
        "E319",
        "block B { relu }\nvariant v = «B»()",
        "a variant is of a model, and `B` is a block",
    ),
    ("E342", "sequence S { relu -> «sum» { relu; bn } }", f"`sum` {_STEPWISE}"),
    (
        "E342",
        "block B { rest: { relu as a }\nfrom «a» -> bn }",
        "`a` is computed inside an `nn.Sequential`, which hands on one value only",
    ),
    (
        "E342",
        "block B -> («a») { rest: { relu as a } }",
        "`a` is computed inside an `nn.Sequential`, which hands on one value only",
    ),
    ("E347", 'extern D = «"nothing here"» shape same', '"nothing here" names no class'),
    ("E347", 'extern D = "a:B" shape [«_», 1, 1]', "the shape of an extern has no open sizes"),
    ("E347", 'extern D = "a:B" shape «[]»', "the shape of an extern has at least one size"),
    ("E348", "fn f(x = «3») = x", "a parameter of a `fn` has no default"),
    ("E349", "paper { year: «1 + 1» }", "an entry of `paper` is text or a number"),
    *(
        (code, f"{UNIT}{MODEL}{text}", message)
        for code, text, message in (
            (
                "E301",
                'weights lib for Net { "a.{i}": "layer{«j» + 1}.{i}" }',
                "there is no `j` here",
            ),
            (
                "E304",
                'weights lib for Net { "a.{«depth»}": "fc.{depth}" }',
                "`depth` has a meaning here already",
            ),
            (
                "E304",
                'weights lib for Net { "a.{i}.{«i»}": "fc.{i}" }',
                "`i` has a meaning here already",
            ),
            (
                "E304",
                'weights lib for Net { "a": none }\nweights «lib» for Net { "b": none }',
                "the keys of `lib` were told before",
            ),
            (
                "E350",
                'weights lib for Net { "a{«i + 1»}": none }',
                "a pattern captures what stands here, and computes nothing",
            ),
            (
                "E350",
                'weights lib for Net { «"a.{i}{j}"»: none }',
                "nothing tells where `{i}` ends and `{j}` begins",
            ),
            (
                "E350",
                'weights lib for Net { "a.{i}": "fc.{i}"; «"a.{j}"»: none }',
                "this pattern is never tried: all that it matches was matched before",
            ),
            ("E350", 'weights lib for Net { «""»: none }', "an empty pattern matches no key"),
            ("E351", 'weights lib for «Nett» { "a": none }', "there is no model `Nett`"),
            ("E351", 'weights lib for «Unit» { "a": none }', "there is no model `Unit`"),
        )
    ),
]

BEFORE = (
    UNIT + MODEL + "block Plain { relu }\nblock Float { relu }\n"
    "let four = 4\nfn twice(x) = 2 * x\n"
)


@pytest.mark.parametrize(("code", "text", "message"), IN_BODY)
def test_in_a_body(code: str, text: str, message: str) -> None:
    whole = f"{BEFORE}block Test(n = 2, flag = true, act = relu) {{\n{text}\n}}\n"
    found = only_error(whole)
    assert (found.code, found.message) == (code, message)


@pytest.mark.parametrize(("text", "message"), IN_SEQUENTIAL)
def test_what_a_sequential_cannot_hold(text: str, message: str) -> None:
    found = only_error(f"{UNIT}block Test {{ rest: {{\nrelu\n{text}\n}} }}")
    assert (found.code, found.message, found.help) == ("E342", message, "make it a block")


@pytest.mark.parametrize(("code", "text", "message"), WHOLE)
def test_in_a_file(code: str, text: str, message: str) -> None:
    found = only_error(text)
    assert (found.code, found.message) == (code, message)


def test_the_last_line_of_a_variant_that_lacks_an_argument() -> None:
    text = "model M(n): [3, 8, 8] -> [3, 8, 8] { conv(n, 1x1) }\nvariant v = «M»()"
    found = only_error(text)
    assert (found.code, found.message) == ("E311", "`M` needs `n`")


def test_a_claim_is_made_once() -> None:
    text = UNIT + MODEL + "variant v = Net() expect { depth: 3, «depth»: 4 }"
    found = only_error(text)
    assert (found.code, found.message) == ("E312", "`depth` is expected twice")


@pytest.mark.parametrize(
    ("wrong", "help"),
    [
        ("Unti(8)", "did you mean `Unit`?"),
        ("covn(8, 3x3)", "did you mean `conv`?"),
        ("conv(wdith, 3x3)", "did you mean `width`?"),
        ("conv(8, 3x3, strides=2)", "did you mean `stride`?"),
        ("relU", "did you mean `relu`?"),
    ],
)
def test_did_you_mean(wrong: str, help: str) -> None:
    found = errors(f"{UNIT}block Test(width) {{ {wrong} }}")
    assert [item.help for item in found] == [help]


def test_where_a_step_of_that_name_would_stand() -> None:
    share = f"{UNIT}{MODEL}block Test {{ share s = Net()\ns tap (layer1) }}"
    assert [item.help for item in errors(share)] == [
        "tap what is shared: `share s = Model(...) tap (...)`"
    ]
    called = "fn pick(c) = relu if c else silu\nblock Test { pick(true) }"
    assert [item.help for item in errors(called)] == [
        "name what it gives, and make that the step: `let f = pick(...)`, `-> f`"
    ]


def test_unknown_calls_say_where_they_were_looked_for() -> None:
    found = errors("block B(unit: block) { nothing }")
    assert found[0].notes == (
        "looked for among the ops and the blocks of this file and what `unit` may hold",
    )


def test_every_independent_error_and_none_twice() -> None:
    found = errors(
        "block A { conv(q, 3x3) -> relu as a\nfrom a -> bn\nlet m = r\nconv(m, 1x1) }\n"
        "block B { A -> nothing }"
    )
    assert [item.code for item in found] == ["E301", "E301", "E302"]


def test_what_is_sound_is_in_the_program() -> None:
    text = (
        "block Bad { nothing }\nblock Rests { Bad }\nblock Good { relu }\n"
        "model M(unit): [3, 8, 8] -> [3, 8, 8] { unit }\n"
        "variant bad = M(Rests)\nvariant good = M(Good)"
    )
    found, bag = lowered(text)
    assert [item.code for item in bag.items] == ["E302"]
    assert [d.name for d in found.definitions] == ["Good", "M"]
    assert [v.name for v in found.variants] == ["good"]


@pytest.mark.parametrize(("before", "after"), [("{ ", "}"), ("sum { relu; ", "}")])
def test_the_deepest_nesting_that_parses_is_lowered_or_reported(before: str, after: str) -> None:
    depth = 95
    text = "block B { " + before * depth + "bn" + after * depth + " }"
    assert [item.code for item in errors(text)] in ([], ["E490"])


def test_what_is_nested_too_deeply_is_reported() -> None:
    source = Source("spec.arch", "let a = 1")
    span = Span(source=source, start=4, end=5)
    value: e.Expr = e.Number(value=1, text="1", span=span)
    for _ in range(20_000):
        value = e.Unary(op="-", operand=value, span=span)
    item = ast.FileLet(names=(ast.Ident(text="a", span=span),), value=value, span=span)
    file = ast.File(source=source, doc=None, items=(item,), comments=())
    bag = Bag()
    assert lower(file, lambda path, place: None, bag).constants == ()
    assert [(d.code, d.message) for d in bag.items] == [("E490", "`a` is nested too deeply")]
    assert bag.items[0].label.span.text == "a"


def test_labels_of_modules_are_those_of_torch() -> None:
    module = set(dir(torch.nn.Module)) | set(dir(torch.nn.Module()))
    sequential = set(dir(torch.nn.Sequential)) - module
    assert {name for name in module if not name.startswith("_")} == MODULE_ATTRIBUTES
    assert {name for name in sequential if not name.startswith("_")} == SEQUENTIAL_ATTRIBUTES
    keyed = set(dir(torch.nn.ModuleDict)) - module
    assert {name for name in keyed if not name.startswith("_")} == DICT_ATTRIBUTES


def test_keywords_are_those_of_python() -> None:
    import keyword

    assert set(keyword.kwlist) == PYTHON_KEYWORDS


def test_every_code_that_is_raised_is_in_the_catalogue_and_tested() -> None:
    folder = Path(__file__).parents[2] / "archdsl" / "sema"
    raised = {c for f in folder.glob("*.py") for c in re.findall(r'"(E\d+)"', f.read_text())}
    tested = {
        code
        for room in ("sema", "recipes")
        for path in (Path(__file__).parents[1] / room).glob("test_*.py")
        for code in re.findall(r'"(E[36]\d+)"', path.read_text())
    }
    assert raised <= set(CODES)
    assert raised <= tested | {"E342", "E490"}


def test_long_specs_cost_in_proportion() -> None:
    from time import process_time

    def seconds(size: int) -> float:
        steps = "\n".join(f"a{i}: conv(8, 3x3) -> bn -> relu as v{i}" for i in range(size))
        start = process_time()
        assert errors(f"block B {{ {steps} }}") == []
        return process_time() - start

    seconds(50)
    assert seconds(800) < 30 * seconds(100) + 0.1


def test_blocks_of_the_standard_library_are_proposed() -> None:
    """For every one: the import that brings it in."""
    library = Path(imports.LIBRARY)
    named = [
        (path.stem, name)
        for path in sorted(library.glob("*.arch"))
        for name in re.findall(r"^(?:block|model) (\w+)", path.read_text("utf-8"), re.MULTILINE)
    ]
    assert len(named) > 8
    texts = ("«%s»(64)", "let unit = «%s»(64)", "let unit = «%s»")
    for (stem, name), text in product(named, texts):
        found = only_error(f"block A {{ {text % name} }}\n")
        assert found.code in ("E301", "E302")
        assert found.help == f'it is in the standard library: `import "std:{stem}" ({name})`'


@pytest.mark.parametrize(
    ("written", "help"),
    [("wdith", None), ("widht", "did you mean `width`?"), ("rleu", "did you mean `relu`?")],
)
def test_a_value_is_near_a_value(written: str, help: str | None) -> None:
    width = "width" if help and "width" in help else "n"
    found = only_error(f"block A({width}) {{ conv({width}, 3x3, pad=«{written}») }}\n")
    assert (found.code, found.help) == ("E301", help)


def test_a_name_of_a_failed_import_is_an_import() -> None:
    found = errors('import "/a.arch" (Unit)\nimport "/b.arch" (Unit)\n')
    twice = next(item for item in found if item.code == "E304")
    assert [label.text for label in twice.others] == ["an import of that name"]
