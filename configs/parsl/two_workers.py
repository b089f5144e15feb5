"""Two worker processes on this machine: the smallest Parsl configuration, to start one's own from.

rarebind curate CONFIG.yaml --parsl configs/parsl/two_workers.py
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rarebind.campaigns.parsl_config import local_config

if TYPE_CHECKING:
    from parsl.config import Config


def make_config(run_dir: str) -> Config:
    """The configuration; `run_dir` is a scratch folder."""
    return local_config(2, run_dir)
