"""The table of implemented calls with all that is in it; to import it takes a while.

A call of a module's function whose answer is stored needs none of them.
"""

from __future__ import annotations

import stiletto.api.address
import stiletto.api.configuration
import stiletto.api.directory
import stiletto.api.envfile
import stiletto.api.execution
import stiletto.api.fields
import stiletto.api.filesystem
import stiletto.api.git
import stiletto.api.jsonvalue
import stiletto.api.secrets
import stiletto.api.service
import stiletto.api.session
import stiletto.api.typedefs
import stiletto.engine.address_leaves
import stiletto.engine.container_leaves
import stiletto.engine.definitions
import stiletto.engine.envfile_leaves
import stiletto.engine.file_leaves
import stiletto.engine.git_leaves
import stiletto.engine.host_leaves
import stiletto.engine.root_leaves
import stiletto.engine.search_leaves
import stiletto.engine.service_leaves  # noqa: F401 - each of these registers its calls
from stiletto.api.registry import CALLS

__all__ = ["CALLS"]
