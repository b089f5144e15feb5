"""Complexes as plain data: the arguments of tasks, which are hashed and sent."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rarebind.complexes import ComplexSpec, Composition
from rarebind.ligands import Ligand


def spec_to_data(spec: ComplexSpec) -> dict[str, Any]:
    """A complex as plain data, without what does not decide the result (names, notes).

    ``ligand`` and ``n_ligands`` for ligands of one kind, a list ``ligands`` for several.
    """
    kinds = [
        {"ligand": _ligand_to_data(ligand), "n_ligands": number}
        for ligand, number in spec.composition.ligands
    ]
    if spec.composition.is_mixed:
        ligands: dict[str, Any] = {"ligands": kinds}
    else:
        ligands = kinds[0] if kinds else {"ligand": None, "n_ligands": 0}
    return {"metal": spec.metal, **ligands, "waters": spec.waters}


def spec_from_data(data: dict[str, Any]) -> ComplexSpec:
    """The inverse of :func:`spec_to_data`."""
    kinds = data.get("ligands") or ([data] if data["ligand"] is not None else [])
    ligands = tuple((_ligand_from_data(kind["ligand"]), kind["n_ligands"]) for kind in kinds)
    return ComplexSpec(data["metal"], Composition(ligands, data["waters"]))


def _ligand_to_data(ligand: Ligand) -> dict[str, Any]:
    data = asdict(ligand)
    del data["name"], data["notes"], data["others"], data["pka"]
    return data


def _ligand_from_data(data: dict[str, Any]) -> Ligand:
    scaffold, substituent = data["scaffold"], data["substituent"]
    name = data["smiles"] if scaffold is None else f"{scaffold}-{substituent}"
    return Ligand(name=name, **data)
