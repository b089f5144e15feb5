"""Complexes of the published dataset for tests of training: one ligand each, six waters."""

from functools import cache
from pathlib import Path

from rarebind.datasets import Dataset, append
from rarebind.learning import TARGETS, load_samples

DATA = Path(__file__).parents[1] / "data"
LEVEL = "GFN2-xTB/ALPB(water)"
#: A network that learns next to nothing, quickly.
TINY = {
    "r_max": 3.0, "l_max": 1, "num_tensor_features": 2, "num_scalar_features": 4,
    "embed_mlp_width": 4, "latent_mlp_width": 4, "readout_mlp_width": 4, "num_layers": 1,
    "embed_mlp_depth": 1, "latent_mlp_depth": 1, "batch_size": 4, "max_epochs": 2,
}  # fmt: skip


@cache
def _records(number):
    """The first 1:6 complexes, their free ligands, and water."""
    whole = Dataset(DATA)
    complexes = []
    for record in whole.records([next(s for s in whole.shards if s.kind == "complex")]):
        if record.geometry == "1:6" and record.calculation.ok:
            complexes.append(record)
        if len(complexes) == number:
            break
    known = {record.ligand.inchikey for record in complexes}
    references = [s for s in whole.shards if s.kind in {"ligand", "water"} and s.level == LEVEL]
    return [
        *complexes,
        *(
            record
            for record in whole.records(references)
            if record.kind == "water" or record.ligand.inchikey in known
        ),
    ]


def pairs_dataset(folder):
    """Of every ligand of HOPO and CAM without uncommon elements the 1:6 complexes of two metals."""
    whole = Dataset(DATA)
    complexes = [
        record
        for record in whole.records([next(s for s in whole.shards if s.kind == "complex")])
        if record.geometry == "1:6"
        and record.ligand.scaffold in {"HOPO", "CAM"}
        and {*record.calculation.structure.symbols} <= {"H", "C", "N", "O", "La", "Ce"}
    ]
    append(complexes, folder)
    return Dataset(folder)


def series_dataset(folder):
    """The 1:6 complexes of two ligands with two metals, one of them La, and their references."""
    names = {"CAM-chloro", "CAM-fluoro"}
    whole = Dataset(DATA)
    kept = [
        record
        for record in whole.records([next(s for s in whole.shards if s.kind == "complex")])
        if record.geometry == "1:6" and record.ligand.name in names
    ]
    references = [s for s in whole.shards if s.kind in {"ligand", "water"} and s.level == LEVEL]
    kept += [
        record
        for record in whole.records(references)
        if record.kind == "water" or record.ligand.name in names
    ]
    append(kept, folder)
    return Dataset(folder)


def write_dataset(folder, number=16):
    """A dataset of so many complexes."""
    append(_records(number), folder)
    return Dataset(folder)


def binding_samples(dataset, **options):
    return load_samples(dataset, TARGETS["binding"], LEVEL, **options)


def config_of(dataset, **fields):
    """A configuration for the tiny network."""
    from rarebind.learning.settings.config import TrainingConfig

    overrides = TINY | fields.pop("overrides", {})
    split = {"kind": "random", "seed": 1, "fractions": (0.7, 0.15, 0.15)}
    return TrainingConfig(
        **{
            "data": dataset.folder,
            "target": "binding",
            "level": LEVEL,
            "split": split,
            "overrides": overrides,
            "accelerator": "cpu",
        }
        | fields
    )
