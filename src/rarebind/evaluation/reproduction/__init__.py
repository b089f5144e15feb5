"""The reference study's table, trained and tested anew beside its published values."""

from rarebind.evaluation.reproduction.inputs import Inputs, prepare_inputs
from rarebind.evaluation.reproduction.report import reasons, report_data, tables, write_report
from rarebind.evaluation.reproduction.rows import Row, Training
from rarebind.evaluation.reproduction.run import Job, jobs_of, reproduce
from rarebind.evaluation.reproduction.settings import Settings
from rarebind.evaluation.reproduction.study import (
    STRATEGIES,
    Published,
    Study,
    strategy_named,
    study,
)

__all__ = [
    "STRATEGIES",
    "Inputs",
    "Job",
    "Published",
    "Row",
    "Settings",
    "Study",
    "Training",
    "jobs_of",
    "prepare_inputs",
    "reasons",
    "report_data",
    "reproduce",
    "strategy_named",
    "study",
    "tables",
    "write_report",
]
