"""The reference study's table, trained and tested anew beside its published values."""

from rarebind.studies.gupta2026.reproduce.inputs import Inputs, prepare_inputs
from rarebind.studies.gupta2026.reproduce.report import reasons, report_data, tables, write_report
from rarebind.studies.gupta2026.reproduce.rows import Row, Training
from rarebind.studies.gupta2026.reproduce.run import Job, jobs_of, reproduce
from rarebind.studies.gupta2026.reproduce.settings import Settings
from rarebind.studies.gupta2026.study import (
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
