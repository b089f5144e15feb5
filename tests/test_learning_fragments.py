"""Free ligands and what complexes are made of."""

import numpy as np
import pytest
from learning_data import LEVEL, binding_samples, write_dataset

from rarebind.engines import GFN2_WATER
from rarebind.engines.tblite import TBLitePotential, partial_charges
from rarebind.errors import CalculationError, InputError
from rarebind.learning.data.fragments import FreeLigand, fragments_of, free_ligands
from rarebind.structures import Structure

WATER = Structure(("O", "H", "H"), [[0, 0, 0], [0.96, 0, 0], [-0.24, 0.93, 0]], 0)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return write_dataset(tmp_path_factory.mktemp("fragments"), 12)


def test_charges_add_up_and_know_their_signs():
    charges = partial_charges(WATER)
    assert charges.sum() == pytest.approx(0, abs=1e-8)
    assert charges[0] < -0.5 < 0 < charges[1]
    assert charges[1] == pytest.approx(charges[2], abs=0.02)


def test_charges_are_those_of_a_calculation():
    potential = TBLitePotential(WATER, GFN2_WATER)
    with pytest.raises(CalculationError, match="of a calculation"):
        _ = potential.charges


def test_free_ligands_stand_in_the_order_of_the_complex(dataset):
    samples = binding_samples(dataset)
    ligands = free_ligands(dataset, "gfn2-xtb", {s.inchikey for s in samples})
    assert set(ligands) == {s.inchikey for s in samples}
    for sample in samples:
        (bound,), waters = fragments_of(sample)
        free = ligands[sample.inchikey]
        assert tuple(sample.structure.symbols[i] for i in bound) == free.structure.symbols
        assert np.isnan(free.descriptor).all()
        assert [sample.structure.symbols[w[0]] for w in waters] == ["O"] * 6


def test_what_is_missing_is_named(dataset):
    with pytest.raises(InputError, match=r"lacks 1 free ligands at GFN2.*\(NO-SUCH-KEY\)"):
        free_ligands(dataset, LEVEL, {"NO-SUCH-KEY"})
    with pytest.raises(InputError, match=r"unknown descriptor.*known are charges, proton"):
        free_ligands(dataset, LEVEL, descriptor="colour")


def test_atoms_are_described(dataset):
    keys = [r.ligand.inchikey for r in dataset.records() if r.kind == "ligand"][:2]
    charged = free_ligands(dataset, LEVEL, keys, "charges")
    held = free_ligands(dataset, LEVEL, keys, "proton-affinities")
    for key in keys:
        assert charged[key].descriptor.sum() == pytest.approx(charged[key].structure.charge)
        described = ~np.isnan(held[key].descriptor)
        assert {held[key].structure.symbols[i] for i in np.flatnonzero(described)} <= {"O", "S"}
        assert described.sum() == 2


def test_a_descriptor_fits_the_structure():
    with pytest.raises(InputError, match=r"shape \(3,\)"):
        FreeLigand(WATER, np.zeros(2))
    with pytest.raises(ValueError, match="read-only"):
        FreeLigand(WATER, np.zeros(3)).descriptor[0] = 1
