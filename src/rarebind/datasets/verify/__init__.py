"""Whether a dataset is what it says: files, records, labels, and energies computed again."""

from rarebind.datasets.verify.recompute import (
    ENERGY_TOLERANCE,
    FORCE_TOLERANCE,
    LARGEST_DFT,
    Recomputed,
    Tolerance,
    tolerance_of,
)
from rarebind.datasets.verify.run import Progress, VerifyReport, verify

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
