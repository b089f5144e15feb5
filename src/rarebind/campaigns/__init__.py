"""Many calculations: tasks, the result store, Parsl, resume."""

from rarebind.campaigns.references import ReferenceTasks
from rarebind.campaigns.run import run_tasks
from rarebind.campaigns.store import Store
from rarebind.campaigns.task import Task, with_ancestors
from rarebind.campaigns.tasks import AQUA_WATERS, Protocol, TaskFactory

__all__ = [
    "AQUA_WATERS",
    "Protocol",
    "ReferenceTasks",
    "Store",
    "Task",
    "TaskFactory",
    "run_tasks",
    "with_ancestors",
]
