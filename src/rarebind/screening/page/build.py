"""One HTML file out of the report of a screen."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from rarebind.io.files import replace_file
from rarebind.screening.page.assets import VIEWER, VIEWER_LICENCE, asset, script, style
from rarebind.screening.page.content import page_content
from rarebind.screening.page.embedding import content_security_policy, json_for_script


def build_page(report: Mapping[str, Any]) -> str:
    """The report page: one HTML document that fetches nothing.

    The same report gives the same page.  The viewer of structures (3Dmol.js, half a megabyte)
    comes along only where the report has structures.

    Parameters
    ----------
    report
        The content of ``ranking.json``, form 2; of form 1 as well, and with fields missing.

    Raises
    ------
    InputError
        It is no report, or one of a newer rarebind.
    """
    content = page_content(report)
    own_script, own_style = script(), style()
    viewer = asset(VIEWER) if content["structures"] else ""
    scripts = [text for text in (viewer, own_script) if text]
    return Template(asset("page.html")).substitute(
        policy=escape(content_security_policy(scripts, [own_style])),
        title=escape(_title(content)),
        style=own_style,
        data=json_for_script(content),
        viewer=f"<script>{viewer}</script>" if viewer else "",
        licence=_licence() if viewer else "",
        script=own_script,
    )


def write_page(report: Mapping[str, Any], path: Path | str) -> Path:
    """Write the report page, whole or not at all.

    Parameters
    ----------
    report
        As :func:`build_page` takes it.
    path
        Of the HTML file; replaced if it exists.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    InputError
        As :func:`build_page` raises it, or the file cannot be written.
    """
    path = Path(path)
    content = build_page(report).encode()
    replace_file(path, content)
    return path


def _title(content: Mapping[str, Any]) -> str:
    ligands, metals = len(content["ligands"]), content["metals"]
    what = "1 ligand" if ligands == 1 else f"{ligands} ligands"
    ions = f"{metals[0]}³⁺" if len(metals) == 1 else f"{len(metals)} rare-earth ions"
    return f"{what} ranked for {ions}"


def _licence() -> str:
    text = escape(asset(VIEWER_LICENCE))
    return (
        f"<details><summary>Licence of the 3D viewer, 3Dmol.js</summary><pre>{text}</pre></details>"
    )
