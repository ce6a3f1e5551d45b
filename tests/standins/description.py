"""GitHub's official OpenAPI description, as the judge of requests and answers.

It is the npm package `@octokit/openapi` in one pinned version, fetched by npm once. Schemas are
OpenAPI 3.0's: JSON Schema draft 4 and `nullable`; unknown fields pass, as they do on GitHub.
"""

from __future__ import annotations

import json
import re
import subprocess
import tarfile
import tempfile
import urllib.parse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft4Validator, ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend

__all__ = ["Description", "Operation", "fetch_description"]

PACKAGE = "@octokit/openapi@23.0.2"
EVERYWHERE = (401, 403, 404, 422, 429, 502)
MEMBER = "package/generated/api.github.com.json"


def fetch_description(cache: Path) -> Path:
    """Return the description's file, fetched by npm when the cache lacks it.

    Raises:
        AssertionError: npm is missing or cannot reach its registry.
    """
    kept = cache / f"{PACKAGE.replace('/', '-')}.json"
    if kept.is_file():
        return kept
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as scratch:
        command = ["npm", "pack", PACKAGE, "--silent", "--pack-destination", scratch]
        done = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        if done.returncode:
            raise AssertionError(f"npm cannot fetch {PACKAGE}: {done.stderr}")
        archive = next(Path(scratch).glob("*.tgz"))
        with tarfile.open(archive) as packed:
            member = packed.extractfile(MEMBER)
            assert member
            part = Path(scratch) / "part.json"
            part.write_bytes(member.read())
        # Several processes may fetch at once; each renames a whole file.
        part.replace(kept)
    return kept


def _typed(
    validator: Validator, types: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Check `type`, with OpenAPI 3.0's `nullable`."""
    if instance is None and schema.get("nullable"):
        return
    yield from Draft4Validator.VALIDATORS["type"](validator, types, instance, schema)


def _listed(
    validator: Validator, enum: Any, instance: Any, schema: dict[str, Any]
) -> Iterator[ValidationError]:
    """Check `enum`, with OpenAPI 3.0's `nullable`."""
    if instance is None and schema.get("nullable"):
        return
    yield from Draft4Validator.VALIDATORS["enum"](validator, enum, instance, schema)


_KEYWORDS = {"type": _typed, "enum": _listed}
_Schema30 = extend(Draft4Validator, _KEYWORDS)  # type: ignore[no-untyped-call]  # the stubs' gap


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation, and the values that the path gave its parameters."""

    method: str
    template: str
    values: dict[str, str]
    body: dict[str, Any]


class Description:
    """The description, ready to be asked."""

    def __init__(self, path: Path) -> None:
        self._all: dict[str, Any] = json.loads(path.read_text("utf-8"))
        # GitHub's own state of an asset whose upload broke off; the description forgets it.
        # docs.github.com, "Upload a release asset": `starter`.
        asset = self._all["components"]["schemas"]["release-asset"]
        asset["properties"]["state"]["enum"].append("starter")
        self._validators: dict[int, Validator] = {}
        self._paths = [
            (_pattern(template), template)
            for template in sorted(
                # The longer first, since a branch may have slashes; then the more literal.
                self._all["paths"],
                key=lambda path: (-path.count("/"), path.count("{")),
            )
            if template.startswith("/repos/{owner}/{repo}") or template in ("/user", "/rate_limit")
        ]

    def operation(self, method: str, raw_path: str) -> Operation | None:
        """Return the operation that a request means."""
        for pattern, template in self._paths:
            found = pattern.fullmatch(raw_path)
            if found and method.lower() in self._all["paths"][template]:
                values = {
                    name: urllib.parse.unquote(value) for name, value in found.groupdict().items()
                }
                body = self._all["paths"][template][method.lower()]
                return Operation(method, template, values, body)
        return None

    def request_errors(
        self, operation: Operation, query: dict[str, str], kind: str, body: bytes
    ) -> list[str]:
        """Return what is wrong with a request; nothing for a good one."""
        errors = []
        for parameter in map(self._resolved, operation.body.get("parameters", [])):
            name, place = parameter["name"], parameter["in"]
            given = {"path": operation.values, "query": query}.get(place, {}).get(name)
            if given is None:
                if parameter.get("required") and place in ("path", "query"):
                    errors.append(f"{place} parameter {name} is missing")
                continue
            value = _read(given, self._resolved(parameter["schema"]))
            errors += self._errors(f"{place} parameter {name}", parameter["schema"], value)
        wanted = operation.body.get("requestBody")
        if wanted is None:
            return [*errors, "a body is not expected"] if body else errors
        contents = wanted["content"]
        if "application/json" not in contents:
            return errors if kind else [*errors, "the Content-Type is missing"]
        if not body:
            return [*errors, "the body is missing"] if wanted.get("required") else errors
        try:
            value = json.loads(body)
        except ValueError:
            return [*errors, "the body is not JSON"]
        return errors + self._errors("body", contents["application/json"]["schema"], value)

    def answer_errors(self, operation: Operation, status: int, value: object) -> list[str]:
        """Return what is wrong with an answer in JSON.

        Errors that GitHub gives everywhere need not be listed with each operation: the
        description leaves many out.
        """
        answers = operation.body["responses"]
        if str(status) not in answers:
            return (
                [] if status in EVERYWHERE else [f"status {status} is not one of {sorted(answers)}"]
            )
        contents = self._resolved(answers[str(status)]).get("content", {})
        if "application/json" not in contents:
            fine = value is None or status >= 400
            return [] if fine else [f"status {status} has no body"]
        return self._errors(f"answer {status}", contents["application/json"]["schema"], value)

    def filled(self, name: str, known: dict[str, Any]) -> dict[str, Any]:
        """Return an object of a schema: what is known, and for the rest the plainest value.

        What a stand-in does not model is there all the same, since clients that read typed
        answers stop at a missing field.
        """
        schema = self._all["components"]["schemas"][name]
        properties = schema.get("properties", {})
        plain = {
            field: self._plainest(properties[field])
            for field in schema.get("required", [])
            if field not in known
        }
        return {**plain, **known}

    def _plainest(self, schema: dict[str, Any]) -> Any:
        name = schema.get("$ref", "").rpartition("/")[2]
        schema = self._resolved(schema)
        if schema.get("nullable"):
            return None
        if "enum" in schema:
            return schema["enum"][0]
        for several in ("allOf", "anyOf", "oneOf"):
            if several in schema:
                return self._plainest(schema[several][0])
        match schema.get("type"):
            case "object" if name:
                return self.filled(name, {})
            case "object":
                properties = schema.get("properties", {})
                return {key: self._plainest(properties[key]) for key in schema.get("required", [])}
            case "array":
                return []
            case "integer" | "number":
                return 0
            case "boolean":
                return False
        return "1970-01-01T00:00:00Z" if schema.get("format") == "date-time" else ""

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            node: Any = self._all
            for key in schema["$ref"].removeprefix("#/").split("/"):
                node = node[key]
            schema = cast("dict[str, Any]", node)
        return schema

    def _errors(self, what: str, schema: dict[str, Any], value: Any) -> list[str]:
        validator = self._validators.get(id(schema))
        if validator is None:
            # The whole description goes along, for references into it.
            rooted = {"components": self._all["components"], "allOf": [schema]}
            validator = self._validators[id(schema)] = _Schema30(rooted)
        return [
            f"{what}: {'/'.join(str(part) for part in error.absolute_path)}: {error.message[:300]}"
            for error in validator.iter_errors(value)
        ]


def _pattern(template: str) -> re.Pattern[str]:
    """Return a path's pattern; a ref, branch, tag or name of a file may have slashes in it."""
    greedy = {"ref", "branch", "tag", "path", "basehead"}

    def group(found: re.Match[str]) -> str:
        name = found[1]
        return f"(?P<{name}>.+)" if name in greedy else f"(?P<{name}>[^/]+)"

    return re.compile(re.sub(r"\{(\w+)\}", group, template))


def _read(text: str, schema: dict[str, Any]) -> object:
    """Return a parameter as its type; the text itself when it is none of that type."""
    kind = schema.get("type")
    if kind == "integer" and re.fullmatch(r"-?[0-9]+", text):
        return int(text)
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    return text
