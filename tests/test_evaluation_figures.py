"""Figures: what they show is what the numbers say, and they say what they are of."""

from dataclasses import replace
from statistics import fmean

import numpy as np
import pytest
from real_outcomes import additive, constant_per_metal

from rarebind.errors import InputError
from rarebind.evaluation import (
    Caption,
    by,
    differences,
    draw_errors,
    draw_neighbours,
    draw_parities,
    draw_parity,
    draw_substituents,
    metrics,
    save_figure,
    substituent_effects,
)

CAPTION = Caption(
    model="additive, binding",
    level="B3LYP-D4/def2-SVPD+def2-TZVP/SMD(water)",
    dataset="published, 5719 complexes",
    split="leave-ligand-out, test",
)


def _texts(figure):
    from matplotlib.text import Text

    return " ".join(text.get_text() for text in figure.findobj(Text))


def _few():
    return additive()[::20]


def _substituted():
    """Outcomes of as many substituents as can be: every scaffold under the name of one."""
    return additive().assign(scaffold="HOPO", substituent=additive().ligand)


@pytest.mark.parametrize("missing", ["model", "level", "dataset", "split"])
def test_captions_are_complete(missing):
    with pytest.raises(InputError, match=f"lacks: {missing}"):
        replace(CAPTION, **{missing: " "})


DRAWINGS = {
    "parity": lambda: draw_parity(_few(), CAPTION, colour_by="scaffold"),
    "parities": lambda: draw_parities({"a": _few(), "b": _few()}, CAPTION),
    "errors": lambda: draw_errors({"additive": _few()}, CAPTION, column="scaffold"),
    "neighbours": lambda: draw_neighbours(additive()[:136], CAPTION),
    "substituents": lambda: draw_substituents(_substituted(), "Gd", "HOPO", CAPTION),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_every_figure_names_level_and_dataset_inside_its_borders(name):
    figure = DRAWINGS[name]()
    title = figure.get_suptitle()
    assert CAPTION.level in title
    assert CAPTION.dataset in title
    assert CAPTION.split in title
    box = figure._suptitle.get_window_extent()
    assert box.x0 >= 0
    assert box.x1 <= figure.bbox.x1


def test_parity_shows_points_line_and_numbers():
    found = additive()
    (axes,) = draw_parity(found, CAPTION).axes
    points = axes.collections[0].get_offsets()
    expected = sorted(zip(found.truth, found.predicted, strict=True))
    assert np.array(sorted(map(tuple, points))) == pytest.approx(np.array(expected))
    identity, line = axes.lines
    assert (identity.get_color(), identity.get_linestyle()) == ("black", "--")
    assert list(identity.get_xdata()) == list(identity.get_ydata())
    score = metrics(found)
    assert line.get_color() == "red"
    x, y = line.get_xdata(), line.get_ydata()
    assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(score.slope)
    assert y == pytest.approx(score.intercept + score.slope * x)
    text = axes.texts[0].get_text()
    assert f"n = {score.n}" in text
    assert f"MAE = {score.mae:.1f}" in text
    assert f"r² (line) = {score.r2_fit:.2f}" in text
    assert f"slope (line) = {score.slope:.2f}" in text
    assert axes.get_xlim() == axes.get_ylim()


def test_colours_follow_what_the_point_is():
    from matplotlib.colors import to_rgba

    found = additive()
    figure = draw_parity(found, CAPTION)
    legend = {
        handle.get_label(): to_rgba(handle.get_color())
        for handle in figure.legends[0].legend_handles
    }
    assert list(legend)[:3] == ["Y", "La", "Ce"]
    assert len(set(legend.values())) == 16
    scatter = figure.axes[0].collections[0]
    metal = {(o.truth, o.predicted): o.metal for o in found.itertuples()}
    shown = zip(scatter.get_offsets(), scatter.get_facecolors(), strict=True)
    assert all(tuple(c[:3]) == legend[metal[tuple(p)]][:3] for p, c in shown)


def test_panels_share_axes():
    panels = {"additive": _few(), "mean": constant_per_metal()[::20]}
    figure = draw_parities(panels, CAPTION, quantity="exchange", colour_by="geometry")
    one, other = figure.axes
    assert one.get_xlim() == other.get_xlim() == other.get_ylim()
    assert [one.get_title(), other.get_title()] == list(panels)
    assert "exchange energy" in _texts(figure)


def test_error_bars_are_the_metrics():
    models = {"additive": additive(), "mean per metal": constant_per_metal()}
    (axes,) = draw_errors(models, CAPTION).axes
    for container, found in zip(axes.containers[::2], models.values(), strict=True):
        scores = by(found, "metal")
        heights = [patch.get_height() for patch in container.patches]
        assert heights == pytest.approx([score.mae for score in scores.values()])
    low = [path.vertices[0][1] for path in axes.collections[0].get_paths()]
    first = by(additive(), "metal")
    assert low == pytest.approx([score.intervals["mae"][0] for score in first.values()])
    assert axes.get_xticklabels()[0].get_text() == "Y\n68"


def test_errors_of_different_complexes_do_not_compare():
    models = {"additive": additive(), "mean": constant_per_metal()[1:]}
    with pytest.raises(InputError, match="not asked about the same complexes"):
        draw_errors(models, CAPTION)
    with pytest.raises(InputError, match="nothing to draw for mean: "):
        draw_errors({"additive": additive(), "mean": additive()[:0]}, CAPTION)
    with pytest.raises(InputError, match="nothing to draw: "):
        draw_parity(additive()[:0], CAPTION)
    with pytest.raises(InputError, match="to group by"):
        draw_parity(_few(), CAPTION, colour_by="colour")


def test_long_names_stand_aslant():
    (axes,) = draw_errors({"additive": additive()}, CAPTION, column="substituent").axes
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {45.0}
    assert not [c for c in axes.collections if np.isfinite(c.get_paths()[0].vertices).all()]


def test_neighbours_have_medians_of_the_differences():
    figure = draw_neighbours(additive(), CAPTION)
    lanthanides, others = figure.axes
    pairs = dict(list(differences(additive()).groupby(["first", "second"])))
    names = [label.get_text().split("\n")[0] for label in others.get_xticklabels()]
    assert names == ["Dy→Y", "Y→Ho"]
    levels = [np.unique(line.get_ydata()) for line in lanthanides.lines if len(line.get_ydata())]
    flat = {round(float(y[0]), 9) for y in levels if len(y) == 1}
    for metals in (("La", "Ce"), ("Yb", "Lu")):
        assert round(float(np.median(pairs[metals].truth)), 9) in flat
    with pytest.raises(InputError, match=r"no neighbouring metals.*leave-ligand-out"):
        draw_neighbours(additive()[additive().metal.isin({"La", "Lu"})], CAPTION)


def test_substituents_are_compared_over_equal_geometries():
    found = _substituted()
    gone = found.query("metal == 'Gd' and geometry == '1:6'").index[0]
    effects = substituent_effects(found.drop(gone), "Gd", "HOPO")
    assert effects.geometries == ("4:0", "3:2", "2:4", "1:6")
    assert effects.left_out == (found.substituent[gone],)
    assert len(effects.energies) == 16
    assert effects.energies.truth.is_monotonic_increasing
    for effect in effects.energies.itertuples():
        members = found[(found.metal == "Gd") & (found.ligand == effect.Index)]
        assert effect.truth == pytest.approx(fmean(members.truth))
        assert effect.predicted == pytest.approx(fmean(members.predicted))
    single = substituent_effects(found, "Gd", "HOPO", "1:6")
    assert single.geometries == ("1:6",)
    assert len(single.energies) == 17


def test_substituents_are_measured_from_the_parent():
    found = _substituted()
    name, zero = substituent_effects(found, "Gd", "HOPO").zero
    assert name == "the mean of these"
    assert zero == pytest.approx(fmean(found.truth[found.metal == "Gd"]))
    parent = found.ligand[0]
    renamed = found.assign(substituent=found.substituent.mask(found.ligand == parent, "H"))
    effects = substituent_effects(renamed, "Gd", "HOPO", "4:0")
    (truth,) = renamed.query("ligand == @parent and metal == 'Gd' and geometry == '4:0'").truth
    assert effects.zero == ("unsubstituted HOPO", pytest.approx(truth))
    (axes,) = draw_substituents(renamed, "Gd", "HOPO", CAPTION).axes
    assert "relative to\nunsubstituted HOPO (−" in axes.get_xlabel()


def test_substituent_bars_start_at_the_zero_that_is_named():
    effects = substituent_effects(_substituted(), "Lu", "HOPO")
    (axes,) = draw_substituents(_substituted(), "Lu", "HOPO", CAPTION).axes
    truth, predicted = axes.containers
    _, zero = effects.zero
    for bars, name in ((truth, "truth"), (predicted, "predicted")):
        lengths = [bar.get_width() + zero for bar in bars]
        assert lengths == pytest.approx(list(effects.energies[name]))
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == list(effects.energies.index)
    # The strongest is on top.
    assert axes.get_ylim()[0] > axes.get_ylim()[1]


def test_substituents_geometry_by_geometry():
    figure = draw_substituents(_substituted(), "Gd", "HOPO", CAPTION, per_geometry=True)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles == [f"Gd, HOPO, {geometry}" for geometry in ("4:0", "3:2", "2:4", "1:6")]
    three = _substituted().query("geometry != '1:6'")
    figure = draw_substituents(three, "Gd", "HOPO", CAPTION, per_geometry=True)
    assert len(figure.axes) == 3


@pytest.mark.parametrize("per_geometry", [True, False])
def test_unknown_substituent_panels(per_geometry):
    with pytest.raises(InputError, match="no predictions for metal 'Sc': there are Y, La"):
        draw_substituents(additive(), "Sc", "HOPO", CAPTION, per_geometry=per_geometry)
    with pytest.raises(InputError, match="no predictions for scaffold 'HDEV': there are HOPO"):
        draw_substituents(additive(), "Gd", "HDEV", CAPTION, per_geometry=per_geometry)


def test_no_substituent_with_all_geometries():
    one_each = _substituted().query("metal == 'Gd'").drop_duplicates("geometry")
    found = one_each.assign(substituent=one_each.geometry)
    with pytest.raises(InputError, match="choose one geometry"):
        substituent_effects(found, "Gd", "HOPO")


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_equal_figures_make_equal_files(tmp_path, ending):
    files = [save_figure(DRAWINGS["errors"](), tmp_path / f"{i}.{ending}") for i in range(2)]
    one, other = (file.read_bytes() for file in files)
    assert one == other
    assert len(one) > 5000
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"0.{ending}", f"1.{ending}"]


def test_figures_that_cannot_be_written(tmp_path):
    figure = draw_parity(_few(), CAPTION)
    with pytest.raises(InputError, match=r"ends in \.png, \.pdf, \.svg"):
        save_figure(figure, tmp_path / "parity.gif")
    with pytest.raises(InputError, match="cannot write"):
        save_figure(figure, tmp_path / "none" / "parity.png")
