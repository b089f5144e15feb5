"""What a screen is asked for: every ligand in every geometry with every metal, as complexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rarebind.complexes import (
    COORDINATION_NUMBERS,
    DEFAULT_COORDINATION_NUMBER,
    TEMPLATE_METAL,
    ComplexSpec,
    Recipe,
    check_coordination_number,
    complex_spec,
    read_geometry,
)
from rarebind.elements import rare_earth
from rarebind.errors import InputError, collecting
from rarebind.ligands import Ligand, Rejected


@dataclass(frozen=True)
class Asked:
    """A complex that is asked for.

    Attributes
    ----------
    spec
        With one number of waters, of several where that is left open.
    open_as
        The geometry that leaves it open; else empty.
    others
        Complexes of La with the same ligands bound by other donors, where nobody has chosen.
    """

    spec: ComplexSpec
    open_as: str = ""
    others: tuple[ComplexSpec, ...] = ()


@dataclass(frozen=True)
class Fitting:
    """Complexes that can be asked for, and ligands with the geometries that they do not fit.

    Attributes
    ----------
    asked
        Ligand by ligand, geometry by geometry, metal by metal.
    misfits
        One a ligand and geometry.
    """

    asked: tuple[Asked, ...]
    misfits: tuple[Rejected, ...]

    @property
    def specs(self) -> tuple[ComplexSpec, ...]:
        """The complexes, with one number of waters each."""
        return tuple(one.spec for one in self.asked)


def specs_for(
    ligands: Sequence[Ligand],
    metals: Sequence[str],
    geometries: Sequence[str],
    coordination_number: int | None = None,
) -> list[ComplexSpec]:
    """Every ligand in every geometry with every metal, validated before anything is computed.

    Raises
    ------
    InputError
        All unknown or repeated metals, and all ligands that a geometry does not fit.
    """
    fitting = fit(ligands, metals, geometries, coordination_number)
    if fitting.misfits:
        raise InputError(found.reason for found in fitting.misfits)
    return list(fitting.specs)


def fit(
    ligands: Sequence[Ligand],
    metals: Sequence[str],
    geometries: Sequence[str],
    coordination_number: int | None = None,
    *,
    choose_waters: bool = False,
) -> Fitting:
    """As :func:`specs_for`, but ligands that a geometry does not fit are told apart.

    Parameters
    ----------
    ligands, metals, geometries, coordination_number
        See there.
    choose_waters
        Whether geometries that leave the number of waters open keep it so.

    Raises
    ------
    InputError
        No ligand is given, or metals, geometries or coordination number cannot be used at all.
    """
    problems = [*_metal_problems(metals), *_repeated("geometries", geometries)]
    if not ligands:
        problems.append("no ligands given")
    recipes = _recipes(geometries, ligands, coordination_number, problems)
    asked: list[Asked] = []
    misfits = []
    for ligand in ligands:
        for recipe in recipes:
            # One that names its ligands is for the first of them only.
            if not recipe.is_for_any and recipe.first_of(ligands) != ligand:
                continue
            is_open = choose_waters and recipe.leaves_waters_open and coordination_number is None
            open_as = recipe.text if is_open else ""
            try:
                first, *others = _bound(recipe, ligand, coordination_number, ligands, open_as)
            except InputError as error:
                misfits.append(Rejected(ligand.name, ligand.smiles, "; ".join(error.problems)))
            else:
                found = [first.with_metal(metal) for metal in ([] if problems else metals)]
                asked += [Asked(spec, open_as, tuple(others)) for spec in found]
    if problems:
        raise InputError(dict.fromkeys([*problems, *(found.reason for found in misfits)]))
    return Fitting(tuple(asked), tuple(misfits))


def _bound(
    recipe: Recipe,
    ligand: Ligand,
    coordination_number: int | None,
    ligands: Sequence[Ligand],
    open_as: str,
) -> list[ComplexSpec]:
    """The complexes of La with each set of donors that fits, the usual one first.

    Raises
    ------
    InputError
        The ligand does not fit, by whatever donors.
    """
    found, faults = [], []
    for one in (ligand, *(ligand.bound_by(donors) for donors in ligand.others)):
        number = _first_number(recipe, one) if open_as else coordination_number
        try:
            found.append(complex_spec(TEMPLATE_METAL, one, recipe, number, ligands))
        except InputError as error:
            faults.append(error)
    if not found:
        raise faults[0]
    return found


def _first_number(recipe: Recipe, ligand: Ligand) -> int:
    """Donor atoms in all where the number of waters is open: eight, or as many as are needed."""
    needed = recipe.number * ligand.denticity
    return max(DEFAULT_COORDINATION_NUMBER, min(needed, COORDINATION_NUMBERS[-1]))


def _recipes(
    geometries: Sequence[str],
    ligands: Sequence[Ligand],
    coordination_number: int | None,
    problems: list[str],
) -> list[Recipe]:
    """Those that are geometries at all; what is wrong with the others is added to `problems`."""
    if coordination_number is not None:
        with collecting(problems):
            check_coordination_number(coordination_number)
        if problems:
            return []
    recipes = []
    for geometry in geometries:
        with collecting(problems):
            recipe = read_geometry(geometry)
            if not recipe.is_for_any and ligands and recipe.first_of(ligands) is None:
                names = ", ".join(ligand.name for ligand in ligands[:3])
                raise InputError(
                    f"geometry {geometry!r} has none of the ligands given ({names}): name one, or "
                    "write L for each of them, and put the whole in quotes in YAML"
                )
            recipes.append(recipe)
    return recipes


def _metal_problems(metals: Sequence[str]) -> list[str]:
    if not metals:
        return ["no metals given: name some, as La Eu Lu"]
    problems = _repeated("metals", metals)
    for metal in dict.fromkeys(metals):
        with collecting(problems):
            rare_earth(metal)
    return problems


def _repeated(what: str, names: Sequence[str]) -> list[str]:
    if not names:
        return [f"no {what} given"]
    if repeated := sorted({name for name in names if list(names).count(name) > 1}):
        return [f"{what} given more than once: {', '.join(repeated)}"]
    return []
