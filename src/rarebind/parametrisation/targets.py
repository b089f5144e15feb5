"""What is fitted to: forces on whole ligands and energies of reference geometries.

Of the forces only the resultant and the torque on each ligand count: those on its atoms are mostly
about bonds within it, which the metal's numbers do not make.  Energies count as differences,
between geometries of one complex, and of the reaction in which ligands take the places of water
on the eight-coordinate aqua ion; to the latter is added, for every ligand, one constant for all
metals, as errors of free anions in water are large in both methods and tell nothing of metals.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from rarebind.campaigns.reference.building import WATER, atom_ranges, read_ligand
from rarebind.campaigns.reference.shards import Reference
from rarebind.errors import InputError
from rarebind.parametrisation.settings import Weights

Floats = NDArray[np.float64]
_AQUA = 8


@dataclass(frozen=True, eq=False)
class Geometry:
    """A complex of the reference data."""

    reference: Reference

    @property
    def metal(self) -> str:
        """Its metal."""
        assert self.reference.metal is not None
        return self.reference.metal

    @cached_property
    def ligands(self) -> list[range]:
        """Atoms of each ligand."""
        return atom_ranges(list(self.reference.fragments))

    def wrenches(self, forces: Floats, arm: float) -> Floats:
        """Force and torque over `arm` on each ligand, (ligands, 6), of forces (…, N, 3), eV/Å."""
        positions = self.reference.structure.positions
        parts = []
        for atoms in self.ligands:
            chosen = list(atoms)
            about = positions[chosen] - positions[chosen].mean(axis=0)
            force = forces[..., chosen, :]
            torque = np.cross(about, force).sum(axis=-2) / arm
            parts.append(np.concatenate([force.sum(axis=-2), torque], axis=-1))
        return np.stack(parts, axis=-2)

    @cached_property
    def donors(self) -> list[list[int]]:
        """Atoms of each ligand that bind the metal."""
        return [
            [atoms.start + donor for donor in read_ligand(smiles)[1]]
            for smiles, atoms in zip(self.reference.fragments, self.ligands, strict=True)
        ]

    @cached_property
    def outwards(self) -> Floats:
        """Unit vectors from the metal to the middle of each ligand's donors, (ligands, 3)."""
        positions = self.reference.structure.positions
        found = []
        for donors in self.donors:
            along = positions[donors].mean(axis=0) - positions[0]
            found.append(along / np.linalg.norm(along))
        return np.array(found)


@dataclass(frozen=True)
class Energies:
    """Differences of energies that are fitted to: ``matrix @ energies`` of all geometries.

    Attributes
    ----------
    matrix
        Shape (differences, geometries).
    references
        eV, what the differences should be, free ligands of the fitted method added.
    tolerances
        eV.
    ligands
        How many of each ligand are taken up, (differences, ligands): zero within a complex.
    of
        Index of the geometry that each is about.
    """

    matrix: Floats
    references: Floats
    tolerances: Floats
    ligands: Floats
    of: NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Targets:
    """Everything that a fit is held against.

    Attributes
    ----------
    geometries
    names
        SMILES of the ligands that have a constant.
    energies
    """

    geometries: tuple[Geometry, ...]
    names: tuple[str, ...]
    energies: Energies


def targets_of(
    references: Iterable[Reference], free_energies: dict[str, float], weights: Weights
) -> Targets:
    """Targets from reference data.

    Parameters
    ----------
    references
        Complexes and free ligands at one level.
    free_energies
        eV, of each free ligand by the method that is fitted.
    weights

    Raises
    ------
    InputError
        Levels are mixed, or there is no complex, or a metal or free ligand that energies refer to
        is missing: each is named.
    """
    listed = list(references)
    complexes = tuple(Geometry(one) for one in listed if one.metal is not None)
    free = {one.fragments[0]: one.energy for one in listed if one.metal is None}
    _check(listed, complexes, free)
    names = tuple(dict.fromkeys(s for g in complexes for s in g.reference.fragments))
    by_system: dict[tuple[str, tuple[str, ...]], list[int]] = defaultdict(list)
    for index, geometry in enumerate(complexes):
        by_system[geometry.metal, geometry.reference.fragments].append(index)
    lowest = {
        key: min(members, key=lambda index: complexes[index].reference.energy)
        for key, members in by_system.items()
    }
    pairs: list[tuple[int, int]] = []
    for key, members in by_system.items():
        aqua = lowest[key[0], (WATER,) * _AQUA]
        pairs += [(lowest[key], aqua)] * (lowest[key] != aqua)
        pairs += [(other, lowest[key]) for other in members if other != lowest[key]]
    return Targets(
        complexes, names, _energies(complexes, names, pairs, free, free_energies, weights)
    )


def aqua_ions(references: Iterable[Reference]) -> set[str]:
    """Metals with the aqua ion that energies refer to."""
    return {one.metal for one in references if one.metal and one.fragments == (WATER,) * _AQUA}


def _energies(
    complexes: Sequence[Geometry], names: Sequence[str], pairs: Sequence[tuple[int, int]],
    free: dict[str, float], free_energies: dict[str, float], weights: Weights,
) -> Energies:  # fmt: skip
    made = np.array(
        [[g.reference.fragments.count(name) for name in names] for g in complexes], dtype=float
    )
    matrix = np.zeros((len(pairs), len(complexes)))
    for line, (index, other) in enumerate(pairs):
        matrix[line, index], matrix[line, other] = 1.0, -1.0
    ligands = matrix @ made
    references = matrix @ np.array([g.reference.energy for g in complexes])
    references -= ligands @ np.array([free[name] for name in names])
    of = np.array([index for index, _ in pairs], dtype=np.intp)
    larger = np.array([set(g.reference.fragments) == {WATER} for g in complexes])[of]
    larger &= ligands.sum(axis=1) > 0
    tolerances = np.select(
        [larger, ligands.any(axis=1)],
        [weights.hydration.of(references), weights.exchange.of(references)],
        weights.displacement.of(references),
    )
    return Energies(
        matrix,
        references + ligands @ np.array([free_energies[name] for name in names]),
        tolerances,
        ligands,
        of,
    )


def _check(
    listed: Sequence[Reference], complexes: Sequence[Geometry], free: dict[str, float]
) -> None:
    problems = []
    if len(levels := sorted({one.level for one in listed})) > 1:
        problems.append(f"levels of the reference data are mixed: {'; '.join(levels)}")
    if not complexes:
        problems.append("the reference data have no complex")
    aqua = aqua_ions(listed)
    problems += [
        f"the reference data have {metal}, but not [{metal}(H2O)8]3+, which energies refer to"
        for metal in sorted({g.metal for g in complexes} - aqua)
    ]
    needed = {smiles for g in complexes for smiles in g.reference.fragments} | {WATER}
    problems += [
        f"the reference data have complexes of {smiles}, but not {smiles} alone"
        for smiles in sorted(needed - free.keys())
    ]
    if problems:
        raise InputError(problems)
