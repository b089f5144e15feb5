"""All that is measured of one model on one part of a split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from rarebind.evaluation.metrics import RESAMPLES, SEED, Metrics, by, metrics
from rarebind.evaluation.neighbours import EVERYTHING, LANTHANIDES, neighbour_errors
from rarebind.evaluation.outcomes import quantity_of
from rarebind.evaluation.ranking import rank_ligands, rank_metals, top_k_recall

#: What errors are broken down by.
BREAKDOWNS = ("metal", "scaffold", "geometry")
#: How many ligands count as the best.
BEST = (1, 3, 5)


@dataclass(frozen=True, eq=False)
class Scores:
    """Agreement of a model with what was computed.

    Attributes
    ----------
    binding
        Of equation 1; None where some complex has none.
    exchange
        Of exchange energies; None where some complex has none.
    by
        Of `main`, by a column of :data:`BREAKDOWNS` and its values.
    ligands, substituents
        Orders of ligands for each metal and geometry: of all, and of those of one scaffold; see
        :func:`~rarebind.evaluation.ranking.rank_ligands`.
    recalls
        Of the best of :data:`BEST`, as far as there are enough ligands; see
        :func:`~rarebind.evaluation.ranking.top_k_recall`.
    metals
        Orders of metals for each ligand and geometry; None without exchange energies.
    neighbours
        Of ΔΔE, see :func:`~rarebind.evaluation.neighbours.neighbour_errors`; None likewise.
    """

    binding: Metrics | None
    exchange: Metrics | None
    by: Mapping[str, Mapping[str, Metrics]]
    ligands: pd.DataFrame
    substituents: pd.DataFrame
    recalls: pd.DataFrame
    metals: pd.DataFrame | None
    neighbours: pd.DataFrame | None

    @property
    def main(self) -> Metrics:
        """Of equation 1, else of exchange energies."""
        found = self.binding or self.exchange
        assert found is not None
        return found

    def data(self) -> dict[str, Any]:
        """Plain data for JSON; energies in kcal/mol."""
        return {
            "binding": None if self.binding is None else self.binding.data(),
            "exchange": None if self.exchange is None else self.exchange.data(),
            **{
                f"by_{column}": {name: score.data() for name, score in found.items()}
                for column, found in self.by.items()
            },
            "ligands": _ranking(self.ligands),
            "substituents": _ranking(self.substituents),
            "top_k_recall": self.recalls.to_dict("records"),
            "metals": None if self.metals is None else _ranking(self.metals),
            "neighbours": None if self.neighbours is None else _neighbours(self.neighbours),
        }


def scores(found: pd.DataFrame, *, resamples: int = RESAMPLES, seed: int = SEED) -> Scores:
    """Measure what outcomes say of a model.

    Parameters
    ----------
    resamples, seed
        Of the bootstrap over ligands.

    Raises
    ------
    InputError
        There is nothing to compare.
    """
    options: dict[str, Any] = {"resamples": resamples, "seed": seed}
    has_binding = quantity_of(found) == "binding"
    has_exchange = bool(found.exchange_shift.notna().all())
    return Scores(
        binding=metrics(found, quantity="binding", **options) if has_binding else None,
        exchange=metrics(found, quantity="exchange", **options) if has_exchange else None,
        by={column: by(found, column, **options) for column in BREAKDOWNS},
        ligands=rank_ligands(found),
        substituents=rank_ligands(found, by_scaffold=True),
        recalls=top_k_recall(found, *BEST),
        metals=rank_metals(found) if has_exchange else None,
        neighbours=neighbour_errors(found) if has_exchange else None,
    )


def _ranking(found: pd.DataFrame) -> dict[str, Any]:
    """A mean over groups; the groups themselves follow from the outcomes."""
    means = {name: float(found[name].mean()) for name in ("spearman", "kendall")}
    return {"groups": len(found), **(means if len(found) else dict.fromkeys(means))}


def _neighbours(found: pd.DataFrame) -> dict[str, Any]:
    """Pairs, and what several of them have together."""
    rows = found.to_dict("index")
    together = {name: rows.pop(name, None) for name in (LANTHANIDES, EVERYTHING)}
    return {"pairs": rows, **together}
