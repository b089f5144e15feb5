"""Run a campaign on a Slurm cluster: rarebind curate CONFIG.yaml --parsl configs/parsl/slurm.py.

Copy this file and change the constants.  The command itself runs on the login node (in tmux, say)
and must stay alive: it hands out the calculations, and alone writes the store.  When it ends for
whatever reason, start it again.

rarebind must be installed in an environment that the nodes see as well.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from parsl.config import Config

PARTITION = "standard"
#: Of your project, or None.
ACCOUNT = None
WALLTIME = "12:00:00"
NODES_PER_JOB = 1
CORES_PER_NODE = 64
#: Jobs at most; Parsl asks for more as long as there is work, and gives back idle ones.
MAX_JOBS = 8
#: Job scripts and their output: must be on a file system that the nodes see.
SHARED = Path.home() / ".cache" / "rarebind-parsl"
#: More lines for the head of the batch script, e.g. "#SBATCH --constraint=cpu".
SCHEDULER_OPTIONS = ""
#: Run on each node before the workers, e.g. "module load python".
WORKER_INIT = f"export PATH={Path(sys.executable).parent}:$PATH"
#: Interface by which the nodes reach the login node, e.g. "ib0"; None: the host's own name.
INTERFACE = None


def make_config(_: str) -> Config:
    """The configuration; the local scratch folder that is offered would not be seen by nodes."""
    from parsl.addresses import address_by_hostname, address_by_interface
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.launchers import SrunLauncher
    from parsl.providers import SlurmProvider

    address = address_by_interface(INTERFACE) if INTERFACE else address_by_hostname()
    return Config(
        executors=[
            HighThroughputExecutor(
                label="slurm",
                interchange_launch_cmd=[sys.executable, "-m", "rarebind.campaigns.interchange"],
                address=address,
                # One thread a calculation: as many workers as cores.
                max_workers_per_node=CORES_PER_NODE,
                cores_per_worker=1,
                # On a machine with other users nobody else may send work or results.
                encrypted=True,
                heartbeat_period=15,
                heartbeat_threshold=120,
                provider=SlurmProvider(
                    partition=PARTITION,
                    account=ACCOUNT,
                    walltime=WALLTIME,
                    nodes_per_block=NODES_PER_JOB,
                    cores_per_node=CORES_PER_NODE,
                    init_blocks=1,
                    min_blocks=0,
                    max_blocks=MAX_JOBS,
                    scheduler_options=SCHEDULER_OPTIONS,
                    worker_init=WORKER_INIT
                    + "\nexport OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 MKL_NUM_THREADS=1",
                    launcher=SrunLauncher(),
                ),
            )
        ],
        strategy="htex_auto_scale",
        max_idletime=300,
        run_dir=str(SHARED),
        initialize_logging=False,
        usage_tracking=0,
    )
