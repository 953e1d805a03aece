"""Checks of the exercises, by topic: `check_…` prints "not attempted", what is wrong, or "correct"."""

from .acoustics import check_effect, check_frame_samples, check_q_values
from .attribution import check_completeness, check_control
from .cards import check_interval, check_replace
from .codec import check_bit_rate, check_padding, check_quantise
from .corpus import check_group_split, check_normalise
from .layers import check_layers
from .overview import check_codes_in_clip, check_heard, check_no_gain
from .penalties import check_zeros, fit_mixed
from .selection import check_overlap, check_permutation_p, check_soft_threshold
from .training import check_budget, check_lora_count, check_macro_f1, check_unigram, check_wider
