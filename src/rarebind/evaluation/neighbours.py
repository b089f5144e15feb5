"""Differences between neighbouring metals: the separation that is hard."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rarebind.elements import ionic_radius, is_lanthanide, rare_earths
from rarebind.evaluation.groups import one_a_complex
from rarebind.evaluation.outcomes import Outcome, energies

#: Coordination number of the radii that Y and Sc are placed by.
_RADIUS_CN = 8

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Differences:
    """ΔΔE = exchange(second metal) − exchange(first metal) of equal ligands and geometries.

    Attributes
    ----------
    metals
        The first, larger ion and the second.
    truth, predicted
        Computed and predicted ΔΔE, kcal/mol, one a ligand and geometry.
    """

    metals: tuple[str, str]
    truth: _Floats
    predicted: _Floats


@dataclass(frozen=True)
class NeighbourError:
    """How well differences between neighbours are predicted.

    Attributes
    ----------
    n
        Differences.
    mean
        Mean of the computed ΔΔE, kcal/mol.
    mae
        Mean absolute error of the predicted ΔΔE, kcal/mol.
    sign_agreement
        Share whose sign is right: which of the two metals is bound more strongly.
    constant_mae, constant_sign
        The same two for the median of the computed ΔΔE of each pair: the most that a model reaches
        for which selectivity does not depend on the ligand.  It has seen the answers, so it is no
        model, but what is no better has learnt nothing of the ligands.
    """

    n: int
    mean: float
    mae: float
    sign_agreement: float
    constant_mae: float
    constant_sign: float


@dataclass(frozen=True)
class NeighbourErrors:
    """Errors of ΔΔE.

    Attributes
    ----------
    pairs
        By pair of neighbours, the larger ion first, along the series.
    lanthanides
        All pairs of lanthanides together; None without any.
    everything
        All pairs, those with Y and Sc included, whose differences are far larger; None without any.
    """

    pairs: Mapping[tuple[str, str], NeighbourError]
    lanthanides: NeighbourError | None
    everything: NeighbourError | None


@cache
def neighbouring_metals() -> tuple[tuple[str, str], ...]:
    """Pairs of neighbours, the larger ion first.

    Lanthanides neighbour by atomic number.  Y and Sc have no place of their own in the series: they
    stand between the lanthanides of the next larger and next smaller ion (coordination number 8),
    Y between Dy and Ho, Sc after Lu.  Dy and Ho remain neighbours.
    """
    lanthanides = [metal for metal in rare_earths() if is_lanthanide(metal)]
    pairs = list(pairwise(lanthanides))
    for metal in rare_earths():
        if metal in lanthanides:
            continue
        radius = ionic_radius(metal, _RADIUS_CN)
        radii = {other: ionic_radius(other, _RADIUS_CN) for other in lanthanides}
        larger = [other for other in lanthanides if radii[other] >= radius]
        smaller = [other for other in lanthanides if radii[other] < radius]
        pairs += [(other, metal) for other in larger[-1:]]
        pairs += [(metal, other) for other in smaller[:1]]
    place = {metal: -ionic_radius(metal, _RADIUS_CN) for metal in rare_earths()}
    return tuple(sorted(pairs, key=lambda pair: (place[pair[0]], place[pair[1]])))


def differences(found: Sequence[Outcome]) -> list[Differences]:
    """Computed and predicted ΔΔE of all neighbours that have a ligand and geometry in common.

    Raises
    ------
    InputError
        Some complexes have no exchange energy.
    """
    members = one_a_complex(found)
    by_metal: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}
    for outcome, *both in zip(members, *energies(members, "exchange"), strict=True):
        name = (outcome.ligand, outcome.geometry)
        by_metal.setdefault(outcome.metal, {})[name] = (both[0], both[1])
    pairs = []
    for first, second in neighbouring_metals():
        here, there = by_metal.get(first, {}), by_metal.get(second, {})
        common = sorted(here.keys() & there.keys())
        if common:
            change = np.array([np.subtract(there[name], here[name]) for name in common])
            pairs.append(Differences((first, second), change[:, 0], change[:, 1]))
    return pairs


def neighbour_errors(found: Sequence[Outcome]) -> NeighbourErrors:
    """Errors of ΔΔE for each pair of neighbours that have a ligand and geometry in common.

    Raises
    ------
    InputError
        Some complexes have no exchange energy.
    """
    pairs = differences(found)
    lanthanides = [pair for pair in pairs if all(map(is_lanthanide, pair.metals))]
    return NeighbourErrors(
        MappingProxyType({pair.metals: _error([pair]) for pair in pairs}),
        _error(lanthanides) if lanthanides else None,
        _error(pairs) if pairs else None,
    )


def _error(pairs: Sequence[Differences]) -> NeighbourError:
    truth = np.concatenate([pair.truth for pair in pairs])
    predicted = np.concatenate([pair.predicted for pair in pairs])
    constant = np.concatenate([np.full_like(pair.truth, np.median(pair.truth)) for pair in pairs])
    return NeighbourError(
        n=len(truth),
        mean=float(truth.mean()),
        mae=float(np.abs(predicted - truth).mean()),
        sign_agreement=float((np.sign(predicted) == np.sign(truth)).mean()),
        constant_mae=float(np.abs(constant - truth).mean()),
        constant_sign=float((np.sign(constant) == np.sign(truth)).mean()),
    )
