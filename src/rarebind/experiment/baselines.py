"""What a model of log K has to beat: what a sceptic would say without physics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.experiment.descriptors import DONORS, SCREENING, sizes
from rarebind.experiment.ridge import Design, fit_model, sklearn

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: Atoms on each side that a fingerprint tells apart, and its length.
_RADIUS, _BITS = 2, 128
#: Of the extremely randomised trees.
_TREES = 100


def heavier_binds_more(known: pd.DataFrame, asked: pd.DataFrame) -> Floats:
    """The mean of all ligands, and the same rise along the metals for each."""
    return fit_model(known, Design(ligand=(), slopes=())).predict(asked)


def constant_per_class(known: pd.DataFrame, asked: pd.DataFrame) -> Floats:
    """The mean of a class of donors, and its own rise; of a class not known, that of all."""
    model = fit_model(known, Design(ligand=(), slopes=()))
    left = (known["log_k"] - model.predict(known)).groupby(known["ligand"]).mean()
    classes = known.groupby("ligand")["donor_class"].first()
    means = left.groupby(classes).mean()
    return np.asarray(model.predict(asked) + asked["donor_class"].map(means).fillna(0).to_numpy())


def donors(known: pd.DataFrame, asked: pd.DataFrame) -> Floats:
    """Ridge on the number of donors of each kind, and charge."""
    columns = ("charge", SCREENING, *DONORS)
    return fit_model(known, Design(ligand=columns, slopes=columns[2:])).predict(asked)


def fingerprints(known: pd.DataFrame, asked: pd.DataFrame) -> Floats:
    """Ridge on Morgan fingerprints."""
    bits = tuple(f"bit {number}" for number in range(_BITS))
    model = fit_model(_with_bits(known, bits), Design(ligand=(*bits, SCREENING), slopes=bits))
    return model.predict(_with_bits(asked, bits))


def trees(known: pd.DataFrame, asked: pd.DataFrame) -> Floats:
    """Extremely randomised trees on RDKit's descriptors, fingerprints, donors and ionic radius."""
    forest: Any = sklearn("ensemble").ExtraTreesRegressor(
        _TREES, min_samples_leaf=2, max_features=0.1, random_state=0
    )
    forest.fit(_plain(known), known["log_k"].to_numpy())
    return np.asarray(forest.predict(_plain(asked)))


#: By name, in the order in which they are shown.
BASELINES: dict[str, Callable[[pd.DataFrame, pd.DataFrame], Floats]] = {
    "heavier binds more": heavier_binds_more,
    "class means": constant_per_class,
    "kinds of donors": donors,
    "fingerprints": fingerprints,
    "trees": trees,
}


def _with_bits(frame: pd.DataFrame, bits: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    rows = {smiles: _counts(smiles) for smiles in frame["smiles"].unique()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(bits))
    return frame.join(table, on="smiles")


def _counts(smiles: str) -> Floats:
    """Morgan counts of the bound form."""
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    from rarebind.ligands import parse_ligand

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=_RADIUS, fpSize=_BITS)
    mol = Chem.MolFromSmiles(parse_ligand(smiles).smiles)
    return np.asarray(generator.GetCountFingerprintAsNumPy(mol), dtype=float)


def _plain(frame: pd.DataFrame) -> Floats:
    from rarebind.learning.baselines.features import ligand_features
    from rarebind.ligands import parse_ligand

    rows = {s: ligand_features(parse_ligand(s).smiles) for s in frame["smiles"].unique()}
    ligand = np.array([rows[smiles] for smiles in frame["smiles"]])
    own = frame[["charge", "denticity", SCREENING, *DONORS]].to_numpy(float)
    return np.hstack([sizes(frame["metal"])[:, None], own, ligand])
