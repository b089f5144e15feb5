"""The relaxed La complexes of the parent scaffolds, and the aqua ions, that ship with rarebind."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from io import StringIO
from pathlib import Path

from rarebind.complexes.checks import check_complex
from rarebind.complexes.spec import ComplexSpec, aqua_ion, complex_spec
from rarebind.engines import GFN2_WATER, LEVELS, Convergence, LevelOfTheory, relax
from rarebind.errors import InputError
from rarebind.io.files import make_folder, replace_file
from rarebind.io.xyz import extxyz_text
from rarebind.ligands import Ligand, carried_scaffold
from rarebind.structures import Structure

TEMPLATE_METAL = "La"
_SHIPPED = files("rarebind").joinpath("data", "templates")
#: Most minima kept of one complex.
KEPT = 6
#: Energy in eV above the lowest up to which a minimum is kept: a substituent may turn the order.
WINDOW = 0.4
#: Energies in eV closer than this count as one minimum.
SAME_MINIMUM = 0.01


def template_name(spec: ComplexSpec) -> str:
    """File name of the template of `spec`, e.g. ``HOPO_1-6.xyz`` or ``aqua_0-9.xyz``."""
    who = _parent(spec.ligand).name if spec.ligand else "aqua"
    return f"{who}_{spec.geometry.replace(':', '-')}.xyz"


def parent_spec(spec: ComplexSpec) -> ComplexSpec:
    """The La complex of the unsubstituted scaffold with the composition of `spec`.

    Raises
    ------
    InputError
        The ligand carries no scaffold of the library, or there are several kinds.
    """
    if spec.ligand is None:
        return aqua_ion(TEMPLATE_METAL, spec.waters)
    if spec.composition.is_mixed:
        raise InputError(f"{spec.name} has several kinds of ligands: use the builder 'architector'")
    parent = _parent(spec.ligand)
    return complex_spec(TEMPLATE_METAL, parent, spec.geometry, spec.coordination_number)


def _parent(ligand: Ligand) -> Ligand:
    carried = carried_scaffold(ligand)
    if carried is None:
        raise InputError(
            f"{ligand.name} carries none of the library's scaffolds: use the builder 'architector'"
        )
    return carried.parent


def has_template(spec: ComplexSpec) -> bool:
    """Whether a template of this scaffold (or aqua ion) and composition ships with rarebind."""
    if spec.composition.is_mixed:
        return False
    if spec.ligand is not None and carried_scaffold(spec.ligand) is None:
        return False
    return _SHIPPED.joinpath(template_name(spec)).is_file()


def template_set(level: LevelOfTheory) -> str:
    """Name of the templates that were relaxed at `level`: of their folder; empty for GFN2-xTB's.

    Levels without any start from those of GFN2-xTB, which are everywhere.
    """
    folders = (one.name for one in _SHIPPED.iterdir() if one.is_dir())
    same = (
        n for n in folders if n in LEVELS and LEVELS[n].model_chemistry == level.model_chemistry
    )
    return next(same, "")


def parent_templates(spec: ComplexSpec, of: str = "") -> tuple[Structure, ...]:
    """Relaxed La complexes of the parent scaffold of `spec`, lowest energy first.

    Parameters
    ----------
    spec
    of
        Set of templates, see :func:`template_set`; GFN2-xTB's for what it does not have.

    Raises
    ------
    InputError
        The ligand carries no scaffold of the library, or none of the composition ships.
    """
    parent = parent_spec(spec)
    if not has_template(spec):
        raise InputError(
            f"no template of the composition of {spec.name} ships with rarebind: "
            "use the builder 'architector'"
        )
    return _templates(parent, of)


@cache
def _templates(parent: ComplexSpec, of: str) -> tuple[Structure, ...]:
    path = _SHIPPED.joinpath(of, template_name(parent))
    if not path.is_file():
        path = _SHIPPED.joinpath(template_name(parent))
    return read_templates(path.read_text(encoding="utf-8"), parent)


def read_templates(text: str, parent: ComplexSpec) -> tuple[Structure, ...]:
    """Parse an extended-XYZ template file of the complex `parent`."""
    from ase.io import read

    frames = read(StringIO(text), format="extxyz", index=":")
    return tuple(Structure.from_ase(atoms, parent.charge, parent.multiplicity) for atoms in frames)


def write_templates(
    folder: Path, parent: ComplexSpec, found: list[tuple[Structure, float]],
    level: LevelOfTheory = GFN2_WATER,
) -> Path:  # fmt: skip
    """Write relaxed candidates (structure, energy in eV at `level`) as one template file."""
    frames = []
    for structure, energy in sorted(found, key=lambda pair: pair[1]):
        atoms = structure.to_ase()
        atoms.info |= {"level": level.model_chemistry, "energy_eV": round(energy, 6)}
        frames.append(atoms)
    path = make_folder(folder) / template_name(parent)
    replace_file(path, extxyz_text(frames))
    return path


def refine_templates(
    parent: ComplexSpec, candidates: Iterable[Structure], level: LevelOfTheory = GFN2_WATER
) -> list[tuple[Structure, float]]:
    """Relax a builder's candidates and keep the few that are intact, low and distinct.

    Returns
    -------
    list
        (structure, energy in eV), as :func:`distinct_minima` leaves them.
    """
    relaxed = []
    for candidate in candidates:
        calculation = relax(candidate, level, Convergence(verify_minimum=True))
        report = check_complex(calculation, parent)
        # A side chain that binds as well makes another complex, of another coordination number.
        if report.accepted and report.coordination_number == parent.coordination_number:
            assert calculation.structure is not None
            assert calculation.energy is not None
            relaxed.append((calculation.structure, calculation.energy))
    return distinct_minima(relaxed)


def distinct_minima(found: Iterable[tuple[Structure, float]]) -> list[tuple[Structure, float]]:
    """The lowest of `found`, lowest first: at most `KEPT`, within `WINDOW` of the lowest."""
    relaxed = sorted(found, key=lambda pair: pair[1])
    kept: list[tuple[Structure, float]] = []
    for structure, energy in relaxed:
        new = all(energy - other > SAME_MINIMUM for _, other in kept)
        if new and energy - relaxed[0][1] < WINDOW and len(kept) < KEPT:
            kept.append((structure, energy))
    return kept
