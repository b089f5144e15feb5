"""The fields of a frame that tell of the electronic state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rarebind.engines import SCFReport


@dataclass(frozen=True)
class SCFField:
    """How an attribute of :class:`~rarebind.engines.SCFReport` stands in a frame.

    Attributes
    ----------
    attribute
        Its name in the report.
    name
        In the frame, where a bare ``spread`` or ``dispersion`` would be read as something else.
    digits
        That it is rounded to; None for whole numbers.
    """

    attribute: str
    name: str
    digits: int | None = None


SCF_FIELDS = (
    SCFField("basis_functions", "basis_functions"),
    SCFField("s_squared", "s_squared", 6),
    SCFField("f_electrons", "f_electrons", 4),
    SCFField("metal_spin", "metal_spin", 4),
    SCFField("attempts", "scf_attempts"),
    SCFField("converged_attempts", "scf_converged_attempts"),
    SCFField("spread", "scf_spread", 8),
    SCFField("cycles", "scf_cycles"),
    SCFField("dispersion", "energy_dispersion", 8),
    SCFField("cavity", "energy_cavity", 8),
    SCFField("memory", "scf_memory", 1),
)


def scf_info(report: SCFReport | None) -> dict[str, int | float]:
    """What is known of a report, by name of the field."""
    return {
        field.name: value if field.digits is None else round(float(value), field.digits)
        for field in SCF_FIELDS
        if (value := getattr(report, field.attribute, None)) is not None
    }


def scf_from_info(info: Mapping[str, Any]) -> SCFReport | None:
    """The report that a frame holds; None where it has none of its fields."""
    known: dict[str, Any] = {
        field.attribute: int(info[field.name]) if field.digits is None else float(info[field.name])
        for field in SCF_FIELDS
        if field.name in info
    }
    return SCFReport(**known) if known else None
