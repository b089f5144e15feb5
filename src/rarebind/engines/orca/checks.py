"""Whether an ORCA output is that of a given structure at a given level."""

from __future__ import annotations

import numpy as np

from rarebind.engines.level import LevelOfTheory
from rarebind.engines.orca.inputs import count_electrons
from rarebind.engines.orca.output import OrcaOutput
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import CalculationError
from rarebind.structures import Structure

#: Å; coordinates are printed with six decimals.
_SAME_POSITION = 1e-3
#: As ORCA names the parts.
_FUNCTIONALS = {"B3LYP": "B88 LYP VWN-5 0.2"}


def check_belongs(output: OrcaOutput, structure: Structure, level: LevelOfTheory) -> None:
    """Do nothing if `output` is of `structure` at `level`.

    Raises
    ------
    CalculationError
        It is of another molecule, geometry, electronic state or level; all differences are named.
    """
    expected = count_electrons(structure, level)
    pairs: list[tuple[str, object, object]] = [
        ("charge", output.charge, structure.charge),
        ("multiplicity", output.multiplicity, expected.multiplicity),
        ("number of electrons", output.electrons, expected.explicit),
        ("number of basis functions", output.basis_functions, expected.functions),
        ("functional", output.functional, _FUNCTIONALS[level.method]),
        ("solvation model", output.solvation or "none", _solvation(level) or "none"),
        ("dispersion correction", output.dispersion is not None, bool(level.dispersion)),
    ]
    problems = [
        f"{what} {_word(found)} instead of {_word(wanted)}"
        for what, found, wanted in pairs
        if found != wanted
    ]
    if output.symbols != structure.symbols:
        problems.insert(0, "other elements, or in another order")
    else:
        shift = float(np.abs(output.positions - structure.positions).max())
        if shift > _SAME_POSITION:
            problems.insert(0, f"coordinates that differ by up to {shift:.4f} Å")
    if len(structure) > 1 and output.forces is None:
        problems.append("no gradient")
    if problems:
        raise CalculationError(f"the output is of another calculation: {'; '.join(problems)}")


def scf_report(output: OrcaOutput) -> SCFReport:
    """What the output tells of the electronic state."""
    return SCFReport(
        basis_functions=output.basis_functions,
        s_squared=output.s_squared,
        cycles=output.cycles,
        dispersion=output.dispersion,
        cavity=output.cavity,
    )


def _solvation(level: LevelOfTheory) -> str:
    """As the output tells it: which solvent it was is told of SMD alone."""
    return "CPCM" if level.solvent_model == "CPCM" else level.solvent


def _word(value: object) -> str:
    return {True: "present", False: "absent"}[value] if isinstance(value, bool) else str(value)
