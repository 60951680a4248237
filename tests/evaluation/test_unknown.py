import json

import numpy as np
import pytest
from PIL import Image

from tenfold import TenfoldError
from tenfold.base.errors import TenfoldWarning
from tenfold.evaluation import unknown
from tenfold.evaluation.unknown import separation, unknown_inputs

pytest.importorskip("sklearn")


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(unknown, "COUNT", 20)
    monkeypatch.setattr(unknown, "SCENES", 2)


def test_separation_counts_what_is_accepted_and_in_which_order():
    known = np.arange(100, dtype=np.float32)
    perfect = separation(known, known - 200)
    assert (perfect.auroc, perfect.aupr_in, perfect.aupr_out, perfect.fpr95) == (1, 1, 1, 0)
    assert separation(known, known).auroc == 0.5
    # 95 of 100 digits score 5 or more, as do 15 of 20 others; 3 of 4 pairs are in order
    half = separation(known, np.repeat(np.float32([3, 50]), [5, 15]))
    assert half.fpr95 == 0.75
    assert half.auroc == pytest.approx((5 * 96.5 + 15 * 49.5) / 2000)


def test_every_set_is_separated_by_every_score(nearest, mnist, small, tmp_path):
    digits = mnist[1][:200]
    (tmp_path / "A").mkdir()
    for number in range(3):
        dark = np.zeros((28, 28), np.uint8)
        dark[10:18, 10 + number : 18] = 255
        Image.fromarray(dark).save(tmp_path / "A" / f"{number}.png")
    Image.fromarray(255 - dark).resize((56, 56)).save(tmp_path / "light.png")
    found = unknown_inputs(nearest, digits, tmp_path)
    assert [one.kind for one in found] == sorted((one.kind for one in found), key=["near", "far", "own"].index)
    assert [one.name for one in found][-4:] == ["noise", "textures", "drawn scenes", str(tmp_path)]
    assert len(found[-1].images) == 4
    np.testing.assert_array_equal(found[-1].images[2], dark)
    np.testing.assert_allclose(found[-1].images[3], dark, atol=140)  # inverted, with soft edges
    assert all(set(one.separations) == set(unknown.SCORES) for one in found)
    assert found[-4].separations["energy"].auroc > 0.9  # noise is like no digit
    assert json.loads(json.dumps(found[0].to_dict()))["n"] == len(found[0].images)


def test_a_folder_of_digits_is_noticed(nearest, mnist, small, tmp_path):
    digits = mnist[1][:200]
    with pytest.raises(TenfoldError, match="no such folder"):
        unknown_inputs(nearest, digits, tmp_path / "nowhere")
    with pytest.raises(TenfoldError, match="holds no pictures"):
        unknown_inputs(nearest, digits, tmp_path)
    for number in range(10):
        Image.fromarray(mnist[1].images[number]).save(tmp_path / f"{number}.png")
    with pytest.warns(TenfoldWarning, match="look whether they show digits"):
        unknown_inputs(nearest, digits, tmp_path)
    (tmp_path / "3").mkdir()
    with pytest.raises(TenfoldError, match="named after digits"):
        unknown_inputs(nearest, digits, tmp_path)
