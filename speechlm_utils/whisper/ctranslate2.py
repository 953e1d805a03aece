"""Read a Whisper model in CTranslate2's file format, strictly, and give it the names of transformers.

The file is flat and little-endian: version 6; the specification's name and revision; the number of variables
and, for each, its name, shape, type and bytes; then aliases, pairs of names of one variable. A string is its
length (uint16, with the closing zero byte), then its letters.
"""

import struct
from pathlib import Path

import numpy as np

VERSION, SPECIFICATION, REVISION = 6, "WhisperSpec", 3
TYPES = {0: np.float32, 1: np.int8, 2: np.int16, 3: np.int32, 4: np.float16}
NORM = ("gamma", "beta")


class _Reader:
    def __init__(self, path: Path):
        self.path, self.data, self.at = path, path.read_bytes(), 0

    def fail(self, what: str):
        raise ValueError(f"{self.path}: {what}; expected a Whisper model of CTranslate2, fetch it again")

    def take(self, n_bytes: int, what: str) -> bytes:
        if self.at + n_bytes > len(self.data):
            self.fail(f"ends within {what} (byte {len(self.data)})")
        self.at += n_bytes
        return self.data[self.at - n_bytes : self.at]

    def number(self, kind: str, what: str) -> int:
        return struct.unpack(f"<{kind}", self.take(struct.calcsize(f"<{kind}"), what))[0]

    def string(self, what: str) -> str:
        return self.take(self.number("H", what), what).rstrip(b"\0").decode("latin-1")

    def variable(self, i: int) -> tuple[str, np.ndarray]:
        name = self.string(f"the name of variable {i}")
        what = f"variable {name!r}"
        shape = tuple(self.number("I", what) for _ in range(self.number("B", what)))
        kind, n_bytes = self.number("B", what), self.number("I", what)
        if kind not in TYPES:
            self.fail(f"{what} has type {kind}, known are {sorted(TYPES)}")
        values = np.frombuffer(self.take(n_bytes, what), np.dtype(TYPES[kind]).newbyteorder("<"))
        if values.size != int(np.prod(shape)):
            self.fail(f"{what} has {values.size} values for shape {shape}")
        return name, values.reshape(shape)


def read_model(path: str | Path) -> dict[str, np.ndarray]:
    """Read all variables, name -> array of the stored type.

    Raises
    ------
    ValueError
        If the file is of another version or specification, is cut off, or has bytes left over; it names the
        file and what was found.
    """
    reader = _Reader(Path(path))
    version = reader.number("I", "the version")
    if version != VERSION:
        reader.fail(f"version {version} of the format, known is {VERSION}")
    found = reader.string("the specification"), reader.number("I", "the revision")
    if found != (SPECIFICATION, REVISION):
        reader.fail(f"holds {found[0]!r}, revision {found[1]}; known is {SPECIFICATION!r}, {REVISION}")
    variables = dict(reader.variable(i) for i in range(reader.number("I", "the number of variables")))
    for _ in range(reader.number("I", "the number of aliases")):
        alias, name = reader.string("an alias"), reader.string("an alias")
        if name not in variables:
            reader.fail(f"alias {alias!r} names {name!r}, which is not there")
        variables[alias] = variables[name]
    if reader.at != len(reader.data):
        reader.fail(f"has {len(reader.data) - reader.at} bytes after its end")
    return variables


def to_state_dict(variables: dict[str, np.ndarray], path: str | Path = "") -> dict[str, np.ndarray]:
    """Rename variables to the state dict of transformers' `WhisperModel`, arrays in float32.

    A variable that is missing raises ValueError with its name and the file's.
    """
    rename = _Renaming(variables, path)
    for name in ("conv1", "conv2"):
        rename.copy(f"encoder/{name}", f"encoder.{name}")
    rename.state["decoder.embed_tokens.weight"] = rename.take("decoder/embeddings/weight")
    for part in ("encoder", "decoder"):
        rename.state[f"{part}.embed_positions.weight"] = rename.take(f"{part}/position_encodings/encodings")
        rename.copy(f"{part}/layer_norm", f"{part}.layer_norm", NORM)
        for i in range(count_layers(variables, part)):
            rename.layer(f"{part}/layer_{i}/", f"{part}.layers.{i}.", has_cross_attention=part == "decoder")
    return rename.state


def count_layers(variables: dict[str, np.ndarray], part: str) -> int:
    """Count the transformer blocks of the encoder or the decoder."""
    return len(
        {name.split("/")[1] for name in variables if name.startswith(f"{part}/layer_")} - {"layer_norm"}
    )


class _Renaming:
    def __init__(self, variables: dict[str, np.ndarray], path: str | Path):
        self.variables, self.path, self.state = variables, path, {}

    def take(self, name: str) -> np.ndarray:
        if name not in self.variables:
            raise ValueError(f"{self.path}: misses the variable {name!r}; fetch the file again")
        return self.variables[name].astype(np.float32)

    def copy(self, source: str, target: str, kinds: tuple[str, str] = ("weight", "bias")) -> None:
        for kind, name in zip(kinds, ("weight", "bias"), strict=True):
            self.state[f"{target}.{name}"] = self.take(f"{source}/{kind}")

    def split(self, source: str, target: str, letters: str) -> None:
        """Take joined projections apart; the keys' has no bias in Whisper."""
        parts = (np.split(self.take(f"{source}/{kind}"), len(letters)) for kind in ("weight", "bias"))
        for letter, weight, bias in zip(letters, *parts, strict=True):
            self.state[f"{target}.{letter}_proj.weight"] = weight
            if letter != "k":
                self.state[f"{target}.{letter}_proj.bias"] = bias
            elif bias.any():
                raise ValueError(f"{self.path}: {source}/bias: the keys have a bias, Whisper's have none")

    def layer(self, source: str, target: str, has_cross_attention: bool) -> None:
        self.split(source + "self_attention/linear_0", target + "self_attn", "qkv")
        self.copy(source + "self_attention/linear_1", target + "self_attn.out_proj")
        self.copy(source + "self_attention/layer_norm", target + "self_attn_layer_norm", NORM)
        if has_cross_attention:
            self.copy(source + "attention/linear_0", target + "encoder_attn.q_proj")
            self.split(source + "attention/linear_1", target + "encoder_attn", "kv")
            self.copy(source + "attention/linear_2", target + "encoder_attn.out_proj")
            self.copy(source + "attention/layer_norm", target + "encoder_attn_layer_norm", NORM)
        self.copy(source + "ffn/linear_0", target + "fc1")
        self.copy(source + "ffn/linear_1", target + "fc2")
        self.copy(source + "ffn/layer_norm", target + "final_layer_norm", NORM)
