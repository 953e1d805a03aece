"""The arms of the study: ways to tell a language model about a clip, one difference at a time.

An arm is a few words of data. `run_arm` turns it, with a seed, into a record.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

RECIPE = {
    "learning_rate": 2e-3,
    "batch_size": 16,
    "max_steps": 400,  # about five passes over the demo corpus, twenty over EmoDB
    "patience": 5,
    "lora_rank": 8,
    "lora_alpha": 8,
    "lora_dropout": 0.0,
    "collapse_repeats": True,
}
"""Settings of step 3 that every arm shares unless it says otherwise; see `FineTuneSettings`."""
ROWS = {"learning_rate": 1e-2, "batch_size": 16, "max_steps": 60, "collapse_repeats": True}
"""Settings of step 2 likewise; see `PretrainSettings`."""


@dataclass(frozen=True)
class Arm:
    """One way to tell the language model about a clip.

    Attributes
    ----------
    isolates : str, what a difference to another arm would show
    words : "text", "none" (an empty text) or "prosody" (the text, then its measured prosody in words)
    tokens : "selected", "fdr" (selected with decoys), "matched" or "random" (drawn anew for each seed), "all"
        that occur, or "none"
    layers : "acoustic", "all" or "semantic", which the tokens come from
    n_tokens : int, selected anew from the acoustic layers, about as many; None: the material's own selection
    audio : "own"; "shuffled", each clip has another one's; "count", all tokens are the same one
    equal_loudness : bool, every clip at the same level before it is encoded
    pretrained : bool, False leaves step 2 out
    fused : name of measured features that the head reads beside the words' state, see `FusionHead`; "": none
    asked : bool, no training: a speech language model is asked for the class in words, see `speechlm`
    tune, rows : what differs from `RECIPE` and `ROWS`
    """

    isolates: str
    words: str = "text"
    tokens: str = "selected"
    layers: str = "acoustic"
    n_tokens: int | None = None
    audio: str = "own"
    equal_loudness: bool = False
    pretrained: bool = True
    fused: str = ""
    asked: bool = False
    tune: Mapping = field(default_factory=dict)
    rows: Mapping = field(default_factory=dict)


PAPER_TUNE = {
    "learning_rate": 1e-3,
    "batch_size": 32,
    "n_epochs": 10,
    "max_steps": None,
    "patience": 3,
    "lora_rank": 64,
    "lora_alpha": 16,
    "lora_dropout": 0.1,
    "collapse_repeats": False,
}
PAPER_ROWS = {
    "learning_rate": 3e-4,
    "batch_size": 32,
    "n_epochs": 5,
    "max_steps": None,
    "loss_on": "all",
    "collapse_repeats": False,
}
INTERLEAVED = {"interleaved": True}

ARMS = {
    "text": Arm("what the words alone tell", tokens="none"),
    "text-slow": Arm("words at half the learning rate", tokens="none", tune={"learning_rate": 1e-3}),
    "lasso": Arm("the method: words and selected tokens of layers 2-8"),
    "lasso-10": Arm("do 10 tokens do as well?", n_tokens=10),
    "lasso-20": Arm("do 20 tokens do as well?", n_tokens=20),
    "lasso-35": Arm("do 35 tokens do as well?", n_tokens=35),
    "lasso-150": Arm("do 150 tokens do better?", n_tokens=150),
    "audio": Arm("selected tokens alone", words="none"),
    "lasso-all": Arm("does the semantic layer help or hurt?", layers="all"),
    "semantic": Arm("tokens of the semantic layer alone", layers="semantic"),
    "random": Arm("these tokens, or any that occur?", tokens="random"),
    "matched": Arm("these tokens, or others of the same layers, about as frequent?", tokens="matched"),
    "shuffled": Arm("content, or the presence of tokens?", audio="shuffled"),
    "count-only": Arm("content, or how many tokens?", audio="count"),
    "rms": Arm("more than loudness?", equal_loudness=True),
    "all-tokens": Arm("no selection: audio overflow", tokens="all"),
    "no-pretraining": Arm("is step 2 needed?", pretrained=False),
    "frozen-embeddings": Arm("do embeddings transfer when frozen?", tune={"train_embeddings": False}),
    "frozen-untrained": Arm(
        "frozen embeddings: is it step 2 that made them good?",
        pretrained=False,
        tune={"train_embeddings": False},
    ),
    "paper": Arm("the paper's settings of training", tune=PAPER_TUNE, rows=PAPER_ROWS),
    "prosody-in-words": Arm("measured prosody written as words", words="prosody", tokens="none"),
    "fdr": Arm("tokens selected with decoys, at a stated false discovery rate", tokens="fdr"),
    "interleaved": Arm("each word followed by its tokens", tune=INTERLEAVED, rows=INTERLEAVED),
    "mfcc-fusion": Arm("MFCC fused with the words' state", tokens="none", fused="MFCC"),
    "encoder-fusion": Arm("Whisper's states fused with the words' state", tokens="none", fused="encoder"),
    "wavlm-fusion": Arm("WavLM's states fused with the words' state", tokens="none", fused="wavlm"),
    "speechlm": Arm("a large model that hears, asked in words", tokens="none", asked=True),
    "rank-16": Arm("twice the adapters' rank", tune={"lora_rank": 16, "lora_alpha": 16}),
    "rank-4": Arm("half the adapters' rank", tune={"lora_rank": 4, "lora_alpha": 4}),
    "slow": Arm("half the learning rate", tune={"learning_rate": 1e-3}),
    "short": Arm("60 % of the steps", tune={"max_steps": 240}),
}
"""The arms by name. "joint" of the literature is `lasso`: token embeddings are trained along."""
