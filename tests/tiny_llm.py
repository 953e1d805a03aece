"""A two-layer Llama with random weights and a byte-level tokenizer, saved as an ordinary model folder."""

import numpy as np
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from speechlm_utils.clips import Clip
from speechlm_utils.codec_spec import CodecSpec

TEXTS = ["they say the tax is wrong", "he is right about the tax", "we don't know what they want"]
TOKENS = [(2, 5), (2, 9), (3, 1), (5, 7)]


def save_tiny_llm(folder, tied=True, seed=0):
    """Write the model folder (vocabulary about 280, width 32) and return it."""
    raw = Tokenizer(models.BPE())
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=280, special_tokens=["<|eos|>"], initial_alphabet=alphabet, show_progress=False
    )
    raw.train_from_iterator(TEXTS, trainer)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|eos|>", pad_token="<|eos|>")
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        tie_word_embeddings=tied,
        eos_token_id=0,
        bos_token_id=None,
        initializer_range=0.2,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def make_clips(n_clips, seed=0, split="train"):
    """Clips with codes (8, 12 to 30), labels a/b/c; class k has the token TOKENS[k] in half of its frames."""
    rng = np.random.default_rng(seed)
    clips = []
    for i in range(n_clips):
        codes = rng.integers(20, 64, (8, rng.integers(12, 30))).astype(np.int16)
        layer, code = TOKENS[i % 3]
        codes[layer - 1, ::2] = code
        codes[4, 1::3] = 7
        labels = {"task": "abc"[i % 3]}
        coded = {"codes": codes, "spec": CodecSpec(16000, 320, 64, 8, (1,))}
        clips.append(Clip(f"{split}{i}", TEXTS[i // 3 % 3], None, labels, split, group=f"{i}", **coded))
    return clips
