"""Two worker processes on this machine: the smallest Parsl configuration, to start one's own from.

rarebind curate CONFIG.yaml --parsl configs/parsl/two_workers.py
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parsl.config import Config


def make_config(run_dir: str) -> Config:
    """The configuration; `run_dir` is a scratch folder."""
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.providers import LocalProvider

    return Config(
        executors=[
            HighThroughputExecutor(
                label="two",
                interchange_launch_cmd=[sys.executable, "-m", "rarebind.campaigns.interchange"],
                address="127.0.0.1",
                max_workers_per_node=2,
                cores_per_worker=1e-6,
                heartbeat_period=5,
                heartbeat_threshold=30,
                encrypted=False,
                provider=LocalProvider(init_blocks=1, min_blocks=1, max_blocks=1),
            )
        ],
        strategy="none",
        run_dir=run_dir,
        initialize_logging=False,
        usage_tracking=0,
    )
