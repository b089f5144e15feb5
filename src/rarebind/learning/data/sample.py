"""A geometry of a complex and what is to be learned of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rarebind.complexes import ComplexSpec
from rarebind.errors import InputError
from rarebind.ligands import Ligand
from rarebind.structures import Structure


@dataclass(frozen=True, eq=False)
class Sample:
    """A geometry of a complex and what is to be learned of it.

    Attributes
    ----------
    structure
    key
        Of the dataset's record.
    frame
        0: the final geometry; 1, 2, …: geometries on the way to it, as stored.
    metal, ligand, scaffold, substituent
        Names; the last two are empty for a ligand that is not of the library.
    geometry
        Ligands:waters, e.g. ``4:0``.
    inchikey, smiles
        Of the ligand as bound.
    target
        What is learned, eV.
    forces
        Minus the gradient of `target`, eV/Å, shape (N, 3), read-only; None where unknown.
    binding_offset, exchange_offset
        Equation 1 and exchange energy = target + these, in eV; known without the model, None where
        the dataset has no bare ion or aqua ion.
    origin
        Key of the record whose geometry it is, the same at every level; by default `key`.
    reference
        For an anchored target, the complex whose energy is taken off; `structure` is then the
        same with its metal swapped, see :func:`rarebind.complexes.swap_metal`.  None otherwise.

    Raises
    ------
    InputError
        A number is not finite, or the forces do not fit the structure.
    """

    structure: Structure
    key: str = ""
    frame: int = 0
    metal: str = ""
    ligand: str = ""
    scaffold: str = ""
    substituent: str = ""
    geometry: str = ""
    inchikey: str = ""
    smiles: str = ""
    target: float = 0.0
    forces: NDArray[np.float64] | None = None
    binding_offset: float | None = None
    exchange_offset: float | None = None
    origin: str = ""
    reference: Structure | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "origin", self.origin or self.key)
        numbers = (self.target, self.binding_offset or 0.0, self.exchange_offset or 0.0)
        if not np.isfinite(numbers).all():
            raise InputError(f"sample {self.key}: its target or an offset is NaN or infinite")
        if self.frame < 0:
            raise InputError(f"sample {self.key}: frames count from 0, got {self.frame}")
        if self.forces is not None:
            forces = np.array(self.forces, dtype=np.float64)
            if forces.shape != (len(self.structure), 3) or not np.isfinite(forces).all():
                raise InputError(
                    f"sample {self.key}: forces must be finite, of shape ({len(self.structure)}, 3)"
                )
            forces.flags.writeable = False
            object.__setattr__(self, "forces", forces)

    @property
    def offset(self) -> float:
        """What leads from the target to a binding energy: equation 1, else the exchange energy.

        Raises
        ------
        InputError
            Neither is known.
        """
        for offset in (self.binding_offset, self.exchange_offset):
            if offset is not None:
                return offset
        raise InputError(f"sample {self.key} has no binding energy")

    @property
    def binding(self) -> float | None:
        """Equation 1 in eV."""
        return None if self.binding_offset is None else self.target + self.binding_offset

    @property
    def exchange(self) -> float | None:
        """Exchange energy with the aqua ion in eV."""
        return None if self.exchange_offset is None else self.target + self.exchange_offset


def unlabelled(spec: ComplexSpec, structure: Structure, reference: Structure | None) -> Sample:
    """A complex whose target is not known: what a model is asked about.

    Parameters
    ----------
    spec
        With a ligand.
    structure, reference
        As :class:`Sample` has them.
    """
    assert spec.ligand is not None
    return Sample(
        structure, spec.name, **names_of(spec, spec.ligand), binding_offset=0.0, reference=reference
    )


def digest(samples: Iterable[Sample]) -> str:
    """SHA-256 of what is learned: keys, frames and targets to 1e-9 eV, in any order."""
    # Adding zero makes −0.0 and 0.0 alike.
    lines = sorted(f"{s.key} {s.frame} {round(s.target, 9) + 0.0:.9f}\n" for s in samples)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def names_of(spec: ComplexSpec, ligand: Ligand) -> dict[str, Any]:
    """What a sample says of a complex of `ligand`."""
    return {
        "metal": spec.metal,
        "ligand": ligand.name,
        "scaffold": ligand.scaffold or "",
        "substituent": ligand.substituent or "",
        "geometry": spec.geometry,
        "inchikey": ligand.inchikey,
        "smiles": ligand.smiles,
    }
