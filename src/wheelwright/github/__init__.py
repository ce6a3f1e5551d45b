"""The thin layer on GitHub: workflows that only call, the rules of the branch, native cells."""
