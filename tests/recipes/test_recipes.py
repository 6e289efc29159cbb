"""What a recipe is worth for a variant: defaults, computed values, sizes, whom it is for."""

from __future__ import annotations

from pathlib import Path

import pytest
from recipe_text import NET, checked, recipe, train

from archdsl import driver
from archdsl.diagnostics import Bag
from archdsl.ir.recipe import AuxLoss, Method


def test_what_is_left_out_has_its_value() -> None:
    found = recipe()
    assert (found.name, found.variant, found.model) == ("basic", "net", "Net")
    assert found.data == Method(name="cifar10", arguments=(("classes", 10),))
    assert (found.classes, found.channels, found.size) == (10, 3, (32, 32))
    assert found.loss == Method(name="cross_entropy", arguments=(("label_smoothing", 0.0),))
    assert found.schedule.name == "constant"
    assert (found.length, found.unit, found.batch, found.accumulate) == (10, "epochs", 128, 1)
    assert (found.precision, found.seed, found.answer, found.exempt) == ("bf16", 0, "most", ())
    assert (found.ema, found.mixup, found.cutmix, found.clip) == (None,) * 4
    assert found.augment == found.evaluate
    assert found.evaluate.pictures == found.evaluate.batches == ()
    assert found.mean == (0.4914, 0.4822, 0.4465)
    assert found.aux == (AuxLoss(path="side", weight=0.3),)


def test_arguments_are_bound_in_the_order_of_the_table() -> None:
    found = recipe('optimizer: sgd(0.1, nesterov=true, momentum=0.9, exempt=["biases", "norms"])')
    assert found.optimizer.arguments == (
        ("lr", 0.1),
        ("momentum", 0.9),
        ("dampening", 0.0),
        ("nesterov", True),
        ("weight_decay", 0.0),
    )
    assert found.exempt == ("norms", "biases")
    assert found.optimizer["momentum"] == 0.9


def test_pictures_of_any_size_are_cropped_in_the_middle() -> None:
    found = recipe("data: image_folder")
    assert found.data["classes"] == 10
    assert [method.name for method in found.evaluate.pictures] == ["resize", "center_crop"]
    assert found.evaluate.pictures[0]["size"] == 37
    assert found.evaluate.pictures[1]["size"] == (32, 32)


def test_steps_fall_to_pictures_and_batches() -> None:
    found = recipe("augment: [random_crop(pad=4), hflip, rotate(15)]")
    assert [method.name for method in found.augment.pictures] == ["random_crop"]
    assert [method.name for method in found.augment.batches] == ["hflip", "rotate"]
    assert found.augment.pictures[0].arguments == (
        ("size", (32, 32)),
        ("pad", 4),
        ("mode", "zeros"),
    )
    assert found.evaluate.pictures == ()


OBLONG = """\
model Net(classes = 5): [1, 24, 48] -> [classes] { global_avgpool -> flatten -> linear(classes) }
variant net = Net()
"""


def test_sizes_of_an_oblong_input() -> None:
    found = recipe("data: image_folder\naugment: [random_resized_crop]", OBLONG)
    assert found.augment.pictures[0]["size"] == (24, 48)
    assert found.evaluate.pictures[0]["size"] == 55
    body = "data: image_folder\nevaluate: [resize(in.width * 2), center_crop(24x48)]"
    assert recipe(body, OBLONG).evaluate.pictures[0]["size"] == 96


def test_normalisation_follows_the_channels() -> None:
    assert recipe("data: image_folder", OBLONG).mean == (0.449,)
    grey = NET.replace("[3, 32, 32]", "[3, 28, 28]")
    assert recipe("data: mnist", grey).std == (0.3081,) * 3
    assert recipe("normalize: symmetric").mean == (0.5, 0.5, 0.5)
    assert recipe("normalize: unit").std == (1.0, 1.0, 1.0)
    found = recipe("normalize: standard([0.1, 0.2, 0.3], [0.5])")
    assert (found.mean, found.std) == ((0.1, 0.2, 0.3), (0.5, 0.5, 0.5))


def test_steps_and_schedules_count_alike() -> None:
    found = recipe("steps: 1_000\nschedule: milestones([500, 750], [0.1, 0.5], warmup=100)")
    assert (found.length, found.unit) == (1000, "steps")
    assert found.schedule["at"] == (500, 750)
    assert found.schedule["gamma"] == (0.1, 0.5)
    assert found.schedule["warmup"] == 100


@pytest.mark.parametrize(("said", "weight"), [("0.5", 0.5), ("[0.25]", 0.25), ("0", 0.0)])
def test_a_recipe_overrules_what_side_heads_weigh(said: str, weight: float) -> None:
    assert recipe(f"aux: {said}").aux == (AuxLoss(path="side", weight=weight),)


def test_values_are_worked_out_for_each_variant() -> None:
    text = NET + "variant wide = net(width=64)\nlet RATE = 0.2\nfn half(x) = x / 2\n"
    recipes, items = checked(text + train("optimizer: sgd(half(RATE) if width > 8 else RATE)"))
    assert not items
    assert [(r.variant, r.optimizer["lr"]) for r in recipes] == [("net", 0.2), ("wide", 0.1)]


def test_the_first_that_names_a_variant_is_its_own() -> None:
    text = NET + "variant wide = net(width=64)\n"
    text += train(head="train b for wide") + train(head="train a") + train(head="train c for Net")
    bag = Bag()
    found = driver.check("spec.arch", bag, text=text)
    assert found is not None, bag.items
    names = [[recipe.name for recipe in design.recipes] for design in found.designs]
    assert names == [["a", "c"], ["b", "a", "c"]]


def test_what_a_recipe_needs_of_another_file_comes_along(tmp_path: Path) -> None:
    (tmp_path / "rates.arch").write_text("let BASE = 0.1\nfn scaled(b) = BASE * b / 256\n")
    spec = tmp_path / "spec.arch"
    body = train("optimizer: sgd(scaled(512))")
    spec.write_text('import "rates.arch" (scaled)\n' + NET + body)
    found = driver.check(str(spec), Bag())
    assert found is not None
    assert found.designs[0].recipes[0].optimizer["lr"] == 0.2


def test_recipes_of_an_imported_file_are_its_own(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(NET + train("optimizer: sgd(-1)"))
    spec = tmp_path / "spec.arch"
    spec.write_text('import "net.arch" (Net)\nvariant mine = Net()\n')
    found = driver.check(str(spec), Bag())
    assert found is not None
    assert found.designs[0].recipes == ()


def test_another_input_leaves_recipes_out() -> None:
    found = driver.check("spec.arch", Bag(), input=(3, 64, 64), text=NET + train())
    assert found is not None
    assert found.designs[0].recipes == ()


def test_dump_shows_them(tmp_path: Path) -> None:
    spec = tmp_path / "spec.arch"
    spec.write_text(NET + train("augment: [random_crop(pad=4), hflip]"))
    program = driver.dump(str(spec), "program", Bag()) or ""
    assert "train basic for all\n  data: cifar10()\n  optimizer: sgd(lr=0.1)\n" in program
    assert "  augment: random_crop(pad=4), hflip()\n" in program
    design = driver.dump(str(spec), "design", Bag()) or ""
    assert "  train basic\n    data: cifar10(classes=10)\n" in design
    assert "    augment batches: hflip(p=0.5)\n    mean: [0.4914, 0.4822, 0.4465]\n" in design
    assert "    aux: side 0.3\n" in design


def test_fmt_keeps_comments_and_breaks_long_heads(tmp_path: Path) -> None:
    names = [f"a_variant_of_the_network_{number}" for number in range(6)]
    spec = tmp_path / "spec.arch"
    variants = "".join(f"variant {name} = Net()\n" for name in names)
    head = f"train   basic   for {', '.join(names)}"
    spec.write_text(NET + variants + "# above\n" + train("seed:1 # behind\n# inside", head))
    formatted = driver.format(str(spec), Bag())
    assert formatted is not None
    text = formatted.after[formatted.after.index("# above") :]
    assert text.startswith(f"# above\ntrain basic for {', '.join(names[:3])},\n    {names[3]},")
    assert text.endswith("    seed: 1  # behind\n    # inside\n}\n")
    spec.write_text(formatted.after)
    again = driver.format(str(spec), Bag())
    assert again is not None
    assert again.after == formatted.after
    assert all(design.recipes for design in _designs(spec)[1:])


def _designs(spec: Path) -> list[driver.Design]:
    found = driver.check(str(spec), Bag())
    assert found is not None
    return list(found.designs)
