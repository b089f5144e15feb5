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
from rarebind.structures import bond_matrix

if TYPE_CHECKING:
    from rarebind.ligands.ligand import Ligand
    from rarebind.structures import Structure

_MAX_BOND_ORDER_STEPS = 5000
_MAX_NAMED = 4

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
        reason = f"it is {_formula(fragment.symbols)}, not {_formula(symbols)}"
        return FragmentIdentity(_perceived(fragment, reference.charge), False, reason, ())
    expected = {_bond(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds()}
    found = bonds_from_geometry(fragment)
    atom_map = _isomorphism(symbols, expected, fragment.symbols, found)
    if not atom_map:
        reason = _difference(symbols, expected, fragment, found)
        return FragmentIdentity(_perceived(fragment, reference.charge), False, reason, ())
    key = _key_in_space(mol, fragment, atom_map)
    if key != reference.inchikey:
        reason = "same bonds, but another stereochemistry than the ligand"
        return FragmentIdentity(key, False, reason, atom_map)
    return FragmentIdentity(key, True, "same bonds and hydrogens as the ligand", atom_map)


def bonds_from_geometry(structure: Structure) -> set[Bond]:
    """Pairs of bonded atoms, the lower index first."""
    return {(int(i), int(j)) for i, j in np.argwhere(np.triu(bond_matrix(structure)))}


def _bond(i: int, j: int) -> Bond:
    return (i, j) if i < j else (j, i)


def _isomorphism(
    symbols: tuple[str, ...], bonds: set[Bond], other_symbols: tuple[str, ...], other: set[Bond]
) -> tuple[int, ...]:
    """Atom i of the first graph → atom of the second, or an empty tuple."""
    if len(bonds) != len(other):
        return ()
    if symbols == other_symbols and bonds == other:
        return tuple(range(len(symbols)))
    # With as many atoms and bonds on both sides, a subgraph match is an isomorphism.
    match = _graph(other_symbols, other).GetSubstructMatch(_graph(symbols, bonds))
    return tuple(match)


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


def _perceived(fragment: Structure, charge: int) -> str | None:
    """InChIKey from bond orders guessed from the geometry, or None."""
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
            if radical or len(Chem.GetMolFrags(mol)) > 1:
                return None
            return inchikey(Chem.RemoveHs(mol)) or None
        except (ValueError, RuntimeError, Chem.MolSanitizeException):
            # RDKit says in three ways that no bond orders fit this charge.
            return None


# --- differences in words ---------------------------------------------------------------------


def _difference(
    symbols: tuple[str, ...], expected: set[Bond], fragment: Structure, found: set[Bond]
) -> str:
    if symbols == fragment.symbols:
        return _broken_and_formed(symbols, expected, fragment, found)
    heavy_map = _heavy_isomorphism(symbols, expected, fragment.symbols, found)
    if heavy_map:
        moved = _hydrogen_counts(symbols, expected, fragment.symbols, found, heavy_map)
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


def _heavy_isomorphism(
    symbols: tuple[str, ...], expected: set[Bond], other_symbols: tuple[str, ...], found: set[Bond]
) -> dict[int, int]:
    """Heavy atoms of the ligand → of the fragment, or empty if even they are joined otherwise."""

    def heavy(names: tuple[str, ...], bonds: set[Bond]) -> tuple[list[int], set[Bond]]:
        kept = [i for i, s in enumerate(names) if s != "H"]
        place = {i: k for k, i in enumerate(kept)}
        return kept, {(place[i], place[j]) for i, j in bonds if i in place and j in place}

    here, inner = heavy(symbols, expected)
    there, other = heavy(other_symbols, found)
    mapping = _isomorphism(
        tuple(symbols[i] for i in here), inner, tuple(other_symbols[i] for i in there), other
    )
    return {here[k]: there[m] for k, m in enumerate(mapping)}


def _hydrogen_counts(
    symbols: tuple[str, ...],
    expected: set[Bond],
    other_symbols: tuple[str, ...],
    found: set[Bond],
    heavy_map: dict[int, int],
) -> list[str]:
    def count(names: tuple[str, ...], bonds: set[Bond], atom: int) -> int:
        return sum(names[j if i == atom else i] == "H" for i, j in bonds if atom in (i, j))

    words = []
    for here, there in heavy_map.items():
        wanted, has = count(symbols, expected, here), count(other_symbols, found, there)
        if wanted != has:
            words.append(f"{symbols[here]}{here} of the ligand has {has} in place of {wanted}")
    return words or ["one is bonded to two atoms or to none"]


def _bond_kinds(symbols: tuple[str, ...], bonds: set[Bond]) -> Counter[str]:
    return Counter("-".join(sorted((symbols[i], symbols[j]))) for i, j in bonds)


def _formula(symbols: tuple[str, ...]) -> str:
    """Hill formula."""
    counts = Counter(symbols)
    first = ["C", "H"] if "C" in counts else []
    order = [s for s in first if s in counts] + sorted(s for s in counts if s not in first)
    return "".join(f"{s}{counts[s] if counts[s] > 1 else ''}" for s in order)
