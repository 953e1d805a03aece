"""Interactive controls of the notebooks, by topic; each draws with the function of the figure beside it."""

from .clips import explore_clips
from .lasso import explore_lasso, show_path
from .panel import show_players
from .prompts import PromptView, explore_budget, show_prompt, split_prompt
from .sliders import explore_penalties, explore_residual_vq, show_penalties
from .tokens import explore_tokens
from .what_if import explore_what_if
