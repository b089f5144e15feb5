"""What a complex is made of, as it is when free: ligand and water with their partial charges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rarebind.datasets import Dataset, Record, find_level, told_apart
from rarebind.errors import InputError
from rarebind.learning.samples import Sample
from rarebind.structures import Structure

_WATER = ("O", "H", "H")
_NAMED = 3


@dataclass(frozen=True, eq=False)
class FreeLigand:
    """A ligand, or water, at its own minimum.

    Attributes
    ----------
    structure
        Atoms in the order in which they stand in a complex.
    charges
        Partial charges in e, shape (N,), read-only.

    Raises
    ------
    InputError
        The charges do not fit the structure.
    """

    structure: Structure
    charges: NDArray[np.float64]

    def __post_init__(self) -> None:
        charges = np.array(self.charges, dtype=np.float64)
        if charges.shape != (len(self.structure),) or not np.isfinite(charges).all():
            raise InputError(f"charges must be finite, of shape ({len(self.structure)},)")
        charges.flags.writeable = False
        object.__setattr__(self, "charges", charges)

    @classmethod
    def of(cls, structure: Structure) -> FreeLigand:
        """The charges come from one calculation with GFN2-xTB in water."""
        from rarebind.engines.tblite import partial_charges

        return cls(structure, partial_charges(structure))


def free_ligands(
    dataset: Dataset, level: str, inchikeys: Iterable[str] | None = None
) -> dict[str, FreeLigand]:
    """The free ligands of `level` by InChIKey, each at its lowest minimum.

    Whatever the level, the charges are those of GFN2-xTB: they describe an atom, and whoever
    applies a model can have them at once.

    Parameters
    ----------
    inchikeys
        Only these, and all of them; by default those that the dataset has.

    Raises
    ------
    InputError
        There is no such level, or one of `inchikeys` is missing.
    """
    wanted = None if inchikeys is None else set(inchikeys)
    lowest: dict[str, Record] = {}
    for record in _references(dataset, level, "ligand"):
        assert record.ligand is not None
        key = record.ligand.inchikey
        if (wanted is None or key in wanted) and (
            key not in lowest or _energy(record) < _energy(lowest[key])
        ):
            lowest[key] = record
    if missing := sorted((wanted or set()) - lowest.keys()):
        raise InputError(
            f"{dataset.folder} lacks {len(missing)} free ligands at {level} "
            f"({', '.join(missing[:_NAMED])}{', …' if len(missing) > _NAMED else ''}): add them, "
            "as `rarebind curate` and `rarebind label` do, or choose a preset that needs neither "
            "signs nor charges"
        )
    return {key: FreeLigand.of(_structure(record)) for key, record in sorted(lowest.items())}


def free_water(dataset: Dataset, level: str) -> FreeLigand:
    """Free water at `level`.

    Raises
    ------
    InputError
        The dataset has none.
    """
    for record in _references(dataset, level, "water"):
        if _structure(record).symbols == _WATER:
            return FreeLigand.of(_structure(record))
    raise InputError(f"{dataset.folder} has no water at {level}: see `rarebind label`")


def fragments_of(sample: Sample) -> tuple[list[range], list[range]]:
    """Atom indices of each ligand and of each water; atom 0 is the metal.

    Raises
    ------
    InputError
        The atoms do not divide into so many ligands and waters.
    """
    ligands, waters = (int(number) for number in sample.geometry.split(":"))
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


def _references(dataset: Dataset, level: str, kind: str) -> Iterator[Record]:
    rows = told_apart(dataset.rows())
    level = find_level(rows, level)
    keys = {r.key for r in rows if (r.kind, r.level, r.status) == (kind, level, "ok")}
    shards = {row.shard for row in rows if row.key in keys}
    for record in dataset.records([shard for shard in dataset.shards if shard.name in shards]):
        if record.key in keys:
            yield record


def _energy(record: Record) -> float:
    assert record.calculation.energy is not None
    return record.calculation.energy


def _structure(record: Record) -> Structure:
    assert record.calculation.structure is not None
    return record.calculation.structure
