"""Programs that run inside containers: each is one file, and imports nothing of ours."""
