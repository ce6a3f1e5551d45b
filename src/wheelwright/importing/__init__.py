"""`import`: the [tool.wheelwright] for what another runner or a workflow does."""
