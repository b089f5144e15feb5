"""What can be told of log K without physics: models learned from measured series of constants.

    python benchmarks/measured_constants.py SERIES.csv [--out FOLDER]

SERIES.csv is wide, one self-consistent series of ML/M.L a ligand: columns ligand_name, smiles, key
(its source), T (°C), I (mol/L), bad (metals with doubtful values) and one for each metal.  It is
brought into the form that `rarebind experiment train` reads, and learned from: errors for whole
ligands and whole classes that were left out, beside baselines.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

import pandas as pd

from rarebind.elements import rare_earths

COLUMNS = {
    "ligand_name": "ligand",
    "smiles": "smiles",
    "key": "reference",
    "T": "temperature_C",
    "I": "ionic_strength_M",
}


def constants(path: Path) -> pd.DataFrame:
    """The series as a wide table of constants, without doubtful values."""
    table = pd.read_csv(path)
    metals = [name for name in rare_earths() if name in table]
    for row, doubtful in table["bad"].items():
        for metal in ast.literal_eval(str(doubtful)):
            table.loc[row, metal] = None
    return table[[*COLUMNS, *metals]].rename(columns=COLUMNS).assign(definition="ML/M.L")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("series", type=Path)
    parser.add_argument("--out", type=Path, default=Path("rarebind-experiment/measured"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "constants.csv"
    constants(options.series).to_csv(path, index=False)
    command = [sys.executable, "-m", "rarebind", "experiment", "train", str(path)]
    sys.exit(subprocess.call([*command, "--out", str(options.out)]))


if __name__ == "__main__":
    main()
