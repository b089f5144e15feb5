"""Scores as tables of text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import pandas as pd

from rarebind.evaluation.drawing import ENERGY, Caption
from rarebind.evaluation.metrics import Metrics
from rarebind.evaluation.scores import BEST, BREAKDOWNS, Scores
from rarebind.evaluation.substituents import Effects
from rarebind.io.tables import NONE, Table, number, with_interval

#: Scores by the name of the model; the first is the one that is evaluated.
Models = Mapping[str, Scores]


def overall(models: Models, caption: Caption) -> Table:
    """Agreement of every model with the computed energies of a part of a split."""
    heads = ("Model", "MAE", "RMSE", "bias", "max", "r²", "R²", "slope", "R² exch.")
    rows = []
    for name, scores in models.items():
        found, exchange = scores.main, scores.exchange
        rows.append(
            (
                name,
                *_spans(found, 1, "mae", "rmse", "bias"),
                number(found.max_error, 1),
                *_spans(found, 2, "r2_fit", "r2", "slope"),
                *((NONE,) if exchange is None else _spans(exchange, 2, "r2")),
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
    return Table("Binding energies", heads, rows, str(caption), note)


def breakdown(models: Models, column: str, caption: Caption) -> Table:
    """Errors of the first model by metal, scaffold or geometry, and the MAE of the others."""
    (name, first), *others = models.items()
    rows = [
        (
            value or NONE,
            str(found.n),
            *_spans(found, 1, "mae", "rmse"),
            number(found.max_error, 1),
            number(found.r2_fit, 2),
            number(found.slope, 2),
            *(number(scores.by[column][value].mae, 1) for _, scores in others),
        )
        for value, found in first.by[column].items()
    ]
    heads = (column.capitalize(), "n", "MAE", "RMSE", "max", "r²", "slope")
    note = f"Of {name}; under the other models their MAE." if others else f"Of {name}."
    names = [other for other, _ in others]
    return Table(f"By {column}", (*heads, *names), rows, str(caption), note)


def orders(models: Models, caption: Caption) -> Table:
    """Whether ligands and metals come in the right order."""
    rankings: dict[str, Callable[[Scores], pd.DataFrame | None]] = {
        "ligands of a metal": lambda scores: scores.ligands,
        "substituents of a scaffold": lambda scores: scores.substituents,
        "metals of a ligand": lambda scores: scores.metals,
    }
    rows = []
    for what, ranking in rankings.items():
        first, *_ = known = [ranking(scores) for scores in models.values()]
        if first is None or first.empty:
            continue
        for measure in ("spearman", "kendall"):
            means = [None if found is None else found[measure].mean() for found in known]
            title = f"{measure.capitalize()}, {what} ({len(first)} groups)"
            rows.append((title, *(number(mean, 2) for mean in means), number(0.0, 2)))
    recalls = [scores.recalls.set_index("k") for scores in models.values()]
    for k in (k for k in BEST if k in recalls[0].index):
        numbers = [found.recall.get(k) for found in recalls]
        title = f"best {k} found ({recalls[0].groups[k]} groups)"
        rows.append((title, *_numbers([*numbers, recalls[0].chance[k]], 2)))
    note = (
        "Means over groups of one metal and geometry (ligands) or one ligand and geometry (metals, "
        "by exchange energy); at least three members each."
    )
    return Table("Orders", ("Measure", *models, "chance"), rows, str(caption), note)


def neighbours(models: Models, caption: Caption) -> Table:
    """Errors of differences between neighbouring metals; empty where none can be formed."""
    (name, first), *others = models.items()
    found = pd.DataFrame() if first.neighbours is None else first.neighbours
    beside = [
        scores.neighbours.mae.reindex(found.index)
        for _, scores in others
        if scores.neighbours is not None and len(found)
    ]
    rows = [
        (
            row.Index.replace("-", "→"),
            str(row.n),
            number(row.mean, 1),
            number(row.mae, 2),
            f"{row.sign_agreement:.0%}",
            number(row.constant_mae, 2),
            f"{row.constant_sign:.0%}",
            *(number(errors[row.Index], 2) for errors in beside),
        )
        for row in found.itertuples()
    ]
    heads = ("Metals", "n", "mean", "MAE", "sign", "MAE const.", "sign const.")
    note = (
        f"ΔΔE = exchange energy of the second less that of the first metal, same ligand and "
        f"geometry, kcal/mol.  MAE and share of right signs of {name}, and of the median of each "
        "pair (const.), which no ligand has a part in."
        + ("  Under the other models their MAE." if others else "")
    )
    names = [other for other, _ in others] if rows else []
    return Table("Neighbouring metals", (*heads, *names), rows, str(caption), note)


def effects_table(effects: Effects, caption: Caption) -> Table:
    """Binding energies by substituent, and what is predicted of them."""
    name, zero = effects.zero
    rows = [
        (row.Index or NONE, *_numbers((row.truth - zero, row.predicted - zero, row.error), 1))
        for row in effects.energies.assign(error=lambda e: e.predicted - e.truth).itertuples()
    ]
    note = (
        f"{effects.metal}, {effects.scaffold}, mean of {', '.join(effects.geometries)}; "
        f"{ENERGY[effects.quantity]} relative to the computed one of {name}, {number(zero, 1)} "
        "kcal/mol."
    )
    if effects.left_out:
        note += f"  Left out, as a geometry is missing: {', '.join(effects.left_out)}."
    heads = ("Substituent", "computed", "predicted", "error")
    return Table("Substituents", heads, rows, str(caption), note)


def all_tables(models: Models, caption: Caption) -> list[Table]:
    """All of them that say something."""
    found = [
        overall(models, caption),
        *(breakdown(models, column, caption) for column in BREAKDOWNS),
        orders(models, caption),
        neighbours(models, caption),
    ]
    return [table for table in found if table.rows]


def _spans(found: Metrics, digits: int, *names: str) -> list[str]:
    return [
        with_interval(getattr(found, name), found.intervals.get(name), digits) for name in names
    ]


def _numbers(values: Iterable[Any], digits: int) -> list[str]:
    return [number(value, digits) for value in values]
