"""A language model of a few thousand weights, which knows nothing and says something."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import torch
from gguf import GGUFWriter, TokenType
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GenerationConfig, LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

if TYPE_CHECKING:
    from pathlib import Path

CONTEXT = 2048
_LONGEST_ANSWER = 40
_WIDTH, _INNER, _HEADS, _LAYERS = 32, 64, 2, 2
_BEGIN, _END = "<s>", "</s>"
_TEMPLATE = "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}assistant:"

# The names of the same weights in a GGUF file; `{}` is the layer.
_OF_MODEL = {"embed_tokens": "token_embd", "norm": "output_norm"}
_OF_LAYER = {
    "input_layernorm": "attn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def make(folder: Path) -> Path:
    """Write the model as transformers reads it into `folder`, and as `tiny.gguf` in it; the path of that file."""
    torch.manual_seed(7)
    words = _tokenizer()
    fast = PreTrainedTokenizerFast(tokenizer_object=words, bos_token=_BEGIN, eos_token=_END, pad_token=_END)
    fast.chat_template = _TEMPLATE
    fast.save_pretrained(folder)
    config = LlamaConfig(
        vocab_size=words.get_vocab_size(),
        hidden_size=_WIDTH,
        intermediate_size=_INNER,
        num_hidden_layers=_LAYERS,
        num_attention_heads=_HEADS,
        num_key_value_heads=_HEADS,
        max_position_embeddings=CONTEXT,
        bos_token_id=words.token_to_id(_BEGIN),
        eos_token_id=words.token_to_id(_END),
    )
    model = LlamaForCausalLM(config)
    # The server knows no other limit than this one: it passes over the one that is asked for.
    model.generation_config = GenerationConfig(max_new_tokens=_LONGEST_ANSWER, eos_token_id=config.eos_token_id)
    model.save_pretrained(folder)
    file = folder / "tiny.gguf"
    _write_gguf(file, model, words)
    return file


def _tokenizer() -> Tokenizer:
    """One token for each byte, and some for what bread is about."""
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=[_BEGIN, _END], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    words.train_from_iterator(["A loaf cools on a rack for an hour."], trainer)
    return words


def _write_gguf(file: Path, model: LlamaForCausalLM, words: Tokenizer) -> None:
    writer = GGUFWriter(file, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_WIDTH)
    writer.add_feed_forward_length(_INNER)
    writer.add_block_count(_LAYERS)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_vocab_size(words.get_vocab_size())
    _add_words(writer, words)
    for name, weights in model.state_dict().items():
        writer.add_tensor(_gguf_name(name), weights.float().numpy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_words(writer: GGUFWriter, words: Tokenizer) -> None:
    ids = sorted(words.get_vocab().items(), key=lambda item: item[1])
    special = {_BEGIN, _END}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([token for token, _ in ids])
    writer.add_token_types([TokenType.CONTROL if token in special else TokenType.NORMAL for token, _ in ids])
    merges = [" ".join(pair) for pair in _merges(words)]
    writer.add_token_merges(merges)
    writer.add_bos_token_id(words.token_to_id(_BEGIN))
    writer.add_eos_token_id(words.token_to_id(_END))
    writer.add_chat_template(_TEMPLATE)


def _merges(words: Tokenizer) -> list[list[str]]:
    merges: list[list[str]] = json.loads(words.to_str())["model"]["merges"]
    return merges


def _gguf_name(name: str) -> str:
    if name == "lm_head.weight":
        return "output.weight"
    _, *path, kind = name.split(".")
    if path[0] == "layers":
        return f"blk.{path[1]}.{_OF_LAYER['.'.join(path[2:])]}.{kind}"
    return f"{_OF_MODEL[path[0]]}.{kind}"
