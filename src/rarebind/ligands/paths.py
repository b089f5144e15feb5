"""Chelate rings that two donors of a molecule could close, from the shortest path between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom

from rarebind.ligands.forms import deprotonated

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rarebind.ligands.motifs import Match

#: Members, metal included, of chelate rings between donors; a group may say its own largest.
SMALLEST_RING, LARGEST_RING = 5, 7
#: Donors further apart than this in every conformer, in Å, share no chelate ring.
_BITE = 3.2
#: Donors of a ring of fewer members than this do not chelate across it.
_OPEN_RING = 9
#: Atoms of a flat ring on a path between donors: more, and the ring holds them apart.
_ORTHO = 2
#: Chelate rings at most that one bond is part of.
MOST_RINGS = 2
_TRANS = frozenset({Chem.BondStereo.STEREOE, Chem.BondStereo.STEREOTRANS})
_SIDES = _TRANS | {Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOCIS}


def ends(path: Sequence[int]) -> list[tuple[int, int]]:
    """The bonds of a path's two donors, from the donor on."""
    return [(path[0], path[1]), (path[-1], path[-2])]


class Paths:
    """Shortest paths in a molecule, and what is known of the distances over them."""

    def __init__(self, mol: Chem.Mol) -> None:
        self._mol = mol
        self._lengths = Chem.GetDistanceMatrix(mol)
        self._rings = [set(ring) for ring in mol.GetRingInfo().AtomRings()]

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        """Å: largest distances above the diagonal, smallest below it."""
        with rdBase.BlockLogs():
            bounds: NDArray[np.float64] = rdDistGeom.GetMoleculeBoundsMatrix(self._mol)
        return bounds

    def written(self, bare: Iterable[int]) -> tuple[str, dict[int, int]]:
        """SMILES without the protons of some atoms, and where all atoms stand in it."""
        acids = [i for i in bare if self._mol.GetAtomWithIdx(i).GetTotalNumHs()]
        mol = deprotonated(self._mol, acids)
        smiles = Chem.MolToSmiles(mol)
        order = mol.GetPropsAsDict(True, True)["_smilesAtomOutputOrder"]
        return smiles, {old: new for new, old in enumerate(order)}

    def share_macrocycle(self, one: Sequence[int], other: Sequence[int]) -> bool:
        """Whether donors of both sites, of several each, are in or on one large ring."""
        return min(len(one), len(other)) > 1 and any(
            all(any(self._lengths[i, j] <= 1 for i in site for j in ring) for site in (one, other))
            for ring in self._rings
            if len(ring) >= _OPEN_RING
        )

    def bonds(self, i: int, j: int) -> int:
        """Bonds between two atoms."""
        return int(self._lengths[i, j])

    def charged(self, atoms: Iterable[int]) -> int:
        """How many of the atoms are anions."""
        return sum(self._mol.GetAtomWithIdx(i).GetFormalCharge() < 0 for i in atoms)

    def is_flat(self, i: int) -> bool:
        """Whether all bonds of an atom lie in a plane."""
        return self._mol.GetAtomWithIdx(i).GetHybridization() == Chem.HybridizationType.SP2

    def fits_twice(self, path: Sequence[int]) -> bool:
        """Whether a chelate ring may close through a bond of another, the path's first."""
        if not self.is_flat(path[1]):
            return len(path) + 1 <= LARGEST_RING
        # Two arms beside an N-oxide or the like reach its oxygen from above and below.
        return len(path) + 1 == LARGEST_RING and bool(
            self._mol.GetAtomWithIdx(path[1]).GetIsAromatic()
        )

    def chelating(self, i: int, j: int, largest: int) -> list[int] | None:
        """The path between two donors that closes a chelate ring; None where it closes none."""
        members = self.bonds(i, j) + 2
        if not SMALLEST_RING <= members <= largest:
            return None
        path = list(Chem.GetShortestPath(self._mol, i, j))
        if any(self._spreads(ring, path) for ring in self._rings) or self._is_trans(path):
            return None
        return path if self._bounds[max(i, j), min(i, j)] <= _BITE else None

    def _spreads(self, ring: set[int], path: Sequence[int]) -> bool:
        """Whether a ring holds the ends of a path apart."""
        shared = ring.intersection(path)
        flat = len(shared) > _ORTHO and all(self.is_flat(i) for i in ring)
        return len(ring) < _OPEN_RING and (flat or len(shared) == len(path))

    def _is_trans(self, path: Sequence[int]) -> bool:
        """Whether a double bond has the path leave it on opposite sides."""
        for before, i, j, after in zip(path, path[1:], path[2:], path[3:], strict=False):
            bond = self._mol.GetBondBetweenAtoms(i, j)
            if bond.GetStereo() not in _SIDES:
                continue
            marks = list(bond.GetStereoAtoms())
            marks = marks if bond.GetBeginAtomIdx() == i else marks[::-1]
            swapped = (before != marks[0]) != (after != marks[1])
            if (bond.GetStereo() in _TRANS) != swapped:
                return True
        return False

    def inner(self, match: Match) -> list[list[int]]:
        """Paths of the chelate rings within a match."""
        found = (list(Chem.GetShortestPath(self._mol, i, j)) for i, j in pairwise(match.donors))
        return [path for path in found if len(path) > 1]

    def fits(self, match: Match, others: Iterable[Match]) -> bool:
        """Whether the chelate rings of a match have room beside those of others."""
        bonds = Counter(end for m in others for path in self.inner(m) for end in ends(path))
        return all(
            not bonds[bond] or (bonds[bond] < MOST_RINGS and not self.is_flat(bond[1]))
            for path in self.inner(match)
            for bond in ends(path)
        )
