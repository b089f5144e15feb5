"""Whether what the reference study finds in its energies holds for those of a dataset."""

from rarebind.evaluation.findings.analysis import Claim, Findings, Orders, find
from rarebind.evaluation.findings.charges import EqualCharge
from rarebind.evaluation.findings.complexes import Composition, Selection, select
from rarebind.evaluation.findings.metal_order import Constant
from rarebind.evaluation.findings.paired import ALL, Comparison, Resampling
from rarebind.evaluation.findings.report import report_data, report_text, verdicts, write_report
from rarebind.evaluation.findings.statements import (
    MetalStatement,
    ScaffoldStatement,
    Statements,
    SubstituentStatement,
    statements,
)
from rarebind.evaluation.findings.substituent_order import Place, Standing
from rarebind.evaluation.findings.verdicts import FAILS, HOLDS, NOISE, UNKNOWN

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
