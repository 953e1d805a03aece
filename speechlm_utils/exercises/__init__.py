"""Checks of the exercises, by topic: they print "not attempted", what is wrong, or "correct"."""

from .acoustics import check_effect, check_frame_samples, check_q_values
from .attribution import check_completeness, check_control
from .codec import check_bit_rate, check_layers, check_padding, check_quantise
from .corpus import check_group_split, check_normalise
from .finetuning import check_knob, check_lora_count, check_macro_f1, check_wider
from .interpretation import check_interval, check_replace
from .other_codecs import check_equal_bits, check_lead
from .overview import check_codes_in_clip, check_heard, check_no_gain
from .pretraining import check_budget, check_unigram
from .selection import check_overlap, check_permutation_p, check_soft_threshold, check_zeros
