"""A model or baseline with the complexes that it is asked about, and what it says of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rarebind.errors import InputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from rarebind.datasets import Dataset
    from rarebind.evaluation import Outcome
    from rarebind.learning import Sample, Split
    from rarebind.learning.release.model import Model

_NAMED = 3


@dataclass(frozen=True, eq=False)
class Subject:
    """A model, and the samples and the split that it is asked about.

    Attributes
    ----------
    name, target, level, dataset, split_name
        As captions show them.
    """

    name: str
    target: str
    level: str
    dataset: Dataset
    samples: list[Sample]
    split: Split | None
    split_name: str
    model: Model | None
    baseline: str | None
    unseen: bool
    notes: tuple[str, ...]

    def of(self, part: str) -> list[Sample]:
        """The samples of a part; where there is no split, all are external.

        Raises
        ------
        InputError
            The model was trained on some of them, though `part` is not ``train``.
        """
        if self.split is None:
            return list(self.samples) if part == "external" else []
        found = self.split.of(self.samples, part)
        if self.model is None or part == "train" or self.split.digest == self.model.split.digest:
            return found
        known = self.model.split.parts
        seen = [sample for sample in found if known.get(sample.origin) in {"train", "val"}]
        if seen:
            names = ", ".join(f"{s.metal} {s.ligand} {s.geometry}" for s in seen[:_NAMED])
            raise InputError(
                f"{self.name} was trained on {len(seen)} of the {len(found)} complexes of the "
                f"{part} part ({names}{', …' if len(seen) > _NAMED else ''}), so that their errors "
                "say nothing of new ones: leave out --split to test it on what its own training "
                "left out, or ask for --part train"
            )
        return found

    def predict(
        self, samples: Sequence[Sample], on_done: Callable[[int], None]
    ) -> NDArray[np.float64]:
        """Targets of `samples` in eV: the mean over an ensemble."""
        if self.model is None:
            assert self.baseline is not None
            return self.predict_baseline(self.baseline, samples)
        from rarebind.learning.data.fragments import free_ligands

        model, level = self.model, self.model.card.level
        ligands = None
        if model.needs_ligands:
            ligands = free_ligands(
                self.dataset, level, {s.inchikey for s in samples}, model.atom_descriptor
            )
        found = model.predict(samples, ligands=ligands, unseen=self.unseen, on_done=on_done)
        mean: NDArray[np.float64] = found.mean(axis=0)
        return mean

    def predict_baseline(self, name: str, samples: Sequence[Sample]) -> NDArray[np.float64]:
        """Targets of `samples` in eV, by a baseline that learned from the training part."""
        from rarebind.learning.baselines import BASELINES

        assert self.split is not None
        fitted = BASELINES.create(name).fit(self.split.of(self.samples, "train"))
        found: NDArray[np.float64] = fitted.predict(samples)
        return found

    def familiar(self, parts: Sequence[str]) -> list[str]:
        """How many ligands of each part the training has seen, with whatever metal."""
        if self.split is None:
            return []
        split = self.split if self.model is None else self.model.split
        known = {s.inchikey for s in self.samples if split.parts.get(s.origin) == "train"}
        asked = {part: {s.inchikey for s in self.of(part)} for part in parts if part != "train"}
        return [
            f"{part}: {len(ligands & known)} of {len(ligands)} ligands are in the training part too"
            for part, ligands in asked.items()
        ]

    def about(self) -> dict[str, Any]:
        """More about the model, as plain data."""
        found: dict[str, Any] = {"split_hash": None if self.split is None else self.split.digest}
        if self.model is None:
            return found
        card = self.model.card.data()
        elements = ", ".join(f"{name} {n}" for name, n in self.model.card.elements.items() if n)
        versions = ", ".join(f"{name} {v}" for name, v in self.model.card.versions.items())
        return found | {
            "members": len(self.model.card.seeds),
            "data_hash": self.model.card.data_hash,
            "trained_on": elements,
            "versions": versions,
            "card": card,
        }


def outcomes_of(
    subject: Subject,
    parts: Sequence[str],
    baselines: Sequence[str],
    *,
    keep: Callable[[Sample], bool] = lambda _: True,
    on_total: Callable[[int], None] = lambda _: None,
    on_done: Callable[[str, int], None] = lambda *_: None,
) -> dict[str, dict[str, list[Outcome]]]:
    """What the model and the baselines say of each part.

    Parameters
    ----------
    keep
        Which samples are asked about.
    on_total
        Called with the number of predictions.
    on_done
        Called with the name of a model and the number of predictions it has just finished.

    Raises
    ------
    InputError
        A part is empty, or the model was trained on it.
    """
    from rarebind.evaluation import outcomes

    asked = {part: [s for s in subject.of(part) if keep(s)] for part in parts}
    if empty := [part for part, samples in asked.items() if not samples]:
        counts = ", ".join(f"{part} {n}" for part, n in part_counts(subject).items())
        raise InputError(
            f"the {' and the '.join(empty)} part of this split is empty ({counts}): choose another "
            "with --part, or another split with --split"
        )
    # One call for all parts: a baseline is fitted once.
    samples = [sample for members in asked.values() for sample in members]
    on_total(len(samples) * (1 + len(baselines)))
    found = {subject.name: subject.predict(samples, lambda n: on_done(subject.name, n))}
    for name in baselines:
        found[name] = subject.predict_baseline(name, samples)
        on_done(name, len(samples))
    result: dict[str, dict[str, list[Outcome]]] = {}
    start = 0
    for part, members in asked.items():
        end = start + len(members)
        result[part] = {
            name: outcomes(members, values[start:end], part) for name, values in found.items()
        }
        start = end
    return result


def part_counts(subject: Subject) -> dict[str, int]:
    """Complexes of each part."""
    from rarebind.learning import PARTS

    if subject.split is None:
        return {"external": len(subject.samples)}
    return {part: len(subject.split.of(subject.samples, part)) for part in PARTS}
