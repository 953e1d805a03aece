"""Tiny configurations of the codecs of transformers."""

import transformers

from speechlm_utils.codec.hf_codecs import HF_CODECS

HUBERT = {
    "model_type": "hubert",
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
    "conv_dim": [4] * 7,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
}
ACOUSTIC = {"model_type": "dac", "encoder_hidden_size": 2, "decoder_hidden_size": 32, "hidden_size": 16}
SETTINGS = {
    "encodec": {
        "num_filters": 4,
        "hidden_size": 16,
        "num_lstm_layers": 1,
        "codebook_size": 32,
        "target_bandwidths": [0.75, 1.5],  # 75 frames/s x 5 bits = 0.375 kbit/s a layer: 2 and 4 layers
    },
    "dac": {
        "encoder_hidden_size": 4,
        "decoder_hidden_size": 32,
        "downsampling_ratios": [2, 4, 5, 8],
        "n_codebooks": 4,
        "codebook_size": 32,
        "codebook_dim": 4,
    },
    "mimi": {
        **{"num_filters": 2, "hidden_size": 16, "upsample_groups": 16, "num_quantizers": 4},
        **{"codebook_size": 32, "codebook_dim": 8, "vector_quantization_hidden_dimension": 8},
        **{"num_hidden_layers": 1, "intermediate_size": 16, "num_attention_heads": 2},
        **{"num_key_value_heads": 2, "head_dim": 8, "sliding_window": 10},
    },
    "xcodec": {
        "codebook_size": 32,
        "target_bandwidths": [0.25, 0.5, 1],  # 50 frames/s x 5 bits: 1, 2 and 4 layers
        "semantic_model_config": HUBERT,
        "acoustic_model_config": ACOUSTIC | {"downsampling_ratios": [8, 5, 4, 2]},
    },
    "higgs_audio_v2_tokenizer": {
        "codebook_size": 32,
        "codebook_dim": 8,
        "target_bandwidths": [0.25, 0.5],  # 25 frames/s x 5 bits: 2 and 4 layers
        "semantic_model_config": HUBERT,
        "acoustic_model_config": ACOUSTIC
        | {"downsampling_ratios": [8, 5, 4, 2, 3], "upsampling_ratios": [8, 5, 4, 2, 3]},
    },
}
KINDS = sorted(SETTINGS)


def model_class(kind):
    return getattr(transformers, HF_CODECS[kind].class_name)
