"""What was measured: stability constants, what they teach, and how far computed ones are off."""

from rarebind.experiment.series import check_one_series, select_series, series_of
from rarebind.experiment.table import (
    DISAGREEMENT,
    Measurement,
    read_constants,
    stability_constants,
)

__all__ = [
    "DISAGREEMENT",
    "Measurement",
    "check_one_series",
    "read_constants",
    "select_series",
    "series_of",
    "stability_constants",
]
