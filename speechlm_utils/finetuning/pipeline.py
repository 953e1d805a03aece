"""A saved classifier as a pipeline of transformers: recordings and their words in, labels and scores out."""

from pathlib import Path

from transformers import Pipeline

from ..llm.batches import pad_batch
from .classifier import SpeechTokenClassifier
from .hub import push_to_hub


class SpeechTokenPipeline(Pipeline):
    """Classify recordings as transformers' pipelines do; `batch_size` and generators work as there.

    Inputs are dicts: "text", what is said, written as the texts of the training were; "audio", a sound file
    or float array (n_samples,) at the codec's sample rate, not needed for a classifier of words alone. The
    answer lists {"label", "score"} with the most probable first, the first `top_k` of them.

    >>> classify = SpeechTokenPipeline.from_pretrained("runs/demo/classifier_fallacy")  # doctest: +SKIP
    >>> classify({"audio": "clip.wav", "text": "we cannot go on like this"}, top_k=1)  # doctest: +SKIP
    [{'label': 'slippery_slope', 'score': 0.71}]
    """

    def __init__(self, classifier: SpeechTokenClassifier, **options):
        model = classifier.model.eval()
        super().__init__(model, classifier.tokenizer, device=model.device, **options)
        self.classifier = classifier

    @classmethod
    def from_pretrained(
        cls, folder: str | Path, base: str | Path | None = None, codec: str | Path | None = None, **options
    ) -> "SpeechTokenPipeline":
        """Load a classifier, see `SpeechTokenClassifier.from_pretrained`; options are transformers' own."""
        return cls(SpeechTokenClassifier.from_pretrained(folder, base, codec), **options)

    def save_pretrained(self, save_directory: str | Path, **options) -> None:
        """Save the classifier, see `SpeechTokenClassifier.save`."""
        self.classifier.save(save_directory, **options)

    def push_to_hub(self, repo_id: str, **options) -> str:
        """Upload the classifier, see `hub.push_to_hub`."""
        return push_to_hub(self.classifier, repo_id, **options)

    def _sanitize_parameters(self, top_k: int | None = None):
        return {}, {}, {"top_k": top_k} if top_k is not None else {}

    def preprocess(self, inputs: dict):
        if not isinstance(inputs, dict) or not isinstance(inputs.get("text"), str):
            raise ValueError(f"expected a dict with 'text' and 'audio', got {str(inputs)[:60]!r}")
        clip = self.classifier.make_clip(inputs.get("audio"), inputs["text"])
        items, _ = self.classifier.make_items([clip])
        return pad_batch(items, self.tokenizer.pad_token_id)

    def _forward(self, model_inputs):
        return {"logits": self.model(**model_inputs).logits}

    def postprocess(self, model_outputs, top_k: int | None = None):
        scores = model_outputs["logits"][0].float().softmax(dim=-1).tolist()
        found = [{"label": n, "score": s} for n, s in zip(self.classifier.label_names, scores, strict=True)]
        return sorted(found, key=lambda one: -one["score"])[:top_k]
