"""All that is measured of one model on one part of a split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType

from rarebind.evaluation.metrics import RESAMPLES, SEED, Metrics, by, metrics
from rarebind.evaluation.neighbours import NeighbourErrors, neighbour_errors
from rarebind.evaluation.outcomes import Outcome, quantity_of
from rarebind.evaluation.ranking import (
    Ranking,
    TopRecall,
    rank_ligands,
    rank_metals,
    top_k_recall,
)

#: What errors are broken down by.
BREAKDOWNS = ("metal", "scaffold", "geometry")
#: How many ligands count as the best.
BEST = (1, 3, 5)


@dataclass(frozen=True)
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
        Orders of ligands for each metal and geometry: of all, and of those of one scaffold.
    recalls
        Of the best of :data:`BEST`, as far as there are enough ligands.
    metals
        Orders of metals for each ligand and geometry; None without exchange energies.
    neighbours
        Of ΔΔE between neighbouring metals; None without exchange energies.
    """

    binding: Metrics | None
    exchange: Metrics | None
    by: Mapping[str, Mapping[str, Metrics]]
    ligands: Ranking
    substituents: Ranking
    recalls: tuple[TopRecall, ...]
    metals: Ranking | None
    neighbours: NeighbourErrors | None

    @property
    def main(self) -> Metrics:
        """Of equation 1, else of exchange energies."""
        found = self.binding or self.exchange
        assert found is not None
        return found

    def data(self) -> dict[str, object]:
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
            "top_k_recall": [asdict(recall) for recall in self.recalls],
            "metals": None if self.metals is None else _ranking(self.metals),
            "neighbours": None if self.neighbours is None else _neighbours(self.neighbours),
        }


def scores(found: Sequence[Outcome], *, resamples: int = RESAMPLES, seed: int = SEED) -> Scores:
    """Measure what `found` says of a model.

    Parameters
    ----------
    resamples, seed
        Of the bootstrap over ligands.

    Raises
    ------
    InputError
        There is nothing to compare.
    """
    has_exchange = all(outcome.exchange_shift is not None for outcome in found)
    main = quantity_of(found)

    def score(quantity: str) -> Metrics:
        return metrics(found, quantity=quantity, resamples=resamples, seed=seed)

    recalls = (top_k_recall(found, k) for k in BEST)
    return Scores(
        binding=score(main) if main == "binding" else None,
        exchange=score("exchange") if has_exchange else None,
        by=MappingProxyType(
            {
                column: by(found, column, quantity=main, resamples=resamples, seed=seed)
                for column in BREAKDOWNS
            }
        ),
        ligands=rank_ligands(found),
        substituents=rank_ligands(found, by_scaffold=True),
        recalls=tuple(recall for recall in recalls if recall is not None),
        metals=rank_metals(found) if has_exchange else None,
        neighbours=neighbour_errors(found) if has_exchange else None,
    )


def _ranking(found: Ranking) -> dict[str, object]:
    """A mean over groups; the groups themselves follow from the outcomes."""
    return {"groups": len(found.groups), "spearman": found.spearman, "kendall": found.kendall}


def _neighbours(found: NeighbourErrors) -> dict[str, object]:
    return {
        "pairs": {"-".join(pair): asdict(error) for pair, error in found.pairs.items()},
        "lanthanides": None if found.lanthanides is None else asdict(found.lanthanides),
        "everything": None if found.everything is None else asdict(found.everything),
    }
