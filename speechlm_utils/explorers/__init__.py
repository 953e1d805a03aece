"""Interactive figures that need no kernel, by topic: in JupyterLab, in Voilà and in a saved page."""

from .atlas import explore_atlas
from .confusion import explore_confusion
from .correlations import explore_correlations
from .depths import explore_depths
from .doses import explore_doses
from .page import Explorer, render_page
from .path import explore_path
from .quiz import write_quiz
from .sounds import embed_sound, embed_tokens
from .swaps import explore_swaps
from .timeline import explore_timeline
from .voice import record_corpus
