"""How sure predictions are: joint spread, intervals, domain, order."""

from rarebind.learning.uncertainty.applicability import Applicability, fit_applicability
from rarebind.learning.uncertainty.calibration import (
    Check,
    HeldOut,
    Uncertainty,
    calibrate,
    check_coverage,
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
    "HeldOut",
    "Rigidity",
    "Uncertainty",
    "calibrate",
    "check_coverage",
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
