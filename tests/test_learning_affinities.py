"""Proton affinities of donors."""

import numpy as np
import pytest

from rarebind.engines import GFN2_WATER, relax
from rarebind.errors import InputError
from rarebind.learning.data.atom_descriptors import proton_affinities
from rarebind.ligands import conformers, library_ligand, parse_ligand
from rarebind.structures import Structure


def relaxed(ligand):
    found = relax(conformers(ligand, 1, 7)[0], GFN2_WATER)
    assert found.structure is not None
    return found.structure


def affinities(ligand):
    structure = relaxed(ligand)
    found = proton_affinities(structure, ligand.donors)
    assert set(np.flatnonzero(~np.isnan(found))) == set(ligand.donors)
    return found[list(ligand.donors)]


def test_a_stronger_base_holds_its_proton_more_firmly():
    """Acetate (pKa of its acid 4.8), trifluoroacetate (0.5) and phenolate (10)."""
    weak, middle, strong = (
        affinities(parse_ligand(smiles)).max()
        for smiles in ("[O-]C(=O)C(F)(F)F", "[O-]C(=O)C", "[O-:1]c1ccccc1")
    )
    assert weak < middle < strong


def test_substituents_reach_the_donors():
    """An electron-withdrawing group across the ring makes the donors weaker bases."""
    methyl, cyano = (
        affinities(library_ligand("HOPO", name)).mean() for name in ("methyl", "cyano")
    )
    assert cyano < methyl - 0.1


def test_affinities_do_not_depend_on_place_and_order():
    ligand = library_ligand("HOPO", "fluoro")
    structure = relaxed(ligand)
    first = proton_affinities(structure, ligand.donors)
    order = np.random.default_rng(2).permutation(len(structure))
    turned = structure.positions[order][:, [1, 2, 0]] + 3.0
    moved = Structure(tuple(structure.symbols[i] for i in order), turned, structure.charge)
    places = np.argsort(order)
    second = proton_affinities(moved, [int(places[d]) for d in ligand.donors])
    # GFN2-xTB's solvation model is not quite invariant under rotation.
    assert second[places] == pytest.approx(first, abs=0.02, nan_ok=True)


@pytest.mark.parametrize(
    ("symbols", "positions", "charge"),
    [
        (("F",), [[0, 0, 0]], -1),
        (("O", "H"), [[0, 0, 0], [0, 0, 0.97]], -1),
        (("N", "H", "H", "H"), [[0, 0, 0.1], [0.94, 0, -0.27], [-0.47, 0.81, -0.27],
                                [-0.47, -0.81, -0.27]], 0),
        (("O", "C", "O"), [[0, 0, 1.16], [0, 0, 0], [0, 0, -1.16]], 0),
    ],
)  # fmt: skip
def test_donors_of_any_surroundings(symbols, positions, charge):
    found = proton_affinities(Structure(symbols, np.array(positions, float), charge), [0])
    assert found[0] > 0
    assert np.isnan(found[1:]).all()


def test_a_donor_is_an_atom():
    with pytest.raises(InputError, match="donor 3: the ligand has atoms 0 to 0"):
        proton_affinities(Structure(("F",), np.zeros((1, 3)), -1), [3])
