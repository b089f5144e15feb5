"""Donor motifs: the data file that says which atoms bind, and matching against a molecule."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdChemReactions

from rarebind.errors import InputError
from rarebind.io.yaml import check_keys, read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

KINDS = ("chelate", "arm", "single")


@dataclass(frozen=True)
class Form:
    """One way to write a motif; the fields are explained in ``donor_motifs.yaml``.

    Attributes
    ----------
    query
        The compiled SMARTS.
    donors, shared, deprotonate, sole
        Atom indices of the query.
    group
        Atom index of the query, or None.
    cis
        Whether the open-chain double bond is made cis.
    """

    query: Chem.Mol = field(repr=False)
    donors: tuple[int, ...]
    shared: tuple[int, ...]
    deprotonate: tuple[int, ...]
    sole: tuple[int, ...]
    group: int | None
    cis: bool


@dataclass(frozen=True)
class Motif:
    """A named donor motif with its forms."""

    name: str
    kind: str
    why: str
    forms: tuple[Form, ...]


@dataclass(frozen=True)
class Rewrite:
    """A tautomer or resonance form that is drawn differently here.

    Attributes
    ----------
    donors
        Atom indices of the reactant template that become donors.
    """

    name: str
    note: str
    reaction: Any = field(repr=False)
    donors: tuple[int, ...]


@dataclass(frozen=True)
class Rules:
    """Everything that ``donor_motifs.yaml`` says; `source` names the file in messages."""

    source: str
    motifs: tuple[Motif, ...]
    tautomers: tuple[Rewrite, ...]
    resonance: tuple[Rewrite, ...]
    acidic: tuple[Chem.Mol, ...] = field(repr=False)


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
    deprotonated
        Donors that carry no proton in the bound form.
    """

    motif: Motif
    form: Form
    atoms: tuple[int, ...]
    donors: tuple[int, ...]
    deprotonated: tuple[int, ...]


@dataclass(frozen=True)
class Matches:
    """What was found: the matches that give the donors, and those passed over."""

    used: tuple[Match, ...]
    passed_over: tuple[Match, ...]

    @property
    def donors(self) -> tuple[int, ...]:
        """All donor atoms, each once, in order of priority."""
        return tuple(dict.fromkeys(i for match in self.used for i in match.donors))


# --- matching ---------------------------------------------------------------------------------


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
                found = mol.GetSubstructMatches(form.query, uniquify=True, maxMatches=10_000)
                for atoms in sorted(found):
                    yield Match(
                        motif,
                        form,
                        tuple(atoms),
                        tuple(atoms[i] for i in form.donors),
                        tuple(atoms[i] for i in form.deprotonate),
                    )


def _accept(match: Match, used: list[Match], passed_over: list[Match]) -> None:
    """Sort one match into `used` or `passed_over`."""
    donors = {i for m in used for i in m.donors}
    overlap = donors & set(match.donors)
    if overlap == set(match.donors):
        return
    group = None if match.form.group is None else match.atoms[match.form.group]
    groups = {m.atoms[m.form.group] for m in used if m.form.group is not None}
    if group in groups:
        return
    if overlap - {match.atoms[i] for i in match.form.shared}:
        passed_over.append(match)
    else:
        used.append(match)


def _sole(singles: list[Match]) -> list[Match]:
    """A lone single group may bind through further atoms."""
    if len(singles) != 1 or not singles[0].form.sole:
        return singles
    (match,) = singles
    more = tuple(match.atoms[i] for i in match.form.sole)
    return [Match(match.motif, match.form, match.atoms, match.donors + more, match.deprotonated)]


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
            if not allowed(tuple(atoms[i] for i in rewrite.donors)):
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
        template = rewrite.reaction.GetReactantTemplate(0)
        wanted = {a.GetAtomMapNum(): atoms[a.GetIdx()] for a in template.GetAtoms()}
        if any(wanted[n] != i for n, i in numbers.items()):
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


# --- reading the file -------------------------------------------------------------------------


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
    content, source = read_yaml("donor_motifs.yaml", path, *sections)
    problems: list[str] = []

    def each(section: str, read: Callable[[Any, str], Any]) -> tuple[Any, ...]:
        entries = content[section]
        if not isinstance(entries, list):
            problems.append(f"{source}, {section}: expected a list")
            return ()
        done = []
        for number, entry in enumerate(entries, start=1):
            name = entry.get("name", number) if isinstance(entry, dict) else number
            try:
                done.append(read(entry, f"{source}, {section}, {name}"))
            except InputError as error:
                problems.extend(error.problems)
        return tuple(done)

    rules = Rules(
        source=source,
        motifs=each("motifs", _read_motif),
        tautomers=each("tautomers", _read_rewrite),
        resonance=each("resonance", _read_rewrite),
        acidic=each("acidic", _compile),
    )
    names = [motif.name for motif in rules.motifs]
    problems += [f"{source}, motifs: {n!r} occurs twice" for n in names if names.count(n) > 1]
    if problems:
        raise InputError(dict.fromkeys(problems))
    return rules


def _read_motif(entry: Any, where: str) -> Motif:
    check_keys(entry, where, ("name", "kind", "why", "forms"), ("shared",))
    if entry["kind"] not in KINDS:
        raise InputError(f"{where}, kind: {entry['kind']!r} is none of {', '.join(KINDS)}")
    if not isinstance(entry["forms"], list) or not entry["forms"]:
        raise InputError(f"{where}, forms: expected a list of forms")
    forms = tuple(
        _read_form(form, entry.get("shared", []), f"{where}, form {n}")
        for n, form in enumerate(entry["forms"], start=1)
    )
    return Motif(str(entry["name"]), entry["kind"], str(entry["why"]).strip(), forms)


def _read_form(entry: Any, shared: Any, where: str) -> Form:
    check_keys(entry, where, ("smarts",), ("deprotonate", "sole", "group", "cis"))
    query = _compile(entry["smarts"], where)
    numbers = {a.GetAtomMapNum(): a.GetIdx() for a in query.GetAtoms() if a.GetAtomMapNum()}

    def places(key: str, values: Any) -> tuple[int, ...]:
        if not isinstance(values, list) or any(v not in numbers for v in values):
            raise InputError(f"{where}, {key}: {values!r} must list atom numbers of the SMARTS")
        return tuple(numbers[v] for v in values)

    group = entry.get("group")
    if group is not None and group not in numbers:
        raise InputError(f"{where}, group: {group!r} is no atom number of the SMARTS")
    sole = entry.get("sole", [])
    others = {group, *sole} if isinstance(sole, list) else {group}
    donors = tuple(numbers[n] for n in sorted(numbers) if n not in others)
    if not donors:
        raise InputError(f"{where}, smarts: number the donor atoms, like [O:1]")
    return Form(
        query,
        donors,
        places("shared", shared),
        places("deprotonate", entry.get("deprotonate", [])),
        places("sole", sole),
        None if group is None else numbers[group],
        bool(entry.get("cis", False)),
    )


def _read_rewrite(entry: Any, where: str) -> Rewrite:
    check_keys(entry, where, ("name", "reaction"), ("donors", "note"))
    with rdBase.BlockLogs():
        try:
            reaction = rdChemReactions.ReactionFromSmarts(str(entry["reaction"]))
            templates = (reaction.GetNumReactantTemplates(), reaction.GetNumProductTemplates())
        except ValueError as error:
            raise InputError(f"{where}, reaction: not a valid reaction SMARTS") from error
    if templates != (1, 1):
        raise InputError(f"{where}, reaction: one molecule must give one molecule")
    reaction.Initialize()
    template = reaction.GetReactantTemplate(0)
    numbers = {a.GetAtomMapNum(): a.GetIdx() for a in template.GetAtoms()}
    if 0 in numbers:
        raise InputError(f"{where}, reaction: number every atom, so that none is lost")
    values = entry.get("donors", [])
    if not isinstance(values, list) or any(v not in numbers for v in values):
        raise InputError(f"{where}, donors: {values!r} must list atom numbers of the reaction")
    donors = tuple(numbers[v] for v in values)
    return Rewrite(str(entry["name"]), str(entry.get("note", "")), reaction, donors)


def _compile(smarts: Any, where: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        query = Chem.MolFromSmarts(smarts) if isinstance(smarts, str) else None
    if query is None:
        raise InputError(f"{where}: {smarts!r} is not a valid SMARTS")
    return query
