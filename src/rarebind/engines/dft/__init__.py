"""Density functional theory by PySCF: electronic states of open 4f shells found, not hoped for."""

from importlib.metadata import version

from rarebind.engines.blas import prefer_openblas

# Before any module here loads PySCF, whose wheels bring an OpenBLAS of 2018.
prefer_openblas()


def program_versions() -> str:
    """Versions of the programs that decide the numbers of every engine here."""
    parts = ("pyscf", "dftd4", "basis-set-exchange")
    return ", ".join(f"{part} {version(part)}" for part in parts)
