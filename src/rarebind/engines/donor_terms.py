"""Energy of donors at a rare earth by their distance and by what they are bonded to.

Numbers of the metal cannot tell the oxygen of nitrate from that of acetate or water; these terms
can.  They stand beside the parameters of an xTB Hamiltonian:

    E = Σ_M Σ_X Σ_k exp(-((r_MX - R_M - c_k) / w)²) (a_k[M, X] + Σ_Z b_k[M, X, Z] n_Z(X))

with R_M the ionic radius of the metal (coordination number 8), c_k and w the centres and the width
of Gaussians, and n_Z(X) the number of atoms of element Z that X is bonded to, a smooth count as in
dispersion corrections (Grimme et al., J. Chem. Phys. 2010, 132, 154104, with an error function).
They vanish a few Å from the metal, and depend on nothing but the positions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Self

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.special import erf

from rarebind.elements import ionic_radius, is_rare_earth
from rarebind.io.models import Section

Floats = NDArray[np.float64]
#: Coordination number of the ionic radius; steepness of the count, and where it is a half, in
#: parts of the sum of covalent radii.
_COORDINATION, _STEEPNESS, _HALF = 8, 7.5, 1.35
#: Å; two atoms of other elements farther apart than this are not bonded.
_BONDED = 4.0

_Positive = Annotated[float, Field(gt=0.0)]
_Coefficients = tuple[float, ...]


class DonorTerms(Section):
    """Coefficients of the terms, as a file of parameters holds them.

    Attributes
    ----------
    centres
        Of the Gaussians, Å beyond the ionic radius.
    width
        Of all of them, Å.
    element
        By metal and term, eV for every centre; terms are named ``O`` for any oxygen, ``O-C`` for
        the part that each carbon bonded to it adds.
    """

    centres: Annotated[tuple[float, ...], Field(min_length=1)]
    width: _Positive
    element: dict[str, dict[str, _Coefficients]]

    @model_validator(mode="after")
    def _are_possible(self) -> Self:
        problems = [
            f"element.{metal}: no rare earth" for metal in self.element if not is_rare_earth(metal)
        ]
        for metal, terms in self.element.items():
            for name, values in terms.items():
                where = f"element.{metal}.{name}"
                if not set(name.split("-", 1)) <= atomic_numbers.keys():
                    problems.append(
                        f"{where}: no term: expected a donor, or donor-neighbour, as O-C"
                    )
                if len(values) != len(self.centres):
                    problems.append(
                        f"{where}: {len(values)} numbers for {len(self.centres)} centres"
                    )
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def evaluate(self, symbols: Sequence[str], positions: Floats) -> tuple[float, Floats]:
        """Energy in eV and forces in eV/Å, (N, 3), of atoms at `positions`, Å."""
        energy, forces = 0.0, np.zeros((len(symbols), 3))
        for metal, symbol in enumerate(symbols):
            terms = self.element.get(symbol, {})
            if not terms:
                continue
            values = np.array(list(terms.values()))
            energies, pulls = donor_terms(
                symbols, positions, metal, tuple(terms), self.centres, self.width
            )
            energy += float(np.sum(values * energies))
            forces += np.tensordot(values, pulls, axes=2)
        return energy, forces


def donor_terms(
    symbols: Sequence[str], positions: Floats, metal: int, names: Sequence[str],
    centres: Sequence[float], width: float,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Every term of one metal atom with coefficients of 1 eV.

    Parameters
    ----------
    symbols, positions
        Å, (N, 3).
    metal
        Index.
    names
        Of terms.
    centres, width
        See :class:`DonorTerms`.

    Returns
    -------
    energies
        eV, (names, centres).
    forces
        eV/Å, (names, centres, N, 3).
    """
    elements = np.array(symbols)
    beyond = np.array(centres)
    energies = np.zeros((len(names), len(beyond)))
    forces = np.zeros((len(names), len(beyond), len(elements), 3))
    radius = ionic_radius(symbols[metal], _COORDINATION)
    for donor in dict.fromkeys(name.partition("-")[0] for name in names):
        donors = np.flatnonzero(elements == donor)
        if not len(donors):
            continue
        along = positions[donors] - positions[metal]
        distances = np.linalg.norm(along, axis=1)
        offset = (distances[:, None] - radius - beyond) / width
        gauss = np.exp(-(offset**2))
        pull = (2 * offset * gauss / width)[:, :, None] * (along / distances[:, None])[:, None, :]
        for index, name in enumerate(names):
            of, _, neighbour = name.partition("-")
            if of != donor:
                continue
            counts = np.ones(len(donors))
            if neighbour:
                counts, slopes = _bonded(elements, positions, donors, neighbour)
                forces[index] = -(gauss.T @ slopes.reshape(len(donors), -1)).reshape(
                    forces[index].shape
                )
            energies[index] = counts @ gauss
            pulls = pull * counts[:, None, None]
            forces[index][:, donors] += pulls.transpose(1, 0, 2)
            forces[index][:, metal] -= pulls.sum(axis=0)
    return energies, forces


def _bonded(
    elements: NDArray[np.str_], positions: Floats, donors: NDArray[np.intp], neighbour: str
) -> tuple[Floats, Floats]:
    """How many neighbours each donor has, and derivatives by all positions, (donors, N, 3)."""
    others = np.flatnonzero(elements == neighbour)
    slopes = np.zeros((len(donors), len(elements), 3))
    along = positions[others] - positions[donors][:, None]
    distances = np.linalg.norm(along, axis=2)
    # An atom is no neighbour of itself.
    apart = np.where(donors[:, None] == others, _BONDED, np.maximum(distances, 1e-6))
    bond = sum(covalent_radii[atomic_numbers[one]] for one in (str(elements[donors[0]]), neighbour))
    x = _STEEPNESS * (apart / bond - _HALF)
    counts = (0.5 * (1 - erf(x))).sum(axis=1)
    falls = -_STEEPNESS / bond / np.sqrt(np.pi) * np.exp(-(x**2)) / apart
    by_other = falls[:, :, None] * along
    slopes[:, others] = by_other
    slopes[np.arange(len(donors)), donors] -= by_other.sum(axis=1)
    return counts, slopes
