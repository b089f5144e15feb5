"""Density functional theory by PySCF: electronic states of open 4f shells found, not hoped for."""

from rarebind.engines.blas import prefer_openblas

# Before any module here loads PySCF, whose wheels bring an OpenBLAS of 2018.
prefer_openblas()
