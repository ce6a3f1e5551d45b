"""What `release-replay` compares: a release of the past, and the same made again (pure)."""
