"""Ligands that everybody knows by name: counter-ions, solvents, co-ligands; from a data file."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from rarebind.io.yaml import check_keys, read_yaml
from rarebind.ligands.donors import parse_ligand
from rarebind.ligands.ligand import Ligand
from rarebind.ligands.names import named

_WATER = "water"


@cache
def _smiles() -> Mapping[str, tuple[str, str]]:
    """Name and SMILES by every name in small letters."""
    content, source = read_yaml("common_ligands.yaml", None, "ligands")
    found: dict[str, tuple[str, str]] = {}
    for name, entry in content["ligands"].items():
        check_keys(entry, f"{source}, {name}", ("smiles",), ("also",))
        for known in (name, *entry.get("also", ())):
            found[known.casefold()] = name, entry["smiles"]
    return found


@cache
def common_ligand(name: str) -> Ligand | None:
    """The ligand of a name, such as ``nitrate`` or ``EDTA``; None if there is none."""
    known = _smiles().get(name.casefold()) or named(name)
    return None if known is None else parse_ligand(known[1], known[0])


def common_names() -> tuple[str, ...]:
    """Names of the common ligands, water first, without their other names."""
    return tuple(dict.fromkeys(name for name, _ in _smiles().values()))


def common_ligands() -> tuple[Ligand, ...]:
    """The common ligands, without water."""
    found = (common_ligand(name) for name in common_names() if name != _WATER)
    return tuple(ligand for ligand in found if ligand is not None)


def water() -> Ligand:
    """Water, as a ligand."""
    found = common_ligand(_WATER)
    assert found is not None
    return found


def is_water(name: str) -> bool:
    """Whether `name` is one of water's."""
    return _smiles().get(name.casefold(), ("",))[0] == _WATER
