"""Published records back into a store, so that nobody computes them again."""

from __future__ import annotations

from collections.abc import Iterable

from rarebind.campaigns import Store, Task
from rarebind.datasets.shards import Dataset


def adopt(dataset: Dataset, tasks: Iterable[Task], store: Store) -> int:
    """Put those records into `store` that are results of `tasks`; how many.

    A record belongs to a task when it carries the task's key: the same step, arguments and
    program versions made it.  Positions and forces come back rounded as they were published.
    """
    wanted = {task.key: task for task in tasks}
    missing = wanted.keys() - store.summaries().keys()
    shards = {row.shard for row in dataset.rows() if row.key in missing}
    count = 0
    for record in dataset.records([shard for shard in dataset.shards if shard.name in shards]):
        if record.key in missing:
            store.put(wanted[record.key], record.calculation)
            count += 1
    return count
