"""How sure predictions are: joint spread, intervals, domain, order."""

from rarebind.uncertainty.calibration import Uncertainty, calibrate
from rarebind.uncertainty.checks import (
    Check,
    FlagCheck,
    check_coverage,
    check_external,
    check_flag,
)
from rarebind.uncertainty.conformal import (
    LEVELS,
    Conformal,
    Coverage,
    coverage,
    finite_sample_quantile,
    fit_conformal,
)
from rarebind.uncertainty.domains import Domains, fit_domains, metal_distances
from rarebind.uncertainty.folds import FAMILIES, Fold, HeldOut, family
from rarebind.uncertainty.ranking import probability_first
from rarebind.uncertainty.rigidity import Rigidity, choose_regularisation, fit_rigidity, sigmas

__all__ = [
    "FAMILIES",
    "LEVELS",
    "Check",
    "Conformal",
    "Coverage",
    "Domains",
    "FlagCheck",
    "Fold",
    "HeldOut",
    "Rigidity",
    "Uncertainty",
    "calibrate",
    "check_coverage",
    "check_external",
    "check_flag",
    "choose_regularisation",
    "coverage",
    "family",
    "finite_sample_quantile",
    "fit_conformal",
    "fit_domains",
    "fit_rigidity",
    "metal_distances",
    "probability_first",
    "sigmas",
]
