"""Source code is cut where a reader of it would cut."""

from __future__ import annotations

import ast
import inspect
import json
import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragchat.documents.readers.code import CODE_NAMES, CODE_SUFFIXES, read_code
from ragchat.documents.split import split

if TYPE_CHECKING:
    from collections.abc import Iterator

PYTHON = '''"""What it does."""

import os

LIMIT = 3

# How to parse.
@decorated(
    "a)",
)
class Parser(Base):
    """Reads
def not_this(): pass
    """

    rate = 1

    @property
    async def parse(
        self,
    ) -> int:
        # parse
        def inner() -> int:
            return 1
        return inner()

    # belongs to the class

def last(): return 1
end = last()
if LIMIT:
    last()
'''


def outline(name: str, text: str) -> list[tuple[str, str]]:
    """Heading and first line of each section."""
    read = read_code(f"/src/{name}", text, "title")
    return [
        (" › ".join(section.heading), read.text[section.start : section.end].strip().split("\n")[0])
        for section in read.sections
    ]


def test_python_is_cut_at_definitions_with_their_comments_and_decorators() -> None:
    assert outline("a.py", PYTHON) == [
        ("", '"""What it does."""'),
        ("class Parser", "# How to parse."),
        ("class Parser › def parse", "@property"),
        ("class Parser › def parse › def inner", "# parse"),
        ("class Parser › def parse", "return inner()"),
        ("def last", "def last(): return 1"),
        ("", "end = last()"),
    ]


@pytest.mark.parametrize(
    ("name", "text", "headings"),
    [
        (
            "a.ts",
            "import x\n\nexport class A extends B {\n  async load({ a, b }: C): Promise<void> {\n"
            "    if (a) {\n    }\n  }\n}\nexport const add = async (a) => {\n"
            "  return `\nfunction no() {`\n}\nadd({\n  type: 1,\n})\n",
            ["", "class A extends B", "class A extends B › load", "add", ""],
        ),
        (
            "A.java",
            "package a;\n\n@Service\npublic class A {\n    int x;\n\n    /** Says. */\n    @Override\n"
            '    public List<B> get(int a) throws C {\n        String s = "}{";\n        call(a);\n    }\n}\n',
            ["", "class A", "class A › get"],
        ),
        (
            "a.c",
            "#include <a.h>\n\nstatic int\nmain(int argc)\n{\n#ifdef X\n    x();\n#endif\n"
            "out:\n    return 0;\n}\nint y;\n",
            ["main", ""],
        ),
        (
            "a.cpp",
            "namespace n {\nclass A {\npublic:\n  A(int x) : x_(x) {}\n};\n}\ntemplate <class T>\n"
            "T N::get(T a) const {\n  return a;\n}\n",
            ["namespace n", "class A", "class A › A", "N::get"],
        ),
        (
            "a.cs",
            "using A;\n\nnamespace N\n{\n    [Fact]\n    public class B\n    {\n        public int Get()\n"
            "        {\n            return 1;\n        }\n    }\n}\n",
            ["", "namespace N", "namespace N › class B", "namespace N › class B › Get"],
        ),
        (
            "a.go",
            "package a\n\n// T is.\ntype T struct {\n\ta int\n}\n\nfunc (t *T) Get() {\n"
            "\ts := `\nfunc No() {`\n}\n",
            ["", "type T struct", "func (t *T) Get"],
        ),
        (
            "a.rs",
            "use a;\n\n#[derive(X)]\npub struct S<'a> {\n    a: &'a str,\n}\n\nimpl fmt::Display for S<'_> {\n"
            "    pub(crate) fn get(&self) -> u8 {\n        b'\"'\n    }\n}\n",
            ["", "struct S<'a>", "impl fmt::Display for S<'_>", "impl fmt::Display for S<'_> › fn get"],
        ),
        (
            "a.rb",
            "module A\n  class B < C\n    def get?(x)\n      x\n    rescue\n      y\n    end\n"
            "    attr_reader :z\n  end\nend\n",
            ["module A", "module A › class B < C", "module A › class B < C › def get?", "module A › class B < C"],
        ),
        (
            "a.php",
            "<?php\nuse A;\n\n#[Route]\nfinal class B\n{\n    public function get($a)\n    {\n"
            "        return <<<SQL\nfunction no() {\nSQL;\n    }\n}\n",
            ["", "class B", "class B › function get"],
        ),
        ("a.kt", "data class A(val x: Int)\n\nfun A.get(): Int {\n    return 1\n}\n", ["class A", "fun A.get"]),
        (
            "a.swift",
            "extension A {\n  mutating func get() -> Int {\n  }\n}\n",
            ["extension A", "extension A › func get"],
        ),
        ("a.scala", "object A {\n  def get(x: Int): Int =\n    x\n}\n", ["object A", "object A › def get"]),
        ("a.sh", "set -e\nusage() {\n  cat <<EOF\nno() {\nEOF\n}\nusage\n", ["", "usage", ""]),
        (
            "a.sql",
            "-- Who.\nCREATE TABLE users (\n  id int\n);\n\ncreate or replace function f()\nas $$\n"
            "create table no (a int);\n$$;\n",
            ["CREATE TABLE users", "create or replace function f"],
        ),
        ("a.lua", "local M = {}\nfunction M.get(a)\n  return a\nend\nreturn M\n", ["", "function M.get", ""]),
        ("a.R", "library(x)\nget <- function(a) {\n  a\n}\nget(1)\n", ["", "get", ""]),
        ("a.yaml", "version: 3\nservices:\n  web:\n    image: a\nname: b\n", ["", "services", ""]),
        ("a.toml", "a = 1\n[tool.b]\nc = 2\nd = [\n]\n[[e]]\nf = 3\n", ["", "tool.b", "e"]),
        ("Makefile", "A := 1\n\n# Runs.\ntest: a\n\tpytest\n", ["", "test"]),
        ("Dockerfile", "ARG A\nFROM a AS b\nRUN c\nFROM d\n", ["", "FROM a AS b", "FROM d"]),
        ("a.css", ".a {\n  b: c;\n}\n", [""]),
        ("a.unknown", "def a():\n    pass\n", [""]),
    ],
)
def test_each_language_is_cut_at_its_definitions(name: str, text: str, headings: list[str]) -> None:
    assert [heading for heading, _ in outline(name, text)] == headings


def test_every_definition_that_the_parser_finds_has_a_section_of_its_own() -> None:
    for module in (ast, inspect, json, random):
        text = inspect.getsource(module)
        read = read_code("a.py", text, "a")
        found = {section.heading for section in read.sections}
        assert found == {(), *_definitions(ast.parse(text), ())}


def _definitions(node: ast.AST, above: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    for child in ast.iter_child_nodes(node):
        heading = above
        if isinstance(child, (ast.ClassDef, ast.FunctionDef)):
            heading = (*above, f"{'class' if isinstance(child, ast.ClassDef) else 'def'} {child.name}")
            yield heading
        yield from _definitions(child, heading)


def test_chunks_tell_the_lines_of_the_file_and_the_names_around_them() -> None:
    chunks = {chunk.heading: chunk.place for chunk in split(read_code("a.py", PYTHON, "a"))}
    assert chunks["a › class Parser"].suffix() == ":7-16"
    assert chunks["a › def last"].suffix() == ":29"


def test_definitions_nested_without_end_are_not_cut_without_end() -> None:
    text = "".join(f"{' ' * depth}class A{depth}:\n" for depth in range(300))
    assert max(len(section.heading) for section in read_code("a.py", text, "a").sections) == 5


PIECES = st.sampled_from(
    ["def a():", "class B {", "}", "    ", "\n", "\t", '"""', "'", '"', "`", "/*", "*/", "//", "#", "--", "[[",
     "$$", "<<EOF", "EOF", "@a(", "(", ")", ";", "=", "x", "function f() {", "\\", "=/[", "\x0c", "\u2028", "end"]
)  # fmt: skip


@given(st.sampled_from([*CODE_SUFFIXES, *CODE_NAMES]), st.lists(PIECES, max_size=60).map("".join))
def test_sections_cover_every_visible_character_once_and_in_order(name: str, text: str) -> None:
    sections = read_code(f"a{name}" if name in CODE_SUFFIXES else name, text, "a").sections
    end = 0
    for section in sections:
        assert section.start >= end
        assert not text[end : section.start].strip()
        assert section.verbatim and text[section.start : section.end].strip()
        end = section.end
    assert not text[end:].strip()


@pytest.mark.timeout(10)  # quadratic time would be minutes
@pytest.mark.parametrize("suffix", [".py", ".ts", ".php", ".sql"])
@pytest.mark.parametrize(
    "unit",
    ['"""', "'\n", "`\n", "/*", "=/[", "<<AB\n", "@a(\n", "a b(\n", "a ()\n", "(", "\t", "\n", "$a$", "=begin\n"],
)
def test_hostile_text_is_read_in_linear_time(suffix: str, unit: str) -> None:
    text = unit * (80_000 // len(unit))
    assert (
        "".join(
            text[section.start : section.end] for section in read_code(f"a{suffix}", text, "a").sections
        ).split()
        == text.split()
    )


def test_damaged_copies_are_read_whole() -> None:
    generator = random.Random(0)
    for _ in range(200):
        text = "".join(
            chr(generator.randrange(0x250)) if generator.random() < 0.02 else sign
            for sign in PYTHON[: generator.randrange(len(PYTHON))]
        )
        sections = read_code(f"a{generator.choice(CODE_SUFFIXES)}", text, "a").sections
        assert "".join(text[section.start : section.end] for section in sections).split() == text.split()
