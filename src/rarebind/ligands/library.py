"""The library: scaffolds with one substituent each, from two data files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from pydantic import AfterValidator, Field, model_validator
from rdkit import Chem, rdBase

from rarebind.errors import InputError
from rarebind.io.models import Section, validated
from rarebind.io.yaml import read_yaml
from rarebind.ligands.ligand import MAX_DENTICITY, Ligand
from rarebind.ligands.smiles import inchikey

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The substituent of a parent.
PARENT = "H"

_T = TypeVar("_T")


def _open_molecule(smiles: object) -> Chem.Mol:
    """The molecule of a SMILES with exactly one ``*``, joined by a single bond."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if isinstance(smiles, str) else None
    if mol is None:
        raise ValueError(f"{smiles!r} is not a valid SMILES")
    dummies = [a for a in mol.GetAtoms() if not a.GetAtomicNum()]
    if len(dummies) != 1 or dummies[0].GetDegree() + dummies[0].GetTotalNumHs() > 1:
        raise ValueError(f"{smiles!r} needs exactly one *, joined by one bond")
    return mol


def _with_donors(smiles: str) -> str:
    mol = _open_molecule(smiles)
    numbers = sorted(a.GetAtomMapNum() for a in mol.GetAtoms() if a.GetAtomMapNum())
    if not numbers or numbers != list(range(1, len(numbers) + 1)) or len(numbers) > MAX_DENTICITY:
        raise ValueError(
            f"number the donors from 1 to at most {MAX_DENTICITY}, like [O-:1], each once; "
            f"found {numbers}"
        )
    return smiles


def _uncharged(smiles: str) -> str:
    if Chem.GetFormalCharge(_open_molecule(smiles)):
        raise ValueError(f"{smiles!r} is charged; write the uncharged form")
    return smiles


class Scaffold(Section):
    """A ligand with one open position.

    Attributes
    ----------
    smiles
        Bound form; ``*`` is the open position, atom-map numbers are the donors in order.
    summary, note
        For people.
    external
        Whether its ligands are kept for a last test, so that no split learns from them.
    """

    smiles: Annotated[str, AfterValidator(_with_donors)]
    summary: str
    note: str = ""
    external: bool = False


class _Scaffolds(Section):
    scaffolds: dict[str, Scaffold] = Field(min_length=1)


class _Substituents(Section):
    """Groups with one open valence ``*`` in their SMILES; H is the parent's."""

    substituents: dict[str, Annotated[str, AfterValidator(_uncharged)]]

    @model_validator(mode="after")
    def _with_parent(self) -> _Substituents:
        if PARENT not in self.substituents:
            raise ValueError("expected entries 'name: SMILES', with H")
        if _open_molecule(self.substituents[PARENT]).GetNumHeavyAtoms():
            raise ValueError("H stands for hydrogen, '*[H]'")
        return self


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
    return dict(_bundled(_Scaffolds) if path is None else _read(_Scaffolds, path))


def substituents(path: str | Path | None = None) -> dict[str, str]:
    """SMILES of the substituents by name, H first, in the order of the file.

    Parameters
    ----------
    path
        Your own file in the form of ``rarebind/data/substituents.yaml``; default is that file.

    Raises
    ------
    InputError
        The file is wrong; all faulty entries are named.
    """
    found = dict(_bundled(_Substituents) if path is None else _read(_Substituents, path))
    return {PARENT: found.pop(PARENT), **found}


@cache
def _bundled(model: type[Section]) -> dict[str, Any]:
    return _read(model, None)


def _read(model: type[Section], path: str | Path | None) -> dict[str, Any]:
    """The one section of a file."""
    (section,) = model.model_fields
    content, source = read_yaml(f"{section}.yaml", path, section)
    found: dict[str, Any] = getattr(validated(content, model, source), section)
    return found


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
    return _join(scaffold, core.smiles, substituent, group)


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
        _join(
            core,
            _pick("scaffold", core, cores).smiles,
            group,
            _pick("substituent", group, groups),
        )
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


def _pick(kind: str, name: str, known: dict[str, _T]) -> _T:
    if name not in known:
        raise InputError(f"unknown {kind} {name!r}: known are {', '.join(known)}")
    return known[name]


# --- joining scaffold and substituent ---------------------------------------------------------


@cache
def _join(scaffold: str, core: str, substituent: str, group: str) -> Ligand:
    """The ligand of two names and their SMILES."""
    mol = Chem.RWMol(Chem.MolFromSmiles(core))
    if substituent == PARENT:
        (star,) = [a.GetIdx() for a in mol.GetAtoms() if not a.GetAtomicNum()]
        mol.RemoveAtom(star)
        # The ring atom has no explicit hydrogen count, so its implicit one comes back.
    else:
        mol.InsertMol(Chem.MolFromSmiles(group))
        stars = [a for a in mol.GetAtoms() if not a.GetAtomicNum()]
        begin, end = (star.GetNeighbors()[0].GetIdx() for star in stars)
        mol.AddBond(begin, end, Chem.BondType.SINGLE)
        for index in sorted((star.GetIdx() for star in stars), reverse=True):
            mol.RemoveAtom(index)
    Chem.SanitizeMol(mol)
    numbers = {a.GetAtomMapNum(): a.GetIdx() for a in mol.GetAtoms() if a.GetAtomMapNum()}
    return Ligand.from_mol(
        mol.GetMol(),
        tuple(numbers[n] for n in sorted(numbers)),
        name=scaffold if substituent == PARENT else f"{scaffold}-{substituent}",
        scaffold=scaffold,
        substituent=substituent,
    )


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
