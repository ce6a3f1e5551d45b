"""The thin layer on GitLab: a pipeline whose jobs only call."""
