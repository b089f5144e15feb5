"""The GPU engine: all of it but the GPU runs anywhere, with PySCF's own mean field on the "GPU"."""

import importlib.util
import sys
from importlib.metadata import PackageNotFoundError
from types import SimpleNamespace

import numpy as np
import pytest
from dft_systems import GAS, HYDROGEN_FLUORIDE, LABELS, LANTHANIDES, QUICK, WATER, field_of, ion

from rarebind.engines import ENGINES, static
from rarebind.engines.dft import gpu
from rarebind.engines.dft.basis import BasisSets, basis_sets
from rarebind.engines.dft.engine import DFTPotential, SearchEffort
from rarebind.engines.dft.meanfield import FUNCTIONALS, surface_order, with_thresholds
from rarebind.engines.levels import level_named
from rarebind.errors import CalculationError, InputError, MissingDependencyError
from rarebind.units import EV_PER_HARTREE

INSTALLED = importlib.util.find_spec("gpu4pyscf") is not None


def no_gpu():
    """Why the tests on a GPU cannot run; empty if they can."""
    if not INSTALLED:
        return "GPU4PySCF is not installed"
    try:
        gpu.check_gpu()
    except (InputError, MissingDependencyError) as error:
        return str(error)
    return ""


class OnDevice:
    """An array that, like CuPy's, refuses to be taken for NumPy."""

    def __init__(self, values):
        self.values = values

    def __array__(self, *_, **__):
        raise TypeError("implicit conversion to NumPy")


def to_device(array):
    assert type(array) is np.ndarray
    return OnDevice(array)


def to_host(array):
    assert isinstance(array, OnDevice)
    return array.values


STRICT = gpu.Transfer(to_device, to_host)
COPY = gpu.Transfer(np.array, np.array)


def installed(monkeypatch, found):
    """Let this version of GPU4PySCF be found, of all packages; None for no version."""

    def version(package):
        if package == "gpu4pyscf-cuda12x" and found:
            return found
        raise PackageNotFoundError(package)

    monkeypatch.setattr(gpu, "version", version)


def cupy_with(devices):
    """A module cupy that sees so many devices; None: it has no driver."""

    class CUDARuntimeError(RuntimeError):
        pass

    def count():
        if devices is None:
            raise CUDARuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected")
        return devices

    runtime = SimpleNamespace(CUDARuntimeError=CUDARuntimeError, getDeviceCount=count)
    return SimpleNamespace(cuda=SimpleNamespace(runtime=runtime))


def unfitted(mol, level, sets):
    """As GPU4PySCF builds it: density fitting, and SMD without it."""
    from pyscf import dft
    from pyscf.solvent import smd

    method = dft.UKS if mol.spin else dft.RKS
    field = method(mol, xc=FUNCTIONALS[level.method]).density_fit(auxbasis=sets.auxiliary)
    if level.solvent_name is not None:
        solvent = smd.SMD(mol, level.solvent_name)
        solvent.lebedev_order = surface_order()
        field = smd.smd_for_scf(field, solvent)
    return with_thresholds(field)


@pytest.fixture
def stand_in(monkeypatch):
    """PySCF in place of GPU4PySCF."""
    monkeypatch.setattr(gpu, "check_gpu", lambda: None)
    monkeypatch.setattr(gpu, "gpu_mean_field", unfitted)
    monkeypatch.setattr(gpu, "cupy_transfer", lambda: COPY)


@pytest.mark.skipif(INSTALLED, reason="GPU4PySCF is installed")
def test_missing_package():
    with pytest.raises(MissingDependencyError, match=r"'gpu4pyscf' needs gpu4pyscf.*dft-gpu"):
        ENGINES.create("gpu4pyscf")
    with pytest.raises(MissingDependencyError, match="gpu4pyscf"):
        static(WATER, level_named("b3lyp-d4", "gpu4pyscf"))


def test_missing_distribution(monkeypatch):
    installed(monkeypatch, None)
    with pytest.raises(MissingDependencyError, match=r"not installed.*dft-gpu"):
        gpu.check_gpu()


def test_missing_cupy(monkeypatch):
    installed(monkeypatch, "1.9.0")
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(MissingDependencyError, match=r"needs CuPy.*dft-gpu"):
        gpu.check_gpu()


@pytest.mark.parametrize("devices", [0, None])
def test_no_device(monkeypatch, devices):
    installed(monkeypatch, "1.9.0")
    monkeypatch.setitem(sys.modules, "cupy", cupy_with(devices))
    with pytest.raises(InputError, match=r"no CUDA device found.*engine pyscf"):
        gpu.GPU4PySCF().potential(WATER, LABELS)


@pytest.mark.parametrize("found", ["1.4.2", "1.6", "1.6.0"])
def test_versions_with_wrong_radii_are_refused(monkeypatch, found):
    installed(monkeypatch, found)
    with pytest.raises(InputError, match="wrong radius"):
        gpu.check_gpu()


@pytest.mark.parametrize("found", ["1.6.1", "1.9.0", "1.10", "2.0.0rc1"])
def test_versions_that_will_do(monkeypatch, found):
    installed(monkeypatch, found)
    monkeypatch.setitem(sys.modules, "cupy", cupy_with(1))
    gpu.check_gpu()


def test_version_needs_no_gpu(monkeypatch):
    monkeypatch.setattr(gpu, "gpu4pyscf_version", lambda: "1.9.0")
    parts = gpu.GPU4PySCF().version.split(", ")
    assert parts[0] == "gpu4pyscf 1.9.0"
    assert [part.split()[0] for part in parts[1:]] == ["pyscf", "dftd4", "basis-set-exchange"]


@pytest.mark.parametrize("name", ["b3lyp-d4", "b3lyp-d4-4f-in-core"])
def test_all_elements_are_within_the_limits(name):
    symbols = (*LANTHANIDES, "Y", "H", "C", "N", "O", "F", "P", "S", "Cl")
    gpu.check_momenta(basis_sets(symbols, level_named(name)))


def test_momenta_beyond_the_limits():
    shells = [[0, [1.0, 1.0]], [8, [1.0, 1.0]]]
    sets = BasisSets({"Eu": [[5, [1.0, 1.0]]]}, {}, {"Eu": shells})
    with pytest.raises(InputError) as caught:
        gpu.check_momenta(sets)
    assert [p.split(":")[1] for p in caught.value.problems] == [
        " the basis of Eu has angular momentum 5, at most 4 is possible",
        " the auxiliary basis of Eu has angular momentum 8, at most 6 is possible",
    ]


def test_host_view_converts_whatever_is_an_array():
    identity = np.eye(2)
    given = {}

    class Field:
        mo_coeff = OnDevice(identity)
        mo_occ = (OnDevice(np.ones(2)), OnDevice(np.zeros(2)))
        mo_energy = None
        e_tot = -1.5

        def kernel(self, *arrays, **named):
            given.update(named, arrays=arrays)
            return np.float64(-1.5)

        def make_rdm1(self, *orbitals):
            given["orbitals"] = orbitals
            return OnDevice(identity)

        def get_ovlp(self):
            return OnDevice(identity)

        def newton(self):
            return Field()

    field = Field()
    view = gpu.HostView(field, STRICT, None)
    assert view.e_tot == -1.5
    assert view.mo_energy is None
    assert (view.mo_coeff == identity).all()
    assert view.mo_occ.tolist() == [[1.0, 1.0], [0.0, 0.0]]
    assert (view.get_ovlp() == identity).all()
    assert (view.make_rdm1() == identity).all()
    assert given["orbitals"] == ()
    view.make_rdm1(identity, np.ones(2))
    assert all(isinstance(array, OnDevice) for array in given["orbitals"])
    assert view.kernel(dm0=identity) == -1.5
    assert isinstance(given["dm0"], OnDevice)
    solver = view.newton()
    solver.kernel(identity, np.ones(2))
    assert all(isinstance(array, OnDevice) for array in given["arrays"])
    view.mo_coeff = 2.0 * identity
    assert isinstance(field.mo_coeff, OnDevice)
    view.max_cycle = 20
    assert field.max_cycle == 20


def test_host_view_hands_on_plain_arrays():
    """The orbitals that PySCF tags a density with would not have been moved."""
    from pyscf import lib

    view = gpu.HostView(SimpleNamespace(kernel=lambda dm0: float(dm0.values[0, 0])), STRICT, None)
    assert view.kernel(dm0=lib.tag_array(np.eye(2), mo_coeff=np.eye(2))) == 1.0


def test_stability_is_analysed_on_the_cpu():
    """Of the state on the GPU, from its orbitals alone, on the same grid."""
    field = field_of(HYDROGEN_FLUORIDE, QUICK)
    field.grids.level = 1
    field.kernel()
    twins = []

    def twin():
        twins.append(field_of(HYDROGEN_FLUORIDE, QUICK))
        return twins[-1]

    options = {"return_status": True, "nroots": 1, "tol": 1e-3}
    orbitals, _, stable, _ = gpu.HostView(field, COPY, twin).stability(**options)
    expected = field.stability(**options)
    assert stable == expected[2]
    assert np.abs(np.array(orbitals) - np.array(expected[0])).max() < 1e-6
    assert twins[0].grids.level == 1


@pytest.mark.parametrize("level", [GAS, LABELS], ids=["gas", "water"])
def test_all_but_the_gpu_closed_shell(stand_in, level):
    energy, forces = gpu.GPUPotential(WATER, level)(WATER.positions)
    reference, gradient = DFTPotential(WATER, level)(WATER.positions)
    assert energy == pytest.approx(reference, abs=1e-5 * EV_PER_HARTREE)
    assert np.abs(forces - gradient).max() < 5e-3


def test_all_but_the_gpu_radical(stand_in):
    potential = gpu.GPUPotential(HYDROGEN_FLUORIDE, QUICK)
    energy, forces = potential(HYDROGEN_FLUORIDE.positions)
    reference, gradient = DFTPotential(HYDROGEN_FLUORIDE, QUICK)(HYDROGEN_FLUORIDE.positions)
    assert energy == pytest.approx(reference, abs=1e-5 * EV_PER_HARTREE)
    assert np.abs(forces - gradient).max() < 5e-3
    assert potential.scf.s_squared == pytest.approx(0.75, abs=0.01)
    assert potential.scf.cycles > 0


@pytest.mark.slow
def test_all_but_the_gpu_4f_ion(stand_in):
    # One guess, and nothing drawn at random from where it leads: both end in the same state.
    effort = SearchEffort(guesses=1, small=0)
    structure = ion("Ce")
    potential = gpu.GPUPotential(structure, GAS, effort)
    energy, forces = potential(structure.positions)
    reference = DFTPotential(structure, GAS, effort)
    assert energy == pytest.approx(reference(structure.positions)[0], abs=1e-5 * EV_PER_HARTREE)
    assert not forces.any()
    assert potential.scf.f_electrons == pytest.approx(1.0, abs=0.01)
    assert potential.scf.s_squared == pytest.approx(0.75, abs=0.01)


@pytest.mark.parametrize("error", [MemoryError("Out of memory"), RuntimeError("kernel failed")])
def test_failure_on_the_gpu_is_a_failed_calculation(stand_in, monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(gpu, "gpu_mean_field", fail)
    with pytest.raises(CalculationError, match=f"on the GPU.*{error}"):
        gpu.GPUPotential(WATER, QUICK)(WATER.positions)


@pytest.mark.skipif(bool(no_gpu()), reason=no_gpu())
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("structure", [WATER, ion("Y"), ion("Ce")], ids=["water", "Y3+", "Ce3+"])
def test_agrees_with_pyscf(structure):
    found = static(structure, level_named("b3lyp-d4", "gpu4pyscf"))
    expected = static(structure, LABELS)
    assert found.ok, found.reason
    assert found.energy == pytest.approx(expected.energy, abs=1e-5 * EV_PER_HARTREE)
    assert np.abs(found.forces - expected.forces).max() < 5e-3
