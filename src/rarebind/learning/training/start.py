"""The network that training starts from: another training's, or that of a model."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from rarebind.errors import InputError
from rarebind.learning.data.sample import Sample
from rarebind.learning.data.split import Split, load_split
from rarebind.learning.settings.config import TrainingConfig
from rarebind.learning.settings.emit import START, Statistics, network
from rarebind.learning.training.folder import BEST, SPLIT, check_checkpoint

#: Arguments in which the two networks may differ: the new one takes them over, or does without.
_OWN = {
    "seed", "avg_num_neighbors", "per_type_energy_scales", "per_type_energy_shifts",
    "descriptor_scales", "do_derivatives",
}  # fmt: skip


def copy_start(
    config: TrainingConfig, folder: Path, split: Split, samples: Iterable[Sample]
) -> Mapping[str, Any] | None:
    """Copy the weights that training starts from to the run in `folder`.

    Parameters
    ----------
    split, samples
        Of the training that begins.

    Returns
    -------
    Mapping
        How their network is built, plain data; None where training starts from random weights.

    Raises
    ------
    InputError
        There is no such network, it is another one than the configuration describes, or it has
        learned from what this split keeps for tests.
    """
    if config.start_from is None:
        return None
    import torch

    old, weights, learned = _read(config.start_from)
    names = dict.fromkeys(old["type_names"], 0.0)
    new = network(config, Statistics(names, 1.0, 1.0, {}, 1))
    different = sorted(
        key for key in (new.keys() | old.keys()) - _OWN if new.get(key) != old.get(key)
    )
    if different:
        raise InputError(
            f"start_from: the network of {config.start_from} differs in {', '.join(different)}: "
            "give the same preset and overrides"
        )
    _check_unseen(config, learned, split, samples)
    torch.save({name: torch.as_tensor(value) for name, value in weights.items()}, folder / START)
    return old


def in_order(shifts: Mapping[str, float], names: Sequence[str]) -> dict[str, float]:
    """Shifts of the elements of the network that training starts from.

    Parameters
    ----------
    shifts
        In eV by symbol.
    names
        Elements of that network, in the order in which they are numbered.

    Returns
    -------
    dict
        In eV by symbol, in the order of `names`; 0 for an element without a shift.

    Raises
    ------
    InputError
        The network has no place for an element.
    """
    if unknown := sorted(set(shifts) - set(names)):
        raise InputError(
            f"start_from: its network has no place for {', '.join(unknown)}; it has "
            f"{', '.join(names)}"
        )
    return {name: shifts.get(name, 0.0) for name in names}


def inherit(statistics: Statistics, old: Mapping[str, Any]) -> Statistics:
    """What weights were learned with goes with them; shifts are the new data's own."""
    return replace(
        statistics,
        neighbours=old["avg_num_neighbors"],
        scale=old["per_type_energy_scales"],
        descriptor_scales=old.get("descriptor_scales"),
    )


def _check_unseen(
    config: TrainingConfig, learned: Split, split: Split, samples: Iterable[Sample]
) -> None:
    """See that what the new training is tested on is new to the network that it starts from."""
    samples = list(samples)
    # What has chosen among its epochs is not unseen, nor is it what the new one may choose by.
    used = {"test": {"train", "val"}, "external": {"train", "val"}, "val": {"train"}}
    seen = {
        sample.origin
        for sample in samples
        if learned.parts.get(sample.origin) in used.get(split.parts[sample.origin], ())
    }
    if split.by_ligand:
        known = {s.inchikey for s in samples if learned.parts.get(s.origin) == "train"}
        held = {"test", "external", "val"}
        seen |= {s.origin for s in samples if s.inchikey in known and split.parts[s.origin] in held}
    if seen:
        raise InputError(
            f"start_from: {config.start_from} has learned from, or been chosen by, {len(seen)} of "
            "the complexes that this split keeps for validation and tests: give the split that it "
            "was trained on (`split: {file: split.json}` of its folder), or another start"
        )


def _read(path: Path) -> tuple[Mapping[str, Any], Mapping[str, Any], Split]:
    """Network, weights and split of a run or of the first member of a model."""
    if path.is_dir():
        from rarebind.learning.nequip.checkpoint import read_checkpoint

        check_checkpoint(path, BEST)
        found = read_checkpoint(path / BEST)
        return found.network, found.weights, load_split(path / SPLIT)
    from rarebind.learning.release.model_file import read_model

    content = read_model(path)
    return content.network, content.members[0], content.split
