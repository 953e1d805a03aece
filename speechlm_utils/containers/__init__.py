"""What the bytes of a sound file hold, whatever its header says."""
