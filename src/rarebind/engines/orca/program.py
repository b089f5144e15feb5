"""The ``orca`` program as an engine, where it is on the PATH."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rarebind.engines.level import LevelOfTheory
from rarebind.engines.orca.checks import check_belongs, scf_report
from rarebind.engines.orca.inputs import count_electrons, gradient_input, guess_input
from rarebind.engines.orca.output import KNOWN_VERSIONS, parse_output
from rarebind.engines.registry import ENGINES
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import CalculationError, InputError, MissingDependencyError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Name of every input, and of the orbitals to start from.
_NAME = "molecule"
_ORBITALS = "previous.gbw"
_SECONDS_FOR_VERSION = 60


def find_program() -> Path:
    """Absolute path of ``orca``: without one it does not start its parallel parts.

    Raises
    ------
    MissingDependencyError
        Not on the PATH.
    """
    found = shutil.which("orca")
    if found is None:
        raise MissingDependencyError(f"no orca on the PATH. {ENGINES.spec('orca').install}")
    return Path(found).resolve()


def program_version(program: Path) -> str:
    """Version of ORCA, e.g. ``5.0.4``.

    Raises
    ------
    InputError
        Another program called orca, or a version that is not known.
    """
    try:
        process = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=_SECONDS_FOR_VERSION,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{program} --version does not answer: {error}") from error
    answer = process.stdout + process.stderr
    match = re.search(r"Program Version (\d+)((?:\.\d+)+)", answer)
    if match is None:
        raise InputError(_another_program(program, answer))
    version = match[1] + match[2]
    if int(match[1]) not in KNOWN_VERSIONS:
        raise InputError(
            f"{program} is ORCA {version}: known are versions "
            f"{' and '.join(map(str, KNOWN_VERSIONS))}"
        )
    return version


def _another_program(program: Path, answer: str) -> str:
    advice = "put the folder of the quantum chemistry program ORCA before it on the PATH"
    # The screen reader is a Python script that answers with its bare version number.
    script = program.read_bytes()[:2] == b"#!"
    if script and re.fullmatch(r"\s*(?:orca\s+)?v?\d+[\w.~-]*\s*", answer, re.IGNORECASE):
        return f"{program} is the GNOME screen reader Orca: {advice}"
    return f"{program} is not ORCA, it answers {answer.strip()[:80]!r}: {advice}"


class OrcaPotential:
    """Energy and forces from one ORCA run a call, each started from the last orbitals.

    Parameters
    ----------
    program
        Absolute path of ``orca``.
    structure, level
        What to compute.
    nprocs, maxcore
        Processes, and MB of memory for each.
    """

    def __init__(
        self, program: Path, structure: Structure, level: LevelOfTheory, nprocs: int, maxcore: int
    ) -> None:
        count_electrons(structure, level)
        self._program = program
        self._structure = structure
        self._level = level
        self._nprocs = nprocs
        self._maxcore = maxcore
        self._scratch = tempfile.TemporaryDirectory(prefix="rarebind-orca-")
        self._scf: SCFReport | None = None

    @property
    def scf(self) -> SCFReport | None:
        """Of the last call."""
        return self._scf

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        structure = self._structure.with_positions(positions)
        folder = Path(self._scratch.name)
        started = (folder / _ORBITALS).exists()
        if not started:
            started = self._find_orbitals(structure)
        text = gradient_input(
            structure,
            self._level,
            nprocs=self._nprocs,
            maxcore=self._maxcore,
            orbitals=_ORBITALS if started else "",
        )
        engrad = folder / f"{_NAME}.engrad"
        engrad.unlink(missing_ok=True)
        printed, errors = self._run(text)
        try:
            output = parse_output(printed, engrad.read_text() if engrad.exists() else None)
            check_belongs(output, structure, self._level)
        except CalculationError as error:
            raise CalculationError(f"orca: {error} {errors.strip()[-200:]}".rstrip()) from error
        self._keep_orbitals()
        self._scf = scf_report(output)
        # The force on a single atom vanishes.
        forces = np.zeros((len(structure), 3)) if output.forces is None else output.forces
        return output.energy, forces

    def _find_orbitals(self, structure: Structure) -> bool:
        """Look for a stable open-shell state; a failure only costs the start from it."""
        text = guess_input(structure, self._level, nprocs=self._nprocs, maxcore=self._maxcore)
        if text is None:
            return False
        self._run(text)
        return self._keep_orbitals()

    def _run(self, text: str) -> tuple[str, str]:
        """Standard output and error of ORCA on the input `text`."""
        folder = Path(self._scratch.name)
        (folder / f"{_NAME}.inp").write_text(text, encoding="utf-8")
        process = subprocess.run(
            [str(self._program), f"{_NAME}.inp"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": "1"},
        )
        return process.stdout, process.stderr

    def _keep_orbitals(self) -> bool:
        """Under a name that the next run does not overwrite before it reads it."""
        folder = Path(self._scratch.name)
        orbitals = folder / f"{_NAME}.gbw"
        if orbitals.exists():
            orbitals.replace(folder / _ORBITALS)
        return (folder / _ORBITALS).exists()


class OrcaProgram:
    """The ``orca`` program as an engine.

    Parameters
    ----------
    nprocs, maxcore
        Processes, and MB of memory for each.
    """

    name = "orca"

    def __init__(self, nprocs: int = 1, maxcore: int = 2000) -> None:
        self._nprocs = nprocs
        self._maxcore = maxcore

    @cached_property
    def version(self) -> str:
        """Version that the program prints of itself."""
        return f"orca {program_version(find_program())}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> OrcaPotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions."""
        # Refuses another program of the name before anything is run with it.
        _ = self.version
        return OrcaPotential(find_program(), structure, level, self._nprocs, self._maxcore)
