"""Scores as tables of text: one form for the terminal and for Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rarebind.evaluation.drawing import ENERGY, Caption
from rarebind.evaluation.metrics import Metrics
from rarebind.evaluation.neighbours import NeighbourError
from rarebind.evaluation.ranking import Ranking
from rarebind.evaluation.scores import BEST, BREAKDOWNS, Scores
from rarebind.evaluation.substituents import Effects

#: Scores by the name of the model; the first is the one that is evaluated.
Models = Mapping[str, Scores]

_NONE = "–"


@dataclass(frozen=True)
class Table:
    """Cells with headings; the first column names the rows.

    Attributes
    ----------
    title
    caption
        Which model, split, level of theory and dataset it is of.
    headings
        Of the columns.
    rows
        As many cells each as there are headings.
    note
        What a reader needs to understand the numbers.
    """

    title: str
    caption: Caption
    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str = ""

    def __post_init__(self) -> None:
        if any(len(row) != len(self.headings) for row in self.rows):
            raise ValueError(f"{self.title}: rows and headings have different lengths")


def markdown(table: Table) -> str:
    """`table` with title, caption and note in Markdown."""
    marks = ["---", *["---:"] * (len(table.headings) - 1)]
    lines = [_line(row) for row in (table.headings, marks, *table.rows)]
    note = f"\n{table.note}\n" if table.note else ""
    head = f"### {table.title}\n\n{table.caption}\n\n"
    return head + "\n".join(lines) + f"\n{note}"


def overall(models: Models, caption: Caption) -> Table:
    """Agreement of every model with the computed energies of a part of a split."""
    heads = ("MAE", "RMSE", "bias", "max", "r²", "R²", "slope", "R² exch.")
    rows = []
    for name, scores in models.items():
        found = scores.main
        exchange = _NONE if scores.exchange is None else _with_span(scores.exchange, "r2", 2)
        rows.append(
            (
                name,
                _with_span(found, "mae", 1),
                _with_span(found, "rmse", 1),
                _with_span(found, "bias", 1),
                _number(found.max_error, 1),
                _with_span(found, "r2_fit", 2),
                _with_span(found, "r2", 2),
                _with_span(found, "slope", 2),
                exchange,
            )
        )
    one = next(iter(models.values()))
    first, quantity = one.main, "equation 1" if one.binding else "exchange energies (no bare ions)"
    note = (
        f"{first.n} complexes of {first.groups} ligands; energies in kcal/mol.  In brackets 95 % "
        "intervals of a bootstrap over ligands (none with fewer than five).  r² and slope: of the "
        f"least-squares line; R²: of the predictions as they are, for {quantity} and for exchange "
        "energies, whose spread holds no constant of each metal."
    )
    return Table("Binding energies", caption, ("Model", *heads), tuple(rows), note)


def breakdown(models: Models, column: str, caption: Caption) -> Table:
    """Errors of the first model by metal, scaffold or geometry, and the MAE of the others."""
    (name, first), *others = models.items()
    rows = [
        (
            value or _NONE,
            str(found.n),
            _with_span(found, "mae", 1),
            _with_span(found, "rmse", 1),
            _number(found.max_error, 1),
            _number(found.r2_fit, 2),
            _number(found.slope, 2),
            *(_number(scores.by[column][value].mae, 1) for _, scores in others),
        )
        for value, found in first.by[column].items()
    ]
    heads = ("n", "MAE", "RMSE", "max", "r²", "slope", *(other for other, _ in others))
    note = f"Of {name}; under the other models their MAE." if others else f"Of {name}."
    return Table(f"By {column}", caption, (column.capitalize(), *heads), tuple(rows), note)


def orders(models: Models, caption: Caption) -> Table:
    """Whether ligands and metals come in the right order."""
    rows: list[tuple[str, ...]] = []
    for what, ranking in {
        "ligands of a metal": _ligands,
        "substituents of a scaffold": _substituents,
        "metals of a ligand": _metals,
    }.items():
        known = [ranking(scores) for scores in models.values()]
        first = known[0]
        if first is None or not first.groups:
            continue
        of = f"{what} ({len(first.groups)} groups)"
        for measure in ("spearman", "kendall"):
            numbers = [
                _number(None if found is None else getattr(found, measure), 2) for found in known
            ]
            rows.append((f"{measure.capitalize()}, {of}", *numbers, _number(0.0, 2)))
    for k in BEST:
        recalls = [next((r for r in s.recalls if r.k == k), None) for s in models.values()]
        if recalls[0] is not None:
            numbers = [_number(None if recall is None else recall.recall, 2) for recall in recalls]
            chance = _number(recalls[0].chance, 2)
            rows.append((f"best {k} found ({recalls[0].groups} groups)", *numbers, chance))
    note = (
        "Means over groups of one metal and geometry (ligands) or one ligand and geometry (metals, "
        "by exchange energy); at least three members each."
    )
    return Table("Orders", caption, ("Measure", *models, "chance"), tuple(rows), note)


def neighbours(models: Models, caption: Caption) -> Table | None:
    """Errors of differences between neighbouring metals; None where none can be formed."""
    (name, first), *others = models.items()
    if first.neighbours is None or first.neighbours.everything is None:
        return None
    rows = []
    those: list[tuple[str, str] | str] = [*first.neighbours.pairs, "lanthanides", "everything"]
    for which in those:
        found = _error(first, which)
        if found is not None:
            beside = [_error(scores, which) for _, scores in others]
            rows.append(
                (
                    which if isinstance(which, str) else "→".join(which),
                    str(found.n),
                    _number(found.mean, 1),
                    *_mae_and_sign(found.mae, found.sign_agreement),
                    *_mae_and_sign(found.constant_mae, found.constant_sign),
                    *(_number(None if error is None else error.mae, 2) for error in beside),
                )
            )
    heads = ("n", "mean", "MAE", "sign", "MAE const.", "sign const.", *(o for o, _ in others))
    note = (
        f"ΔΔE = exchange energy of the second less that of the first metal, same ligand and "
        f"geometry, kcal/mol.  MAE and share of right signs of {name}, and of the median of each "
        "pair (const.), which no ligand has a part in."
        + ("  Under the other models their MAE." if others else "")
    )
    return Table("Neighbouring metals", caption, ("Metals", *heads), tuple(rows), note)


def effects_table(effects: Effects, caption: Caption) -> Table:
    """Binding energies by substituent, and what is predicted of them."""
    name, zero = effects.zero
    rows = [
        (
            effect.substituent or _NONE,
            _number(effect.truth - zero, 1),
            _number(effect.predicted - zero, 1),
            _number(effect.predicted - effect.truth, 1),
        )
        for effect in effects.effects
    ]
    note = (
        f"{effects.metal}, {effects.scaffold}, mean of {', '.join(effects.geometries)}; "
        f"{ENERGY[effects.quantity]} relative to the computed one of {name}, {_number(zero, 1)} "
        "kcal/mol."
    )
    if effects.left_out:
        note += f"  Left out, as a geometry is missing: {', '.join(effects.left_out)}."
    heads = ("Substituent", "computed", "predicted", "error")
    return Table("Substituents", caption, heads, tuple(rows), note)


def all_tables(models: Models, caption: Caption) -> list[Table]:
    """All of them that say something."""
    found = [overall(models, caption)]
    found += [breakdown(models, column, caption) for column in BREAKDOWNS]
    found.append(orders(models, caption))
    last = neighbours(models, caption)
    return [table for table in (*found, last) if table is not None and table.rows]


def _error(scores: Scores, which: tuple[str, str] | str) -> NeighbourError | None:
    """Of a pair, or of ``lanthanides`` or ``everything`` together."""
    found = scores.neighbours
    if found is None:
        return None
    if isinstance(which, tuple):
        return found.pairs.get(which)
    return found.lanthanides if which == "lanthanides" else found.everything


def _ligands(scores: Scores) -> Ranking | None:
    return scores.ligands


def _substituents(scores: Scores) -> Ranking | None:
    return scores.substituents


def _metals(scores: Scores) -> Ranking | None:
    return scores.metals


def _mae_and_sign(mae: float, sign: float) -> tuple[str, str]:
    return _number(mae, 2), f"{sign:.0%}"


def _with_span(found: Metrics, name: str, digits: int) -> str:
    text = _number(getattr(found, name), digits)
    if name not in found.intervals:
        return text
    low, high = (_number(value, digits) for value in found.intervals[name])
    return f"{text} [{low}, {high}]"


def _number(value: float | None, digits: int) -> str:
    return _NONE if value is None else f"{value:.{digits}f}".replace("-", "−")


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
