"""``rarebind ligands``: look at the library, check a ligand of your own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from rarebind.commands.text import terminal

app = typer.Typer(help="List the ligand library, or check a ligand of your own.")

_Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
_Draw = Annotated[
    Path | None,
    typer.Option("--draw", metavar="FILE", help="Also draw to this .png or .svg file."),
]


@app.callback(invoke_without_command=True)
def main(context: typer.Context) -> None:
    """List the ligand library, or check a ligand of your own."""
    if context.invoked_subcommand is None:
        list_ligands()


@app.command("list")
def list_ligands(
    scaffold: Annotated[
        list[str] | None,
        typer.Option("--scaffold", help="Only this scaffold; may be repeated."),
    ] = None,
    substituent: Annotated[
        list[str] | None,
        typer.Option("--substituent", help="Only this substituent; may be repeated."),
    ] = None,
    as_json: _Json = False,
    csv: Annotated[
        Path | None,
        typer.Option("--csv", metavar="FILE", help="Also write a file that `screen` reads."),
    ] = None,
    draw: _Draw = None,
) -> None:
    """List the ligands of the library."""
    from rarebind.ligands import draw_grid, enumerate_library, explain, write_ligand_table

    ligands = enumerate_library(scaffold or None, substituent or None)
    if csv is not None:
        write_ligand_table(ligands, csv)
    if draw is not None:
        draw_grid(ligands, draw)
    if as_json:
        typer.echo(json.dumps([explain(ligand).as_dict() for ligand in ligands], indent=2))
        return
    table = Table("name", "charge", "donors")
    table.add_column("InChIKey", no_wrap=True)
    for ligand in ligands:
        donors = ", ".join(ligand.donor_elements)
        table.add_row(ligand.name, f"{ligand.charge:+d}", donors, ligand.inchikey)
    terminal().print(table)


@app.command()
def names() -> None:
    """List the names of ligands that can be given in place of a SMILES."""
    from rarebind.ligands import known_names

    table = Table("name", "other names", "SMILES")
    for one, others in known_names():
        table.add_row(one.name, ", ".join(others), one.smiles)
    terminal().print(table)


@app.command()
def check(
    smiles: Annotated[
        str, typer.Argument(help="SMILES, donors may be numbered, [O-:1]; or a name.")
    ],
    as_json: _Json = False,
    draw: _Draw = None,
) -> None:
    """Show the donors, charge and denticity of a ligand, and why."""
    from rarebind.ligands import draw_grid, explain, parse_ligand

    explanation = explain(parse_ligand(smiles))
    ligand = explanation.ligand
    if draw is not None:
        draw_grid([ligand], draw)
    if as_json:
        typer.echo(json.dumps(explanation.as_dict(), indent=2))
        return
    typer.echo(f"name      {ligand.name}")
    typer.echo(f"SMILES    {ligand.smiles}")
    typer.echo(f"InChIKey  {ligand.inchikey}")
    typer.echo(f"charge    {ligand.charge:+d}")
    typer.echo(f"denticity {ligand.denticity}")
    for donor in explanation.donors:
        typer.echo(f"donor     {donor.element}{donor.atom}  {donor.motif}")
    for sentence in (*explanation.why, *ligand.notes):
        typer.echo(f"          {sentence}")
