"""GFN-xTB through the ``xtb`` program, where it is on the PATH."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rarebind.elements import xtb_unpaired_electrons
from rarebind.engines.level import LevelOfTheory
from rarebind.errors import CalculationError
from rarebind.structures import Structure
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_METHODS = {"GFN2-xTB": "2", "GFN1-xTB": "1"}
_SOLVENT_MODELS = {"ALPB": "--alpb", "GBSA": "--gbsa"}


def command_line(structure: Structure, level: LevelOfTheory, filename: str) -> list[str]:
    """The ``xtb`` command for an energy and gradient of `structure`.

    Raises
    ------
    InputError
        The electron count is odd.
    """
    unpaired = xtb_unpaired_electrons(structure.atomic_numbers, structure.charge)
    command = ["xtb", filename, "--grad", "--gfn", _METHODS[level.method]]
    command += ["--chrg", str(structure.charge), "--uhf", str(unpaired)]
    if level.solvent_model is not None:
        command += [_SOLVENT_MODELS[level.solvent_model], str(level.solvent_name)]
    return command


def read_engrad(text: str) -> tuple[float, NDArray[np.float64]]:
    """Energy (eV) and forces (eV/Å, shape (N, 3)) from an ``.engrad`` file.

    Raises
    ------
    CalculationError
        The file is truncated or holds something else.
    """
    values = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    try:
        n_atoms = int(values[0])
        energy = float(values[1]) * EV_PER_HARTREE
        gradient = np.array([float(v) for v in values[2 : 2 + 3 * n_atoms]]).reshape(n_atoms, 3)
    except (IndexError, ValueError) as error:
        raise CalculationError(f"xtb left a truncated gradient file: {error}") from error
    return energy, -gradient * (EV_PER_HARTREE / ANGSTROM_PER_BOHR)


class XTBProgramPotential:
    """Energy and forces from one ``xtb`` process a call, restarted from the last wave function."""

    #: GFN-xTB has one closed-shell state.
    scf = None

    def __init__(self, structure: Structure, level: LevelOfTheory) -> None:
        self._symbols = structure.symbols
        self._command = command_line(structure, level, "molecule.xyz")
        self._scratch = tempfile.TemporaryDirectory(prefix="rarebind-xtb-")

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        folder = Path(self._scratch.name)
        lines = [str(len(self._symbols)), ""]
        lines += [
            f"{symbol} {x:.12f} {y:.12f} {z:.12f}"
            for symbol, (x, y, z) in zip(self._symbols, positions, strict=True)
        ]
        (folder / "molecule.xyz").write_text("\n".join(lines) + "\n", encoding="utf-8")
        result = folder / "molecule.engrad"
        result.unlink(missing_ok=True)
        process = subprocess.run(
            self._command,
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"},
        )
        if process.returncode or not result.exists():
            output = process.stdout + process.stderr
            # The program numbers its messages "-1-", "-2-" and so on, the cause last.
            causes = re.findall(r"^-\d+- (.+)$", output, re.MULTILINE) or output.split()[-20:]
            raise CalculationError(
                f"xtb ended with status {process.returncode}: {' '.join(causes)}"
            )
        return read_engrad(result.read_text(encoding="utf-8"))


class XTBProgram:
    """The ``xtb`` program as an engine."""

    name = "xtb"

    @cached_property
    def version(self) -> str:
        """Version that the program prints of itself."""
        process = subprocess.run(["xtb", "--version"], capture_output=True, text=True, check=False)
        match = re.search(r"xtb version (\S+)", process.stdout + process.stderr)
        return f"xtb {match.group(1) if match else 'unknown'}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> XTBProgramPotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions."""
        return XTBProgramPotential(structure, level)
