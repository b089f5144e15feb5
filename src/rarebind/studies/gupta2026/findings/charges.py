"""Scaffolds of different charge, compared in complexes of equal charge."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rarebind.ligands import library_ligand
from rarebind.studies.gupta2026.findings.complexes import Energies, geometries, having, ligands_of
from rarebind.studies.gupta2026.findings.paired import ALL, Comparison, Resampling, compare, matched
from rarebind.studies.gupta2026.findings.statements import ScaffoldStatement

_METAL_CHARGE = 3


@dataclass(frozen=True)
class EqualCharge:
    """As many charges on either side, on fewer ligands of the scaffold of higher charge.

    Attributes
    ----------
    charge
        Of both complexes.
    geometries
        Of the first and the second scaffold.
    comparison
        Of them.
    """

    charge: int
    geometries: tuple[str, str]
    comparison: Comparison

    def data(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            **self.comparison.data(),
            "complex_charge": self.charge,
            "geometry": list(self.geometries),
        }


def charge_of(scaffold: str) -> int:
    """Charge of a ligand of that scaffold; substituents are uncharged."""
    return library_ligand(scaffold).charge


def equal_charge(
    energies: Energies, statement: ScaffoldStatement, resampling: Resampling
) -> list[EqualCharge]:
    """Pairs of scaffolds of different charge, in all geometries that make up for it.

    The bootstrap draws substituents, as :func:`~.scaffold_order.scaffold_order` does.
    """
    found = []
    names = geometries(energies)
    for first in statement.stronger:
        for second in statement.weaker:
            charges = charge_of(first), charge_of(second)
            if charges[0] == charges[1]:
                continue
            for here in reversed(names):
                for there in names:
                    total = charges[0] * ligands_of(here)
                    if total != charges[1] * ligands_of(there):
                        continue
                    pairs = matched(
                        having(energies, scaffold=first, geometry=here),
                        energies,
                        {"scaffold": second, "geometry": there},
                        lambda composition: composition.substituent,
                    )
                    if pairs:
                        result = compare(first, second, ALL, pairs, resampling)
                        found.append(EqualCharge(_METAL_CHARGE + total, (here, there), result))
    return found
