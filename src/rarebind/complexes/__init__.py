"""3D complexes: what to build, builders, the metal series, checks."""

from rarebind.complexes.builders import BUILDERS, Builder
from rarebind.complexes.checks import (
    CheckReport,
    check_complex,
    checked,
    coordination_number,
    further_donors,
)
from rarebind.complexes.composition import (
    COORDINATION_NUMBERS,
    DEFAULT_COORDINATION_NUMBER,
    STUDY_GEOMETRIES,
    Composition,
    Recipe,
    check_coordination_number,
    compose,
    geometry_order,
    read_geometry,
)
from rarebind.complexes.hydration import (
    SHELL,
    changed_by_one,
    first_number,
    shell_numbers,
    with_waters,
)
from rarebind.complexes.layout import Fragment, Layout, canonical
from rarebind.complexes.polyhedra import aqua_starts
from rarebind.complexes.series import SERIES_ENDS, interpolate_metal, is_between, swap_metal
from rarebind.complexes.spec import ComplexSpec, aqua_ion, complex_spec
from rarebind.complexes.templates import (
    TEMPLATE_METAL,
    has_template,
    parent_templates,
    template_set,
)

__all__ = [
    "BUILDERS",
    "COORDINATION_NUMBERS",
    "DEFAULT_COORDINATION_NUMBER",
    "SERIES_ENDS",
    "SHELL",
    "STUDY_GEOMETRIES",
    "TEMPLATE_METAL",
    "Builder",
    "CheckReport",
    "ComplexSpec",
    "Composition",
    "Fragment",
    "Layout",
    "Recipe",
    "aqua_ion",
    "aqua_starts",
    "canonical",
    "changed_by_one",
    "check_complex",
    "check_coordination_number",
    "checked",
    "complex_spec",
    "compose",
    "coordination_number",
    "first_number",
    "further_donors",
    "geometry_order",
    "has_template",
    "interpolate_metal",
    "is_between",
    "parent_templates",
    "read_geometry",
    "shell_numbers",
    "swap_metal",
    "template_set",
    "with_waters",
]
