"""Donor motifs: the data file that says which atoms bind, and matching against a molecule."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PlainValidator, model_validator
from rdkit import Chem, rdBase
from rdkit.Chem import rdChemReactions

from rarebind.io.models import Section, validated
from rarebind.io.yaml import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

_FILE = "donor_motifs.yaml"

# --- what the file says -----------------------------------------------------------------------


def _query(smarts: object) -> Chem.Mol:
    with rdBase.BlockLogs():
        query = Chem.MolFromSmarts(smarts) if isinstance(smarts, str) else None
    if query is None:
        raise ValueError("not a valid SMARTS")
    return query


def _reaction(smarts: object) -> Any:
    with rdBase.BlockLogs():
        try:
            reaction = rdChemReactions.ReactionFromSmarts(str(smarts))
            templates = (reaction.GetNumReactantTemplates(), reaction.GetNumProductTemplates())
        except ValueError as error:
            raise ValueError("not a valid reaction SMARTS") from error
    if templates != (1, 1):
        raise ValueError("one molecule must give one molecule")
    reaction.Initialize()
    if not all(atom.GetAtomMapNum() for atom in reaction.GetReactantTemplate(0).GetAtoms()):
        raise ValueError("number every atom, so that none is lost")
    return reaction


def _numbered(query: Chem.Mol) -> dict[int, int]:
    """Atoms by their numbers."""
    return {a.GetAtomMapNum(): a.GetIdx() for a in query.GetAtoms() if a.GetAtomMapNum()}


Query = Annotated[Chem.Mol, PlainValidator(_query)]
Numbers = tuple[int, ...]


class Form(Section):
    """One way to write a motif; the fields are explained in ``donor_motifs.yaml``."""

    smarts: Query = Field(repr=False)
    deprotonate: Numbers = ()
    sole: Numbers = ()
    group: int | None = None
    cis: bool = False

    @model_validator(mode="after")
    def _consistent(self) -> Form:
        for name, numbers in (
            ("deprotonate", self.deprotonate),
            ("sole", self.sole),
            ("group", () if self.group is None else (self.group,)),
        ):
            if not set(numbers) <= self.atoms.keys():
                raise ValueError(f"{name}: {numbers} are no atom numbers of the SMARTS")
        if not self.donors:
            raise ValueError("number the donor atoms, like [O:1]")
        return self

    @cached_property
    def atoms(self) -> dict[int, int]:
        """Atom indices of the query by their numbers."""
        return _numbered(self.smarts)

    @cached_property
    def donors(self) -> tuple[int, ...]:
        """Numbers of the donors."""
        return tuple(n for n in sorted(self.atoms) if n != self.group and n not in self.sole)


class Motif(Section):
    """A named donor motif with its forms."""

    name: str
    kind: Literal["chelate", "single"]
    why: str
    forms: tuple[Form, ...]
    shared: Numbers = ()
    strength: float | None = Field(default=None, gt=0)
    ring: int = Field(default=6, ge=0)
    weak: bool = False
    most: int | None = Field(default=None, ge=1)
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Motif:
        if not self.forms:
            raise ValueError("forms: give at least one")
        if not all(set(self.shared) <= form.atoms.keys() for form in self.forms):
            raise ValueError(f"shared: {self.shared} are no atom numbers of every SMARTS")
        return self


class Rewrite(Section):
    """A tautomer or resonance form that is drawn differently here."""

    name: str
    reaction: Annotated[Any, PlainValidator(_reaction)] = Field(repr=False)
    donors: Numbers = ()
    note: str = ""

    @model_validator(mode="after")
    def _consistent(self) -> Rewrite:
        if not set(self.donors) <= self.atoms.keys():
            raise ValueError(f"donors: {self.donors} are no atom numbers of the reaction")
        return self

    @cached_property
    def atoms(self) -> dict[int, int]:
        """Atom indices of the reactant template by their numbers."""
        return _numbered(self.reaction.GetReactantTemplate(0))


class Dissociated(Section):
    """An acid that loses its proton in water whether it binds or not."""

    name: str
    smarts: Query = Field(repr=False)
    group: bool = False
    strong: bool = False

    def protons(self, mol: Chem.Mol) -> tuple[int, ...]:
        """Atoms of `mol` that lose a proton."""
        found: dict[int, int] = {}
        for first, second, *_ in sorted(mol.GetSubstructMatches(self.smarts, maxMatches=10_000)):
            beside = mol.GetAtomWithIdx(second).GetNeighbors()
            if not self.group:
                found[first] = first
            elif not any(atom.GetFormalCharge() < 0 for atom in beside):
                found.setdefault(second, first)
        return tuple(found.values())


class Rules(Section):
    """Everything that ``donor_motifs.yaml`` says; `source` names the file in messages."""

    motifs: tuple[Motif, ...]
    tautomers: tuple[Rewrite, ...]
    resonance: tuple[Rewrite, ...]
    acidic: tuple[Query, ...] = Field(repr=False)
    dissociated: tuple[Dissociated, ...] = ()
    source: str

    @model_validator(mode="after")
    def _consistent(self) -> Rules:
        names = [motif.name for motif in self.motifs]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"motifs: {', '.join(twice)} given more than once")
        return self


def load_rules(path: str | Path | None = None) -> Rules:
    """The donor motifs.

    Parameters
    ----------
    path
        Your own file in the form of ``rarebind/data/donor_motifs.yaml``; default is that file.

    Raises
    ------
    InputError
        The file is wrong; all faulty entries are named.
    """
    return _bundled_rules() if path is None else _read_rules(path)


@cache
def _bundled_rules() -> Rules:
    return _read_rules(None)


def _read_rules(path: str | Path | None) -> Rules:
    sections = ("motifs", "tautomers", "resonance", "acidic")
    content, source = read_yaml(_FILE, path, *sections, optional=("dissociated",))
    return validated(content | {"source": source}, Rules, source)


# --- matching ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Match:
    """A motif found in a molecule; all indices are atoms of that molecule.

    Attributes
    ----------
    motif
    atoms
        All atoms of the motif, in the order of the SMARTS.
    donors
        In the motif's order.
    """

    motif: Motif
    form: Form
    atoms: tuple[int, ...]
    donors: tuple[int, ...]

    @property
    def deprotonated(self) -> tuple[int, ...]:
        """Donors that carry no proton in the bound form."""
        return self.numbered(self.form.deprotonate)

    @property
    def group(self) -> int | None:
        """The atom that counts once."""
        return None if self.form.group is None else self.numbered((self.form.group,))[0]

    def numbered(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Atoms by their numbers in the SMARTS."""
        return tuple(self.atoms[self.form.atoms[number]] for number in numbers)


def all_matches(mol: Chem.Mol, rules: Rules, kind: str) -> Iterator[Match]:
    """Where the motifs of a kind occur in `mol`, in the order of the file, overlapping or not."""
    for motif in rules.motifs:
        if motif.kind == kind:
            for form in motif.forms:
                found = mol.GetSubstructMatches(form.smarts, uniquify=True, maxMatches=10_000)
                matches = [_match(motif, form, tuple(atoms)) for atoms in sorted(found)]
                # What has lost its proton already is found again.
                yield from sorted(matches, key=lambda m: _protons(mol, m.deprotonated))


def _match(motif: Motif, form: Form, atoms: tuple[int, ...]) -> Match:
    bare = Match(motif, form, atoms, ())
    return replace(bare, donors=bare.numbered(form.donors))


def _protons(mol: Chem.Mol, atoms: Iterable[int]) -> int:
    return sum(mol.GetAtomWithIdx(i).GetTotalNumHs() for i in atoms)


# --- rewriting --------------------------------------------------------------------------------


def rewritten(
    mol: Chem.Mol, rewrite: Rewrite, allowed: Callable[[tuple[int, ...]], bool]
) -> list[Chem.Mol]:
    """All molecules that one application of `rewrite` makes, atoms in the order of `mol`.

    Parameters
    ----------
    mol
        Sanitised, hydrogens implicit.
    allowed
        Called with the atoms of `mol` that become donors; False rejects the match.
    """
    results = []
    template = rewrite.reaction.GetReactantTemplate(0)
    with rdBase.BlockLogs():
        for atoms in mol.GetSubstructMatches(template, uniquify=False):
            if not allowed(tuple(atoms[rewrite.atoms[number]] for number in rewrite.donors)):
                continue
            product = _apply(mol, rewrite, atoms)
            if product is not None:
                results.append(product)
    return results


def _apply(mol: Chem.Mol, rewrite: Rewrite, atoms: tuple[int, ...]) -> Chem.Mol | None:
    """The product of `rewrite` at just these atoms, or None if it is no valid molecule."""
    marked = Chem.Mol(mol)
    for atom in marked.GetAtoms():
        if atom.GetIdx() not in atoms:
            atom.SetProp("_protected", "1")
    for product in rewrite.reaction.RunReactants((_without_stereo(marked, atoms),)):
        candidate = product[0]
        origin = [a.GetIntProp("react_atom_idx") for a in candidate.GetAtoms()]
        numbers = {
            a.GetIntProp("old_mapno"): a.GetIntProp("react_atom_idx")
            for a in candidate.GetAtoms()
            if a.HasProp("old_mapno")
        }
        if any(atoms[rewrite.atoms[n]] != i for n, i in numbers.items()):
            continue
        candidate = Chem.RenumberAtoms(
            candidate, sorted(range(len(origin)), key=origin.__getitem__)
        )
        if Chem.SanitizeMol(candidate, catchErrors=True) != Chem.SanitizeFlags.SANITIZE_NONE:
            return None
        Chem.AssignStereochemistry(candidate, cleanIt=True, force=True)
        for atom in candidate.GetAtoms():
            for name in atom.GetPropNames():
                atom.ClearProp(name)
        return candidate
    return None


def _without_stereo(mol: Chem.Mol, atoms: tuple[int, ...]) -> Chem.Mol:
    """`mol` with no stereo marks on the bonds and atoms of a match, which are about to change."""
    for bond in mol.GetBonds():
        if bond.GetBeginAtomIdx() in atoms and bond.GetEndAtomIdx() in atoms:
            bond.SetStereo(Chem.BondStereo.STEREONONE)
        if bond.GetBeginAtomIdx() in atoms or bond.GetEndAtomIdx() in atoms:
            bond.SetBondDir(Chem.BondDir.NONE)
    for index in atoms:
        mol.GetAtomWithIdx(index).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    return mol
