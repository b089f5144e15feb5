"""Training a network: data are prepared once, then NequIP runs until it is done.

::

    RUN/
      config.yaml        what was asked for
      split.json         which complexes are for what
      run.json           what was made of it: hashes, counts, statistics; written last
      graphs/            train.pt, val.pt
      start.pt           weights that training starts from, where it starts from others
      nequip.yaml        what NequIP was told
      nequip.log         what it said
      best.ckpt          checkpoint with the smallest validation error
      last.ckpt          of the last whole epoch, from which the next call goes on
      logs/              numbers from each call
      history.csv, history.png
      finished           there when a schedule has ended the training before the last epoch
      .lock              held while a process trains

Interrupted at any instant, a run goes on from its last whole epoch.  Checkpoints say which run has
made them, so that no other run goes on from them.
"""

from rarebind.learning.settings.emit import GRAPHS
from rarebind.learning.training.folder import (
    BEST,
    CONFIG,
    HISTORY,
    RUN,
    SPLIT,
    check_checkpoint,
    read_run,
)
from rarebind.learning.training.preparation import Material, load_material, prepare
from rarebind.learning.training.process import Progress
from rarebind.learning.training.run import Result, train

__all__ = [
    "BEST",
    "CONFIG",
    "GRAPHS",
    "HISTORY",
    "RUN",
    "SPLIT",
    "Material",
    "Progress",
    "Result",
    "check_checkpoint",
    "load_material",
    "prepare",
    "read_run",
    "train",
]
