"""GFN2 against the reference data: the force on a whole ligand along its bonds, and exchange.

    python benchmarks/reference_forces.py data-reference

For every geometry of a complex, the force on each ligand along the line from the metal to the
middle of its donors, eV/Å, positive outwards, by the reference and by GFN2-xTB/ALPB at the same
positions; means by kind of ligand, metal and geometry, waters of all complexes together.  Then the
energy of [M(H2O)8]3+ + ligands → complex + waters at geometry ``out`` of both, kcal/mol.
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from rarebind.campaigns.reference.building import WATER, atom_ranges, read_ligand
from rarebind.campaigns.reference.shards import Reference, read_references
from rarebind.engines import GFN2_WATER, Calculation, static
from rarebind.units import KCAL_PER_EV


def radial(reference: Reference, forces: NDArray[np.float64]) -> Iterator[tuple[str, float]]:
    """SMILES of each ligand and the force on it."""
    positions = reference.structure.positions
    for smiles, atoms in zip(
        reference.fragments, atom_ranges(list(reference.fragments)), strict=True
    ):
        donors = [atoms.start + donor for donor in read_ligand(smiles)[1]]
        outwards = positions[donors].mean(axis=0) - positions[0]
        pull = forces[list(atoms)].sum(axis=0) @ outwards / np.linalg.norm(outwards)
        yield smiles, float(pull)


def forces_table(pairs: Sequence[tuple[Reference, Calculation]]) -> Table:
    groups: dict[tuple[str, str, str], list[tuple[float, float]]] = defaultdict(list)
    for reference, ours in pairs:
        if reference.metal is None or ours.forces is None:
            continue
        for (smiles, theirs), (_, own) in zip(
            radial(reference, reference.forces), radial(reference, ours.forces), strict=True
        ):
            kind = "water" if smiles == WATER else reference.donors
            groups[kind, reference.metal, reference.geometry].append((theirs, own))
    table = Table("ligand", "metal", "geometry", title="force on a ligand, eV/Å")
    for heading in ("ligands", "reference", "GFN2", "rms difference"):
        table.add_column(heading, justify="right")
    for key, values in sorted(groups.items()):
        theirs, own = np.array(values).T
        table.add_row(
            *key, str(len(values)), f"{theirs.mean():.2f}", f"{own.mean():.2f}",
            f"{np.sqrt(np.mean((own - theirs) ** 2)):.2f}",
        )  # fmt: skip
    return table


def exchange_table(pairs: Sequence[tuple[Reference, Calculation]]) -> Table:
    energies = {
        (one.metal, one.system, one.geometry): np.array([one.energy, ours.energy])
        for one, ours in pairs
    }
    table = Table("complex", "metal", title="exchange from [M(H2O)8]3+, kcal/mol")
    for heading in ("reference", "GFN2"):
        table.add_column(heading, justify="right")
    water = energies.get((None, WATER, "minimum"))
    for one, _ in pairs:
        aqua = energies.get((one.metal, "aqua-8", "out"))
        free = [energies.get((None, smiles, "minimum")) for smiles in one.fragments]
        if one.geometry != "out" or aqua is None or water is None or any(e is None for e in free):
            continue
        ligands = [
            e
            for e, smiles in zip(free, one.fragments, strict=True)
            if e is not None and smiles != WATER
        ]
        waters = 8 - one.fragments.count(WATER)
        value = energies[one.metal, one.system, "out"] + waters * water - aqua
        value = value - np.sum(ligands, axis=0)
        table.add_row(one.system, one.metal, *(f"{part * KCAL_PER_EV:.1f}" for part in value))
    return table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("folder")
    references = list(read_references(parser.parse_args().folder))
    pairs = [(one, static(one.structure, GFN2_WATER)) for one in references]
    console = Console(width=110)
    console.print(forces_table(pairs))
    console.print(exchange_table(pairs))


if __name__ == "__main__":
    main()
