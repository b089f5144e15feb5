"""Simple models of the published GFN2-xTB energies, really fitted, asked about other ligands."""

from functools import cache
from pathlib import Path

import numpy as np
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from rarebind.datasets import read_table
from rarebind.evaluation import Outcome
from rarebind.io.tables import frame_of

DATA = Path(__file__).parents[1] / "data"


@cache
def _rows():
    """Training and test rows without a ligand in common."""
    rows = [
        row
        for row in read_table(DATA / "table.csv")
        if row.kind == "complex"
        and row.status == "ok"
        and row.level.startswith("GFN2-xTB")
        and row.binding_kcal_mol is not None
        and row.scaffold != "HDEV"
    ]
    names = sorted({row.ligand for row in rows})
    test = set(np.random.default_rng(1).permutation(names)[:17])
    return [r for r in rows if r.ligand not in test], [r for r in rows if r.ligand in test]


def _outcomes(rows, predictions):
    lines = (
        Outcome(
            row.key, row.metal, row.ligand, row.scaffold, row.substituent, row.geometry, "test",
            row.binding_kcal_mol, float(value), row.exchange_kcal_mol - row.binding_kcal_mol,
        )
        for row, value in zip(rows, predictions, strict=True)
    )  # fmt: skip
    return frame_of(lines, Outcome)


@cache
def additive():
    """A sum of terms for metal, scaffold, substituent and geometry, by ridge regression."""
    train, test = _rows()
    model = make_pipeline(OneHotEncoder(handle_unknown="ignore"), Ridge(1.0))
    model.fit(_categories(train), [row.binding_kcal_mol for row in train])
    return _outcomes(test, model.predict(_categories(test)))


@cache
def constant_per_metal():
    """The mean of each metal, whatever the ligand."""
    train, test = _rows()
    means = {
        metal: np.mean([row.binding_kcal_mol for row in train if row.metal == metal])
        for metal in {row.metal for row in train}
    }
    return _outcomes(test, [means[row.metal] for row in test])


def _categories(rows):
    return [[row.metal, row.scaffold, row.substituent, row.geometry] for row in rows]
