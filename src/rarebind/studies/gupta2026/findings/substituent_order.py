"""Substituents compared: ligands of the same scaffold, with one metal in one geometry."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from rarebind.ligands import substituents
from rarebind.studies.gupta2026.findings.complexes import Composition, Energies, geometries, having
from rarebind.studies.gupta2026.findings.paired import (
    ALL,
    Comparison,
    Pair,
    Resampling,
    compare,
    matched,
)
from rarebind.studies.gupta2026.findings.statements import STRONGEST, SubstituentStatement
from rarebind.studies.gupta2026.findings.verdicts import FAILS, HOLDS, NOISE, UNKNOWN

OTHERS = "the others"


@dataclass(frozen=True)
class Standing:
    """Where a substituent stands among all of them.

    Attributes
    ----------
    substituent
    geometry
        Only this one, or all.
    place
        1 is the strongest binder.
    off_mean
        Energy less the mean over all substituents on the same scaffold, with the same metal and
        geometry; the mean of that, kcal/mol.
    by_scaffold
        The same on each scaffold.
    """

    substituent: str
    geometry: str
    place: int
    off_mean: float
    by_scaffold: Mapping[str, float]


@dataclass(frozen=True)
class Place:
    """A substituent that is said to stand at an end of the order.

    Attributes
    ----------
    substituent, end
    geometry
        Only this one, or all.
    place, of
        Of how many; 1 is the strongest binder.  None where it is not there.
    comparison
        With the substituents that the statement does not name: negative where it binds more
        strongly, or, at the weak end, where these do.
    beyond
        Of these, the ones that are further to that end in the mean over common complexes.
    surely_beyond
        Of these, the ones that are so on every scaffold, by more than
        :data:`~rarebind.studies.gupta2026.findings.verdicts.NOISE`.
    """

    substituent: str
    end: str
    geometry: str
    place: int | None
    of: int
    comparison: Comparison
    beyond: tuple[str, ...]
    surely_beyond: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """Whether it stands at that end: away from the others, and none of them beyond it."""
        if self.comparison.verdict == FAILS or self.surely_beyond:
            return FAILS
        return HOLDS if self.comparison.verdict == HOLDS and not self.beyond else UNKNOWN

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "substituent": self.substituent,
            "end": self.end,
            "geometry": self.geometry,
            "place": self.place,
            "of": self.of,
            "against_the_others": self.comparison.data(),
            "beyond": list(self.beyond),
            "surely_beyond": list(self.surely_beyond),
            "verdict": self.verdict,
        }


def standings(energies: Energies) -> list[Standing]:
    """The order of all substituents, in each geometry and in all together; strongest first."""
    rows: dict[Composition, list[float]] = {}
    for composition, energy in energies.items():
        rows.setdefault(composition._replace(substituent=""), []).append(energy)
    means = {row: fmean(values) for row, values in rows.items()}
    off = {
        composition: energy - means[composition._replace(substituent="")]
        for composition, energy in energies.items()
    }
    found = []
    for geometry in (*geometries(energies), ALL):
        here = {c: value for c, value in off.items() if geometry in {ALL, c.geometry}}
        found += _ordered(geometry, here)
    return found


def substituent_order(
    energies: Energies,
    statement: SubstituentStatement,
    scaffolds: Sequence[str],
    resampling: Resampling,
) -> list[Place]:
    """Each named substituent against those that are not named.

    The bootstrap draws the ligands that it is compared with.

    Parameters
    ----------
    scaffolds
        All that there should be: a substituent lies surely beyond another where it does on each.
    """
    found = []
    names = {composition.substituent for composition in energies}
    others = [name for name in substituents() if name in names and name not in statement.members]
    order = {(s.substituent, s.geometry): s.place for s in standings(energies)}
    sign = 1 if statement.end == STRONGEST else -1
    for member in statement.members:
        ours = having(energies, substituent=member)
        pairs = {
            other: matched(
                ours,
                energies,
                {"substituent": other},
                lambda composition: composition.ligand,
            )
            for other in others
        }
        for geometry in (*geometries(energies), ALL):
            here = {
                other: [pair for pair in members if geometry in {ALL, pair.geometry}]
                for other, members in pairs.items()
            }
            beyond = [other for other, members in here.items() if _change(members, sign) > 0]
            everywhere = [
                other
                for other in beyond
                if all(
                    _change(_of(here[other], f"{scaffold}-{other}"), sign) > NOISE
                    for scaffold in scaffolds
                )
            ]
            found.append(
                Place(
                    member,
                    statement.end,
                    geometry,
                    order.get((member, geometry)),
                    sum(key[1] == geometry for key in order),
                    _against(member, geometry, here.values(), sign, resampling),
                    tuple(beyond),
                    tuple(everywhere),
                )
            )
    return found


def _ordered(geometry: str, off: Mapping[Composition, float]) -> list[Standing]:
    values: dict[str, dict[str, list[float]]] = {}
    for composition, value in off.items():
        members = values.setdefault(composition.substituent, {})
        members.setdefault(composition.scaffold, []).append(value)
    means = {
        name: fmean(value for part in members.values() for value in part)
        for name, members in values.items()
    }
    order = sorted(means, key=lambda name: (means[name], name))
    return [
        Standing(
            name,
            geometry,
            place,
            means[name],
            {scaffold: fmean(part) for scaffold, part in values[name].items()},
        )
        for place, name in enumerate(order, start=1)
    ]


def _against(
    member: str,
    geometry: str,
    pairs: Iterable[Sequence[Pair]],
    sign: int,
    resampling: Resampling,
) -> Comparison:
    """`member` against the others; at the weak end, the others against it."""
    found = [pair for members in pairs for pair in members]
    if sign > 0:
        return compare(member, OTHERS, geometry, found, resampling)
    turned = [pair._replace(first=pair.second, second=pair.first) for pair in found]
    return compare(OTHERS, member, geometry, turned, resampling)


def _of(pairs: Iterable[Pair], ligand: str) -> list[Pair]:
    return [pair for pair in pairs if pair.group == ligand]


def _change(pairs: Sequence[Pair], sign: int) -> float:
    """How much further to the end the second of the pairs is, kcal/mol; NaN without pairs."""
    if not pairs:
        return math.nan
    return sign * fmean(pair.first - pair.second for pair in pairs)
