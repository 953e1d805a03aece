"""A tiny Whisper in transformers' format, and a tiny speech tokenizer on it, as files."""

import torch

from speechlm_utils.codec.whisper_rvq import WhisperRVQConfig, make_whisper_rvq, save_whisper_rvq
from speechlm_utils.torch_settings import quiet_transformers
from speechlm_utils.whisper.states import load_whisper_encoder

N_BLOCKS = 3


def make_whisper(folder, seed=0):
    """Write a random Whisper of 3 blocks, width 16, and room for 0.5 s."""
    from transformers import WhisperConfig, WhisperModel

    config = WhisperConfig(
        vocab_size=60,
        d_model=16,
        encoder_layers=N_BLOCKS,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_source_positions=25,
        max_target_positions=8,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        decoder_start_token_id=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        with quiet_transformers():
            WhisperModel(config).save_pretrained(folder)
    return folder


def make_tokenizer(folder, whisper, seed=0, **settings):
    """Write a tokenizer of 4 layers on the Whisper of a folder; its codebooks are drawn at random."""
    config = WhisperRVQConfig(
        str(whisper),
        window=3,
        dimension=4,
        n_q=4,
        semantic_codes=16,
        acoustic_codes=8,
        n_filters=2,
        **settings,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = make_whisper_rvq(config, load_whisper_encoder(whisper))
        torch.manual_seed(seed)  # the same codebooks beside any decoder
        for quantiser in (model.semantic, model.acoustic):
            for layer in quantiser.vq.layers:
                layer._codebook.embed.normal_(std=0.2)
    save_whisper_rvq(model, folder)
    return folder
