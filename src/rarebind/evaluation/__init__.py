"""How good a model is: errors with intervals, orders of ligands and metals, figures."""

from rarebind.evaluation.drawing import Caption
from rarebind.evaluation.figures import draw_errors, draw_neighbours, draw_parities, draw_parity
from rarebind.evaluation.metrics import Metrics, by, metrics
from rarebind.evaluation.neighbours import differences, neighbour_errors, neighbouring_metals
from rarebind.evaluation.outcomes import (
    COLUMNS,
    QUANTITIES,
    Outcome,
    energies,
    outcomes,
    read_outcomes,
    write_outcomes,
)
from rarebind.evaluation.ranking import rank_ligands, rank_metals, top_k_recall
from rarebind.evaluation.substituents import Effects, draw_substituents, substituent_effects
from rarebind.io.figures import save_figure

__all__ = [
    "COLUMNS",
    "QUANTITIES",
    "Caption",
    "Effects",
    "Metrics",
    "Outcome",
    "by",
    "differences",
    "draw_errors",
    "draw_neighbours",
    "draw_parities",
    "draw_parity",
    "draw_substituents",
    "energies",
    "metrics",
    "neighbour_errors",
    "neighbouring_metals",
    "outcomes",
    "rank_ligands",
    "rank_metals",
    "read_outcomes",
    "save_figure",
    "substituent_effects",
    "top_k_recall",
    "write_outcomes",
]
