import csv
import io
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitdrop.escape import escape, unescape

BYTES = st.binary(min_size=1, max_size=60).map(os.fsdecode)
SIGNS = "=+-@\uff1d\uff0b\uff0d\uff20"


@given(BYTES | st.text(max_size=60))
def test_every_name_can_be_had_back_exactly(name: str) -> None:
    assert unescape(escape(name)) == name


@given(BYTES | st.text(max_size=60))
def test_every_name_is_one_line_of_utf_8_without_control_characters(name: str) -> None:
    text = escape(name)

    assert len(text.splitlines()) <= 1
    assert not any(character < " " or character == "\x7f" for character in text)
    text.encode("utf-8")


@given(st.sampled_from(SIGNS), BYTES, st.sampled_from([",", ";", "\t", "|", ""]), BYTES)
def test_no_cell_begins_like_a_formula_however_a_spreadsheet_splits_it(
    sign: str, before: str, split: str, after: str
) -> None:
    text = escape(before + split + sign + after)

    for delimiter in ",;|\t":
        for cell in next(csv.reader([text], delimiter=delimiter), []):
            assert not cell.lstrip(" \"'").startswith(tuple(SIGNS))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("seven.png", "seven.png"),
        ("größe 7.png", "größe 7.png"),
        ("7\U0001f600.png", "7\U0001f600.png"),
        ("=1+1.png", r"\u003d1+1.png"),
        ("a\nb\t.png", r"a\u000ab\u0009.png"),
        ("\udcff.png", r"\xff.png"),
        (r"a\b.png", r"a\\b.png"),
        ("gnp.\u202e7.png", r"gnp.\u202e7.png"),
    ],
)
def test_what_is_harmless_stays_and_what_is_not_is_spelled_out(name: str, text: str) -> None:
    assert escape(name) == text


@given(BYTES)
def test_a_cell_survives_being_written_and_read_as_csv(name: str) -> None:
    file = io.StringIO()
    csv.writer(file).writerow([escape(name), "x"])

    (row,) = csv.reader(io.StringIO(file.getvalue()))

    assert unescape(row[0]) == name
