"""Whether a fragment cut out of a relaxed complex is still the ligand it should be.

The geometry alone decides which atoms are bonded; the ligand only lends its bond orders to a
fragment with the same bonds.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdDetermineBonds

from rarebind.ligands.smiles import inchikey
from rarebind.structures import bond_matrix, hill_formula

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rarebind.ligands.ligand import Ligand
    from rarebind.structures import Structure

_MAX_BOND_ORDER_STEPS = 5000
_MAX_NAMED = 4
#: Ways to lay a ligand on a fragment that are looked at.
_MAX_MATCHES = 1000

Bond = tuple[int, int]


@dataclass(frozen=True)
class FragmentIdentity:
    """What a fragment turned out to be.

    Attributes
    ----------
    inchikey
        Standard InChIKey of the fragment, or None if it has come apart or no bond orders fit.
    matches
        Whether it is the reference ligand: same bonds, same hydrogens, same stereochemistry.
    reason
        In words; names the broken and formed bonds.
    atom_map
        Entry i is the fragment's atom that is atom i of
        ``Chem.AddHs(Chem.MolFromSmiles(reference.smiles))``; empty if the bonds differ.
    """

    inchikey: str | None
    matches: bool
    reason: str
    atom_map: tuple[int, ...]


def fragment_inchikey(fragment: Structure, reference: Ligand) -> FragmentIdentity:
    """Identify a fragment and compare it with the ligand it should be.

    Parameters
    ----------
    fragment
        The ligand's atoms in any order, positions in Å, without the metal.
    reference
        The ligand in its bound form.

    Returns
    -------
    FragmentIdentity
        Among equivalent atoms any assignment is possible.
    """
    mol = Chem.AddHs(Chem.MolFromSmiles(reference.smiles))
    symbols = tuple(atom.GetSymbol() for atom in mol.GetAtoms())
    if Counter(symbols) != Counter(fragment.symbols):
        reason = f"it is {hill_formula(fragment.symbols)}, not {hill_formula(symbols)}"
        return FragmentIdentity(_perceived(fragment, reference.charge), False, reason, ())
    expected = {_bond(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds()}
    found = bonds_from_geometry(fragment)
    # Ends that bonds alone do not tell apart may differ in space, as those of a diketonate.
    first = None
    for atom_map in _isomorphisms(symbols, expected, fragment.symbols, found):
        key = _key_in_space(mol, fragment, atom_map)
        if key == reference.inchikey:
            return FragmentIdentity(key, True, "same bonds and hydrogens as the ligand", atom_map)
        first = first or (key, atom_map)
    if first is None:
        reason = _difference(symbols, expected, fragment, found)
        return FragmentIdentity(_perceived(fragment, reference.charge), False, reason, ())
    reason = "same bonds, but another stereochemistry than the ligand"
    return FragmentIdentity(first[0], False, reason, first[1])


def bonds_from_geometry(structure: Structure) -> set[Bond]:
    """Pairs of bonded atoms, the lower index first."""
    return {(int(i), int(j)) for i, j in np.argwhere(np.triu(bond_matrix(structure)))}


def _bond(i: int, j: int) -> Bond:
    return (i, j) if i < j else (j, i)


def _isomorphisms(
    symbols: tuple[str, ...], bonds: set[Bond], other_symbols: tuple[str, ...], other: set[Bond]
) -> Iterator[tuple[int, ...]]:
    """Ways to map atom i of the first graph → atom of the second, different in heavy atoms."""
    if len(bonds) != len(other):
        return
    if symbols == other_symbols and bonds == other:
        yield tuple(range(len(symbols)))
        return
    # With as many atoms and bonds on both sides, a subgraph match is an isomorphism.
    whole, part = _graph(other_symbols, other), _graph(symbols, bonds)
    if not (first := whole.GetSubstructMatch(part)):
        return
    yield tuple(first)
    heavy = [i for i, symbol in enumerate(symbols) if symbol != "H"]
    seen = {tuple(first[i] for i in heavy)}
    for match in whole.GetSubstructMatches(part, uniquify=False, maxMatches=_MAX_MATCHES):
        if (places := tuple(match[i] for i in heavy)) not in seen:
            seen.add(places)
            yield tuple(match)


def _graph(symbols: tuple[str, ...], bonds: set[Bond]) -> Chem.Mol:
    """Atoms and bonds without chemistry: no charges, all bonds of one kind."""
    mol = Chem.RWMol()
    for symbol in symbols:
        atom = Chem.Atom(symbol)
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
    for i, j in sorted(bonds):
        mol.AddBond(i, j, Chem.BondType.SINGLE)
    mol.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(mol)
    return mol.GetMol()


def _key_in_space(mol: Chem.Mol, fragment: Structure, atom_map: tuple[int, ...]) -> str:
    """InChIKey of `mol`, its specified stereo elements taken anew from the positions."""
    placed = Chem.Mol(mol)
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.SetPositions(np.ascontiguousarray(fragment.positions[list(atom_map)]))
    placed.AddConformer(conformer)
    with rdBase.BlockLogs():
        Chem.AssignStereochemistryFrom3D(placed, replaceExistingTags=True)
    # What the ligand leaves open stays open, whatever the geometry.
    for atom, source in zip(placed.GetAtoms(), mol.GetAtoms(), strict=True):
        if source.GetChiralTag() == Chem.ChiralType.CHI_UNSPECIFIED:
            atom.SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    for bond, source in zip(placed.GetBonds(), mol.GetBonds(), strict=True):
        if source.GetStereo() == Chem.BondStereo.STEREONONE:
            bond.SetStereo(Chem.BondStereo.STEREONONE)
    placed.RemoveAllConformers()
    for bond in placed.GetBonds():
        bond.SetBondDir(Chem.BondDir.NONE)
    return inchikey(Chem.RemoveHs(placed))


def perceived(fragment: Structure, charge: int) -> Chem.Mol | None:
    """A fragment with bond orders guessed from its geometry; None where none fit the charge.

    Parameters
    ----------
    fragment
        Positions in Å; its atoms are those of the molecule, in their order.
    charge
        In e.
    """
    if (int(fragment.atomic_numbers.sum()) - charge) % 2:
        return None
    mol = _graph(fragment.symbols, bonds_from_geometry(fragment))
    conformer = Chem.Conformer(len(fragment))
    conformer.SetPositions(np.ascontiguousarray(fragment.positions))
    mol.AddConformer(conformer)
    with rdBase.BlockLogs():
        try:
            rdDetermineBonds.DetermineBondOrders(
                mol, charge=charge, maxIterations=_MAX_BOND_ORDER_STEPS
            )
            radical = any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
            return None if radical or len(Chem.GetMolFrags(mol)) > 1 else mol
        except (ValueError, RuntimeError, Chem.MolSanitizeException):
            # RDKit says in three ways that no bond orders fit this charge.
            return None


def _perceived(fragment: Structure, charge: int) -> str | None:
    """InChIKey from bond orders guessed from the geometry, or None."""
    mol = perceived(fragment, charge)
    with rdBase.BlockLogs():
        return None if mol is None else inchikey(Chem.RemoveHs(mol)) or None


# --- differences in words ---------------------------------------------------------------------


def _difference(
    symbols: tuple[str, ...], expected: set[Bond], fragment: Structure, found: set[Bond]
) -> str:
    if symbols == fragment.symbols:
        return _broken_and_formed(symbols, expected, fragment, found)
    if moved := _moved_hydrogens(_graph(symbols, expected), _graph(fragment.symbols, found)):
        return f"hydrogens differ: {', '.join(moved)}"
    counts = _bond_kinds(fragment.symbols, found)
    wanted = _bond_kinds(symbols, expected)
    changes = []
    for kind in sorted(counts.keys() | wanted.keys()):
        if surplus := counts[kind] - wanted[kind]:
            plural = "s" if abs(surplus) > 1 else ""
            more = "more" if surplus > 0 else "fewer"
            changes.append(f"{abs(surplus)} {kind} bond{plural} {more} than the ligand has")
    return ", ".join(changes) or "same kinds of bonds, differently connected"


def _broken_and_formed(
    symbols: tuple[str, ...], expected: set[Bond], fragment: Structure, found: set[Bond]
) -> str:
    def named(bonds: set[Bond]) -> str:
        words = []
        for i, j in sorted(bonds)[:_MAX_NAMED]:
            length = np.linalg.norm(fragment.positions[i] - fragment.positions[j])
            words.append(f"{symbols[i]}{i}-{symbols[j]}{j} ({length:.2f} Å)")
        more = len(bonds) - _MAX_NAMED
        return ", ".join(words) + (f" and {more} more" if more > 0 else "")

    parts = []
    if broken := expected - found:
        parts.append(f"broken: {named(broken)}")
    if formed := found - expected:
        parts.append(f"formed: {named(formed)}")
    return "; ".join(parts)


def _moved_hydrogens(ligand: Chem.Mol, fragment: Chem.Mol) -> list[str]:
    """Heavy atoms with other numbers of hydrogens; none where even these are joined otherwise."""
    with rdBase.BlockLogs():
        here, there = (Chem.RemoveHs(mol, sanitize=False) for mol in (ligand, fragment))
    match = there.GetSubstructMatch(here)
    if here.GetNumBonds() != there.GetNumBonds() or len(match) != there.GetNumAtoms():
        return []
    pairs = [(here.GetAtomWithIdx(i), there.GetAtomWithIdx(j)) for i, j in enumerate(match)]
    return [
        f"{a.GetSymbol()}{a.GetIdx()} of the ligand has {b.GetTotalNumHs()} in place of "
        f"{a.GetTotalNumHs()}"
        for a, b in pairs
        if a.GetTotalNumHs() != b.GetTotalNumHs()
    ]


def _bond_kinds(symbols: tuple[str, ...], bonds: set[Bond]) -> Counter[str]:
    return Counter("-".join(sorted((symbols[i], symbols[j]))) for i, j in bonds)
