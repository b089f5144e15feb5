"""Fit the force constants of the minimiser's model Hessian to numerical GFN2-xTB/ALPB Hessians.

    python benchmarks/fit_model_hessian.py HOPO:1:6 CAM:1:6 HDEV:1:6 HOPO:4:0
    python benchmarks/fit_model_hessian.py --xyz minima.xyz

Every structure is relaxed tightly, its Hessian taken by central differences of forces, and
``tr(M⁻¹H) - ln det(M⁻¹H)``, averaged over degrees of freedom and summed over structures, minimised
over the logarithms of the constants in the model Hessian ``M``.  A weak pull towards the published
constants holds those that the structures say nothing about.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ase.io import iread
from numpy.typing import NDArray
from scipy.optimize import minimize

from rarebind.complexes import complex_spec, parent_templates
from rarebind.engines.level import GFN2_WATER
from rarebind.engines.minimise import Convergence, minimise
from rarebind.engines.model_hessian import BEND, CONTACT, STRETCH, TORSION, model_hessian
from rarebind.engines.tblite import TBLite
from rarebind.ligands import library_ligand
from rarebind.structures import Structure

Floats = NDArray[np.float64]
Kind = tuple[str, str]

TABLES = {"stretch": STRETCH, "contact": CONTACT, "bend": BEND, "torsion": TORSION}
#: Swart and Bickelhaupt's constants, Hartree/Bohr² and Hartree: the start of the fit.
PUBLISHED = {"stretch": 0.35, "contact": 0.35, "bend": 0.15, "torsion": 0.005}
TIGHT = Convergence(fmax=0.004, remaining_energy=1e-5, energy_change=1e-4, max_gradients=400)
#: Displacement of a coordinate in the numerical Hessian, Å.
DISPLACEMENT = 0.005
#: Curvature in eV/Å² added to both Hessians: softer modes are below the noise of the forces.
FLOOR = 0.03
#: Weight of a constant's squared distance from the published one, in logarithms.
PULL = 2e-4
#: How far, in logarithms, a constant may fall below and rise above the published one.
RANGE = (-9.0, 4.0)


@dataclass(frozen=True)
class Target:
    """A minimum: its name, its Hessian and the part of each kind of coordinate in the model."""

    name: str
    hessian: Floats
    parts: dict[Kind, Floats]


def shipped(composition: str) -> Structure:
    """The lowest La template of e.g. ``HOPO:1:6``: scaffold, ligands, waters."""
    scaffold, ligands, waters = composition.split(":")
    ligand = library_ligand(scaffold)
    coordination = int(ligands) * ligand.denticity + int(waters)
    return parent_templates(complex_spec("La", ligand, f"{ligands}:{waters}", coordination))[0]


def structures(compositions: list[str], xyz: Path | None) -> Iterator[tuple[str, Structure]]:
    """Names and structures to fit to."""
    for composition in compositions:
        yield composition, shipped(composition)
    for number, atoms in enumerate(iread(xyz, ":") if xyz else ()):
        name = str(atoms.info.get("name", number))
        yield name, Structure.from_ase(atoms, int(atoms.info["charge"]))


def numerical_hessian(structure: Structure) -> tuple[Floats, Floats]:
    """Relaxed positions (Å) and the Hessian there (eV/Å²)."""
    potential = TBLite().potential(structure, GFN2_WATER)
    x = minimise(potential, structure.symbols, structure.positions, TIGHT).positions
    rows = []
    for step in DISPLACEMENT * np.eye(x.size):
        forward = potential(x + step.reshape(-1, 3))[1]
        backward = potential(x - step.reshape(-1, 3))[1]
        rows.append((backward - forward).ravel() / (2.0 * DISPLACEMENT))
    hessian = np.array(rows)
    return x, 0.5 * (hessian + hessian.T)


def model_parts(symbols: tuple[str, ...], positions: Floats) -> dict[Kind, Floats]:
    """The model Hessian is linear in its constants: its derivative by each, without the zeros."""
    kept = {name: dict(table) for name, table in TABLES.items()}
    parts: dict[Kind, Floats] = {}
    try:
        for table in TABLES.values():
            table.update(dict.fromkeys(table, 0.0))
        for name, table in TABLES.items():
            for kind in table:
                table[kind] = 1.0
                part = model_hessian(symbols, positions)
                table[kind] = 0.0
                if part.any():
                    parts[name, kind] = part
    finally:
        for name, table in TABLES.items():
            table.update(kept[name])
    return parts


def target(name: str, structure: Structure) -> Target:
    """Hessian of one structure and what the model has to describe it; tells how long it took."""
    begin = time.perf_counter()
    positions, hessian = numerical_hessian(structure)
    curvatures, modes = np.linalg.eigh(hessian)
    bounded = (modes * np.maximum(curvatures, 0.0)) @ modes.T + FLOOR * np.eye(len(hessian))
    seconds = time.perf_counter() - begin
    print(f"{name}: {len(positions)} atoms, Hessian in {seconds:.0f} s", flush=True)
    return Target(name, bounded, model_parts(structure.symbols, positions))


def assembled(constants: dict[Kind, float], goal: Target) -> Floats:
    """The model Hessian with `constants`, eV/Å²."""
    model = FLOOR * np.eye(len(goal.hessian))
    for kind, part in goal.parts.items():
        model += constants[kind] * part
    return model


def mismatch(
    logarithms: Floats, start: Floats, kinds: list[Kind], goals: list[Target]
) -> tuple[float, Floats]:
    """The objective and its derivative by the logarithms of the constants."""
    constants = dict(zip(kinds, np.exp(logarithms), strict=True))
    value = PULL * float(np.sum((logarithms - start) ** 2))
    slope = 2.0 * PULL * (logarithms - start)
    for goal in goals:
        size = len(goal.hessian)
        model = assembled(constants, goal)
        inverse = np.linalg.inv(model)
        volume = np.linalg.slogdet(model)[1] - np.linalg.slogdet(goal.hessian)[1]
        value += (float(np.sum(inverse * goal.hessian)) + volume - size) / size
        change = (inverse - inverse @ goal.hessian @ inverse) / size
        for number, kind in enumerate(kinds):
            if kind in goal.parts:
                slope[number] += constants[kind] * np.sum(change * goal.parts[kind])
    return value, slope


def fit(goals: list[Target], iterations: int) -> dict[Kind, float]:
    """Constants that suit the structures best, of the kinds that occur in them."""
    kinds = sorted({kind for goal in goals for kind in goal.parts})
    start = np.log([PUBLISHED[name] for name, _ in kinds])
    found = minimize(
        mismatch,
        start,
        (start, kinds, goals),
        jac=True,
        method="L-BFGS-B",
        bounds=[(value + RANGE[0], value + RANGE[1]) for value in start],
        options={"maxiter": iterations},
    )
    return dict(zip(kinds, np.exp(found.x), strict=True))


def condition(constants: dict[Kind, float], goal: Target) -> float:
    """Condition number of the Hessian preconditioned by the model."""
    root = np.linalg.inv(np.linalg.cholesky(assembled(constants, goal)))
    curvatures = np.linalg.eigvalsh(root @ goal.hessian @ root.T)
    return float(curvatures[-1] / curvatures[0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("compositions", nargs="*", help="shipped complexes, e.g. HOPO:1:6")
    parser.add_argument("--xyz", type=Path, help="extended XYZ, charge in each comment line")
    parser.add_argument("--iterations", type=int, default=150, help="of the fit, at most")
    options = parser.parse_args()
    goals = [target(*item) for item in structures(options.compositions, options.xyz)]
    if not goals:
        parser.error("nothing to fit to: name a composition or an XYZ file")

    used = {(name, kind): value for name, table in TABLES.items() for kind, value in table.items()}
    fitted = fit(goals, options.iterations)
    published = {kind: PUBLISHED[kind[0]] for kind in used}
    print(f"\n{'kind':30s} {'fitted':>9s} {'in use':>9s} {'published':>9s}  (Hartree, Bohr)")
    for kind, value in used.items():
        new = f"{fitted[kind]:9.3g}" if kind in fitted else f"{'absent':>9s}"
        print(f"{': '.join(kind):30s} {new} {value:9.3g} {published[kind]:9.3g}")
    print(f"\n{'condition number':30s} {'fitted':>9s} {'in use':>9s} {'published':>9s}")
    for goal in goals:
        numbers = [condition(constants, goal) for constants in (fitted, used, published)]
        print(f"{goal.name[:30]:30s} " + " ".join(f"{number:9.0f}" for number in numbers))


if __name__ == "__main__":
    main()
