"""Acid constants where none were measured: from those of alike groups, by Dimorphite-DL."""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from rarebind.errors import InputError, MissingDependencyError

#: pH that the charge of the free ligand is looked at, and how finely a change is located.
_FIRST, _LAST, _STEP = -2.0, 16.0, 0.1


class EstimatedPKaWarning(UserWarning):
    """Acid constants are those of alike groups, not of this ligand."""


def estimated_pka(smiles: str) -> tuple[float, ...]:
    """Acid constants of a ligand by group, as Dimorphite-DL has them.

    Each ionisable group has the mean pKa of that group in other molecules (Ropp et al., J.
    Cheminform. 2019, 11, 14), whatever stands beside it: equal groups lose their protons at once,
    and acids of polyamines are often off by one or two units.  A warning says so.

    Parameters
    ----------
    smiles
        Neutral or deprotonated.

    Returns
    -------
    tuple of float
        Rising, one a proton; none where no group is ionisable between pH −2 and 16.

    Raises
    ------
    InputError
        The SMILES cannot be read.
    MissingDependencyError
        Dimorphite-DL is not installed.
    """
    from rarebind.ligands.smiles import read_smiles

    read_smiles(smiles)
    grid = np.round(np.arange(_FIRST, _LAST + _STEP / 2, _STEP), 1)
    protonate = _dimorphite()
    charges = [_charge(protonate, smiles, float(ph)) for ph in grid]
    # Where the charge falls, that many protons are lost.
    found = [
        round(float(ph) - _STEP / 2, 2)
        for ph, before, after in zip(grid[1:], charges, charges[1:], strict=False)
        for _ in range(before - after)
    ]
    warnings.warn(
        f"pKa of {smiles} are those of alike groups in other molecules "
        f"({', '.join(map(str, found)) or 'none'}): give measured ones where there are",
        EstimatedPKaWarning,
        stacklevel=2,
    )
    return tuple(found)


def _charge(protonate: Any, smiles: str, ph: float) -> int:
    """Charge of the state that prevails at a pH."""
    from rdkit import Chem

    states = protonate(smiles, ph_min=ph, ph_max=ph, precision=0.0, max_variants=1)
    mol = Chem.MolFromSmiles(states[0]) if states else None
    if mol is None:
        raise InputError(f"no protonation state of {smiles!r} is found: give its pKa")
    return int(Chem.GetFormalCharge(mol))


def _dimorphite() -> Any:
    try:
        module: Any = importlib.import_module("dimorphite_dl")
        logger: Any = importlib.import_module("loguru").logger
    except ImportError as error:
        raise MissingDependencyError(
            "pKa are estimated with Dimorphite-DL, which is not installed: give measured pKa, or "
            "pip install 'rarebind[experiment]'"
        ) from error
    logger.disable("dimorphite_dl")
    return module.protonate_smiles
