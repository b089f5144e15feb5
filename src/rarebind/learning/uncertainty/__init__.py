"""How sure predictions are: joint spread, intervals, domain, order."""

from rarebind.learning.uncertainty.applicability import Applicability, fit_applicability
from rarebind.learning.uncertainty.calibration import Uncertainty, calibrate
from rarebind.learning.uncertainty.checks import (
    Check,
    FlagCheck,
    check_coverage,
    check_external,
    check_flag,
)
from rarebind.learning.uncertainty.conformal import (
    LEVELS,
    Conformal,
    Coverage,
    coverage,
    finite_sample_quantile,
    fit_conformal,
)
from rarebind.learning.uncertainty.domains import Domains
from rarebind.learning.uncertainty.families import FAMILIES, family
from rarebind.learning.uncertainty.folds import Fold, HeldOut
from rarebind.learning.uncertainty.ranking import (
    difference,
    differences,
    probability_among,
    probability_first,
)
from rarebind.learning.uncertainty.rigidity import (
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
