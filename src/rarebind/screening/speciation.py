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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rarebind.errors import InputError
from rarebind.screening.equilibrium import log_free_ligands, shares_of
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
#: Precision of ln [L] of samples: their shares are right to this, which no band shows.
_ROUGH = 1e-4
#: Decimals of a band in plain data.
_DECIMALS = 4

_Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Speciation:
    """Species of a metal at equilibrium, as if energies were free energies (they are not).

    Attributes
    ----------
    fractions
        Share of the metal in each species: ``aqua``, then the geometries.  They add up to 1.
    log10_free_ligand
        Decimal logarithm of the concentration of unbound ligand in mol/L; −inf without ligand.
    metal_total, ligand_total
        mol/L, free and bound.
    temperature
        K.
    """

    fractions: Mapping[str, float]
    log10_free_ligand: float
    metal_total: float
    ligand_total: float
    temperature: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "fractions", MappingProxyType(dict(self.fractions)))

    @property
    def free_ligand(self) -> float:
        """Concentration of unbound ligand, mol/L; 0 where it is below 1e-323."""
        return float(10.0**self.log10_free_ligand)

    @property
    def mean_ligands(self) -> float:
        """Ligands bound to a metal ion on average."""
        return math.fsum(
            share * ligands_and_waters(name)[0]
            for name, share in self.fractions.items()
            if name != AQUA
        )


@dataclass(frozen=True)
class Band:
    """Between which ends the share of a species lies, along the ratios of a curve.

    Attributes
    ----------
    low, high
        One each; they hold the curve itself.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]


@dataclass(frozen=True)
class SpeciationCurve:
    """Species of a metal as more and more ligand is added.

    Attributes
    ----------
    ratios
        Total ligand per total metal.
    points
        One each.
    bands
        Of every species, from the intervals of the energies; None where these have none.
    """

    ratios: tuple[float, ...]
    points: tuple[Speciation, ...]
    bands: Mapping[str, Band] | None = None

    def __post_init__(self) -> None:
        if not self.ratios or len(self.ratios) != len(self.points):
            raise InputError(f"{len(self.ratios)} ratios for {len(self.points)} points of a curve")
        if self.bands is not None:
            object.__setattr__(self, "bands", MappingProxyType(dict(self.bands)))

    @property
    def fractions(self) -> dict[str, tuple[float, ...]]:
        """Share of the metal in each species along the ratios."""
        return {
            name: tuple(point.fractions[name] for point in self.points)
            for name in self.points[0].fractions
        }

    def data(self) -> dict[str, object]:
        """Plain data for JSON; ``bands`` has low and high ends by species, or is None."""
        fractions = {name: list(shares) for name, shares in self.fractions.items()}
        bands = None
        if self.bands is not None:
            bands = {
                name: [[round(x, _DECIMALS) for x in ends] for ends in (band.low, band.high)]
                for name, band in self.bands.items()
            }
        return {"ratio": list(self.ratios), "fractions": fractions, "bands": bands}


@dataclass(frozen=True, eq=False)
class KnownEnergies(Mapping[str, float]):
    """Exchange energies of the complexes of a ligand with a metal, by geometry, and their errors.

    Attributes
    ----------
    energies
        eV by geometry.
    spread
        Joint law of their errors that agrees with their intervals, (n, d) eV in the order of
        `energies`; None where none of them has an interval.
    level
        Share of the intervals that hold the truth.
    """

    energies: Mapping[str, float]
    spread: _Floats | None = None
    level: float = 0.9

    def __getitem__(self, geometry: str) -> float:
        return self.energies[geometry]

    def __iter__(self) -> Iterator[str]:
        return iter(self.energies)

    def __len__(self) -> int:
        return len(self.energies)


def known_energies(estimates: Estimates, ligand: str, metal: str) -> KnownEnergies:
    """Exchange energies in eV of the complexes of a ligand with a metal, by geometry.

    Complexes without a known energy are left out, so an equilibrium of these is one without them.

    Raises
    ------
    InputError
        The ligand was not screened with the metal.
    """
    rows = estimates.rows_of.get((ligand, metal))
    if not rows:
        metals = dict.fromkeys(
            m for li, m in zip(estimates.ligands, estimates.metals, strict=True) if li == ligand
        )
        if metals:
            raise InputError(f"no estimates of {ligand} with {metal}: only {', '.join(metals)}")
        ligands = ", ".join(dict.fromkeys(estimates.ligands)) or "none"
        raise InputError(f"no estimates of ligand {ligand!r}: there are {ligands}")
    known = [i for i in rows if not math.isnan(estimates.exchange[i])]
    energies = {estimates.geometries[i]: float(estimates.exchange[i]) for i in known}
    spread = estimates.calibrated_spread
    stated = spread is not None and estimates.unsure[known].any()
    return KnownEnergies(
        energies, spread[known] if spread is not None and stated else None, estimates.level
    )


def speciate(
    energies: Mapping[str, float],
    metal_total: float,
    ligand_total: float,
    temperature: float = ROOM_TEMPERATURE,
    *,
    aqua_waters: int,
    water: float = WATER,
) -> Speciation:
    """Equilibrium of a metal, its ligand and water, as if energies were free energies.

    They are **not**: see the head of this module.

    Parameters
    ----------
    energies
        Exchange energies in eV by geometry, such as ``{"1:6": −1.2, "4:0": −3.0}``.  Geometries
        that are not given do not exist.
    metal_total, ligand_total
        mol/L, free and bound.
    temperature
        K.
    aqua_waters
        Waters of the aqua ion that the exchange energies refer to: 8 or 9 for the rare earths.
    water
        Concentration of water, mol/L.

    Raises
    ------
    InputError
        There are no energies, one is not finite, a geometry is none, or a number is out of its
        range.
    """
    counts, logs = _species(energies, temperature, aqua_waters, water)
    _check_totals(metal_total, ligand_total)
    ligand = np.array([ligand_total], dtype=float)
    (point,), _ = _points((AQUA, *energies), counts, logs, metal_total, ligand, temperature)
    return point


def speciation_curve(
    energies: Mapping[str, float],
    metal_total: float,
    ratios: Sequence[float] = RATIOS,
    temperature: float = ROOM_TEMPERATURE,
    *,
    aqua_waters: int,
    water: float = WATER,
) -> SpeciationCurve:
    """:func:`speciate` at several amounts of ligand; energies as if they were free energies.

    They are **not**: see the head of this module.

    Parameters
    ----------
    energies
        As :func:`speciate` takes them; with those of :func:`known_energies` that have intervals,
        the curve has bands.
    ratios
        Total ligand per total metal, 0 or more each.
    metal_total, temperature, aqua_waters, water
        As :func:`speciate` takes them.

    Returns
    -------
    SpeciationCurve
        Its bands hold the share of :data:`DRAWS` samples that the intervals of the energies hold
        of the truth, always the same ones.

    Raises
    ------
    InputError
        There are no ratios, one is below 0, or as :func:`speciate` raises it.
    """
    ratios = tuple(float(ratio) for ratio in ratios)
    if wrong := [ratio for ratio in ratios if not (math.isfinite(ratio) and ratio >= 0)]:
        raise InputError(f"ligand:metal ratios must be 0 or more, got {wrong[0]}")
    if not ratios:
        raise InputError("no ligand:metal ratios given")
    counts, logs = _species(energies, temperature, aqua_waters, water)
    totals = np.array(ratios) * metal_total
    for total in totals.tolist():
        _check_totals(metal_total, total)
    species = (AQUA, *energies)
    points, frees = _points(species, counts, logs, metal_total, totals, temperature)
    bands = None
    if isinstance(energies, KnownEnergies) and energies.spread is not None:
        errors = -_errors(energies.spread) / thermal_energy(temperature)
        ends = _band(counts, logs, errors, metal_total, totals, frees, energies.level)
        bands = {name: Band(*pair) for name, pair in zip(species, ends, strict=True)}
    return SpeciationCurve(ratios, points, bands)


def _points(
    species: Sequence[str],
    counts: _Floats,
    logs: _Floats,
    metal_total: float,
    totals: _Floats,
    temperature: float,
) -> tuple[tuple[Speciation, ...], _Floats]:
    """Equilibria at each of the `totals` of ligand, mol/L, and ln [L] of each."""
    there = totals > 0
    columns = np.repeat(logs[:, None], there.sum(), axis=1)
    frees = np.full(len(totals), -math.inf)
    shares = np.repeat((counts == 0).astype(float)[:, None], len(totals), axis=1)
    frees[there] = log_free_ligands(counts, columns, metal_total, totals[there])
    shares[:, there] = shares_of(counts, columns, frees[there])
    points = tuple(
        Speciation(
            fractions=dict(zip(species, found, strict=True)),
            log10_free_ligand=free / math.log(10),
            metal_total=metal_total,
            ligand_total=total,
            temperature=temperature,
        )
        for found, free, total in zip(
            shares.T.tolist(), frees.tolist(), totals.tolist(), strict=True
        )
    )
    return points, frees


def _errors(spread: _Floats) -> _Floats:
    """Samples of the errors of all species, the aqua ion's first, which is 0: (n + 1, draws) eV."""
    # Only the products of rows matter: as many columns as rows can carry them.
    wide = spread.shape[1] > len(spread)
    rows = np.asarray(np.linalg.qr(spread.T, mode="r")).T if wide else spread
    drawn = np.random.default_rng(SEED).standard_normal((rows.shape[1], DRAWS))
    return np.vstack([np.zeros(DRAWS), rows @ drawn])


def _band(
    counts: _Floats,
    logs: _Floats,
    errors: _Floats,
    metal_total: float,
    totals: _Floats,
    frees: _Floats,
    level: float,
) -> list[tuple[tuple[float, ...], tuple[float, ...]]]:
    """Ends of the central `level` of sampled shares along the totals, of each species.

    Parameters
    ----------
    errors
        Of `logs`, (species, draws).
    frees
        ln [L] of the curve itself, from which the samples are not far.
    """
    there = totals > 0
    shape = (len(counts), errors.shape[1], int(there.sum()))
    columns = np.repeat(logs[:, None] + errors, shape[2], axis=1)
    start = np.tile(frees[there], shape[1])
    found = log_free_ligands(
        counts, columns, metal_total, np.tile(totals[there], shape[1]), start, _ROUGH
    )
    drawn = np.sort(shares_of(counts, columns, found).reshape(shape), axis=1)
    middle = shares_of(counts, np.repeat(logs[:, None], shape[2], axis=1), frees[there])
    beyond = int((1 - level) / 2 * shape[1])
    low = np.repeat((counts == 0).astype(float)[:, None], len(totals), axis=1)
    high = low.copy()
    # Where a species is at its largest, all samples may lie below the curve.
    low[:, there] = np.minimum(drawn[:, beyond], middle)
    high[:, there] = np.maximum(drawn[:, -1 - beyond], middle)
    return [(tuple(a), tuple(b)) for a, b in zip(low.tolist(), high.tolist(), strict=True)]


def _species(
    energies: Mapping[str, float], temperature: float, aqua_waters: int, water: float
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
    composition = [(0, aqua_waters)]
    for geometry, energy in energies.items():
        try:
            composition.append(ligands_and_waters(geometry))
        except InputError as error:
            problems += error.problems
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
    counts, waters = np.array(composition, dtype=float).T
    logs = np.append(0.0, -np.array(list(energies.values())) / thermal)
    return counts, logs - (aqua_waters - waters) * math.log(water)


def _check_totals(metal_total: float, ligand_total: float) -> None:
    problems = []
    if not (math.isfinite(metal_total) and metal_total > 0):
        problems.append(f"the total metal must be above 0 mol/L, got {metal_total}")
    if not (math.isfinite(ligand_total) and ligand_total >= 0):
        problems.append(f"the total ligand must be 0 mol/L or more, got {ligand_total}")
    if not problems and ligand_total and not 0 < ligand_total / metal_total < math.inf:
        problems.append(f"{ligand_total} mol/L ligand for {metal_total} mol/L metal: too unlike")
    if problems:
        raise InputError(problems)
