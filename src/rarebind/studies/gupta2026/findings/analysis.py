"""All statements, tested with both quantities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rarebind.engines import LevelOfTheory
from rarebind.engines.level import model_chemistry_of
from rarebind.engines.levels import has_frozen_4f
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import QUANTITIES
from rarebind.studies.gupta2026.findings.charges import EqualCharge, equal_charge
from rarebind.studies.gupta2026.findings.complexes import Selection
from rarebind.studies.gupta2026.findings.metal_order import (
    Constant,
    constants,
    metal_order,
    off_neighbours,
)
from rarebind.studies.gupta2026.findings.paired import ALL, Comparison, Resampling
from rarebind.studies.gupta2026.findings.scaffold_order import scaffold_order
from rarebind.studies.gupta2026.findings.statements import Statements
from rarebind.studies.gupta2026.findings.substituent_order import (
    Place,
    Standing,
    standings,
    substituent_order,
)
from rarebind.studies.gupta2026.findings.verdicts import combined


@dataclass(frozen=True)
class Orders:
    """What one quantity says.

    Attributes
    ----------
    scaffolds
        Every comparison of two scaffolds, geometry by geometry, then all together.
    standings
        The order of substituents.
    places
        Of the named substituents, a list a statement.
    metals
        Every comparison of a named metal with a neighbour.
    off_neighbours
        Every lanthanide against the mean of its neighbours.
    """

    scaffolds: tuple[Comparison, ...]
    standings: tuple[Standing, ...]
    places: tuple[tuple[Place, ...], ...]
    metals: tuple[Comparison, ...]
    off_neighbours: tuple[Comparison, ...]


@dataclass(frozen=True)
class Claim:
    """A statement and what became of it.

    Attributes
    ----------
    text
        In words.
    verdicts
        By quantity: of all geometries together.
    by_geometry
        The same by quantity and geometry.
    """

    text: str
    verdicts: Mapping[str, str]
    by_geometry: Mapping[str, Mapping[str, str]]

    @property
    def depends(self) -> bool:
        """Whether the verdict depends on the quantity."""
        return len(set(self.verdicts.values())) > 1


@dataclass(frozen=True)
class Findings:
    """All that a document tells.

    Attributes
    ----------
    dataset
        Its name.
    quantity
        ``exchange`` or ``binding``: that of tables and figures.
    selection
        The complexes.
    statements
        What is tested.
    resampling
        How intervals were found.
    orders
        By quantity; only those that the dataset has.
    charges
        Scaffolds compared at equal charge, by `quantity`.
    constants
        What equation 1 has in it of each metal; empty where a quantity is missing.
    """

    dataset: str
    quantity: str
    selection: Selection
    statements: Statements
    resampling: Resampling
    orders: Mapping[str, Orders]
    charges: tuple[EqualCharge, ...]
    constants: Mapping[str, Constant]

    @property
    def chosen(self) -> Orders:
        """What :attr:`quantity` says."""
        return self.orders[self.quantity]

    @property
    def frozen_4f(self) -> bool:
        """Whether the level has the 4f shell in the core."""
        # Levels print as method/basis/solvent.
        method, _, rest = model_chemistry_of(self.selection.level).partition("/")
        return has_frozen_4f(LevelOfTheory("", method.partition("(")[0], basis=rest))

    @property
    def claims(self) -> tuple[Claim, ...]:
        """Every statement with its verdicts: scaffolds, substituents, metals."""
        said = self.statements
        parts: list[tuple[str, dict[str, list[Comparison | Place]]]] = [
            (said.scaffolds.text, {name: list(o.scaffolds) for name, o in self.orders.items()})
        ]
        parts += [
            (statement.text, {name: list(o.places[i]) for name, o in self.orders.items()})
            for i, statement in enumerate(said.substituents)
        ]
        parts += [
            (
                statement.text,
                {
                    name: [found for found in o.metals if found.first == statement.metal]
                    for name, o in self.orders.items()
                },
            )
            for statement in said.metals
        ]
        return tuple(_claim(text, found) for text, found in parts)


def find(
    selection: Selection,
    statements: Statements,
    *,
    dataset: str,
    quantity: str = "exchange",
    resampling: Resampling | None = None,
) -> Findings:
    """Test all statements.

    Parameters
    ----------
    dataset
        Its name.
    quantity
        ``exchange`` or ``binding`` (equation 1): what tables and figures are of.

    Raises
    ------
    InputError
        There is no such quantity, no complex has it, or nothing that the statements speak of can
        be compared.
    """
    if quantity not in QUANTITIES:
        raise InputError(f"unknown target {quantity!r}: give {' or '.join(sorted(QUANTITIES))}")
    known = [name for name in QUANTITIES if selection.energies[name]]
    if quantity not in known:
        raise InputError(
            f"no complex has {quantity} energies at {selection.level}: give --target "
            f"{' or '.join(known)}"
        )
    resampling = resampling or Resampling()
    orders = {name: _orders(selection, name, statements, resampling) for name in known}
    found = orders[quantity]
    compared = [*found.scaffolds, *found.metals]
    compared += [place.comparison for places in found.places for place in places]
    if not any(comparison.pairs for comparison in compared):
        raise InputError(
            f"no two complexes at {selection.level} differ only in what the statements compare: "
            "there is nothing to test them on"
        )
    return Findings(
        dataset,
        quantity,
        selection,
        statements,
        resampling,
        orders,
        tuple(equal_charge(selection.energies[quantity], statements.scaffolds, resampling)),
        constants(selection.energies),
    )


def _orders(
    selection: Selection, quantity: str, said: Statements, resampling: Resampling
) -> Orders:
    energies = selection.energies[quantity]
    return Orders(
        tuple(scaffold_order(energies, said.scaffolds, resampling)),
        tuple(standings(energies)),
        tuple(
            tuple(substituent_order(energies, statement, said.scaffolds.names, resampling))
            for statement in said.substituents
        ),
        tuple(metal_order(energies, said.metals, resampling)),
        tuple(off_neighbours(energies, resampling)),
    )


def _claim(text: str, found: Mapping[str, list[Comparison | Place]]) -> Claim:
    by_geometry = {
        quantity: {
            geometry: combined(part.verdict for part in parts if part.geometry == geometry)
            for geometry in dict.fromkeys(part.geometry for part in parts)
        }
        for quantity, parts in found.items()
    }
    return Claim(
        text, {quantity: verdicts[ALL] for quantity, verdicts in by_geometry.items()}, by_geometry
    )
