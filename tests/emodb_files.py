"""EmoDB as its publishers distribute it, with tones in place of the voices."""

from import_files import write_tone

ALL_EMOTIONS = "WLEAFTN"
ALL_SPEAKERS = ("03", "08", "09", "10", "11", "12", "13", "14", "15", "16")


def write_emodb(folder, names=None):
    """Write WAV files of these names; None: each speaker says each emotion once, the sentences in turn."""
    codes = ("a01", "a02", "a04", "a05", "a07", "b01", "b02", "b03", "b09", "b10")
    if names is None:
        names = [
            f"{speaker}{codes[(i + k) % 10]}{emotion}a.wav"
            for i, speaker in enumerate(ALL_SPEAKERS)
            for k, emotion in enumerate(ALL_EMOTIONS)
        ]
    for seed, name in enumerate(names):
        write_tone(folder / name, seed)
    return folder
