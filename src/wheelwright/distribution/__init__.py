"""Distributions: what is built, and with what."""
