"""A classifier goes to the hub and comes back, with a folder in the hub's place."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from speechlm_utils.finetuning import hub
from speechlm_utils.finetuning.classifier import SpeechTokenClassifier
from speechlm_utils.finetuning.hub import find_artefact, push_to_hub


@pytest.fixture
def shelf(tmp_path, monkeypatch):
    """A folder that stands for the hub, and a list of the repositories that were asked for."""

    made = []

    class Api:
        def create_repo(self, repo_id, **options):
            made.append((repo_id, options))

        def upload_folder(self, repo_id, folder_path, commit_message):
            shutil.copytree(folder_path, tmp_path / repo_id)
            return f"hub:{repo_id}"

    def download(name, allow_patterns):
        if not (tmp_path / name).is_dir():
            raise OSError(f"404 for {name}\nand more")
        files = [path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*") if path.is_file()]
        assert all(any(path.match(pattern) for pattern in allow_patterns) for path in files)
        return str(tmp_path / name)

    monkeypatch.setattr(hub, "HfApi", Api)
    monkeypatch.setattr(hub, "snapshot_download", download)
    return made


def test_goes_there_and_comes_back(shelf, result, clips, tiny_codec, llm, tmp_path):
    classifier = result.classifier
    address = push_to_hub(classifier, "me/fallacies", tiny_codec, corpus=tmp_path / "secret" / "mine")
    assert address == "hub:me/fallacies"
    assert shelf == [("me/fallacies", {"private": True, "exist_ok": True})]
    for file in ("settings.json", "results.json", "README.md"):
        assert str(tmp_path.parent) not in (tmp_path / "me/fallacies" / file).read_text(), file
    about = json.loads((tmp_path / "me/fallacies/settings.json").read_text())
    assert about["codec_facts"]["name"] == Path(tiny_codec.name).name and about["llm_name"] == Path(llm).name
    loaded = SpeechTokenClassifier.from_pretrained("me/fallacies", base=llm, codec=tiny_codec)
    assert np.array_equal(loaded.predict(clips["test"]), classifier.predict(clips["test"]))


def test_what_is_not_there_is_told(shelf, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"me/none: no such folder, and not found on the hub \(404"):
        find_artefact("me/none")
    assert find_artefact(tmp_path) == tmp_path
    assert find_artefact("/no/such/place") == Path("/no/such/place")  # no name of the hub: nothing is asked
