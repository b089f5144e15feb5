"""Conformer search of a whole complex by the CREST program (Pracht et al., PCCP 2020, 22, 7169).

CREST is used where it is on the PATH; nothing else depends on it.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from rarebind.elements import xtb_unpaired_electrons
from rarebind.engines import LevelOfTheory
from rarebind.errors import CalculationError, InputError, MissingDependencyError
from rarebind.structures import Structure
from rarebind.units import EV_PER_HARTREE

_FINISHED = "CREST terminated normally"
_METHODS = {"GFN2-xTB": "--gfn2", "GFN1-xTB": "--gfn1"}


def require_crest() -> str:
    """Path of the program.

    Raises
    ------
    MissingDependencyError
        It is not on the PATH.
    """
    path = shutil.which("crest")
    if path is None:
        raise MissingDependencyError(
            "the conformer search 'crest' needs the program crest on the PATH, not found here. "
            "Install CREST 2.12 or newer (conda-forge: crest), or use --conformers rdkit"
        )
    return path


def crest_version() -> str:
    """Version that the program prints of itself."""
    process = subprocess.run(
        [require_crest(), "--version"], capture_output=True, text=True, check=False
    )
    match = re.search(r"Version\s+([\w.]+)", process.stdout)
    return f"crest {match.group(1) if match else 'unknown'}"


def crest_command(structure: Structure, level: LevelOfTheory, threads: int = 1) -> list[str]:
    """The command for a quick search from ``complex.xyz`` in the working folder.

    ``--noreftopo`` because metal–ligand bonds may rearrange while the ligands stay whole, which
    our own checks establish afterwards; ``--nocross`` because crossing z-matrices across a metal
    makes broken complexes.
    """
    if level.method not in _METHODS:
        raise InputError(f"CREST has no method {level.method!r}: known are {', '.join(_METHODS)}")
    unpaired = xtb_unpaired_electrons(structure.atomic_numbers, structure.charge)
    command = ["crest", "complex.xyz", _METHODS[level.method]]
    if level.solvent:
        command += ["--alpb", str(level.solvent_name)]
    command += ["--chrg", str(structure.charge), "--uhf", str(unpaired)]
    return [*command, "--noreftopo", "--nocross", "--quick", "--T", str(threads)]


def read_ensemble(text: str, like: Structure) -> list[tuple[float, Structure]]:
    """Parse ``crest_conformers.xyz``: energies in eV and structures, in the file's order.

    Parameters
    ----------
    text
        XYZ frames whose comment line is the total energy in Hartree.
    like
        The molecule searched; elements must agree, charge and multiplicity are taken from it.

    Raises
    ------
    CalculationError
        The file is empty, truncated, or of another molecule.
    """
    lines = text.splitlines()
    ensemble: list[tuple[float, Structure]] = []
    start = 0
    while start < len(lines) and lines[start].strip():
        try:
            n_atoms = int(lines[start])
            energy = float(lines[start + 1].split()[0]) * EV_PER_HARTREE
            fields = [line.split() for line in lines[start + 2 : start + 2 + n_atoms]]
            symbols = tuple(f[0].capitalize() for f in fields)
            positions = np.array([[float(v) for v in f[1:4]] for f in fields]).reshape(-1, 3)
        except (IndexError, ValueError) as error:
            raise CalculationError(
                f"CREST ensemble: line {start + 1}: truncated or malformed ({error})"
            ) from error
        if len(fields) != n_atoms or symbols != like.symbols:
            raise CalculationError(
                f"CREST ensemble: line {start + 1}: not the {len(like)} atoms that went in"
            )
        ensemble.append((energy, like.with_positions(positions)))
        start += n_atoms + 2
    if not ensemble:
        raise CalculationError("CREST ensemble: no conformer in the file")
    return ensemble


def crest_conformers(
    structure: Structure, level: LevelOfTheory, threads: int = 1
) -> list[tuple[float, Structure]]:
    """Run CREST from `structure`; conformers with energies in eV, lowest first.

    Raises
    ------
    MissingDependencyError
        The program is absent.
    CalculationError
        It failed; its scratch folder is kept and named.
    """
    require_crest()
    scratch = Path(tempfile.mkdtemp(prefix="rarebind-crest-"))
    lines = [str(len(structure)), ""]
    lines += [
        f"{symbol} {x:.10f} {y:.10f} {z:.10f}"
        for symbol, (x, y, z) in zip(structure.symbols, structure.positions, strict=True)
    ]
    (scratch / "complex.xyz").write_text("\n".join(lines) + "\n", encoding="utf-8")
    with (scratch / "crest.out").open("w", encoding="utf-8") as output:
        process = subprocess.run(
            crest_command(structure, level, threads),
            cwd=scratch,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
            env=os.environ | {"OMP_NUM_THREADS": str(threads)},
        )
    log = (scratch / "crest.out").read_text(encoding="utf-8", errors="replace")
    result = scratch / "crest_conformers.xyz"
    if process.returncode or _FINISHED not in log or not result.exists():
        raise CalculationError(
            f"crest ended with status {process.returncode} before it finished: see {scratch}"
        )
    ensemble = read_ensemble(result.read_text(encoding="utf-8"), structure)
    shutil.rmtree(scratch)
    return sorted(ensemble, key=lambda pair: pair[0])
