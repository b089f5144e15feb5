"""Which complexes a model learns from, and on which it is tested.

A random split puts nearly every test ligand into the training set, with other metals and
geometries.  The other splits leave out whole ligands, substituents, scaffolds or metals.

Kinds that draw what they leave out have folds: splits whose test parts are disjoint and together
all there is, so that models of all folds make a prediction of everything without having seen it.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rarebind.errors import InputError
from rarebind.learning.data.samples import Sample

#: What a complex can be for; ``external`` ones are kept out of the other three by every split.
PARTS = ("train", "val", "test", "external")
#: Kinds of split, and what they tell of a model.
SPLITS = {
    "random": "complexes at random: ligands of the test are known with other metals",
    "leave-ligand-out": "whole ligands: new combinations of scaffold and substituent",
    "leave-substituent-out": "whole substituents, on every scaffold",
    "leave-scaffold-out": "chosen scaffolds",
    "leave-metal-out": "chosen metals",
}
#: What the splits hold out whose test is chosen by name.
_CHOSEN = {"leave-scaffold-out": "scaffold", "leave-metal-out": "metal"}
#: The study's ligand from outside its library.
_EXTERNAL = "HDEV"
#: Fewest complexes that anything is learned from.
_FEWEST = 10
#: With fewer metals than this beside the held-out ones, none is spared for validation.
_FEWEST_METALS = 4
_NAMED = 3


@dataclass(frozen=True)
class Split:
    """Complexes by what they are for.

    Attributes
    ----------
    kind
        One of :data:`SPLITS`.
    seed
    held_out
        Scaffolds or metals that the test consists of; empty for the other kinds.
    fractions
        Of training, validation and test that were asked for.  With chosen groups only the ratio
        of the first two counts.
    parts
        One of :data:`PARTS` by the key of the record whose geometry a complex has, so that a split
        holds for every level of theory.
    fold
        Which of the splits whose test parts are disjoint; 0 for kinds without folds.

    Raises
    ------
    InputError
        A kind, part, fraction or fold is none.
    """

    kind: str
    seed: int
    held_out: tuple[str, ...]
    fractions: tuple[float, float, float]
    parts: Mapping[str, str]
    fold: int = 0

    def __post_init__(self) -> None:
        if self.kind not in SPLITS:
            raise InputError(f"unknown split {self.kind!r}: known are {', '.join(SPLITS)}")
        if unknown := sorted(set(self.parts.values()) - set(PARTS)):
            raise InputError(f"unknown part {unknown[0]!r}: known are {', '.join(PARTS)}")
        _check_fractions(self.fractions)
        if self.fold < 0:
            raise InputError(f"folds are counted from 0, got {self.fold}")
        object.__setattr__(self, "held_out", tuple(self.held_out))
        object.__setattr__(self, "fractions", tuple(self.fractions))
        object.__setattr__(self, "parts", dict(sorted(self.parts.items())))

    @property
    def digest(self) -> str:
        """SHA-256 of which complex is in which part."""
        lines = "".join(f"{key} {part}\n" for key, part in sorted(self.parts.items()))
        return hashlib.sha256(lines.encode()).hexdigest()

    @property
    def by_ligand(self) -> bool:
        """Whether no ligand is in two parts."""
        return self.kind not in {"random", "leave-metal-out"}

    @property
    def counts(self) -> dict[str, int]:
        """Complexes in each part."""
        found = Counter(self.parts.values())
        return {part: found[part] for part in PARTS}

    def known(self, samples: Iterable[Sample]) -> list[Sample]:
        """Those of `samples` that have a part, in their order.

        The others came to the data after the split was made.

        Raises
        ------
        InputError
            None has one: the split was made for other data.
        """
        samples = list(samples)
        found = [sample for sample in samples if sample.origin in self.parts]
        if samples and not found:
            raise self._made_for_other_data(samples)
        return found

    def of(self, samples: Iterable[Sample], part: str) -> list[Sample]:
        """The `samples` of one part, in their order.

        Raises
        ------
        InputError
            There is no such part, or the split was made for other data.
        """
        if part not in PARTS:
            raise InputError(f"unknown part {part!r}: known are {', '.join(PARTS)}")
        samples = list(samples)
        if any(sample.origin not in self.parts for sample in samples):
            raise self._made_for_other_data(samples)
        return [sample for sample in samples if self.parts[sample.origin] == part]

    def _made_for_other_data(self, samples: Iterable[Sample]) -> InputError:
        keys = {sample.origin: None for sample in samples}
        missing = [key[:12] for key in keys if key not in self.parts]
        return InputError(
            f"{len(missing)} of {len(keys)} complexes are not in this {self.kind} split (records "
            f"{', '.join(missing[:_NAMED])}{', …' if len(missing) > _NAMED else ''}), which was "
            "made for other data: use the dataset that it was made from, or make a new split of "
            "these"
        )


def make_split(
    samples: Iterable[Sample],
    kind: str,
    *,
    seed: int = 111111,
    fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
    held_out: Sequence[str] = (),
    external: Sequence[str] = (_EXTERNAL,),
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
        Scaffolds whose ligands are in none of the three.
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
    # By InChIKey, so that such a ligand stays outside under whatever name it occurs.
    ligands_outside = {s.inchikey for s in complexes.values() if s.scaffold in external}
    inside = [s for s in complexes.values() if s.inchikey not in ligands_outside]
    problems = _problems(complexes.values(), inside, kind, held_out, external)
    if kind in _CHOSEN and fold:
        problems.append(f"{kind} tests on what is chosen, so there is no fold {fold}: leave it out")
    if problems:
        raise InputError(problems)
    _check_fractions(fractions)
    train, val, test = fractions
    parts = dict.fromkeys(complexes, "external")
    if kind in _CHOSEN:
        chosen = _CHOSEN[kind]
        rest = [s for s in inside if getattr(s, chosen) not in held_out]
        parts |= {s.origin: "test" for s in inside if getattr(s, chosen) in held_out}
        by_metal = chosen == "metal" and len({s.metal for s in rest}) >= _FEWEST_METALS
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
    split = Split(kind, seed, tuple(sorted(set(held_out))), fractions, parts, fold)
    counts = split.counts
    if counts["train"] < _FEWEST or not counts["val"] or not counts["test"]:
        found = ", ".join(f"{part} {number}" for part, number in counts.items())
        raise InputError(
            f"these {len(complexes)} complexes are too few for a {kind} split ({found}): training "
            f"needs {_FEWEST}, validation and test 1 each; give more complexes, other fractions "
            "or hold out less"
        )
    return split


def _check_fractions(fractions: Sequence[float]) -> None:
    if (
        len(fractions) != len(PARTS) - 1
        or not all(0 < fraction < 1 for fraction in fractions)
        or not math.isclose(sum(fractions), 1)
    ):
        raise InputError(
            "fractions of training, validation and test are three numbers above 0 whose sum is 1, "
            f"not {', '.join(map(str, fractions))}"
        )


def _problems(
    complexes: Iterable[Sample],
    inside: Iterable[Sample],
    kind: str,
    held_out: Sequence[str],
    external: Sequence[str],
) -> list[str]:
    if kind not in SPLITS:
        return [f"unknown split {kind!r}: known are {', '.join(SPLITS)}"]
    scaffolds = {sample.scaffold for sample in complexes}
    problems = [
        f"there is no scaffold {name!r} to keep outside: known are {_listed(scaffolds)}"
        for name in external
        # The default need not occur.
        if name not in scaffolds | {_EXTERNAL}
    ]
    if kind not in _CHOSEN:
        if held_out:
            problems.append(
                f"{kind} draws what it leaves out, so {', '.join(held_out)} cannot be held out: "
                f"that goes with {' and '.join(_CHOSEN)}"
            )
        return problems
    name = _CHOSEN[kind]
    known = {str(getattr(sample, name)) for sample in inside}
    if not held_out:
        problems.append(f"{kind} needs a {name} to hold out: known are {_listed(known)}")
    return problems + [
        f"there is no {name} {other!r} to hold out: known are {_listed(known)}"
        for other in held_out
        if other not in known or not other
    ]


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(name for name in names if name)) or "none"


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
