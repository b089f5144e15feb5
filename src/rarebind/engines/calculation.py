"""The record that every engine returns."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Self

import numpy as np

from rarebind.engines.frames import Frame
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.scf_report import SCFReport
from rarebind.errors import InputError
from rarebind.io.codec import FloatArray, UnlessNone, check_schema, from_data, to_data
from rarebind.structures import Structure

#: Version of the serialised form.
SCHEMA_VERSION = 3
STATUSES = ("ok", "failed", "rejected")


@dataclass(frozen=True, eq=False)
class Calculation:
    """What one calculation on one structure gave.

    Attributes
    ----------
    verb
        ``static``, ``relax`` or the name of a builder.
    status
        ``ok``; ``failed``: no result, see `reason`; ``rejected``: a result that the checks turned
        down, see `reason`.
    level
    structure
        The geometry that the energy belongs to: after a relaxation, the relaxed one.
    energy
        Total energy in eV; None when failed.
    forces
        Shape (N, 3), eV/Å; None when failed.
    converged
        Whether a relaxation met its criteria; always True for a finished static calculation.
    gradients
        Number of energy-and-gradient evaluations.
    engine_version, wall_time
        Version of the program; seconds.
    reason, scratch
        Why it failed, and the folder kept for inspection.
    intermediates
        Geometries on the way to the relaxed one, with energies and forces.
    scf
        The electronic state, of engines that have to find it.
    wavenumbers
        Of harmonic vibrations in cm-1, rising, imaginary ones negative; of ``vibrations`` alone.
    """

    verb: str
    level: LevelOfTheory
    structure: Structure | None
    energy: float | None = None
    forces: FloatArray | None = None
    status: str = "ok"
    converged: bool = True
    gradients: int = 0
    engine_version: str = ""
    wall_time: float = 0.0
    reason: str = ""
    scratch: str = ""
    intermediates: tuple[Frame, ...] = ()
    scf: SCFReport | None = None
    wavenumbers: UnlessNone[FloatArray] = None

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise InputError(f"status must be one of {STATUSES}, got {self.status!r}")
        if self.status != "ok" and not self.reason:
            raise InputError(f"a {self.status} calculation needs a reason")
        if self.status == "failed":
            return
        if self.structure is None or self.energy is None or not np.isfinite(self.energy):
            raise InputError("a finished calculation needs a structure and a finite energy")
        if self.forces is not None:
            forces = np.array(self.forces, dtype=np.float64)
            if forces.shape != (len(self.structure), 3) or not np.isfinite(forces).all():
                raise InputError(f"forces must be finite, of shape ({len(self.structure)}, 3)")
            forces.flags.writeable = False
            object.__setattr__(self, "forces", forces)

    @property
    def ok(self) -> bool:
        """Whether there is a result that may be used."""
        return self.status == "ok"

    @property
    def fmax(self) -> float:
        """Largest force on an atom in eV/Å; NaN without forces."""
        if self.forces is None:
            return float("nan")
        return float(np.linalg.norm(self.forces, axis=1).max())

    def to_json(self) -> str:
        """Serialise; positions and forces keep every digit."""
        return json.dumps({"schema": SCHEMA_VERSION, **to_data(self)}, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what :meth:`to_json` wrote; schemas 1 and 2 had no intermediates and no SCF report.

        Raises
        ------
        InputError
            The record was written by a newer schema, or is none.
        """
        data = json.loads(text)
        check_schema(data, SCHEMA_VERSION, "calculation record")
        return from_data(cls, data)
