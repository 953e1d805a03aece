"""Train the decoder of ``data/codec`` on, and nothing else: codes stay what they are (build-time, a GPU).

    python scripts/train_decoder.py --minutes 4 --human build/human.ogg --out build/decoder
    python scripts/train_decoder.py --minutes 4 --human build/human.ogg --out build/decoder_gan --adversarial

Encoder and codebooks are not touched, so every code, selection and classifier remains valid; what changes is
how codes sound. Segments of train and unlabelled clips, and of recorded human speech, are encoded, some of
them decoded from fewer layers, and compared with the original: waveform, mel spectra and magnitudes, as in
``train_codec.py``. With --adversarial, SpeechTokenizer's own discriminators (STFT at several resolutions, and
several periods) join after a part of the time: spectral distances alone prefer the average of all that fits,
which sounds muffled. Kept is a running average of the weights.
"""

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import torch
import torch.nn.functional as F
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from speechtokenizer.discriminators import MultiPeriodDiscriminator, MultiScaleSTFTDiscriminator
from speechtokenizer.trainer.loss import adversarial_loss, discriminator_loss, feature_loss
from torch import nn
from train_codec import RATE, ROOT, Heads, Quantiser, SpectralLoss, sum_layers

from speechlm_utils.audio import load_audio
from speechlm_utils.codec.load import load_codec
from speechlm_utils.corpus.load import load_corpus

SEGMENT = 3 * RATE // 2
HUMAN_SHARE = 0.25
SPECTRAL_SHARE = 0.4  # of the time, before the discriminators join
ALL_LAYERS = 0.7  # of the segments are decoded from all layers, the others from 1 to 7
DECAY = 0.995  # of the running average


class Speech:
    """Random segments of speech that lies on the device as int16."""

    def __init__(self, corpus: Path, human: Path | None, device: str, seed: int) -> None:
        paths = [clip.audio for clip in load_corpus(corpus) if clip.split in ("train", "unlabelled")]
        with ThreadPoolExecutor() as pool:
            parts = [np.concatenate(list(pool.map(partial(load_audio, sample_rate=RATE), paths)))]
        if human:
            parts.append(soundfile.read(human, dtype="float32")[0])
        self.parts = [torch.from_numpy((part * 32767).astype(np.int16)).to(device) for part in parts]
        self.rng, self.device = np.random.default_rng(seed), device

    def draw(self, n: int) -> torch.Tensor:
        """Return (n, 1, SEGMENT), each at a level of its own."""
        n_human = round(HUMAN_SHARE * n) if len(self.parts) > 1 else 0
        rows = []
        for part, count in zip(self.parts, (n - n_human, n_human), strict=False):
            starts = self.rng.integers(len(part) - SEGMENT, size=count)
            rows += [part[start : start + SEGMENT] for start in starts]
        wav = torch.stack(rows).float()[:, None] / 32767
        gain = torch.from_numpy(10 ** (self.rng.uniform(-6, 6, (n, 1, 1)) / 20)).float().to(self.device)
        return wav * torch.minimum(gain, 0.98 / wav.abs().amax(2, keepdim=True).clamp_min(1e-3))


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


def train(args: argparse.Namespace) -> None:
    """Train for args.minutes and write the codec with its new decoder."""
    torch.manual_seed(args.seed)
    torch.backends.cuda.matmul.allow_tf32 = True
    model = load_codec(args.codec, args.device).model.train()
    model.requires_grad_(False)
    weights = [weight.requires_grad_() for weight in model.decoder.parameters()]
    average = [weight.detach().clone() for weight in weights]
    speech = Speech(args.corpus, args.human, args.device, args.seed)
    quantiser = Quantiser(model, Heads())  # without training it does not use the heads
    spectral, judge = SpectralLoss().to(args.device), Judge().to(args.device)
    maker = torch.optim.AdamW(weights, args.lr, betas=(0.8, 0.99), weight_decay=1e-4)
    critic = torch.optim.AdamW(judge.parameters(), args.lr, betas=(0.8, 0.99))
    rng, start, step, done = np.random.default_rng(args.seed), time.monotonic(), 0, 0.0
    while done < 1:
        rate = args.lr * min(1, (step + 10) / 100) * (0.02 + 0.98 * 0.5 * (1 + np.cos(np.pi * done)))
        for group in (*maker.param_groups, *critic.param_groups):
            group["lr"] = float(rate)
        wav = speech.draw(args.batch)
        n_layers = np.where(rng.random(args.batch) < ALL_LAYERS, 8, rng.integers(1, 8, args.batch))
        with torch.no_grad():
            vectors, _, _ = quantiser(model.encoder(wav), train=False)
            coded = sum_layers(vectors, torch.from_numpy(n_layers).to(args.device))
        made = model.decoder(coded.transpose(1, 2))
        mel, stft = spectral(made, wav)
        loss = 45 * mel + 15 * stft + 30 * F.l1_loss(made, wav)
        log = {"mel": mel, "stft": stft}
        if args.adversarial and done > SPECTRAL_SHARE:
            critic.zero_grad(set_to_none=True)
            real_logits, made_logits, _, _ = judge(wav, made.detach())
            log["critic"] = discriminator_loss(real_logits, made_logits)
            log["critic"].backward()
            critic.step()
            _, made_logits, real_maps, made_maps = judge(wav, made)
            log["fooled"], log["maps"] = adversarial_loss(made_logits), feature_loss(real_maps, made_maps)
            loss = loss + log["fooled"] + log["maps"]
        maker.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 100.0)
        maker.step()
        torch._foreach_lerp_(average, [weight.detach() for weight in weights], 1 - DECAY)
        step, done = step + 1, (time.monotonic() - start) / (60 * args.minutes)
        if step % 100 == 0 or step in (1, 10):
            shown = {name: round(float(value.detach()), 3) for name, value in log.items()}
            print(f"{args.out.name}, {done:.0%}, step {step}", shown, flush=True)
    for weight, mean in zip(weights, average, strict=True):
        weight.data.copy_(mean)
    save(args, model, step)


def save(args: argparse.Namespace, model, n_steps: int) -> None:
    """Write the stored weights again, the decoder's replaced and rounded to half precision."""
    stored = Path(args.codec) / "model.safetensors"
    with safe_open(stored, "pt") as file:
        about = file.metadata() | {"decoder_steps": str(n_steps)}
    new = {key: value.half().cpu().contiguous() for key, value in model.state_dict().items()}
    kept = {
        key: new[key] if key.startswith("decoder.") else value for key, value in load_file(stored).items()
    }
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(kept, args.out / "model.safetensors", metadata=about)
    (args.out / "config.json").write_bytes((Path(args.codec) / "config.json").read_bytes())
    print(f"{args.out}: {n_steps} steps", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("--codec", type=Path, default=ROOT / "data" / "codec")
    add("--corpus", type=Path, default=ROOT / "data" / "demo")
    add(
        "--human",
        type=Path,
        help="one file of recorded speech at 16 kHz, from the packages of codec_targets.py",
    )
    add("--out", type=Path, required=True, help="folder of the codec with its new decoder")
    add("--minutes", type=float, default=4)
    add("--batch", type=int, default=32, help="segments of 1.5 s")
    add("--lr", type=float, default=3e-4)
    add("--adversarial", action="store_true")
    add("--device", default="cuda")
    add("--seed", type=int, default=0)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
