"""``rarebind screen``: from a file of ligands to a ranked table."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console


def screen(
    ligands: Annotated[Path, typer.Argument(help="CSV file with the column smiles, and name.")],
    metals: Annotated[
        list[str] | None,
        typer.Option(
            help="Rare earths, e.g. --metals La Eu Lu.  The first is ΔΔE's reference.  Default: "
            "La to Lu, Y."
        ),
    ] = None,
    geometry: Annotated[
        list[str] | None,
        typer.Option(
            help="Ligands:waters (1:6), or ligands alone (1), filled with water; several give "
            "speciation too.  Default: 1."
        ),
    ] = None,
    coordination_number: Annotated[int, typer.Option("--cn", help="Donor atoms in all.")] = 8,
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("rarebind-screen"),
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: in the results folder."),
    ] = None,
    engine: Annotated[
        str,
        typer.Option(
            help="model: La, Sc and Y are computed with tblite, the series predicted; tblite, "
            "xtb, package.module:factory of an ASE calculator: all is computed."
        ),
    ] = "model",
    model: Annotated[
        Path | None, typer.Option(help="Model file; default: the one that comes with rarebind.")
    ] = None,
    fall_back: Annotated[
        bool,
        typer.Option(
            "--fall-back",
            help="Compute what the model has not seen, and what is unlike what it learned from.",
        ),
    ] = False,
    short_list: Annotated[
        int | None,
        typer.Option(help="Compute so many of the best ligands by DFT, of every geometry."),
    ] = None,
    short_list_level: Annotated[
        str | None, typer.Option(help="b3lyp-d4 or b3lyp-d4-4f-in-core; default: b3lyp-d4.")
    ] = None,
    short_list_metals: Annotated[
        list[str] | None,
        typer.Option(help="Metals of the short list, of those screened; default: the first."),
    ] = None,
    pair: Annotated[
        list[str] | None,
        typer.Option(
            help="Metals to separate, e.g. --pair Nd/Dy: selectivity and fronts, beside those of "
            "the usual pairs."
        ),
    ] = None,
    builder: Annotated[str, typer.Option(help="auto, grafting or architector.")] = "auto",
    conformers: Annotated[
        str, typer.Option(help="rdkit, or crest for a CREST search of every La complex.")
    ] = "rdkit",
    symmetries: Annotated[int, typer.Option(help="Architector: arrangements a polyhedron.")] = 10,
    cores: Annotated[str, typer.Option(help="Architector: common or all polyhedra.")] = "common",
    hops: Annotated[
        int, typer.Option(help="Relaxations of a La complex spent on turning its waters.")
    ] = 8,
    seed: Annotated[int, typer.Option(help="Seed of conformers and builders.")] = 111111,
    workers: Annotated[int | None, typer.Option(help="Processes; default: one a core.")] = None,
    unit: Annotated[str, typer.Option(help="kcal/mol or kJ/mol.")] = "kcal/mol",
    retry_failed: Annotated[bool, typer.Option(help="Try failed calculations again.")] = False,
    strict: Annotated[
        bool, typer.Option(help="Compute nothing if a single ligand is bad or fits not.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no table.")] = False,
) -> None:
    """Rank ligands by how strongly and selectively they bind rare-earth ions."""
    from rarebind.campaigns import Protocol
    from rarebind.commands.screen_job import (
        read_ligands,
        run_short_list,
        run_with_progress,
        tell_misfits,
        wanted_short_list,
    )
    from rarebind.commands.screen_table import show_ranking, show_short_list
    from rarebind.errors import InputError
    from rarebind.screening import Request, check_unit, read_pairs, report, write_outputs
    from rarebind.screening.report import finite
    from rarebind.screening.request import DEFAULT_GEOMETRIES, DEFAULT_METALS

    check_unit(unit)
    if out.exists() and not out.is_dir():
        raise InputError(f"{out} is a file: give a folder for the results with --out")
    protocol = Protocol(
        builder=builder,
        conformer_search=conformers,
        symmetries=symmetries,
        hops=hops,
        cores=cores,
        seed=seed,
    )
    pairs = read_pairs(pair or ())
    screened = tuple(metals or DEFAULT_METALS)
    wanted = wanted_short_list(short_list, short_list_level, short_list_metals, screened, workers)
    console = Console(stderr=True)
    table = read_ligands(ligands, strict=strict, console=console)
    prepared = Request(
        ligands=table.ligands,
        metals=screened,
        geometries=tuple(geometry or DEFAULT_GEOMETRIES),
        coordination_number=coordination_number,
        engine=engine,
        model=model,
        fall_back=fall_back,
        protocol=protocol,
        workers=workers,
        strict=strict,
        rejected=table.rejected,
        pairs=pairs,
    ).prepared()
    tell_misfits(prepared.left_out, console)
    calculations = store or out / "calculations.sqlite"
    found = run_with_progress(prepared, calculations, console, retry_failed=retry_failed)
    paths = write_outputs(found, out, unit)
    if not as_json:
        show_ranking(found, unit)
    listed = None
    if wanted is not None:
        listed = run_short_list(found, wanted, calculations, console)
        paths = write_outputs(found, out, unit, short_list=listed)
    if as_json:
        content = finite(report(found, unit, short_list=listed))
        json.dump(content, sys.stdout, ensure_ascii=False, allow_nan=False)
        sys.stdout.write("\n")
        return
    if listed is not None:
        show_short_list(listed, unit)
    output = Console()
    output.print("\nResults:")
    for path in paths.values():
        output.print(f"  {path}", highlight=False, soft_wrap=True)
