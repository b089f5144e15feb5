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
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from rarebind.errors import InputError
from rarebind.screening.estimates import (
    ROOM_TEMPERATURE,
    Estimates,
    ligands_and_waters,
    thermal_energy,
)

#: Concentration of pure water at 298 K, mol/L.
WATER = 55.34
#: Name of the aqua ion among the species.
AQUA = "aqua"
#: Ligands per metal of a curve unless asked otherwise: 0 to 8 in quarters.
RATIOS = tuple(i / 4 for i in range(33))
#: Waters of an aqua ion that can be asked for.
_WATERS = range(1, 13)
#: Largest energy in units of kT: beyond, doubles no longer hold the mass balance to nine digits.
_LARGEST = 1e5

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
class SpeciationCurve:
    """Species of a metal as more and more ligand is added.

    Attributes
    ----------
    ratios
        Total ligand per total metal.
    points
        One each.
    """

    ratios: tuple[float, ...]
    points: tuple[Speciation, ...]

    def __post_init__(self) -> None:
        if not self.ratios or len(self.ratios) != len(self.points):
            raise InputError(f"{len(self.ratios)} ratios for {len(self.points)} points of a curve")

    @property
    def fractions(self) -> dict[str, tuple[float, ...]]:
        """Share of the metal in each species along the ratios."""
        return {
            name: tuple(point.fractions[name] for point in self.points)
            for name in self.points[0].fractions
        }

    def data(self) -> dict[str, object]:
        """Plain data for JSON."""
        fractions = {name: list(shares) for name, shares in self.fractions.items()}
        return {"ratio": list(self.ratios), "fractions": fractions}


def known_energies(estimates: Estimates, ligand: str, metal: str) -> dict[str, float]:
    """Exchange energies in eV of the complexes of a ligand with a metal, by geometry.

    Complexes without a known energy are left out, so an equilibrium of these is one without them.

    Raises
    ------
    InputError
        The ligand was not screened with the metal.
    """
    rows = [
        i
        for i, names in enumerate(zip(estimates.ligands, estimates.metals, strict=True))
        if names == (ligand, metal)
    ]
    if not rows:
        metals = dict.fromkeys(
            m for li, m in zip(estimates.ligands, estimates.metals, strict=True) if li == ligand
        )
        if metals:
            raise InputError(f"no estimates of {ligand} with {metal}: only {', '.join(metals)}")
        ligands = ", ".join(dict.fromkeys(estimates.ligands)) or "none"
        raise InputError(f"no estimates of ligand {ligand!r}: there are {ligands}")
    known = estimates.known
    return {estimates.geometries[i]: float(estimates.exchange[i]) for i in rows if known[i]}


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
    if ligand_total == 0:
        log_free = -math.inf
        shares = (counts == 0).astype(float)
    else:
        log_free = _log_free_ligand(counts, logs, metal_total, ligand_total)
        shares = _shares(counts, logs, log_free)
    return Speciation(
        fractions=dict(zip((AQUA, *energies), shares.tolist(), strict=True)),
        log10_free_ligand=log_free / math.log(10),
        metal_total=metal_total,
        ligand_total=ligand_total,
        temperature=temperature,
    )


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
    ratios
        Total ligand per total metal, 0 or more each.
    energies, metal_total, temperature, aqua_waters, water
        As :func:`speciate` takes them.

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
    points = [
        speciate(
            energies,
            metal_total,
            ratio * metal_total,
            temperature,
            aqua_waters=aqua_waters,
            water=water,
        )
        for ratio in ratios
    ]
    return SpeciationCurve(ratios, tuple(points))


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


def _shares(counts: _Floats, logs: _Floats, log_free: float) -> _Floats:
    weights = logs + counts * log_free
    shares = np.exp(weights - weights.max())
    return np.asarray(shares / shares.sum(), dtype=float)


def _log_free_ligand(
    counts: _Floats, logs: _Floats, metal_total: float, ligand_total: float
) -> float:
    """Logarithm of the free ligand from its mass balance, l + M Σ n f(l) = L.

    With r = L/M and Σ f = 1 the balance reads

        l + M Σ_{n>r} (n − r) f = M Σ_{n<r} (r − n) f.

    All terms are positive, so both sides keep their digits as logarithms, where l + M Σ n f − L
    would lose them whenever the ligand is all but used up.  Their difference has the sign of that
    sum, which only rises with l: there is one root.
    """
    from scipy.optimize import brentq

    ratio = ligand_total / metal_total
    log_metal, log_ligand = math.log(metal_total), math.log(ligand_total)
    above, below = counts > ratio, counts < ratio
    # Of the shares' numerators: the sum that they are divided by is common to both sides.
    distances = np.where(above | below, np.abs(counts - ratio), 1.0)
    terms = logs + log_metal + np.log(distances)

    def excess(log_free: float) -> float:
        rising = counts * log_free
        more = np.append(log_free + logs + rising, (terms + rising)[above])
        less = (terms + rising)[below]
        return float(np.logaddexp.reduce(more) - np.logaddexp.reduce(less))

    # Here at most a quarter of the ligand is free, and at most a quarter bound.
    complexes = counts > 0
    share = math.log(ratio) - math.log(4 * counts.max() * complexes.sum())
    bound_little = (share - logs[complexes]) / counts[complexes]
    low = min(log_ligand - math.log(4), bound_little.min())
    # Here more is free than there is.
    high = log_ligand + 1
    return float(brentq(excess, low, high, xtol=1e-14, rtol=1e-15, maxiter=1000))
