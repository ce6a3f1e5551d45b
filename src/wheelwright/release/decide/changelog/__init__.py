"""The changelog of a release: who keeps it, what is in it, and its next text."""
