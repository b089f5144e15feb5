"""Whether a rare-earth atom alone is the M3+ ion: neutral atoms, and other charges, are none.

By the charge that a frame says; else by its energy.  The first three ionisation energies are 36 to
44 eV, of which water gives 32 eV back to M3+: an atom lies 4 eV or more below its ion, also in
water, and would win as the lowest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache

from rarebind.datasets.magnitudes import DFT, method_family, sum_of_atoms
from rarebind.engines import LevelOfTheory
from rarebind.errors import CalculationError
from rarebind.io.files import bundled_rows

#: eV that SMD's water lowers M3+ by: Born's energy with its radius of 2 Å for all rare earths.
_BORN = -32.0
#: eV by which ions of one metal in a file differ at most: more than wrong 4f occupations differ
#: (2.6 eV), less than atom and ion (3.9 eV for La in water).
_SPREAD = 3.2
_ADVICE = "say the charge of each frame of it, as charge=3"


def check_is_ion(metal: str, energy: float, level: LevelOfTheory, *, said_isolated: bool) -> None:
    """Whether a metal alone, whose charge its frame does not say, can be M3+.

    Parameters
    ----------
    energy
        eV.
    said_isolated
        Whether the frame is said to be an atom alone, which is neutral by convention.

    Raises
    ------
    CalculationError
        It is the neutral atom.
    """
    if said_isolated:
        raise CalculationError(
            f"config_type=IsolatedAtom is the neutral {metal} atom, not {metal}3+: if it is the "
            "ion, say charge=3"
        )
    if method_family(level) != DFT:
        # GFN2-xTB has ions above zero, as core electrons are none of its own, and atoms below.
        is_atom = energy < 0
    else:
        expected = _expected(metal, level)
        is_atom = expected is not None and _nearest(energy, expected) == "atom"
    if is_atom:
        raise CalculationError(
            f"by its energy it is the neutral {metal} atom, not {metal}3+: if it is the ion, say "
            "charge=3"
        )


def other_charges(
    energies: Sequence[float], is_said: Sequence[bool], metal: str
) -> Mapping[int, str]:
    """Which of several frames of one metal alone are not M3+, and why, by their places.

    Parameters
    ----------
    energies
        eV.
    is_said
        Whether the frame says that it is M3+.
    """
    said = [energy for energy, sure in zip(energies, is_said, strict=True) if sure]
    # Each electron that is added lowers the energy, also in water.
    reference = min(said) if said else max(energies)
    return {
        place: f"{metal} alone lies {energy - reference:+.1f} eV from {metal}3+ in the same file: "
        f"it has another charge, or {metal}3+ is not the one; {_ADVICE}"
        for place, (energy, sure) in enumerate(zip(energies, is_said, strict=True))
        if not sure and abs(energy - reference) > _SPREAD
    }


def _expected(metal: str, level: LevelOfTheory) -> dict[str, float] | None:
    """Energies of ion and atom in eV; None where the ion's is not known.

    Functionals differ by some eV in the energy of an atom, which only matters in a solvent.
    """
    in_water = level.solvent == "SMD(water)" and level.method == "B3LYP"
    if level.solvent and not in_water:
        return None
    ion = sum_of_atoms([metal], DFT)
    return {"ion": ion + (_BORN if in_water else 0.0), "atom": ion - _ionisation()[metal]}


def _nearest(energy: float, expected: Mapping[str, float]) -> str:
    return min(expected, key=lambda name: abs(expected[name] - energy))


@cache
def _ionisation() -> dict[str, float]:
    """Energy from the atom to M3+ in the gas phase, eV."""
    return {row["symbol"]: float(row["to_m3_ev"]) for row in bundled_rows("ionisation.csv")}
