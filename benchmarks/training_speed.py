"""Training samples a second: prepared graphs against plain `nequip-train`, in one run.

    python benchmarks/training_speed.py data --preset study-4 --graphs 200 --epochs 3
    python benchmarks/training_speed.py data --overrides '{"num_layers": 1, "batch_size": 8}'

Both trainings are `nequip-train` with the same network, optimiser, batches, seed and threads, on
the same complexes. "plain" reads extended XYZ with NequIP's ASEDataset and makes neighbour lists
in its transforms, as its documentation shows; "prepared" reads the graphs that `rarebind train`
writes. Epochs are timed by a callback, so the rate is without start-up, which the time in all
has. The two take turns, so that a machine that slows down slows both.
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

import ase.io
import yaml
from ase import Atoms
from ase.calculators.singlepoint import SinglePointCalculator

from rarebind.learning.config import SplitChoice, TrainingConfig
from rarebind.learning.samples import Sample
from rarebind.learning.training import GRAPHS, load_material, prepare

#: Lines in a training's log with the instant of each epoch's end.
_STAMP = "EPOCH-END"


def main() -> None:
    arguments = _parser().parse_args()
    config = TrainingConfig(
        data=arguments.dataset,
        target="binding",
        level="gfn2-xtb",
        split=SplitChoice(kind="random"),
        preset=arguments.preset,
        overrides=arguments.overrides | {"max_epochs": arguments.epochs},
    )
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        print("reading", flush=True)
        configurations = _configurations(config, folder, arguments.graphs)
        rates: dict[str, list[float]] = {name: [] for name in configurations}
        walls: dict[str, list[float]] = {name: [] for name in configurations}
        for _ in range(arguments.rounds):
            for name, path in configurations.items():
                wall, epoch = _train(path)
                rates[name].append(arguments.graphs / epoch)
                walls[name].append(wall)
                print(f"{name}: {rates[name][-1]:.1f} samples/s, {wall:.1f} s in all", flush=True)
    best = {name: max(values) for name, values in rates.items()}
    print(f"prepared / plain: {best['prepared'] / best['plain']:.2f}")
    if arguments.json:
        arguments.json.write_text(json.dumps({"rates": rates, "walls": walls}, indent=1) + "\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--preset", default="study-4", choices=["study-2", "study-4"])
    parser.add_argument("--overrides", type=json.loads, default={}, help="of the preset, JSON")
    parser.add_argument("--graphs", type=int, default=200, help="complexes to train on")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--json", type=Path)
    return parser


def _configurations(config: TrainingConfig, folder: Path, number: int) -> dict[str, Path]:
    """NequIP's YAML of both trainings, from one and the same."""
    from rarebind.learning.nequip.emit import Paths, Statistics, nequip_config
    from rarebind.learning.nequip.graphs import read_graphs, write_graphs

    run = folder / "run"
    run.mkdir()
    prepare(config, run)
    train = run / GRAPHS / "train.pt"
    graphs = list(read_graphs(train))
    chosen = list(range(0, len(graphs), max(1, len(graphs) // number)))[:number]
    write_graphs(train, [graphs[i] for i in chosen])
    val = run / GRAPHS / "val.pt"
    write_graphs(val, list(read_graphs(val))[:4])
    material = load_material(config)
    for name, samples in (
        ("train", [material.train[i] for i in chosen]),
        ("val", material.val[:4]),
    ):
        ase.io.write(folder / f"{name}.extxyz", [_atoms(sample) for sample in samples])
    raw = json.loads((run / "run.json").read_text())["statistics"]
    paths = Paths(run, train, val, run / "logs")
    prepared = nequip_config(
        config, config.resolved, Statistics(**raw | {"graphs": len(chosen)}), paths
    )
    prepared["trainer"]["callbacks"] = [{"_target_": "lightning.pytorch.callbacks.Timer"}]
    prepared["trainer"]["enable_checkpointing"] = False
    prepared["trainer"]["callbacks"].append({"_target_": "rarebind_benchmark_stamps.Stamps"})
    (folder / "rarebind_benchmark_stamps.py").write_text(_STAMPS)
    plain = json.loads(json.dumps(prepared))
    transforms = [
        {
            "_target_": "nequip.data.transforms.ChemicalSpeciesToAtomTypeMapper",
            "model_type_names": list(raw["shifts"]),
        },
        {
            "_target_": "nequip.data.transforms.NeighborListTransform",
            "r_max": config.resolved.r_max,
        },
    ]
    for part in ("train", "val"):
        plain["data"][f"{part}_dataset"] = {
            "_target_": "nequip.data.dataset.ASEDataset",
            "file_path": str(folder / f"{part}.extxyz"),
            "transforms": transforms,
        }
    sizes = config.resolved
    plain["data"]["train_dataloader"] = {
        "_target_": "torch.utils.data.DataLoader", "batch_size": sizes.batch_size, "shuffle": True,
    }  # fmt: skip
    plain["data"]["val_dataloader"] = {
        "_target_": "torch.utils.data.DataLoader", "batch_size": sizes.validation_batch_size,
    }  # fmt: skip
    written = {}
    for name, content in (("plain", plain), ("prepared", prepared)):
        content["hydra"]["run"]["dir"] = str(folder / f"out-{name}")
        written[name] = folder / f"{name}.yaml"
        written[name].write_text(yaml.safe_dump(content, sort_keys=False))
    return written


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


def _train(path: Path) -> tuple[float, float]:
    """Seconds of the whole process, and of its fastest epoch."""
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "nequip.scripts.train", "--config-path", str(path.parent),
         "--config-name", path.stem],
        capture_output=True, text=True, check=False, cwd=path.parent,
        env=os.environ | {"PYTHONPATH": str(path.parent)},
    )  # fmt: skip
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    epochs = [float(s) for s in re.findall(rf"{_STAMP} ([\d.]+)", done.stdout + done.stderr)]
    return time.perf_counter() - begun, min(epochs)


if __name__ == "__main__":
    main()
