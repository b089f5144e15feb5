"""Which complexes a model learns from, and on which it is tested.

A random split puts nearly every test ligand into the training set, with other metals and
geometries.  The other splits leave out whole ligands, substituents, scaffolds or metals.  The
scaffold of a ligand is that of the library, by its name, or else its rings and what links them
(Bemis and Murcko, J. Med. Chem. 1996, 39, 2887), as SMILES.

Kinds that draw what they leave out have folds: splits whose test parts are disjoint and together
all there is, so that models of all folds make a prediction of everything without having seen it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

from rarebind.errors import InputError
from rarebind.learning.data.samples import Sample
from rarebind.learning.data.split import SPLITS, Split, check_fractions
from rarebind.ligands import scaffolds

#: Fewest complexes that anything is learned from.
_FEWEST = 10
#: With fewer metals than this beside the held-out ones, none is spared for validation.
_FEWEST_METALS = 4
_NAMED = 3
#: The scaffold of ligands without rings.
_ACYCLIC = "acyclic"


def make_split(
    samples: Iterable[Sample],
    kind: str,
    *,
    seed: int = 111111,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    held_out: Sequence[str] = (),
    external: Sequence[str] | None = None,
    fold: int = 0,
) -> Split:
    """Divide the complexes of `samples`; all geometries of one come into the same part.

    Parameters
    ----------
    samples
        In any order: it does not matter.
    kind
        One of :data:`SPLITS`.
    seed
        Another seed gives another split; of the chosen groups, another validation set.
    fractions
        Of training, validation and test: of the complexes for ``random``, otherwise of the
        ligands or substituents.  Where the test is chosen, the first two divide the rest: by
        metals for ``leave-metal-out`` if there are at least four others, by ligands otherwise.
    held_out
        Scaffolds or metals that the test consists of, for ``leave-scaffold-out`` and
        ``leave-metal-out``.
    external
        Scaffolds whose ligands are in none of the three; default: those that the library keeps for
        a last test, where they occur.
    fold
        For kinds that draw what they leave out: with K = 1/test, rounded and at least 2, the test
        parts of folds 0 to K - 1 are disjoint, and together all that is not external.  Fold 0 has
        the test fraction that was asked for, the others divide the rest evenly.

    Raises
    ------
    InputError
        The kind is unknown, `held_out` does not go with it, a name does not occur, there is no
        such fold, or a part would be too small: less than 10 complexes to learn from, or none in
        another.
    """
    complexes = {sample.origin: sample for sample in samples}
    if kind not in SPLITS:
        raise InputError(f"unknown split {kind!r}: known are {', '.join(SPLITS)}")
    kept = [name for name, s in scaffolds().items() if s.external] if external is None else external
    # By InChIKey, so that such a ligand stays outside under whatever name it occurs.
    ligands_outside = {s.inchikey for s in complexes.values() if scaffold_of(s) in kept}
    inside = [s for s in complexes.values() if s.inchikey not in ligands_outside]
    problems = _problems(complexes.values(), inside, kind, held_out, external or ())
    if kind in _CHOSEN and fold:
        problems.append(f"{kind} tests on what is chosen, so there is no fold {fold}: leave it out")
    if problems:
        raise InputError(problems)
    check_fractions(fractions)
    train, val, test = fractions
    parts = dict.fromkeys(complexes, "external")
    if kind in _CHOSEN:
        what, of = _CHOSEN[kind]
        rest = [s for s in inside if of(s) not in held_out]
        parts |= {s.origin: "test" for s in inside if of(s) in held_out}
        by_metal = what == "metal" and len({s.metal for s in rest}) >= _FEWEST_METALS
        group = _metal if by_metal else _ligand
        names = _ranked(rest, group, seed)
        parts |= _dealt(rest, group, names, {"val": _number(val / (train + val), len(names))})
    else:
        group = {"random": _origin, "leave-ligand-out": _ligand}.get(kind, _substituent)
        names = _ranked(inside, group, seed)
        places = _test_places(len(names), test, fold)
        names = names[places.start :] + names[: places.start]
        sizes = {"test": len(places), "val": _number(val, len(names))}
        parts |= _dealt(inside, group, names, sizes)
    split = Split(
        kind=kind, seed=seed, held_out=tuple(sorted(set(held_out))), fractions=fractions,
        parts=parts, fold=fold,
    )  # fmt: skip
    counts = split.counts
    if counts["train"] < _FEWEST or not counts["val"] or not counts["test"]:
        found = ", ".join(f"{part} {number}" for part, number in counts.items())
        raise InputError(
            f"these {len(complexes)} complexes are too few for a {kind} split ({found}): training "
            f"needs {_FEWEST}, validation and test 1 each; give more complexes, other fractions "
            "or hold out less"
        )
    return split


def _problems(
    complexes: Iterable[Sample],
    inside: Iterable[Sample],
    kind: str,
    held_out: Sequence[str],
    external: Sequence[str],
) -> list[str]:
    there = {scaffold_of(sample) for sample in complexes}
    problems = [
        f"there is no scaffold {name!r} to keep outside: known are {_listed(there)}"
        for name in external
        if name not in there
    ]
    if kind not in _CHOSEN:
        if held_out:
            problems.append(
                f"{kind} draws what it leaves out, so {', '.join(held_out)} cannot be held out: "
                f"that goes with {' and '.join(_CHOSEN)}"
            )
        return problems
    name, of = _CHOSEN[kind]
    known = {of(sample) for sample in inside}
    if not held_out:
        problems.append(f"{kind} needs a {name} to hold out: known are {_listed(known)}")
    return problems + [
        f"there is no {name} {other!r} to hold out: known are {_listed(known)}"
        for other in held_out
        if other not in known
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"


def _ranked(samples: Iterable[Sample], group: Callable[[Sample], str], seed: int) -> list[str]:
    """Names of all groups, in an order that the seed decides."""

    # A hash gives the same order for every version of every library, and groups that are added
    # leave the others in theirs.
    def rank(name: str) -> str:
        return hashlib.sha256(f"{seed}|{name}".encode()).hexdigest()

    return sorted({group(sample) for sample in samples}, key=rank)


def _number(share: float, groups: int) -> int:
    return max(1, round(share * groups))


def _test_places(groups: int, share: float, fold: int) -> range:
    """Where the test of a fold lies among ranked groups."""
    # Each fold tests on a group at least.
    folds = max(1, min(groups, max(2, round(1 / share))))
    if not 0 <= fold < folds:
        known = f"the folds 0 to {folds - 1}" if folds > 1 else "fold 0 alone"
        raise InputError(
            f"there is no fold {fold}: {groups} groups with a test fraction of {share:g} have "
            f"{known}"
        )
    first = _number(share, groups)
    if not fold:
        return range(first)
    rest = groups - first
    start, end = (first + rest * number // (folds - 1) for number in (fold - 1, fold))
    return range(start, end)


def _dealt(
    samples: Iterable[Sample],
    group: Callable[[Sample], str],
    names: Sequence[str],
    sizes: Mapping[str, int],
) -> dict[str, str]:
    """Parts by key: of each but ``train`` so many groups, as they come in `names`."""
    part_of = dict.fromkeys(names, "train")
    start = 0
    for part, size in sizes.items():
        part_of |= dict.fromkeys(names[start : start + size], part)
        start += size
    return {sample.origin: part_of[group(sample)] for sample in samples}


def _origin(sample: Sample) -> str:
    return sample.origin


def _ligand(sample: Sample) -> str:
    return sample.inchikey


def _metal(sample: Sample) -> str:
    return sample.metal


def _substituent(sample: Sample) -> str:
    """The ligand itself where it is not of the library."""
    return sample.substituent or sample.inchikey


def scaffold_of(sample: Sample) -> str:
    """Name of the library's scaffold that the ligand has, or SMILES of its own."""
    return sample.scaffold or _murcko(sample.smiles)


@cache
def _murcko(smiles: str) -> str:
    from rdkit import Chem
    from rdkit.Chem.Scaffolds.MurckoScaffold import MurckoScaffoldSmiles

    found: str = MurckoScaffoldSmiles(mol=Chem.MolFromSmiles(smiles))  # type: ignore[no-untyped-call]
    return found or _ACYCLIC


#: What the splits hold out whose test is chosen by name.
_CHOSEN: dict[str, tuple[str, Callable[[Sample], str]]] = {
    "leave-scaffold-out": ("scaffold", scaffold_of),
    "leave-metal-out": ("metal", _metal),
}
