"""Computed stability constants held against measured ones."""

from rarebind.validation.computed import Job, compute_constants
from rarebind.validation.report import write_report

__all__ = ["Job", "compute_constants", "write_report"]
