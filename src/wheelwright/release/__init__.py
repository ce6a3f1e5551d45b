"""Releases a package: publish first, then the pull request, the tag and the release."""
