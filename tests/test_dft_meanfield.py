"""Functional, solvent and grid of the PySCF engine."""

from dataclasses import replace

import pytest
from dft_systems import GAS, HYDROGEN_FLUORIDE, LABELS, QUICK, WATER, field_of

from rarebind.engines.dft.meanfield import FINAL_GRID, FUNCTIONALS, SEARCH_GRID, set_grid
from rarebind.errors import InputError


def test_b3lyp_has_the_vwn5_form():
    field = field_of(WATER, replace(GAS, basis="def2-SVP"))
    energy = field.kernel()
    assert field.converged
    # The form with VWN3, PySCF's own, from the same density: 37 mEh of water's ten electrons.
    for name, difference in (("b3lyp5", 0.0), ("b3lyp", -0.03714), ("b3lypg", -0.03714)):
        field.xc = name
        assert field.energy_tot() - energy == pytest.approx(difference, abs=1e-4)


def test_closed_shells_are_restricted():
    from pyscf import dft

    closed, opened = field_of(WATER, QUICK), field_of(HYDROGEN_FLUORIDE, QUICK)
    assert isinstance(closed, dft.rks.RKS)
    assert isinstance(opened, dft.uks.UKS)
    # Nothing is written unless a calculation keeps a checkpoint.
    assert closed.chkfile is opened.chkfile is None


def test_every_functional_is_one_of_pyscf():
    from pyscf.dft import libxc

    for name in FUNCTIONALS.values():
        assert libxc.parse_xc(name)


def test_grid():
    field = field_of(WATER, QUICK)
    sizes = []
    for grid in (FINAL_GRID, SEARCH_GRID, FINAL_GRID):
        set_grid(field, grid)
        field.grids.build()
        sizes.append(len(field.grids.weights))
    assert sizes[0] == sizes[2] > 2 * sizes[1]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"method": "PM7"}, "unknown functional 'PM7': known here are B3LYP, PBE0, PBE"),
        ({"solvent": "ALPB(water)"}, "unknown solvation model 'ALPB': known is SMD"),
        ({"solvent": "SMD(honey)"}, "SMD has no solvent 'honey': known are .*, water"),
        ({"solvent": "SMD"}, "not of the form"),
    ],
)
def test_what_is_not_known(changes, message):
    with pytest.raises(InputError, match=message):
        field_of(WATER, replace(LABELS, **changes))
