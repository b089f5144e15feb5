"""The ground floor of files: what every room reads and writes with, and knows nothing of chemistry.

:mod:`~rarebind.io.files`
    Whole or not at all, packed as the name says; files that come with the package.
:mod:`~rarebind.io.yaml`
    YAML within bounds, for what people write.
:mod:`~rarebind.io.models`
    YAML into pydantic models, every fault by its place.
:mod:`~rarebind.io.codec`
    Records (frozen dataclasses) to plain data and back.
:mod:`~rarebind.io.tables`
    Dataclasses as CSV and DataFrames; cells as Markdown and on the terminal.
:mod:`~rarebind.io.documents`
    Markdown from templates.
:mod:`~rarebind.io.xyz`
    Extended XYZ frame by frame.
"""
