"""Density functional theory by PySCF: electronic states of open 4f shells found, not hoped for."""
