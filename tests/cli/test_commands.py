"""The commands, run as processes on real files, without a key and without a server."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

from tests.programs import SAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.programs import Program


def test_from_nothing_to_a_cited_answer(ragchat: Program) -> None:
    assert ragchat("ingest", ".").status == 0
    ran = ragchat("ask", "How long should a loaf cool before slicing?")
    assert ran.status == 0
    assert "cool on a rack for an hour" in ran.out
    assert re.search(r"^\[1\] bread\.md:7\b", ran.out, re.MULTILINE)
    assert "extractive" in ran.err
    assert "free" in ran.err


def test_ask_as_json_has_every_field(ragchat: Program) -> None:
    ragchat("ingest", ".")
    result = ragchat("ask", "What is noon chai?", "--json").result
    assert result["question"] == "What is noon chai?"
    assert result["provider"] == "extractive"
    assert result["grounded"] is True
    citation = result["citations"][0]
    assert citation == {
        "marker": 1,
        "source": "tea.txt",
        "place": {"kind": "lines", "start": 1, "end": 1},
        "quote": "Noon chai is a pink tea with salt.",
    }
    passage = result["passages"][0]
    assert set(passage) == {"rank", "score", "source", "place", "heading", "text", "found_by", "scores"}
    assert set(passage["scores"]) == {"dense", "dense_rank", "lexical", "lexical_rank", "fused"}
    assert (result["read"], result["unsupported"]) == (len(result["passages"]), [])
    assert result["search"]["question"] == "What is noon chai?"
    assert result["usage"]["cost_usd"] == 0
    assert result["notices"]


def test_a_question_the_documents_do_not_answer_gets_an_honest_reply(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("ask", "How many moons does Saturn have?", "--json")
    assert ran.status == 0
    assert ran.result["answer"] == "Your documents do not say."
    assert ran.result["grounded"] is False
    assert ran.result["citations"] == []


def test_docs_answers_from_a_folder_in_one_command_and_keeps_it_apart(ragchat: Program, folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "moon.txt").write_text("Saturn has 146 known moons.\n")
    ragchat("ingest", ".")
    asked = ragchat("ask", "How many moons does Saturn have?", "--docs", str(other), "--json").result
    assert "146" in asked["answer"]
    assert [row["source"] for row in ragchat("docs", "list", "--json").result["documents"]] == [
        "bread.md",
        "tea.txt",
    ]
    (other / "moon.txt").write_text("Saturn has 274 known moons.\n")
    again = ragchat("ask", "How many moons does Saturn have?", "--docs", str(other), "--json").result
    assert "274" in again["answer"]


def test_search_shows_passages_with_place_score_and_how_they_were_found(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("search", "pink tea")
    assert ran.status == 0
    assert re.search(r"^1\. tea\.txt:1  \.\d\d dense \.\d\d #1 \+ lexical \d\.\d #1  tea$", ran.out, re.MULTILINE)
    result = ragchat("search", "pink tea", "--json", "--top-k", "1").result
    assert {one["why"] for one in result["search"]["dropped"]} == {"below"}
    best = result["passages"]
    assert [(row["source"], row["rank"]) for row in best] == [("tea.txt", 1)]


def test_a_search_without_hits_ends_with_status_4(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("search", "xqzvwk", "--json")
    assert ran.status == 4
    assert ran.error["kind"] == "no_hits"


def test_docs_are_listed_shown_and_removed(ragchat: Program) -> None:
    ragchat("ingest", ".")
    rows = ragchat("docs", "list", "--json").result["documents"]
    assert [set(row) for row in rows] == [{"source", "title", "chunks", "bytes", "ingested_at"}] * 2
    shown = ragchat("docs", "show", "bread.md", "--json").result
    assert shown["chunks"][1]["place"] == {"kind": "lines", "start": 5, "end": 8}
    assert ragchat("docs", "remove", "bread.md").out == "1 document removed\n"
    assert "bread" not in ragchat("docs", "list").out
    assert "rack" not in ragchat("ask", "How long should a loaf cool?", "--json").out


def test_a_document_that_is_not_there_gets_the_nearest_name(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("docs", "remove", "braed.md")
    assert ran.status == 2
    assert ran.err == "error: No indexed document is called braed.md.\nhint: Did you mean bread.md?\n"


def test_a_name_that_two_documents_share_is_refused(ragchat: Program, folder: Path) -> None:
    for name in ("a", "b"):
        (folder / name).mkdir()
        (folder / name / "notes.txt").write_text(f"Notes of {name}.\n")
    ragchat("ingest", ".")
    ran = ragchat("docs", "show", "notes.txt", "--json")
    assert ran.status == 2
    assert ran.error["hint"] == "Say more of the path: a/notes.txt or b/notes.txt."
    assert ragchat("docs", "show", "b/notes.txt").status == 0


def test_an_ingest_in_which_a_file_fails_is_a_success_that_says_so(ragchat: Program, folder: Path) -> None:
    (folder / "broken.json").write_text('{"a": 1,\n "b": }')
    ran = ragchat("ingest", ".")
    assert ran.status == 0
    assert "2 added · 0 changed · 0 unchanged · 0 removed · 1 failed" in ran.out
    assert "failed: broken.json: Line 2 is not JSON: expecting value." in ran.out


def test_the_second_ingest_reads_only_what_changed(ragchat: Program, folder: Path) -> None:
    ragchat("ingest", ".")
    (folder / "bread.md").write_text("# Bread\n\nNow with rye.\n")
    (folder / "tea.txt").unlink()
    (folder / "new.txt").write_text("Something new.\n")
    report = ragchat("ingest", ".", "--json").result
    assert report["added"] == ["new.txt"]
    assert report["changed"] == ["bread.md"]
    assert report["removed"] == ["tea.txt"]
    assert ragchat("ingest", ".", "--json").result["unchanged"] == ["bread.md", "new.txt"]


def test_the_sample_data_is_ingested_whole(ragchat: Program) -> None:
    report = ragchat("ingest", str(SAMPLE), "--json").result
    assert len(report["added"]) == 4
    assert report["failed"] == []
    assert report["warnings"] == []


def test_nothing_indexed_ends_with_status_3_and_makes_nothing(ragchat: Program, folder: Path) -> None:
    for command in (("ask", "Why?"), ("search", "x"), ("docs", "list"), ("chat",), ()):
        ran = ragchat(*command)
        assert ran.status == 3, command
        assert "ragchat ingest PATH" in ran.err
    assert not (folder.parent / "home" / "collections").exists()


def test_what_is_asked_and_holds_nothing_is_named(ragchat: Program, folder: Path) -> None:
    (folder / "empty").mkdir()
    ran = ragchat("ask", "Why?", "--docs", "empty")
    assert (ran.status, "error: Nothing in empty can be read." in ran.err) == (3, True)
    ragchat("collection", "create", "tickets")
    ran = ragchat("ask", "Why?", "--collection", "tickets")
    assert ran.status == 3
    assert "ragchat ingest PATH --collection tickets" in ran.err


def test_chat_reads_questions_from_a_pipe_and_ends_with_a_summary(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("chat", stdin="What is noon chai?\n\n/sources\nHow long should a loaf cool?\n")
    assert ran.status == 0
    assert "> What is noon chai?" in ran.out
    assert "pink tea" in ran.out
    assert "an hour" in ran.out
    assert "2 questions" in ran.err


def test_chat_survives_bytes_that_are_no_text(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = ragchat("chat", stdin=b"\xff\xfe noon chai \x1b[31m?\n")
    assert ran.status == 0
    assert "\x1b" not in ran.out


def test_escape_sequences_in_documents_and_questions_reach_nobody(ragchat: Program, folder: Path) -> None:
    (folder / "evil\x1b]0;x\x07.txt").write_text("Evil \x1b]52;c;aGk=\x07 kettle \x9b31m tea \u202egnp.\n")
    ragchat("ingest", ".")
    for command in (("search", "evil kettle"), ("ask", "What is the evil kettle?"), ("docs", "list")):
        for as_json in ((), ("--json",)):
            ran = ragchat(*command, *as_json)
            assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", ran.out + ran.err), command


def test_wrong_use_is_one_sentence_and_a_cure(ragchat: Program) -> None:
    for arguments in (("foo",), ("ask",), ("ask", ""), ("ask", "x", "--wrong"), ("ingest", "nowhere")):
        ran = ragchat(*arguments)
        assert ran.status == 2, arguments
        assert ran.out == ""
        assert re.fullmatch(r"error: .+[.?]\nhint: .+\n", ran.err), ran.err


def test_errors_as_json_go_to_stdout_in_the_envelope(ragchat: Program) -> None:
    ran = ragchat("ingest", "nowhere", "--json")
    assert ran.status == 2
    assert ran.error["kind"] == "usage"
    assert ran.err == ""


def test_a_wrong_setting_ends_with_status_7_and_names_itself(ragchat: Program) -> None:
    ran = ragchat("ask", "x", GROQ_TEMPERATURE="hot")
    assert ran.status == 7
    assert ran.err == (
        'error: GROQ_TEMPERATURE is "hot" (from the environment).\nhint: It must be a number from 0 to 2.\n'
    )


def test_the_marked_folder_of_the_working_directory_is_the_home(ragchat: Program, folder: Path) -> None:
    (folder / "chroma_db").mkdir()
    (folder / "chroma_db" / ".ragchat").touch()
    ran = ragchat("ingest", ".", RAGCHAT_HOME="")
    assert ran.status == 0
    assert "chroma_db: ragchat's own folder" in ran.out
    assert (folder / "chroma_db" / "collections" / "default" / "index.db").is_file()
    assert ragchat("ingest", ".", RAGCHAT_HOME="").out.startswith("0 added · 0 changed · 2 unchanged")


def test_another_embedder_than_the_collections_is_refused_with_the_cure(ragchat: Program) -> None:
    ragchat("ingest", ".", "--embedder", "bundled")
    ran = ragchat("ask", "x", "--json", RAGCHAT_EMBEDDER="ollama")
    assert ran.status == 2
    assert ran.error["kind"] == "embedder_mismatch"


def test_closed_streams_do_not_crash(ragchat: Program) -> None:
    ragchat("ingest", ".")
    for redirection in ("<&-", ">&-", "2>&-"):
        ran = shell(ragchat, f"ragchat ask 'What is noon chai?' {redirection}")
        assert b"Traceback" not in ran.stderr, redirection
        assert ran.returncode == 0, redirection


def test_stderr_that_cannot_be_written_costs_no_answer(ragchat: Program) -> None:
    ragchat("ingest", ".")
    ran = shell(ragchat, "ragchat ask 'What is noon chai?' 2>/dev/full")
    assert (ran.returncode, b"pink tea" in ran.stdout) == (0, True)


def test_stdout_that_cannot_be_written_is_said_in_a_sentence(ragchat: Program) -> None:
    ragchat("ingest", ".")
    for command in ("ragchat docs list", "ragchat --help", "ragchat docs list --json", "ragchat ask loaf --json"):
        ran = shell(ragchat, f"{command} >/dev/full")
        assert ran.returncode == 1, command
        assert re.fullmatch(rb"error: .+No space left on device\.\nhint: .+\n", ran.stderr), ran.stderr


def test_a_question_without_quotation_marks_is_told_about_them(ragchat: Program) -> None:
    ran = ragchat("ask", "when", "is", "the", "freeze")
    assert ran.status == 2
    assert "in quotation marks" in ran.err


def shell(ragchat: Program, command: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of shell where the program works."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=ragchat.folder,
        env=ragchat.variables(),
        capture_output=True,
        timeout=60,
        check=False,
    )
