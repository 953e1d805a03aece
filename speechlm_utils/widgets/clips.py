"""Choose a clip or upload a recording, and see what the model hears in it and says about it."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from scipy.special import softmax

from ..audio import FORMATS, LONGEST, load_audio, read_upload
from ..clips import Clip
from ..plots.style import show_name
from ..words import is_plain, write_plainly
from .clip_pictures import BARS, SIZE, draw_clip, draw_prediction
from .clip_tokens import ClipTokens
from .panel import WIDE, Picture, Status, busy, label, live, menu, show_players, stack
from .prompts import show_prompt
from .takes import Takes

REASONS = (9, 5)  # inches


def predict_clip(classifier, clip: Clip) -> np.ndarray:
    """Return the probability of each class, float array (n_classes,)."""
    return softmax(classifier.predict([clip])[0])


def hear_clip(clip: Clip, codec, wav: np.ndarray | None = None) -> tuple[Clip, np.ndarray]:
    """Return a clip with codes, made where it has none, and its sound, loaded where it is not given."""
    wav = load_audio(clip.audio, codec.spec.sample_rate) if wav is None else wav
    return clip if clip.codes is not None else replace(clip, codes=codec.encode(wav), spec=codec.spec), wav


def explore_clips(
    classifier,
    clips: Mapping[str, Clip],
    explain: Callable[[Figure, Clip, np.ndarray], str] | None = None,
    recogniser=None,
    cards: tuple | None = None,
):
    """Return a menu of clips, an upload, a recorder and the words, above what a classifier makes of them.

    clips, not empty, are what the menu shows -> clip; explain draws an attribution of a clip and its sound
    (n_samples,) into an empty figure and returns it in words, when a button is pressed; None: there is none.
    Another button lets a `Recogniser` write down the words; None: Whisper tiny.en (English), loaded then.
    cards, what `explore_tokens` takes, adds a menu of the clip's selected tokens, each with its card.
    """

    def draw_still() -> None:
        clip, wav = hear_clip(next(iter(clips.values())), classifier.codec)
        draw_clip(plt.figure(figsize=SIZE), clip, wav, classifier)
        draw_prediction(plt.figure(figsize=BARS), predict_clip(classifier, clip), classifier, clip)

    return live(lambda: Takes(ClipExplorer(classifier, clips, explain, recogniser, cards)).box, draw_still)


class ClipExplorer:
    """The control behind `explore_clips`; `box` is what to show, `controls` all that can be operated."""

    def __init__(self, classifier, clips: Mapping[str, Clip], explain=None, recogniser=None, cards=None):
        if not clips:
            raise ValueError("clips: none given, the menu would be empty")
        if classifier.codec is None:
            classifier.use_codec()
        self.classifier, self.explain, self.status, self.clip = classifier, explain, Status(), None
        self.shown = lambda clip, wav, shares: None  # who wants to know of each prediction
        self.recogniser, self.plain = recogniser, is_plain(clip.text for clip in clips.values())
        self.choice = menu("clip", clips.items())
        hint = {"description": f"or upload up to {LONGEST:g} s", "layout": {"width": "16rem"}}
        self.upload = ipywidgets.FileUpload(accept=",".join(FORMATS), tooltip=hint["description"], **hint)
        example = f"written as in: {next(iter(clips.values())).text}"
        look = label("words") | {"layout": WIDE, "continuous_update": False}
        self.words = ipywidgets.Text(placeholder=example, **look)
        self.hear = ipywidgets.Button(description="Recognise the words", layout={"width": "16rem"})
        self.why = ipywidgets.Button(description="Explain the prediction", layout={"width": "16rem"})
        self.controls = [self.choice, self.upload, self.words, self.hear, self.why]
        self.player, self.prompt = ipywidgets.HTML(), ipywidgets.HTML()
        self.codes, self.bars, self.reasons = Picture(*SIZE), Picture(*BARS), Picture(*REASONS)
        self.tokens = ClipTokens(*cards) if cards else None
        parts = [*self.controls[:4], self.status.widget, self.player, self.codes.widget, self.prompt]
        more = [self.why, self.reasons.widget] if explain else []
        self.box = stack([*parts, self.bars.widget, *more, *([self.tokens.box] if cards else [])])
        self.choice.observe(lambda _: self.choose(), "value")
        self.upload.observe(lambda _: self.take_upload(), "value")
        self.words.observe(lambda _: self.change_words(), "value")
        self.hear.on_click(lambda _: self.recognise_words())
        self.why.on_click(lambda _: self.show_reasons())
        self.choose()

    def choose(self) -> None:
        """Take the clip that the menu shows."""
        with busy(self.controls, self.status, "reading the clip", self.choice, self.blank):
            self.show(*hear_clip(self.choice.value, self.classifier.codec))

    def take_upload(self) -> None:
        """Take the file that was uploaded, with no words yet."""
        if self.upload.value:
            file, self.upload.value = self.upload.value[0], ()  # so that the same file can be chosen again
            self.take_sound(file["name"], bytes(file["content"]), self.upload)

    def take_sound(self, name: str, content: bytes, at: ipywidgets.Widget) -> None:
        """Take the bytes of a sound file, with no words yet."""
        with busy(self.controls, self.status, f"reading {name}", at, self.blank):
            wav = read_upload(name, content, self.classifier.codec.spec.sample_rate)
            self.show(*hear_clip(Clip(name, "", None), self.classifier.codec, wav))

    def change_words(self) -> None:
        """Predict again with other words."""
        if self.clip is None or self.words.value == self.clip.text:
            return
        with busy(self.controls, self.status, "predicting", self.words):
            self.show(replace(self.clip, text=self.words.value, text_confidence=None), self.wav)

    def recognise_words(self) -> None:
        """Write down what is said, as plainly as the clips of the menu, and predict again with it."""
        with busy(self.controls, self.status, "recognising the words: some seconds", self.hear):
            if self.clip is None:
                raise ValueError("there is no recording to recognise: choose a clip or upload one")
            if self.recogniser is None:
                from ..whisper.recogniser import Recogniser  # loads torch, and Whisper on its first use

                self.recogniser = Recogniser()
            ((text, confidence),) = self.recogniser.recognise(
                [self.wav], sample_rate=self.clip.spec.sample_rate
            )
            text = write_plainly(text) if self.plain else text
            self.show(replace(self.clip, text=text, text_confidence=confidence), self.wav)

    def blank(self) -> None:
        """Show nothing of the recording before."""
        self.clip, self.words.value, self.player.value, self.prompt.value = None, "", "", ""
        for picture in (self.codes, self.bars, self.reasons):
            picture.clear()
        if self.tokens:
            self.tokens.show(None, None)

    def show(self, clip: Clip, wav: np.ndarray) -> None:
        """Show a recording and its prediction."""
        classifier, shares = self.classifier, predict_clip(self.classifier, clip)
        self.blank()
        self.clip, self.wav, self.words.value = clip, wav, clip.text
        self.player.value = show_players({clip.id: wav}, clip.spec.sample_rate).data
        self.codes.draw(lambda figure: draw_clip(figure, clip, wav, classifier))
        prompt = classifier.encode([clip])[0][0]
        self.prompt.value = show_prompt(classifier.tokenizer, prompt)._repr_html_()
        self.bars.draw(lambda figure: draw_prediction(figure, shares, classifier, clip))
        self.status.show(describe_prediction(classifier, clip, shares, prompt))
        if self.tokens:
            self.tokens.show(clip, wav)
        self.shown(clip, wav, shares)

    def show_reasons(self) -> None:
        """Draw which tokens the prediction rests on."""
        with busy(self.controls, self.status, "asking which tokens mattered: some seconds", self.why):
            if self.clip is None:
                raise ValueError("there is no recording to explain: choose a clip or upload one")
            self.reasons.draw(lambda figure: self.explain(figure, self.clip, self.wav))
            self.status.show("the attribution is below")


def describe_prediction(classifier, clip: Clip, shares: np.ndarray, prompt) -> str:
    """Say what is most probable, and what it rests on."""
    likely = int(shares.argmax())
    said = f"most probable: {show_name(classifier.label_names[likely])} ({shares[likely]:.0%})"
    if classifier.task in clip.labels:
        said += f", true: {show_name(clip.labels[classifier.task])}"
    said += f"; {prompt.n_text} text and {prompt.n_audio} audio tokens are read"
    if prompt.n_text_cut + prompt.n_audio_cut:
        said += f", {prompt.n_text_cut} and {prompt.n_audio_cut} more are cut"
    return f"{said}; {_describe_words(clip)}".removesuffix("; ")


def _describe_words(clip: Clip) -> str:
    """Say what is left to do about the words; "" if a person wrote them."""
    if clip.text.strip():
        sure = clip.text_confidence
        return "" if sure is None else f"words recognised, confidence {sure:.0%}: correct them if need be"
    what = "no words yet" if clip.text_confidence is None else "no words were recognised"
    return f"{what}: type what is said, then press Enter"
