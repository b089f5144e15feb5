"""What a fast BLAS under tblite and PySCF is worth: the same work with and without it.

    python benchmarks/blas.py

For tblite, gradients of one 77-atom complex; for PySCF, products of matrices as it makes them.

Each timing runs in a process of its own, on one thread, since a BLAS is bound for good when it is
loaded.
"""

from __future__ import annotations

import os
import subprocess
import sys

ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
GRADIENTS = 12
SIZE, PRODUCTS = 1500, 4

TBLITE = f"""
import sys, time
from rarebind.engines import blas
if sys.argv[1] == "bundled":
    blas.prefer_openblas = lambda: None
elif blas.prefer_openblas() is None:
    sys.exit("no system OpenBLAS found (Debian: apt install libopenblas0)")
import numpy as np
from rarebind.complexes import complex_spec, parent_templates
from rarebind.engines import GFN2_WATER
from rarebind.engines.tblite import TBLitePotential
from rarebind.ligands import library_ligand
structure = parent_templates(complex_spec("La", library_ligand("HOPO"), "4:0"))[0]
potential = TBLitePotential(structure, GFN2_WATER)
energy, _ = potential(structure.positions)
rng = np.random.default_rng(0)
start = time.perf_counter()
for _ in range({GRADIENTS}):
    potential(structure.positions + rng.normal(scale=0.005, size=structure.positions.shape))
seconds = (time.perf_counter() - start) / {GRADIENTS}
print(f"tblite, {{sys.argv[1]:8}} {{seconds:.3f}} s a gradient, energy {{energy:.9f}} eV")
"""
PYSCF = f"""
import sys, time
from rarebind.engines import blas
if sys.argv[1] == "bundled":
    blas.prefer_openblas = lambda: None
import rarebind.engines.dft
import numpy as np
from pyscf import lib
matrix = np.random.default_rng(0).normal(size=({SIZE}, {SIZE}))
product = lib.dot(matrix, matrix)
start = time.perf_counter()
for _ in range({PRODUCTS}):
    lib.dot(matrix, matrix)
rate = 2e-9 * {SIZE} ** 3 * {PRODUCTS} / (time.perf_counter() - start)
print(f"PySCF,  {{sys.argv[1]:8}} {{rate:.1f}} GFLOP/s")
"""


def main() -> None:
    """Print what either does with either BLAS."""
    for child in (TBLITE, PYSCF):
        for which in ("bundled", "system"):
            subprocess.run(
                [sys.executable, "-c", child, which], env=os.environ | ONE_THREAD, check=False
            )


if __name__ == "__main__":
    main()
