"""All statements, tested with both quantities."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from rarebind.engines import LevelOfTheory
from rarebind.engines.level import model_chemistry_of
from rarebind.engines.levels import has_frozen_4f
from rarebind.errors import InputError
from rarebind.evaluation.outcomes import QUANTITIES
from rarebind.studies.gupta2026.findings.comparisons import Resampling, combined
from rarebind.studies.gupta2026.findings.energies import Selection
from rarebind.studies.gupta2026.findings.orders import (
    constants,
    equal_charge,
    metal_order,
    scaffold_order,
    series_order,
    standings_of,
    substituent_order,
)
from rarebind.studies.gupta2026.findings.statements import Statements


@dataclass(frozen=True, eq=False)
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
    comparisons
        Of both quantities, as far as the dataset has them: ``quantity``, ``kind`` (``scaffolds``,
        ``metals``, or ``series``: every lanthanide and the mean of its neighbours), ``statement``
        (its text; missing where none says anything), and the columns of
        :data:`~rarebind.studies.gupta2026.findings.comparisons.COMPARISON`.
    places
        Of named substituents, likewise; see
        :func:`~rarebind.studies.gupta2026.findings.orders.substituent_order`.
    standings
        Of all substituents, likewise; see
        :func:`~rarebind.studies.gupta2026.findings.orders.standings_of`.
    charges
        Scaffolds compared at equal charge, by `quantity`; see
        :func:`~rarebind.studies.gupta2026.findings.orders.equal_charge`.
    constants
        What equation 1 has in it of each metal, see
        :func:`~rarebind.studies.gupta2026.findings.orders.constants`; empty where a quantity is
        missing.
    """

    dataset: str
    quantity: str
    selection: Selection
    statements: Statements
    resampling: Resampling
    comparisons: pd.DataFrame
    places: pd.DataFrame
    standings: pd.DataFrame
    charges: pd.DataFrame
    constants: pd.DataFrame

    @property
    def quantities(self) -> list[str]:
        """Those that the dataset has, the chosen one first."""
        return sorted(self.selection.quantities, key=lambda name: name != self.quantity)

    @property
    def energies(self) -> pd.DataFrame:
        """The complexes that have :attr:`quantity`."""
        return self.selection.energies.dropna(subset=self.quantity)

    def of(self, kind: str, quantity: str | None = None) -> pd.DataFrame:
        """Comparisons of a kind by a quantity; default: the chosen one."""
        return _where(self.comparisons, kind=kind, quantity=quantity or self.quantity)

    def places_of(self, statement: str, quantity: str | None = None) -> pd.DataFrame:
        """Places of the substituents of a statement, by its text."""
        return _where(self.places, statement=statement, quantity=quantity or self.quantity)

    def standings_by(self, quantity: str | None = None) -> pd.DataFrame:
        """The order of substituents by a quantity; default: the chosen one."""
        return _where(self.standings, quantity=quantity or self.quantity)

    @property
    def frozen_4f(self) -> bool:
        """Whether the level has the 4f shell in the core."""
        # Levels print as method/basis/solvent.
        method, _, rest = model_chemistry_of(self.selection.level).partition("/")
        return has_frozen_4f(LevelOfTheory("", method.partition("(")[0], basis=rest))

    @cached_property
    def claims(self) -> dict[str, dict[str, dict[str, str]]]:
        """Verdicts by the text of a statement, quantity and geometry."""
        parts = pd.concat([self.comparisons, self.places]).dropna(subset="statement")
        keys = ["statement", "quantity", "geometry"]
        verdicts = parts.groupby(keys, sort=False).verdict.agg(combined)
        claims: dict[str, dict[str, dict[str, str]]] = {
            text: {name: {} for name in self.selection.quantities} for text in self.statements.texts
        }
        for (text, quantity, geometry), verdict in verdicts.items():
            claims[text][quantity][geometry] = verdict
        return claims


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
    if quantity not in selection.quantities:
        raise InputError(
            f"no complex has {quantity} energies at {selection.level}: give --target "
            f"{' or '.join(selection.quantities)}"
        )
    resampling = resampling or Resampling()
    scaffolds = statements.scaffolds
    comparisons, places, standings = [], [], []
    for name in selection.quantities:
        energies = selection.energies.dropna(subset=name)
        by = {"quantity": name}
        found = scaffold_order(energies, name, scaffolds, resampling)
        comparisons.append(found.assign(**by, kind="scaffolds", statement=scaffolds.text))
        for metal in statements.metals:
            found = metal_order(energies, name, metal, resampling)
            comparisons.append(found.assign(**by, kind="metals", statement=metal.text))
        found = series_order(energies, name, resampling)
        comparisons.append(found.assign(**by, kind="series"))
        for said in statements.substituents:
            found = substituent_order(energies, name, said, scaffolds.names, resampling)
            places.append(found.assign(**by, statement=said.text))
        standings.append(standings_of(energies, name).assign(**by))
    tested = pd.concat([part for part in (*comparisons, *places) if "statement" in part])
    if not tested.pairs[tested.quantity == quantity].any():
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
        pd.concat(comparisons, ignore_index=True),
        pd.concat(places, ignore_index=True),
        pd.concat(standings, ignore_index=True),
        equal_charge(selection.energies, quantity, scaffolds, resampling),
        constants(selection.energies),
    )


def _where(frame: pd.DataFrame, **values: str) -> pd.DataFrame:
    """The rows with these values."""
    return frame[(frame[list(values)] == pd.Series(values)).all(axis=1)]
