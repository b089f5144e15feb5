"""Complexes as plain data: the arguments of tasks, which are hashed and sent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rarebind.complexes import ComplexSpec
from rarebind.ligands import Ligand


def spec_to_data(spec: ComplexSpec) -> dict[str, Any]:
    """A complex as plain data, without what does not decide the result (names, notes)."""
    ligand = None
    if spec.ligand is not None:
        ligand = asdict(spec.ligand)
        del ligand["name"], ligand["notes"]
    return {
        "metal": spec.metal,
        "ligand": ligand,
        "n_ligands": spec.n_ligands,
        "waters": spec.waters,
    }


def spec_from_data(data: dict[str, Any]) -> ComplexSpec:
    """The inverse of :func:`spec_to_data`."""
    ligand = None
    if data["ligand"] is not None:
        fields = data["ligand"] | {"donors": tuple(data["ligand"]["donors"])}
        scaffold, substituent = fields["scaffold"], fields["substituent"]
        name = fields["smiles"] if scaffold is None else f"{scaffold}-{substituent}"
        ligand = Ligand(name=name, **fields)
    return ComplexSpec(data["metal"], ligand, data["n_ligands"], data["waters"])
