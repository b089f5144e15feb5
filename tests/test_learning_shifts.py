"""Shifts: what elements alone say of the energies."""

import numpy as np
import pytest

from rarebind.elements import rare_earths
from rarebind.errors import InputError
from rarebind.learning import Sample, species_shifts
from rarebind.structures import Structure

#: eV; as far apart as those of total energies.
KNOWN = {"H": -13.9, "C": -1034.0, "N": -1488.0, "O": -2043.0, "S": -10830.0}
METAL = {"Y": -1040.0, "La": -860.0, "Ce": -12900.0, "Lu": -31200.0}


def sample(metal, counts, target):
    symbols = (metal, *(s for s, n in counts.items() for _ in range(n)))
    positions = np.arange(3 * len(symbols), dtype=float).reshape(-1, 3)
    return Sample(
        key=f"{metal} {counts} {target}",
        frame=0,
        structure=Structure(symbols, positions, charge=0),
        metal=metal,
        ligand="L",
        scaffold="",
        substituent="",
        geometry="4:0",
        inchikey="",
        smiles="",
        target=target,
        forces=None,
        binding_offset=0.0,
        exchange_offset=None,
    )


def synthetic(noise=0.0, metals=METAL, number=120):
    """Compositions at random with the energies of their atoms; `noise` in eV an atom."""
    random = np.random.default_rng(7)
    samples = []
    for index in range(number):
        metal = sorted(metals)[index % len(metals)]
        counts = {name: int(random.integers(1, 20)) for name in KNOWN}
        atoms = 1 + sum(counts.values())
        energy = METAL[metal] + sum(KNOWN[name] * n for name, n in counts.items())
        energy += noise * random.standard_normal(atoms).sum()
        samples.append(sample(metal, counts, energy))
    return samples


def test_known_shifts_are_found():
    shifts, scale = species_shifts(synthetic())
    assert {name: shifts[name] for name in KNOWN} == pytest.approx(KNOWN, abs=1e-3)
    assert {name: shifts[name] for name in METAL} == pytest.approx(METAL, abs=1e-2)
    assert scale == pytest.approx(1e-3, rel=0.5)


def test_the_scale_is_the_width_of_atomic_energies():
    _, scale = species_shifts(synthetic(noise=0.2, number=400))
    assert scale == pytest.approx(0.2, rel=0.1)


def test_a_metal_without_samples_has_the_mean_of_the_others():
    # One has far more samples than the other, and counts as much.
    uneven = [s for i, s in enumerate(synthetic(metals=("La", "Lu"))) if i % 2 or i % 8 == 0]
    shifts, _ = species_shifts(uneven)
    mean = (shifts["La"] + shifts["Lu"]) / 2
    for metal in set(rare_earths()) - {"La", "Lu"}:
        assert shifts[metal] == pytest.approx(mean, abs=1e-3)
    assert mean == pytest.approx((METAL["La"] + METAL["Lu"]) / 2, abs=0.1)


def test_elements_without_samples():
    shifts, _ = species_shifts(synthetic(), elements=("P", "Cl", "Eu", "C"))
    assert shifts["P"] == shifts["Cl"] == 0.0
    assert shifts["C"] == pytest.approx(KNOWN["C"], abs=1e-3)
    assert shifts["Eu"] == pytest.approx(sum(METAL.values()) / len(METAL), abs=1e-2)
    assert "P" not in species_shifts(synthetic())[0]


def test_shifts_stand_by_atomic_number():
    names = list(species_shifts(synthetic())[0])
    assert names[:5] == ["H", "C", "N", "O", "S"]
    assert names[5:] == list(rare_earths())


def test_the_order_of_the_samples_does_not_matter():
    samples = synthetic(noise=0.1)
    forward, backward = (species_shifts(found)[0] for found in (samples, samples[::-1]))
    assert forward == pytest.approx(backward, abs=1e-5)


def test_compositions_that_leave_something_open():
    """One ligand and water: only their sums are determined, and no shift runs away."""
    ligand, water = {"C": 7, "H": 8, "N": 2, "O": 4}, {"H": 2, "O": 1}
    samples = []
    for metal, energy in {"La": -49.0, "Lu": -55.0}.items():
        for n in (1, 2, 3, 4):
            counts = {k: n * v + (8 - 2 * n) * water.get(k, 0) for k, v in ligand.items()}
            samples.append(sample(metal, counts, energy - 3.0 * n))
    shifts, scale = species_shifts(samples)
    assert max(map(abs, shifts.values())) < 100
    assert scale < 2e-3
    assert shifts["Lu"] - shifts["La"] == pytest.approx(-6.0, abs=1e-3)
    for found in samples:
        total = sum(shifts[symbol] for symbol in found.structure.symbols)
        assert total == pytest.approx(found.target, abs=1e-2)


def test_a_single_sample_is_enough():
    shifts, scale = species_shifts(synthetic(number=1))
    assert np.isfinite(list(shifts.values())).all()
    assert scale == 1e-3


@pytest.mark.parametrize(
    ("samples", "options", "message"),
    [
        ([], {}, "at least one"),
        (synthetic(number=4), {"ridge": 0.0}, "above 0"),
        (synthetic(number=4), {"elements": ["Xx"]}, "Xx"),
    ],
)
def test_what_cannot_be_fitted(samples, options, message):
    with pytest.raises(InputError, match=message):
        species_shifts(samples, **options)
