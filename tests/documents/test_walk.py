"""Which files a folder means, on a real disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ragchat.documents.walk import Found, Skipped, walk
from ragchat.errors import UsageError

NEVER = Path("/nowhere/home")


def files(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        write(root, name.replace("__", "/") + ".txt", text)


def write(root: Path, name: str, text: str) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def found(*paths: Path, below: Path, never: Path = NEVER, max_bytes: int = 1000) -> list[str]:
    entries = walk(paths, max_bytes=max_bytes, never=never)
    return [str(entry.path.relative_to(below)) for entry in entries if isinstance(entry, Found)]


def skipped(*paths: Path, below: Path, never: Path = NEVER, max_bytes: int = 1000) -> dict[str, str]:
    entries = walk(paths, max_bytes=max_bytes, never=never)
    return {str(entry.path.relative_to(below)): entry.reason for entry in entries if isinstance(entry, Skipped)}


def test_files_come_in_a_stable_order_with_size_and_time(tmp_path: Path) -> None:
    files(tmp_path, b="bb", a="a", c__d="d", c__e__f="f", B="B")
    assert found(tmp_path, below=tmp_path) == ["B.txt", "a.txt", "b.txt", "c/d.txt", "c/e/f.txt"]
    entry = next(iter(walk([tmp_path / "b.txt"], max_bytes=10, never=NEVER)))
    modified = (tmp_path / "b.txt").stat().st_ctime_ns
    assert entry == Found(tmp_path / "b.txt", 2, modified)


def test_ignore_files_hold_below_them_and_the_innermost_decides(tmp_path: Path) -> None:
    files(tmp_path, a="a", keep="k", in__a="a", in__keep="k", in__deep__b="b", out__x="x")
    write(tmp_path, ".gitignore", "\ufeff*.txt\n!keep.txt\n/out/\n")
    write(tmp_path, "in/.gitignore", "keep.txt\n!a.txt\n# remark\n")
    write(tmp_path, "in/deep/.ragchatignore", "!b.txt")
    assert found(tmp_path, below=tmp_path) == ["keep.txt", "in/a.txt", "in/deep/b.txt"]
    assert skipped(tmp_path, below=tmp_path) == {"a.txt": "ignored", "out": "ignored", "in/keep.txt": "ignored"}


def test_our_ignore_file_overrides_that_of_git(tmp_path: Path) -> None:
    files(tmp_path, a="a", b="b")
    write(tmp_path, ".gitignore", "a.txt")
    write(tmp_path, ".ragchatignore", "!a.txt\nb.txt")
    assert found(tmp_path, below=tmp_path) == ["a.txt"]


@pytest.mark.parametrize("pattern", ["!", "\\", "[z-a]", "a\\", "[", "///", "\0"])
def test_a_line_that_is_no_pattern_matches_nothing(tmp_path: Path, pattern: str) -> None:
    files(tmp_path, a="a", b="b")
    write(tmp_path, ".gitignore", f"{pattern}\nb.txt\n")
    assert found(tmp_path, below=tmp_path) == ["a.txt"]


def test_the_ignore_files_of_its_repository_hold_in_a_named_folder(tmp_path: Path) -> None:
    files(tmp_path, top__sub__a="a", top__sub__in__secret="s", top__sub__mine="m")
    write(tmp_path, ".gitignore", "a.txt")
    (tmp_path / "top" / ".git").mkdir()
    write(tmp_path, "top/.gitignore", "secret.txt\n/sub/mine.txt\n")
    assert found(tmp_path / "top" / "sub", below=tmp_path) == ["top/sub/a.txt"]
    write(tmp_path, "top/sub/.ragchatignore", "!mine.txt")
    assert found(tmp_path / "top" / "sub", below=tmp_path) == ["top/sub/a.txt", "top/sub/mine.txt"]


def test_a_repository_within_another_has_rules_of_its_own(tmp_path: Path) -> None:
    files(tmp_path, sub__a="a")
    (tmp_path / ".git").mkdir()
    write(tmp_path, "sub/.git", "gitdir: elsewhere")
    write(tmp_path, ".gitignore", "a.txt")
    assert found(tmp_path / "sub", below=tmp_path) == ["sub/a.txt"]


def test_outside_of_a_repository_the_ignore_files_above_a_named_folder_do_not_hold(tmp_path: Path) -> None:
    files(tmp_path, sub__a="a")
    write(tmp_path, ".gitignore", "a.txt")
    assert found(tmp_path / "sub", below=tmp_path) == ["sub/a.txt"]


@pytest.mark.parametrize("named", ["out", "out/in"])
def test_a_folder_named_itself_is_read_although_it_is_ignored(tmp_path: Path, named: str) -> None:
    files(tmp_path, out__in__a="a", out__in__b="b", out__in__c="c")
    (tmp_path / ".git").mkdir()
    write(tmp_path, ".gitignore", "out/")
    write(tmp_path, "out/.gitignore", "c.txt")
    write(tmp_path, "out/in/.gitignore", "b.txt")
    assert found(tmp_path / named, below=tmp_path) == ["out/in/a.txt"]


@pytest.mark.parametrize(
    ("pattern", "name"),
    [("*a" * 11 + "*b", "a" * 60), ("*a" * 4 + "*b", "a" * 250), ("**/a/" * 12 + "b", "a/" * 30 + "a")],
)
def test_a_pattern_that_would_take_for_ever_ignores_nothing_and_is_told(
    tmp_path: Path, pattern: str, name: str
) -> None:
    write(tmp_path, name, "a")
    write(tmp_path, "b.txt", "b")
    write(tmp_path, ".gitignore", f"b.txt\n{pattern}\n# {pattern}\n")
    assert found(tmp_path, below=tmp_path) == [name]
    assert skipped(tmp_path, below=tmp_path) == {
        "b.txt": "ignored",
        ".gitignore": "its line 2 has too many stars, and ignores nothing",
    }


def test_a_pattern_of_a_few_stars_holds(tmp_path: Path) -> None:
    files(tmp_path, a_key_of_prod="a", b="b")
    write(tmp_path, ".gitignore", "*key*prod*.*")
    assert found(tmp_path, below=tmp_path) == ["b.txt"]


def test_a_file_named_itself_is_read_whatever_the_rules_say(tmp_path: Path) -> None:
    files(tmp_path, a="a")
    hidden = write(tmp_path, ".hidden", "h")
    write(tmp_path, ".gitignore", "a.txt")
    assert found(tmp_path, tmp_path / "a.txt", hidden, below=tmp_path) == ["a.txt", ".hidden"]


def test_hidden_empty_binary_and_large_files_are_left_out_and_told(tmp_path: Path) -> None:
    files(tmp_path, a="a", empty="", large="x" * 1001, limit="x" * 1000)
    write(tmp_path, ".hidden/a.txt", "a")
    (tmp_path / "zero.bin").write_bytes(b"a\0")
    (tmp_path / "utf16.txt").write_text("a", "utf-16")
    assert found(tmp_path, below=tmp_path) == ["a.txt", "limit.txt", "utf16.txt"]
    assert skipped(tmp_path, below=tmp_path) == {
        ".hidden": "hidden",
        "empty.txt": "empty",
        "large.txt": "0.0 MB is over the limit of 0.001 MB (RAGCHAT_MAX_FILE_MB)",
        "zero.bin": "not text",
    }


def test_links_in_a_folder_are_not_followed(tmp_path: Path) -> None:
    files(tmp_path, docs__b="b", docs__in__c="c", secret="s")
    docs = tmp_path / "docs"
    write(docs, ".env", "KEY=x")
    (docs / "a.txt").symlink_to(docs / "b.txt")
    (docs / "env.txt").symlink_to(docs / ".env")
    (docs / "loop").symlink_to(docs / "loop")
    (docs / "out.txt").symlink_to(tmp_path / "secret.txt")
    (docs / "gone.txt").symlink_to(docs / "nothing")
    (docs / "in" / "up").symlink_to(docs)
    assert found(docs, below=docs) == ["b.txt", "in/c.txt"]
    links = ["a.txt", "env.txt", "gone.txt", "in/up", "loop", "out.txt"]
    assert [name for name, reason in sorted(skipped(docs, below=docs).items()) if reason == "a link"] == links


def test_a_link_named_itself_is_followed_to_its_file_or_folder(tmp_path: Path) -> None:
    files(tmp_path, real__a="a", b="b")
    (tmp_path / "folder").symlink_to(tmp_path / "real")
    (tmp_path / "file").symlink_to(tmp_path / "b.txt")
    assert found(tmp_path / "folder", tmp_path / "file", below=tmp_path) == ["b.txt", "real/a.txt"]


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / ".gitignore")
    assert skipped(tmp_path, below=tmp_path) == {"pipe": "not a regular file", ".gitignore": "hidden"}


def test_our_own_folder_is_kept_out_of_whatever_way_leads_to_it(tmp_path: Path) -> None:
    files(tmp_path, a="a", home__inner__b="b")
    (tmp_path / "link").symlink_to(tmp_path / "home")
    for never in (tmp_path / "home", tmp_path / "link", tmp_path / "x" / ".." / "home"):
        assert found(tmp_path, below=tmp_path, never=never) == ["a.txt"]
        for inside in ("home/inner", "home/inner/b.txt", "link"):
            assert found(tmp_path / inside, below=tmp_path, never=never) == []
            assert set(skipped(tmp_path / inside, below=tmp_path, never=never).values()) == {
                "ragchat's own folder"
            }


def test_what_two_paths_lead_to_is_met_once(tmp_path: Path) -> None:
    files(tmp_path, a="a", in__b="b")
    paths = (tmp_path, tmp_path / "in", tmp_path / "in" / ".." / "a.txt", tmp_path)
    assert found(*paths, below=tmp_path) == ["a.txt", "in/b.txt"]


@pytest.mark.parametrize("name", ["new\nline.txt", "🍚.txt", " a ", "*.txt", "-rf", os.fsdecode(b"\xff.txt")])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    write(tmp_path, name, "a")
    write(tmp_path, ".gitignore", "b.txt")
    assert found(tmp_path, below=tmp_path) == [name]


def test_a_tree_deeper_than_the_stack_is_read(tmp_path: Path) -> None:
    script = "import os, sys\nfor _ in range(1200): os.mkdir('d'); os.chdir('d')\nopen('a.txt', 'w').write('a')"
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True)
    try:
        assert found(tmp_path, below=tmp_path) == ["d/" * 1200 + "a.txt"]
    finally:
        subprocess.run(["rm", "-r", str(tmp_path / "d")], check=True)


@pytest.mark.parametrize("name", ["nothing", "a.txt/below", "loop", "x" * 300, "nul\0"])
def test_a_path_that_leads_nowhere_is_refused(tmp_path: Path, name: str) -> None:
    files(tmp_path, a="a")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(UsageError) as refused:
        list(walk([tmp_path, tmp_path / name], max_bytes=10, never=NEVER))
    assert refused.value.message.endswith(".")
    assert refused.value.hint


_AS_NOBODY = """
import os, sys
from pathlib import Path
from ragchat.documents.walk import Found, walk
if os.geteuid() == 0:
    os.setegid(65534)
    os.seteuid(65534)
for entry in walk([Path(sys.argv[1])], max_bytes=1000, never=Path("/nowhere")):
    print(entry.path.name, entry.size if isinstance(entry, Found) else (entry.reason, entry.unknown))
"""


def test_what_may_not_be_read_is_told_and_the_rest_is_read() -> None:
    with TemporaryDirectory() as folder:  # not below tmp_path, which is closed to other users
        root = Path(folder)
        root.chmod(0o755)
        files(root, a="a", closed__b="b", rules__c="c", sealed="s")
        write(root, "rules/.gitignore", "c.txt").chmod(0)
        (root / "sealed.txt").chmod(0)
        (root / "closed").chmod(0)
        try:
            ran = subprocess.run(
                [sys.executable, "-c", _AS_NOBODY, root], check=True, capture_output=True, text=True
            )
        finally:
            (root / "closed").chmod(0o700)
    assert ran.stdout.splitlines() == [
        "a.txt 1",
        "sealed.txt 0",
        "closed ('cannot be read: Permission denied', True)",
        "rules ('cannot be read: Permission denied', True)",
    ]
