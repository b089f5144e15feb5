"""Reading and writing SMILES: the checks that every ligand passes, and one canonical form."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from rdkit import Chem, rdBase

from rarebind.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

#: Elements that may occur in a ligand; every other one is a metal.
NON_METALS = frozenset({
    "H", "He", "B", "C", "N", "O", "F", "Ne", "Si", "P", "S", "Cl", "Ar", "Ge", "As", "Se", "Br",
    "Kr", "Sb", "Te", "I", "Xe", "At", "Rn",
})  # fmt: skip

#: Signs of bonds that no InChI knows: any bond, dative and quadruple ones.
_NO_BONDS = frozenset("~<>$")
_MAX_PASSES = 8


#: Longest SMILES read, in characters.
MAX_LENGTH = 500
#: The same with an extension, such as coordinates.
MAX_EXTENDED = 20_000
#: A SMILES, and its extension between bars.
EXTENDED = re.compile(r"(?P<smiles>\S+)\s+(?P<extension>\|[^|]*\|)")
#: Atoms of a ligand without its hydrogens.
MAX_HEAVY_ATOMS = 120


def read_smiles(smiles: str) -> Chem.Mol:
    """Read the SMILES of one closed-shell, metal-free molecule.

    Parameters
    ----------
    smiles
        Any SMILES; atom-map numbers are kept.  An extension (CXSMILES) that only says how the
        molecule is drawn is passed over.

    Returns
    -------
    rdkit.Chem.Mol
        Sanitised, hydrogens implicit.

    Raises
    ------
    InputError
        The SMILES is empty, not parsable or too large, holds several fragments, a metal, a radical
        or an open attachment point; the message says what to do.
    """
    text = _checked_text(smiles)
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(text)
    if mol is None or not mol.GetNumAtoms():
        raise InputError(f"{text!r} is not a valid SMILES: {_parse_problem(text)}")
    _check_molecule(mol, text)
    return mol


def without_extension(text: str) -> str:
    """A SMILES without the extension that drawing programs add: ``CCO |(0,0;1,0;1,1)|``.

    Raises
    ------
    InputError
        It makes another molecule of it, a radical say.
    """
    found = EXTENDED.fullmatch(text)
    if found is None or len(text) > MAX_EXTENDED:
        return text
    smiles = found["smiles"]
    with rdBase.BlockLogs():
        plain, extended = Chem.MolFromSmiles(smiles), Chem.MolFromSmiles(text)
    if plain is None:
        return smiles
    if extended is None or _state(plain) != _state(extended):
        raise InputError(
            f"{smiles!r} has an extension ({found['extension'][:40]}) that changes the molecule: "
            "give a plain SMILES"
        )
    return smiles


def _state(mol: Chem.Mol) -> tuple[str, int]:
    """What an extension may change: the molecule, and its unpaired electrons."""
    electrons = sum(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
    return str(Chem.MolToSmiles(mol)), electrons


def _checked_text(smiles: str) -> str:
    text = without_extension(smiles.strip()) if isinstance(smiles, str) else ""
    if not text:
        raise InputError("empty SMILES: give the SMILES of one ligand")
    # First of all: the other messages repeat the text.
    if len(text) > MAX_LENGTH:
        raise InputError(
            f"SMILES of {len(text)} characters, beginning {text[:40]!r}: at most {MAX_LENGTH} are "
            "read; larger ligands are out of reach"
        )
    if foreign := sorted({character for character in text if not character.isascii()}):
        # RDKit would silently drop everything from there on.
        raise InputError(
            f"SMILES {text!r} contains {', '.join(map(repr, foreign))}, which no SMILES has: "
            "retype it with plain Latin letters"
        )
    if odd := sorted(_NO_BONDS.intersection(text)):
        raise InputError(
            f"SMILES {text!r} contains {' and '.join(odd)}: write every bond as single, double, "
            "triple or aromatic; ~ stands for several molecules at once"
        )
    if not text.isprintable():
        raise InputError(f"SMILES {text!r} contains characters that cannot be shown: retype it")
    if any(character.isspace() for character in text):
        raise InputError(f"{text!r}: a SMILES has no blanks; give the name separately")
    return text


def _check_molecule(mol: Chem.Mol, text: str) -> None:
    metals = sorted({a.GetSymbol() for a in mol.GetAtoms() if a.GetAtomicNum()} - NON_METALS)
    fragments = len(Chem.GetMolFrags(mol))
    if fragments > 1:
        advice = "remove the counter-ion or solvent" if metals else "give one molecule only"
        raise InputError(f"{text!r} has {fragments} separate fragments: {advice}")
    if (heavy := mol.GetNumHeavyAtoms()) > MAX_HEAVY_ATOMS:
        raise InputError(
            f"{text!r} has {heavy} heavy atoms, more than {MAX_HEAVY_ATOMS}: its complexes are out "
            "of reach; give a smaller model of it, with the same donors"
        )
    if metals:
        raise InputError(
            f"{text!r} contains the metal {', '.join(metals)}: give the ligand without the metal"
        )
    if any(not a.GetAtomicNum() for a in mol.GetAtoms()):
        raise InputError(f"{text!r} has an open attachment point (*): replace it by an atom")
    radicals = [
        f"{a.GetSymbol()}{a.GetIdx()}" for a in mol.GetAtoms() if a.GetNumRadicalElectrons()
    ]
    if radicals:
        raise InputError(
            f"{text!r} is a radical at {', '.join(radicals)} (atoms counted from 0): only "
            "closed-shell ligands are supported; check the hydrogens and charges in brackets"
        )


def _parse_problem(text: str) -> str:
    """Why RDKit cannot read `text`, in words."""
    with rdBase.BlockLogs():
        raw = Chem.MolFromSmiles(text, sanitize=False)
        problems = [] if raw is None else Chem.DetectChemistryProblems(raw)
    if raw is not None and not problems:
        return "it has no atoms"
    said = "; ".join(problem.Message() for problem in problems)
    return f"{said or 'syntax error'}. Check brackets, ring-closure digits and valences"


def canonical(mol: Chem.Mol, marked: Sequence[int] = ()) -> tuple[str, tuple[int, ...]]:
    """Canonical SMILES without atom maps, and where atoms of `mol` stand in it.

    Parameters
    ----------
    mol
        A molecule with implicit hydrogens.
    marked
        Atom indices of `mol` to follow.

    Returns
    -------
    smiles
        Reading it and writing it again gives the same string.
    marked
        The followed atoms as indices into ``Chem.MolFromSmiles(smiles)``.
    """
    current = Chem.Mol(mol)
    for atom in current.GetAtoms():
        atom.SetAtomMapNum(0)
    followed = tuple(marked)
    smiles = ""
    # RDKit's canonical SMILES is not always a fixed point after one pass.
    for _ in range(_MAX_PASSES):
        written = Chem.MolToSmiles(current)
        order = list(current.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
        followed = tuple(order.index(i) for i in followed)
        if written == smiles:
            break
        smiles = written
        current = Chem.MolFromSmiles(smiles)
    return smiles, followed


def inchikey(mol: Chem.Mol) -> str:
    """Standard InChIKey of the molecule as it is charged."""
    with rdBase.BlockLogs():
        return str(Chem.MolToInchiKey(mol))  # type: ignore[no-untyped-call]


def atom_labels(mol: Chem.Mol, indices: Iterable[int]) -> str:
    """Atoms in words, such as ``"O4 and O7"`` (counted from 0)."""
    labels = [f"{mol.GetAtomWithIdx(i).GetSymbol()}{i}" for i in indices]
    return labels[0] if len(labels) == 1 else f"{', '.join(labels[:-1])} and {labels[-1]}"
