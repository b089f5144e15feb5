"""``rarebind dataset``: publish, look at, check, compare, export and import datasets."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import track

from rarebind.commands.dataset_show import (
    comparison_json,
    show_comparison,
    show_info,
    show_verification,
    summary,
)
from rarebind.commands.many import ManyValuesCommand
from rarebind.commands.progress import progress_bar
from rarebind.commands.text import note, print_json, terminal
from rarebind.errors import counted

if TYPE_CHECKING:
    from rarebind.engines import LevelOfTheory

app = typer.Typer(
    help="Publish, inspect, verify, compare, export and import datasets.", no_args_is_help=True
)

_Folder = Annotated[Path, typer.Argument(help="Folder of the dataset, e.g. data.")]
_Seed = Annotated[int, typer.Option(help="Decides which frames are drawn.")]
_JSON = Annotated[bool, typer.Option("--json", help="Print JSON, no tables.")]
_LEVEL_HELP = "as `info` prints it, or its name, e.g. b3lyp-d4."
_Level = Annotated[str | None, typer.Option(help=f"Only this level of theory, {_LEVEL_HELP}")]


@app.command()
def publish(
    config: Annotated[Path, typer.Argument(help="YAML file of the campaign.")],
    out: Annotated[Path, typer.Option(help="Folder of the dataset; made when absent.")],
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: rarebind-curate/NAME.sqlite."),
    ] = None,
) -> None:
    """Add what a campaign has finished to a dataset, and renew table, card and figures.

    Committed shards are never rewritten: publishing again adds what is new.
    """
    from rarebind.campaigns import Curation, Store, read_config
    from rarebind.datasets import Dataset, append, collect, write_card
    from rarebind.errors import InputError

    curation = Curation.of(read_config(config))
    path = store or Path("rarebind-curate") / f"{curation.config.name}.sqlite"
    if not path.exists():
        raise InputError(f"{path} does not exist: run `rarebind curate {config}` first")
    console = terminal()
    with Store(path) as results:
        records = track(
            collect(curation, results),
            total=len(curation.complexes) + len(curation.stages["references"]),
            description="records",
            console=terminal(stderr=True),
        )
        made = append(
            records,
            out,
            lambda shard: note(
                console,
                f"{shard.name}: {counted(shard.records, 'record')}, "
                f"{counted(shard.frames, 'geometry', 'geometries')}",
            ),
        )
    if not made:
        console.print("nothing new")
    if (out / "manifest.csv").exists():
        paths = write_card(Dataset(out))
        note(console, f"Card: {paths[0]}")


@app.command()
def info(
    folder: _Folder,
    level: _Level = None,
    as_json: _JSON = False,
) -> None:
    """Count a dataset's records by level, scaffold, geometry and metal."""
    from rarebind.datasets import Dataset, find_level

    dataset = Dataset(folder)
    rows = dataset.rows()
    if level is not None:
        name = find_level(rows, level)
        rows = [row for row in rows if row.level == name]
    if as_json:
        print_json(summary(dataset, rows))
    else:
        show_info(dataset, rows)


@app.command()
def verify(
    folder: _Folder,
    sample: Annotated[int, typer.Option(help="Frames to compute again.")] = 10,
    seed: _Seed = 111111,
    level: Annotated[
        str | None, typer.Option(help=f"Compute only frames of this level again, {_LEVEL_HELP}")
    ] = None,
) -> None:
    """Check hashes, counts, duplicates, charges, labels; compute a sample again.

    Density functional calculations of more than 10 atoms are computed again only where --level
    asks for theirs.  Exit status 1 when anything is wrong.
    """
    from rarebind.datasets import Dataset
    from rarebind.datasets import verify as run_verify
    from rarebind.errors import InputError

    if sample < 0:
        raise InputError(f"sample must be at least 0, got {sample}")
    dataset = Dataset(folder)
    with progress_bar(terminal(stderr=True)) as bar:
        line = bar.add_task("shards", total=None)
        report = run_verify(
            dataset,
            sample=sample,
            seed=seed,
            level=level,
            on_progress=lambda what, done, total: bar.update(
                line, description=what, completed=done, total=total
            ),
        )
    show_verification(report)
    if not report.ok:
        raise typer.Exit(1)


@app.command(cls=ManyValuesCommand)
def export(
    folder: _Folder,
    out: Annotated[Path, typer.Argument(help="Extended XYZ to write; .xz, .gz, .bz2 pack it.")],
    metals: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    scaffolds: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    geometries: Annotated[list[str] | None, typer.Option(help="Only these, e.g. 4:0 1:6.")] = None,
    level: _Level = None,
    mixed: Annotated[
        bool, typer.Option("--all-levels", help="All levels in one file, told apart by `level`.")
    ] = False,
    references: Annotated[
        bool, typer.Option(help="Also ions, waters, free ligands and aqua ions.")
    ] = False,
    intermediates: Annotated[bool, typer.Option(help="Also geometries on the way.")] = True,
    bare: Annotated[
        bool,
        typer.Option("--bare", help="Only elements, positions and total_energy, final geometries."),
    ] = False,
    unit: Annotated[str, typer.Option(help="With --bare: Hartree or eV.")] = "Hartree",
) -> None:
    """Write the accepted complexes, or some of them, to one file of extended XYZ.

    Energies of different levels must not be combined: where the records are of several, one has to
    be chosen.
    """
    from rarebind.datasets import Dataset, select_rows, write_bare
    from rarebind.datasets.extxyz import write_records
    from rarebind.io.files import write_packed

    dataset = Dataset(folder)
    rows = select_rows(
        dataset.rows(),
        metals=metals or (),
        scaffolds=scaffolds or (),
        geometries=geometries or (),
        level=level,
        references=references,
        mixed=mixed,
    )
    records = dataset.records_of(rows, frames=intermediates and not bare).values()
    if bare:
        write_bare(records, out, unit)
    else:
        write_packed(out, write_records(records))
    note(terminal(), f"{out}: {counted(len(records), 'record')}")


@app.command()
def compare(
    folder: _Folder,
    level_a: Annotated[str, typer.Argument(help=f"Level of theory A, {_LEVEL_HELP}")],
    level_b: Annotated[str, typer.Argument(help=f"Level of theory B, {_LEVEL_HELP}")],
    table: Annotated[
        Path | None, typer.Option("--csv", help="Table to write, one line a complex.")
    ] = None,
    as_json: _JSON = False,
) -> None:
    """Differences of binding energies between two levels on the same geometries, B − A."""
    from rarebind.datasets import Dataset
    from rarebind.datasets.compare import compare as run_compare
    from rarebind.io.files import write_packed
    from rarebind.io.tables import frame_text

    found = run_compare(Dataset(folder), level_a, level_b)
    if table is not None:
        write_packed(table, frame_text(found.table))
    if as_json:
        print_json(comparison_json(found))
    else:
        show_comparison(found)


@app.command()
def explain(
    folder: Annotated[Path, typer.Argument(help="Folder of the dataset.")],
    complex_: Annotated[
        str, typer.Argument(metavar="COMPLEX", help="Its label, e.g. 'Y(HOPO-hydroxyl)4'.")
    ],
    level: Annotated[str | None, typer.Option(help="Where it has several, e.g. b3lyp-d4.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show the total energies that a complex's binding energies are made of."""
    from rarebind.commands.dataset_show import show_breakdown
    from rarebind.datasets import Dataset
    from rarebind.datasets.breakdown import breakdown, terms_as_data

    found = breakdown(Dataset(folder), complex_, level)
    if as_json:
        print_json(
            {
                "label": found.record.label,
                "level": str(found.record.calculation.level),
                "binding": terms_as_data(found.binding),
                "exchange": terms_as_data(found.exchange),
            }
        )
    else:
        show_breakdown(found)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Extended XYZ, maybe packed.")],
    out: Annotated[Path, typer.Option(help="Folder of the dataset; made when absent.")],
    unit: Annotated[str, typer.Option(help="Of the energies: eV or Hartree.")],
    method: Annotated[str, typer.Option(help="B3LYP or GFN2-xTB, say.")] = "B3LYP",
    basis: Annotated[
        str, typer.Option(help="Basis sets; none for GFN2-xTB.")
    ] = "def2-SVPD+def2-TZVP",
    solvent: Annotated[str, typer.Option(help="Model and solvent.")] = "SMD(water)",
    dispersion: Annotated[str, typer.Option(help="Correction, if any.")] = "D4",
    engine: Annotated[str, typer.Option(help="Program that made the energies.")] = "orca",
    energy_key: Annotated[
        str | None, typer.Option(help="Field of the energy; default: total_energy or energy.")
    ] = None,
    ligands: Annotated[
        Path | None,
        typer.Option(help="CSV file of ligands beside the library's: columns smiles and name."),
    ] = None,
) -> None:
    """Read frames that carry only elements, positions and an energy.

    Metal, ligands, geometry type and charge follow from each structure alone.  The defaults are
    the level of the reference study's published dataset.  Ligands that are not known are proposed,
    as a file for --ligands.  Exit status 1 when nothing is recognised.
    """
    from rarebind.commands.dataset_import import tell_import
    from rarebind.datasets import append, import_xyz
    from rarebind.engines import LevelOfTheory
    from rarebind.io.files import check_writable
    from rarebind.ligands import enumerate_library, read_ligand_table

    check_writable(out, what="the dataset")
    level: LevelOfTheory = LevelOfTheory(engine, method, basis, solvent, dispersion)
    own = None if ligands is None else (*read_ligand_table(ligands), *enumerate_library())
    report = import_xyz(file, level=level, unit=unit, energy_key=energy_key, ligands=own)
    made = append(report.records, out) if report.records else []
    tell_import(report, out, new=sum(shard.records for shard in made))
    if not report.records:
        raise typer.Exit(1)
