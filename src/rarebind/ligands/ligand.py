"""The record of a ligand in the form in which it binds a metal."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from rdkit import Chem

from rarebind.errors import InputError
from rarebind.ligands.smiles import atom_labels, canonical, inchikey, read_smiles

#: A rare-earth complex of this package has at most so many donors.
MAX_DENTICITY = 12

#: Characters of a name.
MAX_NAME = 80


@dataclass(frozen=True)
class Ligand:
    """A ligand in its bound, usually deprotonated form.

    Make one with :func:`~rarebind.ligands.donors.parse_ligand`,
    :func:`~rarebind.ligands.library.library_ligand` or :meth:`from_mol`.

    Attributes
    ----------
    smiles
        Canonical SMILES of the bound form, without atom maps.
    donors
        Indices of the donor atoms in ``Chem.MolFromSmiles(smiles)``, 1 to 12 of them.  Where the
        ligand comes from the library, the first is adjacent to the side chain.
    charge
        Formal charge in e.
    name
        For people.
    inchikey
        Standard InChIKey of `smiles`.
    scaffold, substituent
        Names in the library, or None.
    notes
        What the reader should know, such as where a proton was removed.
    others
        Sets of donors that are as open (:mod:`~rarebind.ligands.alternatives`), where nobody has
        chosen; not part of what the ligand is.
    pka
        Acid constants, where they were given; not part of what it is either.

    Raises
    ------
    InputError
        The record contradicts itself; the message names the SMILES and the fault.
    """

    smiles: str
    donors: tuple[int, ...]
    charge: int
    name: str
    inchikey: str
    scaffold: str | None = None
    substituent: str | None = None
    notes: tuple[str, ...] = ()
    others: tuple[tuple[int, ...], ...] = field(default=(), compare=False)
    pka: tuple[float, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "donors", tuple(int(i) for i in self.donors))
        object.__setattr__(self, "notes", tuple(self.notes))
        mol = read_smiles(self.smiles)
        where = f"ligand {self.smiles!r}"
        if not self.name.strip():
            raise InputError(f"{where} has a blank name: give it one")
        if any(atom.GetAtomMapNum() for atom in mol.GetAtoms()):
            raise InputError(f"{where} has atom-map numbers: read it with parse_ligand instead")
        if Chem.GetFormalCharge(mol) != self.charge:
            raise InputError(
                f"{where} has the formal charge {Chem.GetFormalCharge(mol):+d}, "
                f"not {self.charge:+d}: correct one of them"
            )
        if not 1 <= len(self.donors) <= MAX_DENTICITY:
            raise InputError(
                f"{where} has {len(self.donors)} donor atoms, not 1 to {MAX_DENTICITY}: choose "
                "the donors with atom-map numbers"
            )
        if len(set(self.donors)) != len(self.donors):
            raise InputError(f"{where} names a donor atom twice: {self.donors}")
        if not all(0 <= i < mol.GetNumAtoms() for i in self.donors):
            raise InputError(
                f"{where} has atoms 0 to {mol.GetNumAtoms() - 1}, but its donors are {self.donors}"
            )
        if not inchikey(mol):
            raise InputError(
                f"{where} has no InChIKey, as is asked of every molecule: check its bonds and "
                "charges"
            )
        if self.inchikey != inchikey(mol):
            raise InputError(
                f"{where} has the InChIKey {inchikey(mol)}, not {self.inchikey!r}: correct one"
            )
        if (self.scaffold is None) != (self.substituent is None):
            raise InputError(f"{where}: give both scaffold and substituent or neither")

    @property
    def denticity(self) -> int:
        """Number of donor atoms."""
        return len(self.donors)

    @property
    def n_atoms(self) -> int:
        """Number of atoms, hydrogens included."""
        return int(Chem.MolFromSmiles(self.smiles).GetNumAtoms(onlyExplicit=False))

    @property
    def donor_elements(self) -> tuple[str, ...]:
        """Element symbols of the donors, in their order."""
        mol = Chem.MolFromSmiles(self.smiles)
        return tuple(mol.GetAtomWithIdx(i).GetSymbol() for i in self.donors)

    @property
    def numbered_smiles(self) -> str:
        """SMILES with the donors numbered 1..n, for `parse_ligand` to choose the same again."""
        mol = Chem.MolFromSmiles(self.smiles)
        for number, index in enumerate(self.donors, start=1):
            mol.GetAtomWithIdx(index).SetAtomMapNum(number)
        return str(Chem.MolToSmiles(mol))

    @property
    def donor_labels(self) -> str:
        """The donors in words, such as ``O4 and O7``, numbered as in the SMILES from 0."""
        return atom_labels(Chem.MolFromSmiles(self.smiles), self.donors)

    @property
    def written(self) -> str:
        """SMILES of which `parse_ligand` makes the same again, other sets of donors included."""
        return self.smiles if self.others else self.numbered_smiles

    def bound_by(self, donors: tuple[int, ...], note: str = "") -> Ligand:
        """The same molecule with other donors, and no further sets."""
        notes = (*self.notes, note) if note else self.notes
        return replace(self, donors=donors, others=(), notes=notes)

    @classmethod
    def from_mol(
        cls,
        mol: Chem.Mol,
        donors: tuple[int, ...],
        *,
        name: str | None = None,
        scaffold: str | None = None,
        substituent: str | None = None,
        notes: tuple[str, ...] = (),
    ) -> Ligand:
        """A ligand from a molecule in its bound form.

        Parameters
        ----------
        mol
            Hydrogens implicit, charges as bound.
        donors
            Atom indices of `mol`; they are renumbered with the canonical SMILES.
        name
            Defaults to the canonical SMILES.
        scaffold, substituent, notes
            As in the class.
        """
        smiles, indices = canonical(mol, donors)
        final = read_smiles(smiles)
        return cls(
            smiles=smiles,
            donors=indices,
            charge=Chem.GetFormalCharge(final),
            name=smiles if name is None else name,
            inchikey=inchikey(final),
            scaffold=scaffold,
            substituent=substituent,
            notes=notes,
        )


def name_problems(name: object) -> list[str]:
    """What is wrong with a name that a user gave; nothing with None, which is no name."""
    problem = ""
    if name is not None and not isinstance(name, str):
        problem = f"the name {name!r} is no text: put it in quotes, or give none"
    elif name and len(name) > MAX_NAME:
        shown = name[:40]
        problem = (
            f"name of {len(name)} characters, beginning {shown!r}: at most {MAX_NAME} are read"
        )
    elif name and not name.isprintable():
        problem = f"the name {name!r} has characters that cannot be shown: retype it"
    return [problem] if problem else []
