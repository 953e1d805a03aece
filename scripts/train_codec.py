"""Train the compact speech tokenizer of ``data/codec`` (build-time only).

    python scripts/codec_targets.py --human build/human          # audio and frame targets
    torchrun --nproc_per_node 2 scripts/train_codec.py train --minutes 120   # resumable: build/codec
    python scripts/train_codec.py export                         # data/codec/{config.json,model.safetensors}

``train --from data/codec`` goes on from an exported codec: the heads are fitted to it, then it is quantised
anew, without the first phase.
One process of one thread per core: two threads in one process were no faster than one.

The model is ``speechtokenizer.SpeechTokenizer`` itself, in a small configuration; only the training differs
from the package's trainer, because on a CPU with hours instead of days these were needed:

- data-dependent initialisation (each weight-normed convolution to unit output variance): the default passes
  no signal;
- an autoencoder with *noise in place of the quantiser* first (phones are read through much noise, prosody
  through less, the waveform through little, as after 1, some, and 8 layers), then k-means per layer, then the
  quantiser itself with a slow encoder. With the quantiser from the start, latents ran away from their codes;
- the residual of layer k is taken from *detached* codes, one straight-through at the end, so that the
  commitment loss of every layer reaches the encoder; dead codes are revived with their running averages;
- layer 1 is taught phones (cross-entropy through the package's own ``transform``), as the released model's
  layer 1 is taught HuBERT units; layers 2-8 are taught prosody (F0 about the speaker's median, absolute F0,
  its movement, voicing, energy) by a linear head on the sum of their codes, as on so little data nothing else
  makes them hear pitch; a second head sorts F0 into semitones, which teaches faster than the regression. The
  heads are thrown away;
- layer 1's vectors are kept in the directions that the phone head reads and the prosody head does not, layer
  2's in those of the prosody head. These are few, so 128 codes cover them, and each is frequent enough to be
  counted in a clip of three seconds. The other layers code what is left;
- half of the clips are played faster or slower (0.84 to 1.2), which makes new voices: F0 about the median is
  unchanged.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist
import torch.nn.functional as F
from codec_targets import HOP, PHONES, RATE, ROOT, UNKNOWN
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from speechtokenizer import SpeechTokenizer
from torch import nn
from torchaudio.functional import melscale_fbanks

CONFIG = {
    "n_filters": 16,
    "strides": [8, 5, 4, 2],
    "dimension": 128,
    "semantic_dimension": 64,
    "bidirectional": True,
    "dilation_base": 2,
    "residual_kernel_size": 3,
    "n_residual_layers": 1,
    "lstm_layers": 1,
    "activation": "ELU",
    "codebook_size": 1024,
    "n_q": 8,
    "sample_rate": RATE,
}
WORK = ROOT / "build" / "codec"
SEGMENT = RATE  # one second
AUTOENCODER_SHARE = 0.55  # of the training time
NOISE = {"semantic": 0.8, "acoustic": 0.2, "decoder": 0.15}  # of the latents' deviation, in the first phase
ENCODER_LR = 0.3  # of the learning rate, in the second phase
PHONE_DIRECTIONS = 32  # of the latent's, in which layer 1's vectors lie
PROSODY_CODES = 128  # of layer 2 in use; the others lie out of reach
OUT_OF_REACH = 100.0
HEAD_STEPS = 400  # to fit the heads to a given codec, before it is trained on
MOVEMENT_FRAMES = 5  # to each side of the frame at which F0's slope is taken
HEAD_WEIGHTS = {
    "phone": 1.5,
    "f0": 1.5,
    "octave": 1.0,
    "voicing": 0.3,
    "energy": 0.5,
    "movement": 1.5,
    "pitch": 0.4,
}
PITCH_BINS = 37  # one a semitone, 75 to 600 Hz
TRAINING_BUFFERS = ("embed_avg", "cluster_size", "inited")


# ---------------------------------------------------------------- processes
RANK, WORLD = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))


def add_up(tensors: list[torch.Tensor]) -> None:
    """Replace each tensor by its sum over the processes."""
    if WORLD > 1:
        flat = torch.cat([t.reshape(-1) for t in tensors])
        dist.all_reduce(flat)
        for tensor, part in zip(tensors, flat.split([t.numel() for t in tensors]), strict=True):
            tensor.copy_(part.view_as(tensor))


def share(tensors: list[torch.Tensor]) -> None:
    """Give every process the first one's tensors."""
    if WORLD > 1:
        for tensor in tensors:
            dist.broadcast(tensor, 0)


# ---------------------------------------------------------------- data
class Segments:
    """Random one-second segments with their frame targets, half of them resampled to another voice."""

    def __init__(self, files: list[Path], shares: list[float], seed: list[int]) -> None:
        self.parts = [dict(np.load(f)) for f in files]
        self.shares, self.rng = shares, np.random.default_rng(seed)

    def draw(self, batch: int) -> dict[str, torch.Tensor]:
        items = [self.draw_one() for _ in range(batch)]
        return {k: torch.from_numpy(np.stack([i[k] for i in items])) for k in items[0]}

    def draw_one(self) -> dict[str, np.ndarray]:
        part = self.parts[self.rng.choice(len(self.parts), p=self.shares)]
        factor = float(np.exp(self.rng.uniform(-0.18, 0.18))) if self.rng.random() < 0.5 else 1.0
        n_frames = int(np.ceil(SEGMENT / HOP * factor)) + 1
        lengths = np.diff(part["starts"])
        clip = self.rng.choice(np.flatnonzero(lengths > n_frames)) if (lengths > n_frames).any() else 0
        first = part["starts"][clip] + self.rng.integers(lengths[clip] - n_frames)
        wav = part["audio"][first * HOP : (first + n_frames) * HOP].astype(np.float32) / 32767
        at = np.arange(SEGMENT) * factor
        left = at.astype(int)
        wav = wav[left] * (1 - (at - left)) + wav[left + 1] * (at - left)
        frames = first + ((np.arange(SEGMENT // HOP) + 0.5) * factor).astype(int)
        f0 = part["f0"][frames]
        gain = 10 ** (self.rng.uniform(-6, 6) / 20)
        wav = (wav * min(gain, 0.98 / max(np.abs(wav).max(), 1e-3))).astype(np.float32)
        return {
            "wav": wav[None],
            "phones": part["phones"][frames].astype(np.int64),
            "f0": f0,
            "movement": measure_movement(f0),
            "log_f0": part["log_f0"][frames] + np.float32(np.log2(factor)),
        }


def measure_movement(f0: np.ndarray) -> np.ndarray:
    """Slope (n_frames,) of F0 in semitones, NaN = unvoiced, by 13 st/s and at most 2; NaN = unknown."""
    place = np.arange(-MOVEMENT_FRAMES, MOVEMENT_FRAMES + 1)
    around = np.lib.stride_tricks.sliding_window_view(
        np.pad(f0, MOVEMENT_FRAMES, constant_values=np.nan), len(place)
    )
    known = np.isfinite(around)
    n = np.maximum(known.sum(1, keepdims=True), 1)
    time = np.where(known, place - (known * place).sum(1, keepdims=True) / n, 0.0)
    slope = (time * np.nan_to_num(around)).sum(1) / np.maximum((time**2).sum(1), 1e-9)
    slope = np.clip(slope * RATE / HOP / 13, -2, 2)
    return np.where((known.sum(1) >= 3) & np.isfinite(f0), slope, np.nan).astype(np.float32)


# ---------------------------------------------------------------- quantiser with gradients to every layer
class Quantiser:
    """The package's codebooks, trained by running averages, with commitment to detached codes."""

    def __init__(self, model: SpeechTokenizer, heads: Heads) -> None:
        self.books = [layer._codebook for layer in model.quantizer.vq.layers]
        self.transform, self.heads = model.transform, heads

    def __call__(self, z: torch.Tensor, train: bool) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """z (batch, d, frames) -> vectors (8, batch, frames, d), commitment, codes (8, batch, frames)."""
        x = z.transpose(1, 2)
        residual, vectors, losses, indices = x, [], [], []
        if train:
            self.keep_directions()
        for book in self.books:
            flat = residual.detach().reshape(-1, x.shape[-1])
            index = book.quantize(flat)
            vector = F.embedding(index, book.embed).view_as(x)
            if train:
                self.update(book, flat, index)
            losses.append(F.mse_loss(residual, vector))
            residual = residual - vector
            vectors.append(vector)
            indices.append(index.view(x.shape[:-1]))
        return torch.stack(vectors), torch.stack(losses).sum(), torch.stack(indices)

    @staticmethod
    @torch.no_grad()
    def update(book, flat: torch.Tensor, index: torch.Tensor, decay: float = 0.96) -> None:
        n = torch.bincount(index, minlength=book.codebook_size).float()
        total = torch.zeros_like(book.embed).index_add_(0, index, flat)
        add_up([n, total])
        book.cluster_size.mul_(decay).add_(n, alpha=1 - decay)
        book.embed_avg.mul_(decay).add_(total, alpha=1 - decay)
        unused = book.embed[:, 0] == OUT_OF_REACH
        book.embed.copy_(book.embed_avg / book.cluster_size.clamp_min(1e-3)[:, None])
        book.embed[unused] = OUT_OF_REACH
        dead = torch.nonzero((book.cluster_size < 0.1) & ~unused).squeeze(1)[:64]
        if len(dead):
            book.embed[dead] = flat[torch.randint(len(flat), (len(dead),))]
            book.cluster_size[dead] = 0.5
            book.embed_avg[dead] = 0.5 * book.embed[dead]
            share([book.embed, book.embed_avg])

    @torch.no_grad()
    def find_phone_directions(self) -> torch.Tensor:
        """Directions (PHONE_DIRECTIONS, dimension) that the phone head reads, clear of the prosody head's."""
        phones = self.heads.phone.weight @ self.transform.weight
        phones = phones - phones.mean(0)
        prosody = torch.linalg.qr(self.heads.prosody.weight.T).Q
        return torch.linalg.svd(phones - phones @ prosody @ prosody.T).Vh[:PHONE_DIRECTIONS]

    @torch.no_grad()
    def find_prosody_directions(self) -> torch.Tensor:
        """Directions (n_targets, dimension) that the prosody head reads."""
        return torch.linalg.qr(self.heads.prosody.weight.T).Q.T

    @torch.no_grad()
    def keep_directions(self) -> None:
        """Keep layer 1's vectors within the phone directions, layer 2's within the prosody head's.

        Distances to them differ from those within the directions by a constant, so layer 1's codes see phones
        and ignore prosody and voice; and the residual that layers 2-8 code keeps everything else, also what a
        code of layer 1 would have on average: the loudness of a vowel, the silence of a pause. Of that, layer
        2 sees F0, its movement, voicing and energy.
        """
        for book, basis in zip(
            self.books, (self.find_phone_directions(), self.find_prosody_directions()), strict=False
        ):
            unused = book.embed[:, 0] == OUT_OF_REACH
            for table in (book.embed, book.embed_avg):
                table.copy_(table @ basis.T @ basis)
            book.embed[unused] = OUT_OF_REACH

    @torch.no_grad()
    def initialise(self, z: torch.Tensor, n_iterations: int = 12) -> None:
        """k-means per layer on latents (n, dimension), layer by layer on the residual."""
        residual = z
        bases = [self.find_phone_directions(), self.find_prosody_directions(), *[None] * 6]
        for place, (book, basis) in enumerate(zip(self.books, bases, strict=True)):
            points = residual if basis is None else residual @ basis.T @ basis
            n_codes = PROSODY_CODES if place == 1 else book.codebook_size
            vectors = points[torch.randperm(len(points))[:n_codes]].clone()
            for _ in range(n_iterations):
                index = torch.cdist(points, vectors).argmin(1)
                n = torch.bincount(index, minlength=n_codes).float()
                total = torch.zeros_like(vectors).index_add_(0, index, points)
                vectors = torch.where(n[:, None] > 0, total / n.clamp_min(1)[:, None], vectors)
            book.embed.fill_(OUT_OF_REACH)
            book.embed[:n_codes] = vectors
            book.cluster_size.fill_(0.5)
            book.embed_avg.copy_(book.embed * book.cluster_size[:, None])
            book.inited.fill_(1)
            residual = residual - F.embedding(book.quantize(residual), book.embed)


def sum_layers(vectors: torch.Tensor, n_layers: torch.Tensor) -> torch.Tensor:
    """Sum the first n_layers (batch,) of the vectors (8, batch, frames, d) of each item."""
    places = torch.arange(len(vectors), device=vectors.device)
    return (vectors * (places[:, None] < n_layers[None]).float()[:, :, None, None]).sum(0)


class Heads(nn.Module):
    """Linear readers of the codes, used in training only."""

    def __init__(self) -> None:
        super().__init__()
        self.phone = nn.Linear(CONFIG["semantic_dimension"], len(PHONES))
        # F0 about the median and F0 in 4 st, voicing, energy, F0's movement
        self.prosody = nn.Linear(CONFIG["dimension"], 5)
        self.pitch = nn.Linear(CONFIG["dimension"], PITCH_BINS)  # F0 in semitones above 75 Hz


@torch.no_grad()
def initialise_scales(model: SpeechTokenizer, wav: torch.Tensor) -> None:
    """Set each weight-normed convolution's gain for unit output deviation on real speech, in order."""

    def scale(target: float):
        def hook(module, inputs, output):
            factor = target / output.std().clamp_min(1e-6)
            gain = (
                module.weight_g if hasattr(module, "weight_g") else module.parametrizations.weight.original0
            )
            gain.mul_(factor)
            if module.bias is not None:
                module.bias.zero_()
            return output * factor

        return hook

    modules = [m for m in model.modules() if isinstance(m, nn.Conv1d | nn.ConvTranspose1d)]
    last = [m for m in model.decoder.modules() if isinstance(m, nn.Conv1d)][-1]
    handles = [m.register_forward_hook(scale(0.06 if m is last else 1.0)) for m in modules]
    model.decoder(model.encoder(wav))
    for handle in handles:
        handle.remove()


# ---------------------------------------------------------------- losses
class SpectralLoss(nn.Module):
    """L1 of log-mel at three resolutions plus log-magnitude STFT."""

    def __init__(self) -> None:
        super().__init__()
        self.sizes = (512, 1024, 2048)
        for n, mels in zip(self.sizes, (40, 64, 80), strict=True):
            bands = melscale_fbanks(n // 2 + 1, 0, RATE / 2, mels, RATE, norm="slaney", mel_scale="slaney")
            self.register_buffer(f"mel{n}", bands.T.contiguous())
            self.register_buffer(f"window{n}", torch.hann_window(n))

    def forward(self, y: torch.Tensor, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mel_loss, stft_loss = 0.0, 0.0
        both = torch.cat([y, x]).squeeze(1)
        for n in self.sizes:
            window = getattr(self, f"window{n}")
            magnitude = torch.stft(both, n, n // 4, window=window, return_complex=True).abs()
            a, b = (getattr(self, f"mel{n}") @ magnitude).clamp_min(1e-4).log().chunk(2)
            mel_loss = mel_loss + F.l1_loss(a, b)
            a, b = magnitude.clamp_min(1e-3).log().chunk(2)
            stft_loss = stft_loss + F.l1_loss(a, b)
        return mel_loss / len(self.sizes), stft_loss / len(self.sizes)


def frame_energy(wav: torch.Tensor) -> torch.Tensor:
    """Log energy of each 20 ms frame, about 0 with unit spread."""
    rms = wav.squeeze(1).unfold(-1, HOP, HOP).pow(2).mean(-1).sqrt()
    return (20 * torch.log10(rms + 1e-4) + 40) / 15


def read_heads(model, heads: Heads, semantic: torch.Tensor, acoustic: torch.Tensor, batch: dict) -> tuple:
    """Losses of the heads' readings: the weighted sum, and each by name."""
    known = batch["phones"] != UNKNOWN
    phones = heads.phone(model.transform(semantic))[known]
    out = heads.prosody(acoustic)
    voiced, moving = (torch.isfinite(batch[name]) for name in ("f0", "movement"))
    log_f0 = batch["log_f0"][voiced]
    distance = 12 * (log_f0[:, None] + 1) - torch.arange(PITCH_BINS)
    losses = {
        "phone": F.cross_entropy(phones, batch["phones"][known], label_smoothing=0.05),
        "f0": F.smooth_l1_loss(out[..., 0][voiced], (batch["f0"][voiced] / 4).clamp(-3, 3)),
        "octave": F.smooth_l1_loss(out[..., 1][voiced], 3 * log_f0),
        "voicing": F.binary_cross_entropy_with_logits(out[..., 2], voiced.float()),
        "energy": F.mse_loss(out[..., 3], frame_energy(batch["wav"])),
        "movement": F.smooth_l1_loss(out[..., 4][moving], batch["movement"][moving]),
        "pitch": F.cross_entropy(heads.pitch(acoustic[voiced]), (-0.5 * distance.square()).softmax(1)),
    }
    return sum(HEAD_WEIGHTS[name] * loss for name, loss in losses.items()), losses


def add_noise(x: torch.Tensor, use: str) -> torch.Tensor:
    return x + NOISE[use] * x.std().detach() * torch.randn_like(x)


def fit_heads(model, heads: Heads, data: Segments, batch: int) -> None:
    """Fit the heads to the latents of a codec as it is."""
    optimiser = torch.optim.Adam(heads.parameters(), lr=3e-3)
    for step in range(HEAD_STEPS):
        drawn = data.draw(batch)
        with torch.no_grad():
            x = model.encoder(drawn["wav"]).transpose(1, 2)
        loss, log = read_heads(model, heads, add_noise(x, "semantic"), add_noise(x, "acoustic"), drawn)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        add_up([p.grad for p in heads.parameters()])
        optimiser.step()
        if step % 50 == 49 and RANK == 0:
            print(f"heads, step {step + 1}", {k: round(v.item(), 3) for k, v in log.items()}, flush=True)


def training_loss(model, heads, quantiser, spectral, batch, quantise: bool, rng) -> tuple[torch.Tensor, dict]:
    z = model.encoder(batch["wav"])
    x = z.transpose(1, 2)
    log = {}
    if not quantise:
        semantic, acoustic = add_noise(x, "semantic"), add_noise(x, "acoustic")
        decoded_from = x + torch.rand(len(x), 1, 1) * (add_noise(x, "decoder") - x)
        commitment = 0.0
    else:
        vectors, commitment, codes = quantiser(z, train=True)
        # the prosody head reads layer 2, or a random number of layers from 2 on
        depth = 2 if rng.random() < 0.5 else rng.integers(3, 9)
        acoustic_sum = vectors[1:depth].sum(0)
        semantic = x + (vectors[0] - x).detach()
        free = x - vectors[0]
        acoustic = free + (acoustic_sum - free).detach()
        # decode some clips from fewer layers
        layers = torch.from_numpy(np.where(rng.random(len(x)) < 0.75, 8, rng.integers(1, 8, len(x))))
        decoded_from = x + (sum_layers(vectors, layers) - x).detach()
        log["perplexity"] = [round(float(p)) for p in map(perplexity, codes[[0, 1, 2, 7]])]
    n_decoded = len(x) // 2  # the decoder is half of the cost; codebooks and heads need the variety more
    wav = batch["wav"][:n_decoded]
    y = model.decoder(decoded_from[:n_decoded].transpose(1, 2))
    mel, stft = spectral(y, wav)
    wave = F.l1_loss(y, wav)
    heard, losses = read_heads(model, heads, semantic, acoustic, batch)
    # Codes follow the latents by a running average; a latent pulled by the heads runs away from them unless
    # commitment and this bound of its size are as strong as the heads' gradients, frame by frame.
    scale = F.relu(x.square().mean(-1) - 1.5).square().mean() + x.std().log().square()
    total = 2 * wave + mel + 0.5 * stft + 2.0 * commitment + heard + 3.0 * scale
    log |= {"mel": mel, "stft": stft, "wave": wave, "commit": commitment, "std": x.std(), **losses}
    return total, log


def perplexity(codes: torch.Tensor) -> torch.Tensor:
    p = torch.bincount(codes.flatten(), minlength=1024).float()
    p = p / p.sum()
    return torch.exp(-(p * (p + 1e-9).log()).sum())


# ---------------------------------------------------------------- training
def train(args) -> None:
    if WORLD > 1:
        dist.init_process_group("gloo")
    torch.manual_seed(args.seed)
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    files = [args.work / f"{name}.npz" for name in ("demo_train", "human_train")]
    data = Segments(
        [f for f in files if f.exists()],
        [0.75, 0.25] if all(f.exists() for f in files) else [1.0],
        [args.seed, RANK],
    )
    rng = np.random.default_rng([args.seed, RANK])
    model, heads, spectral = SpeechTokenizer(CONFIG), Heads(), SpectralLoss()
    quantiser = Quantiser(model, heads)
    encoder = [p for p in model.encoder.parameters() if p.requires_grad]
    own = {id(p) for p in encoder}
    others = [p for p in [*model.parameters(), *heads.parameters()] if p.requires_grad and id(p) not in own]
    parameters = encoder + others
    groups = [{"params": encoder}, {"params": others}]
    optimiser = torch.optim.AdamW(groups, lr=args.lr, betas=(0.8, 0.99), weight_decay=1e-4)
    checkpoint, step, spent, quantise_from = args.work / "checkpoint.pt", 0, 0.0, None
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        heads.load_state_dict(state["heads"])
        optimiser.load_state_dict(state["optimiser"])
        step, spent, quantise_from = state["step"], state["seconds"], state["quantise_from"]
        rng, data.rng = (np.random.default_rng([args.seed, RANK, step, use]) for use in (0, 1))
    elif args.start:
        model.load_state_dict(load_file(args.start / "model.safetensors"), strict=False)
        share([p.data for p in parameters])
        fit_heads(model, heads, data, args.batch // WORLD)
    else:
        initialise_scales(model, data.draw(32)["wav"])
        share([p.data for p in parameters])
    model.train()
    start, budget = time.time() - spent, args.minutes * 60
    while True:
        clock = torch.tensor([(time.time() - start) / budget])
        share([clock])
        done = float(clock)
        if done >= 1:
            break
        if quantise_from is None and (args.start or done >= AUTOENCODER_SHARE):
            quantise_from = step
            with torch.no_grad():
                latents = torch.cat([model.encoder(data.draw(16)["wav"]) for _ in range(30)])
            quantiser.initialise(latents.transpose(1, 2).reshape(-1, CONFIG["dimension"]))
            share(list(model.quantizer.buffers()))
        quantise = quantise_from is not None
        since = step - (quantise_from or 0)
        rate = args.lr * min(1, (since + 10) / 100) * (0.03 + 0.97 * 0.5 * (1 + np.cos(np.pi * done)))
        for group, factor in zip(optimiser.param_groups, (ENCODER_LR if quantise else 1.0, 1.0), strict=True):
            group["lr"] = float(rate * factor)
        loss, log = training_loss(
            model, heads, quantiser, spectral, data.draw(args.batch // WORLD), quantise, rng
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        gradients = [p.grad for p in parameters if p.grad is not None]
        add_up(gradients)
        torch._foreach_div_(gradients, float(WORLD))
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        step += 1
        if step % 25 == 0 and RANK == 0:
            shown = {
                k: v if isinstance(v, list) else round(float(torch.as_tensor(v).detach()), 3)
                for k, v in log.items()
            }
            print(f"{(time.time() - start) / 60:.1f} min step {step}", shown, flush=True)
        if step % 250 == 0 and RANK == 0:
            save(checkpoint, model, heads, optimiser, step, time.time() - start, quantise_from)
    if RANK == 0:
        save(checkpoint, model, heads, optimiser, step, time.time() - start, quantise_from)


def save(path: Path, model, heads, optimiser, step: int, seconds: float, quantise_from: int | None) -> None:
    part = path.with_suffix(".part")
    torch.save(
        {
            "model": model.state_dict(),
            "heads": heads.state_dict(),
            "optimiser": optimiser.state_dict(),
            "step": step,
            "seconds": seconds,
            "quantise_from": quantise_from,
        },
        part,
    )
    part.rename(path)


def read_steps(folder: Path) -> int:
    """Return the number of training steps that the export noted in the weights' file."""
    with safe_open(folder / "model.safetensors", "pt") as file:
        return int(file.metadata()["steps"])


def export(args) -> None:
    """Round the weights to half precision once; what is stored is the codec, so its codes are stable."""
    state = torch.load(args.work / "checkpoint.pt", weights_only=True)
    weights = {
        k: v.half().contiguous() for k, v in state["model"].items() if not k.endswith(TRAINING_BUFFERS)
    }
    steps = state["step"] + (read_steps(args.start) if args.start else 0)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(weights, args.out / "model.safetensors", metadata={"format": "pt", "steps": str(steps)})
    (args.out / "config.json").write_text(json.dumps(CONFIG, indent=2) + "\n")
    print(f"{args.out}: step {steps}, {(args.out / 'model.safetensors').stat().st_size / 2**20:.1f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", choices=["train", "export"])
    parser.add_argument("--work", type=Path, default=WORK)
    parser.add_argument("--out", type=Path, default=ROOT / "data" / "codec")
    parser.add_argument(
        "--minutes", type=float, default=120, help="of training in all, resumed time included"
    )
    parser.add_argument("--from", dest="start", type=Path, help="folder of an exported codec to go on from")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    train(args) if args.step == "train" else export(args)


if __name__ == "__main__":
    main()
