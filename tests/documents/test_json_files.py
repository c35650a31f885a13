"""JSON and JSON Lines, well formed and not."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.core.place import Place
from ragchat.errors import DocumentError
from tests.documents.reading import chunks, document, outline, places

RECORD = {"id": "f1", "text": "Mustard greens.", "region": "Punjab, India", "type": "Main"}
LONG = "word " * 150


@pytest.mark.parametrize("name", ["a.json", "a.jsonl", "a.ndjson"])
def test_a_record_shows_its_text_and_is_searched_by_its_other_fields(name: str) -> None:
    text = json.dumps([RECORD] if name == "a.json" else RECORD)
    (chunk,) = chunks(name, text)
    assert chunk.text == "Mustard greens."
    assert chunk.searchable == "Region: Punjab, India · Type: Main · Id: f1\nMustard greens."


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"Title": "Saag", "Body": "Greens.", "ID": 3}, ("Saag · ID: 3", "Greens.")),
        ({"text": "x", "steps": ["a", "b"], "n": None, "tags": []}, ("", "x\nsteps: a, b")),
        ({"text": "x", "vegan": True, "note": "y" * 81}, ("Vegan: yes", f"x\nnote: {'y' * 81}")),
        ({"text": "x", "place": "a\nb"}, ("Place: a b", "x")),
        ({"text": " ", "region": "Goa"}, ("", "region: Goa")),
        (
            {"id": "7", "region": "Goa", "of": {"x": [1, {"y": 2.50}]}},
            ("", "id: 7\nregion: Goa\nof.x[0]: 1\nof.x[1].y: 2.5"),
        ),
    ],
)
def test_every_field_of_a_record_is_text_or_heading(record: object, found: tuple[str, str]) -> None:
    assert outline("a.json", json.dumps([record])) == [found]
    assert outline("a.jsonl", json.dumps(record)) == [found]


def test_many_facts_do_not_stand_before_every_chunk_of_a_record() -> None:
    record = {f"field {number}": "value" for number in range(500)} | {"text": LONG * 10}
    found = chunks("a.json", json.dumps([record]))
    assert max(len(chunk.heading) for chunk in found) < 600
    assert sum(chunk.text.count("value") for chunk in found) + found[0].heading.count("value") == 500


def test_members_of_a_list_tell_their_number_and_line() -> None:
    text = '\n[\n  {"a": 1}, {"a":\n 2},\n\n  null,\n  "three"\n]\n'
    assert places("a.json", text) == [
        ("a: 1", Place("record", 1, 1, 3)),
        ("a: 2", Place("record", 2, 2, 3)),
        ("three", Place("record", 4, 4, 7)),
    ]


def test_members_of_an_object_tell_their_path_and_line_at_every_depth() -> None:
    text = json.dumps(
        {"a": "x", "menu": [{"dish": LONG}, {"dish": {"of day": LONG, "v1.2": 5}}], "b": {}}, indent=1
    )
    lines = text.split("\n")
    found = [
        (section.heading, section.place.start, section.place.line)
        for section in document("a.json", text).sections
        if section.place
    ]
    assert found == [
        (("a",), "$.a", 2),
        (("menu[0]", "dish"), "$.menu[0].dish", 5),
        (("menu[1]", "dish", "of day"), '$.menu[1].dish["of day"]', 9),
        (("menu[1]", "dish", "v1.2"), '$.menu[1].dish["v1.2"]', 10),
    ]
    assert ['"dish"' in lines[4], '"of day"' in lines[8], '"v1.2"' in lines[9]] == [True] * 3


def test_records_in_a_list_below_a_name_are_records_too() -> None:
    text = json.dumps({"foods": [RECORD, {**RECORD, "text": "Maize bread."}]}, indent=1)
    found = chunks("a.json", text)
    assert [chunk.text.strip() for chunk in found] == ["Mustard greens.", "Maize bread."]
    assert found[1].searchable.startswith("foods › Region: Punjab, India · Type: Main · Id: f1\n")
    assert (found[1].place.kind, found[1].place.start) == ("path", "$.foods[1]")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=200),
        lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text(max_size=8), below, max_size=4),
        max_leaves=30,
    ),
    st.sampled_from([None, 0, 2]),
)
def test_every_json_value_is_read_and_each_place_has_the_line_of_its_member(
    value: object, indent: int | None
) -> None:
    text = json.dumps({"first": value, "last": "end"}, indent=indent)
    sections = document("a.json", text).sections
    lines = [section.place.line for section in sections if section.place and section.place.line]
    last = next(number for number, line in enumerate(text.split("\n"), start=1) if '"last": "end"' in line)
    assert len(lines) == len(sections)
    assert lines == sorted(lines)
    assert lines[-1] == last or indent is not None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("[1.50, 1e400, NaN, -Infinity]", ["1.50", "1e400", "NaN", "-Infinity"]),
        ("[" + "9" * 5000 + "]", ["9" * 5000]),
        ('{"a": 1, "a": 2}', ["a: 1", "a: 2"]),
        ('"only text"', ["only text"]),
        ("true", ["yes"]),
        (
            '["\\ud83c\\udf5a", "a\\ud800b", "\\\\ud800", "\\ud800\\ud83c\\udf5a"]',
            ["🍚", "a\ufffdb", "\\ud800", "\ufffd🍚"],
        ),
        ('["\\u0000x"]', ["\0x"]),
    ],
)
def test_odd_values_are_kept_as_they_are_written(text: str, found: list[str]) -> None:
    assert [shown for _, shown in outline("a.json", text)] == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1,\n 2", r"Line 2 is not JSON: expecting ',' delimiter\."),
        ("[1, 2] 3", r"Line 1 is not JSON: extra data\."),
        ('{"a": 1} x', r"Line 1 is not JSON: extra data\."),
        ("[1,]", r"Line 1 is not JSON: .*\."),
        ("{1: 2}", r"Line 1 is not JSON: expecting property name enclosed in double quotes\."),
        ('{"a"}', r"Line 1 is not JSON: expecting ':' delimiter\."),
        ("\n\n{'a': 1}", r"Line 3 is not JSON: expecting property name enclosed in double quotes\."),
        (" ", r"Line 1 is not JSON: expecting value\."),
        ("[" * 100_000, r"The JSON is nested too deeply\."),
        ("[" * 100_000 + "]" * 100_000, r"The JSON is nested too deeply\."),
        ("[]", r"It holds no text\."),
        ("[null, {}, [[]]]", r"It holds no text\."),
    ],
)
def test_what_is_not_json_or_says_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=f"^{message}$"):
        document("a.json", text)


def test_deep_nesting_and_long_keys_do_not_swell_the_index() -> None:
    deep = '{"a":' * 300 + json.dumps({f"k{number}": "v" for number in range(3000)}) + "}" * 300
    wide = json.dumps({"k" * 20_000: [{"a": number} for number in range(3000)]})
    for text in (deep, wide):
        assert max(len(chunk.heading) + len(str(chunk.place.start)) for chunk in chunks("a.json", text)) < 1_000
        assert len(document("a.json", text).text) < 500_000


def test_lines_tell_their_record_and_their_line() -> None:
    text = '{"text": "one"}\n\n  \n{"text": "two\u2028still"}\n["a", 1]\n'
    assert places("a.jsonl", text) == [
        ("one", Place("record", 1, 1, 1)),
        ("two\u2028still", Place("record", 2, 2, 4)),
        ("a, 1", Place("record", 3, 3, 5)),
    ]
    assert document("a.jsonl", text).warnings == ()


@pytest.mark.parametrize(
    ("bad", "warning"),
    [
        (1, "line 2 is not JSON and kept as plain text"),
        (3, "lines 2, 3, 4 are not JSON and kept as plain text"),
        (70, "lines 2, 3, 4 and 67 more are not JSON and kept as plain text"),
    ],
)
def test_lines_that_are_not_json_are_kept_and_told_once(bad: int, warning: str) -> None:
    read = document("a.jsonl", '{"text": "one"}\n' + '{"text": "cut sho\n' * bad)
    assert read.warnings == (warning,)
    assert read.text.count("cut sho") == bad


@pytest.mark.parametrize("depth", [500, 900, 980, 5_000])
def test_a_line_nested_too_deeply_is_kept_as_text(depth: int) -> None:
    read = document("a.jsonl", '{"text": "one"}\n' + '{"a":' * depth + '"deep"' + "}" * depth)
    assert "deep" in read.text
