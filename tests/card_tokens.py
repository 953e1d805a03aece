"""Clips in which each token has one planted sound, phone or voice, and the cards of these tokens."""

from conftest import PLANTED_TOKENS

VOICE_TOKEN = (4, 9)  # one voice has it to itself, in all classes
LOUD, ON_AH, _ = PLANTED_TOKENS
