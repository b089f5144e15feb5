"""Learning binding energies: targets, samples, splits, shifts."""

from rarebind.learning.data.samples import Sample, digest, load_samples, samples_of
from rarebind.learning.data.shifts import species_shifts
from rarebind.learning.data.split import PARTS, SPLITS, Split, load_split, save_split
from rarebind.learning.data.splitting import make_split
from rarebind.learning.data.targets import TARGETS, Target, target_named

__all__ = [
    "PARTS",
    "SPLITS",
    "TARGETS",
    "Sample",
    "Split",
    "Target",
    "digest",
    "load_samples",
    "load_split",
    "make_split",
    "samples_of",
    "save_split",
    "species_shifts",
    "target_named",
]
