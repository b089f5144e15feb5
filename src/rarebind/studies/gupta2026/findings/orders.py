"""The orders of scaffolds, substituents and metals in which energies put them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np
import pandas as pd

from rarebind.datasets.frames import in_order
from rarebind.ligands import library_ligand
from rarebind.studies.gupta2026.findings.comparisons import (
    ALL,
    COMPARISON,
    FAILS,
    HOLDS,
    NOISE,
    UNKNOWN,
    Resampling,
    beside,
    compared,
    differences,
    everywhere,
)
from rarebind.studies.gupta2026.findings.energies import geometries, ligands_of
from rarebind.studies.gupta2026.findings.statements import (
    STRONGEST,
    MetalStatement,
    ScaffoldStatement,
    SubstituentStatement,
    inner_lanthanides,
    lanthanides,
    neighbours_of,
)

OTHERS = "the others"
_METAL_CHARGE = 3


def scaffold_pairs(
    energies: pd.DataFrame, quantity: str, statement: ScaffoldStatement
) -> pd.DataFrame:
    """Complexes of two scaffolds that are equal in everything else.

    Each substituent stands for a pair of ligands, which is what the bootstrap draws.
    """
    found = differences(beside(energies, quantity, "scaffold"), statement.pairs)
    return found.assign(group=found.substituent)


def scaffold_order(
    energies: pd.DataFrame, quantity: str, statement: ScaffoldStatement, resampling: Resampling
) -> pd.DataFrame:
    """Comparisons of two scaffolds with the same substituent, metal and geometry."""
    pairs = scaffold_pairs(energies, quantity, statement)
    return compared(pairs, statement.pairs, [*geometries(energies), ALL], resampling)


def metal_order(
    energies: pd.DataFrame, quantity: str, statement: MetalStatement, resampling: Resampling
) -> pd.DataFrame:
    """Comparisons of a metal and each of its neighbours; the bootstrap draws ligands."""
    pairs = _of_ligands(differences(beside(energies, quantity, "metal"), statement.pairs))
    return compared(pairs, statement.pairs, [*geometries(energies), ALL], resampling)


def series_order(energies: pd.DataFrame, quantity: str, resampling: Resampling) -> pd.DataFrame:
    """Comparisons of every lanthanide and the mean of its neighbours; likewise."""
    off = off_neighbours(beside(energies, quantity, "metal").T).T
    pairs = off.melt(var_name="first", value_name="difference", ignore_index=False)
    names = {
        metal: "mean of {} and {}".format(*neighbours_of(metal)) for metal in inner_lanthanides()
    }
    pairs = pairs.dropna().assign(second=lambda pair: pair["first"].map(names)).reset_index()
    there = [(metal, name) for metal, name in names.items() if (pairs["first"] == metal).any()]
    return compared(_of_ligands(pairs), there, [*geometries(energies), ALL], resampling)


def off_neighbours(values: pd.DataFrame) -> pd.DataFrame:
    """What lanthanides have less the mean of what those beside them have; NaN where one lacks it.

    A smooth trend along the series takes no part in it.

    Parameters
    ----------
    values
        A row a metal; other metals are left out.
    """
    values = values.reindex(lanthanides())
    return values - (values.shift(1) + values.shift(-1)) / 2


def standings_of(energies: pd.DataFrame, quantity: str) -> pd.DataFrame:
    """The order of all substituents, in each geometry and in all together; strongest first.

    Returns
    -------
    DataFrame
        ``substituent``, ``geometry``, ``place`` (1 is the strongest binder), ``off_mean`` (energy
        less the mean over all substituents on the same scaffold, with the same metal and geometry;
        the mean of that, kcal/mol), and a column each scaffold, the same on it alone.
    """
    alike = energies.groupby(["scaffold", "metal", "geometry"])[quantity].transform("mean")
    off = everywhere(energies.assign(off_mean=energies[quantity] - alike))
    groups = ["substituent", "geometry"]
    parts = off.pivot_table("off_mean", groups, "scaffold")
    found = off.groupby(groups)[["off_mean"]].mean().join(parts[in_order("scaffold", parts)])
    found = found.reset_index().sort_values(["off_mean", "substituent"])
    found.insert(2, "place", found.groupby("geometry").cumcount() + 1)
    order = {name: i for i, name in enumerate([*geometries(energies), ALL])}
    return found.sort_values("geometry", key=lambda names: names.map(order), kind="stable")


def substituent_order(
    energies: pd.DataFrame,
    quantity: str,
    statement: SubstituentStatement,
    scaffolds: Sequence[str],
    resampling: Resampling,
) -> pd.DataFrame:
    """Each substituent that is said to stand at an end, against those that are not named.

    The bootstrap draws the ligands that it is compared with.

    Parameters
    ----------
    scaffolds
        All that there should be: a substituent lies surely beyond another where it does on each.

    Returns
    -------
    DataFrame
        Comparisons with the others (at the weak end, of the others with it), whose verdict is
        ``away``; ``substituent`` and ``end``; its ``place`` of how many (``of``), NaN where it is
        not there; ``beyond``, names of those that are further to that end in the mean over common
        complexes; ``surely_beyond``, those of them that are so on every scaffold, by more than
        :data:`~rarebind.studies.gupta2026.findings.comparisons.NOISE`; and ``verdict``: whether it
        is away from the others, and none of them beyond it.
    """
    wide = beside(energies, quantity, "substituent")
    others = [name for name in in_order("substituent", wide) if name not in statement.members]
    strong = statement.end == STRONGEST
    pairs = differences(wide, product(statement.members, others))
    pairs = pairs.rename(columns={"first": "substituent", "second": "other"})
    # Positive where the other is further to that end.
    pairs["difference"] *= 1 if strong else -1
    pairs["group"] = pairs.scaffold + "-" + pairs.other
    sides = ("substituent", "other") if strong else ("other", "substituent")
    names = [(member, OTHERS) if strong else (OTHERS, member) for member in statement.members]
    of_all = pairs.assign(other=OTHERS).rename(
        columns=dict(zip(sides, ("first", "second"), strict=True))
    )
    found = compared(of_all, names, [*geometries(energies), ALL], resampling)
    found = found.rename(columns={"verdict": "away"})
    found["substituent"], found["end"] = found["first" if strong else "second"], statement.end

    standings = standings_of(energies, quantity)
    here = found[["substituent", "geometry"]]
    found["place"] = here.merge(standings, "left").place
    found["of"] = here.geometry.map(standings.geometry.value_counts())
    keys = ["substituent", "geometry", "other"]
    beyond = everywhere(pairs).groupby(keys).difference.mean() > 0
    on_each = everywhere(pairs).pivot_table("difference", keys, "scaffold")
    surely = beyond & (on_each.reindex(columns=scaffolds) > NOISE).all(axis=1)
    for name, those in {"beyond": beyond, "surely_beyond": surely}.items():
        there = set(those.index[those])
        found[name] = [
            tuple(other for other in others if (*key, other) in there)
            for key in here.itertuples(index=False)
        ]
    fails = (found.away == FAILS) | found.surely_beyond.astype(bool)
    holds = (found.away == HOLDS) & ~found.beyond.astype(bool)
    return found.assign(verdict=np.select([fails, holds], [FAILS, HOLDS], UNKNOWN))


def equal_charge(
    energies: pd.DataFrame, quantity: str, statement: ScaffoldStatement, resampling: Resampling
) -> pd.DataFrame:
    """Pairs of scaffolds of different charge, in all geometries that make up for it.

    As many charges stand on either side, on fewer ligands of the scaffold of higher charge.  The
    bootstrap draws substituents.

    Returns
    -------
    DataFrame
        Comparisons, with ``charge``, that of both complexes, and ``first_geometry`` and
        ``second_geometry``.
    """
    wide = energies.pivot_table(quantity, ["substituent", "metal"], ["scaffold", "geometry"])
    names = geometries(energies)
    found = []
    for (first, second), here, there in product(statement.pairs, names[::-1], names):
        charges = [charge_of(first) * ligands_of(here), charge_of(second) * ligands_of(there)]
        if charge_of(first) == charge_of(second) or charges[0] != charges[1]:
            continue
        sides = wide.reindex(columns=[(first, here), (second, there)])
        pairs = differences(sides.set_axis([first, second], axis=1), [(first, second)])
        pairs = pairs.assign(group=pairs.substituent, geometry="")
        found.append(
            compared(pairs, [(first, second)], [ALL], resampling).assign(
                charge=_METAL_CHARGE + charges[0], first_geometry=here, second_geometry=there
            )
        )
    columns = [*COMPARISON, "charge", "first_geometry", "second_geometry"]
    table = pd.concat(found, ignore_index=True) if found else pd.DataFrame(columns=columns)
    return table[table.pairs > 0]


def constants(energies: pd.DataFrame) -> pd.DataFrame:
    """What equation 1 has in it of a metal alone, the same for all of its complexes.

    Returns
    -------
    DataFrame
        By metal that has both quantities: ``value``, equation 1 less exchange energy, kcal/mol,
        which is the binding energy of the aqua ion by equation 1; ``spread``, largest less smallest
        over all complexes, beyond rounding 0; and ``complexes``.
    """
    shift = (energies.binding - energies.exchange).dropna().groupby(energies.metal)
    found = pd.DataFrame(
        {"value": shift.mean(), "spread": shift.max() - shift.min(), "complexes": shift.size()}
    )
    return found.loc[in_order("metal", found.index)]


def charge_of(scaffold: str) -> int:
    """Charge of a ligand of that scaffold; substituents are uncharged."""
    return library_ligand(scaffold).charge


def _of_ligands(pairs: pd.DataFrame) -> pd.DataFrame:
    return pairs.assign(group=pairs.scaffold + "-" + pairs.substituent)
