"""``rarebind train``: a network from a dataset, as a YAML file declares it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.table import Table

from rarebind.commands.progress import told
from rarebind.commands.text import terminal

if TYPE_CHECKING:
    from rarebind.learning.settings.config import TrainingConfig
    from rarebind.learning.training import Result

#: Sizes of a network that a dry run shows.
_SHOWN = (
    "r_max", "l_max", "num_layers", "num_scalar_features", "num_tensor_features", "signs",
    "atom_descriptor", "metal_descriptors", "force_weight", "learning_rate", "batch_size",
    "max_epochs",
)  # fmt: skip


def train(
    config: Annotated[Path, typer.Argument(help="YAML file of the training; see configs/train/.")],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Of the run; default: rarebind-train/CONFIG, with --fold CONFIG-fold-K.",
        ),
    ] = None,
    fold: Annotated[
        int | None,
        typer.Option(
            metavar="K",
            help="Of the split, instead of CONFIG's split.fold: folds from 0 on have disjoint test "
            "parts, which together are everything.",
        ),
    ] = None,
    max_time: Annotated[
        str | None, typer.Option(help="Stop before this is over, e.g. 2h; the same call goes on.")
    ] = None,
    threads: Annotated[int | None, typer.Option(help="Of a process on CPUs.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be learned; train nothing.")
    ] = False,
) -> None:
    """Train a network; called again, it goes on where it ended."""
    from rarebind.errors import InputError
    from rarebind.learning.settings.config import load_training_config, parse_duration
    from rarebind.learning.training import train as train_network

    wanted = load_training_config(config)
    if threads is not None and threads < 1:
        raise InputError(f"threads must be at least 1, got {threads}")
    seconds = parse_duration(wanted.max_time if max_time is None else max_time)
    if fold is not None:
        wanted = wanted.with_fold(fold)
    if threads is not None:
        wanted = wanted.model_copy(update={"threads": threads})
    if dry_run:
        _show_plan(wanted)
        return
    name = config.stem if fold is None else f"{config.stem}-fold-{fold}"
    folder = out or Path("rarebind-train") / name
    with told("starting") as tell:
        result = train_network(
            wanted, folder, seconds=seconds, on_stage=tell.stage, on_progress=tell.training
        )
    again = ["rarebind", "train", str(config)]
    again += ["--out", str(out)] if out else []
    again += ["--fold", str(fold)] if fold is not None else []
    _show_result(result, folder, shlex.join(again))


def _show_plan(config: TrainingConfig) -> None:
    from rarebind.learning.training import load_material

    with told(f"reading {config.data}"):
        material = load_material(config)
    console = terminal()
    base = f" less {config.base}" if config.base else ""
    console.print(f"{config.target} at {material.level}{base}", soft_wrap=True)
    table = Table(box=SIMPLE)
    table.add_column("Part")
    for heading in ("Complexes", "Geometries"):
        table.add_column(heading, justify="right")
    geometries = {"train": len(material.train), "val": len(material.val)}
    for part, number in material.split.counts.items():
        table.add_row(part, str(number), str(geometries.get(part, "–")))
    console.print(table)
    split = material.split
    fold = f", fold {split.fold}" if split.fold else ""
    console.print(f"Split: {split.kind}{fold}, {split.digest[:12]}")
    preset = config.resolved.model_dump()
    shown = ", ".join(f"{name} {preset[name]}" for name in _SHOWN)
    console.print(f"Preset {config.preset}: {shown}", soft_wrap=True)


def _show_result(result: Result, folder: Path, again: str) -> None:
    from rarebind.learning import load_split
    from rarebind.learning.release.model_file import SUFFIX
    from rarebind.learning.training import SPLIT
    from rarebind.units import KCAL_PER_EV

    console = terminal()
    if result.history:
        best = min(result.history, key=lambda epoch: epoch.val_mae)
        console.print(
            f"{len(result.history)} epochs; best validation MAE "
            f"{best.val_mae * KCAL_PER_EV:.2f} kcal/mol in epoch {best.number}",
        )
    console.print(f"Run: {result.folder}", soft_wrap=True)
    if not result.finished:
        console.print(f"Not finished; to go on: {again}", soft_wrap=True)
    if result.history:
        package = ["rarebind", "package", str(folder), "--out", f"{result.folder.name}{SUFFIX}"]
        if not load_split(result.folder / SPLIT).by_ligand:
            # Errors of new ligands are not to be had from ligands that were seen.
            package.append("--no-uncertainty")
        text = f"To make a model file of it: {shlex.join(package)}"
        console.print(text, soft_wrap=True)
