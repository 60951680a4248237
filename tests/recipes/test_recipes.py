import tomllib
from dataclasses import replace
from importlib import resources

import pytest

from tenfold import Recipe, TenfoldError, build, recipes

pytestmark = pytest.mark.fast


def test_every_recipe_loads_builds_and_survives_the_way_to_disk_and_back():
    for name in recipes.names():
        recipe = recipes.load(name)
        assert recipe.name == name
        build(recipe.network, **recipe.network_options)
        assert recipes.parse(tomllib.loads(recipe.to_toml())) == recipe


def test_every_recipe_gives_a_reason_for_every_value():
    for name in recipes.names():
        text = resources.files(recipes).joinpath(f"{name}.toml").read_text()
        bare = ("#", "name =", "network =", "seed")
        assert [
            line for line in text.splitlines() if "=" in line and "#" not in line and not line.startswith(bare)
        ] == []


def test_changes_reach_into_options_and_a_new_network_drops_the_old_ones():
    assert recipes.load("quick", {"network_options.width": 4}).network_options == {"stem": 16, "width": 4}
    assert recipes.load("quick", {"network": "lenet5"}).network_options == {}
    changed = recipes.load("quick", recipes.parse_changes(["peak_lr=0.5", "optimizer=sgd", "epochs=7"]))
    assert (changed.peak_lr, changed.optimizer, changed.epochs) == (0.5, "sgd", 7)


def test_a_wrong_key_or_value_is_named():
    for changes, message in (
        ({"peek_lr": 0.1}, "no key 'peek_lr'; did you mean 'peak_lr'"),
        ({"epochs": "3"}, "epochs = '3': must be a number"),
        ({"epochs": 0}, "epochs = 0: .*greater"),
        ({"peak_lr": float("nan")}, "peak_lr = nan"),
        ({"optimizer": "adma"}, "'adamw', 'adam', 'sgd' or 'muon'"),
        ({"validation": -1}, "validation = -1"),
        ({"epochs": float("inf")}, "epochs = inf"),
        ({"seed": 10**20}, "seed = 1"),
        ({"name": "../elsewhere"}, "name = '../elsewhere'"),
        ({"peak_lr": 1e300}, r"peak_lr = 1e\+300: .*less than or equal to 10{20}"),
        ({"epochs": 1e9}, "epochs = 1000000000.0: .*10000"),
        ({"batch_size": 10**9}, "batch_size = 1000000000: .*10000"),
        ({"augment.rotation": 1e300}, r"rotation = 1e\+300: .*180"),
        ({"augment.shift": 1e6}, "shift = 1000000.0: .*28"),
        ({"temperature": 1e-300}, "temperature = 1e-300: .*0.01"),
        ({"network_options": int("9" * 4000)}, r"network_options = 9{100}\.\.\.: "),
    ):
        with pytest.raises(TenfoldError, match=message):
            recipes.load("standard", changes)


def test_values_that_are_wrong_in_python_are_named_as_in_a_file():
    with pytest.raises(TenfoldError, match=r"^Recipe: there is no key 'peek_lr'; did you mean 'peak_lr'\?$"):
        Recipe(peek_lr=0.1)
    with pytest.raises(TenfoldError, match=r"^Recipe: epochs = '3': must be a number$"):
        replace(recipes.load("quick"), epochs="3")


def test_deep_toml_gets_one_line(tmp_path):
    for text in ("a = " + "[" * 10_000, "a = " + "{b = " * 10_000, "a." * 10_000 + "b = 1"):
        (tmp_path / "deep.toml").write_text(text)
        with pytest.raises(TenfoldError, match=r"deep.toml: not valid TOML: nested too deeply"):
            recipes.load(str(tmp_path / "deep.toml"))
        with pytest.raises(TenfoldError):
            recipes.load("quick", recipes.parse_changes([f"peak_lr={text}"]))


def test_files_that_are_no_recipes(tmp_path):
    (tmp_path / "broken.toml").write_text("epochs = ")
    (tmp_path / "latin.toml").write_bytes(b'name = "caf\xe9"')
    with pytest.raises(TenfoldError, match=r"latin.toml: not valid TOML"):
        recipes.load(str(tmp_path / "latin.toml"))
    (tmp_path / "short.toml").write_text('name = "short"\nnetwork = "cnn"')
    with pytest.raises(TenfoldError, match=r"broken.toml: not valid TOML"):
        recipes.load(str(tmp_path / "broken.toml"))
    with pytest.raises(TenfoldError, match=r"short.toml: 'validation' is missing"):
        recipes.load(str(tmp_path / "short.toml"))
    with pytest.raises(TenfoldError, match="did you mean 'standard'"):
        recipes.load("standrad")
    with pytest.raises(TenfoldError, match="key=value"):
        recipes.parse_changes(["epochs"])
