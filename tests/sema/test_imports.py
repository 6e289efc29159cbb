"""Imports: paths, what comes along, what it is called, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sema_text import files, lowered, marked, names

from archdsl.diagnostics import Bag, Diagnostic, SpecError
from archdsl.ir import program as p
from archdsl.sema.imports import resolve
from archdsl.sema.lower import lower
from archdsl.source import Source, Span
from archdsl.syntax import parser


def read(path: str) -> p.Program:
    result, bag = lowered(Path(path).read_text(encoding="utf-8"), path)
    assert not bag.items, [item.message for item in bag.items]
    return result


def failure(folder: Path, texts: dict[str, str]) -> Diagnostic:
    """The one error of the first file, which stands at its mark."""
    root = next(iter(texts))
    plain, start, end = marked(texts[root])
    path = files(str(folder), {**texts, root: plain})
    found = lowered(plain, path)[1].items
    assert len(found) == 1, [item.message for item in found]
    assert (found[0].label.span.start, found[0].label.span.end) == (start, end)
    return found[0]


LIBRARY = (
    "let wide = 2 * narrow\nlet narrow = 8\nlet unused = 1\nfn half(x) = x // 2\n"
    "block Helper(w) { conv(half(w), 1x1) }\n"
    "block Used(w = wide) { Helper(w) }\nblock Unused { relu }\n"
    "model Net(n = 1): [3, 8, 8] -> [4, 8, 8] { Used(n) }\nvariant net = Net(2)\n"
)


def test_what_an_import_needs_comes_along_and_no_more(tmp_path: Path) -> None:
    path = files(
        str(tmp_path), {"a.arch": 'import "b.arch" (Used)\nblock A { Used }', "b.arch": LIBRARY}
    )
    found = read(path)
    assert [d.name for d in found.definitions] == ["Helper", "Used", "A"]
    assert [c.names for c in found.constants] == [("narrow",), ("wide",)]
    assert [f.name for f in found.functions] == ["half"]
    assert found.variants == ()
    assert [os.path.basename(s.path) for s in found.sources] == ["a.arch", "b.arch"]


def test_an_import_is_called_by_its_alias(tmp_path: Path) -> None:
    text = 'import "b.arch" (Used as Mine)\nblock Used { Mine }'
    found = read(files(str(tmp_path), {"a.arch": text, "b.arch": LIBRARY}))
    assert [d.name for d in found.definitions] == ["Helper", "Mine", "Used"]
    assert names(found.definitions[2]) == ["mine"]


def test_a_private_name_makes_way_for_a_local_one(tmp_path: Path) -> None:
    text = 'import "my lib-2.arch" (Used)\nlet narrow = 1\nblock Helper { Used(narrow) }'
    found = read(files(str(tmp_path), {"a.arch": text, "my lib-2.arch": LIBRARY}))
    assert [d.name for d in found.definitions] == ["HelperMyLib2", "Used", "Helper"]
    assert [c.names[0] for c in found.constants] == ["narrow", "narrow_my_lib_2", "wide"]
    call = found.definitions[1].body.items[0]
    assert isinstance(call, p.Call) and call.callee == "HelperMyLib2"


def test_a_file_reached_twice_is_one(tmp_path: Path) -> None:
    texts = {
        "a.arch": 'import "b.arch" (B)\nimport "./sub/../c.arch" (C)\nblock A { B -> C }',
        "b.arch": 'import "c.arch" (C)\nblock B { C }',
        "c.arch": "block C { relu }",
        "sub/d.arch": "",
    }
    assert [d.name for d in read(files(str(tmp_path), texts)).definitions] == ["C", "B", "A"]


def test_models_and_variants_are_imported_too(tmp_path: Path) -> None:
    text = 'import "b.arch" (net)\nvariant mine = net(n=3)'
    found = read(files(str(tmp_path), {"a.arch": text, "b.arch": LIBRARY}))
    assert [v.name for v in found.variants] == ["mine"]
    assert found.variants[0].definition == "Net"


def test_the_root_may_lie_above(tmp_path: Path) -> None:
    path = files(
        str(tmp_path),
        {"x/a.arch": 'import "../b.arch" (B)\nblock A { B }', "b.arch": "block B { relu }"},
    )
    text = Path(path).read_text(encoding="utf-8")
    bag = Bag()
    file = parser.parse(Source(path, text), bag)
    assert file is not None
    found = lower(
        file,
        lambda at, span: parser.parse(Source(at, Path(at).read_text()), bag),
        bag,
        str(tmp_path),
    )
    assert not bag.items and len(found.definitions) == 2


def test_a_circle_is_shown_with_its_chain(tmp_path: Path) -> None:
    texts = {
        "a.arch": 'import "b.arch" (B)\nblock A { B }',
        "b.arch": 'import "c.arch" (C)\nblock B { C }',
        "c.arch": 'import "b.arch" (B)\nblock C { B }',
    }
    found = lowered(texts["a.arch"], files(str(tmp_path), texts))[1].items
    assert [(d.code, d.message) for d in found] == [("E333", "files import each other in a circle")]
    assert found[0].label.text == "b.arch -> c.arch -> b.arch"
    assert found[0].label.span.text == '"b.arch"'


def test_a_file_that_imports_itself(tmp_path: Path) -> None:
    found = failure(tmp_path, {"a.arch": 'import «"a.arch"» (B)\nblock A { relu }'})
    assert (found.code, found.message) == ("E333", "a file imports itself")


def test_absolute_paths_are_refused(tmp_path: Path) -> None:
    found = failure(tmp_path, {"a.arch": 'import «"/etc/b.arch"» (B)\nblock A { B }'})
    assert found.code == "E330"
    assert found.message == "an import's path is relative to the file that imports"


def test_paths_out_of_the_root_are_refused(tmp_path: Path) -> None:
    texts = {"in/a.arch": 'import «"../b.arch"» (B)\nblock A { B }', "b.arch": "block B { relu }"}
    found = failure(tmp_path, texts)
    assert (found.code, found.message) == (
        "E330",
        "`../b.arch` lies outside the folder of the specs",
    )


def test_links_out_of_the_root_are_refused(tmp_path: Path) -> None:
    files(str(tmp_path), {"b.arch": "block B { relu }"})
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.arch").symlink_to(tmp_path / "b.arch")
    found = failure(tmp_path / "in", {"a.arch": 'import «"link.arch"» (B)\nblock A { B }'})
    assert found.message == "`link.arch` is a link out of the folder of the specs"


def test_a_missing_file(tmp_path: Path) -> None:
    texts = {"a.arch": 'import «"resnett.arch"» (B)\nblock A { B }', "resnet.arch": ""}
    found = failure(tmp_path, texts)
    assert (found.code, found.message) == ("E331", "there is no file `resnett.arch`")
    assert found.help == "did you mean `resnet.arch`?"


def test_a_file_is_not_told_to_import_itself(tmp_path: Path) -> None:
    found = failure(tmp_path, {"units.arch": 'import «"unit.arch"» (B)\nblock A { B }'})
    assert (found.code, found.help) == ("E331", None)


def test_the_standard_library_is_known_by_name(tmp_path: Path) -> None:
    found = failure(tmp_path, {"a.arch": 'import «"std:../x"» (B)\nblock A { B }'})
    assert (found.code, found.message) == ("E331", "the standard library has no `../x`")


def test_another_suffix_is_refused(tmp_path: Path) -> None:
    found = failure(tmp_path, {"a.arch": 'import «"b.py"» (B)\nblock A { B }', "b.py": ""})
    assert (found.code, found.message) == ("E332", "an import names a `.arch` file")


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    texts = {"a.arch": 'import "b.arch" («Usedd»)\nblock A { Usedd }', "b.arch": LIBRARY}
    found = failure(tmp_path, texts)
    assert (found.code, found.message) == ("E334", "`b.arch` has no `Usedd`")
    assert found.help == "did you mean `Used`?"


def test_a_name_that_is_only_imported_there(tmp_path: Path) -> None:
    texts = {
        "a.arch": 'import "b.arch" («C»)\nblock A { C }',
        "b.arch": 'import "c.arch" (C)\nblock B { C }',
        "c.arch": "block C { relu }",
    }
    found = failure(tmp_path, texts)
    assert found.help == "import it from `c.arch`"


def test_an_import_that_hides_a_local_name(tmp_path: Path) -> None:
    texts = {"a.arch": 'import "b.arch" («Used»)\nblock Used { relu }', "b.arch": LIBRARY}
    found = failure(tmp_path, texts)
    assert (found.code, found.message) == ("E304", "`Used` has a meaning in this file already")


@pytest.mark.parametrize("path", ["a\x00b.arch", "a\nb.arch"])
def test_odd_characters_are_refused(path: str) -> None:
    span = Span(source=Source("a.arch", ""), start=0, end=0)
    with pytest.raises(SpecError) as caught:
        resolve("a.arch", path, "", span)
    assert caught.value.diagnostic.code == "E330"
