"""A speech language model is asked in words: proven on a tiny random checkpoint of Qwen2-Audio's class."""

import numpy as np
import pytest
import torch
from tiny_classifier import TASK
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2AudioConfig,
    Qwen2AudioForConditionalGeneration,
    Qwen2AudioProcessor,
    WhisperFeatureExtractor,
)

from speechlm_utils.studies.run import run_arm
from speechlm_utils.studies.speechlm import SpeechLM, ask_arm

SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("qwen")
    letters = {letter: i for i, letter in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    raw = Tokenizer(models.BPE(letters, []))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    raw.add_special_tokens(SPECIAL)
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token=SPECIAL[0], pad_token=SPECIAL[0])
    extractor = WhisperFeatureExtractor(feature_size=8, chunk_length=2)
    Qwen2AudioProcessor(extractor, tokenizer).save_pretrained(folder)
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "num_hidden_layers": 1}
    text = {"vocab_size": len(tokenizer), "hidden_size": 16, "intermediate_size": 16, **heads}
    audio = {
        "num_mel_bins": 8, "d_model": 16, "encoder_layers": 1, "encoder_attention_heads": 2,
        "encoder_ffn_dim": 16, "max_source_positions": 100,
    }  # fmt: skip
    config = Qwen2AudioConfig(
        audio_config={"model_type": "qwen2_audio_encoder", **audio},
        text_config={"model_type": "qwen2", **text},
        audio_token_index=tokenizer.convert_tokens_to_ids("<|AUDIO|>"),
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = Qwen2AudioForConditionalGeneration(config)
        for value in model.parameters():
            value.data.normal_(std=0.3)
        model.save_pretrained(folder)
    return folder


def test_record_has_predictions_of_both_splits(material, folder):
    record = ask_arm("speechlm", material, 0, folder)
    for split in ("validation", "test"):
        assert len(record["predictions"][split]) == len(material.clips[split])
        assert set(record["predictions"][split]) <= set(range(len(material.label_names)))
        assert 0 <= record["scores"][split]["macro_f1_present"] <= 1
    assert record["n_trainable"] == 0 and record["audio_tokens_per_clip"] > 5
    assert record["task"] == TASK and record["device"]


def test_question_holds_words_sound_and_classes(material, folder):
    clip = material.clips["test"][0]
    prompt = SpeechLM(folder).write_prompt(clip, ["ad_hominem", "emotion"])
    assert clip.text in prompt and "A) ad hominem\nB) emotion" in prompt
    assert prompt.count("<|AUDIO|>") == 1 and prompt.rstrip().endswith("assistant")


def test_the_answer_depends_on_the_sound(material, folder):
    one, two = material.clips["test"][:2]
    other = type(one)(one.id, one.text, two.audio)
    found = SpeechLM(folder).ask([one, other], material.label_names)
    assert found.shape == (2, len(material.label_names)) and not np.allclose(*found)


def test_too_many_classes_are_told(material, folder):
    with pytest.raises(ValueError, match="30 classes: at most 26"):
        SpeechLM(folder).ask(material.clips["test"][:1], [str(i) for i in range(30)])


def test_nothing_is_trained(material):
    with pytest.raises(ValueError, match="a model is asked"):
        run_arm("speechlm", material, 0)
