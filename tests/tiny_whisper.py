"""A random Whisper of two blocks, width 16, and the same as a folder of CTranslate2."""

import json
import struct

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import WhisperConfig, WhisperForConditionalGeneration

SPECIAL = ("<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>")
NAMES = {"weight": "weight", "bias": "bias"}
NORM = {"weight": "gamma", "bias": "beta"}
TYPES = {np.dtype(np.float16): 4, np.dtype(np.int16): 2, np.dtype(np.int8): 1}


def make_tiny_whisper(seed=0, n_frames=25):
    """Draw a model with room for so many frames of 20 ms; its weights are exact in float16."""
    config = WhisperConfig(
        vocab_size=256 + len(SPECIAL),
        d_model=16,
        encoder_layers=2,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_source_positions=n_frames,
        max_target_positions=12,
        pad_token_id=256,
        bos_token_id=257,
        eos_token_id=256,
        decoder_start_token_id=257,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = WhisperForConditionalGeneration(config).eval().requires_grad_(False)
        for name, value in model.named_parameters():
            if "embed_positions" not in name:
                value.normal_(std=0.3)
            value.copy_(value.half().float())
    return model


def list_variables(model):
    """Name the weights as CTranslate2 does, joined where it joins them: name -> array."""
    state = {name: value.numpy().astype(np.float16) for name, value in model.model.state_dict().items()}
    found = {
        "encoder/num_heads": np.int16(2),
        "decoder/num_heads": np.int16(2),
        "decoder/pre_norm": np.int8(1),
    }
    found["decoder/embeddings/weight"] = state["decoder.embed_tokens.weight"]

    def copy(target, *sources, names=NAMES):
        for kind, name in names.items():
            parts = [state.get(f"{source}.{kind}", np.zeros(16, np.float16)) for source in sources]
            found[f"{target}/{name}"] = np.concatenate(parts)

    for i in (1, 2):
        copy(f"encoder/conv{i}", f"encoder.conv{i}")
    for part, n_layers in (("encoder", 2), ("decoder", 1)):
        found[f"{part}/position_encodings/encodings"] = state[f"{part}.embed_positions.weight"]
        copy(f"{part}/layer_norm", f"{part}.layer_norm", names=NORM)
        for i in range(n_layers):
            to, of = f"{part}/layer_{i}", f"{part}.layers.{i}"
            copy(f"{to}/self_attention/linear_0", *(f"{of}.self_attn.{letter}_proj" for letter in "qkv"))
            copy(f"{to}/self_attention/linear_1", f"{of}.self_attn.out_proj")
            copy(f"{to}/self_attention/layer_norm", f"{of}.self_attn_layer_norm", names=NORM)
            copy(f"{to}/ffn/linear_0", f"{of}.fc1")
            copy(f"{to}/ffn/linear_1", f"{of}.fc2")
            copy(f"{to}/ffn/layer_norm", f"{of}.final_layer_norm", names=NORM)
            if part == "decoder":
                copy(f"{to}/attention/linear_0", f"{of}.encoder_attn.q_proj")
                copy(f"{to}/attention/linear_1", *(f"{of}.encoder_attn.{letter}_proj" for letter in "kv"))
                copy(f"{to}/attention/linear_2", f"{of}.encoder_attn.out_proj")
                copy(f"{to}/attention/layer_norm", f"{of}.encoder_attn_layer_norm", names=NORM)
    return found


def pack_string(text):
    return struct.pack("<H", len(text) + 1) + text.encode() + b"\0"


def pack_model(variables, version=6, name="WhisperSpec", revision=3, aliases=()):
    """Return the bytes of a model.bin."""
    parts = [struct.pack("<I", version), pack_string(name), struct.pack("<II", revision, len(variables))]
    for key, value in variables.items():
        value = np.asarray(value)
        parts += [pack_string(key), struct.pack(f"<B{value.ndim}I", value.ndim, *value.shape)]
        parts += [struct.pack("<BI", TYPES[value.dtype], value.nbytes), value.tobytes()]
    parts.append(struct.pack("<I", len(aliases)))
    return b"".join([*parts, *(pack_string(text) for pair in aliases for text in pair)])


def save_ctranslate2(folder, model):
    """Write model.bin, config.json and tokenizer.json (a letter is a token); returns model.bin."""
    folder.mkdir(parents=True, exist_ok=True)
    alias = ("decoder/projection/weight", "decoder/embeddings/weight")
    (folder / "model.bin").write_bytes(pack_model(list_variables(model), aliases=[alias]))
    about = {"suppress_ids": [5], "suppress_ids_begin": [32, 256], "alignment_heads": [[0, 1]]}
    (folder / "config.json").write_text(json.dumps(about))
    letters = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    tokenizer = Tokenizer(models.BPE(letters, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in SPECIAL])
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder / "model.bin"
