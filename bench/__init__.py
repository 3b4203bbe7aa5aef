"""Freehold and Community Solid Server side by side, under the same load, in interleaved pairs of runs."""
