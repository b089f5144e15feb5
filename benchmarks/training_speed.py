"""Training samples a second: prepared graphs against plain `nequip-train`, in one run.

    python benchmarks/training_speed.py data --preset study-4 --graphs 200 --epochs 3
    python benchmarks/training_speed.py data --preset best
    python benchmarks/training_speed.py data --overrides '{"num_layers": 1, "batch_size": 8}'

All are `nequip-train` with the same network, optimiser, size of batches, seed and threads, on the
same complexes. "plain" reads extended XYZ with NequIP's ASEDataset and makes neighbour lists in its
transforms, as its documentation shows; "prepared" reads the graphs that `rarebind train` writes;
"like-sized" reads these in batches of complexes of about the same size. A network with additions to
Allegro cannot be trained plainly, so that row is missing for it. Epochs are timed by a callback, so
the rate is without start-up, which the time in all has. They take turns, so that a machine that
slows down slows all.
"""

from __future__ import annotations

import os

os.environ.update({"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"})

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import ase.io
import yaml
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from rarebind.datasets import Dataset
from rarebind.learning.data.samples import Sample
from rarebind.learning.nequip.memory import kept_memory
from rarebind.learning.settings.config import SplitChoice, TrainingConfig
from rarebind.learning.settings.emit import Statistics, nequip_config
from rarebind.learning.training import Material, load_material, prepare, read_run
from rarebind.studies.gupta2026.reproduce.subset import write_subset

LEVEL = "GFN2-xTB/ALPB(water)"
#: Of a dataset; the rest is validated and tested on.
_TRAINED = 0.8
#: Lines in a training's log with the seconds of each epoch.
_STAMP = "EPOCH-END"
PLAIN = "plain"
#: The environment of all but that.
KEPT = kept_memory(os.environ)


def main() -> None:
    arguments = _parser().parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        print("preparing", flush=True)
        config = _config(arguments, folder)
        material = load_material(config)
        configurations = _configurations(config, material, folder)
        rates: dict[str, list[float]] = {name: [] for name in configurations}
        walls: dict[str, list[float]] = {name: [] for name in configurations}
        for _ in range(arguments.rounds):
            for name, path in configurations.items():
                wall, epoch = _train(path, dict(os.environ) if name == PLAIN else KEPT)
                rates[name].append(len(material.train) / epoch)
                walls[name].append(wall)
                print(f"{name}: {rates[name][-1]:.1f} samples/s, {wall:.1f} s in all", flush=True)
    _show(rates)
    if arguments.json:
        arguments.json.write_text(json.dumps({"rates": rates, "walls": walls}, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--preset", default="study-4", choices=["study-2", "study-4", "best"])
    parser.add_argument("--overrides", type=json.loads, default={}, help="of the preset, JSON")
    parser.add_argument("--graphs", type=int, default=200, help="complexes to train on, about")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    return parser


def _config(arguments: argparse.Namespace, folder: Path) -> TrainingConfig:
    """On a part of the dataset, of all kinds in proportion."""
    number = round(arguments.graphs / _TRAINED)
    part = write_subset(Dataset(arguments.dataset), LEVEL, None, number, folder / "data")
    return TrainingConfig(
        data=part.folder,
        target="binding",
        level=LEVEL,
        split=SplitChoice(kind="random", fractions=(_TRAINED, 0.1, 0.1)),
        preset=arguments.preset,
        overrides=arguments.overrides | {"max_epochs": arguments.epochs},
        accelerator="cpu",
    )


def _configurations(config: TrainingConfig, material: Material, folder: Path) -> dict[str, Path]:
    """NequIP's YAML of each training, from one and the same."""
    (folder / "rarebind_benchmark_stamps.py").write_text(_STAMPS)
    run = folder / "run"
    run.mkdir()
    prepare(config, run)
    statistics = Statistics(**read_run(run)["statistics"])
    prepared = nequip_config(config, statistics, run)
    prepared["trainer"]["callbacks"] = [{"_target_": "rarebind_benchmark_stamps.Stamps"}]
    prepared["trainer"]["enable_checkpointing"] = False
    contents = {}
    if config.resolved.plain:
        contents[PLAIN] = _plain(prepared, config, material, list(statistics.shifts), folder)
        contents["plain, memory kept"] = _copy(contents[PLAIN])
    for name, like_sized in (("prepared", False), ("like-sized", True)):
        contents[name] = _copy(prepared)
        contents[name]["data"]["train_dataloader"]["like_sized"] = like_sized
    written = {}
    for name, content in contents.items():
        file = name.replace(", ", "-").replace(" ", "-")
        content["hydra"]["run"]["dir"] = str(folder / f"out-{file}")
        written[name] = folder / f"{file}.yaml"
        written[name].write_text(yaml.safe_dump(content, sort_keys=False))
    return written


def _plain(
    prepared: dict[str, Any],
    config: TrainingConfig,
    material: Material,
    names: list[str],
    folder: Path,
) -> dict[str, Any]:
    """The same from extended XYZ, with NequIP's own dataset and loader."""
    content = _copy(prepared)
    sizes = config.resolved
    transforms = [
        {
            "_target_": "nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper",
            "model_type_names": names,
        },
        {"_target_": "nequip.data.transforms.NeighborListTransform", "r_max": sizes.r_max},
    ]
    for part, samples, size in (
        ("train", material.train, sizes.batch_size),
        ("val", material.val, sizes.validation_batch_size),
    ):
        path = folder / f"{part}.extxyz"
        ase.io.write(path, [_atoms(sample) for sample in samples])
        content["data"][f"{part}_dataset"] = {
            "_target_": "nequip.data.dataset.ASEDataset",
            "file_path": str(path),
            "transforms": transforms,
        }
        content["data"][f"{part}_dataloader"] = {
            "_target_": "torch.utils.data.DataLoader",
            "batch_size": size,
            "shuffle": part == "train",
        }
    return content


def _copy(content: dict[str, Any]) -> dict[str, Any]:
    copied: dict[str, Any] = json.loads(json.dumps(content))
    return copied


def _show(rates: dict[str, list[float]]) -> None:
    """How much faster each is than the first."""
    best = {name: max(values) for name, values in rates.items()}
    first, *others = best
    for name in others:
        print(f"{name} / {first}: {best[name] / best[first]:.2f}")


_STAMPS = f'''
import time
import lightning

class Stamps(lightning.Callback):
    """Prints the clock as epochs begin and end."""

    def on_train_epoch_start(self, trainer, module):
        self.begun = time.perf_counter()

    def on_train_epoch_end(self, trainer, module):
        print("{_STAMP}", time.perf_counter() - self.begun, flush=True)
'''


def _atoms(sample: Sample) -> Atoms:
    atoms = Atoms(sample.structure.symbols, sample.structure.positions)
    atoms.calc = SinglePointCalculator(atoms, energy=sample.target)
    return atoms


def _train(path: Path, environment: dict[str, str]) -> tuple[float, float]:
    """Seconds of the whole process, and of its fastest epoch."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "nequip.scripts.train", "--config-path", str(path.parent),
         "--config-name", path.stem],
        capture_output=True, text=True, check=False, cwd=path.parent,
        env=environment | {"PYTHONPATH": str(path.parent)},
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    epochs = [float(s) for s in re.findall(rf"{_STAMP} ([\d.]+)", done.stdout + done.stderr)]
    return time.perf_counter() - begun, min(epochs)


if __name__ == "__main__":
    main()
