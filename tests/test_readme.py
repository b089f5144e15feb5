"""What the README shows works as it stands."""

import re
from pathlib import Path

import pytest

pytest.importorskip("nequip")

README = Path(__file__).parents[1] / "README.md"


def test_the_lines_of_python_run(capsys):
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code.splitlines()) <= 10
    names = {}
    exec(compile(code, str(README), "exec"), names)
    table = names["table"]
    assert list(table["metal"]) == ["La", "La", "Eu", "Eu", "Lu", "Lu"]
    assert set(table["status"]) == {"ok"}
    # The catecholamide, a dianion, binds more strongly.
    assert set(table.loc[table["rank"] == 1, "charge"]) == {1}
    assert table["half_width"].isna().all()
    assert table["strain"].between(0, 100).all()
    assert table.attrs["unit"] == "kcal/mol"
    assert "strain" in capsys.readouterr().out
