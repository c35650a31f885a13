"""What the code reader knows of each language: its comments and strings, and how a definition begins."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Possessive repetition of a group is wrong before Python 3.11.5: an atomic group stands around it.
# Unclosed, a token that may span lines goes on to the end of the text: none is looked for twice.
_BLOCK_COMMENT = r"/\*.*?(?:\*/|\Z)"
_TRIPLE_QUOTED = "|".join(
    rf"{quote * 3}[^{quote}\\]*+(?>(?:(?:\\.|{quote}(?!{quote * 2}))[^{quote}\\]*+)*)(?:{quote * 3}|\Z)"
    for quote in "\"'"
)
_QUOTED = "|".join(rf"{quote}[^{quote}\\\n]*+(?>(?:\\.[^{quote}\\\n]*+)*){quote}?" for quote in "\"'")
_TEMPLATE = r"`[^`\\]*+(?>(?:\\.[^`\\]*+)*)(?:`|\Z)"
# Behind these signs a slash begins a regular expression, in which a quotation mark is a character like others.
_REGEX = r"[=(,:]\s{0,9}/(?![*/])(?>(?:[^/\\\n\[]|\\.|\[(?>(?:[^\]\\\n]|\\.){0,99})\]){1,200})/"
_HEREDOC = r"<<<?[-~]?[\"']?(?P<tag>[A-Z_]\w*+)(?!\)).*?(?:\n[ \t]*+(?P=tag)\b|\Z)"
_DOLLAR_QUOTED = r"\$(?P<tag>\w*+)\$.*?(?:\$(?P=tag)\$|\Z)"


def _tokens(comment: str, *others: str) -> re.Pattern[str]:
    return re.compile("|".join((f"(?P<comment>{comment})", *others)), re.DOTALL | re.MULTILINE)


_SLASHES = _tokens(rf"//[^\n]*+|{_BLOCK_COMMENT}", _REGEX, _TRIPLE_QUOTED, _QUOTED, _TEMPLATE)
_PHP = _tokens(rf"//[^\n]*+|\#(?!\[)[^\n]*+|{_BLOCK_COMMENT}", _HEREDOC, _QUOTED)
_HASH = _tokens(r"(?<!\S)\#[^\n]*+|^=begin\b.*?(?:^=end\b|\Z)", _TRIPLE_QUOTED, _QUOTED)
_SHELL = _tokens(r"(?<!\S)\#[^\n]*+", _HEREDOC, _QUOTED)
_SQL = _tokens(rf"--[^\n]*+|{_BLOCK_COMMENT}", _DOLLAR_QUOTED, r"'[^']*+'?|\"[^\"\n]*+\"?")
_LUA = _tokens(r"--\[\[.*?(?:\]\]|\Z)|--[^\n]*+", r"\[\[.*?(?:\]\]|\Z)", _QUOTED)
_MARKUP = _tokens(rf"{_BLOCK_COMMENT}|<!--.*?(?:-->|\Z)")

# Lines that belong to what is open although they are not indented below it.
_CLOSING = r"[)\]}>{]|(?:end|rescue|ensure|else|elsif|where|begin)\b(?![ \t]*[=(,\[])"
_CLOSING_LINE = re.compile(_CLOSING)
_CLOSING_LINE_OR_LABEL = re.compile(rf"{_CLOSING}|\w+(?:[ ]\w+)?:[ \t]*$", re.MULTILINE)

_MODIFIERS = (
    r"(?>(?:(?:export|default|declare|abstract|async|public|private|protected|internal|static|final|sealed|partial"
    r"|override|open|data|inline|value|case|implicit|lazy|readonly|unsafe|const|extern(?:[ ]\"\w+\")?|suspend"
    r"|operator|mutating|fileprivate|indirect|virtual|inner|companion|expect|actual|local|typedef|strictfp"
    r"|pub(?:\([^)\n]{1,40}\))?|@\w+)[ \t]+){0,8})"
)
# A line that ends in a semicolon declares; it stays with its neighbours.
_OPEN_ENDED = r"(?![^\n]*;[ \t]*$)[ \t]*+"
# A keyword before one of these signs is a name: `type = 1`, `type: 1`.
_HEADING = r"\b(?![ \t]*(?:[.,:?)\]]|=(?!=)))(?>(?:[^\n{(=:;]|::){0,120})"


def _keywords(words: str, *others: str) -> re.Pattern[str]:
    """Matches a line on which one of `words` begins a definition; the one group that takes part is its heading."""
    return re.compile(
        f"{_OPEN_ENDED}(?:" + "|".join((rf"{_MODIFIERS}((?:{words}){_HEADING})", *others)) + ")", re.MULTILINE
    )


# A type or none (it may stand on a line of its own), a name, parentheses with pairs inside, and a brace before any
# semicolon.
_PAIR = r"\([^;{}()]{0,99}+\)|\{[^;{}()]{0,400}+\}"
_CALLABLE = (
    r"(?!(?:return|else|new|throw|await|case|delete|goto|using|yield)\b)(?:[\w:<>,.*&?\[\]@]+[ \t]+[*&]*){0,10}"
    r"(?:\w+[*&]*\n|\n)?((?!(?:if|for|while|switch|catch|foreach|function|with|lock|synchronized|fixed|return|sizeof"
    rf"|when)\b)[*&#~]?[\w$:~]{{1,120}})[ \t]*\((?:[^;{{}}()]|{_PAIR}){{0,400}}+\)"
    rf"(?:[^;{{}}()=\n]|{_PAIR}|\n\s*+(?=[:,]|throws\b)){{0,200}}?\s*+\{{"
)
_ASSIGNED_FUNCTION = (
    r"(?:export[ \t]+)?(?:default[ \t]+)?(?:(?:const|let|var)[ \t]+)?([\w$.]{1,120})[ \t]*(?::[^=\n]{1,99}+)?[=:]"
    r"[ \t]*(?:async\b[ \t]*)?(?:function\b|[\w$]+[ \t]*=>|\([^()]{0,400}+\)[^=\n;]{0,99}+=>)"
)


@dataclass(frozen=True, slots=True)
class Language:
    """`suffixes` and `names` are those of its files, in lower case.

    `tokens` matches comments (group `comment`) and strings. `definition` matches at the beginning of a line. A
    definition lasts as long as its lines are indented below it or match `closing`; in a `flat` language,
    until the next one.
    """

    suffixes: str
    tokens: re.Pattern[str]
    definition: re.Pattern[str]
    names: str = ""
    closing: re.Pattern[str] = _CLOSING_LINE
    flat: bool = False


_NOTHING = re.compile(r"(?!)")

LANGUAGES = (
    Language(".py .pyi .pyw", _HASH, _keywords("class|def")),
    Language(
        ".js .jsx .mjs .cjs .ts .tsx .mts .cts .vue .svelte",
        _SLASHES,
        _keywords("class|function|interface|enum|namespace|type", _ASSIGNED_FUNCTION, _CALLABLE),
        closing=_CLOSING_LINE_OR_LABEL,
    ),
    Language(
        ".c .h .cc .cpp .cxx .hh .hpp .hxx .ino .cu .cs .java .dart",
        _SLASHES,
        _keywords("class|struct|union|enum|namespace|interface|record|mixin|extension|@interface", _CALLABLE),
        closing=_CLOSING_LINE_OR_LABEL,
    ),
    Language(
        ".go",
        _SLASHES,
        _keywords("type(?=[^\n]*\\{)", r"(func[ \t]+\([^)\n]{1,120}+\)[ \t]*\w{1,120})", r"(func[ \t]+\w{1,120})"),
    ),
    Language(".rs", _SLASHES, _keywords("fn|struct|enum|union|trait|impl|mod|macro_rules")),
    Language(
        ".kt .kts .swift .scala .sc .groovy .gradle",
        _SLASHES,
        _keywords(
            "class|interface|object|fun|func|init|deinit|subscript|struct|enum|protocol|extension|actor|trait|def"
            "|given"
        ),
    ),
    Language(".php", _PHP, _keywords("namespace|class|interface|trait|enum|function")),
    Language(
        ".rb .rake .gemspec .ex .exs .jl .cr",
        _HASH,
        _keywords("class|module|def|defp|defmodule|defmacro|function|struct|macro"),
        names="rakefile gemfile vagrantfile",
    ),
    Language(
        ".sh .bash .zsh .ksh .fish .ps1 .pl .pm",
        _SHELL,
        _keywords("function|sub|package", r"([\w.:-]{1,120})[ \t]*\(\)"),
        names=".bashrc .bash_profile .profile .zshrc pkgbuild",
    ),
    Language(".lua", _LUA, _keywords("function", r"([\w.:]{1,120})[ \t]*=[ \t]*function\b")),
    Language(".r", _HASH, _keywords(r"(?!)", r"([\w.]{1,120})[ \t]*(?:<-|=)[ \t]*function\b")),
    Language(
        ".sql .ddl",
        _SQL,
        re.compile(
            r"(create[ \t]+(?:\w+[ \t]+){0,4}?(?:table|view|function|procedure|trigger|index|type|schema|policy)"
            r"[ \t]+[^\n(;]{1,120}+)",
            re.IGNORECASE,
        ),
        flat=True,
    ),
    Language(
        ".proto .thrift .tf .hcl .graphql .gql",
        _SLASHES,
        re.compile(
            r"[ \t]*+((?:message|service|enum|struct|resource|data|module|variable|output|provider|type|input"
            r"|interface)\b[^\n{=(]{0,120}+)\{"
        ),
    ),
    Language(".yaml .yml", _HASH, re.compile(r"([\w./-]{1,120}):(?=[ \t]*(?:[|>&!\#][^\n]*)?$)", re.M)),
    Language(
        ".toml .ini .cfg .conf .properties .env .editorconfig .service",
        _HASH,
        re.compile(r"\[{1,2}([^\]\n]{1,120}+)\]"),
        names=".env .env.example .editorconfig .gitconfig .npmrc",
        flat=True,
    ),
    Language(
        ".mk .cmake",
        _HASH,
        re.compile(
            r"(?!\.)([\w./%$(){}-]{1,120})[ \t]*::?(?!=)|((?:function|macro)[ \t]*\([ \t]*\w{1,120})",
            re.IGNORECASE,
        ),
        names="makefile gnumakefile cmakelists.txt",
    ),
    Language(
        ".dockerfile",
        _SHELL,
        re.compile(r"(from[ \t]+[^\n]{1,120}+)", re.IGNORECASE),
        names="dockerfile containerfile",
        flat=True,
    ),
    Language(".css .scss .less", _MARKUP, _NOTHING),
    Language(".xml .xsd .xsl .xslt .plist .csproj", _MARKUP, _NOTHING),
)
"""Languages that look alike share an entry."""
