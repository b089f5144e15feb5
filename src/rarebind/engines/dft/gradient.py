"""The gradient of a converged mean field, in parts that an interruption does not lose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.dft.checkpoint import Checkpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


def gradient(field: Any, checkpoint: Checkpoint) -> Floats:
    """Gradient of the total energy less dispersion, shape (N, 3), Eh/bohr.

    Parameters
    ----------
    field
        Converged.
    checkpoint
        Keeps the parts that are finished: the solute's, and for a large molecule in a solvent the
        even longer ones of that.
    """
    if field.mol.natm == 1:
        # The force on a single atom vanishes.
        return np.zeros((1, 3))
    method = field.nuc_grad_method()
    parts_of_solvent = getattr(getattr(field, "with_solvent", None), "gradient_parts", None)
    if parts_of_solvent is None:
        return np.asarray(checkpoint.part("whole", method.kernel))
    parts = {"solute": method.undo_solvent().kernel, **parts_of_solvent(field.make_rdm1())}
    return np.asarray(sum(checkpoint.part(name, compute) for name, compute in parts.items()))
