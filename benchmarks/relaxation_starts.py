"""Start structures for ``benchmarks/relaxation.py``, made from what ships with the package.

    python benchmarks/relaxation_starts.py fresh fresh.xyz
    python benchmarks/relaxation_starts.py swaps swaps.xyz

``fresh``: twelve 4:0 La complexes as the grafting builder hands them to the relaxation.
``swaps``: twelve relaxed La complexes with another metal in its place.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ase.io import write

from rarebind.complexes import BUILDERS, complex_spec, parent_templates, swap_metal
from rarebind.ligands import library_ligand

FRESH = (
    ("HOPO", "hydroxyl"), ("HOPO", "amino"), ("HOPO", "carboxylic-acid"), ("thio-HOPO", "methyl"),
    ("thio-HOPO", "cyano"), ("CAM", "hydroxyl"), ("CAM", "fluoro"), ("CAM", "acetyl"),
    ("thio-CAM", "methoxy"), ("thio-CAM", "chloro"), ("HDEV", "hydroxyl"), ("HDEV", "phosphonate"),
)  # fmt: skip
SWAPS = (
    ("HOPO", "4:0", "Gd"), ("HOPO", "4:0", "Lu"), ("CAM", "4:0", "Y"), ("CAM", "4:0", "Gd"),
    ("thio-HOPO", "4:0", "Eu"), ("thio-CAM", "4:0", "Yb"), ("HDEV", "4:0", "Ce"),
    ("HDEV", "4:0", "Dy"), ("HOPO", "3:2", "Gd"), ("CAM", "2:4", "Gd"), ("HOPO", "1:6", "Lu"),
    ("thio-CAM", "1:6", "Nd"),
)  # fmt: skip


def fresh_starts() -> list:
    """Grafted, unrelaxed complexes."""
    frames = []
    for scaffold, substituent in FRESH:
        spec = complex_spec("La", library_ligand(scaffold, substituent), "4:0")
        atoms = BUILDERS.create("grafting").build(spec)[0].to_ase()
        frames.append((spec.name, atoms))
    return frames


def swap_starts() -> list:
    """Relaxed La complexes with M in place of La, donors moved by the radius difference."""
    frames = []
    for scaffold, geometry, metal in SWAPS:
        spec = complex_spec("La", library_ligand(scaffold), geometry)
        atoms = swap_metal(parent_templates(spec)[0], spec, metal).to_ase()
        frames.append((spec.with_metal(metal).name, atoms))
    return frames


def main() -> None:
    """Write the starts as extended XYZ."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("which", choices=("fresh", "swaps"))
    parser.add_argument("file", type=Path)
    options = parser.parse_args()
    frames = fresh_starts() if options.which == "fresh" else swap_starts()
    for name, atoms in frames:
        atoms.info["name"] = name
    write(options.file, [atoms for _, atoms in frames], format="extxyz")


if __name__ == "__main__":
    main()
