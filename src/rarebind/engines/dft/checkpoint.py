"""What an interrupted calculation leaves behind: its orbitals, and integrals that took long."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.checkpoints import discard

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Checkpoint:
    """The files of one calculation.

    Parameters
    ----------
    path
        Where its orbitals are kept; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    @property
    def orbitals_path(self) -> str | None:
        """Where PySCF leaves its orbitals after every iteration."""
        return None if self._path is None else str(self._path)

    @property
    def integrals_path(self) -> Path | None:
        """Where finished three-centre integrals lie."""
        return None if self._path is None else self._path.with_suffix(".integrals")

    def density(self, field: Any) -> NDArray[np.float64] | None:
        """The density of the last iteration of `field`'s molecule; None without a readable one."""
        from pyscf.scf import chkfile

        if self._path is None or not self._path.exists():
            return None
        try:
            found = chkfile.load(str(self._path), "scf")
            density: NDArray[np.float64] = field.make_rdm1(found["mo_coeff"], found["mo_occ"])
        except (OSError, KeyError, ValueError, TypeError, RuntimeError):
            # Killed while it was written: the file is lost, not the calculation.  PySCF would go on
            # writing into it.
            self._path.unlink()
            return None
        return density

    def keep_integrals(self, field: Any) -> None:
        """Have `field` use the integrals left behind, or compute and leave them."""
        if self._path is None:
            return
        path = self.integrals_path
        assert path is not None
        fitting = field.with_df
        if not path.exists():
            unfinished = path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            fitting._cderi_to_save = str(unfinished)
            fitting.build()
            unfinished.replace(path)
        from pyscf import df

        fitting.auxmol = df.addons.make_auxmol(field.mol, fitting.auxbasis)
        fitting._cderi = str(path)

    def discard(self) -> None:
        """Remove all files: the calculation has ended."""
        discard(self._path)
