"""How sure predictions are: joint spread, intervals, domain, order."""

from rarebind.learning.uncertainty.applicability import Applicability, fit_applicability
from rarebind.learning.uncertainty.calibration import (
    Check,
    FlagCheck,
    HeldOut,
    Uncertainty,
    calibrate,
    check_coverage,
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
from rarebind.learning.uncertainty.families import FAMILIES, family
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
    "FlagCheck",
    "HeldOut",
    "Rigidity",
    "Uncertainty",
    "calibrate",
    "check_coverage",
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
    "probability_among",
    "probability_first",
    "sigmas",
]
