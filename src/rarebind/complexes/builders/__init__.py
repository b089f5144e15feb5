"""Builders of 3D complexes by name."""

from __future__ import annotations

from typing import Protocol

from rarebind.complexes.spec import ComplexSpec
from rarebind.registry import Registry, Spec
from rarebind.structures import Structure

BUILDERS = Registry(
    "builder",
    Spec(
        name="grafting",
        factory="rarebind.complexes.builders.grafting:Grafting",
        summary="substituents grafted onto the parent scaffold's complex (library scaffolds)",
        modules=("rdkit",),
        install="Install it with: pip install rdkit",
    ),
    Spec(
        name="embedding",
        factory="rarebind.complexes.builders.embedding:Embedding",
        summary="distance geometry (any ligand; tried where Architector is absent)",
        modules=("rdkit",),
        install="Install it with: pip install rdkit",
    ),
    Spec(
        name="architector",
        factory="rarebind.complexes.builders.architector:Architector",
        summary="assembly on coordination polyhedra (any ligand)",
        modules=("architector", "openbabel", "numba"),
        install="Install it with: pip install 'rarebind[architector]'",
    ),
)


class Builder(Protocol):
    """What a builder must offer."""

    @property
    def version(self) -> str:
        """What decides the result besides the options; part of every record's key."""
        ...

    def build(self, spec: ComplexSpec) -> list[Structure]:
        """Candidates for `spec`, relaxed or not, in the order of its layout.

        Raises ``CalculationError`` when there is none and ``InputError`` when the builder does
        not serve such a spec at all.
        """
        ...
