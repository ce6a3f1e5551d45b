"""Posts a message to a webhook.

The address of a webhook is a secret: whoever has it can post. No error repeats it.
"""

from __future__ import annotations

import re
import ssl
import string

import httpx

from wheelwright.errors import RequestError, ToolFailed
from wheelwright.project.model import Project
from wheelwright.project.suggestions import unknown

MESSAGE = "{name}: {what} {link}"

_TIMEOUT_S = 15.0
# Fill, alignment, width and precision, as `str.format` has them.
_FORM = re.compile(r"(?:[^{}]?[<>^])?[0-9]{0,3}(?:\.[0-9]{1,3})?s?")


def compose(message: str, project: Project, *, what: str, link: str) -> str:
    """Fill a message in.

    Raises:
        RequestError: a name in braces that nothing is known for, or braces that do not match.
    """
    version = project.metadata.version
    values = {"name": project.name, "version": version, "what": what, "link": link}
    try:
        fields = [each[1:3] for each in string.Formatter().parse(message) if each[1] is not None]
    except ValueError as error:
        raise RequestError(f"--message: {error}", "write {{ and }} for braces") from None
    for name, form in fields:
        if name not in values:
            raise RequestError(f"--message has an {unknown('name', name or '', list(values))}")
        if not _FORM.fullmatch(form or ""):
            raise RequestError(
                f"--message: {form!r} is not a valid format", "write a width such as {name:>20}"
            )
    return message.format(**values).strip()


async def post(webhook: str, text: str) -> str:
    """Post a message as Slack's webhooks take it: JSON with the field `text`.

    Raises:
        RequestError: the address is not a URL.
        ToolFailed: no answer, or an error.
    """
    url = webhook.strip()
    if not url.startswith(("https://", "http://")):
        raise RequestError("the webhook is not an http(s) URL", "pass a secret with https://...")
    try:
        # httpx has a list of authorities of its own; this is the system's.
        trusted = ssl.create_default_context()
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, verify=trusted) as client:
            answer = await client.post(url, json={"text": text})
    except httpx.HTTPError as error:
        # The error's own text may have the address.
        raise ToolFailed(f"the webhook did not answer: {type(error).__name__}") from None
    if answer.is_error:
        raise ToolFailed(f"the webhook answered {answer.status_code} {answer.reason_phrase}")
    return f"posted: {text}"
