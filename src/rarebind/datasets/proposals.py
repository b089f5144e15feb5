"""Ligands that no catalogue has, found by their structures alone: offered, never taken for granted.

Bond orders follow from a geometry once the charge is known.  That follows from the balance of a
frame that says its charge, M3+ and what is recognised; else from which charges have bond orders at
all, which may be several: a catecholate and its quinone have the same atoms and bonds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from rdkit import Chem

from rarebind.datasets.infer import Fingerprint, UnknownFragment, UnknownFragmentsError
from rarebind.errors import InputError
from rarebind.ligands import parse_ligand, perceived
from rarebind.structures import hill_formula

#: Charges of a bound ligand that are tried.
_CHARGES = (0, -1, -2, -3, -4)


@dataclass(frozen=True)
class Proposal:
    """A ligand that is in a file and in no catalogue.

    Attributes
    ----------
    formula
        Of its bound form.
    smiles
        By charge, those that are possible; the donors, as bound in the file, are numbered.
    frames
        In which it is.
    charge
        What it has: by balance, or the only one that is possible; None where several are.
    """

    formula: str
    smiles: dict[int, str]
    frames: int
    charge: int | None


@dataclass
class _Kind:
    """A fragment that is unknown, and what was found about it."""

    example: UnknownFragment
    frames: int = 0
    balanced: set[int] = field(default_factory=set)

    @cached_property
    def smiles(self) -> dict[int, str]:
        """By charge, where there are bond orders that make a ligand."""
        found = {charge: _smiles(self.example, charge) for charge in _CHARGES}
        return {charge: smiles for charge, smiles in found.items() if smiles}

    def proposal(self) -> Proposal:
        charges = self.balanced or set(self.smiles)
        charge = next(iter(charges)) if len(charges) == 1 else None
        formula = hill_formula(self.example.fragment.symbols)
        return Proposal(formula, self.smiles, self.frames, charge)


class Proposals:
    """Collects the unknown fragments of a file, frame by frame."""

    def __init__(self) -> None:
        self._kinds: dict[Fingerprint, _Kind] = {}

    def add(self, frame: UnknownFragmentsError, charge: int | None) -> None:
        """Take note of what a frame has.

        Parameters
        ----------
        charge
            Of the whole frame, in e; None where it is not said.
        """
        counts = Counter(one.fingerprint for one in frame.unknown)
        for one in frame.unknown:
            self._kinds.setdefault(one.fingerprint, _Kind(one))
        kinds = [self._kinds[fingerprint] for fingerprint in counts]
        for kind in kinds:
            kind.frames += 1
        if charge is None:
            return
        fitting = _balanced(kinds, list(counts.values()), charge - frame.known_charge)
        if len(fitting) == 1:
            for kind, balanced in zip(kinds, fitting[0], strict=True):
                kind.balanced.add(balanced)

    def found(self) -> tuple[Proposal, ...]:
        """Ligands that some charge makes possible, the most frequent first."""
        kinds = sorted(self._kinds.values(), key=lambda kind: -kind.frames)
        return tuple(kind.proposal() for kind in kinds if kind.smiles)


def _balanced(kinds: Sequence[_Kind], numbers: Sequence[int], total: int) -> list[tuple[int, ...]]:
    """Charges of each kind that add up to `total`."""
    return [
        charges
        for charges in product(*(kind.smiles for kind in kinds))
        if sum(n * charge for n, charge in zip(numbers, charges, strict=True)) == total
    ]


def _smiles(one: UnknownFragment, charge: int) -> str:
    """SMILES with numbered donors; empty where no ligand has this charge."""
    mol = perceived(one.fragment, charge)
    if mol is None:
        return ""
    for number, donor in enumerate(one.donors, start=1):
        mol.GetAtomWithIdx(donor).SetAtomMapNum(number)
    smiles = str(Chem.MolToSmiles(Chem.RemoveHs(mol)))
    try:
        ligand = parse_ligand(smiles)
    except InputError:
        return ""
    # Read again it has to be the same, with as many protons.
    return smiles if ligand.charge == charge else ""
