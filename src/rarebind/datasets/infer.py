"""What a structure is, from elements and positions alone: nothing has to be declared."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from rdkit import Chem

from rarebind.complexes import ComplexSpec, Composition
from rarebind.complexes.checks import bound_atoms
from rarebind.complexes.layout import fragment_atoms
from rarebind.elements import is_rare_earth, rare_earth
from rarebind.errors import CalculationError
from rarebind.ligands import (
    Ligand,
    bonds_from_geometry,
    common_ligands,
    enumerate_library,
    fragment_inchikey,
)
from rarebind.structures import Structure, hill_formula

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

#: Sorted surroundings of the atoms: equal for molecules with the same bonds, within one process.
Fingerprint = tuple[int, ...]

#: Bonds that the surroundings of an atom reach.
_REACH = 4
#: One molecule for each charge, 0 to −2, that is tried on an unknown fragment.
_CHARGED = ("O", "[OH-]", "[O-2]")


@dataclass(frozen=True)
class Identified:
    """What a structure turned out to be.

    Attributes
    ----------
    kind
        As in :class:`~rarebind.datasets.record.Record`.
    label
        Name for people, such as ``La(HOPO)1(H2O)6``.
    spec
        Metal, ligands and waters of a complex or aqua ion; None otherwise.
    ligand
        The ligand of a complex, or the free ligand itself.
    charge, multiplicity
        Total charge in e; true 2S + 1.
    order
        Entry i is the atom that stands in place i of :class:`~rarebind.complexes.Layout`, of the
        free ligand with its hydrogens, or of O, H, H.
    """

    kind: str
    label: str
    spec: ComplexSpec | None
    ligand: Ligand | None
    charge: int
    multiplicity: int
    order: tuple[int, ...]


@dataclass(frozen=True)
class UnknownFragment:
    """A fragment that no ligand of a catalogue is.

    Attributes
    ----------
    fragment
        Its atoms alone.
    donors
        Those bound to the metal.
    fingerprint
        Equal for fragments with the same bonds.
    """

    fragment: Structure
    donors: tuple[int, ...]
    fingerprint: Fingerprint


class UnknownFragmentsError(CalculationError):
    """A structure holds fragments that no ligand of a catalogue is.

    Attributes
    ----------
    unknown
        Each of them.
    known_charge
        Of all else, in e.
    """

    def __init__(
        self, message: str, unknown: Iterable[UnknownFragment], known_charge: int = 0
    ) -> None:
        self.unknown = tuple(unknown)
        self.known_charge = known_charge
        super().__init__(message)


class Catalogue:
    """Ligands that fragments are compared with.

    Parameters
    ----------
    ligands
        In their bound forms; of several in one complex, the first here is its main one.
    """

    def __init__(self, ligands: Iterable[Ligand]) -> None:
        self._rank: dict[str, int] = {}
        self._by_bonds: defaultdict[Fingerprint, list[Ligand]] = defaultdict(list)
        self._by_formula: defaultdict[str, list[Ligand]] = defaultdict(list)
        for ligand in ligands:
            self._rank.setdefault(ligand.inchikey, len(self._rank))
            mol = Chem.AddHs(Chem.MolFromSmiles(ligand.smiles))
            symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
            bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
            self._by_bonds[_fingerprint(symbols, bonds)].append(ligand)
            self._by_formula[hill_formula(symbols)].append(ligand)

    def with_bonds(self, fingerprint: Fingerprint) -> Sequence[Ligand]:
        """Ligands that a fragment with this fingerprint can be."""
        return self._by_bonds.get(fingerprint, ())

    def rank(self, ligand: Ligand) -> int:
        """Place of a ligand among those given."""
        return self._rank[ligand.inchikey]

    def isomers(self, formula: str) -> Sequence[Ligand]:
        """Ligands of a formula."""
        return self._by_formula.get(formula, ())


@cache
def library() -> Catalogue:
    """All scaffolds with all substituents, then the common ligands."""
    return Catalogue([*enumerate_library(), *common_ligands()])


def identify(
    symbols: Sequence[str], positions: ArrayLike, catalogue: Catalogue | None = None
) -> Identified:
    """Recognise a complex, an aqua ion, a free ligand, a water or a bare ion.

    Parameters
    ----------
    symbols, positions
        Element symbols and Å, shape (N, 3), the atoms in any order.
    catalogue
        Ligands that may occur; default is the library.

    Raises
    ------
    UnknownFragmentsError
        It holds fragments that are no ligands of the catalogue; the message names them.
    CalculationError
        It is none of them for another reason.
    InputError
        A symbol is no element, or a coordinate is not finite.
    """
    catalogue = library() if catalogue is None else catalogue
    metals = [i for i, symbol in enumerate(symbols) if is_rare_earth(symbol)]
    if len(metals) > 1:
        named = ", ".join(symbols[i] for i in metals)
        raise CalculationError(f"{len(metals)} rare-earth atoms ({named}) in place of one")
    order = metals + [i for i in range(len(symbols)) if i not in metals]
    coordinates = np.asarray(positions, dtype=float)[order]
    structure = Structure(tuple(symbols[i] for i in order), coordinates, 0)
    found = _with_metal(structure, catalogue) if metals else _free(structure, catalogue)
    return replace(found, order=tuple(order[i] for i in found.order))


def _with_metal(structure: Structure, catalogue: Catalogue) -> Identified:
    metal = structure.symbols[0]
    if len(structure) == 1:
        return Identified(
            "ion", f"{metal}3+", None, None, 3, rare_earth(metal).multiplicity, order=(0,)
        )
    parts = [
        _recognise(structure, atoms.tolist(), catalogue) for atoms in fragment_atoms(structure)
    ]
    if unknown := Counter(part.problem for part in parts if part.problem):
        named = (f"{count} × {why}" if count > 1 else why for why, count in unknown.items())
        charge = 3 + sum(part.ligand.charge for part in parts if part.ligand is not None)
        message = f"unknown fragment: {'; '.join(named)}"
        raise UnknownFragmentsError(message, _unknown(structure, parts), charge)
    parts.sort(key=lambda part: math.inf if part.ligand is None else catalogue.rank(part.ligand))
    ligands = Counter(part.ligand for part in parts if part.ligand is not None)
    waters = len(parts) - ligands.total()
    spec = ComplexSpec(metal, Composition(tuple(ligands.items()), waters))
    kind, places = "complex" if ligands else "aqua", (i for part in parts for i in part.atoms)
    return Identified(
        kind, spec.name, spec, spec.ligand, spec.charge, spec.multiplicity, (0, *places)
    )


def _free(structure: Structure, catalogue: Catalogue) -> Identified:
    part = _recognise(structure, range(len(structure)), catalogue)
    if part.problem:
        fragment = _unknown_fragment(structure, part.atoms, ())
        raise UnknownFragmentsError(
            f"no rare-earth atom, and no free ligand or water: {part.problem}", [fragment]
        )
    ligand, places = part.ligand, tuple(part.atoms)
    if ligand is None:
        return Identified("water", "water", None, None, 0, 1, places)
    return Identified("ligand", ligand.name, None, ligand, ligand.charge, 1, places)


def _unknown(structure: Structure, parts: Iterable[_Part]) -> list[UnknownFragment]:
    bound = bound_atoms(structure)
    return [_unknown_fragment(structure, part.atoms, bound) for part in parts if part.problem]


def _unknown_fragment(
    structure: Structure, atoms: Sequence[int], bound: Sequence[int]
) -> UnknownFragment:
    fragment = structure.subset(atoms, charge=0)
    donors = tuple(place for place, atom in enumerate(atoms) if atom in bound)
    fingerprint = _fingerprint(fragment.symbols, bonds_from_geometry(fragment))
    return UnknownFragment(fragment, donors, fingerprint)


# --- fragments --------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Part:
    """A fragment: its ligand (None: water) and atoms in the ligand's order, or the problem.

    With a problem, the atoms are those of the fragment, in any order.
    """

    ligand: Ligand | None
    atoms: list[int]
    problem: str = ""


def _recognise(structure: Structure, atoms: Sequence[int], catalogue: Catalogue) -> _Part:
    fragment = structure.subset(atoms, charge=0)
    fingerprint = _fingerprint(fragment.symbols, bonds_from_geometry(fragment))
    if fingerprint == _WATER:
        return _Part(None, sorted(atoms, key=lambda i: structure.symbols[i] != "O"))
    reasons = []
    for ligand in catalogue.with_bonds(fingerprint):
        identity = fragment_inchikey(fragment, ligand)
        if identity.matches:
            return _Part(ligand, [atoms[i] for i in identity.atom_map])
        reasons.append(f"not {ligand.name}: {identity.reason} ({identity.inchikey})")
    return _Part(None, list(atoms), "; ".join(reasons) or _described(fragment, catalogue))


def _described(fragment: Structure, catalogue: Catalogue) -> str:
    """Formula and InChIKeys of an unknown fragment, and how it differs from a known isomer."""
    formula = hill_formula(fragment.symbols)
    electrons = int(fragment.atomic_numbers.sum())
    keys = {
        charge: fragment_inchikey(fragment, probe).inchikey
        for charge, probe in _probes().items()
        if (electrons - charge) % 2 == 0
    }
    named = [f"InChIKey {key} at charge {charge}" for charge, key in keys.items() if key]
    text = f"{formula} ({', '.join(named) or 'no InChIKey: no bond orders fit'})"
    isomers = catalogue.isomers(formula)
    if len(isomers) == 1:
        return f"{text}, not {isomers[0].name}: {fragment_inchikey(fragment, isomers[0]).reason}"
    return f"{text}, not {' or '.join(i.name for i in isomers)}" if isomers else text


@cache
def _probes() -> dict[int, Ligand]:
    """A tiny reference of every charge, since perception asks for a charge only."""
    probes = (Ligand.from_mol(Chem.MolFromSmiles(smiles), (0,)) for smiles in _CHARGED)
    return {probe.charge: probe for probe in probes}


def _fingerprint(symbols: Sequence[str], bonds: Iterable[tuple[int, int]]) -> Fingerprint:
    neighbours: list[list[int]] = [[] for _ in symbols]
    for i, j in bonds:
        neighbours[i].append(j)
        neighbours[j].append(i)
    marks = [hash(symbol) for symbol in symbols]
    for _ in range(_REACH):
        marks = [
            hash((mark, *sorted(marks[j] for j in near)))
            for mark, near in zip(marks, neighbours, strict=True)
        ]
    return tuple(sorted(marks))


_WATER = _fingerprint(("O", "H", "H"), ((0, 1), (0, 2)))
