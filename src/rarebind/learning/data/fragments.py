"""What a complex is made of: its ligands and waters, and the ligand as it is when free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.binding import lowest
from rarebind.complexes import read_geometry
from rarebind.datasets import Dataset, find_level
from rarebind.errors import InputError
from rarebind.learning.data.atom_descriptors import atom_descriptor
from rarebind.learning.data.samples import Sample
from rarebind.structures import Structure

_WATER = ("O", "H", "H")
_NAMED = 3


@dataclass(frozen=True, eq=False)
class FreeLigand:
    """A ligand at its own minimum.

    Attributes
    ----------
    structure
        Atoms in the order in which they stand in a complex.
    descriptor
        One of :data:`~rarebind.learning.data.atom_descriptors.ATOM_DESCRIPTORS`, shape (N,),
        read-only; NaN where an atom has none, as all by default.

    Raises
    ------
    InputError
        The descriptor does not fit the structure.
    """

    structure: Structure
    descriptor: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        given = np.full(len(self.structure), np.nan) if self.descriptor is None else self.descriptor
        values = np.array(given, dtype=np.float64)
        if values.shape != (len(self.structure),) or np.isinf(values).any():
            raise InputError(
                f"a descriptor of atoms must be finite or NaN, of shape ({len(self.structure)},)"
            )
        values.flags.writeable = False
        object.__setattr__(self, "descriptor", values)


def free_ligands(
    dataset: Dataset,
    level: str,
    inchikeys: Iterable[str] | None = None,
    descriptor: str | None = None,
) -> dict[str, FreeLigand]:
    """The free ligands of `level` by InChIKey, each at its lowest minimum.

    Parameters
    ----------
    inchikeys
        Only these, and all of them; by default those that the dataset has.
    descriptor
        Of :data:`~rarebind.learning.data.atom_descriptors.ATOM_DESCRIPTORS`; None: none is
        computed.

    Raises
    ------
    InputError
        There is no such level or descriptor, or one of `inchikeys` is missing.
    """
    rows = dataset.rows()
    level = find_level(rows, level)
    wanted = None if inchikeys is None else set(inchikeys)
    chosen = lowest(
        (
            (row.inchikey, row)
            for row in rows
            if (row.kind, row.level, row.status) == ("ligand", level, "ok")
            and (wanted is None or row.inchikey in wanted)
        ),
        lambda row: row.energy_ev,
    )
    if missing := sorted((wanted or set()) - chosen.keys()):
        raise InputError(
            f"{dataset.folder} lacks {len(missing)} free ligands at {level} "
            f"({', '.join(missing[:_NAMED])}{', …' if len(missing) > _NAMED else ''}): add them, "
            "as `rarebind curate` and `rarebind label` do, or choose a preset that needs neither "
            "signs nor atom_descriptor"
        )
    describe = None if descriptor is None else atom_descriptor(descriptor)
    records = dataset.records_of(chosen.values())
    found = {}
    for row in sorted(chosen.values(), key=lambda row: str(row.inchikey)):
        ligand, structure = records[row.key].ligand, records[row.key].calculation.structure
        assert ligand is not None
        assert structure is not None
        values = None if describe is None else describe(structure, ligand.donors)
        found[ligand.inchikey] = FreeLigand(structure, values)
    return found


def fragments_of(sample: Sample) -> tuple[list[range], list[range]]:
    """Atom indices of each ligand and of each water; atom 0 is the metal.

    Raises
    ------
    InputError
        The atoms do not divide into so many ligands and waters.
    """
    recipe = read_geometry(sample.geometry)
    if not recipe.short:
        raise InputError(f"sample {sample.key}: {sample.geometry} has several kinds of ligands")
    ligands, waters = recipe.number, recipe.waters or 0
    atoms = len(sample.structure) - 1 - len(_WATER) * waters
    size = atoms // ligands if ligands else 0
    first = 1 + size * ligands
    symbols = sample.structure.symbols
    if atoms != size * ligands or symbols[first:] != _WATER * waters:
        raise InputError(
            f"sample {sample.key}: its {len(symbols)} atoms are not a metal, {ligands} equal "
            f"ligands and {waters} waters, in this order"
        )
    return (
        [range(1 + i * size, 1 + (i + 1) * size) for i in range(ligands)],
        [range(first + 3 * i, first + 3 * i + 3) for i in range(waters)],
    )
