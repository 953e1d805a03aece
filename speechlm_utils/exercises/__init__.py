"""Checks of the exercises, by topic: they print "not attempted", what is wrong, or "correct"."""

from .codec import check_bit_rate, check_equal_bits, check_layers, check_lead, check_padding, check_quantise
from .corpus import check_codes_in_clip, check_group_split, check_heard, check_no_gain, check_normalise
from .finetuning import check_budget, check_knob, check_lora_count, check_macro_f1, check_unigram, check_wider
from .generation import check_allowed, check_same_words, check_thirds
from .interpretation import (
    check_completeness,
    check_control,
    check_effect,
    check_frame_samples,
    check_interval,
    check_q_values,
    check_replace,
)
from .robustness import check_agreement, check_noise_factor, check_smallest_size, check_word_errors
from .selection import check_overlap, check_permutation_p, check_soft_threshold, check_zeros
from .studies import check_chance_verdicts, check_controls, check_front, check_price, check_threshold
from .voices import check_constant_answer, check_voice_split
