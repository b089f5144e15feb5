"""Complexes as graphs with neighbour lists; which of their atoms have an energy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from nequip.data import AtomicDataDict, compute_neighborlist_
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from rarebind.elements import is_rare_earth
from rarebind.errors import InputError
from rarebind.learning.data.fragments import FreeLigand, fragments_of
from rarebind.learning.data.samples import Sample
from rarebind.learning.nequip.fields import ATOM_DESCRIPTOR, SIGNS
from rarebind.structures import Structure

#: A graph: tensors by the keys of NequIP's ``AtomicDataDict``.
Graph = dict[str, torch.Tensor]
_Indices = NDArray[np.int64]


def graph_of(
    sample: Sample,
    type_names: Sequence[str],
    r_max: float,
    ligand: FreeLigand | None = None,
    *,
    centres: float | None = None,
    signs: bool = False,
    part: int | None = None,
    described: bool = False,
    forces: bool = False,
) -> Graph:
    """A complex as NequIP takes it; with `signs`, and beside it what its energy is less.

    Parameters
    ----------
    type_names
        Elements, in the order in which they are numbered.
    r_max
        Å; atoms nearer than this are neighbours.
    ligand
        As it is when free; needed with `described`, and with `signs` where the sample has no
        reference.
    centres
        Å; only atoms at most this far from the rare-earth atom are centres of edges, hence have an
        energy.  Both molecules of a reaction have the same, so that what comes and goes does not
        change their difference: which they are is seen in the sample's reference, where it has
        one; else an atom of the ligand is one in every copy of it, or in none, by its mean distance
        from the metal, and a water is by that of its oxygen.  None: all atoms.
    signs
        Whether the graph is that of the reaction: the complex with weight 1, and with no edge
        between them, the sample's reference with weight −1 or else one free ligand with weight −n.
    part
        Of the reaction only one molecule: 0: the complex, 1: what its energy is less.  The energies
        of the two add up to that of the reaction.  None: both.
    described
        Whether atoms carry the descriptor of the free ligand's; metal and waters have none.
    forces
        Whether forces come too: NaN where unknown, and on all that is not the complex.

    Returns
    -------
    dict
        ``pos`` (Å, float64), ``atom_types``, ``edge_index``, ``num_atoms``, ``total_energy`` (the
        target, eV), and what was asked for.

    Raises
    ------
    InputError
        An element is not among `type_names`, or the free ligand is missing or another one.
    """
    structure = sample.structure
    parts = _parts(sample, ligand, signs=signs, described=described)
    chosen = _centres(sample, centres, signs=signs)
    if part is not None:
        parts, chosen = parts[part : part + 1], chosen[part : part + 1]
    graphs = [
        _neighbours(molecule.structure, type_names, r_max, near, sample)
        for molecule, near in zip(parts, chosen, strict=False)
    ]
    starts = np.cumsum([0, *(len(part.structure) for part in parts)]).tolist()
    graph = {
        AtomicDataDict.POSITIONS_KEY: _joined(graphs, AtomicDataDict.POSITIONS_KEY),
        AtomicDataDict.ATOM_TYPE_KEY: _joined(graphs, AtomicDataDict.ATOM_TYPE_KEY),
        AtomicDataDict.EDGE_INDEX_KEY: torch.cat(
            [
                piece[AtomicDataDict.EDGE_INDEX_KEY] + start
                for piece, start in zip(graphs, starts, strict=False)
            ],
            dim=1,
        ),
        AtomicDataDict.TOTAL_ENERGY_KEY: torch.tensor([[sample.target]], dtype=torch.float64),
    }
    atoms = starts[-1]
    graph[AtomicDataDict.NUM_NODES_KEY] = torch.tensor([atoms])
    if signs:
        graph[SIGNS] = torch.cat([_column([part.sign] * len(part.structure)) for part in parts])
    if described:
        graph[ATOM_DESCRIPTOR] = torch.cat([_column(part.descriptor) for part in parts])
    if forces:
        known = torch.full((atoms, 3), torch.nan, dtype=torch.float64)
        if sample.forces is not None:
            known[: len(structure)] = torch.from_numpy(sample.forces.copy())
        graph[AtomicDataDict.FORCE_KEY] = known
    return graph


def _centres(sample: Sample, radius: float | None, *, signs: bool) -> tuple[_Indices | None, ...]:
    """Of the two molecules; None: all atoms."""
    if radius is None:
        return None, None
    if signs and sample.reference is None:
        return _of_reaction(sample, radius)
    near = _near_metal(sample.reference or sample.structure, radius)
    return near, near


def _near_metal(structure: Structure, radius: float) -> _Indices:
    """Indices of the atoms at most `radius` (Å) from the rare-earth atom."""
    metal = next(i for i, symbol in enumerate(structure.symbols) if is_rare_earth(symbol))
    return np.flatnonzero(_distances(structure, metal) <= radius)


def _of_reaction(sample: Sample, radius: float) -> tuple[_Indices, _Indices]:
    """The centres of a complex, whose atom 0 is its metal, and those of its free ligand."""
    ligands, waters = fragments_of(sample)
    distances = _distances(sample.structure, 0)
    means = np.mean([distances[list(atoms)] for atoms in ligands], axis=0)
    chosen: _Indices = np.flatnonzero(means <= radius)
    of_ligands = [chosen + atoms.start for atoms in ligands]
    of_waters = [np.array(atoms) for atoms in waters if distances[atoms[0]] <= radius]
    return np.concatenate([[0], *of_ligands, *of_waters]).astype(np.int64), chosen


def _distances(structure: Structure, metal: int) -> NDArray[np.float64]:
    places = structure.positions
    return np.asarray(np.linalg.norm(places - places[metal], axis=1))


def _neighbours(
    structure: Structure,
    type_names: Sequence[str],
    r_max: float,
    centres: _Indices | None,
    sample: Sample,
) -> Graph:
    numbers = {name: number for number, name in enumerate(type_names)}
    if unknown := sorted(set(structure.symbols) - numbers.keys()):
        raise InputError(
            f"sample {sample.key}: no place for {', '.join(unknown)}; known are "
            f"{', '.join(type_names)}"
        )
    graph = {
        AtomicDataDict.POSITIONS_KEY: torch.from_numpy(np.array(structure.positions)),
        AtomicDataDict.ATOM_TYPE_KEY: torch.tensor([numbers[name] for name in structure.symbols]),
    }
    if centres is None:
        graph[AtomicDataDict.PBC_KEY] = torch.zeros(1, 3, dtype=torch.bool)
        found: Graph = compute_neighborlist_(graph, r_max)
        return found
    near = cdist(structure.positions[centres], structure.positions) <= r_max
    near[np.arange(len(centres)), centres] = False
    first, second = np.nonzero(near)
    graph[AtomicDataDict.EDGE_INDEX_KEY] = torch.from_numpy(np.stack([centres[first], second]))
    return graph


@dataclass(frozen=True, eq=False)
class _Part:
    """A molecule of a graph: its weight in the energy, and a number for each atom."""

    structure: Structure
    sign: float
    descriptor: NDArray[np.float64]


def _parts(sample: Sample, free: FreeLigand | None, *, signs: bool, described: bool) -> list[_Part]:
    """The complex, and with `signs` what its energy is less."""
    compared = sample.reference if signs else None
    values = np.full(len(sample.structure), np.nan)
    if not described and (not signs or compared is not None):
        return [_Part(s, w, values) for s, w in ((sample.structure, 1.0), (compared, -1.0)) if s]
    ligands, _ = fragments_of(sample)
    free = _fitting(sample, free, ligands[0])
    assert free.descriptor is not None
    for atoms in ligands:
        values[atoms.start : atoms.stop] = free.descriptor
    parts = [_Part(sample.structure, 1.0, values)]
    if compared is not None:
        parts.append(_Part(compared, -1.0, values))
    elif signs:
        parts.append(_Part(free.structure, -float(len(ligands)), free.descriptor))
    return parts


def _fitting(sample: Sample, free: FreeLigand | None, part: range) -> FreeLigand:
    """The free ligand, if it has the atoms that it has in the complex."""
    if free is None:
        raise InputError(f"sample {sample.key}: its free ligand is needed and missing")
    bound = sample.structure.symbols[part.start : part.stop]
    if bound != free.structure.symbols:
        raise InputError(
            f"sample {sample.key}: the ligand in the complex ({''.join(bound)}) and the free one "
            f"({''.join(free.structure.symbols)}) have different atoms or another order"
        )
    return free


def _column(values: Sequence[float] | NDArray[np.float64]) -> torch.Tensor:
    return torch.tensor(np.asarray(values), dtype=torch.float64).view(-1, 1)


def _joined(pieces: Sequence[Graph], name: str) -> torch.Tensor:
    return torch.cat([piece[name] for piece in pieces])
