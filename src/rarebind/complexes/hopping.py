"""Basin hopping over the places and orientations of bound waters.

The first coordination sphere of an aqua complex has many minima that differ by some kcal/mol in
its hydrogen bonds and in where the waters sit; a builder finds one of them by chance.
"""

from __future__ import annotations

import numpy as np
from scipy.spatial.transform import Rotation

from rarebind.complexes.checks import check_complex
from rarebind.complexes.layout import Layout
from rarebind.complexes.spec import ComplexSpec
from rarebind.engines import GFN2_WATER, LevelOfTheory, relax
from rarebind.structures import Structure

#: Standard deviation, in radians about each axis, of a water's way around the metal.
WANDER = 0.25


def turn_waters(structure: Structure, spec: ComplexSpec, rng: np.random.Generator) -> Structure:
    """Move every bound water about the metal a little, and turn it about its M–O axis at random.

    Metal–oxygen distances and the waters themselves stay as they are.
    """
    positions = np.array(structure.positions)
    centre = positions[0].copy()
    for water in Layout(spec).waters:
        index = list(water)
        wander = Rotation.from_rotvec(rng.normal(scale=WANDER, size=3))
        positions[index] = centre + wander.apply(positions[index] - centre)
        oxygen = positions[index[0]]
        axis = (oxygen - centre) / np.linalg.norm(oxygen - centre)
        turn = Rotation.from_rotvec(axis * rng.uniform(0.0, 2.0 * np.pi))
        positions[index] = oxygen + turn.apply(positions[index] - oxygen)
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
