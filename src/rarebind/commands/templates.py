"""``rarebind templates``: build the parent complexes that grafting starts from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from rarebind.commands.text import terminal
from rarebind.io.files import check_writable

if TYPE_CHECKING:
    from rarebind.complexes import ComplexSpec


def templates(
    scaffolds: Annotated[
        list[str], typer.Option(help="Scaffolds of the library, or aqua for the aqua ions.")
    ],
    geometries: Annotated[
        list[str], typer.Option(help="Ligands:waters, e.g. 1:6; for aqua, waters: 0:8 0:9.")
    ],
    out: Annotated[Path, typer.Option(help="Folder of the template files.")] = Path("templates"),
    cores: Annotated[str, typer.Option(help="common or all polyhedra.")] = "all",
    symmetries: Annotated[int, typer.Option(help="Arrangements a polyhedron.")] = 10,
    hops: Annotated[
        int, typer.Option(help="Relaxations spent on turning the waters of the lowest minima.")
    ] = 40,
    seed: Annotated[int, typer.Option(help="Seed of Architector and of the hops.")] = 111111,
    level: Annotated[str, typer.Option(help="Level of theory of the minima.")] = "gfn2-xtb",
    from_shipped: Annotated[
        bool,
        typer.Option("--from-shipped", help="Start from the templates that ship, not Architector."),
    ] = False,
) -> None:
    """Build La complexes of parent scaffolds and keep the lowest minima.

    The files that ship with rarebind were made by this command: at GFN2-xTB with Architector, at
    other levels from those.
    """
    from rarebind.complexes import BUILDERS, parent_templates
    from rarebind.complexes.hopping import hop
    from rarebind.complexes.templates import (
        distinct_minima,
        refine_templates,
        write_templates,
    )
    from rarebind.engines import level_named

    check_writable(out)
    specs = _specs(scaffolds, geometries)
    theory = level_named(level)
    build = (
        parent_templates
        if from_shipped
        else BUILDERS.create("architector", cores=cores, symmetries=symmetries, seed=seed).build
    )
    console = terminal(stderr=True)
    for spec in track(specs, description="complexes", console=console):
        kept = refine_templates(spec, build(spec), theory)
        if not kept:
            console.print(f"{spec.name}: no minimum passes the checks, nothing is written")
            continue
        met = [
            m for s, e in kept[:2] for m in hop(s, e, spec, hops=hops // 2, seed=seed, level=theory)
        ]
        kept = distinct_minima([*kept, *met])
        path = write_templates(out, spec, kept, theory)
        console.print(f"{path}: {len(kept)} minima")


def _specs(scaffolds: list[str], geometries: list[str]) -> list[ComplexSpec]:
    """The La complexes that are asked for."""
    from rarebind.complexes import TEMPLATE_METAL, ComplexSpec, complex_spec, compose
    from rarebind.errors import InputError
    from rarebind.ligands import library_ligand

    specs = []
    for scaffold in scaffolds:
        for geometry in geometries:
            if scaffold == "aqua":
                water = compose(geometry)
                if water.ligands:
                    raise InputError(f"geometry {geometry!r} of an aqua ion: give 0:8 or 0:9")
                specs.append(ComplexSpec(TEMPLATE_METAL, water))
            else:
                specs.append(complex_spec(TEMPLATE_METAL, library_ligand(scaffold), geometry))
    return specs
