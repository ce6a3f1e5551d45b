"""Containers: images, uv, layers, steps and what each may see, limits, loading."""
