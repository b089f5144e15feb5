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
    Spec(
        name="pyscf",
        factory="rarebind.engines.dft.engine:PySCF",
        summary="density functional theory by PySCF on the CPU",
        modules=("pyscf", "basis_set_exchange", "dftd4"),
        install="Install it with: pip install 'rarebind[dft]'",
    ),
    Spec(
        name="gpu4pyscf",
        factory="rarebind.engines.dft.gpu:GPU4PySCF",
        summary="density functional theory by GPU4PySCF on an NVIDIA GPU",
        modules=("gpu4pyscf", "pyscf", "basis_set_exchange", "dftd4"),
        install="Install it with: pip install 'rarebind[dft-gpu]' (NVIDIA GPU and CUDA 12)",
    ),
    Spec(
        name="orca",
        factory="rarebind.engines.orca.program:OrcaProgram",
        summary="density functional theory by the ORCA program, version 5 or 6",
        modules=("basis_set_exchange",),
        programs=("orca",),
        install=(
            "Get ORCA 5 or 6 (free for academics, https://www.faccts.de) and put its folder on "
            "the PATH; or `rarebind label --write-inputs` and run it elsewhere. Its inputs need "
            "pip install 'rarebind[dft]'."
        ),
    ),
)
