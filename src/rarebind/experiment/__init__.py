"""What was measured: stability constants, what they teach, and how far computed ones are off."""

from rarebind.experiment.calibration import (
    Calibration,
    Card,
    Domain,
    calibrate_log_k,
    load_calibration,
    save_calibration,
)
from rarebind.experiment.computed import with_computed
from rarebind.experiment.descriptors import experiment_frame, ligand_descriptors, sizes
from rarebind.experiment.intervals import Intervals, cross_coverage, fit_intervals
from rarebind.experiment.judging import Score, left_out, predict_left_out, score
from rarebind.experiment.ph import (
    acid_constants,
    conditional,
    hydrolysis_constant,
    known_pka,
    log_alpha_ligand,
    log_alpha_metal,
    ph_curve,
)
from rarebind.experiment.protonation import EstimatedPKaWarning, estimated_pka
from rarebind.experiment.ridge import Design, LogKModel, fit_model, need_experiment
from rarebind.experiment.series import check_one_series, select_series, series_of
from rarebind.experiment.table import (
    DISAGREEMENT,
    Measurement,
    read_constants,
    stability_constants,
)

__all__ = [
    "DISAGREEMENT",
    "Calibration",
    "Card",
    "Design",
    "Domain",
    "EstimatedPKaWarning",
    "Intervals",
    "LogKModel",
    "Measurement",
    "Score",
    "acid_constants",
    "calibrate_log_k",
    "check_one_series",
    "conditional",
    "cross_coverage",
    "estimated_pka",
    "experiment_frame",
    "fit_intervals",
    "fit_model",
    "hydrolysis_constant",
    "known_pka",
    "left_out",
    "ligand_descriptors",
    "load_calibration",
    "log_alpha_ligand",
    "log_alpha_metal",
    "need_experiment",
    "ph_curve",
    "predict_left_out",
    "read_constants",
    "save_calibration",
    "score",
    "select_series",
    "series_of",
    "sizes",
    "stability_constants",
    "with_computed",
]
