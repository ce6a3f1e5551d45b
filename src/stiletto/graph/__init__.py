"""Recipes, keys and trees: the pure core."""
