"""What each call of the API means: values, without I/O."""
