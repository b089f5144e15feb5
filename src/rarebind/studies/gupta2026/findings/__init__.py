"""Whether what the reference study finds in its energies holds for those of a dataset."""

from rarebind.studies.gupta2026.findings.analysis import Claim, Findings, Orders, find
from rarebind.studies.gupta2026.findings.charges import EqualCharge
from rarebind.studies.gupta2026.findings.complexes import Composition, Selection, select
from rarebind.studies.gupta2026.findings.metal_order import Constant
from rarebind.studies.gupta2026.findings.paired import ALL, Comparison, Resampling
from rarebind.studies.gupta2026.findings.report import (
    report_data,
    report_text,
    verdicts,
    write_report,
)
from rarebind.studies.gupta2026.findings.statements import (
    MetalStatement,
    ScaffoldStatement,
    Statements,
    SubstituentStatement,
    statements,
)
from rarebind.studies.gupta2026.findings.substituent_order import Place, Standing
from rarebind.studies.gupta2026.findings.verdicts import FAILS, HOLDS, NOISE, UNKNOWN

__all__ = [
    "ALL",
    "FAILS",
    "HOLDS",
    "NOISE",
    "UNKNOWN",
    "Claim",
    "Comparison",
    "Composition",
    "Constant",
    "EqualCharge",
    "Findings",
    "MetalStatement",
    "Orders",
    "Place",
    "Resampling",
    "ScaffoldStatement",
    "Selection",
    "Standing",
    "Statements",
    "SubstituentStatement",
    "find",
    "report_data",
    "report_text",
    "select",
    "statements",
    "verdicts",
    "write_report",
]
