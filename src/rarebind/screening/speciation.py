"""Which complexes of a ligand a metal would be in, if its energies were free energies.

**They are not.**  Exchange energies lack entropy, vibrations, the work of bringing charges
together at an ionic strength, conformers and counter-ions; the ligand is taken as fully
deprotonated whatever the pH, the metal neither hydrolyses nor forms clusters, and activities equal
concentrations.  An error of 1.4 kcal/mol is a factor of ten in a constant, and energies of binding
a charged ligand are tens of kcal/mol.  What comes out shows *trends*, such as which ligand fills
its coordination sphere first; concentrations are not predictions.

The equilibria are, for each geometry with n ligands and w waters on an aqua ion of m waters,

    [M(H2O)m]3+ + n L ⇌ [M L_n (H2O)_w] + (m − w) H2O,   K = exp(−E/kT),

with 1 mol/L as the standard state of all, water as well, whose 55.34 mol/L then enter as any other
concentration (Bryantsev, Diallo and Goddard, J. Phys. Chem. B 2008, 112, 9709, on why all must have
the same standard state): [M L_n (H2O)_w]/[aqua] = K [L]^n/[H2O]^(m − w).  Water is not used up.

Where energies carry intervals, curves carry bands: of equilibria with energies drawn from the joint
law of their errors.  These are errors of the energies alone, not of taking them for free energies.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize.elementwise import find_root
from scipy.special import logsumexp

from rarebind.complexes import read_geometry
from rarebind.errors import InputError, collecting
from rarebind.screening.estimates import (
    ROOM_TEMPERATURE,
    Estimates,
    ligands_and_waters,
    thermal_energy,
)
from rarebind.uncertainty.ranking import SEED

#: Concentration of pure water at 298 K, mol/L.
WATER = 55.34
#: Name of the aqua ion among the species.
AQUA = "aqua"
#: Ligands per metal of a curve unless asked otherwise: 0 to 8 in quarters.
RATIOS = tuple(i / 4 for i in range(33))
#: Samples that a band comes from: its ends are known to 0.02 of the distribution.
DRAWS = 100
#: Waters of an aqua ion that can be asked for.
_WATERS = range(1, 13)
#: Largest energy in units of kT: beyond, doubles no longer hold the mass balance to nine digits.
_LARGEST = 1e5
#: Precision of ln [L]; of samples: their shares are right to this, which no band shows.
_FINE, _ROUGH = 1e-12, 1e-4
_HUGE = 1e9
#: Decimals of a band in plain data.
_DECIMALS = 4

_Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Speciation:
    """Species of a metal at equilibrium, as if energies were free energies (they are not).

    Attributes
    ----------
    fractions
        Share of the metal in each species, ``aqua``, then the geometries: as many numbers as there
        are amounts of ligand.  They add up to 1.
    log10_free_ligand
        Decimal logarithm of the concentration of unbound ligand in mol/L; −inf without ligand.
    metal_total, ligand_total
        mol/L, free and bound.
    bands
        Low and high end of each share, from the intervals of the energies; they hold the share
        itself.  None where the energies have no intervals.
    """

    fractions: Mapping[str, _Floats]
    log10_free_ligand: _Floats
    metal_total: float
    ligand_total: _Floats
    bands: Mapping[str, tuple[_Floats, _Floats]] | None = None

    @property
    def free_ligand(self) -> _Floats:
        """Concentration of unbound ligand, mol/L; 0 where it is below 1e-323."""
        return np.asarray(10.0**self.log10_free_ligand)

    @property
    def mean_ligands(self) -> _Floats:
        """Ligands bound to a metal ion on average."""
        bound = (
            read_geometry(name).number * shares
            for name, shares in self.fractions.items()
            if name != AQUA
        )
        return np.asarray(sum(bound))

    def data(self) -> dict[str, object]:
        """Plain data for JSON; ``bands`` has low and high ends by species, or is None."""
        return {
            "ratio": (self.ligand_total / self.metal_total).tolist(),
            "fractions": {name: shares.tolist() for name, shares in self.fractions.items()},
            "bands": self.bands
            and {
                name: [ends.round(_DECIMALS).tolist() for ends in band]
                for name, band in self.bands.items()
            },
        }


def known_energies(
    estimates: Estimates, ligand: str, metal: str
) -> tuple[dict[str, float], _Floats | None]:
    """Exchange energies in eV of the complexes of a ligand with a metal, by geometry.

    Complexes without a known energy are left out, so an equilibrium of these is one without them;
    so are those with other ligands as well, whose concentrations are not known.

    Returns
    -------
    energies, spread
        And the joint law of their errors that agrees with their intervals, (n, d) eV; None where
        none of them has an interval.

    Raises
    ------
    InputError
        The ligand was not screened with the metal.
    """
    rows = estimates.rows_of.get((ligand, metal))
    if not rows:
        there = [f"{li} with {m}" for li, m in estimates.rows_of]
        raise InputError(f"no estimates of {ligand} with {metal}: {', '.join(there) or 'none'}")
    known = [
        i
        for i in rows
        if not math.isnan(estimates.exchange[i]) and read_geometry(estimates.geometries[i]).short
    ]
    energies = {estimates.geometries[i]: float(estimates.exchange[i]) for i in known}
    spread = estimates.calibrated_spread
    stated = spread is not None and estimates.unsure[known].any()
    return energies, spread[known] if spread is not None and stated else None


def speciate(
    energies: Mapping[str, float],
    metal_total: float,
    ligand_total: ArrayLike,
    temperature: float = ROOM_TEMPERATURE,
    *,
    aqua_waters: int,
    water: float = WATER,
    released: Mapping[str, int] | None = None,
    spread: ArrayLike | None = None,
    level: float = 0.9,
) -> Speciation:
    """Equilibrium of a metal, its ligand and water, as if energies were free energies.

    They are **not**: see the head of this module.

    Parameters
    ----------
    energies
        Exchange energies in eV by geometry, such as ``{"1:6": −1.2, "4:0": −3.0}``.  Geometries
        that are not given do not exist.
    metal_total
        mol/L, free and bound.
    ligand_total
        One amount or several, mol/L, free and bound.
    temperature
        K.
    aqua_waters
        Waters of the aqua ion that the exchange energies refer to: 8 or 9 for the rare earths.
    water
        Concentration of water, mol/L.
    released
        Waters that ligands set free, by geometry, where energies count those of a change of
        coordination number already: numbers of waters were chosen, and need not be known here.
    spread
        Joint law of the errors of the energies, (n, d) eV, as of :func:`known_energies`: with it
        there are bands.
    level
        Share of :data:`DRAWS` samples, always the same ones, that bands hold.

    Raises
    ------
    InputError
        There are no energies, one is not finite, a geometry is none, or a number is out of its
        range.
    """
    counts, logs = _species(energies, temperature, aqua_waters, water, released)
    totals = np.asarray(ligand_total, dtype=float)
    _check_totals(metal_total, totals)
    some = totals > 0
    frees = np.full(totals.shape, -math.inf)
    frees[some] = _log_free(counts, logs[:, None], metal_total, totals[some], _FINE)

    def placed(shares: _Floats) -> dict[str, _Floats]:
        """By species; where there is no ligand all is aqua."""
        found = np.repeat((counts == 0).astype(float)[:, None], totals.size, axis=1)
        found[:, some.ravel()] = shares
        columns = found.reshape(-1, *totals.shape)
        columns.flags.writeable = False
        return dict(zip((AQUA, *energies), columns, strict=True))

    middle = _shares(counts, logs[:, None], frees[some])
    bands = None
    if spread is not None:
        errors = -_errors(np.asarray(spread, dtype=float)) / thermal_energy(temperature)
        drawn = logs[:, None, None] + errors[:, :, None]
        found = _shares(counts, drawn, _log_free(counts, drawn, metal_total, totals[some], _ROUGH))
        found.sort(axis=1)
        beyond = int((1 - level) / 2 * DRAWS)
        # Where a species is at its largest, all samples may lie below the share itself.
        low, high = (
            placed(np.minimum(found[:, beyond], middle)),
            placed(np.maximum(found[:, -1 - beyond], middle)),
        )
        bands = MappingProxyType({name: (low[name], high[name]) for name in low})
    return Speciation(
        MappingProxyType(placed(middle)), frees / math.log(10), metal_total, totals, bands
    )


def _shares(counts: _Floats, logs: _Floats, log_free: _Floats) -> _Floats:
    """Share of the metal in each species, (s, …), at given ln [L]."""
    weights = logs + counts.reshape(-1, *[1] * (logs.ndim - 1)) * log_free
    return np.asarray(np.exp(weights - logsumexp(weights, axis=0)))


def _log_free(
    counts: _Floats, logs: _Floats, metal_total: float, totals: _Floats, precision: float
) -> _Floats:
    """Logarithm of the free ligand from its mass balance, l + M Σ n f(l) = L.

    With r = L/M and Σ f = 1 the balance reads

        l + M Σ_{n>r} (n − r) f = M Σ_{n<r} (r − n) f.

    All terms are positive, so both sides keep their digits as logarithms, where l + M Σ n f − L
    would lose them whenever the ligand is all but used up.  Their difference has the sign of that
    sum, which only rises with l: there is one root.

    Parameters
    ----------
    counts
        Ligands of each species, (s,), that of the aqua ion 0.
    logs
        ln([species]/([aqua] [L]^n)) with concentrations in mol/L, (s, …).
    totals
        mol/L, above 0.
    precision
        Of the result, absolute.
    """
    if not totals.size:
        return np.zeros(np.broadcast_shapes(logs.shape[1:], totals.shape))

    def imbalance(at: _Floats, ratio: _Floats, *species: _Floats) -> _Floats:
        n = counts.reshape(-1, *[1] * at.ndim)
        powers = np.stack(species) + n * at
        # Of the shares' numerators: the sum that they are divided by is common to both sides.
        more, free = metal_total * np.maximum(n - ratio, 0), np.ones_like(powers)
        rise = logsumexp([*powers, *(powers + at)], axis=0, b=[*more, *free])
        fall = logsumexp(powers, axis=0, b=metal_total * np.maximum(ratio - n, 0))
        # Where no ligand is bound to spare, there is no logarithm of it: far too little is free.
        return np.asarray(np.maximum(rise - fall, -_HUGE))

    ratios, complexes = totals / metal_total, counts > 0
    # At the low end at most a quarter of the ligand is free and at most a quarter bound; at the
    # high one more is free than there is.
    share = np.log(ratios) - math.log(4 * counts.max() * complexes.sum())
    each = counts[complexes].reshape(-1, *[1] * (logs.ndim - 1))
    low = np.minimum(np.log(totals) - math.log(4), ((share - logs[complexes]) / each).min(axis=0))
    found = find_root(
        imbalance, (low, np.log(totals) + 1), args=(ratios, *logs),
        tolerances={"xatol": precision, "xrtol": 0.0, "fatol": 0.0, "frtol": 0.0},
    )  # fmt: skip
    return np.asarray(found.x)


def _errors(spread: _Floats) -> _Floats:
    """Samples of the errors of all species, the aqua ion's first, which is 0: (n + 1, draws) eV."""
    # Only the products of rows matter: as many columns as rows can carry them.
    wide = spread.shape[1] > len(spread)
    rows = np.asarray(np.linalg.qr(spread.T, mode="r")).T if wide else spread
    drawn = np.random.default_rng(SEED).standard_normal((rows.shape[1], DRAWS))
    return np.vstack([np.zeros(DRAWS), rows @ drawn])


def _species(
    energies: Mapping[str, float],
    temperature: float,
    aqua_waters: int,
    water: float,
    released: Mapping[str, int] | None,
) -> tuple[_Floats, _Floats]:
    """Ligands of each species and ln([species]/([aqua] [L]^n)); the aqua ion stands first."""
    thermal = thermal_energy(temperature)
    problems = []
    if not energies:
        problems.append("no energies given: speciation needs one complex or more")
    if aqua_waters not in _WATERS:
        problems.append(f"an aqua ion has {_WATERS[0]} to {_WATERS[-1]} waters, got {aqua_waters}")
    if not (math.isfinite(water) and water > 0):
        problems.append(f"the concentration of water must be above 0 mol/L, got {water}")
    composition = [(0, 0)]
    for geometry, energy in energies.items():
        with collecting(problems):
            if released is None:
                number, waters = ligands_and_waters(geometry)
                composition.append((number, aqua_waters - waters))
            else:
                composition.append((read_geometry(geometry).number, released[geometry]))
        if not math.isfinite(energy):
            problems.append(
                f"the energy of {geometry} is {energy}: leave it out for the equilibrium without it"
            )
        elif abs(energy) > _LARGEST * thermal:
            problems.append(
                f"the energy of {geometry} is {energy} eV, too large for an exchange energy at "
                f"{temperature} K: give energies of replacing water on the aqua ion, not total ones"
            )
    if problems:
        raise InputError(problems)
    counts, free = np.array(composition, dtype=float).T
    logs = np.append(0.0, -np.array(list(energies.values())) / thermal)
    return counts, logs - free * math.log(water)


def _check_totals(metal_total: float, ligand_total: _Floats) -> None:
    problems = []
    if not (math.isfinite(metal_total) and metal_total > 0):
        problems.append(f"the total metal must be above 0 mol/L, got {metal_total}")
    if not ligand_total.size or not (np.isfinite(ligand_total) & (ligand_total >= 0)).all():
        problems.append(f"the total ligand must be 0 mol/L or more, got {ligand_total.tolist()}")
    if not problems:
        with np.errstate(over="ignore", under="ignore"):
            ratios = ligand_total[ligand_total > 0] / metal_total
        if not (np.isfinite(ratios) & (ratios > 0)).all():
            problems.append(f"{ligand_total} mol/L ligand for {metal_total} of metal: too unlike")
    if problems:
        raise InputError(problems)
