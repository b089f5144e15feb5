"""What was measured: stability constants, what they teach, and how far computed ones are off."""

from rarebind.experiment.ph import (
    acid_constants,
    conditional,
    hydrolysis_constant,
    known_pka,
    log_alpha_ligand,
    log_alpha_metal,
    ph_curve,
    read_pka,
)
from rarebind.experiment.protonation import EstimatedPKaWarning, estimated_pka
from rarebind.experiment.series import check_one_series, select_series, series_of
from rarebind.experiment.table import (
    DISAGREEMENT,
    Measurement,
    read_constants,
    stability_constants,
)

__all__ = [
    "DISAGREEMENT",
    "EstimatedPKaWarning",
    "Measurement",
    "acid_constants",
    "check_one_series",
    "conditional",
    "estimated_pka",
    "hydrolysis_constant",
    "known_pka",
    "log_alpha_ligand",
    "log_alpha_metal",
    "ph_curve",
    "read_constants",
    "read_pka",
    "select_series",
    "series_of",
    "stability_constants",
]
