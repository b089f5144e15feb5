"""Unit conversions (CODATA 2018): eV and Å inside, kcal/mol or kJ/mol for people."""

from __future__ import annotations

#: kcal/mol in one eV.
KCAL_PER_EV = 23.060547830619
#: kJ/mol in one eV.
KJ_PER_EV = 96.48533212331
#: eV in one Hartree.
EV_PER_HARTREE = 27.211386245988
#: Å in one Bohr.
ANGSTROM_PER_BOHR = 0.529177210903
