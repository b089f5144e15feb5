"""Equilibria of complexes, against closed forms, exact arithmetic and the mass balances."""

import math
from decimal import Decimal, localcontext

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_screening_selectivity import NO_ESTIMATES, estimates_of, made, published

from rarebind.errors import InputError
from rarebind.screening.estimates import thermal_energy
from rarebind.screening.speciation import (
    AQUA,
    RATIOS,
    WATER,
    Speciation,
    known_energies,
    speciate,
)
from rarebind.units import KCAL_PER_EV

KT = thermal_energy(298.15)
_totals = st.floats(-9, 1).map(lambda power: 10**power)
_energies = st.dictionaries(
    st.sampled_from(["4:0", "3:2", "2:4", "1:6", "1:7", "6:3"]), st.floats(-8, 3), min_size=1
)


def energy_for(constant, released):
    """Exchange energy in eV whose [ML_n]/([aqua] [L]^n) is `constant`, in powers of mol/L."""
    return -KT * (math.log(constant) + released * math.log(WATER))


def curve_of(energies, metal_total=1e-3, ratios=RATIOS, **options):
    return speciate(energies, metal_total, np.array(ratios) * metal_total, **options)


def assert_balanced(found):
    """Fractions add up to 1, and ligand is free or bound."""
    assert sum(found.fractions.values()) == pytest.approx(1, rel=1e-12)
    assert all(((share >= 0) & (share <= 1)).all() for share in found.fractions.values())
    total = found.free_ligand + found.metal_total * found.mean_ligands
    assert total == pytest.approx(found.ligand_total, rel=1e-9, abs=0)


@settings(deadline=None)
@given(_energies, _totals, _totals, st.sampled_from([8, 9]))
def test_masses_balance_and_each_constant_holds(energies, metal, ligand, waters):
    found = speciate(energies, metal, ligand, aqua_waters=waters)
    assert_balanced(found)
    assert list(found.fractions) == [AQUA, *energies]
    shares = {name: share for name, share in found.fractions.items() if share > 1e-290}
    for name, other in zip(list(shares), list(shares)[1:], strict=False):
        # ln of the ratio of two species, from the constants of both.
        logs = []
        for species in (name, other):
            n, w = (0, waters) if species == AQUA else map(int, species.split(":"))
            free = n * found.log10_free_ligand * math.log(10)
            logs.append(-energies.get(species, 0) / KT + free - (waters - w) * math.log(WATER))
        assert math.log(shares[name] / shares[other]) == pytest.approx(
            logs[0] - logs[1], rel=1e-9, abs=1e-8
        )


@settings(deadline=None)
@given(st.floats(-3, 80), _totals, _totals)
def test_one_to_one_is_the_quadratic_formula(power, metal, ligand):
    constant = 10.0**power
    found = speciate({"1:6": energy_for(constant, 2)}, metal, ligand, aqua_waters=8)
    # x² − (M + L + 1/K) x + M L = 0, in more digits than the square root takes away.
    with localcontext() as context:
        context.prec = 250
        m, li, k = Decimal(metal), Decimal(ligand), Decimal(constant)
        half = (m + li + 1 / k) / 2
        bound = half - (half * half - m * li).sqrt()
        expected, aqua, free = (float(v) for v in (bound / m, 1 - bound / m, li - bound))
    assert found.fractions["1:6"] == pytest.approx(expected, rel=1e-9)
    # Down to the last free ion, as long as the totals themselves differ by more than rounding.
    if constant < 1e12 or abs(metal / ligand - 1) > 1e-3:
        assert found.fractions[AQUA] == pytest.approx(aqua, rel=1e-9)
        assert found.free_ligand == pytest.approx(free, rel=1e-9)


@pytest.mark.parametrize("power", [6, 20, 40, 80])
def test_equal_amounts_leave_the_square_root_free(power):
    # M = L: free L equals free M, and x/l² = K, whatever digits L − x would have lost.
    found = speciate({"1:6": energy_for(10.0**power, 2)}, 0.01, 0.01, aqua_waters=8)
    free = (math.sqrt(1 + 4 * 10.0**power * 0.01) - 1) / (2 * 10.0**power)
    assert found.free_ligand == pytest.approx(free, rel=1e-8)
    assert found.fractions[AQUA] * 0.01 == pytest.approx(free, rel=1e-8)


@pytest.mark.parametrize("ratio", [0.3, 1.0, 2.0, 2.5, 4.0, 9.0])
@pytest.mark.parametrize("scale", [1.0, 10.0, 60.0])
def test_all_geometries_agree_with_exact_arithmetic(ratio, scale):
    energies = {"1:6": -0.2 * scale, "2:4": -0.5 * scale, "3:2": -0.6 * scale, "4:0": -0.65 * scale}
    metal = 1 / 1024
    found = speciate(energies, metal, ratio * metal, aqua_waters=9)
    shares, free = _exact(energies, metal, ratio * metal, 9)
    assert found.log10_free_ligand == pytest.approx(float(free.log10()), rel=1e-10)
    for name, share in shares.items():
        assert found.fractions[name] == pytest.approx(float(share), rel=1e-8, abs=1e-300)
    assert_balanced(found)


def _exact(energies, metal, ligand, waters):
    """By bisection with 400 digits on the mass balance as it is written."""
    with localcontext() as context:
        context.prec = 400
        beta = {AQUA: (0, Decimal(1))} | {
            name: (
                int(name[0]),
                (Decimal(-energy) / Decimal(KT)).exp() / Decimal(WATER) ** (waters - int(name[2])),
            )
            for name, energy in energies.items()
        }
        metal, ligand = Decimal(metal), Decimal(ligand)

        def weights(free):
            return {name: (n, b * free**n) for name, (n, b) in beta.items()}

        def left(free):
            found = weights(free).values()
            bound = sum(n * x for n, x in found) / sum(x for _, x in found)
            return ligand - free - metal * bound

        low, high = Decimal("1e-300"), ligand
        for _ in range(90):
            middle = (low * high).sqrt()
            low, high = (middle, high) if left(middle) > 0 else (low, middle)
        found = weights(low)
        total = sum(x for _, x in found.values())
        return {name: x / total for name, (_, x) in found.items()}, low


def test_without_ligand_all_is_aqua():
    found = speciate({"4:0": -3.0, "1:6": -1.0}, 0.01, 0, aqua_waters=8)
    assert found.fractions == {AQUA: 1, "4:0": 0, "1:6": 0}
    assert (found.free_ligand, found.log10_free_ligand, found.mean_ligands) == (0, -math.inf, 0)


def test_strong_binding_with_excess_fills_the_sphere():
    energies = {"1:6": -1.0, "2:4": -2.0, "3:2": -3.0, "4:0": -4.0}
    found = speciate(energies, 1e-3, 1e-2, aqua_waters=8)
    assert found.fractions["4:0"] == pytest.approx(1, abs=1e-8)
    assert found.free_ligand == pytest.approx(1e-2 - 4e-3)
    assert found.mean_ligands == pytest.approx(4)


def test_the_fullest_sphere_wins_only_where_its_energy_pays():
    # A fourth ligand costs more than it brings at this concentration.
    energies = {"3:2": -3.0, "4:0": -3.0}
    found = speciate(energies, 1e-3, 1e-2, aqua_waters=8)
    assert found.fractions["3:2"] == pytest.approx(1, abs=1e-3)


def test_scarce_ligand_is_shared_as_the_constants_say():
    # 2 ML2W4 ⇌ ML1 + ML3 has the constant 1, the waters cancel: all three are there.
    energies = {"1:6": -2.0, "2:4": -4.0, "3:2": -6.0}
    found = speciate(energies, 1e-3, 2e-3, aqua_waters=8)
    one, two, three = (found.fractions[name] for name in energies)
    assert one * three / two**2 == pytest.approx(1)
    # No ligand is free, so the excess of ML3 over ML1 is twice the aqua ion.
    assert three - one == pytest.approx(2 * found.fractions[AQUA], abs=1e-9)


def test_weak_binding_leaves_all_aqua():
    found = speciate({"1:6": 60.0, "4:0": 60.0}, 1e-3, 1.0, aqua_waters=8)
    assert found.fractions[AQUA] == pytest.approx(1)
    assert found.free_ligand == pytest.approx(1.0)
    assert_balanced(found)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 3.0, 4.0, 8.0])
@pytest.mark.parametrize("energy", [-2000.0, -100.0, 100.0, 2000.0])
def test_energies_far_beyond_doubles_still_balance(ratio, energy):
    energies = {"1:6": energy, "4:0": 3 * energy / 4, "3:2": energy / 2}
    assert_balanced(speciate(energies, 1e-3, ratio * 1e-3, aqua_waters=9))


@pytest.mark.parametrize("waters", [8, 9])
def test_the_water_released_counts(waters):
    # K = 1: [ML]/[aqua] = [L]/[H2O]^released.
    found = speciate({"1:6": 0.0}, 1e-3, 0.5, aqua_waters=waters)
    ratio = found.fractions["1:6"] / found.fractions[AQUA]
    assert ratio == pytest.approx(found.free_ligand / 55.34 ** (waters - 6))


@settings(deadline=None, max_examples=30)
@given(_energies, _totals, st.lists(st.floats(0, 20), min_size=1, max_size=12).map(sorted))
def test_more_ligand_binds_more(energies, metal, ratios):
    curve = curve_of(energies, metal, ratios, aqua_waters=9)
    assert (np.diff(curve.mean_ligands) >= -1e-9).all()
    assert (np.diff(curve.fractions[AQUA]) <= 1e-9).all()
    some = curve.log10_free_ligand[curve.ligand_total > 0]
    assert (np.diff(some) >= -1e-9).all()
    assert_balanced(curve)


def test_a_stronger_complex_is_there_more():
    shares = [
        speciate({"1:6": energy, "2:4": -0.9}, 1e-3, 2e-3, aqua_waters=8).fractions["1:6"]
        for energy in np.linspace(-1.5, 0, 9)
    ]
    assert shares == sorted(shares, reverse=True)
    assert shares[0] > 10 * shares[-1]


def test_a_curve_of_published_energies():
    estimates = estimates_of(published())
    energies, _ = known_energies(estimates, "HOPO-methyl", "Nd")
    assert {name: round(value * KCAL_PER_EV, 3) for name, value in energies.items()} == {
        row.geometry: row.exchange_kcal_mol
        for row in published()
        if (row.ligand, row.metal) == ("HOPO-methyl", "Nd")
    }
    data = curve_of(energies, aqua_waters=9).data()
    assert data["ratio"] == pytest.approx(RATIOS)
    assert data["ratio"][0] == 0
    assert list(data["fractions"]) == [AQUA, *energies]
    assert data["fractions"][AQUA][0] == 1
    assert all(len(shares) == len(RATIOS) for shares in data["fractions"].values())
    # The last two ligands bring most, so that the others hardly appear: K l⁴ = x/(1 − x).
    x = data["fractions"]["4:0"][RATIOS.index(2)]
    constant = math.exp(-energies["4:0"] / KT) / WATER**9
    assert constant * (2e-3 - 4e-3 * x) ** 4 == pytest.approx(x / (1 - x), rel=1e-3)
    assert data["fractions"]["4:0"][-1] == pytest.approx(1, abs=1e-3)


def test_cold_separates_more():
    energies = {"1:6": -0.1, "2:4": -0.4}
    cold, warm = (
        speciate(energies, 1e-3, 5e-3, temperature, aqua_waters=8).mean_ligands
        for temperature in (100.0, 1000.0)
    )
    assert cold > warm


def test_unknown_energies_are_left_out_by_name():
    estimates = made([math.nan, -1.0], [0.0, 0.0])
    assert known_energies(estimates, "A", "Nd") == ({}, None)
    assert known_energies(estimates, "B", "Nd") == ({"1:6": -1.0}, None)
    with pytest.raises(InputError, match="no estimates of A with Lu: A with Nd, B with Nd"):
        known_energies(estimates, "A", "Lu")
    with pytest.raises(InputError, match="Z with Nd: none"):
        known_energies(NO_ESTIMATES, "Z", "Nd")


RIGHT = {"energies": {"1:6": -1.0}, "metal_total": 1e-3, "ligand_total": 1e-3, "aqua_waters": 8}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"energies": {}}, "no energies"),
        ({"energies": {"1:6": math.nan, "0:8": 1.0}}, "1:6 is nan(.|\n)*'0:8'"),
        ({"energies": {"1:6": -math.inf}}, "-inf"),
        ({"energies": {"1:6": -50_000.0}}, "not total ones"),
        ({"metal_total": 0.0}, "total metal"),
        ({"metal_total": math.nan}, "total metal"),
        ({"ligand_total": -1e-9}, "total ligand"),
        ({"ligand_total": math.inf}, "total ligand"),
        ({"metal_total": 1e-300, "ligand_total": 1e300}, "too unlike"),
        ({"temperature": 0.0}, "temperature"),
        ({"aqua_waters": 0}, "1 to 12 waters"),
        ({"water": 0.0}, "concentration of water"),
    ],
)
def test_impossible_equilibria_are_refused(wrong, message):
    assert_balanced(speciate(**RIGHT))
    with pytest.raises(InputError, match=message):
        speciate(**(RIGHT | wrong))


@pytest.mark.parametrize("ratios", [[], [-0.1], [math.nan], [1, math.inf]])
def test_impossible_ratios_are_refused(ratios):
    with pytest.raises(InputError, match="total ligand"):
        curve_of({"1:6": -1.0}, ratios=ratios, aqua_waters=8)


def test_amounts_may_have_any_shape():
    found = speciate({"1:6": -1.0}, 1e-3, [[0, 1e-3, 2e-3], [1e-3, 0, 4e-3]], aqua_waters=8)
    assert found.fractions[AQUA].shape == found.free_ligand.shape == (2, 3)
    assert found.fractions[AQUA][0, 1] == found.fractions[AQUA][1, 0]
    assert (found.fractions[AQUA] == 1).sum() == 2
    assert_balanced(found)


def test_fractions_cannot_be_written_to():
    found = speciate(**RIGHT)
    assert isinstance(found, Speciation)
    with pytest.raises(TypeError):
        found.fractions[AQUA] = 0


def with_bands(spread):
    return curve_of({"1:6": -1.0, "2:4": -1.9}, spread=spread, aqua_waters=9)


def test_bands_are_the_intervals_of_the_shares():
    """One complex that little ligand is bound in: its share follows ln K, by hand."""
    sigma = 0.02
    energies = {"1:6": energy_for(1.0, 2)}
    curve = curve_of(energies, ratios=[0, 1, 4], spread=[[sigma]], aqua_waters=8)
    assert [ends[0] for ends in curve.bands[AQUA]] == [1, 1]
    assert [ends[0] for ends in curve.bands["1:6"]] == [0, 0]
    middle = curve.fractions["1:6"]
    for at in (1, 2):
        low, high = (math.log(ends[at]) for ends in curve.bands["1:6"])
        width = 1.645 * sigma / KT
        assert low == pytest.approx(math.log(middle[at]) - width, abs=0.35 * width)
        assert high == pytest.approx(math.log(middle[at]) + width, abs=0.35 * width)


def test_bands_hold_their_curve_and_lie_between_none_and_all():
    curve = with_bands([[0.1, 0.0], [0.05, 0.1]])
    assert list(curve.bands) == list(curve.fractions)
    for name, shares in curve.fractions.items():
        low, high = curve.bands[name]
        assert ((low >= 0) & (low <= shares) & (shares <= high) & (high <= 1)).all()
    low, high = with_bands([[0.2, 0.0], [0.1, 0.2]]).bands["1:6"]
    assert (high - low).sum() > (curve.bands["1:6"][1] - curve.bands["1:6"][0]).sum()
    data = curve.data()["bands"]
    assert data["1:6"][0] == pytest.approx(curve.bands["1:6"][0], abs=1e-4)


def test_bands_do_not_depend_on_how_the_law_is_written():
    """Only products of rows matter; many causes are reduced to few."""
    few = np.array([[0.1, 0.0], [0.05, 0.1]])
    turned = few @ np.linalg.qr(np.random.default_rng(0).normal(size=(7, 7)))[0][:2]
    one, other = with_bands(few).bands["1:6"], with_bands(turned).bands["1:6"]
    assert one[0] == pytest.approx(other[0], abs=0.12)
    assert (with_bands(few).bands["1:6"][0] == one[0]).all()


def test_energies_without_intervals_have_no_bands():
    assert curve_of({"1:6": -1.0}, aqua_waters=9).data()["bands"] is None
    estimates = made([-1.0], [-0.9], np.array([[0.1], [0.0]]))
    assert known_energies(estimates, "A", "Nd")[1] is not None
    assert known_energies(estimates, "A", "Dy")[1] is None
