"""Density functional theory through GPU4PySCF: the mean field on an NVIDIA GPU, all else shared.

Level, guesses, search, checks of the state and dispersion are those of the PySCF engine.  They
work with NumPy arrays; :class:`HostView` stands between them and the arrays on the GPU.

Written after the source of GPU4PySCF 1.9.0 without a GPU to run it on.  Density fitting there
goes up to g functions in the basis and i functions in the auxiliary basis, which the sets used
here do not exceed; its SMD is that of PySCF, with integrals that are not fitted.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from rarebind.engines.dft import program_versions
from rarebind.engines.dft.basis import BasisSets
from rarebind.engines.dft.checkpoint import Checkpoint
from rarebind.engines.dft.engine import DFTPotential, SearchEffort
from rarebind.engines.dft.meanfield import (
    FUNCTIONALS,
    mean_field,
    set_grid,
    surface_order,
    with_thresholds,
)
from rarebind.engines.level import LevelOfTheory
from rarebind.engines.registry import ENGINES
from rarebind.errors import CalculationError, InputError, MissingDependencyError
from rarebind.structures import Structure

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyscf.gto import Mole

    Floats = NDArray[np.float64]

#: GPU4PySCF is packaged once for each version of CUDA.
_PACKAGES = ("gpu4pyscf-cuda12x", "gpu4pyscf-cuda13x", "gpu4pyscf-cuda11x", "gpu4pyscf")
#: Before, SMD took the radius of an atom with an effective core from its reduced charge.
_OLDEST = (1, 6, 1)
#: Largest angular momenta of the basis and of the auxiliary basis.
_ORBITAL_LIMIT, _AUXILIARY_LIMIT = 4, 6
#: Attributes of a mean field that are arrays.
_ARRAYS = frozenset({"mo_coeff", "mo_energy", "mo_occ"})


@dataclass(frozen=True)
class Transfer:
    """How arrays reach the GPU and come back.

    Attributes
    ----------
    to_device, to_host
        From and to NumPy.
    """

    to_device: Callable[[Any], Any]
    to_host: Callable[[Any], Any]


class HostView:
    """A mean field on the GPU that takes and gives NumPy arrays.

    What is not named here is the mean field's own.

    Parameters
    ----------
    field
        Mean field or second-order solver of GPU4PySCF.
    transfer
        Of its arrays.
    twin
        Makes the same mean field on the CPU, for what the GPU cannot do.
    """

    _field: Any
    _transfer: Transfer
    _twin: Callable[[], Any]

    def __init__(self, field: Any, transfer: Transfer, twin: Callable[[], Any]) -> None:
        for name, value in (("_field", field), ("_transfer", transfer), ("_twin", twin)):
            object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._field, name)
        return self._to_host(value) if name in _ARRAYS else value

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._field, name, self._to_device(value) if name in _ARRAYS else value)

    def kernel(self, *arrays: Any, **named: Any) -> float:
        """Iterate from a density or orbitals; energy in Eh."""
        on_device = [self._to_device(array) for array in arrays]
        guess = {name: self._to_device(array) for name, array in named.items()}
        return float(self._field.kernel(*on_device, **guess))

    def make_rdm1(self, *orbitals: Any) -> Floats:
        """Density matrix of the given orbitals and occupations, or of the present ones."""
        density = self._field.make_rdm1(*(self._to_device(array) for array in orbitals))
        return np.asarray(self._to_host(density))

    def get_ovlp(self) -> Floats:
        """Overlap matrix."""
        return np.asarray(self._to_host(self._field.get_ovlp()))

    def newton(self) -> HostView:
        """The second-order solver."""
        return HostView(self._field.newton(), self._transfer, self._twin)

    def stability(self, **options: Any) -> Any:
        """Internal stability, analysed on the CPU: GPU4PySCF has no such analysis."""
        twin = self._twin()
        set_grid(twin, self._field.grids.level)
        twin.mo_coeff, twin.mo_occ = self.mo_coeff, self.mo_occ
        return twin.stability(**options)

    def _to_device(self, array: Any) -> Any:
        # Without the orbitals that PySCF tags a density with: they are NumPy arrays.
        return None if array is None else self._transfer.to_device(np.asarray(array))

    def _to_host(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, (tuple, list)):
            return np.array([self._transfer.to_host(part) for part in value])
        return np.array(self._transfer.to_host(value))


class GPUPotential(DFTPotential):
    """Energy and forces of one molecule, its mean field on the GPU.

    Parameters
    ----------
    structure, level, effort
        As for :class:`~rarebind.engines.dft.engine.DFTPotential`.

    Raises
    ------
    InputError
        Also when there is no GPU, or GPU4PySCF is too old.
    MissingDependencyError
        GPU4PySCF or CuPy is not installed.
    """

    def __init__(
        self, structure: Structure, level: LevelOfTheory, effort: SearchEffort | None = None
    ) -> None:
        check_gpu()
        super().__init__(structure, level, effort)
        check_momenta(self._sets)

    def __call__(self, positions: Floats) -> tuple[float, Floats]:
        """Energy in eV and forces in eV/Å, shape (N, 3), at `positions` in Å."""
        try:
            return super().__call__(positions)
        # CuPy's own errors are kinds of these; so is what GPU4PySCF says of a kernel that failed.
        except (MemoryError, RuntimeError) as error:
            raise CalculationError(f"on the GPU: {type(error).__name__}: {error}") from error

    def _mean_field(self, mol: Mole, _: Checkpoint) -> Any:
        return HostView(
            gpu_mean_field(mol, self._level, self._sets),
            cupy_transfer(),
            partial(mean_field, mol, self._level, self._sets),
        )


class GPU4PySCF:
    """The GPU4PySCF engine."""

    name = "gpu4pyscf"

    @property
    def version(self) -> str:
        """Versions of all that decides the numbers."""
        return f"gpu4pyscf {gpu4pyscf_version()}, {program_versions()}"

    def potential(self, structure: Structure, level: LevelOfTheory) -> GPUPotential:
        """A callable giving energy (eV) and forces (eV/Å) of `structure` at any positions."""
        return GPUPotential(structure, level)


def gpu4pyscf_version() -> str:
    """Version of GPU4PySCF, whatever CUDA it is built for; needs no GPU.

    Raises
    ------
    MissingDependencyError
        It is not installed.
    """
    for package in _PACKAGES:
        try:
            return version(package)
        except PackageNotFoundError:
            continue
    raise MissingDependencyError(f"GPU4PySCF is not installed. {ENGINES.spec('gpu4pyscf').install}")


def check_gpu() -> None:
    """Do nothing if GPU4PySCF can run here.

    Raises
    ------
    InputError
        There is no GPU, or GPU4PySCF is too old.
    MissingDependencyError
        GPU4PySCF or CuPy is not installed.
    """
    found = gpu4pyscf_version()
    if tuple(int(number) for number in re.findall(r"\d+", found)[:3]) < _OLDEST:
        raise InputError(
            f"GPU4PySCF {found} is too old: before {'.'.join(map(str, _OLDEST))}, SMD gives atoms "
            "with an effective core a wrong radius"
        )
    try:
        import cupy  # type: ignore[import-not-found,unused-ignore]
    except ImportError as error:
        raise MissingDependencyError(
            f"GPU4PySCF needs CuPy ({error}). {ENGINES.spec('gpu4pyscf').install}"
        ) from error
    advice = "run on a machine with an NVIDIA GPU and its driver, or take the engine pyscf"
    try:
        devices = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise InputError(f"no CUDA device found ({error}): {advice}") from error
    if not devices:
        raise InputError(f"no CUDA device found: {advice}")


def check_momenta(sets: BasisSets) -> None:
    """Do nothing if GPU4PySCF has integrals for all functions.

    Raises
    ------
    InputError
        The angular momentum of some functions is too high; their elements are named.
    """
    problems = []
    for what, basis, limit in (
        ("basis", sets.orbital, _ORBITAL_LIMIT),
        ("auxiliary basis", sets.auxiliary, _AUXILIARY_LIMIT),
    ):
        for symbol, functions in basis.items():
            highest = max(function[0] for function in functions)
            if highest > limit:
                problems.append(
                    f"GPU4PySCF: the {what} of {symbol} has angular momentum {highest}, at most "
                    f"{limit} is possible: take the engine pyscf"
                )
    if problems:
        raise InputError(problems)


def cupy_transfer() -> Transfer:
    """Transfer by CuPy."""
    import cupy

    return Transfer(cupy.asarray, cupy.asnumpy)


def gpu_mean_field(mol: Mole, level: LevelOfTheory, sets: BasisSets) -> Any:
    """As :func:`~rarebind.engines.dft.meanfield.mean_field`, which has checked `level`."""
    from gpu4pyscf import dft
    from gpu4pyscf.solvent import smd

    method = dft.UKS if mol.spin else dft.RKS
    field = method(mol, xc=FUNCTIONALS[level.method]).density_fit(auxbasis=sets.auxiliary)
    if level.solvent_name is not None:
        # After density fitting: in the other order the gradient is incomplete.
        solvent = smd.SMD(mol, level.solvent_name)
        solvent.lebedev_order = surface_order()
        field = smd.smd_for_scf(field, solvent)
    return with_thresholds(field)
