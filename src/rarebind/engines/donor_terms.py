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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Self

import numpy as np
from ase.data import atomic_numbers, covalent_radii
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.special import erfc

from rarebind.elements import ionic_radius, is_rare_earth
from rarebind.io.models import Section

Floats = NDArray[np.float64]
#: Coordination number of the ionic radius; steepness of the count, and where it is a half, in
#: parts of the sum of covalent radii.
_COORDINATION, _STEEPNESS, _HALF = 8, 7.5, 1.35
#: Å; any two atoms as far apart are not bonded.
_APART = 10.0
#: In widths from its centre a Gaussian is nothing, 1e-16.
_VANISHED = 6.0

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

    def of_atoms(self, symbols: Sequence[str]) -> Callable[[Floats], tuple[float, Floats]]:
        """Energy in eV and forces in eV/Å, (N, 3), of atoms of these elements at positions, Å."""
        parts = [
            _OfMetal.of(self, symbols, index)
            for index, symbol in enumerate(symbols)
            if self.element.get(symbol)
        ]

        def evaluate(positions: Floats) -> tuple[float, Floats]:
            energy, forces = 0.0, np.zeros((len(symbols), 3))
            for part in parts:
                energy += part.add_to(forces, positions)
            return energy, forces

        return evaluate


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
    energies = np.zeros((len(names), len(centres)))
    forces = np.zeros((len(names), len(centres), len(symbols), 3))
    for term in np.ndindex(energies.shape):
        element = {symbols[metal]: {names[term[0]]: tuple(np.eye(len(centres))[term[1]])}}
        one = DonorTerms(centres=tuple(centres), width=width, element=element)
        energies[term] = _OfMetal.of(one, symbols, metal).add_to(forces[term], positions)
    return energies, forces


@dataclass(frozen=True, eq=False)
class _OfMetal:
    """Terms of one metal atom, by atoms: D that may be donors, N in all; Z elements, K centres."""

    metal: int
    donors: NDArray[np.intp]  #: (D,)
    centres: Floats  #: Å from the metal, (K,)
    width: float
    plain: Floats  #: a, (D, K)
    bonded: Floats  #: b, (D, K, Z)
    kind_of: NDArray[np.intp]  #: number of each atom's element, (N,)
    bonds: Floats  #: sums of covalent radii, Å, (D, N)

    @classmethod
    def of(cls, terms: DonorTerms, symbols: Sequence[str], metal: int) -> Self:
        named = terms.element[symbols[metal]]
        kinds = list(dict.fromkeys(symbols))
        by_donor = {name.partition("-")[0] for name in named}
        donors = np.array(
            [i for i, symbol in enumerate(symbols) if symbol in by_donor and i != metal], dtype=int
        )
        plain = np.zeros((len(donors), len(terms.centres)))
        bonded = np.zeros((*plain.shape, len(kinds)))
        for place, index in enumerate(donors):
            for name, values in named.items():
                donor, _, neighbour = name.partition("-")
                if donor == symbols[index] and not neighbour:
                    plain[place] += values
                elif donor == symbols[index] and neighbour in kinds:
                    bonded[place, :, kinds.index(neighbour)] += values
        radii = covalent_radii[[atomic_numbers[symbol] for symbol in symbols]]
        return cls(
            metal, donors,
            np.array(terms.centres) + ionic_radius(symbols[metal], _COORDINATION), terms.width,
            plain, bonded, np.array([kinds.index(symbol) for symbol in symbols]),
            radii[donors][:, None] + radii,
        )  # fmt: skip

    def add_to(self, forces: Floats, positions: Floats) -> float:
        """The energy; forces are added to those given."""
        along = positions[self.donors] - positions[self.metal]
        distances = np.linalg.norm(along, axis=1)
        near = np.flatnonzero(distances < self.centres.max() + _VANISHED * self.width)
        donors, plain, bonded = self.donors[near], self.plain[near], self.bonded[near]
        offset = (distances[near, None] - self.centres) / self.width
        gauss = np.exp(-(offset**2))
        bonds, by_position = _bonds(positions, donors, self.bonds[near])
        by_bond = np.einsum("dk,dkz->dz", gauss, bonded)[:, self.kind_of]
        pulls = by_bond[:, :, None] * by_position
        forces -= pulls.sum(axis=0)
        forces[donors] += pulls.sum(axis=1)
        weights = plain + np.einsum("dn,dkn->dk", bonds, bonded[:, :, self.kind_of])
        slopes = np.sum(weights * offset * gauss, axis=1) * 2 / self.width / distances[near]
        pulls = slopes[:, None] * along[near]
        forces[donors] += pulls
        forces[self.metal] -= pulls.sum(axis=0)
        return float(np.sum(weights * gauss))


def _bonds(positions: Floats, donors: NDArray[np.intp], lengths: Floats) -> tuple[Floats, Floats]:
    """How far each atom is bonded to each donor, (D, N), and slopes by its position, (D, N, 3)."""
    along = positions - positions[donors][:, None]
    distances = np.linalg.norm(along, axis=2)
    # An atom is no neighbour of itself.
    distances[np.arange(len(donors)), donors] = _APART
    x = _STEEPNESS * (distances / lengths - _HALF)
    falls = -_STEEPNESS / np.sqrt(np.pi) * np.exp(-(x**2)) / lengths / distances
    return 0.5 * erfc(x), falls[:, :, None] * along
