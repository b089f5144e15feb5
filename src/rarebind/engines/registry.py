"""The engines by name."""

from __future__ import annotations

from rarebind.registry import Registry, Spec

ENGINES = Registry(
    "engine",
    Spec(
        name="tblite",
        factory="rarebind.engines.tblite:TBLite",
        summary="GFN1-xTB and GFN2-xTB in the tblite library (default)",
        modules=("tblite",),
        install="Install it with: pip install tblite",
    ),
    Spec(
        name="xtb",
        factory="rarebind.engines.xtb_program:XTBProgram",
        summary="GFN1-xTB and GFN2-xTB by the xtb program",
        programs=("xtb",),
        install="Install the xtb program (Debian: apt install xtb; conda-forge: xtb) on the PATH.",
    ),
)
