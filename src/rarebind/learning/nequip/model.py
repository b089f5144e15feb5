"""Allegro for reactions of rare-earth complexes: signed energies, described metals and atoms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from allegro.model import AllegroModel
from allegro.nn import TwoBodyBesselScalarEmbed
from e3nn.o3 import Irreps
from nequip.data import AtomicDataDict
from nequip.model import model_builder
from nequip.nn import GraphModuleMixin, ScalarMLPFunction, SequentialGraphNetwork

from rarebind.elements import ionic_radius, is_lanthanide, is_rare_earth, rare_earth
from rarebind.learning.nequip.fields import ATOM_DESCRIPTOR, SIGNS

#: Coordination number of the radii that describe metals; all rare earths have them.
_COORDINATION = 8
#: Å; near the middle of the series, and half its width.
_MIDDLE, _HALF_WIDTH = 1.07, 0.1
_HALF_FULL = 7
#: e or eV; the least spread of a descriptor that is divided by: few atoms of an element lie close
#: together by chance.
_LEAST_SPREAD = 0.05
#: Spreads; a descriptor further from the mean of its element counts as so far.  What lies beyond
#: all training is not extrapolated to.
_FURTHEST = 2.0


@model_builder
def RareEarthAllegro(  # noqa: N802
    *,
    signs: bool,
    atom_descriptor: str | None,
    metal_descriptors: bool,
    descriptor_scales: Mapping[str, tuple[float, float]] | None = None,
    radial_chemical_embed: Mapping[str, Any],
    **allegro: Any,
) -> GraphModuleMixin:
    """Build Allegro (Musaelian et al., Nat. Commun. 2023, 14, 579) with up to three additions.

    Parameters
    ----------
    signs
        Whether atoms count with a weight in the total energy.  A graph that holds a complex with
        weight 1 and, apart from it, a free ligand with weight −n gives the energy of the reaction:
        what binding does not change cancels, whatever the network thinks of it.
    atom_descriptor
        What atoms carry from the free ligand, which tells of substituents beyond the cutoff: one
        of :data:`~rarebind.learning.data.atom_descriptors.ATOM_DESCRIPTORS`, or nothing.
    metal_descriptors
        Whether rare earths are embedded by ionic radius and 4f count rather than as unrelated
        elements.
    descriptor_scales
        Its mean and standard deviation by element, from the training data; needed with it.
    radial_chemical_embed, allegro
        As for :func:`allegro.model.AllegroModel`.

    Raises
    ------
    ValueError
        `atom_descriptor` without `descriptor_scales`.
    """
    told = atom_descriptor is not None
    if told and descriptor_scales is None:
        raise ValueError("a network that knows a descriptor of atoms needs its scales")
    if told or metal_descriptors:
        radial_chemical_embed = {
            **radial_chemical_embed,
            "_target_": f"{__name__}.{rare_earth_scalar_embed.__name__}",
            "metals_described": metal_descriptors,
            "descriptor_scales": dict(descriptor_scales or {}) if told else None,
        }
    output = AllegroModel(radial_chemical_embed=dict(radial_chemical_embed), **allegro)
    network = output.func
    if signs:
        last = network.per_type_energy_scale_shift
        network.insert("signs", SignedEnergies(last.irreps_out), before="total_energy_sum")
    # Allegro's first module names the inputs of the whole, and does not know of these.
    inputs = {name: Irreps("0e") for name, has in ((SIGNS, signs), (ATOM_DESCRIPTOR, told)) if has}
    network.irreps_in.update(inputs)
    output.irreps_in.update(inputs)
    return output


class SignedEnergies(GraphModuleMixin, torch.nn.Module):
    """Multiplies the energy of every atom by its sign.

    Parameters
    ----------
    irreps_in
        Of the module before.
    """

    def __init__(self, irreps_in: Mapping[str, Any]) -> None:
        super().__init__()
        self._init_irreps(irreps_in={**irreps_in, SIGNS: "0e"})

    def forward(self, data: AtomicDataDict.Type) -> AtomicDataDict.Type:
        """Change the energies of the atoms, shape (N, 1), in place."""
        energies = data[AtomicDataDict.PER_ATOM_ENERGY_KEY]
        data[AtomicDataDict.PER_ATOM_ENERGY_KEY] = energies * data[SIGNS].to(energies.dtype)
        return data


def metal_descriptors(symbol: str) -> tuple[float, ...]:
    """What tells one rare earth from another, in numbers of order one.

    Constant, ionic radius (coordination number 8) and its square, 4f count, and whether it is none
    of La–Lu: Sc and Y have the charge but neither the core nor the 4d and 5d shells of the others.
    """
    metal = rare_earth(symbol)
    radius = (ionic_radius(symbol, _COORDINATION) - _MIDDLE) / _HALF_WIDTH
    apart = not is_lanthanide(symbol)
    filled = 0.0 if apart else metal.f_electrons / _HALF_FULL - 1.0
    return 1.0, radius, radius**2, filled, float(apart)


def rare_earth_scalar_embed(
    type_names: Sequence[str],
    *,
    metals_described: bool = False,
    descriptor_scales: Mapping[str, tuple[float, float]] | None = None,
    scalar_embed_field: str = AtomicDataDict.EDGE_EMBEDDING_KEY,
    module_output_dim: int = 64,
    forward_weight_init: bool = True,
    **bessel: Any,
) -> SequentialGraphNetwork:
    """Take the place of :class:`allegro.nn.TwoBodyBesselScalarEmbed`.

    Parameters
    ----------
    type_names
        Elements.
    metals_described
        Whether the embedding of a rare earth is a linear function of :func:`metal_descriptors`,
        which exists for metals without training data as well.
    descriptor_scales
        Mean and standard deviation of the atoms' descriptor by element; None when the network is
        not to know one.
    bessel, scalar_embed_field, module_output_dim, forward_weight_init
        As for :class:`allegro.nn.TwoBodyBesselScalarEmbed`.
    """
    usual = TwoBodyBesselScalarEmbed(
        type_names=type_names,
        scalar_embed_field=scalar_embed_field,
        module_output_dim=module_output_dim,
        forward_weight_init=forward_weight_init,
        **bessel,
    )
    radial = usual.bessel_encode
    atoms = AtomPairEmbedding(
        type_names,
        module_output_dim,
        metals_described=metals_described,
        descriptor_scales=descriptor_scales,
        forward_weight_init=forward_weight_init,
        field=scalar_embed_field,
        irreps_in=radial.irreps_out,
    )
    return SequentialGraphNetwork({"bessel_encode": radial, "type_embed": atoms})


class AtomPairEmbedding(GraphModuleMixin, torch.nn.Module):
    """Vectors of the two atoms of an edge, times a linear map of its radial basis.

    As Allegro's ``ProductTypeEmbedding``, but an atom's vector is not only that of its element: see
    :func:`rare_earth_scalar_embed`, whose parameters these are.
    """

    irreps_in: dict[str, Irreps]
    descriptors: torch.Tensor
    own: torch.Tensor
    means: torch.Tensor
    spreads: torch.Tensor

    def __init__(
        self,
        type_names: Sequence[str],
        width: int,
        *,
        metals_described: bool,
        descriptor_scales: Mapping[str, tuple[float, float]] | None,
        forward_weight_init: bool,
        field: str,
        irreps_in: Mapping[str, Any],
    ) -> None:
        super().__init__()
        self.field, self.told = field, descriptor_scales is not None
        self._init_irreps(
            irreps_in={**irreps_in, **({ATOM_DESCRIPTOR: "0e"} if self.told else {})},
            irreps_out={field: Irreps([(width, (0, 1))])},
        )
        self.elements = torch.nn.Embedding(len(type_names), width)
        self.described = metals_described
        described = [
            metal_descriptors(name) if metals_described and is_rare_earth(name) else ()
            for name in type_names
        ]
        columns = max(map(len, described), default=0) or 1
        table = torch.zeros(len(type_names), columns)
        for row, values in zip(table, described, strict=True):
            row[: len(values)] = torch.tensor(values)
        self.register_buffer("descriptors", table)
        self.register_buffer("own", torch.tensor([[0.0 if d else 1.0] for d in described]))
        self.from_descriptors = torch.nn.Parameter(torch.randn(columns, width) / columns**0.5)
        scales = [(descriptor_scales or {}).get(name, (0.0, 1.0)) for name in type_names]
        self.register_buffer("means", torch.tensor([[mean] for mean, _ in scales]))
        self.register_buffer(
            "spreads", torch.tensor([[max(sd, _LEAST_SPREAD)] for _, sd in scales])
        )
        self.from_descriptor = torch.nn.Embedding(len(type_names), width)
        self.basis = ScalarMLPFunction(
            input_dim=self.irreps_in[field].num_irreps,
            output_dim=width,
            forward_weight_init=forward_weight_init,
        )

    def forward(self, data: AtomicDataDict.Type) -> AtomicDataDict.Type:
        """Write the embedding of every edge, shape (edges, width)."""
        types = data[AtomicDataDict.ATOM_TYPE_KEY].view(-1)
        table = self.elements.weight
        if self.described:
            table = self.own * table + self.descriptors @ self.from_descriptors
        atoms = torch.nn.functional.embedding(types, table)
        if self.told:
            values = data[ATOM_DESCRIPTOR].to(atoms.dtype).view(-1, 1)
            means = torch.nn.functional.embedding(types, self.means)
            spreads = torch.nn.functional.embedding(types, self.spreads)
            # An atom of which nothing is known counts as the average of its element.
            told = torch.nan_to_num((values - means) / spreads).clamp(-_FURTHEST, _FURTHEST)
            atoms = atoms + told * self.from_descriptor(types)
        # The first half speaks of the atom in the centre, the second of its neighbour.
        half = atoms.shape[1] // 2
        centre, neighbour = data[AtomicDataDict.EDGE_INDEX_KEY]
        pairs = torch.cat(
            (
                torch.index_select(atoms[:, :half], 0, centre),
                torch.index_select(atoms[:, half:], 0, neighbour),
            ),
            dim=-1,
        )
        data[self.field] = pairs * self.basis(data[self.field])
        return data
