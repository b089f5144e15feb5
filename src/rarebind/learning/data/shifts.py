"""Where a model starts from: an energy for each element, and the size of what is left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from ase.data import atomic_numbers

from rarebind.elements import is_rare_earth, rare_earths
from rarebind.errors import InputError
from rarebind.learning.data.samples import Sample

#: eV; a model needs room to move even where the shifts say everything.
_SMALLEST_SCALE = 1e-3


def species_shifts(
    samples: Sequence[Sample], ridge: float = 1e-6, *, elements: Iterable[str] = ()
) -> tuple[dict[str, float], float]:
    """Energies of elements whose sums come nearest to the targets of the training samples.

    Ridge regression of the target on the numbers of atoms.  A complex has exactly one metal, so
    the columns of the metals add up to a constant: they are fitted as one mean, which the penalty
    leaves alone, and deviations from it, which it centres.

    Parameters
    ----------
    samples
        Of the training set alone.
    ridge
        Penalty on squared shifts (eV²) in the sum of squared residuals.  It decides only what the
        compositions leave open, such as how complexes of a single ligand divide their energy
        among C, N and O; a strong one would draw the metals' energies, which lie up to 1e4 eV
        apart, towards each other.
    elements
        More elements that need a shift.

    Returns
    -------
    shifts
        In eV by symbol, by atomic number: of every element that occurs, of `elements`, and of
        every rare earth.  A metal without samples has the mean of the others, each counting once;
        another element without samples has zero, as in any ridge regression.
    scale
        Root mean square over the samples of residual/√N, in eV, N being the number of atoms;
        at least 1e-3.  A model adds up N atomic energies of this size: as long as they know
        nothing of each other, their sum is √N times as wide, which is then the width of the
        residuals.

    Raises
    ------
    InputError
        There are no samples, the ridge is not positive, or one of `elements` is none.
    """
    if not samples:
        raise InputError("shifts need at least one sample to be fitted to")
    if not ridge > 0:
        raise InputError(f"the ridge must be above 0, got {ridge}: the metals need one")
    if unknown := sorted(set(elements := list(elements)) - set(atomic_numbers)):
        raise InputError(f"unknown element symbols: {', '.join(unknown)}")
    counts = [Counter(sample.structure.symbols) for sample in samples]
    metals = sorted({sample.metal for sample in samples})
    others = sorted({s for count in counts for s in count if not is_rare_earth(s)})
    columns = [*metals, *others]
    compositions = np.array([[1, *(count[name] for name in columns)] for count in counts], float)
    targets = np.array([sample.target for sample in samples])

    # The penalty as further equations: numerically better than normal equations.
    penalty = np.sqrt(ridge) * np.eye(len(columns) + 1)[1:]
    equations = np.vstack([compositions, penalty])
    right = np.concatenate([targets, np.zeros(len(columns))])
    mean, *fitted = np.linalg.lstsq(equations, right, rcond=None)[0].tolist()
    residuals = targets - compositions @ np.array([mean, *fitted])

    shifts = dict.fromkeys(rare_earths(), mean) | {
        name: 0.0 for name in elements if not is_rare_earth(name)
    }
    # The penalty has centred the deviations of the metals.
    shifts |= {
        name: value + (mean if name in metals else 0.0)
        for name, value in zip(columns, fitted, strict=True)
    }
    atoms = compositions[:, 1:].sum(axis=1)
    scale = max(float(np.sqrt(np.mean(residuals**2 / atoms))), _SMALLEST_SCALE)
    return dict(sorted(shifts.items(), key=lambda item: atomic_numbers[item[0]])), scale
