"""Many calculations: tasks, the result store, Parsl, resume."""

from rarebind.campaigns.balance import balanced_order
from rarebind.campaigns.curation import Curation, CurationConfig, read_config
from rarebind.campaigns.labelling import single_point_task
from rarebind.campaigns.parsl_config import load_config
from rarebind.campaigns.references import reference_results, reference_tasks
from rarebind.campaigns.run import run_tasks
from rarebind.campaigns.status import CampaignStatus, StageStatus, campaign_status
from rarebind.campaigns.store import Store
from rarebind.campaigns.task import Task, with_ancestors
from rarebind.campaigns.tasks import Protocol, TaskFactory

__all__ = [
    "CampaignStatus",
    "Curation",
    "CurationConfig",
    "Protocol",
    "StageStatus",
    "Store",
    "Task",
    "TaskFactory",
    "balanced_order",
    "campaign_status",
    "load_config",
    "read_config",
    "reference_results",
    "reference_tasks",
    "run_tasks",
    "single_point_task",
    "with_ancestors",
]
