"""Where steps run: bubblewrap, plain processes, and the images that the host provides."""
