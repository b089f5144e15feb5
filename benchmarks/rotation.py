"""How much does the energy of one ion change when it is merely turned?

python benchmarks/rotation.py
"""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.spatial.transform import Rotation

from rarebind.complexes import aqua_ion, parent_templates
from rarebind.engines import GFN2_WATER, LevelOfTheory, static
from rarebind.units import KCAL_PER_EV

ORIENTATIONS = 20


def main() -> None:
    """Print the spread of the energy of [La(H2O)8]3+ over random orientations."""
    ion = parent_templates(aqua_ion("La", 8))[0]
    table = Table("level", "standard deviation / kcal/mol", "range / kcal/mol")
    for level in (LevelOfTheory("tblite", "GFN2-xTB"), GFN2_WATER):
        energies = []
        for seed in range(ORIENTATIONS):
            turned = Rotation.random(rng=seed).apply(np.array(ion.positions))
            energies.append(static(ion.with_positions(turned), level).energy * KCAL_PER_EV)
        table.add_row(str(level), f"{np.std(energies):.2g}", f"{np.ptp(energies):.2g}")
    Console().print(table)


if __name__ == "__main__":
    main()
