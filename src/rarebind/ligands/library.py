"""The library: scaffolds with one substituent each, from two data files."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from rdkit import Chem, rdBase

from rarebind.errors import InputError
from rarebind.io.yaml import check_keys, read_yaml
from rarebind.ligands.ligand import MAX_DENTICITY, Ligand
from rarebind.ligands.smiles import inchikey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The substituent of a parent.
PARENT = "H"

_T = TypeVar("_T")


@dataclass(frozen=True)
class Scaffold:
    """A ligand with one open position.

    Attributes
    ----------
    name
    smiles
        Bound form; ``*`` is the open position, atom-map numbers are the donors in order.
    summary, note
        For people.
    external
        Whether its ligands are kept for a last test, so that no split learns from them.
    """

    name: str
    smiles: str
    summary: str
    note: str = ""
    external: bool = False


@dataclass(frozen=True)
class Substituent:
    """A group with one open valence ``*`` in its SMILES; H is the parent's."""

    name: str
    smiles: str


def scaffolds(path: str | Path | None = None) -> dict[str, Scaffold]:
    """Scaffolds by name, in the order of the file.

    Parameters
    ----------
    path
        Your own file in the form of ``rarebind/data/scaffolds.yaml``; default is that file.

    Raises
    ------
    InputError
        The file is wrong; all faulty entries are named.
    """
    return dict(_scaffolds(None if path is None else str(path)))


def substituents(path: str | Path | None = None) -> dict[str, Substituent]:
    """Substituents by name, H first, in the order of the file.

    Parameters
    ----------
    path
        Your own file in the form of ``rarebind/data/substituents.yaml``; default is that file.

    Raises
    ------
    InputError
        The file is wrong; all faulty entries are named.
    """
    return dict(_substituents(None if path is None else str(path)))


def library_ligand(
    scaffold: str,
    substituent: str = PARENT,
    *,
    scaffold_file: str | Path | None = None,
    substituent_file: str | Path | None = None,
) -> Ligand:
    """One ligand of the library, named like ``HOPO-hydroxyl``; the parent is ``HOPO``.

    Raises
    ------
    InputError
        A name is unknown; the message lists the known ones.
    """
    core = _pick("scaffold", scaffold, scaffolds(scaffold_file))
    group = _pick("substituent", substituent, substituents(substituent_file))
    return _join(core, group)


def enumerate_library(
    scaffold_names: Iterable[str] | None = None,
    substituent_names: Iterable[str] | None = None,
    parent: bool = True,
    *,
    scaffold_file: str | Path | None = None,
    substituent_file: str | Path | None = None,
) -> tuple[Ligand, ...]:
    """All combinations of scaffolds and substituents, scaffold by scaffold.

    Parameters
    ----------
    scaffold_names, substituent_names
        Which ones; default all.
    parent
        Whether the parents (substituent H) belong to "all"; H named explicitly always counts.

    Raises
    ------
    InputError
        A name is unknown, or two of the ligands are the same molecule.
    """
    cores, groups = scaffolds(scaffold_file), substituents(substituent_file)
    chosen_cores = cores if scaffold_names is None else list(dict.fromkeys(scaffold_names))
    if substituent_names is None:
        chosen_groups = [name for name in groups if parent or name != PARENT]
    else:
        chosen_groups = list(dict.fromkeys(substituent_names))
    ligands = tuple(
        _join(_pick("scaffold", core, cores), _pick("substituent", group, groups))
        for core in chosen_cores
        for group in chosen_groups
    )
    seen: dict[str, str] = {}
    for ligand in ligands:
        if ligand.inchikey in seen:
            raise InputError(
                f"{seen[ligand.inchikey]} and {ligand.name} are the same molecule "
                f"({ligand.inchikey}): remove one scaffold or substituent"
            )
        seen[ligand.inchikey] = ligand.name
    return ligands


# --- reading the files ------------------------------------------------------------------------


@cache
def _bundled_scaffolds() -> dict[str, Scaffold]:
    return _read_scaffolds(None)


@cache
def _bundled_substituents() -> dict[str, Substituent]:
    return _read_substituents(None)


def _scaffolds(path: str | None) -> dict[str, Scaffold]:
    # A user's own file is read anew each time: it may have been edited.
    return _bundled_scaffolds() if path is None else _read_scaffolds(path)


def _substituents(path: str | None) -> dict[str, Substituent]:
    return _bundled_substituents() if path is None else _read_substituents(path)


def _read_scaffolds(path: str | None) -> dict[str, Scaffold]:
    content, source = read_yaml("scaffolds.yaml", path, "scaffolds")
    entries = content["scaffolds"]
    if not isinstance(entries, dict) or not entries:
        raise InputError(f"{source}, scaffolds: expected entries 'name: {{smiles, summary}}'")
    table: dict[str, Scaffold] = {}
    problems: list[str] = []
    for name, entry in entries.items():
        where = f"{source}, scaffolds, {name}"
        try:
            check_keys(entry, where, ("smiles", "summary"), ("note", "external"))
            _check_scaffold(str(entry["smiles"]), where)
        except InputError as error:
            problems += error.problems
            continue
        table[str(name)] = Scaffold(
            str(name),
            str(entry["smiles"]),
            str(entry["summary"]),
            str(entry.get("note", "")),
            bool(entry.get("external", False)),
        )
    if problems:
        raise InputError(problems)
    return table


def _read_substituents(path: str | None) -> dict[str, Substituent]:
    content, source = read_yaml("substituents.yaml", path, "substituents")
    entries = content["substituents"]
    if not isinstance(entries, dict) or PARENT not in entries:
        raise InputError(f"{source}, substituents: expected entries 'name: SMILES', with H")
    problems: list[str] = []
    for name, smiles in entries.items():
        where = f"{source}, substituents, {name}"
        try:
            mol = _parse_open(smiles, where)
        except InputError as error:
            problems += error.problems
            continue
        if name == PARENT and mol.GetNumHeavyAtoms():
            problems.append(f"{where}: H stands for hydrogen, '*[H]', not {smiles!r}")
        if Chem.GetFormalCharge(mol):
            problems.append(f"{where}: {smiles!r} is charged; write the uncharged form")
    if problems:
        raise InputError(problems)
    names = [PARENT, *(name for name in entries if name != PARENT)]
    return {str(name): Substituent(str(name), entries[name]) for name in names}


def _parse_open(smiles: object, where: str) -> Chem.Mol:
    """The molecule of a SMILES with exactly one ``*``, joined by a single bond."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if isinstance(smiles, str) else None
    if mol is None:
        raise InputError(f"{where}: {smiles!r} is not a valid SMILES")
    dummies = [a for a in mol.GetAtoms() if not a.GetAtomicNum()]
    if len(dummies) != 1 or dummies[0].GetDegree() + dummies[0].GetTotalNumHs() > 1:
        raise InputError(f"{where}: {smiles!r} needs exactly one *, joined by one bond")
    return mol


def _check_scaffold(smiles: str, where: str) -> None:
    mol = _parse_open(smiles, where)
    numbers = sorted(a.GetAtomMapNum() for a in mol.GetAtoms() if a.GetAtomMapNum())
    if not numbers or numbers != list(range(1, len(numbers) + 1)) or len(numbers) > MAX_DENTICITY:
        raise InputError(
            f"{where}: number the donors from 1 to at most {MAX_DENTICITY}, like [O-:1], "
            f"each once; found {numbers}"
        )


def _pick(kind: str, name: str, known: dict[str, _T]) -> _T:
    if name not in known:
        raise InputError(f"unknown {kind} {name!r}: known are {', '.join(known)}")
    return known[name]


# --- joining scaffold and substituent ---------------------------------------------------------


def _joined(core: Scaffold, group: Substituent) -> Chem.Mol:
    """Scaffold and substituent as one molecule."""
    mol = Chem.RWMol(Chem.MolFromSmiles(core.smiles))
    if group.name == PARENT:
        (star,) = [a.GetIdx() for a in mol.GetAtoms() if not a.GetAtomicNum()]
        mol.RemoveAtom(star)
        # The ring atom has no explicit hydrogen count, so its implicit one comes back.
    else:
        mol.InsertMol(Chem.MolFromSmiles(group.smiles))
        stars = [a for a in mol.GetAtoms() if not a.GetAtomicNum()]
        begin, end = (star.GetNeighbors()[0].GetIdx() for star in stars)
        mol.AddBond(begin, end, Chem.BondType.SINGLE)
        for index in sorted((star.GetIdx() for star in stars), reverse=True):
            mol.RemoveAtom(index)
    Chem.SanitizeMol(mol)
    return mol.GetMol()


@cache
def _join(core: Scaffold, group: Substituent) -> Ligand:
    mol = _joined(core, group)
    donors = _numbered(mol)
    name = core.name if group.name == PARENT else f"{core.name}-{group.name}"
    return Ligand.from_mol(mol, donors, name=name, scaffold=core.name, substituent=group.name)


def _numbered(mol: Chem.Mol) -> tuple[int, ...]:
    numbers = {a.GetAtomMapNum(): a.GetIdx() for a in mol.GetAtoms() if a.GetAtomMapNum()}
    return tuple(numbers[n] for n in sorted(numbers))


# --- recognising library ligands --------------------------------------------------------------


def neutral_inchikey(mol: Chem.Mol) -> str:
    """InChIKey with a proton on every anionic O, N or S, whichever protonation was drawn.

    Charges that belong to an uncharged group, as in nitro or an N-oxide, stay.
    """
    neutral = Chem.RWMol(mol)
    for atom in neutral.GetAtoms():
        atom.SetAtomMapNum(0)
        paired = any(n.GetFormalCharge() > 0 for n in atom.GetNeighbors())
        if atom.GetFormalCharge() == -1 and atom.GetSymbol() in {"O", "N", "S"} and not paired:
            atom.SetFormalCharge(0)
            atom.SetNumExplicitHs(atom.GetTotalNumHs() + 1)
    Chem.SanitizeMol(neutral)
    return inchikey(neutral)


@cache
def _by_neutral_key() -> dict[str, Ligand]:
    return {
        neutral_inchikey(Chem.MolFromSmiles(ligand.smiles)): ligand
        for ligand in enumerate_library()
    }


def find_in_library(mol: Chem.Mol) -> Ligand | None:
    """The bundled library's ligand that is this molecule, whatever its protonation, or None."""
    return _by_neutral_key().get(neutral_inchikey(mol))
