"""Differences between neighbouring metals: the separation that is hard."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd

from rarebind.elements import ionic_radius, is_lanthanide, rare_earths
from rarebind.evaluation.outcomes import energies, one_a_complex

#: Coordination number of the radii that Y and Sc are placed by.
_RADIUS_CN = 8
#: Rows of :func:`neighbour_errors` that are no pair.
LANTHANIDES, EVERYTHING = "lanthanides", "everything"


@cache
def neighbouring_metals() -> tuple[tuple[str, str], ...]:
    """Pairs of neighbours, the larger ion first.

    Lanthanides neighbour by atomic number.  Y and Sc have no place of their own in the series: they
    stand between the lanthanides of the next larger and next smaller ion (coordination number 8),
    Y between Dy and Ho, Sc after Lu.  Dy and Ho remain neighbours.
    """

    def place(metal: str) -> float:
        return -ionic_radius(metal, _RADIUS_CN)

    lanthanides = [metal for metal in rare_earths() if is_lanthanide(metal)]
    pairs = list(pairwise(lanthanides))
    for metal in set(rare_earths()) - set(lanthanides):
        line = sorted([*lanthanides, metal], key=place)
        pairs += [pair for pair in pairwise(line) if metal in pair]
    return tuple(sorted(pairs, key=lambda pair: (place(pair[0]), place(pair[1]))))


def differences(found: pd.DataFrame) -> pd.DataFrame:
    """Computed and predicted ΔΔE of all neighbours that have a ligand and geometry in common.

    Parameters
    ----------
    found
        Outcomes.

    Returns
    -------
    DataFrame
        A row a pair, ligand and geometry, pair by pair along the series: ``first`` and ``second``
        metal, the former the larger ion, ``ligand``, ``geometry``, and ``truth`` and ``predicted``,
        exchange(second) − exchange(first), kcal/mol.

    Raises
    ------
    InputError
        Some complexes have no exchange energy.
    """
    members = one_a_complex(found)
    truth, predicted = energies(members, "exchange")
    here = members[["metal", "ligand", "geometry"]].assign(truth=truth, predicted=predicted)
    pairs = pd.DataFrame(neighbouring_metals(), columns=["first", "second"])
    both = pairs.merge(here, left_on="first", right_on="metal").merge(
        here,
        left_on=["second", "ligand", "geometry"],
        right_on=["metal", "ligand", "geometry"],
        suffixes=("_first", ""),
    )
    for name in ("truth", "predicted"):
        both[name] -= both[f"{name}_first"]
    return both[["first", "second", "ligand", "geometry", "truth", "predicted"]]


def neighbour_errors(found: pd.DataFrame) -> pd.DataFrame:
    """Errors of ΔΔE for each pair of neighbours that have a ligand and geometry in common.

    Parameters
    ----------
    found
        Outcomes.

    Returns
    -------
    DataFrame
        A row a pair, ``La-Ce``, along the series, then :data:`LANTHANIDES`, all of their pairs
        together, and :data:`EVERYTHING`, those with Y and Sc included, whose differences are far
        larger; only what there is.  Its columns: ``n`` differences; ``mean`` of the computed ΔΔE,
        kcal/mol; ``mae`` of the predicted ones; ``sign_agreement``, the share whose sign is right:
        which of the two metals is bound more strongly; ``constant_mae`` and ``constant_sign``, the
        same two for the median of the computed ΔΔE of each pair: the most that a model reaches for
        which selectivity does not depend on the ligand.  It has seen the answers, so it is no
        model, but what is no better has learnt nothing of the ligands.

    Raises
    ------
    InputError
        Some complexes have no exchange energy.
    """
    changes = differences(found)
    pair = changes["first"] + "-" + changes["second"]
    constant = changes.truth.groupby(pair).transform("median")
    each = pd.DataFrame(
        {
            "n": 1,
            "mean": changes.truth,
            "mae": (changes.predicted - changes.truth).abs(),
            "sign_agreement": np.sign(changes.predicted) == np.sign(changes.truth),
            "constant_mae": (constant - changes.truth).abs(),
            "constant_sign": np.sign(constant) == np.sign(changes.truth),
        }
    )
    inner = changes[["first", "second"]].map(is_lanthanide).all(axis=1)
    parts = {LANTHANIDES: inner, EVERYTHING: pd.Series(data=True, index=changes.index)}
    every = [each[mask].assign(metals=name) for name, mask in parts.items()]
    return (
        pd.concat([each.assign(metals=pair), *every])
        .groupby("metals", sort=False)
        .agg({name: "sum" if name == "n" else "mean" for name in each})
    )
