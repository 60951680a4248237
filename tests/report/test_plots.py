import numpy as np
import pytest
from makers import make_digits, make_evaluation, make_history, make_robustness
from matplotlib.figure import Figure

from tenfold.data import Digits
from tenfold.evaluation import ModelResult, wilson_interval
from tenfold.report import plots
from tenfold.training import History

pytestmark = pytest.mark.fast


def texts(figure: Figure) -> list[str]:
    figure.draw_without_rendering()  # the layout settles in two passes, as in savefig
    figure.canvas.draw()
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def legends(figure: Figure) -> list[list[str]]:
    return [[text.get_text() for text in axes.get_legend().get_texts()] for axes in figure.axes]


def test_curves_show_training_and_validation_and_the_last_values():
    figure = plots.curves(make_history(3))
    figure.canvas.draw()
    assert all(axes.get_legend().get_window_extent().x1 <= figure.bbox.x1 for axes in figure.axes)
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss", "Accuracy", "Learning rate"]
    np.testing.assert_allclose(figure.axes[0].lines[1].get_xydata(), [(1, 1.25), (2, 0.625), (3, 1.25 / 3)])
    assert legends(figure)[:2] == [
        ["training 0.3333", "validation 0.4167"],
        ["training 96.67%", "validation 93.33%"],
    ]


def test_curves_of_one_epoch_without_validation_are_points():
    figure = plots.curves(make_history(1, validation=False))
    assert legends(figure) == [["training 1.0000"], ["training 90.00%"]]  # no curve of a single learning rate
    assert all(line.get_marker() == "o" for axes in figure.axes for line in axes.lines)
    assert len(plots.curves(History()).axes) == 2  # training that was interrupted at once


def test_confusion_matrix_makes_a_single_mistake_visible():
    evaluation = make_evaluation([4] * 1000 + [7, 7, 7], [4] * 1000 + [1, 1, 2])
    figure = plots.confusion_matrix(evaluation)
    assert sorted(texts(figure)) == ["1", "1,000", "2"]
    colors = figure.axes[0].images[0].get_array()
    white = colors[0, 1]
    contrast = np.abs(colors - white).sum(axis=-1)
    assert contrast[7, 1] > contrast[7, 2] > contrast[4, 4] > 0


def test_mistakes_are_ranked_and_labeled():
    labels, predictions = [4, 5, 6, 7], [9, 5, 0, 1]
    evaluation = make_evaluation(labels, predictions)
    evaluation.logits[2] *= 2
    figure = plots.mistakes(evaluation, make_digits(labels), count=2)
    assert [axes.get_title() for axes in figure.axes] == ["true 6 read 0", "true 4 read 9"]
    assert [axes.get_xlabel() for axes in figure.axes] == [">99% · #2", "94% · #0"]
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), make_digits(labels).images[2])


def test_reliability_shows_accuracy_by_confidence_and_counts():
    evaluation = make_evaluation([1, 1, 1, 2], [1, 1, 0, 2])  # all with confidence 0.943
    top, bottom = plots.reliability(evaluation).axes
    confidence = evaluation.probabilities.max()
    np.testing.assert_allclose(top.lines[1].get_xydata(), [(confidence, 0.75)], rtol=1e-6)
    [whisker] = top.collections[0].get_segments()
    np.testing.assert_allclose(whisker[:, 1], wilson_interval(3, 4))
    assert [bar.get_height() for bar in bottom.patches] == [4]


def test_risk_falls_where_the_model_knows_when_it_is_wrong():
    evaluation = make_evaluation([1] * 100, [1] * 99 + [2])
    evaluation.logits[99] /= 2
    [axes] = plots.risk_coverage(evaluation).axes
    np.testing.assert_allclose(axes.lines[0].get_xydata(), [(0.01, 0), (0, 0.01)], atol=1e-12)
    assert axes.get_ylim()[1] > 0.01


def test_mean_and_variance_by_class():
    digits = Digits(np.stack([np.zeros((28, 28)), np.full((28, 28), 255)]).astype(np.uint8), np.full(2, 6, np.uint8))
    figure = plots.mean_and_variance(digits)
    for axes, expected in zip(figure.axes, (0.5, 0.25), strict=False):  # color bars follow
        strip = axes.images[0].get_array().filled(np.nan)
        np.testing.assert_allclose(strip[:, 6 * 28 : 7 * 28], expected)
        assert np.isnan(strip[:, : 6 * 28]).all()
        assert np.isnan(strip[:, 7 * 28 :]).all()


def test_robustness_compares_each_corruption_with_the_clean_images():
    figure = plots.robustness(make_robustness())
    assert texts(figure) == ["25.0%", "75.0%", "90.0%", "clean"]
    axes = figure.axes[0]
    assert axes.get_title(loc="left").endswith("2 corruptions: 50.00%")
    assert [label.get_text() for label in axes.get_yticklabels()] == ["fog", "zig zag"]
    assert [bar.get_width() for bar in axes.patches] == [0.25, 0.75]
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in axes.texts)


def test_figures_show_themselves_and_leave_global_settings_alone():
    import matplotlib

    before = dict(matplotlib.rcParams)
    figure = plots.class_histogram(make_digits([1]))
    assert figure._repr_png_().startswith(b"\x89PNG")
    assert dict(matplotlib.rcParams) == before


def test_a_ranking_names_every_model_and_hides_none():
    rows = [
        ModelResult(f"model {i}", kind, 0.01 * (1 + i % 2 / 50), (0.0, 1.0), 10.0 + i / 10, 1.0, size, "", "")
        for i, (kind, size) in enumerate([("network", 10), ("classical", 10_000), ("classical", 0), ("network", 500)])
    ]
    figure = plots.ranking(rows)
    figure.draw_without_rendering()
    [axes] = figure.axes
    assert {text.get_text() for text in axes.texts} == {row.model for row in rows}
    boxes = [text.get_window_extent() for text in axes.texts]
    assert [box.count_overlaps(boxes) for box in boxes] == [1] * 4  # itself


def test_filters_are_shown_before_and_after_training_and_templates_are_labeled():
    filters = np.ones((32, 5, 5), np.float32)
    titles = [axes.get_title(loc="left") for axes in plots.first_filters(filters, 2 * filters).axes]
    assert titles[:2] == ["before training", "after training"]
    figure = plots.first_filters(np.ones((10, 28, 28), np.float32))
    assert figure.axes[0].get_title(loc="left") == "Templates of the ten digits"
    assert texts(figure) == list("0123456789")


def test_only_the_first_feature_maps_are_shown():
    image, maps = np.zeros((28, 28), np.uint8), [np.ones((32, 12, 12), np.float32), np.ones((6, 5, 5), np.float32)]
    titles = [axes.get_title(loc="left") for axes in plots.feature_maps(image, maps).axes]
    assert titles == ["Image", "Layer 1: 16 of 32 feature maps, 12 × 12", "Layer 2: 6 of 6 feature maps, 5 × 5"]
