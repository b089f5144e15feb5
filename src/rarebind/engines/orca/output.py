"""Reading ORCA outputs: all of a finished single point, or a reason why there is nothing to read.

Nothing is read from an output that does not end as a finished run ends, so that a truncated
output cannot give a number.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rarebind.errors import CalculationError
from rarebind.units import ANGSTROM_PER_BOHR, EV_PER_HARTREE

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Major versions whose outputs and inputs are known.
KNOWN_VERSIONS = (5, 6)
_RUNS = ("Single Point Calculation", "Energy+Gradient Calculation")
_NUMBER = r"(-?\d+\.\d+)"
#: Of the printed total energy, to that of its parts; older versions print eight decimals.
_SAME_ENERGY = 1e-7
#: Eh/bohr; printed with nine decimals.
_SAME_GRADIENT = 1e-6


@dataclass(frozen=True, eq=False)
class OrcaOutput:
    """What a finished single-point calculation printed.

    Attributes
    ----------
    version
        E.g. ``5.0.4``.
    symbols, positions
        Atoms, and coordinates in Å, shape (N, 3).
    charge, multiplicity, electrons, basis_functions
        Electrons outside effective cores.
    functional
        Exchange, correlation, its local part, fraction of exact exchange, e.g.
        ``B88 LYP VWN-5 0.2``; empty for Hartree-Fock.
    solvation
        ``SMD(toluene)``, ``CPCM`` or empty.
    energy
        Total energy in eV.
    forces
        Shape (N, 3), eV/Å; None when only the energy was computed.
    s_squared
        ⟨S²⟩; None for closed shells.
    cycles
        Iterations to the last convergence.
    dispersion, cavity
        Parts of the energy in eV: dispersion correction; the non-electrostatic part of SMD.
    wall_time
        Seconds.
    """

    version: str
    symbols: tuple[str, ...]
    positions: NDArray[np.float64]
    charge: int
    multiplicity: int
    electrons: int
    basis_functions: int
    functional: str
    solvation: str
    energy: float
    forces: NDArray[np.float64] | None
    s_squared: float | None
    cycles: int
    dispersion: float | None
    cavity: float | None
    wall_time: float


def parse_output(text: str, engrad: str | None = None) -> OrcaOutput:
    """Read the output of one single-point calculation, with or without gradient.

    Parameters
    ----------
    text
        All of the output.
    engrad
        The ``.engrad`` file of the same run, where there is one: it must agree.

    Raises
    ------
    CalculationError
        Not the output of a finished and converged single point by a known version.
    """
    version = read_version(text)
    wall_time = _check_finished(text)
    symbols, positions = _coordinates(text)
    energy, dispersion, cavity = _energies(text)
    gradient = _gradient(text, symbols)
    if engrad is not None:
        gradient = _checked_engrad(engrad, energy, gradient, len(symbols))
    forces = None if gradient is None else -gradient * (EV_PER_HARTREE / ANGSTROM_PER_BOHR)
    s_squared = _last(rf"Expectation value of <S\*\*2>\s*:\s*{_NUMBER}", text)
    return OrcaOutput(
        version=version,
        symbols=symbols,
        positions=positions,
        charge=int(_needed(r"Total Charge\s+Charge\s+\.+\s*(-?\d+)", text, "charge")),
        multiplicity=int(_needed(r"Multiplicity\s+Mult\s+\.+\s*(\d+)", text, "multiplicity")),
        electrons=int(_needed(r"Number of Electrons\s+NEL\s+\.+\s*(\d+)", text, "electrons")),
        basis_functions=int(_needed(r"Basis Dimension\s+Dim\s+\.+\s*(\d+)", text, "basis")),
        functional=_functional(text),
        solvation=_solvation(text),
        energy=energy * EV_PER_HARTREE,
        forces=forces,
        s_squared=None if s_squared is None else float(s_squared),
        cycles=int(_needed(r"SCF CONVERGED AFTER\s+(\d+) CYCLES", text, "converged SCF")),
        dispersion=None if dispersion is None else dispersion * EV_PER_HARTREE,
        cavity=None if cavity is None else cavity * EV_PER_HARTREE,
        wall_time=wall_time,
    )


def read_version(text: str) -> str:
    """The version of ORCA that `text` is of.

    Raises
    ------
    CalculationError
        Not of ORCA, or of a version that is not known.
    """
    match = re.search(r"Program Version (\d+)((?:\.\d+)+)\s", text)
    if match is None:
        raise CalculationError("no output of ORCA, or truncated before its version")
    if int(match[1]) not in KNOWN_VERSIONS:
        known = " and ".join(map(str, KNOWN_VERSIONS))
        raise CalculationError(f"output of ORCA {match[1]}{match[2]}: known are versions {known}")
    return match[1] + match[2]


def _check_finished(text: str) -> float:
    """Wall time in seconds; an error for anything but one finished, converged single point."""
    stopped = re.search(r"ORCA finished by error termination in (\S+)", text)
    unconverged = re.search(r"SCF NOT CONVERGED AFTER\s+(\d+) CYCLES", text)
    if unconverged:
        raise CalculationError(f"SCF not converged after {unconverged[1]} cycles")
    if re.search(r"FINAL SINGLE POINT ENERGY.*not fully converged", text):
        raise CalculationError("SCF not fully converged")
    if stopped:
        raise CalculationError(f"ORCA stopped with an error in {stopped[1]}")
    end = re.search(
        r"\*\*\*\*ORCA TERMINATED NORMALLY\*\*\*\*\s*\n"
        r"TOTAL RUN TIME: (\d+) days (\d+) hours (\d+) minutes (\d+) seconds (\d+) msec\b",
        text,
    )
    if end is None:
        tail = (text.rstrip().splitlines() or [""])[-1].strip()
        raise CalculationError(f"output truncated, its last line: {tail[:80]!r}")
    if text.count("Program Version ") > 1 or re.search(r"JOB NUMBER +\d", text):
        raise CalculationError("output of several calculations: one single point is needed")
    runs = re.findall(r"^ *\* ([A-Z][\w+ ]+(?:Run|Calculation)) \*\s*$", text, re.MULTILINE)
    if len(runs) != 1 or runs[0] not in _RUNS:
        found = ", ".join(runs) or "none"
        raise CalculationError(f"one single point is needed, the output is of: {found}")
    days, hours, minutes, seconds, milliseconds = map(int, end.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds + milliseconds / 1000


def _coordinates(text: str) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    rows = _table(r"CARTESIAN COORDINATES \(ANGSTROEM\)", r" +([A-Z][a-z]?)", text)
    if not rows:
        raise CalculationError("the output has no coordinates")
    return tuple(row[0] for row in rows), np.array([row[1:] for row in rows], dtype=float)


def _table(title: str, label: str, text: str) -> list[tuple[str, ...]]:
    """Rows of the last table called `title`: a label and three numbers."""
    row = rf"{label} +{_NUMBER} +{_NUMBER} +{_NUMBER} *"
    tables = re.findall(rf"^-+\n{title}\n-+\n\n?((?:{row}\n)+)", text, re.MULTILINE)
    if not tables:
        return []
    # The groups of the row pattern repeat in what findall returns; its first is the table.
    return re.findall(row, tables[-1][0])


def _energies(text: str) -> tuple[float, float | None, float | None]:
    """Total energy, dispersion correction and non-electrostatic solvation energy in Eh."""
    total = float(_needed(rf"^FINAL SINGLE POINT ENERGY +{_NUMBER}\s*$", text, "final energy"))
    scf = float(_needed(rf"^Total Energy +: +{_NUMBER} Eh", text, "SCF energy"))
    dispersion = _last(rf"^Dispersion correction +{_NUMBER}\s*$", text)
    cavity = _last(rf"^SMD CDS \(Gcds\) +: +{_NUMBER} Eh", text)
    rest = total - scf - float(dispersion or 0.0)
    if abs(rest) > _SAME_ENERGY:
        raise CalculationError(
            f"the final energy holds {rest:.6f} Eh beside SCF and dispersion correction"
        )
    return (
        total,
        None if dispersion is None else float(dispersion),
        None if cavity is None else float(cavity),
    )


def _gradient(text: str, symbols: tuple[str, ...]) -> NDArray[np.float64] | None:
    """Gradient in Eh/bohr, shape (N, 3); None where none was asked for."""
    if f"* {_RUNS[1]} *" not in text:
        return None
    rows = _table("CARTESIAN GRADIENT", r" +\d+ +([A-Z][a-z]?) +:", text)
    gradient = np.array([row[1:] for row in rows], dtype=float).reshape(-1, 3)
    norm = float(_needed(rf"^Norm of the .*gradient +\.+ +{_NUMBER}", text, "gradient"))
    whole = tuple(row[0] for row in rows) == symbols
    if not whole or abs(float(np.linalg.norm(gradient)) - norm) > _SAME_GRADIENT:
        raise CalculationError("the gradient in the output is incomplete")
    return gradient


def _checked_engrad(
    engrad: str, energy: float, gradient: NDArray[np.float64] | None, atoms: int
) -> NDArray[np.float64]:
    """The gradient of an ``.engrad`` file, which has more digits, if it is of the same run."""
    lines = [line for line in engrad.splitlines() if line.strip() and not line.startswith("#")]
    try:
        count, total = int(lines[0]), float(lines[1])
        values = np.array([float(v) for v in lines[2 : 2 + 3 * count]]).reshape(count, 3)
    except (IndexError, ValueError) as error:
        raise CalculationError(f"the .engrad file is truncated: {error}") from error
    if count != atoms or abs(total - energy) > _SAME_ENERGY:
        raise CalculationError("the .engrad file is not of this output")
    if gradient is not None and np.abs(values - gradient).max() > _SAME_GRADIENT:
        raise CalculationError("the gradients in output and .engrad file differ")
    return values


def _functional(text: str) -> str:
    parts = [
        _last(rf"{keyword}\s+\.\.\.\. +(\S+)", text)
        for keyword in ("Exchange", "Correlation", "LDAOpt", "ScalHFX")
    ]
    if parts[-1] is not None:
        parts[-1] = f"{float(parts[-1]):g}"
    return " ".join(part for part in parts if part)


def _solvation(text: str) -> str:
    if _last(r"^(SMD CDS) \(Gcds\)", text):
        solvent = _needed(r"^Solvent: +\.\.\. +(.+?)\s*$", text, "solvent")
        return f"SMD({solvent.lower()})"
    return "CPCM" if _last(r"^(CPCM) Dielectric", text) else ""


def _last(pattern: str, text: str) -> str | None:
    found = re.findall(pattern, text, re.MULTILINE)
    return str(found[-1]) if found else None


def _needed(pattern: str, text: str, what: str) -> str:
    value = _last(pattern, text)
    if value is None:
        raise CalculationError(f"the output has no {what}")
    return value
