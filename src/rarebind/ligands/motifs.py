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
    from collections.abc import Callable, Iterable
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
    kind: Literal["chelate", "arm", "single"]
    why: str
    forms: tuple[Form, ...]
    shared: Numbers = ()

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


class Rules(Section):
    """Everything that ``donor_motifs.yaml`` says; `source` names the file in messages."""

    motifs: tuple[Motif, ...]
    tautomers: tuple[Rewrite, ...]
    resonance: tuple[Rewrite, ...]
    acidic: tuple[Query, ...] = Field(repr=False)
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
    content, source = read_yaml(_FILE, path, "motifs", "tautomers", "resonance", "acidic")
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


@dataclass(frozen=True)
class Matches:
    """What was found: the matches that give the donors, and those passed over."""

    used: tuple[Match, ...]
    passed_over: tuple[Match, ...]

    @property
    def donors(self) -> tuple[int, ...]:
        """All donor atoms, each once, in order of priority."""
        return tuple(dict.fromkeys(i for match in self.used for i in match.donors))


def find_motifs(mol: Chem.Mol, rules: Rules) -> Matches:
    """Which motifs of `rules` give the donors of `mol`.

    Chelates come first, all of them, in the order of the file; then arms, which hold on to a
    donor found already; single groups only where there is no chelate.
    """
    chelates: list[Match] = []
    rest: list[Match] = []
    for match in _all_matches(mol, rules, "chelate"):
        _accept(match, chelates, rest)
    # An arm may lengthen another arm's reach, so go round until nothing is added.
    arms = list(_all_matches(mol, rules, "arm"))
    while True:
        taken = {i for match in chelates for i in match.donors}
        reached = [m for m in arms if 0 < sum(i in taken for i in m.donors) < len(m.donors)]
        if not reached:
            break
        chelates.append(reached[0])
    singles: list[Match] = []
    for match in _all_matches(mol, rules, "single"):
        _accept(match, singles, rest)
    if not chelates:
        return Matches(tuple(_sole(singles)), tuple(rest))
    donors = {i for match in chelates for i in match.donors}
    unused = [m for m in (*rest, *singles) if not donors & set(m.donors)]
    return Matches(tuple(chelates), tuple(unused))


def _all_matches(mol: Chem.Mol, rules: Rules, kind: str) -> Iterable[Match]:
    for motif in rules.motifs:
        if motif.kind == kind:
            for form in motif.forms:
                found = mol.GetSubstructMatches(form.smarts, uniquify=True, maxMatches=10_000)
                for atoms in sorted(found):
                    match = Match(motif, form, tuple(atoms), ())
                    yield replace(match, donors=match.numbered(form.donors))


def _accept(match: Match, used: list[Match], passed_over: list[Match]) -> None:
    """Sort one match into `used` or `passed_over`."""
    donors = {i for m in used for i in m.donors}
    overlap = donors & set(match.donors)
    if overlap == set(match.donors):
        return
    if match.group is not None and match.group in {m.group for m in used}:
        return
    if overlap - set(match.numbered(match.motif.shared)):
        passed_over.append(match)
    else:
        used.append(match)


def _sole(singles: list[Match]) -> list[Match]:
    """A lone single group may bind through further atoms."""
    if len(singles) != 1 or not singles[0].form.sole:
        return singles
    (match,) = singles
    return [replace(match, donors=match.donors + match.numbered(match.form.sole))]


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
