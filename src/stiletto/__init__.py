"""Stiletto."""
