"""Markdown of any size, made up the same way each time: words as frequent as in English text, under headings."""

from __future__ import annotations

import random
from bisect import bisect
from itertools import accumulate
from typing import TYPE_CHECKING

from tokenizers import Tokenizer

from ragchat.embeddings.bundled import tokenizer_file
from ragchat.language.terms import STOPWORDS

if TYPE_CHECKING:
    from pathlib import Path

# The share of running words that are function words, and that are names or compounds seen seldom.
_FUNCTION, _RARE = 0.45, 0.03
_FILES_A_FOLDER = 500


class Author:
    """Writes sentences from `seed`: the same words in the same order, wherever it runs."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        vocabulary = Tokenizer.from_file(str(tokenizer_file())).get_vocab()
        # The tokenizer marks what begins a word.
        begins = sorted({token[1:].lower() for token in vocabulary if token.startswith("▁")})
        self._words = [word for word in begins if len(word) > 3 and word.isascii() and word.isalpha()]
        self._random.shuffle(self._words)
        self._function = sorted(STOPWORDS)
        # Zipf's law, without the ranks that function words have.
        self._weights = list(accumulate(1.0 / (rank + 50) for rank in range(len(self._words))))

    def content_word(self) -> str:
        """A word that means something; seldom one that is hardly met twice."""
        word = self._words[bisect(self._weights, self._random.random() * self._weights[-1])]
        return word + self._random.choice(self._words) if self._random.random() < _RARE else word

    def sentence(self) -> str:
        """Eight to thirty words."""
        words = [
            self._random.choice(self._function) if self._random.random() < _FUNCTION else self.content_word()
            for _ in range(self._random.randint(8, 30))
        ]
        return " ".join(words).capitalize() + "."

    def page(self) -> str:
        """A Markdown page of some twenty to sixty chunks."""
        parts = [f"# {self.content_word()} {self.content_word()}".title()]
        for _ in range(self._random.randint(4, 12)):
            parts.append(f"## {self.content_word()} {self.content_word()} {self.content_word()}".title())
            parts += [
                " ".join(self.sentence() for _ in range(self._random.randint(2, 8)))
                for _ in range(self._random.randint(1, 5))
            ]
        return "\n\n".join(parts) + "\n"

    def question(self) -> str:
        """Six words worth searching for among as many that are not."""
        words = (f"{self._random.choice(self._function)} {self.content_word()}" for _ in range(6))
        return f"what {' '.join(words)}?"


def write_corpus(folder: Path, megabytes: float, seed: int = 1) -> int:
    """Fill `folder` with that much Markdown; how many files it became."""
    left = megabytes * 1e6
    author = Author(seed)
    number = 0
    while left > 0:
        below = folder / f"{number // _FILES_A_FOLDER:04}"
        below.mkdir(parents=True, exist_ok=True)
        page = author.page()
        (below / f"{number:06}.md").write_text(page, "utf-8")
        left -= len(page)
        number += 1
    return number
