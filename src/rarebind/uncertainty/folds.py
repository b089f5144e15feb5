"""What networks learned from, and what each of them did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from rarebind.errors import InputError
from rarebind.uncertainty.arrays import Floats, matrix, vector
from rarebind.uncertainty.families import family


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
    metals: tuple[str, ...]
    ligands: tuple[str, ...]
    geometries: tuple[str, ...]

    def __post_init__(self) -> None:
        residuals = vector(self.residuals, "residuals", least=1)
        object.__setattr__(self, "residuals", residuals)
        object.__setattr__(self, "features", matrix(self.features, "features"))
        for what in ("features", "metals", "ligands", "geometries"):
            if len(getattr(self, what)) != len(residuals):
                raise InputError(
                    f"{len(residuals)} residuals, but {len(getattr(self, what))} {what}"
                )
        for what in ("metals", "ligands", "geometries"):
            object.__setattr__(self, what, tuple(getattr(self, what)))

    @property
    def families(self) -> list[str]:
        """Of the metals."""
        return [family(metal) for metal in self.metals]

    def of(self, ligands: Sequence[str]) -> HeldOut:
        """Those of some ligands."""
        wanted = set(ligands)
        kept = [i for i, ligand in enumerate(self.ligands) if ligand in wanted]
        return HeldOut(
            self.residuals[kept],
            self.features[kept],
            tuple(self.metals[i] for i in kept),
            tuple(self.ligands[i] for i in kept),
            tuple(self.geometries[i] for i in kept),
        )

    def pairs(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Rows of every two metals with one ligand in one geometry; none with itself."""
        places: dict[tuple[str, str], list[int]] = {}
        for row, place in enumerate(zip(self.ligands, self.geometries, strict=True)):
            places.setdefault(place, []).append(row)
        found = [
            (one, other)
            for rows in places.values()
            for one, other in combinations(rows, 2)
            if self.metals[one] != self.metals[other]
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
    metals: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        features = matrix(self.features, "features", least=1)
        matrix(self.held_out.features, "held-out features", columns=features.shape[1])
        if self.metals and len(self.metals) != len(features):
            raise InputError(f"{len(features)} rows of features, but {len(self.metals)} metals")
        object.__setattr__(self, "features", features)
        object.__setattr__(self, "metals", tuple(self.metals))


def folds_of(folds: Sequence[Fold], ligands: Sequence[str]) -> list[Fold]:
    """With some of the held-out ligands alone; without folds that hold out none of them."""
    wanted = set(ligands)
    return [
        replace(fold, held_out=fold.held_out.of(ligands))
        for fold in folds
        if not wanted.isdisjoint(fold.held_out.ligands)
    ]


def held_out_ligands(folds: Sequence[Fold]) -> list[str]:
    """All of them, sorted, each once."""
    return sorted({ligand for fold in folds for ligand in fold.held_out.ligands})
