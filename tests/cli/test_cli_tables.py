"""How names, numbers and tables look."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frcodec.cli import output, rows, text
from frcodec.cli.table import Column, layout
from frcodec.encoder.reports import TensorReport
from frcodec.stages.transform import Transform
from frcodec.units import format_size

COLUMNS = (Column("name", right=False), Column("a", drop=2), Column("b", drop=1), Column("bytes"))
ROWS = [
    {"name": "encoder.layer.11.attention.output.dense.weight", "a": "1×2×3", "b": "bb", "bytes": "1,234"},
    {"name": "x", "a": "", "b": "", "bytes": "5"},
]


def test_numbers_end_at_the_same_column() -> None:
    lines = [str(line) for line in layout(COLUMNS, ROWS, None)]
    assert lines[1].startswith("encoder.layer.11.attention.output.dense.weight  1×2×3  bb  1,234")
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize("columns", range(50, 90))
def test_tables_fit(columns: int) -> None:
    lines = [str(line) for line in layout(COLUMNS, ROWS, columns)]
    assert max(map(len, lines)) <= columns
    assert lines[0].split()[-1] == "bytes" and lines[1].endswith("1,234")


def test_columns_go_before_names_are_cut() -> None:
    whole, narrow = layout(COLUMNS, ROWS, 80), layout(COLUMNS, ROWS, 44)
    assert whole[0].cells[1:] == ["    a", " b", "bytes"]
    assert [cell.strip() for cell in narrow[0].cells] == ["name", "bytes"]
    assert "…" in narrow[1].cells[0] and narrow[1].cells[0].startswith("encoder.layer.11")


def test_columns_without_content_are_left_out() -> None:
    assert [cell.strip() for cell in layout(COLUMNS, [{"name": "x", "bytes": "5"}], None)[0].cells] == ["name", "bytes"]


@given(st.text(max_size=60))
def test_escaped_text_has_nothing_that_moves_the_cursor(value: str) -> None:
    shown = text.escaped(value, backslash=True)
    assert all(unicodedata.category(char)[0] not in "CZ" or char == " " for char in shown)


@given(st.text(max_size=30), st.text(max_size=30))
def test_different_names_look_different(one: str, other: str) -> None:
    assert one == other or text.escaped(one, backslash=True) != text.escaped(other, backslash=True)


@given(st.text(max_size=60), st.integers(1, 40))
def test_shortened_text_fits(value: str, columns: int) -> None:
    assert text.width(text.shortened(text.escaped(value), columns)) <= columns


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.00 kB"), (12_345, "12.3 kB"), (999_949, "999.9 kB"),
     (999_999, "1.00 MB"), (2**53, "9.01 PB")],
)  # fmt: skip
def test_sizes_have_a_unit(count: int, shown: str) -> None:
    assert format_size(count) == shown


@pytest.mark.parametrize(
    ("name", "shown"),
    [("float32", "f32"), ("bfloat16", "bf16"),
     ("int64", "i64"), ("uint8", "u8"), ("complex64", "c64"), ("bool", "bool"),
     ("float8_e4m3fn", "float8_e4m3fn"), ("bytes", "bytes")],
)  # fmt: skip
def test_types_are_short(name: str, shown: str) -> None:
    assert text.dtype(name) == shown


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_progress_bar_shows_harmless_names_and_wipes_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(output, "_PATIENCE", -1.0)
    terminal = Terminal()
    bar = output._Bar("encoding", terminal)
    bar(1, 4, "evil\x07[bold]\u202e")
    bar(4, 4, "done")
    bar.close()
    assert "encoding" in terminal.getvalue()
    assert not {"\x07", "\u202e"} & set(terminal.getvalue())


def test_quick_work_shows_no_progress_bar() -> None:
    terminal = Terminal()
    bar = output._Bar("encoding", terminal)
    bar(1, 1, "done")
    bar.close()
    assert terminal.getvalue() == ""


def test_the_totals_say_it_all() -> None:
    line = rows.totals(file_bytes=250, source_bytes=1000, weights=400, snr=30.0)
    assert line == "250 B of 1.00 kB (25.0 %, 4.0× smaller), 5.00 bits/weight, SNR 30.00 dB"
    assert rows.totals(file_bytes=20, source_bytes=0, weights=0) == "20 B of 0 B"


def test_a_few_frequencies_are_said_to_be_just_that():
    spectral = TensorReport("w", "float32", (64, 64, 3, 3), "levels", Transform((0, 1, 2, 3)), 33, 0.25, 31.0)
    dense = replace(spectral, kept=(64, 64, 3, 3))
    assert [row["coding"] for row in rows.tensor_rows([spectral, dense])] == ["fr", "dct 0,1,2,3"]
    assert rows.tensor_rows([spectral])[0]["b/w"] == "0.007"
    line = rows.totals(file_bytes=899, source_bytes=124_100_000, weights=31_025_000)
    assert line == "899 B of 124.1 MB (0.0007 %, 138,042× smaller), 0.0002 bits/weight"
