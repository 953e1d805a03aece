"""A file of CTranslate2 is read back exactly, and a wrong one is refused with its name and what is wrong."""

import struct

import numpy as np
import pytest
from tiny_whisper import list_variables, make_tiny_whisper, pack_model, save_ctranslate2

from speechlm_utils.whisper.ctranslate2 import count_layers, read_model, to_state_dict

VARIABLES = {"a/weight": np.arange(6, dtype=np.float16).reshape(2, 3), "n": np.int16(7)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model.bin"


def test_variables_and_aliases_come_back(path):
    path.write_bytes(pack_model(VARIABLES, aliases=[("b/weight", "a/weight")]))
    found = read_model(path)
    assert list(found) == ["a/weight", "n", "b/weight"]
    assert found["a/weight"].dtype == np.float16 and found["n"] == 7
    for name in ("a/weight", "b/weight"):
        assert np.array_equal(found[name], VARIABLES["a/weight"])


def test_state_dict_is_that_of_the_model_that_was_written(tmp_path):
    model = make_tiny_whisper()
    file = save_ctranslate2(tmp_path, model)
    variables = read_model(file)
    assert (count_layers(variables, "encoder"), count_layers(variables, "decoder")) == (2, 1)
    state, expected = to_state_dict(variables, file), model.model.state_dict()
    assert set(state) == set(expected)
    for name, value in state.items():
        assert value.dtype == np.float32
        assert np.array_equal(value, expected[name].numpy()), name


GOOD = pack_model(VARIABLES)
ODD_TYPE = pack_model({"n": np.int16(7)}).replace(
    struct.pack("<BBIh", 0, 2, 2, 7), struct.pack("<BBIh", 0, 9, 2, 7)
)
ODD_SIZE = GOOD.replace(struct.pack("<BII", 2, 2, 3), struct.pack("<BII", 2, 2, 4))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pack_model(VARIABLES, version=5), "version 5 of the format, known is 6"),
        (
            pack_model(VARIABLES, name="TransformerSpec"),
            "holds 'TransformerSpec', revision 3; known is 'WhisperSpec'",
        ),
        (pack_model(VARIABLES, revision=4), "revision 4; known is 'WhisperSpec', 3"),
        (pack_model(VARIABLES, aliases=[("b", "c")]), "alias 'b' names 'c', which is not there"),
        (ODD_TYPE, r"variable 'n' has type 9, known are \[0, 1, 2, 3, 4\]"),
        (ODD_SIZE, r"variable 'a/weight' has 6 values for shape \(2, 4\)"),
        (GOOD + b"more", "has 4 bytes after its end"),
        (b"", r"ends within the version \(byte 0\)"),
        (GOOD[:50], r"ends within variable 'a/weight' \(byte 50\)"),
        (GOOD[:-2], "ends within the number of aliases"),
    ],
)
def test_wrong_file_is_refused_by_name(path, content, message):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"model.bin: .*{message}.*fetch it again"):
        read_model(path)


def test_file_cut_anywhere_is_refused(path):
    for n_bytes in range(len(GOOD)):
        path.write_bytes(GOOD[:n_bytes])
        with pytest.raises(ValueError, match="model.bin: ends within"):
            read_model(path)


def test_missing_variable_is_named(path):
    variables = list_variables(make_tiny_whisper())
    for name in ("encoder/conv2/bias", "decoder/layer_0/attention/linear_1/weight"):
        left = {key: value for key, value in variables.items() if key != name}
        with pytest.raises(ValueError, match=f"model.bin: misses the variable '{name}'"):
            to_state_dict(left, path)


def test_bias_of_the_keys_is_refused(path):
    variables = list_variables(make_tiny_whisper())
    name = "encoder/layer_1/self_attention/linear_0"
    variables[f"{name}/bias"][16] = 1  # the first of the keys
    with pytest.raises(ValueError, match=f"model.bin: {name}/bias: the keys have a bias"):
        to_state_dict(variables, path)
