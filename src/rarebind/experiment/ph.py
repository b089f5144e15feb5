"""Conditional constants: what protons and hydroxide leave of a stability constant at a pH.

K' = [ML]/([M'][L']) counts as free metal M' what is not bound to L, hydrolysed or not, and as free
ligand L' every protonation state: log K' = log K − log α_L − log α_M (Ringbom, Complexation in
Analytical Chemistry, 1963), with

- α_L = 1 + Σ_i [H]^i/(Ka_n … Ka_(n−i+1)), from the acid constants of the ligand;
- α_M = 1 + β*/[H], from the first hydrolysis constant of the metal, [MOH][H]/[M].

Acid constants of concentrations are taken with pH = −log [H].  Protonated or hydrolysed complexes,
further hydrolysis and precipitation are left out: in acid, K' of strong ligands is a lower bound,
and above about pH 8 hydroxides may precipitate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rarebind.elements import rare_earth
from rarebind.errors import InputError
from rarebind.io.files import bundled_rows
from rarebind.ligands.acidity import possible_pka

if TYPE_CHECKING:
    import pandas as pd

#: pH of water solutions.
LOWEST, HIGHEST = -1.0, 15.0
#: Of the ionic strength: log β*(I) = log β*(0) − A√I/(1 + B√I) (Klungness and Byrne 2000; the term
#: linear in I, 0.002 I, is left out).
_A, _B = 2.044, 5.52


def acid_constants() -> pd.DataFrame:
    """Shipped pKa, a row each: ``ligand``, ``smiles``, ``inchikey``, ``pka`` and its source."""
    import pandas as pd

    from rarebind.ligands import parse_ligand

    table = pd.DataFrame(bundled_rows("acid_constants.csv"))
    numbers = ["pka", "temperature_C", "ionic_strength_M"]
    table[numbers] = table[numbers].astype(float)
    keys = {smiles: parse_ligand(smiles).inchikey for smiles in table["smiles"].unique()}
    return table.assign(inchikey=table["smiles"].map(keys))


def known_pka(inchikey: str) -> tuple[float, ...]:
    """The pKa of a ligand in :func:`acid_constants`, by InChIKey of its bound form; or none."""
    table = acid_constants()
    return tuple(sorted(table.loc[table["inchikey"] == inchikey, "pka"]))


def log_alpha_ligand(pka: Sequence[float], ph: ArrayLike) -> NDArray[np.float64]:
    """Logarithm of α_L: how much of the free ligand is protonated.

    Parameters
    ----------
    pka
        All acid constants of the ligand, in any order; none: it is never protonated.
    ph
        Any shape.

    Returns
    -------
    ndarray
        Of the shape of `ph`; 0 or more.

    Raises
    ------
    InputError
        A pKa or pH is impossible.
    """
    steps = np.concatenate([[0.0], np.cumsum(sorted(possible_pka(pka), reverse=True))])
    exponents = steps - np.arange(len(steps)) * _ph(ph)[..., None]
    return np.asarray(np.logaddexp.reduce(exponents * math.log(10), axis=-1) / math.log(10))


def log_alpha_metal(metal: str, ph: ArrayLike, ionic_strength: float = 0.0) -> NDArray[np.float64]:
    """Logarithm of α_M: how much of the free metal is hydrolysed, by the first constant.

    Parameters
    ----------
    metal
        Symbol.
    ph
        Any shape.
    ionic_strength
        mol/L.

    Raises
    ------
    InputError
        The metal has no constant, or a pH or the ionic strength is impossible.
    """
    log_beta = hydrolysis_constant(metal, ionic_strength)
    return np.asarray(np.logaddexp(0.0, (log_beta + _ph(ph)) * math.log(10)) / math.log(10))


def hydrolysis_constant(metal: str, ionic_strength: float = 0.0) -> float:
    """log10 of [MOH][H]/[M] at 25 °C.

    Parameters
    ----------
    ionic_strength
        mol/L, up to about 6.

    Raises
    ------
    InputError
        The metal has none, or the ionic strength is impossible.
    """
    if not 0 <= ionic_strength < math.inf:
        raise InputError(f"ionic strength {ionic_strength} mol/L: give a number from 0 up")
    rare_earth(metal)
    known = _hydrolysis()
    if metal not in known:
        raise InputError(
            f"no hydrolysis constant of {metal} is known: there are {', '.join(known)}"
        )
    root = math.sqrt(ionic_strength)
    return known[metal] - _A * root / (1 + _B * root)


def conditional(
    log_k: ArrayLike, metal: str, pka: Sequence[float], ph: ArrayLike, ionic_strength: float = 0.0
) -> NDArray[np.float64]:
    """The constant at a pH, log K'.

    Parameters
    ----------
    log_k
        log10 of [ML]/([M][L]), of any shape that goes with that of `ph`.
    metal, pka, ph, ionic_strength
        As :func:`log_alpha_metal` and :func:`log_alpha_ligand` take them.

    Raises
    ------
    InputError
        As these raise it.
    """
    left = np.asarray(log_k, dtype=float) - log_alpha_ligand(pka, ph)
    return np.asarray(left - log_alpha_metal(metal, ph, ionic_strength))


def ph_curve(
    log_k: Mapping[str, float],
    pka: Sequence[float],
    ph: Sequence[float] | None = None,
    ionic_strength: float = 0.0,
) -> pd.DataFrame:
    """Conditional constants of a ligand over pH.

    Parameters
    ----------
    log_k
        log10 of [ML]/([M][L]) by metal.
    pka, ionic_strength
        As for :func:`conditional`.
    ph
        Default: 0 to 14 in steps of 0.1.

    Returns
    -------
    DataFrame
        A row a metal and pH: ``metal``, ``ph``, ``log_alpha_ligand``, ``log_alpha_metal`` and
        ``log_k_conditional``.

    Raises
    ------
    InputError
        As :func:`conditional` raises it, or no metal is given.
    """
    import pandas as pd

    if not log_k:
        raise InputError("a curve over pH needs the constant of at least one metal")
    grid = np.round(np.arange(0, 14.01, 0.1), 1) if ph is None else _ph(ph)
    ligand = log_alpha_ligand(pka, grid)
    parts = [
        pd.DataFrame(
            {
                "metal": metal,
                "ph": grid,
                "log_alpha_ligand": ligand,
                "log_alpha_metal": log_alpha_metal(metal, grid, ionic_strength),
                "log_k_conditional": conditional(value, metal, pka, grid, ionic_strength),
            }
        )
        for metal, value in log_k.items()
    ]
    return pd.concat(parts, ignore_index=True)


@cache
def _hydrolysis() -> dict[str, float]:
    return {row["metal"]: float(row["log_beta"]) for row in bundled_rows("hydrolysis.csv")}


def _ph(values: ArrayLike) -> NDArray[np.float64]:
    found = np.asarray(values, dtype=float)
    possible = (found >= LOWEST) & (found <= HIGHEST)
    if not possible.all():
        wrong = found[~possible].flat[0]
        raise InputError(f"pH {wrong} lies outside {LOWEST:g} to {HIGHEST:g}")
    return found
