"""Whether what the reference study finds in its energies holds for those of a dataset."""

from rarebind.studies.gupta2026.findings.analysis import Findings, find
from rarebind.studies.gupta2026.findings.comparisons import (
    ALL,
    COMPARISON,
    FAILS,
    HOLDS,
    NOISE,
    UNKNOWN,
    Resampling,
)
from rarebind.studies.gupta2026.findings.energies import COMPOSITION, Selection, select
from rarebind.studies.gupta2026.findings.report import (
    report_data,
    report_text,
    verdicts,
    write_report,
)
from rarebind.studies.gupta2026.findings.statements import Statements, statements

__all__ = [
    "ALL",
    "COMPARISON",
    "COMPOSITION",
    "FAILS",
    "HOLDS",
    "NOISE",
    "UNKNOWN",
    "Findings",
    "Resampling",
    "Selection",
    "Statements",
    "find",
    "report_data",
    "report_text",
    "select",
    "statements",
    "verdicts",
    "write_report",
]
