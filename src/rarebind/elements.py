"""The rare earths: 4f counts, electronic states, ionic radii.

Every rule about electronic states of rare-earth ions lives here and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from rarebind.errors import InputError, counted
from rarebind.io.files import bundled_rows


@dataclass(frozen=True)
class RareEarth:
    """One rare-earth M3+ ion.

    Attributes
    ----------
    symbol, atomic_number
    f_electrons
        Number of 4f electrons of M3+.
    aqua_cn
        Coordination number of the ion in water.
    radii
        Effective ionic radii in Å by coordination number (Shannon 1976).
    """

    symbol: str
    atomic_number: int
    f_electrons: int
    aqua_cn: int
    radii: tuple[tuple[int, float], ...]

    @property
    def unpaired_electrons(self) -> int:
        """Unpaired 4f electrons of the high-spin M3+ ground state (Hund's first rule)."""
        return min(self.f_electrons, 14 - self.f_electrons)

    @property
    def multiplicity(self) -> int:
        """Spin multiplicity 2S + 1 of M3+, for methods that treat 4f electrons explicitly."""
        return self.unpaired_electrons + 1


@cache
def rare_earths() -> dict[str, RareEarth]:
    """Sc, Y and La–Lu by symbol, in the order of their atomic numbers."""
    table = {}
    for row in bundled_rows("rare_earths.csv"):
        radii = tuple((int(k[2:]), float(v)) for k, v in row.items() if k.startswith("r_") and v)
        table[row["symbol"]] = RareEarth(
            symbol=row["symbol"],
            atomic_number=int(row["atomic_number"]),
            f_electrons=int(row["f_electrons"]),
            aqua_cn=int(row["aqua_cn"]),
            radii=radii,
        )
    return table


#: The sixteen ions of the reference study: Y and La–Lu.
STUDY_METALS = (
    "Y", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu",
)  # fmt: skip


def rare_earth(symbol: str) -> RareEarth:
    """Look up an ion by element symbol.

    Raises
    ------
    InputError
        The symbol is not a rare earth; the message lists those that are.
    """
    table = rare_earths()
    if symbol not in table:
        close = symbol.strip().capitalize()
        hint = f"did you mean {close}? " if close in table else ""
        raise InputError(
            f"unknown metal {symbol!r}: {hint}rarebind knows the rare earths {', '.join(table)}"
        )
    return table[symbol]


def is_rare_earth(symbol: str) -> bool:
    """Whether `symbol` is Sc, Y or one of La–Lu."""
    return symbol in rare_earths()


def is_lanthanide(symbol: str) -> bool:
    """Whether `symbol` is one of La–Lu."""
    return is_rare_earth(symbol) and symbol not in {"Sc", "Y"}


def ionic_radius(symbol: str, coordination_number: int) -> float:
    """Effective ionic radius of M3+ in Å (Shannon, Acta Cryst. A 1976, 32, 751).

    Where Shannon has no entry between two tabulated coordination numbers, the value is
    interpolated linearly.

    Raises
    ------
    InputError
        The coordination number lies outside the tabulated range of the element.
    """
    radii = dict(rare_earth(symbol).radii)
    if coordination_number in radii:
        return radii[coordination_number]
    below = max((n for n in radii if n < coordination_number), default=None)
    above = min((n for n in radii if n > coordination_number), default=None)
    if below is None or above is None:
        raise InputError(
            f"no ionic radius of {symbol}3+ for coordination number {coordination_number}: "
            f"tabulated are {', '.join(map(str, radii))}"
        )
    weight = (coordination_number - below) / (above - below)
    return (1 - weight) * radii[below] + weight * radii[above]


def xtb_unpaired_electrons(atomic_numbers: Iterable[int], charge: int) -> int:
    """Number of unpaired electrons to give to GFN-xTB: always 0.

    GFN2-xTB keeps the 4f shell of every lanthanide in the core and treats each as a
    three-valent ion (Bannwarth et al., J. Chem. Theory Comput. 2019, 15, 1652), so an M3+
    complex of closed-shell ligands is closed-shell whatever its true multiplicity.  Some
    programs accept the 4f spin all the same and return energies hundreds of kcal/mol off.

    Parameters
    ----------
    atomic_numbers
        All atoms of the system.
    charge
        Total charge in e.

    Raises
    ------
    InputError
        The valence electrons cannot all be paired: a ligand is a radical or the charge is wrong.
    """
    lanthanides = range(57, 72)
    numbers = [int(z) for z in atomic_numbers]
    electrons = sum(3 if z in lanthanides else z for z in numbers) - charge
    if electrons % 2:
        raise InputError(
            f"a system of {counted(len(numbers), 'atom')} with charge {charge:+d} has an odd "
            "number of valence electrons; check the charge: only closed-shell ligands on M3+ are "
            "supported"
        )
    return 0
