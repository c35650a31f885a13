"""CSV as programs export it."""

from __future__ import annotations

import pytest

from ragchat.core.place import Place
from ragchat.errors import DocumentError
from tests.documents.reading import chunks, document, outline, places


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_the_header(separator: str) -> None:
    text = f'name{separator}"a, b; c"\nsalt{separator}"1, 2"\n'
    assert outline("a.csv", text) == [("", "name: salt\na, b; c: 1, 2")]


def test_a_row_is_found_by_all_its_fields_and_shows_its_text() -> None:
    text = "id,Text,region,type\nf1,Mustard greens.,Punjab,Main\n"
    assert outline("a.csv", text) == [("Region: Punjab · Type: Main · Id: f1", "Mustard greens.")]


def test_rows_tell_their_number_and_their_first_line() -> None:
    text = 'text,n\n"one\nstill one",1\n\n,\ntwo,2\n"three\n\n",3'
    assert places("a.csv", text) == [
        ("one\nstill one", Place("record", 1, 1, 2)),
        ("two", Place("record", 2, 2, 6)),
        ("three", Place("record", 3, 3, 7)),
    ]


def test_ragged_rows_lose_nothing() -> None:
    assert outline("a.csv", "a,b\n1\n1,2,3\n") == [("", "a: 1"), ("", "a: 1\nb: 2\ncolumn 3: 3")]


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        ("a,a,a", "a: 1\na (2): 2\na (3): 3"),
        ("a,a (3),a", "a: 1\na (3): 2\na (3) (3): 3"),
        ("a,,", "a: 1\ncolumn 2: 2\ncolumn 3: 3"),
    ],
)
def test_columns_of_one_name_do_not_hide_each_other(header: str, shown: str) -> None:
    assert outline("a.csv", f"{header}\n1,2,3\n") == [("", shown)]


def test_empty_cells_and_a_byte_order_mark_leave_no_trace() -> None:
    assert outline("a.csv", "\ufeffa,b,c\n1,, \n") == [("", "a: 1")]


def test_a_huge_field_is_read() -> None:
    text = 'text,n\n"' + "A word. " * 40_000 + '",1\n'
    assert sum(chunk.text.count("word") for chunk in chunks("a.csv", text)) == 40_000


def test_a_header_of_long_names_does_not_stand_before_every_row_in_full() -> None:
    read = document("a.csv", "h" * 10_000 + ",b\n" + "1,2\n" * 100)
    assert len(read.text) < 20_000


def test_a_header_alone_is_told() -> None:
    with pytest.raises(DocumentError, match=r"^It has a header and no rows\.$"):
        document("a.csv", "a,b\n\n")


@pytest.mark.parametrize(
    ("row", "shown"),
    [('"open', "a: open"), ('"pear" green,soft', "a: pear green\nb: soft"), ('1,"2', "a: 1\nb: 2")],
)
def test_a_stray_quotation_mark_costs_no_row_and_is_told(row: str, shown: str) -> None:
    read = document("a.csv", f'a,b\n"1\n1",2\n{row}\n3,4\n"5\n5",6')
    assert read.warnings == ("stray quotation marks in line 4",)
    assert [(read.text[one.start : one.end], one.place) for one in read.sections] == [
        ("a: 1\n1\nb: 2", Place("record", 1, 1, 2)),
        (shown, Place("record", 2, 2, 4)),
        ("a: 3\nb: 4", Place("record", 3, 3, 5)),
        ("a: 5\n5\nb: 6", Place("record", 4, 4, 6)),
    ]


def test_a_table_full_of_stray_quotation_marks_is_read() -> None:
    read = document("a.csv", "a,b\n" + '"pear" green,soft\n' * 50_000 + '"open""\n' * 50_000)
    assert len(read.sections) == 100_000
    assert read.warnings == ("stray quotation marks in lines 2, 3, 4 and 99997 more",)
