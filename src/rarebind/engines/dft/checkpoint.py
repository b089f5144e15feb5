"""What an interrupted calculation leaves behind: orbitals, how far it was, large integrals."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.checkpoints import discard
from rarebind.engines.dft.ladder import Solution
from rarebind.engines.dft.refinement import FOUND, STAGES

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STAGE = ".stage.json"
_PART = ".gradient-"


@dataclass(frozen=True)
class Refinement:
    """A search that has ended, and whose solution is being refined.

    Attributes
    ----------
    energies
        Of all solutions found, Eh.
    attempts, cycles
        Guesses tried, and iterations spent on them.
    stage
        How far the solution has been refined, one of
        :data:`~rarebind.engines.dft.refinement.STAGES`.
    """

    energies: tuple[float, ...]
    attempts: int
    cycles: int
    stage: str = FOUND


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
        found = self.solution()
        if found is None:
            return None
        density: NDArray[np.float64] = field.make_rdm1(found.coefficients, found.occupations)
        return density

    def keep(self, mol: Any, solution: Solution, refinement: Refinement) -> None:
        """Keep a solution in place of the last iteration, and how far it has been refined."""
        from pyscf.scf import chkfile

        if self._path is None:
            return
        # Parts of a gradient are those of a state that is given up now.
        for part in self._path.parent.glob(f"{self._path.stem}{_PART}*"):
            part.unlink()
        chkfile.dump_scf(
            mol, str(self._path), solution.energy, solution.orbital_energies,
            solution.coefficients, solution.occupations,
        )  # fmt: skip
        unfinished = self._path.with_suffix(".unfinished-stage")
        unfinished.write_text(json.dumps(asdict(refinement)))
        unfinished.replace(self._path.with_suffix(_STAGE))

    def refinement(self) -> Refinement | None:
        """How far an interrupted refinement was; None where there was none."""
        if self._path is None or not self._path.exists():
            return None
        try:
            content = json.loads(self._path.with_suffix(_STAGE).read_text())
            energies: Sequence[float] = content.pop("energies")
            found = Refinement(tuple(map(float, energies)), **content)
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return found if found.stage in STAGES else None

    def solution(self) -> Solution | None:
        """What is kept, or the last iteration; None without readable orbitals."""
        from pyscf.scf import chkfile

        if self._path is None or not self._path.exists():
            return None
        try:
            found = chkfile.load(str(self._path), "scf")
            return Solution(
                float(found["e_tot"]), found["mo_coeff"], found["mo_occ"], found["mo_energy"]
            )
        except (OSError, KeyError, ValueError, TypeError, RuntimeError):
            # Killed while it was written: the file is lost, not the calculation.  PySCF would go on
            # writing into it.
            self._path.unlink()
            return None

    def part(self, name: str, compute: Callable[[], NDArray[np.float64]]) -> NDArray[np.float64]:
        """A part of the gradient, computed unless it is there."""
        if self._path is None:
            return np.asarray(compute())
        path = self._path.with_suffix(f"{_PART}{name}.npy")
        if path.exists():
            try:
                return np.asarray(np.load(path))
            except (OSError, ValueError, EOFError):
                path.unlink()
        found = np.asarray(compute())
        unfinished = path.with_suffix(".unfinished.npy")
        np.save(unfinished, found)
        unfinished.replace(path)
        return found

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
