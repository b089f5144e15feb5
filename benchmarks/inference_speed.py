"""Predictions of the bundled model against GFN2-xTB single points of the same complexes.

    python benchmarks/inference_speed.py data [--number 64]

One thread each, in one process.  A prediction is all that a screen needs of a complex: graphs of it
and of the complex of La, neighbour lists, network, latent features.  A single point is energy and
forces, as a step of a relaxation needs them.
"""

from __future__ import annotations

import argparse
import time
from itertools import chain

import numpy as np
import torch
from rich.console import Console

from rarebind.datasets import Dataset
from rarebind.engines import GFN2_WATER, static
from rarebind.learning import load_samples, target_named
from rarebind.learning.data.samples import Sample
from rarebind.learning.release.model import bundled_model

#: Single points, which take most of the time, are fewer.
_SHARE = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data")
    parser.add_argument("--number", type=int, default=64)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = bundled_model()
    samples = load_samples(Dataset(arguments.data), target_named(model.card.target), "gfn2-xtb")
    # All metals of a ligand in a geometry, as a screen asks for them.
    series: dict[tuple[str, str], list[Sample]] = {}
    for sample in samples:
        series.setdefault((sample.inchikey, sample.geometry), []).append(sample)
    groups = list(series.values())
    order = np.random.default_rng(arguments.seed).permutation(len(groups))
    chosen = list(chain.from_iterable(groups[i] for i in order))[: arguments.number]
    computed = chosen[::_SHARE]
    # The first call builds the network, and loads tblite.
    model.evaluate(chosen[:2])
    static(chosen[0].structure, GFN2_WATER)
    begun = time.perf_counter()
    model.evaluate(chosen)
    predicted = (time.perf_counter() - begun) / len(chosen)
    begun = time.perf_counter()
    for sample in computed:
        static(sample.structure, GFN2_WATER)
    single = (time.perf_counter() - begun) / len(computed)
    atoms = np.mean([len(sample.structure) for sample in chosen])
    Console(width=120).print(
        f"{len(chosen)} complexes of {atoms:.0f} atoms on average: {1e3 * predicted:.1f} ms a "
        f"prediction, {1e3 * single:.0f} ms a GFN2-xTB single point: ratio {single / predicted:.0f}"
    )


if __name__ == "__main__":
    main()
