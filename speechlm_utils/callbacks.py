"""What happens beside the steps of a training: the best weights are kept, and a bar moves."""

import math

import torch
from tqdm.auto import tqdm
from transformers import TrainerCallback


class BestWeights(TrainerCallback):
    """Stops after `patience` evaluations without a better one, and puts the best one's weights back.

    They are kept in memory: trained parameters are few, and processes on several machines share no folder.

    Parameters
    ----------
    metric : name in the evaluation's results, without "eval_"; "loss" is better small, others large
    patience : int
    """

    def __init__(self, metric: str, patience: int):
        self.metric, self.patience = metric, patience
        self.sign = -1 if metric == "loss" else 1
        self.best, self.weights, self.n_worse = -math.inf, {}, 0

    def on_evaluate(self, args, state, control, metrics, model, **kwargs):
        score = self.sign * metrics[f"eval_{self.metric}"]
        if score > self.best:
            self.best, self.n_worse = score, 0
            self.weights = {name: p.detach().clone() for name, p in _trained(model)}
        else:
            self.n_worse += 1
        control.should_training_stop |= self.n_worse >= self.patience

    def on_train_end(self, args, state, control, model, **kwargs):
        with torch.no_grad():
            for name, p in _trained(model):
                if name in self.weights:
                    p.copy_(self.weights[name])


def _trained(model) -> list[tuple[str, torch.nn.Parameter]]:
    return [(name, p) for name, p in model.named_parameters() if p.requires_grad]


class StepBar(TrainerCallback):
    """A progress bar over the optimiser's steps, with the last loss or score beside it."""

    def __init__(self, title: str):
        self.title = title

    def on_train_begin(self, args, state, control, **kwargs):
        is_first = state.is_world_process_zero  # the other processes' bars would be the same
        self.bar = tqdm(total=state.max_steps, desc=self.title, unit="step", disable=not is_first)

    def on_step_end(self, args, state, control, **kwargs):
        self.bar.update(state.global_step - self.bar.n)

    def on_log(self, args, state, control, logs=None, **kwargs):
        shown = {
            k: f"{v:.3f}" for k, v in (logs or {}).items() if k in ("loss", "eval_loss", "eval_macro_f1_all")
        }
        self.bar.set_postfix({**getattr(self, "shown", {}), **shown})
        self.shown = {**getattr(self, "shown", {}), **shown}

    def on_train_end(self, args, state, control, **kwargs):
        self.bar.close()
