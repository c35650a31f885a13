"""A MiniLM of a few kilobytes: the same inputs, outputs and files as the real one, and weights by chance."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
from string import ascii_lowercase
from typing import TYPE_CHECKING

import numpy as np
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import TemplateProcessing

from benchmarks.minilm_onnx import bert
from tests.servers.wire import FakeServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tests.servers.wire import Wire

WIDTH = 16
_INNER = 32
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_WORDS = ("bread", "rice", "tea", "pink", "salt", "loaf", ".", "?")
_PIECES = (*_SPECIAL, *_WORDS, *ascii_lowercase, *(f"##{letter}" for letter in ascii_lowercase))


def tiny_files(folder: Path, seed: int = 0) -> Path:
    """Write `model.onnx` and `tokenizer.json` to `folder`; each seed has weights of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.onnx").write_bytes(bert(_weights(seed), heads=2, epsilon=1e-12).SerializeToString())
    tokenizer = Tokenizer(WordPiece({piece: at for at, piece in enumerate(_PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = BertPreTokenizer()
    tokenizer.post_processor = TemplateProcessing("[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    # As in the published file, where neither is meant for us.
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding(length=128)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def archive(members: Mapping[str, bytes]) -> bytes:
    """A compressed tar of files by their names."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def tiny_archive(folder: Path) -> bytes:
    """The files of `folder` as ChromaDB packs them, with more beside them than is needed."""
    files = {f"onnx/{path.name}": path.read_bytes() for path in sorted(folder.iterdir())}
    return archive({"onnx/vocab.txt": "\n".join(_PIECES).encode(), **files})


def sha256(content: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


class ArchiveServer(FakeServer):
    """Sends `content` to whoever asks, unless its script says otherwise."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content
        self.begun = threading.Event()

    @property
    def address(self) -> str:
        """Where the archive is."""
        return f"{self.url}/onnx.tar.gz"

    def reply(self, wire: Wire) -> None:
        """Send the archive."""
        if self.script:
            self.script.popleft()(wire)
        else:
            wire.send(200, self.content)

    def begin(self, wire: Wire) -> None:
        """Send the head of a reply and the first half of it."""
        wire.send_response(200)
        wire.send_header("Content-Length", str(len(self.content)))
        wire.end_headers()
        wire.wfile.write(self.content[: len(self.content) // 2])
        wire.wfile.flush()

    def break_off(self, wire: Wire) -> None:
        """Send that much, and drop the connection."""
        self.begin(wire)
        wire.hang_up()

    def begin_and_stall(self, wire: Wire) -> None:
        """Send that much and no more; `begun` says that it is out."""
        self.begin(wire)
        self.begun.set()
        wire.stall()


def _weights(seed: int) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]]:
    random = np.random.default_rng(seed)
    sizes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (len(_PIECES), WIDTH),
        "embeddings.position_embeddings.weight": (512, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for number in range(2):
        layer = f"encoder.layer.{number}"
        for name in ("self.query", "self.key", "self.value", "output.dense"):
            sizes[f"{layer}.attention.{name}.weight"] = (WIDTH, WIDTH)
            sizes[f"{layer}.attention.{name}.bias"] = (WIDTH,)
        for name in ("attention.output.LayerNorm", "output.LayerNorm"):
            sizes[f"{layer}.{name}.weight"] = sizes[f"{layer}.{name}.bias"] = (WIDTH,)
        sizes[f"{layer}.intermediate.dense.weight"] = (_INNER, WIDTH)
        sizes[f"{layer}.intermediate.dense.bias"] = (_INNER,)
        sizes[f"{layer}.output.dense.weight"] = (WIDTH, _INNER)
        sizes[f"{layer}.output.dense.bias"] = (WIDTH,)
    return {name: random.normal(0.0, 0.4, size).astype(np.float32) for name, size in sizes.items()}
