"""Turning the waters of the first coordination sphere."""

import numpy as np

from rarebind.complexes import Layout, aqua_ion, complex_spec, parent_templates
from rarebind.complexes.hopping import hop, turn_waters
from rarebind.engines import GFN2_WATER, static
from rarebind.ligands import library_ligand

SPEC = complex_spec("La", library_ligand("HOPO"), "1:6")


def test_moves_keep_the_ligand_the_bonds_and_the_distances_to_the_metal():
    start = parent_templates(SPEC)[0]
    moved = turn_waters(start, SPEC, np.random.default_rng(1))
    waters = [i for water in Layout(SPEC).waters for i in water]
    others = [i for i in range(len(start)) if i not in waters]
    assert np.array_equal(moved.positions[others], start.positions[others])
    for oxygen, *hydrogens in Layout(SPEC).waters:
        for pair in ([0, oxygen], [oxygen, hydrogens[0]], [oxygen, hydrogens[1]], hydrogens):
            before, after = (
                np.linalg.norm(np.subtract(*s.positions[pair])) for s in (start, moved)
            )
            assert np.isclose(before, after)
    assert np.abs(moved.positions - start.positions).max() > 0.5


def test_hops_are_reproducible_and_stay_intact():
    spec = aqua_ion("La", 8)
    start = parent_templates(spec)[-1]
    energy = static(start, GFN2_WATER).energy
    runs = [hop(start, energy, spec, hops=2, seed=5) for _ in range(2)]
    assert runs[0][0] == (start, energy)
    assert [e for _, e in runs[0]] == [e for _, e in runs[1]]
    assert min(e for _, e in runs[0]) <= energy


def test_without_water_there_is_nothing_to_turn():
    spec = complex_spec("La", library_ligand("CAM"), "4:0")
    start = parent_templates(spec)[0]
    assert hop(start, -1.0, spec, hops=5, seed=1) == [(start, -1.0)]
