"""Screens whose energies, spreads and intervals are made up: what is done with them is tested."""

import numpy as np

from rarebind.binding import BindingEnergy
from rarebind.campaigns import Protocol
from rarebind.complexes import complex_spec, parent_templates
from rarebind.engines import GFN2_WATER, Calculation
from rarebind.ligands import library_ligand, parse_ligand
from rarebind.screening import Entry, Interval, Prediction, Screen

STRUCTURE = parent_templates(complex_spec("La", library_ligand("HOPO"), "1:6"))[0]
CALCULATION = Calculation("static", GFN2_WATER, STRUCTURE, -1.0)
#: What is computed where the rest is predicted.
COMPUTED = ("La", "Sc", "Y")
INTERVAL = Interval(0.9, 2.5)
#: eV, standard deviation of an error, and half width of an interval in these.
SIGMA, MULTIPLIER = 0.05, 2.2


def made_ligands(number):
    """Distinct ligands, up to 512: HOPO with three chains of one to eight carbon atoms."""
    lengths = ((n // 64 + 1, n // 8 % 8 + 1, n % 8 + 1) for n in range(number))
    return [
        parse_ligand(f"{'C' * a}NC(=O)c1c({'C' * b})c({'C' * c})cc(=O)n1O", f"hopo {a}-{b}-{c}")
        for a, b, c in lengths
    ]


def made_entry(spec, exchange, spread):
    if spec.metal in COMPUTED:
        binding = BindingEnergy(spec, GFN2_WATER, exchange - 50.0, 8, exchange, 9)
    else:
        width = MULTIPLIER * float(np.linalg.norm(spread))
        binding = Prediction(
            spec, str(GFN2_WATER), exchange - 50.0, exchange, 9, 8, half_width=width, spread=spread
        )
    return Entry(spec, binding, CALCULATION)


def made_screen(ligands, metals, geometries=("1:6",), *, without=(), causes=6, seed=3):
    """A screen by a model: energies at random, errors of several causes.

    Parameters
    ----------
    without
        (name of a ligand, geometry): pairs that are not screened at all.
    """
    rng = np.random.default_rng(seed)
    entries = []
    for ligand in ligands:
        for geometry in geometries:
            if (ligand.name, geometry) in without:
                continue
            first = complex_spec("La", ligand, geometry)
            anchor = -0.6 * int(geometry[0]) + rng.normal(scale=0.2)
            for metal in metals:
                spread = rng.normal(size=causes) * SIGMA / np.sqrt(causes)
                exchange = anchor + rng.normal(scale=0.05)
                entries.append(made_entry(first.with_metal(metal), exchange, spread))
    return Screen(
        tuple(entries),
        tuple(metals),
        tuple(geometries),
        Protocol(level=GFN2_WATER),
        {"name": "made"},
        INTERVAL,
    )
