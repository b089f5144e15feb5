"""Numbers of GFN2 that a fit shifts, and how few coefficients give them for every rare earth.

A metal has its numbers (levels, exponents, …), each a value of GFN2 plus a shift.  GFN2's
lanthanides from Ce to Lu lie on straight lines of the atomic number, La does not; here the lines
hold for La too.  Shifts of lanthanides are Legendre polynomials of the number of 4f electrons, Y
and Sc have their own, which for terms of donors come on top of those of a lanthanide of the same
size.  Unknowns are the coefficients, in prior standard deviations.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

from rarebind.elements import ionic_radius, is_lanthanide, rare_earth, rare_earths
from rarebind.engines.tblite_parameters import DONOR_TERMS
from rarebind.errors import InputError
from rarebind.parametrisation.settings import OF_SHELLS, Settings

Floats = NDArray[np.float64]
_SHELLS = 3


@dataclass(frozen=True)
class Number:
    """A number of a metal: its name, and which shell, other element or term it is about.

    Of a coefficient of donor terms, which these are linear in, `about` is the term and `centre`
    which of the Gaussians.
    """

    name: str
    about: int | str | None = None
    centre: int = 0

    @property
    def is_linear(self) -> bool:
        """Whether energies are linear in it."""
        return self.name == DONOR_TERMS

    def value(self, parameters: dict[str, Any], metal: str) -> float:
        """What it is in `parameters`."""
        if self.name == "pair":
            pairs = parameters["hamiltonian"]["xtb"].get("kpair", {})
            return float(pairs.get(f"{metal}-{self.about}", 1.0))
        if self.is_linear:
            terms = parameters.get(DONOR_TERMS, {}).get("element", {}).get(metal, {})
            return float(terms[self.about][self.centre]) if self.about in terms else 0.0
        entry = parameters["element"][metal][self.name]
        return float(entry if self.about is None else entry[self.about])

    def put(self, parameters: dict[str, Any], metal: str, value: float) -> None:
        """Set it in `parameters`."""
        if self.name == "pair":
            pairs = parameters["hamiltonian"]["xtb"].setdefault("kpair", {})
            pairs[f"{metal}-{self.about}"] = value
        elif self.is_linear:
            known = parameters[DONOR_TERMS]
            terms = known["element"].setdefault(metal, {})
            terms.setdefault(self.about, [0.0] * len(known["centres"]))[self.centre] = value
        elif self.about is None:
            parameters["element"][metal][self.name] = value
        else:
            parameters["element"][metal][self.name][self.about] = value


class Unknowns:
    """What is fitted, for metals that there are data of.

    Parameters
    ----------
    base
        GFN2's parameters, as :func:`~rarebind.engines.tblite_parameters.exported_parameters`.
    settings
    metals
        Whose numbers are fitted; any lanthanide stands for all.
    """

    def __init__(self, base: dict[str, Any], settings: Settings, metals: Sequence[str]) -> None:
        self.base = with_lanthanum_on_the_line(base)
        self._settings = settings
        if (donors := settings.donors) is not None:
            self.base[DONOR_TERMS] = {
                "centres": list(donors.centres), "width": donors.width, "element": {},
            }  # fmt: skip
        self.alone = tuple(sorted({metal for metal in metals if not is_lanthanide(metal)}))
        self.lanthanides = any(map(is_lanthanide, metals))

    @cached_property
    def numbers(self) -> tuple[Number, ...]:
        """Every number of a metal that is shifted."""
        found = []
        shells = self.base["element"]["Gd"]["shells"]
        for name, width in self._settings.widths.items():
            if name in OF_SHELLS:
                free = [i for i, shell in enumerate(shells) if shell[-1] not in width.but]
                found += [Number(name, index) for index in free]
            else:
                found.append(Number(name))
        found += [Number("pair", element) for element in self._settings.pairs]
        if (donors := self._settings.donors) is not None:
            found += [
                Number(DONOR_TERMS, term, centre)
                for term in donors.terms
                for centre in range(len(donors.centres))
            ]
        return tuple(found)

    def widths(self, metal: str) -> Floats:
        """Prior standard deviations of its numbers; the same for all lanthanides."""
        like = "Gd" if is_lanthanide(metal) else metal
        return np.array([self._width(number, like) for number in self.numbers])

    def _width(self, number: Number, like: str) -> float:
        settings = self._settings
        if number.name == "pair":
            return settings.pairs[str(number.about)]
        if number.is_linear:
            assert settings.donors is not None
            return settings.donors.terms[str(number.about)]
        return settings.widths[number.name].of(number.value(self.base, like))  # type: ignore[index]

    def __len__(self) -> int:
        orders = len(self._settings.orders) * self.lanthanides
        return len(self.numbers) * (orders + len(self.alone))

    def shifts(self, metal: str) -> Floats:
        """Matrix from the unknowns to the metal's shifts in widths: (numbers, unknowns)."""
        orders = self._settings.orders if self.lanthanides else ()
        # Terms beside the Hamiltonian are alike for metals of one size; its numbers are not.
        shared = np.array([is_lanthanide(metal) or number.is_linear for number in self.numbers])
        blocks = [
            np.diag(shared * width * legendre.legval(_place(metal), np.eye(order + 1)[order]))
            for order, width in enumerate(orders)
        ]
        blocks += [np.eye(len(self.numbers)) * (metal == other) for other in self.alone]
        return np.hstack(blocks)

    def values(self, unknowns: Floats, metal: str) -> Floats:
        """The metal's numbers, shape (numbers,)."""
        base = np.array([number.value(self.base, metal) for number in self.numbers])
        return np.asarray(base + self.widths(metal) * (self.shifts(metal) @ unknowns))

    def parameters(self, unknowns: Floats) -> dict[str, Any]:
        """GFN2's parameters with those of every metal that is fitted."""
        changed = self.base
        for metal in rare_earths():
            if metal in self.alone or (self.lanthanides and is_lanthanide(metal)):
                changed = self.with_values(changed, metal, self.values(unknowns, metal))
        return changed

    def found_in(self, parameters: dict[str, Any]) -> Floats:
        """The unknowns that give these parameters; the nearest ones where none do.

        Raises
        ------
        InputError
            Their terms of donors have other centres or another width.
        """
        ours, theirs = self.base.get(DONOR_TERMS), parameters.get(DONOR_TERMS)
        if theirs is not None and (
            ours is None or any(theirs[key] != ours[key] for key in ("centres", "width"))
        ):
            raise InputError(
                "the parameters to begin with have terms of donors with other centres or another "
                "width than the settings: begin without them, or change donors in the settings"
            )
        metals = [m for m in rare_earths() if m in self.alone or is_lanthanide(m)]
        shifts = [
            (np.array([n.value(parameters, m) - n.value(self.base, m) for n in self.numbers]))
            / self.widths(m)
            for m in metals
        ]
        maps = np.concatenate([self.shifts(metal) for metal in metals])
        return np.asarray(np.linalg.lstsq(maps, np.concatenate(shifts), rcond=None)[0])

    def with_values(self, parameters: dict[str, Any], metal: str, values: Floats) -> dict[str, Any]:
        """`parameters` with a metal's numbers; pairs only with the elements in them."""
        changed = copy.deepcopy(parameters)
        for number, value in zip(self.numbers, values.tolist(), strict=True):
            if number.name != "pair" or number.about in changed["element"]:
                number.put(changed, metal, value)
        return changed


def _place(metal: str) -> float:
    """4f electrons of M3+, from -1 (La) to 1 (Lu); of Y and Sc those of a metal of that size."""
    if is_lanthanide(metal):
        return rare_earth(metal).f_electrons / 7 - 1
    # Radii fall along the series; np.interp wants them to rise.
    series = [one for one in reversed(rare_earths()) if is_lanthanide(one)]
    radii = [ionic_radius(one, 8) for one in series]
    return float(np.interp(ionic_radius(metal, 8), radii, [_place(one) for one in series]))


def with_lanthanum_on_the_line(parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters, with La's extrapolated from those of Ce to Lu, which lie on lines."""
    changed = copy.deepcopy(parameters)
    elements = changed["element"]
    cerium, lutetium, lanthanum = elements["Ce"], elements["Lu"], elements["La"]
    for name, value in cerium.items():
        if name in {"shells", "ngauss", "refocc"}:
            continue
        slope = (np.array(lutetium[name]) - np.array(value)) / 13
        lanthanum[name] = (np.array(value) - slope).tolist()
    return changed
