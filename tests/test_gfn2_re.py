"""The refitted level: GFN2 for all but rare earths, sound bonds for each of these."""

import contextlib

import numpy as np
import pytest
from ase.build import molecule

from rarebind.campaigns.reference.building import WATER, embed
from rarebind.elements import rare_earths
from rarebind.engines import GFN2_WATER, LEVELS, relax, static
from rarebind.engines.verbs import potential_for
from rarebind.errors import CalculationError
from rarebind.structures import Structure

LEVEL = LEVELS["gfn2-re"]
#: Å, distances of a scan of three equal bonds.
SCAN = np.arange(1.6, 4.01, 0.08)
_OXYGEN_HYDROGEN = 0.96


@pytest.mark.parametrize("name", ["H2O", "CH3COOH", "C5H5N", "PH3"])
def test_without_a_rare_earth_it_is_gfn2(name):
    structure = Structure.from_ase(molecule(name))
    ours, theirs = (static(structure, level) for level in (LEVEL, GFN2_WATER))
    assert ours.energy == pytest.approx(theirs.energy, abs=1e-8)
    assert np.allclose(ours.forces, theirs.forces, atol=1e-7)


def _trigonal(metal, ligand, distance):
    """M(OH)3 or a trihalide, planar but for the hydrogens."""
    angles = np.radians([0, 120, 240])
    out = np.stack([np.cos(angles), np.sin(angles), 0 * angles], axis=1)
    tilted = 0.6 * out + [0, 0, 0.8]
    symbols, positions = [metal], [np.zeros(3)]
    for direction, bent in zip(out, tilted, strict=True):
        symbols += list(ligand)
        positions.append(distance * direction)
        if len(ligand) > 1:
            positions.append(distance * direction + _OXYGEN_HYDROGEN * bent)
    return Structure(tuple(symbols), np.array(positions), 0)


def _marks(metal):
    return [] if metal in {"Y", "La", "Gd", "Lu"} else [pytest.mark.slow]


@pytest.mark.parametrize(
    ("metal", "ligand"),
    [
        pytest.param(
            metal,
            ("O", "H") if ligand == "OH" else (ligand,),
            id=f"{metal}-{ligand}",
            marks=_marks(metal),
        )
        for metal in rare_earths()
        for ligand in ("F", "Cl", "OH")
    ],
)
def test_a_bond_has_one_length(metal, ligand):
    """From 1.6 to 4 Å the energy falls to one minimum and rises from there."""
    potential = potential_for(_trigonal(metal, ligand, SCAN[-1]), LEVEL)
    energies = []
    for distance in SCAN[::-1]:
        # Far apart, ions and atoms compete, and the SCF may not settle.
        with contextlib.suppress(CalculationError):
            energies.append(potential(_trigonal(metal, ligand, distance).positions)[0])
    assert len(energies) > 0.9 * len(SCAN)
    falling = np.diff(energies) < 0
    turn = int(np.argmin(energies))
    assert 0 < turn < len(energies) - 1
    assert falling[:turn].all()
    assert not falling[turn:].any()


@pytest.mark.slow
@pytest.mark.parametrize("number", [6, 7, 8, 9, 10])
@pytest.mark.parametrize("metal", rare_earths())
def test_aqua_ions_keep_their_waters(metal, number):
    start = relax(embed("La", [WATER] * number, 5), GFN2_WATER).structure
    start = Structure((metal, *start.symbols[1:]), start.positions, start.charge)
    found = relax(start, LEVEL)
    assert found.ok, found.reason
    distances = np.linalg.norm(found.structure.positions - found.structure.positions[0], axis=1)
    oxygen = np.array(found.structure.symbols) == "O"
    assert distances[oxygen].min() > 1.95
    hydrogen = np.array(found.structure.symbols) == "H"
    assert distances[hydrogen].min() > 2.4
