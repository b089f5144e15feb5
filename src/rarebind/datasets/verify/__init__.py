"""Whether a dataset is what it says: files, records, labels, and energies computed again."""

from rarebind.datasets.verify.recompute import (
    ENERGY_TOLERANCE,
    FORCE_TOLERANCE,
    LARGEST_DFT,
    Tolerance,
    tolerance_of,
)
from rarebind.datasets.verify.report import Progress, Recomputed, VerifyReport
from rarebind.datasets.verify.run import verify

__all__ = [
    "ENERGY_TOLERANCE",
    "FORCE_TOLERANCE",
    "LARGEST_DFT",
    "Progress",
    "Recomputed",
    "Tolerance",
    "VerifyReport",
    "tolerance_of",
    "verify",
]
