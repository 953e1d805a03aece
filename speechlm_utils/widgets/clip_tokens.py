"""From a clip, or a voice of one's own, to its selected tokens: what each is, here and in other clips."""

from collections.abc import Callable

import ipywidgets
import numpy as np
from matplotlib.figure import Figure

from ..clips import Clip
from ..interpretation.listening import cut_spans
from ..selection.selection import Selection
from ..tokens import Token, find_spans
from .panel import Picture, Status, busy, menu, show_players, stack, write_html
from .tokens import SIZE, describe_token, order_tokens

NONE = "none"


class ClipTokens:
    """A menu of the selected tokens that occur in the clip that is shown; `box` is what to show.

    The token that is picked gets its card, its moments in this clip, and those in other clips; draw_card and
    listen are those of `explore_tokens`. Nothing is drawn until a token is picked.
    """

    def __init__(
        self,
        selection: Selection,
        draw_card: Callable[[Figure, Token], str],
        listen: Callable[[Token], object],
    ):
        self.selection, self.draw_card, self.listen = selection, draw_card, listen
        self.status, self.card = Status(), Picture(*SIZE)
        self.here, self.elsewhere = ipywidgets.HTML(), ipywidgets.HTML()
        self.token = menu("token in it", [(NONE, None)])
        parts = [self.token, self.status.widget, self.here, self.elsewhere, self.card.widget]
        self.box = stack(parts)
        self.token.observe(lambda _: self.pick(), "value")
        self.blank()

    def show(self, clip: Clip | None, wav: np.ndarray | None) -> None:
        """List the tokens of a clip and its sound, float array (n_samples,); None: there is no clip."""
        self.clip, self.wav = clip, wav
        options = [] if clip is None else list_tokens(self.selection, clip)
        self.token.options = [(f"pick one of {len(options)}" if options else NONE, None), *options]
        self.blank()

    def pick(self) -> None:
        """Show the token that is picked."""
        self.blank()
        if (token := self.token.value) is None:
            return
        with busy([self.token], self.status, "looking it up", self.token, self.blank):
            rate = self.clip.spec.sample_rate
            self.here.value = show_players(cut_spans(self.clip, self.wav, token), rate).data
            self.elsewhere.value = write_html(self.listen(token))
            self.card.draw(lambda figure: self.draw_card(figure, token))
            self.status.show(f"{describe_token(self.selection, token)}: first here, then in other clips")

    def blank(self) -> None:
        """Show no token."""
        self.card.clear()
        self.here.value = self.elsewhere.value = self.status.widget.value = ""


def list_tokens(selection: Selection, clip: Clip) -> list[tuple[str, Token]]:
    """List the selected tokens that occur in a clip, in words and as such, the largest coefficient first."""
    found = ((token, len(find_spans(clip.codes, token))) for token in order_tokens(selection))
    return [
        (f"{describe_token(selection, token)}, {n} {'moment' if n == 1 else 'moments'}", token)
        for token, n in found
        if n
    ]
