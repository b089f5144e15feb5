"""How sure predictions are: joint spread, intervals, domain, order."""

from rarebind.uncertainty.applicability import Applicability, fit_applicability
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
from rarebind.uncertainty.domains import Domains
from rarebind.uncertainty.families import FAMILIES, family
from rarebind.uncertainty.folds import Fold, HeldOut
from rarebind.uncertainty.ranking import (
    difference,
    differences,
    probability_among,
    probability_first,
)
from rarebind.uncertainty.rigidity import (
    REGULARISATIONS,
    Rigidity,
    choose_regularisation,
    fit_rigidity,
    mean_square,
    relative_regularisation,
    sigmas,
)

__all__ = [
    "FAMILIES",
    "LEVELS",
    "REGULARISATIONS",
    "Applicability",
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
    "difference",
    "differences",
    "family",
    "finite_sample_quantile",
    "fit_applicability",
    "fit_conformal",
    "fit_rigidity",
    "mean_square",
    "probability_among",
    "probability_first",
    "relative_regularisation",
    "sigmas",
]
