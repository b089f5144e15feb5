"""What a network takes from the training set before it learns."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rarebind.complexes import TEMPLATE_METAL
from rarebind.errors import InputError
from rarebind.learning.data.fragments import fragments_of
from rarebind.learning.data.samples import Sample
from rarebind.learning.data.shifts import species_shifts
from rarebind.learning.settings.presets import Preset
from rarebind.structures import Structure

#: eV; a network needs room to move even where the shifts say everything.
_SMALLEST_SCALE = 1e-3


def energy_statistics(
    train: Sequence[Sample], preset: Preset, *, elements: Iterable[str]
) -> tuple[dict[str, float], float]:
    """Shifts of the elements, and the size of an atom's energy.

    Where the energy of free ligands is taken off, the shifts of their atoms cancel: what is left
    is that of metal and waters.  Where that of another metal's complex is, only the metals are.

    Parameters
    ----------
    train
        What is learned from.
    elements
        More elements that need a shift.

    Returns
    -------
    shifts
        In eV by symbol, by atomic number; see :func:`~rarebind.learning.species_shifts`.
    scale
        In eV.

    Raises
    ------
    InputError
        There are no samples, one of `elements` is none, or a complex does not divide into metal,
        ligands and waters.
    """
    fitted = [_left_over(sample) for sample in train] if preset.signs else list(train)
    shifts, _ = species_shifts(fitted, elements=elements)
    if any(sample.reference for sample in train) and preset.signs:
        # What is taken off has the reference metal, from which the others are counted.
        shifts[TEMPLATE_METAL] = 0.0
    if preset.scale == "energy-per-atom":
        return shifts, float(np.std([s.target / len(s.structure) for s in train])) or 1.0
    residuals = [
        (s.target - sum(shifts[symbol] for symbol in f.structure.symbols)) ** 2 / len(s.structure)
        for s, f in zip(train, fitted, strict=True)
    ]
    return shifts, max(float(np.sqrt(np.mean(residuals))), _SMALLEST_SCALE)


def graph_statistics(
    graphs: Sequence[Mapping[str, Any]], names: Sequence[str]
) -> tuple[float, dict[str, tuple[float, float]] | None]:
    """Averages over the atoms of the training set.

    Parameters
    ----------
    graphs
        Of :func:`rarebind.learning.nequip.graphs.graph_of`; at least one.
    names
        Elements, in the order in which they are numbered.

    Returns
    -------
    neighbours
        Mean number of them, of the atoms that have an energy.
    descriptor_scales
        Mean and standard deviation of the atoms' descriptor by element, of those that have one;
        None where graphs have none.

    Raises
    ------
    InputError
        No atom has a neighbour.
    """
    centres = sum(len(graph["edge_index"][0].unique()) for graph in graphs)
    if not centres:
        raise InputError(
            "no two atoms of the training part are within r_max of each other: give it in Å"
        )
    neighbours = sum(graph["edge_index"].shape[1] for graph in graphs) / centres
    if "atom_descriptor" not in graphs[0]:
        return neighbours, None
    types = np.concatenate([graph["atom_types"].numpy() for graph in graphs])
    values = np.concatenate([graph["atom_descriptor"].numpy()[:, 0] for graph in graphs])
    scales = {}
    for number, name in enumerate(names):
        found = values[(types == number) & ~np.isnan(values)]
        if found.size:
            scales[name] = (float(found.mean()), float(found.std()))
    return neighbours, scales


def _left_over(sample: Sample) -> Sample:
    """The atoms whose shifts do not cancel."""
    kept = [0]
    if sample.reference is None:
        kept += [atom for water in fragments_of(sample)[1] for atom in water]
    structure = Structure(
        tuple(sample.structure.symbols[i] for i in kept), sample.structure.positions[kept], 3
    )
    return replace(sample, structure=structure, forces=None)
