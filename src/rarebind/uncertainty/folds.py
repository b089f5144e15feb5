"""What networks learned from, and what each of them did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rarebind.elements import rare_earth
from rarebind.errors import InputError
from rarebind.uncertainty.arrays import Floats, Names, matrix, names, vector

#: Rare earths that chemistry and errors of models have much in common for, by the size of their
#: ions, the largest last but for "Y", which has no 4f shell: Sc and Y; La–Nd; Pm–Dy; Ho–Lu.
FAMILIES = ("Y", "light", "middle", "heavy")
_LANTHANUM, _LAST_LIGHT, _LAST_MIDDLE = 57, 60, 66


def family(symbol: str) -> str:
    """The one of :data:`FAMILIES` that a rare earth belongs to.

    Raises
    ------
    InputError
        The symbol is not a rare earth.
    """
    number = rare_earth(symbol).atomic_number
    if number < _LANTHANUM:
        return "Y"
    if number <= _LAST_LIGHT:
        return "light"
    return "middle" if number <= _LAST_MIDDLE else "heavy"


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Predictions of complexes that a model has not learned from.

    Attributes
    ----------
    residuals
        Predicted less computed, eV, shape (n,).
    features
        Latent, shape (n, d).
    metals, ligands, geometries
        Of each.

    Raises
    ------
    InputError
        The lengths differ, or a number is not finite.
    """

    residuals: Floats
    features: Floats
    metals: NDArray[np.str_]
    ligands: NDArray[np.str_]
    geometries: NDArray[np.str_]

    def __post_init__(self) -> None:
        residuals = vector(self.residuals, "residuals", least=1)
        features = matrix(self.features, "features")
        if len(features) != len(residuals):
            raise InputError(f"{len(residuals)} residuals, but {len(features)} features")
        object.__setattr__(self, "residuals", residuals)
        object.__setattr__(self, "features", features)
        for what in ("metals", "ligands", "geometries"):
            object.__setattr__(self, what, names(getattr(self, what), len(residuals), what))

    @property
    def families(self) -> list[str]:
        """Of the metals."""
        return [family(metal) for metal in self.metals]

    def of(self, ligands: Sequence[str]) -> HeldOut:
        """Those of some ligands."""
        kept = np.isin(self.ligands, list(ligands))
        return HeldOut(**{name: values[kept] for name, values in vars(self).items()})

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of every two metals with one ligand in one geometry; none with itself."""
        places: dict[tuple[str, str], list[int]] = {}
        for row, place in enumerate(zip(self.ligands, self.geometries, strict=True)):
            places.setdefault(place, []).append(row)
        found = [
            pair
            for rows in places.values()
            for pair in combinations(rows, 2)
            if self.metals[pair[0]] != self.metals[pair[1]]
        ]
        first, second = np.array(found, dtype=np.int64).reshape(-1, 2).T
        return first, second


@dataclass(frozen=True, eq=False)
class Fold:
    """One network.

    Attributes
    ----------
    features
        Latent features of what it learned from, shape (n, d).
    held_out
        What it did not, of other ligands.
    metals
        Of what it learned from; none: its domain is one for all metals.

    Raises
    ------
    InputError
        There are no features, not all are finite, the two have other numbers of columns, or metals
        are not one each.
    """

    features: Floats
    held_out: HeldOut
    metals: Names = ()

    def __post_init__(self) -> None:
        features = matrix(self.features, "features", least=1)
        matrix(self.held_out.features, "held-out features", columns=features.shape[1])
        if len(self.metals):
            names(self.metals, len(features), "metals")
        object.__setattr__(self, "features", features)


def folds_of(folds: Sequence[Fold], ligands: Sequence[str]) -> list[Fold]:
    """With some of the held-out ligands alone; without folds that hold out none of them."""
    return [
        replace(fold, held_out=fold.held_out.of(ligands))
        for fold in folds
        if np.isin(fold.held_out.ligands, ligands).any()
    ]


def held_out_ligands(folds: Sequence[Fold]) -> list[str]:
    """All of them, sorted, each once."""
    return sorted({str(ligand) for fold in folds for ligand in fold.held_out.ligands})
