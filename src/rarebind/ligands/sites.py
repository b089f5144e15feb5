"""Which of a ligand's groups bind one metal together.

Motifs say which groups could bind.  Two donors bind one metal if a chelate ring closes over the
shortest path between them: of five to seven members, with donors that can come near each other, and
not a second one through a bond that is part of a ring already, unless that bond ends at a
tetrahedral atom.  So sites grow; of several sites of a ligand the strongest binds, with the
others whose flexible chain lets them reach the same metal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from rarebind.ligands.motifs import Match, all_matches
from rarebind.ligands.paths import LARGEST_RING, MOST_RINGS, Paths, ends
from rarebind.ligands.reach import MAX_COST, bending_cost

if TYPE_CHECKING:
    from rdkit import Chem

    from rarebind.ligands.motifs import Rules

#: Bonds between sites that a flexible chain may join: with fewer, ring by ring or not at all.
_NEAR, _FAR = 5, 22
#: In the sum of strengths.
_ANIONIC, _NEUTRAL = 3.0, 1.0
#: Donors of one metal at most.
_FULL = 12


@dataclass(frozen=True)
class Sites:
    """What was found.

    Attributes
    ----------
    used
        The matches that give the donors.
    passed_over
        Matches of the same atoms that come later in the file, or that are no chelates where there
        are some.
    apart
        Groups that cannot reach the metal that the donors bind.
    """

    used: tuple[Match, ...]
    passed_over: tuple[Match, ...] = ()
    apart: tuple[Match, ...] = ()

    @property
    def donors(self) -> tuple[int, ...]:
        """All donor atoms, each once, in order of priority."""
        return tuple(dict.fromkeys(i for match in self.used for i in match.donors))

    def protons(self, mol: Chem.Mol) -> dict[int, str]:
        """Donors that carry no proton in the bound form: atom and name of the motif."""
        lost: dict[int, str] = {}
        for match in self.used:
            bare = [i for m in self.used if m.motif == match.motif for i in m.deprotonated]
            gone = sum(mol.GetAtomWithIdx(i).GetFormalCharge() < 0 for i in bare)
            most = len(bare) if match.motif.most is None else match.motif.most
            already = sum(why == match.motif.name for why in lost.values())
            for i in match.deprotonated:
                has = mol.GetAtomWithIdx(i).GetTotalNumHs() > 0
                if has and i not in lost and gone + already < most:
                    lost[i] = match.motif.name
                    already += 1
        return lost


def find_sites(mol: Chem.Mol, rules: Rules) -> Sites:
    """Which motifs of `rules` give the donors of `mol`.

    Parameters
    ----------
    mol
        Hydrogens implicit.
    """
    paths = Paths(mol)
    chelates: list[Match] = []
    singles: list[Match] = []
    rest: list[Match] = []
    for match in all_matches(mol, rules, "chelate"):
        _accept(match, chelates, rest, paths)
    for match in all_matches(mol, rules, "single"):
        _accept(match, singles, rest, paths)
    taken = {i for match in chelates for i in match.donors}
    singles = [m for m in singles if not taken & set(m.donors)]
    blocks = _blocks(chelates)
    groups = [[match] for match in singles]
    starts = blocks or groups
    if not starts:
        return Sites(())
    grown = [_grown(start, [*blocks, *groups], paths) for start in starts]
    best = max(grown, key=lambda site: site.score)
    others: list[list[Match]] = blocks or [
        s.matches for s in grown if paths.share_macrocycle(s.donors, best.donors)
    ]
    bare = {i for m in (*chelates, *singles) for i in m.deprotonated}
    best = _widened(best, others, [*blocks, *groups], paths.written(bare))
    used = best.matches if blocks else _sole(best.matches)
    donors = {i for match in used for i in match.donors}
    passed, apart = (
        tuple(m for m in found if not donors & set(m.donors))
        for found in (rest, [*chelates, *singles])
    )
    return Sites(tuple(used), passed, apart)


# --- which matches count ----------------------------------------------------------------------


def _accept(match: Match, used: list[Match], passed_over: list[Match], paths: Paths) -> None:
    """Sort one match into `used` or `passed_over`."""
    donors = {i for m in used for i in m.donors}
    overlap = donors & set(match.donors)
    if overlap == set(match.donors):
        return
    if match.group is not None and match.group in {m.group for m in used}:
        return
    crowded = overlap and not paths.fits(match, [m for m in used if overlap & set(m.donors)])
    if crowded or overlap - set(match.numbered(match.motif.shared)):
        passed_over.append(match)
    else:
        used.append(match)


def _blocks(chelates: Iterable[Match]) -> list[list[Match]]:
    """Chelates that share donors, together; in the order of their first."""
    blocks: list[list[Match]] = []
    for match in chelates:
        joined = [b for b in blocks if any(set(m.donors) & set(match.donors) for m in b)]
        blocks = [b for b in blocks if b not in joined]
        blocks.append([m for block in joined for m in block] + [match])
    return blocks


def _sole(used: Sequence[Match]) -> list[Match]:
    """A lone single group may bind through further atoms."""
    if len(used) != 1 or not used[0].form.sole:
        return list(used)
    (match,) = used
    return [replace(match, donors=match.donors + match.numbered(match.form.sole))]


# --- growth -----------------------------------------------------------------------------------


@dataclass
class _Site:
    """Matches that bind together, and how often a bond is part of a chelate ring."""

    paths: Paths
    matches: list[Match] = field(default_factory=list)
    donors: list[int] = field(default_factory=list)
    bonds: Counter[tuple[int, int]] = field(default_factory=Counter)
    limits: dict[int, tuple[int, bool]] = field(default_factory=dict)

    def add(self, block: Sequence[Match]) -> None:
        """Take up matches, with the chelate rings that they close."""
        for match in block:
            new = [i for i in match.donors if i not in self.donors]
            rings = [ring[2] for i in new for ring in self._rings(i, match)][:1]
            for path in [*self.paths.inner(match), *rings]:
                self.bonds.update(ends(path))
            self.limits |= dict.fromkeys(new, _limit(match))
            self.donors += new
            self.matches.append(match)

    def reached(self, block: Sequence[Match]) -> tuple[bool, int] | None:
        """Of the best ring that joins a block, as below; None where there is none."""
        return min(
            (r[:2] for m in block for i in m.donors for r in self._rings(i, m)), default=None
        )

    def _rings(self, new: int, match: Match) -> list[tuple[bool, int, list[int]]]:
        """Chelate rings to a new donor: whether a bond is used twice, members, path."""
        ring, weak = _limit(match)
        found = []
        for old in self.donors:
            limit, old_weak = self.limits[old]
            path = self.paths.chelating(old, new, min(limit, ring))
            if path is None or set(path[1:-1]) & set(self.donors):
                continue
            times = self.bonds[old, path[1]]
            if times and (
                weak or old_weak or times >= MOST_RINGS or not self.paths.fits_twice(path)
            ):
                continue
            found.append((bool(times), len(path) + 1, path))
        return sorted(found)

    @property
    def score(self) -> tuple[float, int]:
        """Sum of the donors' strengths, and how many have lost their proton already."""
        bare = self.paths.charged(self.donors)
        return sum(strength(match) for match in self.matches), bare


def strength(match: Match) -> float:
    """How much a match counts where sites of a ligand compete."""
    if match.motif.strength is not None:
        return match.motif.strength
    anionic = len(match.deprotonated)
    return _ANIONIC * anionic + _NEUTRAL * (len(match.donors) - anionic)


def _limit(match: Match) -> tuple[int, bool]:
    """Members of the largest ring that a match closes with others, and whether it is weak."""
    motif = match.motif
    return (motif.ring if motif.kind == "single" else LARGEST_RING), motif.weak


def _grown(start: Sequence[Match], blocks: Sequence[Sequence[Match]], paths: Paths) -> _Site:
    """The site of `start` with all that reach its metal."""
    site = _Site(paths)
    site.add(start)
    waiting = [block for block in blocks if block is not start]
    while True:
        groups = {match.group for match in site.matches} - {None}
        open_to = []
        for place, block in enumerate(waiting):
            new = {i for m in block for i in m.donors} - set(site.donors)
            if not new or any(m.group in groups for m in block):
                continue
            key = site.reached(block)
            if key is not None and len(site.donors) + len(new) <= _FULL:
                open_to.append((key[0], place))
        if not open_to:
            return site
        site.add(waiting.pop(min(open_to)[1]))


def _widened(
    site: _Site,
    others: Sequence[Sequence[Match]],
    blocks: Sequence[Sequence[Match]],
    written: tuple[str, dict[int, int]],
) -> _Site:
    """`site` with those of `others` that a flexible chain lets reach the same metal."""
    (smiles, order), paths = written, site.paths

    def joined(more: Sequence[Match]) -> _Site | None:
        start = [*site.matches, *more]
        donors = tuple(sorted({order[i] for m in start for i in m.donors}))
        if len(donors) > _FULL:
            return None
        cost = bending_cost(smiles, donors)
        can = cost is not None and cost <= MAX_COST
        return _grown(start, [start, *blocks], paths) if can else None

    def between(other: Sequence[Match]) -> int:
        return min(paths.bonds(i, j) for m in other for i in m.donors for j in site.donors)

    # All at once, as they most often can; else one after the other, the nearest first.
    waiting = [other for other in others if between(other) > _NEAR]
    if len(waiting) > 1 and (whole := joined([m for other in waiting for m in other])):
        return whole
    while waiting:
        nearest = min(waiting, key=between)
        waiting.remove(nearest)
        if _NEAR < between(nearest) <= _FAR:
            site = joined(nearest) or site
    return site
