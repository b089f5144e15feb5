"""``rarebind dataset``: publish, look at, check, export and import datasets."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.progress import track
from rich.table import Table

from rarebind.commands.many import ManyValuesCommand
from rarebind.commands.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rarebind.datasets import Dataset, Record, Row
    from rarebind.engines import LevelOfTheory

app = typer.Typer(
    help="Publish, inspect, verify, export and import datasets.", no_args_is_help=True
)

_Folder = Annotated[Path, typer.Argument(help="Folder of the dataset, e.g. data.")]
_Seed = Annotated[int, typer.Option(help="Decides which frames are drawn.")]
_SHOWN = 20


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
    console = Console()
    with Store(path) as results:
        records = track(
            collect(curation, results),
            total=len(curation.complexes) + len(curation.stages["references"]),
            description="records",
            console=Console(stderr=True),
        )
        made = append(
            records,
            out,
            lambda shard: console.print(
                f"{shard.name}: {shard.records} records, {shard.frames} geometries", highlight=False
            ),
        )
    if not made:
        console.print("nothing new")
    if (out / "manifest.csv").exists():
        paths = write_card(Dataset(out))
        console.print(f"Card: {paths[0]}", highlight=False, soft_wrap=True)


@app.command()
def info(
    folder: _Folder,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no tables.")] = False,
) -> None:
    """Count a dataset's records by level, scaffold, geometry and metal."""
    from rarebind.datasets import Dataset

    dataset = Dataset(folder)
    rows = dataset.rows()
    if as_json:
        json.dump(_summary(dataset, rows), sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return
    _show_info(dataset, rows)


def _summary(dataset: Dataset, rows: list[Row]) -> dict[str, object]:
    from rarebind.datasets.statistics import complexes, grouped, levels, reason_classes

    found: dict[str, object] = {
        "shards": len(dataset.shards),
        "records": len(rows),
        "frames": sum(row.frames for row in rows),
        "bytes": sum(dataset.path(shard).stat().st_size for shard in dataset.shards),
        "levels": {},
    }
    by_level: dict[str, object] = {}
    for level in levels(rows):
        accepted, rejected = (complexes(rows, level, accepted=yes) for yes in (True, False))
        by_level[level] = {
            "accepted": len(accepted),
            "rejected": len(rejected),
            "reasons": reason_classes(rejected),
            **{
                name: {key[0]: len(members) for key, members in grouped(accepted, name).items()}
                for name in ("scaffold", "geometry", "metal")
            },
        }
    return found | {"levels": by_level}


def _show_info(dataset: Dataset, rows: list[Row]) -> None:
    from rarebind.datasets.statistics import complexes, grouped, levels, reason_classes

    size = sum(dataset.path(shard).stat().st_size for shard in dataset.shards)
    console = Console()
    console.print(
        f"{dataset.folder}: {len(rows)} records, {sum(row.frames for row in rows)} geometries, "
        f"{len(dataset.shards)} shards, {size / 1e6:.1f} MB",
        highlight=False,
    )
    for level in levels(rows):
        accepted, rejected = (complexes(rows, level, accepted=yes) for yes in (True, False))
        cells = {
            key: len(members) for key, members in grouped(accepted, "metal", "scaffold").items()
        }
        names = [key[0] for key in grouped(accepted, "scaffold")]
        table = Table(
            title=f"{level}: {len(accepted)} accepted, {len(rejected)} rejected complexes",
            box=SIMPLE,
        )
        table.add_column("Metal")
        for name in names:
            table.add_column(name, justify="right")
        for (metal,) in grouped(accepted, "metal"):
            table.add_row(metal, *(str(cells.get((metal, name), 0)) for name in names))
        console.print(table)
        geometries = grouped(accepted, "geometry").items()
        console.print(
            "  geometries: " + ", ".join(f"{key[0]} {len(members)}" for key, members in geometries),
            highlight=False,
        )
        for reason, count in reason_classes(rejected).items():
            console.print(f"  rejected: {count} × {reason}", highlight=False)


@app.command()
def verify(
    folder: _Folder,
    sample: Annotated[int, typer.Option(help="Frames to compute again.")] = 10,
    seed: _Seed = 111111,
) -> None:
    """Check hashes, counts, duplicates, charges, labels; compute a sample again.

    Exit status 1 when anything is wrong.
    """
    from rarebind.datasets import Dataset
    from rarebind.datasets import verify as run_verify
    from rarebind.errors import InputError

    if sample < 0:
        raise InputError(f"sample must be at least 0, got {sample}")
    dataset = Dataset(folder)
    with progress_bar(Console(stderr=True)) as bar:
        line = bar.add_task("shards", total=None)
        report = run_verify(
            dataset,
            sample=sample,
            seed=seed,
            on_progress=lambda what, done, total: bar.update(
                line, description=what, completed=done, total=total
            ),
        )
    console = Console()
    console.print(
        f"{report.shards} shards, {report.records} records, {report.frames} geometries read; "
        f"{report.labels} binding energies derived again, {report.identities} complexes "
        f"identified again, {len(report.recomputed)} geometries computed again",
        highlight=False,
    )
    if report.recomputed:
        energy = max(abs(again.energy_difference_ev) for again in report.recomputed)
        force = max(again.force_difference for again in report.recomputed)
        console.print(
            f"largest difference: {energy:.1e} eV, {force:.1e} eV/Å",
            highlight=False,
        )
    for remark in report.not_checked:
        console.print(f"not checked: {remark}", highlight=False, soft_wrap=True)
    for problem in report.problems[:_SHOWN]:
        console.print(f"problem: {problem}", highlight=False, soft_wrap=True, markup=False)
    if len(report.problems) > _SHOWN:
        console.print(f"and {len(report.problems) - _SHOWN} problems more")
    console.print("The dataset is sound." if report.ok else f"{len(report.problems)} problems.")
    if not report.ok:
        raise typer.Exit(1)


@app.command(cls=ManyValuesCommand)
def export(
    folder: _Folder,
    out: Annotated[Path, typer.Argument(help="Extended XYZ to write; .xz, .gz, .bz2 pack it.")],
    metals: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    scaffolds: Annotated[list[str] | None, typer.Option(help="Only these.")] = None,
    geometries: Annotated[list[str] | None, typer.Option(help="Only these, e.g. 4:0 1:6.")] = None,
    level: Annotated[str | None, typer.Option(help="Only this, as `info` prints it.")] = None,
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
    """Write the accepted complexes, or some of them, to one file of extended XYZ."""
    from rarebind.datasets import Dataset, write_bare
    from rarebind.datasets.extxyz import write_records
    from rarebind.datasets.files import write_packed
    from rarebind.errors import InputError

    dataset = Dataset(folder)
    wanted = {"metal": metals, "scaffold": scaffolds, "geometry": geometries}
    rows = dataset.rows()
    problems = []
    for column, names in wanted.items():
        known = {value for row in rows if (value := getattr(row, column)) is not None}
        problems += [
            f"the dataset has no {column} {name!r}: it has {', '.join(sorted(known))}"
            for name in names or ()
            if name not in known
        ]
    levels = sorted({row.level for row in rows})
    if level is not None and level not in levels:
        problems.append(f"the dataset has no level {level!r}: it has {', '.join(levels)}")
    if level is None and bare and len(levels) > 1:
        problems.append(f"give --level, as --bare does not tell levels apart: {', '.join(levels)}")
    if problems:
        raise InputError(problems)
    keys = {
        row.key
        for row in rows
        if row.status == "ok"
        and (level is None or row.level == level)
        and (
            references
            if row.kind != "complex"
            else all(not names or getattr(row, column) in names for column, names in wanted.items())
        )
    }
    count = 0

    def chosen() -> Iterator[Record]:
        nonlocal count
        for record in dataset.records():
            if record.key in keys:
                count += 1
                yield record

    if bare:
        write_bare(chosen(), out, unit)
    else:
        write_packed(out, write_records(chosen(), intermediates=intermediates))
    Console().print(f"{out}: {count} records", highlight=False, soft_wrap=True)


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
) -> None:
    """Read frames that carry only elements, positions and an energy.

    Metal, ligands, geometry type and charge follow from each structure alone.  The defaults are
    the level of the reference study's published dataset.
    """
    from rarebind.datasets import append, import_xyz
    from rarebind.engines import LevelOfTheory

    level: LevelOfTheory = LevelOfTheory(engine, method, basis, solvent, dispersion)
    report = import_xyz(file, level=level, unit=unit, energy_key=energy_key)
    console = Console()
    made = append(report.records, out) if report.records else []
    new = sum(shard.records for shard in made)
    labelled = sum(record.binding is not None for record in report.records)
    console.print(
        f"{len(report.records)} recognised ({labelled} with binding energies), {new} new in {out}; "
        f"{len(report.unmatched)} not recognised",
        highlight=False,
        soft_wrap=True,
    )
    for unmatched in report.unmatched[:_SHOWN]:
        console.print(f"  {unmatched}", highlight=False, soft_wrap=True, markup=False)
    if report.unmatched:
        path = out / "unmatched.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            json.dumps([asdict(item) | {"path": str(item.path)} for item in report.unmatched]),
            encoding="utf-8",
        )
        console.print(f"All of them: {path}", highlight=False, soft_wrap=True)
