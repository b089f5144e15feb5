"""Stability constants of a screen, computed."""

import math

import pytest
from ase.units import kB
from made_screen import made_ligands, made_screen

from rarebind.campaigns import Store
from rarebind.errors import InputError
from rarebind.screening import Watch
from rarebind.screening.api import run
from rarebind.screening.stability import compute_stability


@pytest.mark.slow
def test_of_chloride(tmp_path):
    path = tmp_path / "store.sqlite"
    found = run("[Cl-]", ["La"], ["1:7"], store=path, engine="tblite", level="gfn2-xtb", workers=1)
    with Store(path) as store:
        (one,) = compute_stability(found, store, workers=1)
        seen = []
        again = compute_stability(
            found, store, temperature=350, workers=1, watch=Watch(on_done=seen.append)
        )
    assert one.reason == ""
    # One water leaves for one chloride: entropies nearly cancel.
    assert one.waters_set_free in {1, 2}
    assert one.energy == pytest.approx(one.entry.exchange, abs=5e-3)
    assert abs(one.free_energy - one.energy) < 0.6
    assert one.log_k == pytest.approx(-one.free_energy / (kB * 298.15 * math.log(10)))
    assert all(ended.stored for ended in seen)
    assert again[0].energy == one.energy
    assert again[0].free_energy != one.free_energy


def test_impossible_temperature(tmp_path):
    found = made_screen(made_ligands(1), ["La"])
    with Store(tmp_path / "store.sqlite") as store, pytest.raises(InputError, match="temperature"):
        compute_stability(found, store, temperature=-1)
