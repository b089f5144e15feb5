"""The reference builder: Architector (Taylor et al., Nat. Commun. 2023, 14, 2786)."""

from __future__ import annotations

import contextlib
import copy
import io
import os
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from rarebind.complexes.builders import stand_ins
from rarebind.complexes.builders.architector_options import CORES
from rarebind.complexes.builders.seeded import seeded_ligands
from rarebind.complexes.composition import DEFAULT_COORDINATION_NUMBER
from rarebind.complexes.layout import canonical
from rarebind.complexes.spec import ComplexSpec
from rarebind.errors import CalculationError, InputError
from rarebind.ligands import water
from rarebind.structures import Structure

#: Architector's names of four eight-coordinate cores: the three that rare earths are known to
#: prefer, and one from a crystal structure (CSD refcode YEMSEP) that gave the lowest energy of
#: several parents.  For other coordination numbers all of its cores are used.
COMMON_CORES = (
    "square_antiprismatic",
    "dodecahedral",
    "bicapped_trigonal_prismatic",
    "YEMSEP_geometry",
)


@dataclass(frozen=True)
class Architector:
    """Assemble a complex on ideal coordination polyhedra, each symmetry ranked by GFN2-xTB.

    Attributes
    ----------
    symmetries
        Arrangements of the ligands tried on every polyhedron.
    cores
        ``"all"`` polyhedra of the coordination number, or only the ``"common"`` ones: half the
        time, and for most ligands the same minimum.
    seed
        Of NumPy's generator, and of the ligands' first conformers and the rotations
        (:mod:`~rarebind.complexes.builders.seeded`).  Energies of two builds may still differ by
        some hundredths of a kcal/mol.
    solvent
        ALPB solvent of assembly and relaxation.  In vacuum, highly charged complexes such as
        [La(CAM)4]5− fly apart or lose their electrons.
    """

    symmetries: int = 10
    cores: str = "all"
    seed: int = 111111
    solvent: str = "water"

    name = "architector"

    def __post_init__(self) -> None:
        if self.cores not in CORES:
            raise InputError(f"unknown cores {self.cores!r}: known are {', '.join(CORES)}")

    @property
    def version(self) -> str:
        """Version of the Architector package."""
        return f"architector {version('architector')}"

    def build(self, spec: ComplexSpec) -> list[Structure]:
        """Relaxed candidates, lowest GFN2 energy first, in the order of the layout.

        Raises
        ------
        CalculationError
            Architector found no arrangement, or none that keeps the ligands whole.
        """
        with _quiet_scratch() as scratch:
            try:
                found = _build_complex(self._request(spec, scratch), self.seed)
            except Exception as error:
                # Architector raises all kinds of errors for ligands that fit no polyhedron.
                raise CalculationError(
                    f"Architector failed on {spec.name}: {type(error).__name__}: {error}"
                ) from error
        candidates, reasons = [], []
        for label, entry in found.items():
            atoms = entry["ase_atoms"]
            structure = Structure(
                tuple(atoms.get_chemical_symbols()), atoms.positions, spec.charge, spec.multiplicity
            )
            try:
                candidates.append(canonical(structure, spec))
            except CalculationError as error:
                reasons.append(f"{label}: {error}")
        if not candidates:
            why = "; ".join(reasons) or "no polyhedron accepts these donors"
            raise CalculationError(f"Architector built no intact {spec.name}: {why}")
        return candidates

    def _request(self, spec: ComplexSpec, scratch: str) -> dict[str, Any]:
        core: dict[str, Any] = {"metal": spec.metal, "coreCN": spec.coordination_number}
        if self.cores == "common" and spec.coordination_number == DEFAULT_COORDINATION_NUMBER:
            core = {"metal": spec.metal, "coreType": list(COMMON_CORES)}
        return {
            "core": core,
            # Architector fills the remaining sites with water by itself.
            "ligands": [
                {"smiles": ligand.smiles, "coordList": list(ligand.donors)}
                for ligand, number in spec.composition.ligands or ((water(), 1),)
                for _ in range(number)
            ],
            "parameters": {
                "seed": self.seed,
                "n_symmetries": self.symmetries,
                "xtb_solvent": self.solvent,
                "temp_prefix": scratch + os.sep,
                # Comparing candidates pairwise takes longer than building them.
                "skip_duplicate_tests": True,
            },
        }


def _build_complex(request: dict[str, Any], seed: int) -> dict[str, Any]:
    stand_ins.install()
    from architector import build_complex
    from architector.io_process_input import inparse

    with seeded_ligands(seed):
        # Architector works out how a chelate spans the polyhedra by trial, and would do so twice.
        kinds = [ligand["ligType"] for ligand in inparse(copy.deepcopy(request))["ligands"]]
        for ligand, kind in zip(request["ligands"], kinds, strict=True):
            ligand["ligType"] = kind
        found: dict[str, Any] = build_complex(request)
    return found


@contextlib.contextmanager
def _quiet_scratch() -> Iterator[str]:
    """A folder for Architector's files, its chatter held back, the working folder restored."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="rarebind-architector-") as scratch:
        os.chdir(scratch)
        try:
            # On its import, Architector has NumPy warn of every underflow from then on.
            with (
                contextlib.redirect_stdout(io.StringIO()),
                warnings.catch_warnings(),
                np.errstate(),
            ):
                warnings.simplefilter("ignore")
                yield scratch
        finally:
            os.chdir(here)
