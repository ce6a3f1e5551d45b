"""The index answers as PyPI: rules of uploads, the listing, trusted publishing, faults."""

from __future__ import annotations

import base64
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from .archives import ACCEPTED, REFUSED, Sample, archive
from .client import Got, Lost, ask, ask_json, upload
from .clock import DAY_S
from .outside import Outside

WHEEL = "sample-1.0-py3-none-any.whl"
SDIST = "sample-1.0.tar.gz"
ONE = archive(WHEEL, b"one")
JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


def send(
    outside: Outside, filename: str, contents: bytes = b"one", token: str = "", **fields: str
) -> Got:
    """Upload a file with these contents in it, with the plain token unless another is given."""
    return send_bytes(outside, filename, archive(filename, contents), token, **fields)


def send_bytes(
    outside: Outside, filename: str, contents: bytes, token: str = "", **fields: str
) -> Got:
    """Upload exactly these bytes."""
    index = outside.index
    return upload(
        index.publish_url,
        token or index.token,
        filename,
        contents,
        outside.authority.bundle,
        **fields,
    )


def listing(outside: Outside) -> Got:
    """Read the project's listing as JSON."""
    url = f"{outside.index.simple_url}sample/"
    return ask("GET", url, JSON, bundle=outside.authority.bundle)


def listed(outside: Outside) -> list[str]:
    """Return the names that the listing shows."""
    got = listing(outside)
    return [] if got.status == 404 else [file["filename"] for file in got.json["files"]]


def mint(outside: Outside, jwt: str) -> Got:
    """Exchange a job's token."""
    url = f"{outside.index.server.url}/_/oidc/mint-token"
    return ask_json("POST", url, "", {"token": jwt}, outside.authority.bundle)


def minted(outside: Outside) -> str:
    """Return a token of trusted publishing for the sample."""
    outside.index.trust_project("sample")
    return str(mint(outside, outside.index.issuer.jwt("pypi")).json["token"])


def attestation(filename: str, contents: bytes, predicate: str = "publish/v1") -> dict[str, object]:
    """Return an attestation with the structure of PEP 740."""
    sha256 = hashlib.sha256(contents).hexdigest()
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": filename, "digest": {"sha256": sha256}}],
        "predicateType": f"https://docs.pypi.org/attestations/{predicate}",
        "predicate": None,
    }
    encoded = base64.b64encode(json.dumps(statement).encode()).decode()
    return {"version": 1, "envelope": {"statement": encoded, "signature": "c2lnbmVk"}}


def test_an_upload_is_stored_and_listed(outside: Outside) -> None:
    """An uploaded file is in both listings with its SHA-256, and can be downloaded."""
    answer = send(outside, WHEEL)
    file = listing(outside).json["files"][0]
    page = ask("GET", f"{outside.index.simple_url}sample/", bundle=outside.authority.bundle)
    sha256 = hashlib.sha256(ONE).hexdigest()

    assert 200 == answer.status
    assert (WHEEL, {"sha256": sha256}, len(ONE)) == (file["filename"], file["hashes"], file["size"])
    assert f"{file['url']}#sha256={sha256}" in page.body.decode()
    assert ONE == ask("GET", file["url"], bundle=outside.authority.bundle).body
    assert (WHEEL,) == outside.effects.named("upload")


def test_the_same_bytes_again_are_accepted_and_nothing_is_stored(outside: Outside) -> None:
    """Repeating an upload is answered with 200, and is no effect."""
    send(outside, WHEEL)

    assert 200 == send(outside, WHEEL).status
    assert (WHEEL,) == outside.effects.named("upload")


@pytest.mark.parametrize(
    ("filename", "contents"), [(WHEEL, b"two"), ("sample-1.0-1-py3-none-any.whl", b"one")]
)
def test_other_bytes_or_another_name_for_the_same_are_refused(
    outside: Outside, filename: str, contents: bytes
) -> None:
    """Either half of a duplicate is 400 `File already exists (...)`, in the status line, too."""
    send(outside, WHEEL)
    answer = send(outside, filename, contents)

    assert 400 == answer.status
    assert answer.reason.startswith(f"File already exists ('{WHEEL}', with blake2_256 hash '")
    assert answer.reason in answer.body.decode()


def test_a_deleted_name_is_burned(outside: Outside) -> None:
    """A name that was used and deleted is refused, even for the same bytes."""
    send(outside, WHEEL)
    outside.index.delete(WHEEL)
    answer = send(outside, WHEEL)

    assert 400 == answer.status
    assert answer.reason.startswith(
        "This filename was previously used by a file that has since been deleted."
    )


def test_a_release_has_one_sdist(outside: Outside) -> None:
    """A second sdist of a release is refused."""
    send(outside, SDIST)

    assert 400 == send(outside, "sample-1.0.zip", b"two").status


def test_local_versions_are_refused(outside: Outside) -> None:
    """A local version is 400, and the words name it."""
    answer = send(outside, "sample-1.0+x-py3-none-any.whl", version="1.0+x")

    assert 400 == answer.status
    assert answer.reason.startswith("The use of local versions in '1.0+x' is not allowed.")


def test_a_release_takes_new_files_for_fourteen_days(outside: Outside) -> None:
    """After the window only what is there already is accepted."""
    send(outside, WHEEL)
    outside.clock.advance(14 * DAY_S - 60)
    early = send(outside, SDIST, b"two")
    outside.clock.advance(120)
    late = send(outside, "sample-1.0-1-py3-none-any.whl", b"three")

    assert 200 == early.status
    assert (400, "Uploading new files to releases older than 14 days is not allowed.") == (
        late.status,
        late.reason,
    )
    assert 200 == send(outside, WHEEL).status


@pytest.mark.parametrize(
    ("filename", "fields"),
    [
        ("other-1.0.tar.gz", {}),
        ("sample-2.0.tar.gz", {}),
        ("sample-1.0.egg", {}),
        (WHEEL, {"sha256_digest": "0" * 64}),
        (WHEEL, {"protocol_version": "2"}),
        (WHEEL, {"version": "one"}),
    ],
)
def test_files_that_contradict_their_metadata_are_refused(
    outside: Outside, filename: str, fields: dict[str, str]
) -> None:
    """Name, version, kind and digests have to agree."""
    assert 400 == send(outside, filename, b"one", "", **fields).status
    assert () == outside.effects.happened


def test_a_wrong_token_is_refused(outside: Outside) -> None:
    """An unknown token is 403 in PyPI's words."""
    answer = send(outside, WHEEL, token="pypi-wrong")

    assert 403 == answer.status
    assert answer.reason.startswith("Invalid or non-existent authentication information.")


def test_two_uploads_of_one_name_at_once_store_one(outside: Outside) -> None:
    """Of eight uploads with different bytes exactly one is accepted."""
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: send(outside, WHEEL, b"%d" % n), range(8)))

    assert [200] + [400] * 7 == sorted(answer.status for answer in answers)
    assert (WHEEL,) == outside.effects.named("upload")


def test_yanked_files_stay_in_the_listing(outside: Outside) -> None:
    """A yanked file is listed, with the reason."""
    send(outside, WHEEL)
    outside.index.yank(WHEEL, "broken")

    assert "broken" == listing(outside).json["files"][0]["yanked"]


def test_the_listing_can_lag(outside: Outside) -> None:
    """A lagging listing shows an upload after the readings that were asked for."""
    outside.index.lag(2)
    send(outside, WHEEL)

    assert [[], [], [WHEEL]] == [listed(outside) for _ in range(3)]


def test_an_upload_can_be_cut_after_it_is_stored(outside: Outside) -> None:
    """The client sees a lost connection, the index has the file."""
    outside.index.cut_after_store()
    with pytest.raises(Lost):
        send(outside, WHEEL)

    assert [WHEEL] == listed(outside)


def test_gateways_fail_before_and_after_storing(outside: Outside) -> None:
    """502 comes after the file is stored, 503 before; the nth upload is meant."""
    outside.index.bad_gateway_after_store(2)
    outside.index.unavailable_before_store(1)
    statuses = [send(outside, name, name.encode()).status for name in (WHEEL, SDIST)]

    assert [503, 502] == statuses
    assert [SDIST] == listed(outside)


def test_an_upload_can_hang_until_it_is_let_go(outside: Outside) -> None:
    """A hanging upload has no answer, and no effect unless that was asked for."""
    outside.index.hang()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(send, outside, WHEEL)
        assert outside.index.server.hanging.wait(10)
        assert not waiting.done()
        outside.index.server.heal()
        assert isinstance(waiting.exception(), Lost)

    assert [] == listed(outside)


def test_a_job_gets_a_token_for_its_audience(outside: Outside) -> None:
    """The request URL answers the bearer of the request token alone."""
    variables = outside.index.actions_environment
    url = variables["ACTIONS_ID_TOKEN_REQUEST_URL"] + "&audience=pypi"
    bundle = outside.authority.bundle
    good = ask_json("GET", url, variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"], bundle=bundle)
    claims = outside.index.issuer.claims(good.json["value"])

    assert claims
    assert ("pypi", outside.name) == (claims["aud"], claims["repository"])
    assert 401 == ask_json("GET", url, "wrong", bundle=bundle).status


def test_trusted_publishing_mints_a_token_that_uploads(outside: Outside) -> None:
    """A minted token publishes its own project, and no other."""
    token = minted(outside)
    other = send(outside, "other-1.0.tar.gz", name="other", token=token)

    assert 200 == send(outside, WHEEL, token=token).status
    assert (403, True) == (other.status, "not valid for project 'other'" in other.reason)


def test_the_audience_is_told(outside: Outside) -> None:
    """The audience is asked for before a token is."""
    url = f"{outside.index.server.url}/_/oidc/audience"

    assert {"audience": "pypi"} == ask("GET", url, bundle=outside.authority.bundle).json


def test_a_job_s_token_is_good_for_one_exchange(outside: Outside) -> None:
    """The second exchange of a token is refused by PyPI's own code."""
    outside.index.trust_project("sample")
    jwt = outside.index.issuer.jwt("pypi")
    first, second = mint(outside, jwt), mint(outside, jwt)

    assert (200, 422) == (first.status, second.status)
    assert "invalid-reuse-token" == second.json["errors"][0]["code"]


def test_an_unknown_publisher_is_refused(outside: Outside) -> None:
    """A job that no project trusts is told so."""
    answer = mint(outside, outside.index.issuer.jwt("pypi"))

    assert 422 == answer.status
    assert ("Token request failed", "invalid-publisher") == (
        answer.json["message"],
        answer.json["errors"][0]["code"],
    )


@pytest.mark.parametrize("spoil", ["audience", "signature", "time"])
def test_a_bad_job_s_token_is_refused(outside: Outside, spoil: str) -> None:
    """Another audience, another signature or a late exchange is an invalid token."""
    outside.index.trust_project("sample")
    jwt = outside.index.issuer.jwt("testpypi" if spoil == "audience" else "pypi")
    if spoil == "signature":
        jwt = jwt.rpartition(".")[0] + ".AAAA"
    if spoil == "time":
        outside.clock.advance(301)

    assert "invalid-token" == mint(outside, jwt).json["errors"][0]["code"]


def test_minted_tokens_expire_and_can_be_burned(outside: Outside) -> None:
    """A token lives 900 seconds; a burned one is unknown at once."""
    token, other = minted(outside), minted(outside)
    burn = f"{outside.index.server.url}/_/oidc/burn-token"
    burned = ask_json("POST", burn, "", {"token": other}, outside.authority.bundle)
    outside.clock.advance(890)
    early = send(outside, WHEEL, token=token)
    outside.clock.advance(20)

    assert (204, 403) == (burned.status, send(outside, WHEEL, token=other).status)
    assert 200 == early.status
    assert (403, "Invalid API Token: token is expired") == (
        (late := send(outside, SDIST, token=token)).status,
        late.reason,
    )


def test_attestations_come_with_the_first_trusted_upload(outside: Outside) -> None:
    """They are stored with the file, and a repeated upload does not even read them."""
    given = json.dumps([attestation(WHEEL, ONE)])
    answer = send(outside, WHEEL, token=minted(outside), attestations=given)

    assert 200 == answer.status
    assert 1 == len(outside.index.files[WHEEL].attestations)
    assert 200 == send(outside, WHEEL, attestations="nonsense").status


def test_attestations_need_trusted_publishing(outside: Outside) -> None:
    """With a plain token they are refused, and the file is not stored."""
    answer = send(outside, WHEEL, attestations=json.dumps([attestation(WHEEL, ONE)]))

    assert 400 == answer.status
    assert answer.reason.endswith("only supported when using Trusted Publishing")
    assert {} == outside.index.files


@pytest.mark.parametrize(
    "given",
    [
        "nonsense",
        json.dumps([attestation(WHEEL, b"other")]),
        json.dumps([attestation(SDIST, ONE)]),
        json.dumps([attestation(WHEEL, ONE)] * 2),
        json.dumps([attestation(WHEEL, ONE, f"p/{n}") for n in range(3)]),
    ],
    ids=["malformed", "other bytes", "other name", "same type twice", "three"],
)
def test_bad_attestations_are_refused(outside: Outside, given: str) -> None:
    """An attestation has to be about this file; two types at most, each once."""
    answer = send(outside, WHEEL, token=minted(outside), attestations=given)

    assert 400 == answer.status
    assert answer.reason.startswith("Invalid attestations supplied during upload: ")
    assert {} == outside.index.files


def test_attestations_can_be_rejected_on_order(outside: Outside) -> None:
    """A test can let every signature be bad."""
    outside.index.attestations_rejected = True
    given = json.dumps([attestation(WHEEL, ONE)])
    answer = send(outside, WHEEL, token=minted(outside), attestations=given)

    assert (400, True) == (answer.status, answer.reason.endswith("Verification failed"))


def test_secrets_name_every_credential(outside: Outside) -> None:
    """What must not leak includes the tokens made along the way."""
    token = minted(outside)

    assert {token, outside.token.value, outside.index.token} < set(outside.secrets)
    assert outside.index.issuer.issued[0] in outside.secrets


@pytest.mark.parametrize("sample", REFUSED, ids=lambda sample: sample.what)
def test_what_is_in_a_file_is_looked_at(outside: Outside, sample: Sample) -> None:
    """Platform tags, metadata, entry points and archives that PyPI refuses are 400 in its words.

    Source: pypi/warehouse, forklift/legacy.py (`_allowed_platforms`, `_is_valid_dist_file`),
    forklift/metadata.py, utils/wheel.py, utils/zipfiles.py; docs.pypi.org/archives.
    """
    name, version = sample.of
    answer = send_bytes(outside, sample.filename, sample.contents, "", name=name, version=version)

    assert 400 == answer.status
    assert sample.said in answer.reason
    assert () == outside.effects.happened


@pytest.mark.parametrize("sample", ACCEPTED, ids=lambda sample: sample.what)
def test_unusual_files_are_taken(outside: Outside, sample: Sample) -> None:
    """A package without a readme, and wheels for platforms that PyPI knows, are stored.

    Source: pypi/warehouse, forklift/legacy.py: an empty description is not rendered; PEP 600, 656,
    783 and the plain linux tags for armv6l and armv7l.
    """
    name, version = sample.of

    answer = send_bytes(outside, sample.filename, sample.contents, "", name=name, version=version)
    assert (200, "") == (answer.status, sample.said)
