"""What every engine must keep, as checks that anybody can run on theirs.

In the tests of another package::

    SUBJECT = Subject(level_of_engine("mypackage.calculators:make"), molecule)

    @pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
    def test_contract(check):
        check(SUBJECT)

A check raises ``AssertionError``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np
from ase.data import chemical_symbols
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from rarebind.engines.ase_calculator import calculator
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.registry import engine_spec
from rarebind.engines.verbs import engine_for, potential_for, relax, static
from rarebind.errors import InputError, MissingDependencyError
from rarebind.registry import Registry
from rarebind.structures import Structure

_SHIFT = np.array([3.0, -2.0, 1.0])
#: Å; of a central difference, along a direction of unit length.
_STEP = 1e-3
#: eV/Å, in a minimum.
_LARGEST_FORCE = 0.05
#: What no engine has.
_NONSENSE = "no-such-thing"
_LARGE_CELL = 30.0 * np.eye(3)


@dataclass(frozen=True)
class Subject:
    """An engine at a level, and a molecule that it computes in no time.

    Attributes
    ----------
    level
    structure
        Closed-shell, of an even number of electrons, and no minimum.
    energy
        Of `structure`, eV, within 1 eV: energies in another unit are told by it.  None: not known.
    rotated
        What energy (eV) and forces (eV/Å) may change by when the molecule is turned: solvation
        models and numerical integration have grids that do not turn with it.
    repeated
        What they may change by in a second calculation.
    gradient
        What forces may differ by from differences of energies, eV/Å.
    """

    level: LevelOfTheory
    structure: Structure
    energy: float | None = None
    rotated: tuple[float, float] = (1e-5, 1e-3)
    repeated: tuple[float, float] = (1e-5, 1e-3)
    gradient: float = 2e-3


def gives_a_record(subject: Subject) -> None:
    """One force an atom, finite numbers in eV, and a version that begins with the engine."""
    found = static(subject.structure, subject.level)
    assert found.ok, found.reason
    assert found.structure == subject.structure
    assert found.level == subject.level
    assert found.forces is not None
    assert found.forces.shape == (len(subject.structure), 3)
    assert found.forces.dtype == np.float64
    assert found.engine_version.startswith(f"{subject.level.engine} "), found.engine_version
    if subject.energy is not None:
        assert abs(_energy(found.energy) - subject.energy) < 1, found.energy


def leaves_its_input_alone(subject: Subject) -> None:
    """The geometry is not changed, and later results do not reach into earlier ones."""
    digest, positions = subject.structure.digest, np.array(subject.structure.positions)
    potential = potential_for(subject.structure, subject.level)
    _, forces = potential(positions)
    before = forces.copy()
    potential(positions + 0.01 * np.arange(positions.size).reshape(positions.shape))
    assert subject.structure.digest == digest
    assert np.array_equal(positions, subject.structure.positions)
    assert np.array_equal(forces, before)


def gives_forces_that_are_the_gradient(subject: Subject) -> None:
    """Against the difference of energies along a direction at random."""
    structure, rng = subject.structure, np.random.default_rng(3)
    direction = rng.normal(size=(len(structure), 3))
    direction /= np.linalg.norm(direction)
    plus, minus = (
        _energy(static(_moved(structure, step * direction), subject.level).energy)
        for step in (_STEP, -_STEP)
    )
    forces = static(structure, subject.level).forces
    assert forces is not None
    along = float(np.sum(forces * direction))
    difference = -(plus - minus) / (2 * _STEP)
    assert abs(along - difference) < subject.gradient, (along, difference)


def does_not_mind_where_the_molecule_is(subject: Subject) -> None:
    """Turned and shifted, the energy stays and the forces turn with it."""
    rotation, structure = Rotation.random(rng=5), subject.structure
    turned = rotation.apply(np.array(structure.positions)) + _SHIFT
    expected = potential_for(structure, subject.level)(structure.positions)
    found = potential_for(structure, subject.level)(turned)
    _same(found, (expected[0], rotation.apply(expected[1])), subject.rotated)


def does_not_mind_the_order_of_atoms(subject: Subject) -> None:
    """Permuted, the energy stays and the forces go along."""
    structure = subject.structure
    order = np.random.default_rng(1).permutation(len(structure))
    symbols = tuple(structure.symbols[i] for i in order)
    other = replace(structure, symbols=symbols, positions=structure.positions[order])
    expected = potential_for(structure, subject.level)(structure.positions)
    found = potential_for(other, subject.level)(other.positions)
    _same(found, (expected[0], expected[1][order]), subject.repeated)


def gives_the_same_again(subject: Subject) -> None:
    """Whatever was computed in between, by the same potential or anew."""
    structure = subject.structure
    potential = potential_for(structure, subject.level)
    first = potential(structure.positions)
    potential(structure.positions * 1.02)
    _same(potential(structure.positions), first, subject.repeated)
    again = potential_for(structure, subject.level)(structure.positions)
    _same(again, first, subject.repeated)


def relaxes_downhill(subject: Subject) -> None:
    """To a minimum: lower energy, small forces."""
    start = static(subject.structure, subject.level)
    relaxed = relax(subject.structure, subject.level)
    assert relaxed.ok, relaxed.reason
    assert relaxed.converged
    assert _energy(relaxed.energy) < _energy(start.energy)
    assert relaxed.fmax < _LARGEST_FORCE, relaxed.fmax


def refuses_odd_electrons(subject: Subject) -> None:
    """Before it computes anything, if the charge means something to it."""
    if engine_spec(subject.level).knows_charge:
        odd = replace(subject.structure, charge=subject.structure.charge + 1)
        with _refused(r"odd number of valence electrons|cannot have multiplicity"):
            static(odd, subject.level)


def refuses_what_it_cannot_do(subject: Subject) -> None:
    """Solvation models, methods, options, elements and cells that its spec does not list."""
    spec, level, structure = engine_spec(subject.level), subject.level, subject.structure
    with _refused(f"solvation model {_NONSENSE!r}"):
        static(structure, replace(level, solvent=f"{_NONSENSE}(water)"))
    with _refused("not of the form"):
        static(structure, replace(level, solvent=_NONSENSE))
    if spec.methods:
        with _refused(f"method {_NONSENSE!r}"):
            static(structure, replace(level, method=_NONSENSE))
    if spec.options is not None:
        with _refused(f"option {_NONSENSE!r}"):
            static(structure, replace(level, options=((_NONSENSE, 1),)))
    if spec.elements:
        strange = next(z for z in range(1, 118) if z not in spec.elements)
        symbols = (chemical_symbols[strange], *structure.symbols[1:])
        with _refused(f"no parameters of {symbols[0]}"):
            static(replace(structure, symbols=symbols), level)
    if not spec.periodic:
        with _refused("no periodic cells"):
            static(replace(structure, cell=_LARGE_CELL), level)


def turns_failure_into_a_record(subject: Subject) -> None:
    """Atoms on top of each other: a failure with its reason, or a finite energy."""
    positions = np.array(subject.structure.positions)
    positions[1] = positions[0]
    found = static(subject.structure.with_positions(positions), subject.level)
    assert found.ok == (found.energy is not None)
    assert found.ok or found.reason


def says_what_to_install(subject: Subject) -> None:
    """Where something that it needs is not here."""
    spec = engine_spec(subject.level)
    assert spec.install or not (spec.modules or spec.programs)
    absent = replace(spec, modules=(_NONSENSE,), install=spec.install or "Install it.")
    with _refused(f"needs {_NONSENSE}.*not found here.*{re.escape(absent.install)}"):
        Registry("engine", absent).create(spec.name)


def is_an_ase_calculator(subject: Subject) -> None:
    """Of the same numbers."""
    atoms = subject.structure.to_ase()
    atoms.calc = calculator(subject.level)
    expected = static(subject.structure, subject.level)
    found = atoms.get_potential_energy(), atoms.get_forces()
    assert expected.forces is not None
    _same(found, (_energy(expected.energy), expected.forces), subject.repeated)


def is_made_once(subject: Subject) -> None:
    """A process keeps the engine of a level."""
    assert engine_for(subject.level) is engine_for(replace(subject.level))


#: All of them.
CHECKS: tuple[Callable[[Subject], None], ...] = (
    gives_a_record,
    leaves_its_input_alone,
    gives_forces_that_are_the_gradient,
    does_not_mind_where_the_molecule_is,
    does_not_mind_the_order_of_atoms,
    gives_the_same_again,
    relaxes_downhill,
    refuses_odd_electrons,
    refuses_what_it_cannot_do,
    turns_failure_into_a_record,
    says_what_to_install,
    is_an_ase_calculator,
    is_made_once,
)


def _energy(energy: float | None) -> float:
    assert energy is not None
    return energy


def _moved(structure: Structure, by: NDArray[np.float64]) -> Structure:
    return structure.with_positions(structure.positions + by)


def _same(
    found: tuple[float, NDArray[np.float64]],
    expected: tuple[float, NDArray[np.float64]],
    tolerances: tuple[float, float],
) -> None:
    energy, force = abs(found[0] - expected[0]), float(np.abs(found[1] - expected[1]).max())
    assert energy <= tolerances[0], f"energies differ by {energy:.2e} eV"
    assert force <= tolerances[1], f"forces differ by {force:.2e} eV/Å"


@contextmanager
def _refused(pattern: str) -> Iterator[None]:
    said = "nothing"
    try:
        yield
    except (InputError, MissingDependencyError) as error:
        said = str(error)
    assert re.search(pattern, said), f"expected a refusal with {pattern!r}, got {said}"
