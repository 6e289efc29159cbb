"""Wrong recipes: the code, the place, and what the finding says to do."""

from __future__ import annotations

import pytest
from recipe_text import NET, checked, only_error, train

from archdsl.diagnostics import Diagnostic

WRONG = [
    # Keys
    ("«optimiser»: sgd(lr=0.1)", "E601", "it is called `optimizer` here"),
    ("«lr»: 0.1", "E601", "`optimizer: sgd(lr=0.1)`"),
    ("«Epochs»: 90", "E601", "it is called `epochs` here"),
    ("«batch_size»: 128", "E601", "it is called `batch` here"),
    ("«dropout»: 0.5", "E601", "belongs to the network"),
    ("«workers»: 8", "E601", "belongs to the machine"),
    ("«scedule»: cosine", "E601", "did you mean `schedule`?"),
    ("epochs: 9\n«epochs»: 10", "E603", "leave one of them out"),
    ("epochs: 9\n«steps»: 10", "E603", "leave one of them out"),
    # Methods
    ("optimizer: «sdg»(lr=0.1)", "E602", "did you mean `sgd`?"),
    ("optimizer: «SGD»(lr=0.1)", "E602", "it is called `sgd` here"),
    ("optimizer: «lamb»", "E602", "`adamw` comes nearest"),
    ("optimizer: «cosine»", "E602", "it is a method of `schedule`"),
    ("schedule: «plateau»(patience=3)", "E602", "`milestones`"),
    ("schedule: «MultiStepLR»([5])", "E602", "`milestones`"),
    ("augment: [«RandomHorizontalFlip»]", "E602", "`hflip`"),
    ("augment: [«clahe»]", "E602", "`adaptive_equalization`"),
    ("augment: [«mixup»(0.2)]", "E602", "a key of its own"),
    ("loss: «CrossEntropyLoss»", "E602", "`cross_entropy`"),
    ("precision: «fp16»", "E602", "`bf16`"),
    ("normalize: «imagenet»", "E602", "mean=[0.485, 0.456, 0.406]"),
    # Arguments
    ("optimizer: «sgd»", "E311", None),
    ("optimizer: sgd(«learning_rate»=0.1)", "E310", "it is called `lr` here"),
    ("optimizer: sgd(0.1, «moment»=0.9)", "E310", "did you mean `momentum`?"),
    ("optimizer: sgd(0.1, «lr=0.2»)", "E312", "leave one of them out"),
    ("loss: cross_entropy(0.1, «2»)", "E313", None),
    ("optimizer: sgd(lr=«rate»)", "E301", None),
    ("batch: «in»", "E303", "`in.height`"),
    # Forms
    ('optimizer: «"adam"»', "E606", "write `adam`"),
    ("optimizer: «[adam]»", "E606", "write `adam`"),
    ("schedule: «none»", "E606", None),
    ("augment: «hflip»", "E606", "write `[hflip]`"),
    ("augment: «[hflip] + [vflip]»", "E606", "such as"),
    ("augment: [random_crop, «3»]", "E606", None),
    ('optimizer: sgd(«lr="0.1"»)', "E606", "without quotes"),
    ("optimizer: sgd(0.1, 0.9, «nesterov=1»)", "E606", "write `true`"),
    ("optimizer: adam(«betas=0.9»)", "E606", "write `[0.9, 0.9]`"),
    ('optimizer: sgd(0.1, «exempt="norms"»)', "E606", 'write `["norms"]`'),
    ("schedule: step(«every=2.0»)", "E606", "write `2`"),
    ("augment: [resize(«[32, 32]»)]", "E606", "write `32x32`"),
    ("epochs: «1.5»", "E606", "`round(...)`"),
    ("aux: «true»", "E606", None),
    ("normalize: standard(«[0.5, 0.5]», [0.2])", "E606", "one for all"),
    ("batch: «relu»", "E606", None),
    # Bounds and choices
    ("optimizer: sgd(«lr=-0.1»)", "E607", "without the sign"),
    ("optimizer: sgd(«lr=0»)", "E607", None),
    ("optimizer: sgd(«10 ** 400»)", "E607", None),
    ("ema: «99»", "E607", "99 per cent is 0.99"),
    ("mixup: «0»", "E607", "`none`"),
    ("seed: «-1»", "E607", None),
    ("augment: [rotate(«-10»)]", "E607", "to either side"),
    ("augment: [random_resized_crop(«scale=[0, 1]»)]", "E607", None),
    ("optimizer: sgd(0.1, exempt=«norms»)", "E608", 'write `"norms"`'),
    ('optimizer: sgd(0.1, «exempt=["norm"]»)', "E608", 'did you mean "norms"?'),
    ('augment: [random_crop(«mode="mirror"»)]', "E608", '"reflect"'),
    # Pictures
    ("augment: [hflip, «random_crop»]", "E609", "put `random_crop` before `hflip`"),
    ("evaluate: [«random_crop»]", "E609", "`augment`"),
    ("evaluate: [contrast_stretching(«p=0.5»)]", "E609", "`p=1`"),
    ("augment: [random_resized_crop(«28»)]", "E610", "leave the size out"),
    ("augment: [random_crop(«224»)]", "E610", "at most 32x32 fits"),
    ("augment: [resize(«40»)]", "E610", "`resize(32x32)`"),
    ("data: image_folder\naugment: [«random_crop»]", "E610", "`resize(32)`"),
    ("data: image_folder\naugment: «[hflip]»", "E610", "`random_resized_crop`"),
    ("data: «mnist»", "E610", "`pad(2)`"),
    ('augment: [random_crop(«pad=32», mode="reflect")]', "E610", '`mode="replicate"`'),
    ('data: image_folder\naugment: [pad(«4», "reflect"), resize(32x32)]', "E610", "replicate"),
    # The model
    ("data: «cifar100»", "E611", "`num_classes=100`"),
    ("data: image_folder(«classes=5»)", "E611", "`num_classes=5`"),
    ("aux: «[0.3, 0.3]»", "E612", "one number"),
    ("loss: «nll»", "E614", "`loss: cross_entropy`"),
    # What doesn't go together
    ("optimizer: sgd(0.1, «nesterov=true»)", "E614", "`momentum=0.9`"),
    ("optimizer: sgd(0.1, 0.9, «0.5», true)", "E614", "`dampening`"),
    ("schedule: cosine(«warmup=20»)", "E614", "`epochs`"),
    ("schedule: step(«30»)", "E614", "`epochs`"),
    ("schedule: milestones(«[8, 5]»)", "E614", "write `[5, 8]`"),
    ("schedule: milestones(«[5, 30]»)", "E614", "`epochs`"),
    ("schedule: milestones([5, 8], «[0.1]»)", "E614", "one number for all"),
    ('schedule: cosine(warmup=2, «warmup_shape="constant"»)', "E614", "`warmup_start=0.1`"),
    ("augment: [random_resized_crop(«ratio=[2, 1]»)]", "E614", "write `[1, 2]`"),
    ("augment: [zoom(«1.2», 0.8)]", "E614", "exchange"),
    ("batch: 128\naccumulate: «3»", "E614", "into 2"),
    ("augment: [«color_jitter»]", "E614", "`color_jitter(brightness=0.4"),
    ("augment: [contrast_stretching(«50», 50)]", "E614", "below `high`"),
    ("loss: distance\nmixup: «0.2»", "E614", "`cross_entropy`"),
]


@pytest.mark.parametrize(("body", "code", "help"), WRONG, ids=[body for body, _, _ in WRONG])
def test_wrong(body: str, code: str, help: str | None) -> None:
    found = only_error(NET + train(body))
    assert found.code == code, found.message
    assert (found.help is None) == (help is None), found.help
    assert help is None or help in (found.help or ""), found.help


def test_what_is_misspelled_is_not_missing() -> None:
    text = train("").replace("epochs:", "«epoch»:")
    assert only_error(NET + text).code == "E601"


def test_what_is_missing_is_told_with_examples() -> None:
    found = only_error(NET + train(head="train «basic»", without="optimizer epochs"))
    assert found.code == "E604"
    assert found.help == "such as `optimizer: sgd(lr=0.1, momentum=0.9), epochs: 90`"


TARGETS = [
    ("train basic for «nett»", "E605", "did you mean `net`?"),
    ("train basic for «Unit»", "E605", None),
    ("train basic for net, «net»", "E603", "leave one of them out"),
    ("train basic for «Other»", "E605", "`variant name = Other(...)`"),
]
OTHER = "block Unit { relu }\nmodel Other: [3, 8, 8] -> [3, 8, 8] { Unit }\n"


@pytest.mark.parametrize(("head", "code", "help"), TARGETS, ids=[head for head, _, _ in TARGETS])
def test_wrong_targets(head: str, code: str, help: str | None) -> None:
    found = only_error(OTHER + NET + train(head=head))
    assert found.code == code, found.message
    assert help is None or help in (found.help or ""), found.help


def test_parameters_are_those_that_all_models_have() -> None:
    other = NET.replace("width", "wide").replace("Net", "Other").replace("net", "other")
    found = only_error(NET + other + train("optimizer: sgd(1 / «width»)"))
    assert (found.code, found.notes) == ("E301", ())
    assert not checked(NET + other + train("batch: 4 * num_classes"))[1]
    assert not checked(NET + other + train("optimizer: sgd(1 / width)", "train a for net"))[1]


def test_a_variant_that_is_wrong_is_told_once() -> None:
    variants = "variant bad = Nope()\nvariant worse = bad()\n"
    for head in ("train basic", "train basic for worse"):
        _, items = checked(NET + variants + train(head=head))
        assert [item.code for item in items] == ["E301"]


def test_many_recipes_for_many_variants_end_at_the_limit() -> None:
    variants = "".join(f"variant v{number} = Net()\n" for number in range(200))
    recipes = "".join(train(head=f"train r{number}") for number in range(200))
    _, items = checked(NET + variants + recipes)
    assert "E407" in [item.code for item in items]


def test_names_of_recipes_are_their_own() -> None:
    second = train(head="train «basic»")
    assert only_error(NET + train() + second).code == "E603"
    assert not checked(NET + train(head="train Net") + train(head="train net"))[1]


MODELS = [
    ("(a: [3, 8, 8], b: [3, 8, 8]) -> [10] { from a + b -> flatten -> linear(10) }", "2 inputs"),
    (
        "[3, 8, 8] -> (a: [10], b: [10]) { flatten as x\n"
        "from x -> linear(10) as a\nfrom x -> linear(10) as b }",
        "2 outputs",
    ),
    ("[5, 8, 8] -> [10] { flatten -> linear(10) }", "1 or 3 channels"),
    ("[48] -> [10] { linear(10) }", "1 or 3 channels"),
    ("[3, 8, 8] -> [10, 8, 8] { conv(10, 3x3) }", "one vector"),
    ("[3, 8, 8] -> [9] { aux(weight=1) a: { flatten -> linear(5) }; flatten -> linear(9) }", "`a`"),
]


@pytest.mark.parametrize(("model", "words"), MODELS, ids=[words for _, words in MODELS])
def test_models_that_are_no_classifiers(model: str, words: str) -> None:
    text = f"model Net: {model}\nvariant net = Net()\n"
    found = only_error(text + train("data: image_folder", "train «basic»"))
    assert found.code == "E613"
    assert words in found.message
    assert only_error(text + train("data: image_folder", "train basic for «Net»")).code == "E613"


@pytest.mark.parametrize("last", ["softmax", "log_softmax"])
def test_probabilities_are_no_scores(last: str) -> None:
    head = f"block Head {{ linear(10) -> {last} }}\n"
    model = "model Net: [3, 32, 32] -> [10] { stage { flatten -> Head } }\nvariant net = Net()\n"
    found = only_error(head + model + train("loss: «cross_entropy»"))
    assert found.code == "E614"
    assert ("`loss: nll`" in (found.help or "")) == (last == "log_softmax")
    assert bool(checked(head + model + train("loss: nll"))[1]) == (last == "softmax")


GREY = "model Net: [1, 28, 28] -> [10] { flatten -> linear(10) }\nvariant net = Net()\n"


@pytest.mark.parametrize(
    "step", ["«pca_lighting»", "«grayscale»", "color_jitter(0.1, «saturation=0.1»)"]
)
def test_grey_pictures_have_no_colours(step: str) -> None:
    found = only_error(GREY + train(f"data: mnist\naugment: [{step}]"))
    assert (found.code, found.help) == ("E614", "leave it out")
    assert not checked(GREY + train("data: mnist\naugment: [color_jitter(0.1, 0.1)]"))[1]


def test_side_heads_without_a_weight() -> None:
    text = NET.replace("(weight=0.3)", "")
    assert only_error(text + train(head="train «basic»")).code == "E612"
    assert not checked(text + train("aux: 0.3"))[1]


def test_every_key_is_looked_at() -> None:
    _, items = checked(NET + train("optimizer: sgd(-1)\nbatch: 0\nepochs: 0.5\nema: 2"))
    assert [item.code for item in items] == ["E607", "E607", "E606", "E607"]


def test_a_value_that_failed_elsewhere_is_told_once() -> None:
    _, items = checked("let RATE = 1 / 0\n" + NET + train("optimizer: sgd(RATE)"))
    assert [item.code for item in items] == ["E401"]


def test_mends_that_are_certain_are_offered() -> None:
    def fix(body: str) -> str | None:
        _, (found,) = checked(NET + train(body))
        assert isinstance(found, Diagnostic)
        return None if found.fix is None else f"{found.fix.span.text} -> {found.fix.text}"

    assert fix("optimizer: sgd(learning_rate=0.1)") == "learning_rate -> lr"
    assert fix("augment: hflip") == "hflip -> [hflip]"
    assert fix("optimizer: SGD(0.1)") == "SGD -> sgd"
    assert fix('precision: "bf16"') == '"bf16" -> bf16'
    assert fix("optimizer: sgd(0.1, exempt=[norms])") == 'norms -> "norms"'
    assert fix("precision: fp16") is None


def test_recipes_take_no_more_than_their_share() -> None:
    """A value that would take forever ends at the limit, once."""
    _, items = checked(NET + train("schedule: milestones([i for i in range(10 ** 9)])"))
    assert [item.code for item in items] == ["E405"]
