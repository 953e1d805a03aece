"""Train the decoder of a speech tokenizer, and nothing else: codes stay what they are (build-time).

    python scripts/train_decoder.py build/tokenizer --minutes 60 --human build/human
    python scripts/train_decoder.py build/tokenizer --minutes 20 --device cuda --batch 32 --adversarial

Clips of the demo corpus (train and unlabelled) and of recorded human speech are encoded, and their pitch is
tracked by SwiftF0, once: `decoder_speech.npz` in the tokenizer's folder keeps both. Segments of codes are
decoded, some from fewer layers than all, and compared with the sound they stand for, by mel spectra and
magnitudes at several resolutions; the decoder's head learns the tracked pitch, which drives its harmonics in
the training. With --adversarial, the discriminators of the package ``speechtokenizer`` join after a part of
the time: spectral distances alone prefer the average of all that fits, which sounds muffled. What is saved
is a running average of the weights. A run that was interrupted goes on from its last checkpoint, in the
folder of the tokenizer; the same command again, with more minutes, trains on.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from build_tokenizer import ROOT
from speechtokenizer.discriminators import MultiPeriodDiscriminator, MultiScaleSTFTDiscriminator
from speechtokenizer.trainer.loss import adversarial_loss, discriminator_loss, feature_loss
from torch import nn
from torchaudio.functional import melscale_fbanks
from tqdm import tqdm

from speechlm_utils.acoustics.pitch import track_pitch
from speechlm_utils.audio import load_audio
from speechlm_utils.codec.load import load_codec
from speechlm_utils.codec.voiced_decoder import MIDDLE_HZ, Voice
from speechlm_utils.codec.whisper_rvq import save_whisper_rvq
from speechlm_utils.corpus.load import load_corpus
from speechlm_utils.files import write_json

FRAMES = 50  # of a segment
SPECTRAL_SHARE = 0.25  # of the time, before the discriminators join
ALL_LAYERS = 0.7  # of the segments are decoded from all layers, the others from fewer
DECAY = 0.995  # of the running average
SAVE_EVERY = 200  # steps
F0_HZ = (60, 520)
LONGEST = 1000  # frames of a clip


def list_files(args: argparse.Namespace) -> list[Path]:
    """List the clips that nobody is judged on, and some of recorded human speech."""
    files = [clip.audio for clip in load_corpus(args.corpus) if clip.split in ("train", "unlabelled")]
    recorded = sorted(args.human.rglob("*.flac")) if args.human else []
    order = np.random.default_rng(0).permutation(len(recorded))
    return files + [recorded[i] for i in order[: args.human_clips]]


def prepare_speech(codec, files: list[Path], path: Path) -> dict[str, np.ndarray]:
    """Encode the files and track their pitch, or read what was kept: "codes ..." and "f0 ..." of each."""
    if path.exists():
        with np.load(path) as stored:
            return dict(stored)
    found = {}
    for i, file in enumerate(tqdm(files, desc="encode", unit="file", mininterval=10)):
        wav = load_audio(file, codec.spec.sample_rate)
        codes = codec.encode(wav)
        if FRAMES < codes.shape[1] <= LONGEST:
            found[f"codes {i}"] = codes
            found[f"f0 {i}"] = np.nan_to_num(track_pitch(wav, codec.spec)).astype(np.float16)
    np.savez_compressed(path, **found)
    return found


class Speech:
    """Random segments of codes, of the sound they stand for, and of its pitch; all on one device."""

    def __init__(self, codec, files: list[Path], path: Path, seed: int) -> None:
        stored, device, hop = prepare_speech(codec, files, path), codec.device, codec.spec.hop
        kept = [i for i in range(len(files)) if f"codes {i}" in stored]
        codes = [stored[f"codes {i}"] for i in kept]
        wavs = [load_audio(files[i], codec.spec.sample_rate) for i in kept]
        wavs = [np.pad(wav, (0, one.shape[1] * hop - len(wav))) for wav, one in zip(wavs, codes, strict=True)]
        self.rng, self.hop, self.device = np.random.default_rng(seed), hop, device
        self.codes = torch.from_numpy(np.concatenate(codes, axis=1).astype(np.int64)).to(device)
        self.f0 = torch.from_numpy(np.concatenate([stored[f"f0 {i}"] for i in kept])).float().to(device)
        self.wav = torch.from_numpy((np.concatenate(wavs) * 32767).astype(np.int16)).to(device)
        ends = np.cumsum([one.shape[1] for one in codes])
        starts = [
            np.arange(end - one.shape[1], end - FRAMES + 1) for end, one in zip(ends, codes, strict=True)
        ]
        self.starts = np.concatenate(starts)

    def draw(self, n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Return codes (n_layers, n, FRAMES), sound (n, 1, FRAMES * hop) and pitch (n, FRAMES)."""
        starts = torch.from_numpy(self.rng.choice(self.starts, n)).to(self.device)[:, None]
        frames = starts + torch.arange(FRAMES, device=self.device)
        samples = starts * self.hop + torch.arange(FRAMES * self.hop, device=self.device)
        return self.codes[:, frames], self.wav[samples].float()[:, None] / 32767, self.f0[frames]


class SpectralLoss(nn.Module):
    """L1 of log-mel at four resolutions, and of log-magnitudes."""

    def __init__(self, rate: int) -> None:
        super().__init__()
        self.sizes = (256, 512, 1024, 2048)
        for n, mels in zip(self.sizes, (20, 40, 64, 80), strict=True):
            bands = melscale_fbanks(n // 2 + 1, 0, rate / 2, mels, rate, norm="slaney", mel_scale="slaney")
            self.register_buffer(f"mel{n}", bands.T.contiguous())
            self.register_buffer(f"window{n}", torch.hann_window(n))

    def forward(self, made: torch.Tensor, real: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        mel_loss, stft_loss = 0.0, 0.0
        both = torch.cat([made, real]).squeeze(1)
        for n in self.sizes:
            window = getattr(self, f"window{n}")
            magnitude = torch.stft(both, n, n // 4, window=window, return_complex=True).abs()
            a, b = (getattr(self, f"mel{n}") @ magnitude).clamp_min(1e-4).log().chunk(2)
            mel_loss = mel_loss + F.l1_loss(a, b)
            a, b = magnitude.clamp_min(1e-3).log().chunk(2)
            stft_loss = stft_loss + F.l1_loss(a, b)
        return mel_loss / len(self.sizes), stft_loss / len(self.sizes)


class Judge(nn.Module):
    """Both discriminators as one, in bfloat16."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([MultiScaleSTFTDiscriminator(32), MultiPeriodDiscriminator()])

    def forward(self, real: torch.Tensor, made: torch.Tensor) -> tuple[list, list, list, list]:
        """Return logits and feature maps, of the real and of the made, of every discriminator."""
        found = [[], [], [], []]
        with torch.autocast(real.device.type, torch.bfloat16):
            for part in self.parts:
                for kept, new in zip(found, part(real, made), strict=True):
                    kept += new
        return tuple(found)


@torch.no_grad()
def sum_layers(model, codes: torch.Tensor, n_layers: np.ndarray) -> torch.Tensor:
    """Return the latent (n, width, frames) of codes (n_q, n, frames), of each item's first n_layers (n,)."""
    latent = model.read_vectors(1, codes[0])
    for layer in range(2, len(codes) + 1):
        used = torch.from_numpy(n_layers >= layer).to(latent)[:, None, None]
        latent = latent + used * model.read_vectors(layer, codes[layer - 1])
    return latent


@torch.no_grad()
def initialise_scales(decoder: nn.Module, latent: torch.Tensor, loudness: float) -> None:
    """Set each weight-normed convolution's gain for unit output deviation on real codes, in order."""
    modules = [one for one in decoder.modules() if hasattr(one, "weight_g")]
    last = [one for one in modules if isinstance(one, nn.Conv1d)][-1]

    def scale(module, inputs, output):
        factor = (loudness if module is last else 1.0) / output.std().clamp_min(1e-6)
        module.weight_g.mul_(factor)
        module.bias.zero_()
        return output * factor

    handles = [module.register_forward_hook(scale) for module in modules]
    decoder(latent)
    for handle in handles:
        handle.remove()


def compare_pitch(found: torch.Tensor, f0: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return how far the head's pitch is from the tracked one (octaves), and cross-entropy of voicing."""
    voiced = f0 > 0
    away = (found[:, 0] - (f0.clamp_min(1) / MIDDLE_HZ).log2()).abs()
    octaves = (away * voiced).sum() / voiced.sum().clamp_min(1)
    return octaves, F.binary_cross_entropy_with_logits(found[:, 1], voiced.float())


def fill_voice(f0: torch.Tensor) -> Voice:
    """Make a voice of tracked pitch; an unvoiced frame takes the mean of the others."""
    voiced = f0 > 0
    mean = (f0.sum(1) / voiced.sum(1).clamp_min(1)).clamp_min(F0_HZ[0])[:, None]
    return Voice(torch.where(voiced, f0, mean), voiced.float())


class Training:
    """Decoder, discriminators, their optimisers and the running average; kept in one checkpoint."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.codec = args, load_codec(args.tokenizer, args.device)
        self.model = self.codec.model.train().requires_grad_(False)
        self.weights = [weight.requires_grad_() for weight in self.model.decoder.parameters()]
        self.judge = Judge().to(args.device)
        self.maker = torch.optim.AdamW(self.weights, args.lr, betas=(0.8, 0.99), weight_decay=1e-4)
        self.critic = torch.optim.AdamW(self.judge.parameters(), args.lr, betas=(0.8, 0.99))
        self.average = [weight.detach().clone() for weight in self.weights]
        self.step, self.seconds, self.path = 0, 0.0, args.tokenizer / "decoder_checkpoint.pt"

    def restore(self) -> bool:
        """Go on from the checkpoint, if there is one."""
        if not self.path.exists():
            return False
        state = torch.load(self.path, map_location=self.args.device, weights_only=True)
        for name in ("judge", "maker", "critic"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("weights", "average"):
            for own, stored in zip(getattr(self, name), state[name], strict=True):
                own.data.copy_(stored)
        self.step, self.seconds = state["step"], state["seconds"]
        return True

    def keep(self) -> None:
        """Write the checkpoint, and the tokenizer with the averaged decoder."""
        parts = {name: getattr(self, name).state_dict() for name in ("judge", "maker", "critic")}
        numbers = {"weights": [one.detach() for one in self.weights], "average": self.average}
        part = self.path.with_suffix(".part")
        torch.save(parts | numbers | {"step": self.step, "seconds": self.seconds}, part)
        part.rename(self.path)
        own = [weight.detach().clone() for weight in self.weights]
        for weight, mean in zip(self.weights, self.average, strict=True):
            weight.data.copy_(mean)
        save_whisper_rvq(self.model, self.args.tokenizer)
        about = {"steps": self.step, "batch": self.args.batch, "minutes": round(self.seconds / 60, 1)}
        about |= {"device": describe_device(self.args.device), "adversarial": self.args.adversarial}
        write_json(self.args.tokenizer / "decoder.json", about)
        for weight, value in zip(self.weights, own, strict=True):
            weight.data.copy_(value)

    def advance(self, speech: Speech, spectral: SpectralLoss, done: float) -> dict[str, torch.Tensor]:
        """Take one step; return the losses."""
        args = self.args
        rate = args.lr * min(1, (self.step + 10) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))
        for group in (*self.maker.param_groups, *self.critic.param_groups):
            group["lr"] = float(rate)
        codes, wav, f0 = speech.draw(args.batch)
        n_q = len(codes)
        n_layers = np.where(
            speech.rng.random(args.batch) < ALL_LAYERS, n_q, speech.rng.integers(1, n_q, args.batch)
        )
        latent, decoder = sum_layers(self.model, codes, n_layers), self.model.decoder
        octaves, voicing = compare_pitch(decoder.pitch(latent), f0)
        made = decoder(latent, fill_voice(f0), torch.randn_like(wav[:, 0]))
        mel, stft = spectral(made, wav)
        loss, log = 45 * mel + 15 * stft + 30 * octaves + 5 * voicing, {"mel": mel, "stft": stft}
        log |= {"octaves": octaves, "voicing": voicing}
        if args.adversarial and done > SPECTRAL_SHARE:
            self.critic.zero_grad(set_to_none=True)
            real_logits, made_logits, _, _ = self.judge(wav, made.detach())
            log["critic"] = discriminator_loss(real_logits, made_logits)
            log["critic"].backward()
            self.critic.step()
            _, made_logits, real_maps, made_maps = self.judge(wav, made)
            log["fooled"], log["maps"] = adversarial_loss(made_logits), feature_loss(real_maps, made_maps)
            loss = loss + log["fooled"] + log["maps"]
        self.maker.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.weights, 100.0)
        self.maker.step()
        decay = min(DECAY, (self.step + 1) / (self.step + 10))
        torch._foreach_lerp_(self.average, [weight.detach() for weight in self.weights], 1 - decay)
        self.step += 1
        return log


def describe_device(device: str) -> str:
    """Say what the training ran on."""
    if device == "cpu":
        return f"{torch.get_num_threads()} CPU thread"
    return torch.cuda.get_device_name()


def train(args: argparse.Namespace) -> None:
    """Train for args.minutes in all and write the tokenizer with its new decoder."""
    torch.manual_seed(args.seed)
    torch.set_flush_denormal(True)
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.backends.cuda.matmul.allow_tf32 = True
    training = Training(args)
    is_resumed = training.restore()
    kept = args.tokenizer / "decoder_speech.npz"
    speech = Speech(training.codec, list_files(args), kept, args.seed + training.step)
    spectral = SpectralLoss(training.codec.spec.sample_rate).to(args.device)
    if not is_resumed:
        codes, wav, _ = speech.draw(32)
        latent = sum_layers(training.model, codes, np.full(32, len(codes)))
        initialise_scales(training.model.decoder, latent, float(wav.std()))
    before, start = training.seconds, time.monotonic()
    while (done := training.seconds / (60 * args.minutes)) < 1:
        log = training.advance(speech, spectral, done)
        training.seconds = before + time.monotonic() - start
        if training.step % 50 == 0 or training.step in (1, 10):
            shown = {name: round(float(value.detach()), 3) for name, value in log.items()}
            print(f"{done:.0%}, step {training.step}", shown, flush=True)
        if training.step % SAVE_EVERY == 0:
            training.keep()
    training.keep()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("tokenizer", type=Path, help="folder of build_tokenizer.py")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add("--human", type=Path, help="folder of FLAC files by collect_human_speech.py")
    add("--human-clips", type=int, default=900)
    add("--minutes", type=float, default=60, help="of training in all, resumed time included")
    add("--batch", type=int, default=12, help="segments of one second")
    add("--lr", type=float, default=1e-3)
    add("--adversarial", action="store_true")
    add("--device", default="cpu")
    add("--threads", type=int, default=1, help="of torch; 0: as many as there are cores")
    add("--seed", type=int, default=0)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
