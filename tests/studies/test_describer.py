"""The language model learns to describe: what it is trained on, what it may write, and that it hears."""

from dataclasses import replace

import pytest
from tiny_llm import TOKENS, make_clips

from speechlm_utils.llm.batches import IGNORED
from speechlm_utils.studies.describer import SETTINGS, Describer, make_item

SAID = {"a": "the tax", "b": "they say", "c": "he is right"}
TINY = replace(
    SETTINGS, learning_rate=0.02, n_epochs=12, batch_size=8, lora_rank=4, lora_modules=("q_proj", "v_proj")
)


def say(clips):
    return [SAID[clip.labels["task"]] for clip in clips]


@pytest.fixture(scope="module")
def trained(llm):
    """Clips whose description only their tokens tell."""
    clips = [replace(clip, text="we know") for clip in make_clips(48)]
    describer = Describer(TOKENS, TINY, llm)
    return describer, describer.fit(clips, say(clips))


def test_only_the_description_has_a_loss(llm):
    describer = Describer(TOKENS, TINY, llm)
    (prompt,) = describer.build_prompts(make_clips(1))
    item = make_item(describer.tokenizer, prompt, "the tax")
    n = len(prompt.input_ids)
    assert item["input_ids"][:n] == prompt.input_ids and item["labels"][:n] == [IGNORED] * n
    assert item["labels"][n:] == item["input_ids"][n:]
    assert describer.tokenizer.decode(item["labels"][n:-1]) == "the tax"
    assert item["labels"][-1] == describer.tokenizer.eos_token_id


def test_it_learns_what_only_the_tokens_tell(trained):
    describer, losses = trained
    clips = [replace(clip, text="we know") for clip in make_clips(24, seed=1, split="test")]
    assert len(losses) == 12 * 6 and losses[-1] < losses[0] / 3
    right = [a == b for a, b in zip(describer.describe(clips, [*SAID.values()]), say(clips), strict=True)]
    assert sum(right) >= 22
    free = [a == b for a, b in zip(describer.describe(clips), say(clips), strict=True)]
    assert sum(free) >= 14  # two of three classes: frozen random weights spell "he is right" badly


def test_it_writes_nothing_but_what_is_allowed(trained, llm):
    clips = make_clips(7, seed=2)
    for describer in (trained[0], Describer(TOKENS, TINY, llm)):
        assert set(describer.describe(clips, ["we want", "no tax at all"])) <= {"we want", "no tax at all"}


def test_batches_do_not_change_what_is_written(trained):
    clips, allowed = make_clips(9, seed=3), list(SAID.values())
    assert trained[0].describe(clips, allowed, 1) == trained[0].describe(clips, allowed, 4)


def test_words_alone_are_deaf(llm):
    describer = Describer(TOKENS, replace(TINY, use_audio=False), llm)
    one, two = (make_clips(1, seed=seed)[0] for seed in (0, 1))
    assert describer.describe([one]) == describer.describe([replace(one, codes=two.codes)])


def test_what_was_trained_loads_again(trained, llm, tmp_path):
    clips, allowed = make_clips(9, seed=4), list(SAID.values())
    trained[0].save(tmp_path)
    again = Describer(TOKENS, TINY, llm)
    before = again.describe(clips, allowed)
    assert again.load(tmp_path).describe(clips, allowed) == trained[0].describe(clips, allowed) != before
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) < 100_000


def test_same_seed_gives_the_same_losses(llm):
    clips = make_clips(8)
    short = replace(TINY, n_epochs=1)
    one, two = (Describer(TOKENS, short, llm).fit(clips, say(clips)) for _ in range(2))
    assert one == two
