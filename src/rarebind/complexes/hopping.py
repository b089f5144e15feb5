"""Basin hopping over the orientations of bound waters.

The first coordination sphere of an aqua complex has many minima that differ in its hydrogen bonds
alone, by some kcal/mol; a builder finds one of them by chance.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from rarebind.complexes.checks import check_complex
from rarebind.complexes.layout import Layout
from rarebind.complexes.spec import ComplexSpec
from rarebind.engines import GFN2_WATER, LevelOfTheory, relax
from rarebind.structures import Structure


def turn_waters(structure: Structure, spec: ComplexSpec, rng: np.random.Generator) -> Structure:
    """Turn every bound water about its metal–oxygen axis by a random angle."""
    positions = np.array(structure.positions)
    for water in Layout(spec).waters:
        oxygen, hydrogens = water[0], list(water)[1:]
        axis = positions[oxygen] - positions[0]
        turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * rng.uniform(0.0, 2.0 * np.pi))
        arms = positions[hydrogens] - positions[oxygen]
        positions[hydrogens] = positions[oxygen] + turn.apply(arms)
    return structure.with_positions(positions)


def hop(
    start: Structure,
    energy: float,
    spec: ComplexSpec,
    *,
    hops: int,
    seed: int,
    level: LevelOfTheory = GFN2_WATER,
) -> list[tuple[Structure, float]]:
    """Turn the waters, relax, go on from the lowest minimum found so far.

    Parameters
    ----------
    start, energy
        A relaxed complex and its energy in eV.
    hops
        Relaxations to spend; none where there is no water.
    seed
        Of the random angles.

    Returns
    -------
    list
        All intact minima met (structure, energy in eV), `start` first.
    """
    rng = np.random.default_rng(seed)
    found = [(start, energy)]
    for _ in range(hops if spec.waters else 0):
        lowest, _ = min(found, key=lambda pair: pair[1])
        calculation = relax(turn_waters(lowest, spec, rng), level)
        if not calculation.ok:
            continue
        report = check_complex(calculation, spec)
        if report.accepted and report.coordination_number == spec.coordination_number:
            assert calculation.structure is not None
            assert calculation.energy is not None
            found.append((calculation.structure, calculation.energy))
    return found
