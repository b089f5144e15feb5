"""From a user's SMILES to a ligand in its bound form: donor atoms, protons, charge."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NoReturn

from rdkit import Chem

from rarebind.errors import InputError
from rarebind.ligands.alternatives import other_donors
from rarebind.ligands.forms import (
    closure,
    deprotonated,
    inner_double_bonds,
    make_cis,
    preference,
    without_isotopes,
)
from rarebind.ligands.library import enumerate_library, find_in_library
from rarebind.ligands.ligand import MAX_DENTICITY, Ligand, name_problems
from rarebind.ligands.motifs import Match, Rules, all_matches, load_rules, rewritten
from rarebind.ligands.names import close_names, named
from rarebind.ligands.sites import Sites, find_sites, strength
from rarebind.ligands.smiles import atom_labels, canonical, read_smiles

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_NUMBERING_HINT = "number the donor atoms yourself, like C[O:1]CC[OH:2]"
#: Elements that carry a negative charge in water as anions of acids.
_ACIDS = frozenset({"O", "N", "S", "Se"})
#: Strength from which a group that does not bind is named.
_WORTH_TELLING = 0.9
#: Texts that could be a name.
_A_NAME = re.compile(r"[^=#@/\\<>$~]*[A-Za-z][^=#@/\\<>$~]*[A-Za-z0-9\])]")
#: Of which a SMILES without brackets consists.
_LETTERS = frozenset("BCNOPSFIHbcnopslr0123456789()[]=#-+%.:* ")
_FULL_SHELL = 4  # bonds that use up every lone pair of an octet


def parse_ligand(
    smiles: str, name: str | None = None, *, motif_file: str | Path | None = None
) -> Ligand:
    """The ligand of a SMILES, in the form in which it binds a rare-earth ion.

    Donors are the atoms with atom-map numbers, in the order of the numbers; without numbers,
    those of the library ligand if it is one, else those of the motifs in ``donor_motifs.yaml``.
    Acidic donors lose their proton; the notes of the ligand say so.

    Parameters
    ----------
    smiles
        Neutral or deprotonated, any tautomer of the known motifs; or the name of a ligand that is
        known (:func:`~rarebind.ligands.known_names`) or in the library.
    name
        At most 80 characters.  Default: the name in the library, else the canonical SMILES of the
        bound form.
    motif_file
        Your own file in the form of ``rarebind/data/donor_motifs.yaml``; default is that file.

    Returns
    -------
    Ligand

    Raises
    ------
    InputError
        Not one closed-shell, metal-free molecule of bearable size; no donor or more than twelve; a
        cation or carbanion; or a name that cannot be shown.
    """
    rules = load_rules(motif_file)
    problems = name_problems(name)
    try:
        smiles, known_as = _smiles(smiles)
        ligand = _parsed(smiles, None if problems else name or known_as, rules)
        if known_as is not None:
            note = f"{known_as} is read as {smiles}"
            ligand = replace(ligand, notes=(note, *ligand.notes))
    except InputError as error:
        raise InputError([*problems, *error.problems]) from error
    if problems:
        raise InputError(problems)
    return ligand


def _smiles(text: str) -> tuple[str, str | None]:
    """A text as SMILES, and the name that it is; what is a SMILES as well is no name."""
    try:
        read_smiles(text)
    except InputError as error:
        if not isinstance(text, str) or not _A_NAME.fullmatch(text.strip()):
            raise
        if (known := named(text)) is not None:
            return known.smiles, known.name
        in_library = (one for one in enumerate_library() if one.name == text.strip())
        if (found := next(in_library, None)) is not None:
            return found.smiles, found.name
        close = close_names(text)
        hint = (
            f"did you mean {' or '.join(close)}?" if close else "`rarebind ligands names` has all"
        )
        if close or ("syntax error" in str(error) and not _LETTERS.issuperset(text.strip())):
            said = f"{text.strip()!r} is not a valid SMILES, nor the name of a known ligand"
        else:
            said = f"{error}; it is not the name of a known ligand either"
        raise InputError(f"{said}: {hint}") from error
    return text, None


def _parsed(smiles: str, name: str | None, rules: Rules) -> Ligand:
    labelled = read_smiles(smiles)
    drawn = without_isotopes(labelled)
    mol, numbered, origin = _prepared(drawn, smiles)
    known = find_in_library(mol)
    if known is not None and not numbered:
        return _library_form(known, mol, smiles, name)
    if known is not None:
        # Library ligands keep the protons of acids that do not bind, as in the reference study.
        rules = rules.model_copy(update={"dissociated": ()})
    task = _Task(smiles.strip(), drawn, origin, rules, numbered)
    ligand = task.bind(mol, name)
    if any(atom.GetIsotope() for atom in labelled.GetAtoms()):
        note = "isotopes are read as the common ones: energies do not depend on them"
        ligand = replace(ligand, notes=(*ligand.notes, note))
    if known is None:
        return ligand
    if ligand.smiles == known.smiles and set(ligand.donors) == set(known.donors):
        return _library_form(known, mol, smiles, name)
    note = f"the same molecule as {known.name} of the library, but with donors of your choice"
    return replace(ligand, notes=(*ligand.notes, note))


# --- numbered donors --------------------------------------------------------------------------


def _prepared(drawn: Chem.Mol, smiles: str) -> tuple[Chem.Mol, tuple[int, ...], tuple[int, ...]]:
    """The molecule in canonical order without numbers, its numbered atoms, and where they were.

    Starting from the canonical order makes all that follows independent of how it was drawn.
    """
    written = Chem.MolToSmiles(drawn)
    origin = tuple(drawn.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"])
    mol = Chem.MolFromSmiles(written)
    pairs = sorted((a.GetAtomMapNum(), a.GetIdx()) for a in mol.GetAtoms() if a.GetAtomMapNum())
    numbers = [number for number, _ in pairs]
    if twice := sorted({n for n in numbers if numbers.count(n) > 1}):
        raise InputError(
            f"{smiles.strip()!r} uses the donor number {twice[0]} more than once: "
            "give each donor its own number"
        )
    for atom in mol.GetAtoms():
        atom.SetAtomMapNum(0)
    numbered = tuple(index for _, index in pairs)
    for index in numbered:
        _check_lone_pair(mol.GetAtomWithIdx(index), smiles, origin[index])
    return mol, numbered, origin


def _check_lone_pair(atom: Chem.Atom, smiles: str, index: int) -> None:
    label = f"{atom.GetSymbol()}{index}"
    charge = atom.GetFormalCharge()
    full = atom.GetTotalDegree() >= _FULL_SHELL or (atom.GetSymbol() == "N" and charge > 0)
    if atom.GetSymbol() == "H" or (atom.GetSymbol() == "C" and charge >= 0) or full:
        raise InputError(
            f"{smiles.strip()!r}: the numbered atom {label} (counted from 0) has no lone pair to "
            "bind a metal with: number atoms such as O, N, S or P that have one"
        )


# --- from the drawn to the bound form ---------------------------------------------------------


@dataclass(frozen=True)
class _Task:
    """One parse: what the user drew, and what to tell about it."""

    smiles: str
    drawn: Chem.Mol
    origin: tuple[int, ...]
    rules: Rules
    numbered: tuple[int, ...]

    def bind(self, mol: Chem.Mol, name: str | None) -> Ligand:
        mol, notes = self._tautomer(mol)
        sites = find_sites(mol, self.rules)
        if self.numbered:
            donors = self.numbered
            matches = [m for m in sites.used if set(m.donors) <= set(donors)]
            lost = _acidic(mol, donors, self.rules)
        else:
            donors, matches = sites.donors, list(sites.used)
            lost = sites.protons(mol)
        self._check_count(len(donors))
        mol, lost = self._dissociated(mol, lost)
        self._check_charges(mol, donors, matches)
        mol = self._one_resonance_form(mol, donors, matches)

        smiles, places = canonical(mol, range(mol.GetNumAtoms()))
        final, places = self._chelating(read_smiles(smiles), places, {places[i] for i in donors})
        chosen = tuple(places[i] for i in donors)
        if not self.numbered:
            # Looked for again in the final order, so that equivalent atoms are always the same.
            sites = find_sites(final, self.rules)
            chosen = chosen if sites.protons(final) else sites.donors or chosen
            notes += _apart_notes(final, sites)
            notes += dict.fromkeys(m.motif.note for m in sites.used if m.motif.note)
        notes += _deprotonation_notes(final, {places[i]: why for i, why in lost.items()})
        notes += self._kept_notes(final)
        ligand = Ligand.from_mol(final, chosen, name=name, notes=tuple(notes))
        if self.numbered:
            return ligand
        return replace(ligand, others=other_donors(read_smiles(ligand.smiles), ligand.donors))

    def _dissociated(self, mol: Chem.Mol, lost: dict[int, str]) -> tuple[Chem.Mol, dict[int, str]]:
        """The molecule without the protons of its donors and of acids that do not bind."""
        lost = {i: why for i, why in lost.items() if mol.GetAtomWithIdx(i).GetTotalNumHs()}
        mol = deprotonated(mol, lost)
        for acid in self.rules.dissociated:
            if acid.strong or not self.numbered:
                more = acid.protons(mol)
                mol = deprotonated(mol, more)
                lost |= dict.fromkeys(more, acid.name)
        return mol, lost

    def _kept_notes(self, mol: Chem.Mol) -> list[str]:
        """Acids whose protons the user has chosen by numbering the donors."""
        kept = sorted({i for acid in self.rules.dissociated for i in acid.protons(mol)})
        if not self.numbered or not kept:
            return []
        return [f"keeps its proton at {atom_labels(mol, kept)}, as the donors are numbered"]

    def _tautomer(self, mol: Chem.Mol) -> tuple[Chem.Mol, list[str]]:
        notes: list[str] = []
        for rewrite in self.rules.tautomers:
            for _ in range(MAX_DENTICITY):
                products = rewritten(mol, rewrite, self._may_bind)
                if not products:
                    break
                mol = min(products, key=preference)
                if rewrite.note and rewrite.note not in notes:
                    notes.append(rewrite.note)
        return mol, notes

    def _may_bind(self, atoms: Iterable[int]) -> bool:
        return not self.numbered or set(atoms) <= set(self.numbered)

    def _one_resonance_form(
        self, mol: Chem.Mol, donors: tuple[int, ...], matches: list[Match]
    ) -> Chem.Mol:
        """Of all ways to draw the anion the preferred one, without E/Z of its chelate rings."""
        chelating = [m for m in matches if m.form.cis]
        start = Chem.Mol(mol)
        for match in chelating:
            for bond in inner_double_bonds(start, match):
                bond.SetStereo(Chem.BondStereo.STEREONONE)
        return min(closure(start, self.rules.resonance, donors), key=preference)

    def _chelating(
        self, mol: Chem.Mol, places: tuple[int, ...], donors: set[int]
    ) -> tuple[Chem.Mol, tuple[int, ...]]:
        """`mol` with chelating double bonds cis, in its canonical order, and `places` in it."""
        found = all_matches(mol, self.rules, "chelate")
        chelating = [m for m in found if m.form.cis and set(m.donors) <= donors]
        if not chelating:
            return mol, places
        for match in chelating:
            make_cis(mol, match)
        smiles, places = canonical(mol, places)
        return read_smiles(smiles), places

    def _check_count(self, count: int) -> None:
        if not count:
            raise InputError(
                f"no donor atoms found in {self.smiles!r}: no group {self._known} occurs in it. If "
                f"it binds all the same, {_NUMBERING_HINT}"
            )
        if count > MAX_DENTICITY:
            raise InputError(
                f"{self.smiles!r} has {count} donor atoms, but at most {MAX_DENTICITY} can bind "
                f"one metal here: {_NUMBERING_HINT}"
            )

    @property
    def _known(self) -> str:
        own = self.rules.source != load_rules().source
        return f"of {self.rules.source}" if own else "that is known to bind rare earths"

    def _check_charges(self, mol: Chem.Mol, donors: tuple[int, ...], matches: list[Match]) -> None:
        near = set(donors) | {i for match in matches for i in match.atoms}
        for donor in donors:
            for middle in mol.GetAtomWithIdx(donor).GetNeighbors():
                near |= {n.GetIdx() for n in middle.GetNeighbors()}
        total = Chem.GetFormalCharge(mol)
        for atom in mol.GetAtoms():
            charge = atom.GetFormalCharge()
            if not charge or any(charge * n.GetFormalCharge() < 0 for n in atom.GetNeighbors()):
                continue
            protonated = atom.GetTotalNumHs() and atom.GetSymbol() == "N"
            if charge > 0 and (protonated or total > 0):
                self._refuse_cation(atom)
            if charge < 0 and atom.GetIdx() not in near and atom.GetSymbol() not in _ACIDS:
                raise InputError(
                    f"{self.smiles!r} has a negative charge at {self._label(atom)}, which is no "
                    "donor: write that group protonated, or number the donors, like [O-:1]"
                )

    def _refuse_cation(self, atom: Chem.Atom) -> NoReturn:
        where = f"{self.smiles!r} has a positive charge at {self._label(atom)}"
        if atom.GetTotalNumHs() and atom.GetSymbol() == "N":
            raise InputError(
                f"{where}, a protonated amine without a lone pair: write the free amine, "
                "such as N in place of [NH3+]"
            )
        raise InputError(
            f"{where}, which no acid of it balances: cations are not supported as ligands; choose "
            "an uncharged analogue, or a betaine"
        )

    def _label(self, atom: Chem.Atom) -> str:
        return f"{atom.GetSymbol()}{self.origin[atom.GetIdx()]} (atoms counted from 0)"


def _library_form(known: Ligand, drawn: Chem.Mol, smiles: str, name: str | None) -> Ligand:
    charge = Chem.GetFormalCharge(drawn)
    if not known.charge <= charge <= 0:
        raise InputError(
            f"{smiles.strip()!r} has the charge {charge:+d}, but {known.name} of the library binds "
            f"with {known.charge:+d}: write its other acid groups protonated"
        )
    notes = [f"recognised as {known.name} of the library"]
    if charge != known.charge:
        mol = Chem.MolFromSmiles(known.smiles)
        sites = [i for i in known.donors if mol.GetAtomWithIdx(i).GetFormalCharge() < 0]
        notes += _deprotonation_notes(mol, dict.fromkeys(sites, str(known.scaffold)))
    return replace(known, name=known.name if name is None else name, notes=tuple(notes))


def _acidic(mol: Chem.Mol, donors: tuple[int, ...], rules: Rules) -> dict[int, str]:
    hits = {m[0] for query in rules.acidic for m in mol.GetSubstructMatches(query)}
    return {i: "numbered donor" for i in donors if i in hits}


def _apart_notes(mol: Chem.Mol, sites: Sites) -> list[str]:
    """What could bind, but not the same metal."""
    named: dict[str, list[int]] = {}
    for match in sites.apart:
        if strength(match) >= _WORTH_TELLING:
            named.setdefault(match.motif.name, []).extend(match.donors)
    groups = [f"{name} at {atom_labels(mol, atoms)}" for name, atoms in named.items()]
    if not groups:
        return []
    left_out = f"left out, as they cannot reach the same metal: {'; '.join(groups)}"
    return [f"{left_out}; number the donors to choose others"]


def _deprotonation_notes(mol: Chem.Mol, sites: dict[int, str]) -> list[str]:
    """One note a motif; the last one tells the charge."""
    if not sites:
        return []
    names = dict.fromkeys(sites.values())
    groups = [
        f"{atom_labels(mol, sorted(i for i in sites if sites[i] == name))} ({name})"
        for name in names
    ]
    return [f"deprotonated at {'; '.join(groups)}: charge {Chem.GetFormalCharge(mol):+d}"]
