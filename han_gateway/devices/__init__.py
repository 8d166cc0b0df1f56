"""Chargers that people own, as data: their own topics and words, in both directions. Pure."""
