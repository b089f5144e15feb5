"""Ligands: the library, a user's own, their donors, charge and identity."""

from rarebind.ligands.carried import Branch, Carried, carried_scaffold
from rarebind.ligands.common import (
    common_ligand,
    common_ligands,
    common_names,
    is_water,
    water,
)
from rarebind.ligands.conformers import conformers
from rarebind.ligands.donors import parse_ligand
from rarebind.ligands.drawing import draw_grid, draw_svg
from rarebind.ligands.explanation import Donor, Explanation, explain
from rarebind.ligands.identity import (
    FragmentIdentity,
    bonds_from_geometry,
    fragment_inchikey,
    perceived,
)
from rarebind.ligands.library import (
    PARENT,
    Scaffold,
    enumerate_library,
    library_ligand,
    scaffolds,
    substituents,
)
from rarebind.ligands.ligand import MAX_DENTICITY, MAX_NAME, Ligand
from rarebind.ligands.names import Named, known_names
from rarebind.ligands.survey import Item, Rejected, Survey, survey_items
from rarebind.ligands.table import (
    read_ligand_table,
    survey_ligand_table,
    survey_ligand_text,
    write_ligand_table,
)
from rarebind.ligands.truncation import truncate_alkyls

__all__ = [
    "MAX_DENTICITY",
    "MAX_NAME",
    "PARENT",
    "Branch",
    "Carried",
    "Donor",
    "Explanation",
    "FragmentIdentity",
    "Item",
    "Ligand",
    "Named",
    "Rejected",
    "Scaffold",
    "Survey",
    "bonds_from_geometry",
    "carried_scaffold",
    "common_ligand",
    "common_ligands",
    "common_names",
    "conformers",
    "draw_grid",
    "draw_svg",
    "enumerate_library",
    "explain",
    "fragment_inchikey",
    "is_water",
    "known_names",
    "library_ligand",
    "parse_ligand",
    "perceived",
    "read_ligand_table",
    "scaffolds",
    "substituents",
    "survey_items",
    "survey_ligand_table",
    "survey_ligand_text",
    "truncate_alkyls",
    "water",
    "write_ligand_table",
]
