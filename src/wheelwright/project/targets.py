"""Where a package's own code is, for tools that need paths."""

from __future__ import annotations

from wheelwright.project.model import Project


def own_code(project: Project) -> str:
    """Return the path of the package's code: src, the module's directory or file, else all."""
    if project.has("src/"):
        return "src"
    module = project.package.name.replace("-", "_")
    if module and project.has(f"{module}/"):
        return module
    return f"{module}.py" if module and project.has(f"{module}.py") else "."
