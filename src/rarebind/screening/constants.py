"""Stability constants of a screen: as computed, and calibrated on measured ones.

Free energies need the vibrations of every species, which for sixteen metals nobody waits for.  They
are computed with three, and lie between these as the ionic radii do.  What a calibration makes of
them stands beside, and the two are never mixed.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rarebind.elements import is_lanthanide
from rarebind.errors import InputError
from rarebind.experiment.calibration import LEVEL, Calibration, load_calibration
from rarebind.experiment.computed import between_metals
from rarebind.experiment.descriptors import SCREENING, ligand_descriptors, screening, sizes
from rarebind.experiment.ph import conditional, known_pka
from rarebind.experiment.protonation import EstimatedPKaWarning, estimated_pka
from rarebind.io.files import bundled_path
from rarebind.ligands import Ligand
from rarebind.screening.screen import Entry, Screen
from rarebind.screening.stability import Stability

if TYPE_CHECKING:
    import pandas as pd

#: Metals that free energies are computed with.
ANCHORS = ("La", "Gd", "Lu")
#: mol/L, of calibrated constants where nothing is said.
IONIC_STRENGTH = 0.1
#: Column of the computed constant.
COMPUTED = "computed_log_k"


@dataclass(frozen=True)
class Constant:
    """log K of one ligand and metal: the first constant, [ML]/([M][L]) of the bound form.

    Attributes
    ----------
    computed
        −ΔG/RT ln 10 as it is; between metals that are computed, by ionic radius.  None where there
        is none.
    calibrated, half_width
        By the calibration, and half its interval of 90 %; None without one.
    difference, difference_half_width
        log K less that with the first metal of the screen, in which cancels what a ligand has in
        common with itself.  None without a calibration: the level alone gives no sign.
    conditional
        log K' at the pH asked for: the best of the two less what protons and hydroxide take.
    unlike
        Why the calibration does not speak for this ligand or metal; else empty.
    reason
        Why there is no constant, or what is uncertain about the conditional one; else empty.
    """

    computed: float | None = None
    calibrated: float | None = None
    half_width: float | None = None
    difference: float | None = None
    difference_half_width: float | None = None
    conditional: float | None = None
    unlike: str = ""
    reason: str = ""

    @property
    def best(self) -> float | None:
        """The calibrated one; the computed one without a calibration."""
        return self.computed if self.calibrated is None else self.calibrated


def bundled_calibration(level: str) -> Calibration | None:
    """The calibration of a printed level of theory that ships with rarebind, if one does."""
    path = bundled_path("calibration.json")
    if not path.is_file():
        return None
    found = load_calibration(path)
    return found if found.card.level == level else None


def usable_calibration(path: Path, level: str) -> Calibration:
    """A calibration from a file, for screens at a printed level of theory.

    Raises
    ------
    InputError
        It cannot be read, or was made of constants computed at another level, or needs columns that
        a screen does not compute.
    """
    found = load_calibration(path)
    if strange := sorted(set(found.model.design.computed) - {COMPUTED}):
        raise InputError(
            f"{path} needs {', '.join(strange)}: a screen computes {COMPUTED} only; train with "
            f"--column {COMPUTED}"
        )
    if found.model.design.computed and found.card.level != level:
        raise InputError(
            f"{path} was made of constants at {found.card.level or 'a level that it does not name'}"
            f", asked for is {level}: train it anew, with --level {level!r}"
        )
    return found


def has_constant(entry: Entry) -> bool:
    """Whether it is one ligand, of which the first constant is that of the screen's complex."""
    spec = entry.spec
    return sum(number for _, number in spec.composition.ligands) == 1


def constants_of(
    found: Screen,
    anchors: Sequence[Stability],
    calibration: Calibration | None,
    *,
    ionic_strength: float = IONIC_STRENGTH,
    ph: float | None = None,
) -> tuple[Constant, ...]:
    """Constants of every entry of a screen, in its order.

    Parameters
    ----------
    found
        A screen.
    anchors
        Of a screen of the same ligands and geometries with :data:`ANCHORS`.
    calibration
        Of the level; None: constants are as computed only.
    ionic_strength
        mol/L, of the calibrated and the conditional ones.
    ph
        Of conditional ones; None: there are none.

    Raises
    ------
    InputError
        The calibration needs columns that there are not.
    """
    computed = _computed(anchors)
    table = between_metals(computed) if len(computed) else computed
    reasons = {_key(one.entry): one.reason for one in anchors if one.log_k is None}
    values = {(row.ligand, row.metal): float(getattr(row, COMPUTED)) for row in table.itertuples()}
    said = {} if calibration is None else _calibrated(calibration, table, anchors, ionic_strength)
    constants = [
        _constant(entry, found.metals[0], values, said, calibration, reasons)
        for entry in found.entries
    ]
    if ph is None:
        return tuple(constants)
    acid = {key: _pka(ligand) for key, ligand in _ligands(found, constants).items()}
    return tuple(
        one
        if one.best is None
        else _at_ph(one, entry.spec.metal, *acid[entry.ligand.inchikey], ph, ionic_strength)
        for entry, one in zip(found.entries, constants, strict=True)
    )


def _ligands(found: Screen, constants: Sequence[Constant]) -> dict[str, Ligand]:
    """Ligands that have a constant, by InChIKey."""
    pairs = zip(found.entries, constants, strict=True)
    return {entry.ligand.inchikey: entry.ligand for entry, one in pairs if one.best is not None}


def _pka(ligand: Ligand) -> tuple[tuple[float, ...], str]:
    """Acid constants of a ligand, and what is to be said of them."""
    if known := ligand.pka or known_pka(ligand.inchikey):
        return known, ""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimatedPKaWarning)
        found = estimated_pka(ligand.smiles)
    told = ", ".join(f"{value:g}" for value in found) or "none"
    return found, f"pKa estimated from alike groups ({told}): give them in a column pka"


def _at_ph(
    one: Constant, metal: str, pka: Sequence[float], told: str, ph: float, ionic_strength: float
) -> Constant:
    assert one.best is not None
    value = float(conditional(one.best, metal, pka, ph, ionic_strength))
    return replace(one, conditional=value, reason="; ".join(filter(None, (one.reason, told))))


def _key(entry: Entry) -> str:
    """What a ligand in a geometry is called here."""
    return f"{entry.ligand.inchikey}|{entry.geometry}"


def _computed(anchors: Sequence[Stability]) -> pd.DataFrame:
    import pandas as pd

    rows = [
        (_key(one.entry), one.entry.spec.metal, one.log_k)
        for one in anchors
        if one.log_k is not None
    ]
    return pd.DataFrame(rows, columns=["ligand", "metal", COMPUTED])


def _calibrated(
    calibration: Calibration,
    table: pd.DataFrame,
    anchors: Sequence[Stability],
    ionic_strength: float,
) -> Mapping[tuple[str, str], tuple[float, float, str]]:
    """Log K, half its interval and why it may be wrong, by ligand and metal."""
    if table.empty:
        return {}
    smiles = {_key(one.entry): one.entry.ligand.smiles for one in anchors}
    frame = table.assign(smiles=table["ligand"].map(smiles))
    frame = frame.join(ligand_descriptors(frame["smiles"]), on="smiles")
    frame[SCREENING] = screening(frame["charge"], ionic_strength)
    return {
        (row.ligand, row.metal): (float(row.log_k), float(row.half_width), str(row.outside))
        for row in calibration.predict(frame, LEVEL).itertuples()
    }


def _constant(
    entry: Entry,
    reference: str,
    values: Mapping[tuple[str, str], float],
    said: Mapping[tuple[str, str], tuple[float, float, str]],
    calibration: Calibration | None,
    reasons: Mapping[str, str],
) -> Constant:
    if not has_constant(entry):
        return Constant()
    key, metal = _key(entry), entry.spec.metal
    if (key, metal) not in values:
        why = reasons.get(key) or (
            "" if is_lanthanide(metal) else f"free energies are not computed with {metal}"
        )
        return Constant(reason=f"no log K: {why}" if why else "")
    computed = values[key, metal]
    first = (key, reference)
    if calibration is None:
        return Constant(computed=computed)
    value, width, unlike = said[key, metal]
    difference = difference_width = None
    if first in said and metal != reference:
        one, other = sizes((metal, reference))
        difference = value - said[first][0]
        widths = calibration.intervals.half_widths(np.abs(one - other), LEVEL)
        difference_width = float(widths)
    return Constant(computed, value, width, difference, difference_width, unlike=unlike)
