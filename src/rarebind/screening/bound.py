"""How ligands sit on the metal: atoms that bind unasked, and what the ligand's shape costs.

Strain is the energy of a ligand as it is cut out of the relaxed complex less that of the free
ligand's minimum, both in the solvent of the level.  It is no part of the exchange energy, which
counts it already: it tells where donors were brought to one metal by force.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from rarebind.binding import BindingEnergy, Species
from rarebind.campaigns import TaskFactory, reference_tasks, run_tasks
from rarebind.campaigns.labelling import single_point_task, version_for_keys
from rarebind.complexes import Layout, further_donors
from rarebind.screening.screen import Entry, Screen
from rarebind.units import KCAL_PER_EV

if TYPE_CHECKING:
    from rarebind.campaigns import Store, Task
    from rarebind.engines import Calculation
    from rarebind.structures import Structure

#: eV a donor atom above which a ligand is marked as strained.  With La at GFN2-xTB, good chelators
#: have 1 to 7 kcal/mol a donor (catecholamide 1.0, maltol 1.1, acetylacetone 1.8, HOPO 3.8, EDTA
#: 6.0, whose arms repel each other, thio-catecholamide with a broken hydrogen bond 7.4); quercetin
#: bent to bind by two sites at once has 14.4.
MARKED_STRAIN = 10.0 / KCAL_PER_EV


def unasked_donors(entry: Entry) -> tuple[str, ...]:
    """Atoms of ligands that bind without being asked to, in words; of La, where predicted."""
    structure = entry.calculation.structure
    if structure is None:
        return ()
    layout = Layout(entry.spec.with_metal(structure.symbols[0]))
    lengths = np.linalg.norm(structure.positions - structure.positions[0], axis=1)
    parts = {i: part for part in layout.fragments for i in part.atoms}
    return tuple(
        f"{structure.symbols[i]}{i - parts[i].atoms.start} of {parts[i].ligand.name} "
        f"({lengths[i]:.2f} Å)"
        for i in further_donors(structure, layout.spec)
    )


def with_strain(screen: Screen, store: Store, *, workers: int | None = None) -> Screen:
    """The same screen, and how strained the ligand is in every complex that is computed.

    Parameters
    ----------
    store
        Finished calculations are taken from it, new ones added at once.
    workers
        Worker processes; by default one a core.
    """
    bent = {n: _bent(entry) for n, entry in enumerate(screen.entries)}
    bent = {n: found for n, found in bent.items() if found}
    if not bent:
        return screen
    level = screen.protocol.level
    version = version_for_keys(level)
    free = reference_tasks([one.spec for one in screen.entries], TaskFactory(screen.protocol))
    tasks: dict[int, list[Task]] = {
        n: [
            single_point_task(one, level, f"bound {screen.entries[n].ligand.name}", version)
            for one in found
        ]
        for n, found in bent.items()
    }
    relaxed = {n: free[Species.free(screen.entries[n].ligand)] for n in bent}
    wanted = [*relaxed.values(), *(task for found in tasks.values() for task in found)]
    results = run_tasks(wanted, store, workers=workers)

    def strain(n: int) -> float | None:
        energies = [_energy(results[task.key]) for task in tasks[n]]
        least = _energy(results[relaxed[n].key])
        known = [one - least for one in energies if one is not None and least is not None]
        return max(known, default=None)

    entries = (
        replace(entry, strain=strain(n)) if n in bent else entry
        for n, entry in enumerate(screen.entries)
    )
    return replace(screen, entries=tuple(entries))


def _bent(entry: Entry) -> list[Structure]:
    """The ligands screened as they are bound; none where the complex is not computed."""
    structure = entry.calculation.structure
    if not isinstance(entry.binding, BindingEnergy) or structure is None:
        return []
    layout = Layout(entry.spec)
    if structure.symbols != layout.symbols:
        return []
    return [
        structure.subset(part.atoms, part.ligand.charge)
        for part in layout.fragments
        if part.ligand == entry.ligand
    ]


def _energy(calculation: Calculation) -> float | None:
    return calculation.energy if calculation.ok else None
