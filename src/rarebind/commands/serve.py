"""``rarebind serve``: screens from the browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rarebind.commands.text import terminal


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0: any that is free.")
    ] = 8765,
    store: Annotated[
        Path | None,
        typer.Option(help="File of finished calculations; default: in the folder of the screens."),
    ] = None,
    folder: Annotated[Path, typer.Option(help="Folder of the screens.")] = Path("rarebind-serve"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes of a screen; default: one a core.")
    ] = None,
) -> None:
    """Screen from the browser: a server that only this machine reaches."""
    from rarebind.serving import need_serving

    need_serving()
    from rarebind.serving.server import serve as run

    console = terminal(stderr=True)

    def tell(address: str) -> None:
        console.print(f"rarebind is at {address} (Ctrl-C stops it)")
        console.print(f"Screens are kept in {folder}", soft_wrap=True)

    run(port, folder, store or folder / "calculations.sqlite", workers, on_ready=tell)
