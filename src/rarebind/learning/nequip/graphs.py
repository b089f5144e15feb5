"""Complexes as graphs with neighbour lists, computed once and kept in one file."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from nequip.data import AtomicDataDict, compute_neighborlist_
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from rarebind.errors import InputError
from rarebind.io.files import replace_file
from rarebind.learning.data.fragments import FreeLigand, fragments_of
from rarebind.learning.data.samples import Sample
from rarebind.learning.nequip.centres import Indices, near_metal, of_reaction
from rarebind.learning.nequip.fields import ATOM_DESCRIPTOR, SIGNS
from rarebind.structures import Structure

#: A graph: tensors by the keys of NequIP's ``AtomicDataDict``.
Graph = dict[str, torch.Tensor]

#: Version of the file.
SCHEMA_VERSION = 1
#: Types of the numbers in a file, by what NequIP calls them.
_PACKED = {AtomicDataDict.EDGE_INDEX_KEY: torch.int16, AtomicDataDict.ATOM_TYPE_KEY: torch.int16}
_LARGEST = torch.iinfo(torch.int16).max


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
        one, else see :func:`~rarebind.learning.nequip.centres.of_reaction`.  None: all atoms.
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


def write_graphs(path: Path | str, graphs: Iterable[Graph]) -> None:
    """Write graphs to one file, whole or not at all.

    Raises
    ------
    InputError
        There are none, they have different fields, one has too many atoms, or the file cannot be
        written.
    """
    path, graphs = Path(path), list(graphs)
    if not graphs:
        raise InputError(f"{path}: there are no graphs to write")
    if len({frozenset(graph) for graph in graphs}) > 1:
        raise InputError(f"{path}: all graphs of a file have the same fields")
    atoms = torch.cat([graph[AtomicDataDict.NUM_NODES_KEY] for graph in graphs])
    if int(atoms.max()) > _LARGEST:
        raise InputError(f"{path}: a graph has more than {_LARGEST} atoms")
    edges = torch.tensor([graph[AtomicDataDict.EDGE_INDEX_KEY].shape[1] for graph in graphs])
    fields = {
        name: torch.cat([graph[name] for graph in graphs], dim=_axis(name)).to(
            _PACKED.get(name, graphs[0][name].dtype)
        )
        for name in graphs[0]
    }
    content = io.BytesIO()
    torch.save(
        {"schema": SCHEMA_VERSION, "atoms": atoms, "edges": edges, "fields": fields}, content
    )
    replace_file(path, content.getvalue())


class GraphFile:
    """The graphs of a file of :func:`write_graphs`, in memory, cut out when asked for.

    Parameters
    ----------
    path
        Of the file.

    Attributes
    ----------
    atoms, edges
        Numbers of them in each graph.

    Raises
    ------
    InputError
        The file is missing, damaged, or of a newer version.
    """

    def __init__(self, path: Path | str) -> None:
        try:
            content = torch.load(path, weights_only=True)
        except (OSError, RuntimeError, EOFError, ValueError, pickle.UnpicklingError) as error:
            raise InputError(f"cannot read the graphs in {path}: {error}") from error
        if not isinstance(content, Mapping) or not isinstance(content.get("schema"), int):
            raise InputError(f"{path} holds no graphs of rarebind")
        if content["schema"] > SCHEMA_VERSION:
            raise InputError(
                f"{path}: graphs of schema {content['schema']}, this rarebind reads up to "
                f"{SCHEMA_VERSION}: upgrade rarebind"
            )
        self.atoms: torch.Tensor = content["atoms"]
        self.edges: torch.Tensor = content["edges"]
        self._fields: dict[str, torch.Tensor] = content["fields"]
        self._first_atom = _offsets(self.atoms)
        self._first_edge = _offsets(self.edges)

    def __len__(self) -> int:
        return len(self.atoms)

    def field(self, name: str) -> torch.Tensor:
        """One field of all graphs, one after the other."""
        return self._fields[name]

    def __getitem__(self, index: int) -> Graph:
        """One graph, as :func:`graph_of` made it."""
        bounds = {
            "atom": slice(self._first_atom[index], self._first_atom[index + 1]),
            "edge": slice(self._first_edge[index], self._first_edge[index + 1]),
            "graph": slice(index, index + 1),
        }
        graph: Graph = {}
        for name, values in self._fields.items():
            if name == AtomicDataDict.EDGE_INDEX_KEY:
                graph[name] = values[:, bounds["edge"]].long()
            elif name in {AtomicDataDict.TOTAL_ENERGY_KEY, AtomicDataDict.NUM_NODES_KEY}:
                graph[name] = values[bounds["graph"]]
            else:
                part = values[bounds["atom"]]
                graph[name] = part.long() if name in _PACKED else part
        return graph


def read_graphs(path: Path | str) -> list[Graph]:
    """The inverse of :func:`write_graphs`; raises as :class:`GraphFile` does."""
    file = GraphFile(path)
    return [file[index] for index in range(len(file))]


def _centres(sample: Sample, radius: float | None, *, signs: bool) -> tuple[Indices | None, ...]:
    """Of the two molecules; None: all atoms."""
    if radius is None:
        return None, None
    if signs and sample.reference is None:
        return of_reaction(sample, radius)
    near = near_metal(sample.reference or sample.structure, radius)
    return near, near


def _neighbours(
    structure: Structure,
    type_names: Sequence[str],
    r_max: float,
    centres: Indices | None,
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


def _axis(name: str) -> int:
    return 1 if name == AtomicDataDict.EDGE_INDEX_KEY else 0


def _offsets(counts: torch.Tensor) -> list[int]:
    return [0, *torch.cumsum(counts, 0).tolist()]
