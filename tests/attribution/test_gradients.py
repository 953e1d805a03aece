"""Attribution on a tiny LLM that was trained to listen: what it rests on is known."""

from dataclasses import replace
from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from conftest import SPEC
from tiny_llm import TOKENS, make_clips, save_tiny_llm

from speechlm_utils import plots
from speechlm_utils.attribution.faithfulness import compare_with_random_weights, correlate, run_deletion_test
from speechlm_utils.attribution.figure import draw_attribution
from speechlm_utils.attribution.gradients import attribute_clip, read_attention
from speechlm_utils.attribution.question import AUDIO, MARKER, TEXT, pose
from speechlm_utils.attribution.shapley import sample_shapley, share_credit
from speechlm_utils.finetuning.finetune import build_classifier, fine_tune
from speechlm_utils.finetuning.lora import FineTuneSettings
from speechlm_utils.llm.spec import LLMSpec
from speechlm_utils.tokens import list_occurrences


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A classifier that reads classes from tokens alone: texts are the same in all classes."""
    folder = save_tiny_llm(tmp_path_factory.mktemp("llm"))
    settings = FineTuneSettings(1e-2, 6, 6, lora_rank=4, lora_dropout=0.0)
    clips = {"train": make_clips(60), "test": make_clips(24, seed=7)}
    classifier = build_classifier("task", list("abc"), TOKENS, settings, LLMSpec(folder))
    result = fine_tune(classifier, clips)
    assert result.metrics["test"]["macro_f1_all"] == 1
    return classifier, clips["test"]


@pytest.fixture(scope="module")
def attributions(trained):
    classifier, clips = trained
    return [attribute_clip(classifier, clip, n_steps=48) for clip in clips]


def test_embeddings_are_those_that_the_model_uses(trained):
    classifier, clips = trained
    outputs = classifier.model(inputs_embeds=pose(classifier, clips[0]).embedded)
    assert np.allclose(outputs.logits[0].detach(), classifier.predict(clips[:1])[0], atol=1e-5)


def test_scores_add_up_to_the_difference_from_the_baseline(trained, attributions):
    classifier, clips = trained
    logits = classifier.predict(clips)
    for one, logit in zip(attributions, logits, strict=True):
        assert one.relative_error < 0.01
        assert one.score == pytest.approx(logit.max(), abs=1e-4)
        assert sum(one.sums().values()) == pytest.approx(one.scores.sum(), abs=1e-4)
        assert np.all(one.scores[one.kinds == MARKER] == 0)  # they are the same in the baseline
    rough = attribute_clip(classifier, clips[0], n_steps=2)
    assert rough.relative_error > attributions[0].relative_error


def test_audio_tokens_know_their_frame(trained, attributions):
    classifier, clips = trained
    for clip, one in zip(clips, attributions, strict=True):
        at = one.kinds == AUDIO
        assert one.frames[at].tolist() == [found.frame for found in list_occurrences(clip.codes, TOKENS)]
        assert np.all(one.frames[~at] == -1)
    text = '<|audio|> say "<|L2_0005|>"'  # typed by a user: words
    clip = type(clips[0])("typed", text, None, codes=clips[0].codes)
    kinds = pose(classifier, clip).kinds.tolist()
    assert (kinds.count(MARKER), kinds.count(AUDIO)) == (4, len(list_occurrences(clip.codes, TOKENS)))


def test_another_class_has_other_scores(trained, attributions):
    classifier, clips = trained
    other = (attributions[0].target + 1) % 3
    assert attribute_clip(classifier, clips[0], other, n_steps=16).sums()["audio"] < 0
    with pytest.raises(ValueError, match="target=3: the classes are numbered 0 to 2"):
        attribute_clip(classifier, clips[0], 3)


def test_deleting_named_tokens_moves_the_score_more_than_random_ones(trained, attributions):
    classifier, clips = trained
    found = run_deletion_test(classifier, attributions, k=3)
    assert found.difference.verdict == "above"
    assert found.difference.estimate == pytest.approx(found.top - found.random)
    assert found.n_clips == found.numbers["n_groups"] == len(clips)
    with pytest.raises(ValueError, match="k=99: none of 24 clips has more audio tokens"):
        run_deletion_test(classifier, attributions, k=99)


def test_false_attributions_fail_the_deletion_test(trained, attributions):
    classifier, _ = trained
    upside_down = [replace(one, scores=-one.scores) for one in attributions]
    assert run_deletion_test(classifier, upside_down, k=3).difference.low < 0


@pytest.mark.parametrize("part", ["head", "all"])
def test_random_weights_leave_nothing_and_are_put_back(trained, attributions, part):
    classifier, clips = trained
    before = classifier.predict(clips[:6])
    again = partial(attribute_clip, classifier, n_steps=8)
    found = compare_with_random_weights(classifier, attributions[:6], again, part, n_models=12)
    assert found.shape == (12, 6) and abs(found.mean()) < 0.3
    assert np.array_equal(classifier.predict(clips[:6]), before)
    same = attribute_clip(classifier, clips[0], attributions[0].target, n_steps=8)
    assert correlate(attributions[0], same) > 0.9  # the same model, integrated less finely


def test_which_weights_are_random_must_be_said_right(trained, attributions):
    with pytest.raises(ValueError, match="part='tail': is neither"):
        compare_with_random_weights(trained[0], attributions, None, "tail")


def test_the_baseline_can_be_a_word(trained):
    classifier, clips = trained
    mean, word = (attribute_clip(classifier, clips[0], n_steps=48, filler=f) for f in (None, "a"))
    assert word.score == pytest.approx(mean.score) and word.baseline_score != mean.baseline_score
    assert word.relative_error < 0.05
    with pytest.raises(ValueError, match="is 2 tokens, one is needed"):
        attribute_clip(classifier, clips[0], filler="<|audio|>"[:2])


def test_shapley_values_add_up_and_repeat(trained, attributions):
    classifier, clips = trained
    before = torch.random.get_rng_state()
    one, again, other = (sample_shapley(classifier, clips[0], n_permutations=6, seed=s) for s in (0, 0, 1))
    assert torch.equal(torch.random.get_rng_state(), before)
    assert one.target == attributions[0].target and one.frames.tolist() == attributions[0].frames.tolist()
    assert abs(one.delta) < 1e-4 and one.sums()["marker"] == 0
    assert np.array_equal(one.scores, again.scores) and not np.array_equal(one.scores, other.scores)


def test_shapley_values_name_tokens_that_matter(trained, attributions):
    classifier, clips = trained
    found = [sample_shapley(classifier, clip, n_permutations=6) for clip in clips[:8]]
    agreement = [correlate(a, b) for a, b in zip(attributions[:8], found, strict=True)]
    assert np.mean(agreement) > 0.3 and min(agreement) > 0
    assert run_deletion_test(classifier, found, k=3).difference.low > 0


def test_shapley_of_a_token_is_its_mean_gain_over_all_orders(trained):
    classifier, clips = trained
    clip = replace(clips[0], text="a", codes=clips[0].codes[:, :0])  # one word and no audio: one player
    one = sample_shapley(classifier, clip, n_permutations=1)
    at = one.kinds != MARKER
    assert at.sum() == 1 and one.scores[at][0] == pytest.approx(one.score - one.baseline_score, abs=1e-5)


def test_credit_of_words_and_audio_is_exact(trained, attributions):
    classifier, clips = trained
    credit, one = share_credit(classifier, clips[0]), attributions[0]
    assert sum(credit.values()) == pytest.approx(one.score - one.baseline_score, abs=1e-4)
    assert credit["marker"] == 0
    asked = pose(classifier, clips[0])

    def score(shown):
        is_shown = torch.tensor(np.isin(one.kinds, shown))[None, :, None]
        mixed = torch.where(is_shown, asked.embedded, asked.baseline)
        return classifier.model(inputs_embeds=mixed).logits[0, one.target].item()

    alone, beside = score([AUDIO]) - score([]), score([AUDIO, TEXT]) - score([TEXT])
    assert credit["audio"] == pytest.approx((alone + beside) / 2, abs=1e-4)


def test_the_integration_path_goes_from_baseline_to_prompt(trained, attributions):
    asked, one = pose(trained[0], trained[1][0]), attributions[0]
    path = np.linspace(0, 1, 201)
    with torch.no_grad():
        scores = np.array([asked.read(torch.lerp(asked.baseline, asked.embedded, x)).item() for x in path])
    assert scores[0] == pytest.approx(one.baseline_score, abs=1e-4)
    assert scores[-1] == pytest.approx(one.score, abs=1e-4)
    fig, ax = plt.subplots()
    points = np.array([0.25, 0.5])
    marks = plots.plot_path_scores(ax, path, scores, points).lines[1]
    assert np.allclose(marks.get_xydata(), np.column_stack([points, scores[[50, 100]]]))
    plt.close(fig)


def test_attention_of_a_block_adds_up_to_one(trained):
    classifier, clips = trained
    before = classifier.predict(clips[:3])
    found = read_attention(classifier, clips[0])
    assert found.shape == (2, len(classifier.encode(clips[:1])[0][0].input_ids))
    assert np.allclose(found.sum(axis=1), 1, atol=1e-5) and np.all(found >= 0)
    assert np.array_equal(classifier.predict(clips[:3]), before)


def test_figure_says_what_it_shows(trained, attributions):
    classifier, _ = trained
    one = replace(attributions[0], clip=replace(attributions[0].clip, spec=SPEC))
    figure, wav = plt.figure(), np.zeros(one.clip.codes.shape[1] * SPEC.hop, dtype=np.float32)
    said = draw_attribution(figure, one, classifier, wav)
    assert "completeness error" in said and len(figure.axes) == 3
    heights = sum(bar.get_height() for bar in figure.axes[2].patches)
    assert heights == pytest.approx(one.sums()["audio"], abs=1e-4)
    plt.close(figure)
