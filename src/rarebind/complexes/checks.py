"""Whether a relaxed complex is still the one that was asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from ase.data import atomic_numbers, covalent_radii

from rarebind.complexes.layout import Layout, fragment_atoms
from rarebind.complexes.spec import ComplexSpec
from rarebind.engines import Calculation
from rarebind.ligands import fragment_inchikey
from rarebind.structures import Structure, bond_matrix

#: A donor is bound when nearer than this times the sum of the covalent radii.  With Cordero's
#: radii: La–O 3.4 Å and Lu–O 3.2 Å, past the longest bonds to O (about 2.9 Å) and short of the
#: second coordination sphere (about 4 Å).
DONOR_FACTOR = 1.25
#: The same of an atom that nobody has asked to bind, which has to be as near as the longest bonds
#: are: La–O 3.0 Å, La–S 3.4 Å.  A second oxygen at 3.2 Å beside a bound one is none.
UNASKED_FACTOR = 1.1
_DONOR_ELEMENTS = frozenset({"N", "O", "P", "S", "F", "Cl", "Br", "I", "Se", "As"})


@dataclass(frozen=True)
class CheckReport:
    """The outcome of :func:`check_complex`.

    Attributes
    ----------
    reasons
        Why the complex is rejected; empty when it is accepted.
    coordination_number
        Donor atoms found within bonding distance of the metal.
    donor_distances
        Metal–donor distances in Å, in the order of the layout's donors.
    """

    reasons: tuple[str, ...]
    coordination_number: int
    donor_distances: tuple[float, ...]

    @property
    def accepted(self) -> bool:
        """Whether nothing speaks against the complex."""
        return not self.reasons


def bonding_distance(metal: str, donor: str, factor: float = DONOR_FACTOR) -> float:
    """Distance in Å up to which `donor` counts as bound to `metal`."""
    total: float = covalent_radii[atomic_numbers[metal]] + covalent_radii[atomic_numbers[donor]]
    return factor * total


def coordination_number(structure: Structure) -> int:
    """Count the donor atoms around atom 0, from the geometry alone."""
    return len(bound_atoms(structure))


def bound_atoms(structure: Structure) -> list[int]:
    """The donor atoms around atom 0, from the geometry alone, the nearest first.

    Atoms are visited from near to far; one bonded to a donor already found (the N of a
    coordinated N–O group, say) is none.
    """
    distances = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
    bonded = bond_matrix(structure)
    found: list[int] = []
    for i in np.argsort(distances)[1:]:
        symbol = structure.symbols[i]
        if symbol not in _DONOR_ELEMENTS:
            continue
        if distances[i] > bonding_distance(structure.symbols[0], symbol):
            continue
        if not bonded[i, found].any():
            found.append(int(i))
    return found


def further_donors(structure: Structure, spec: ComplexSpec) -> tuple[int, ...]:
    """Atoms of ligands that are bound to the metal without being asked to, the nearest first.

    None where the atoms are not those of `spec`.

    Parameters
    ----------
    structure
        In the order of :class:`~rarebind.complexes.Layout`.
    spec
        What it should be.
    """
    layout = Layout(spec)
    if structure.symbols != layout.symbols:
        return ()
    donors = [i for part in layout.fragments for i in part.binding(structure)]
    waters = {i for atoms in layout.waters for i in atoms}
    bonded = bond_matrix(structure)
    lengths = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
    return tuple(
        i
        for i in bound_atoms(structure)
        if i not in donors
        and i not in waters
        and not bonded[i, donors].any()
        and lengths[i] <= bonding_distance(spec.metal, structure.symbols[i], UNASKED_FACTOR)
    )


def check_complex(calculation: Calculation, spec: ComplexSpec) -> CheckReport:
    """Check identity, coordination and convergence of a relaxed complex.

    Every fragment is cut out along bonds perceived from the geometry alone; each must be a water
    or have the InChIKey of the free ligand, and every donor must still touch the metal.

    Parameters
    ----------
    calculation
        A finished relaxation, its atoms in the order of :class:`~rarebind.complexes.Layout`.
    spec
        The complex it should be.
    """
    structure = calculation.structure
    if structure is None:
        return CheckReport((calculation.reason,), 0, ())
    layout = Layout(spec)
    if structure.symbols != layout.symbols:
        return CheckReport(("atoms differ from the composition asked for",), 0, ())
    reasons = []
    if not calculation.converged:
        reasons.append(
            f"forces not converged: {calculation.fmax:.3f} eV/Å after "
            f"{calculation.gradients} gradients"
        )
    reasons += _fragment_problems(structure, layout)
    donors = [i for part in layout.fragments for i in part.binding(structure)]
    distances = np.linalg.norm(structure.positions[donors] - structure.positions[0], axis=1)
    for donor, distance in zip(donors, distances, strict=True):
        symbol = structure.symbols[donor]
        if distance > bonding_distance(spec.metal, symbol):
            reasons.append(f"donor {symbol}{donor} left the metal ({distance:.2f} Å)")
    return CheckReport(
        tuple(reasons), coordination_number(structure), tuple(float(d) for d in distances)
    )


def checked(calculation: Calculation, spec: ComplexSpec) -> Calculation:
    """The calculation itself, or marked as rejected with the reasons of :func:`check_complex`."""
    if not calculation.ok:
        return calculation
    report = check_complex(calculation, spec)
    if report.accepted:
        return calculation
    return replace(calculation, status="rejected", reason="; ".join(report.reasons))


def _fragment_problems(structure: Structure, layout: Layout) -> list[str]:
    found = {tuple(int(i) for i in atoms) for atoms in fragment_atoms(structure)}
    problems = []
    ligands = len(layout.ligands)
    for number, part in enumerate(layout.fragments[:ligands], start=1):
        if tuple(part.atoms) not in found:
            problems.append(f"ligand {number} broke apart, merged or exchanged protons")
            continue
        fragment = structure.subset(part.atoms, charge=part.ligand.charge)
        identity = fragment_inchikey(fragment, part.ligand)
        if not identity.matches:
            problems.append(f"ligand {number} is no longer {part.ligand.name}: {identity.reason}")
    for number, atoms in enumerate(layout.waters, start=1):
        if tuple(atoms) not in found:
            problems.append(f"water {number} is no longer H2O")
    return problems
