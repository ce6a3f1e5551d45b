"""No secret of a session is in anything that it prints or stores, in any usual form."""

from __future__ import annotations

import base64
import itertools
import json
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
import pytest_asyncio
from hostile_bench import Ended, Session, environment, fails, opened, probe, stiletto
from hypothesis import given
from hypothesis import strategies as st

from stiletto.sandbox.scrub import Masks, Patterns, Replacer

session_wide = pytest.mark.asyncio(loop_scope="session")

NETRC = """
machine index.example login me password first-canary
machine other.example
  login you
  password "second canary"
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Session]:
    """One session for the steps of this module."""
    cache, work = tmp_path_factory.mktemp("cache"), tmp_path_factory.mktemp("work")
    async with opened(cache, work) as session:
        yield session


def masked(chunks: list[bytes], *secrets: str | bytes) -> bytes:
    """Return what comes out of a stream."""
    masks = Masks()
    for secret in secrets:
        masks.add(secret)
    replacer = Replacer(Patterns(masks))
    return b"".join(map(replacer.feed, chunks)) + replacer.flush()


# -- forms -----------------------------------------------------------------------------------------


@given(st.binary(max_size=20), st.binary(min_size=6, max_size=60), st.binary(max_size=20))
def test_base64_of_a_longer_text_is_masked(before: bytes, secret: bytes, after: bytes) -> None:
    """Wherever a secret stands in a text that was encoded, its digits do not come through."""
    if len(secret.strip()) < 6:
        return
    encoded = base64.b64encode(before + secret + after)
    alone = base64.b64encode(secret.strip()).rstrip(b"=")[:-2]

    assert b"***" in masked([encoded], secret)
    assert alone not in masked([encoded], secret)
    assert b"***" in masked([base64.urlsafe_b64encode(before + secret + after)], secret)


@given(st.text(st.characters(codec="utf-8"), min_size=3, max_size=40))
def test_usual_escapes_are_masked(secret: str) -> None:
    """URL and JSON escapes of a secret are masked as the secret is."""
    bare = secret.encode().strip().decode()
    if len(bare.encode()) < 3:
        return
    for form in (bare, quote(bare), quote(bare, safe=""), quote_plus(bare), json.dumps(bare)[1:-1]):
        assert b"<***>" == masked([b"<" + form.encode() + b">"], secret)


def test_base64_in_lines_is_masked() -> None:
    """base64(1) breaks its lines: each is masked."""
    secret = bytes(range(32, 127)) * 3
    shown = masked([base64.encodebytes(secret)], secret)

    assert set(shown.split()) <= {b"***"}


@pytest.mark.parametrize("word", [b"first-canary", b"second canary"])
def test_each_password_of_a_netrc_is_masked_alone(word: bytes) -> None:
    """A program reads one password of the file and prints that."""
    assert b"<***>" == masked([b"<" + word + b">"], NETRC)
    assert b"login me" == masked([b"login me"], NETRC)


def test_the_password_of_an_address_is_masked_alone() -> None:
    """A secret that is a URL with a password is that password, too."""
    assert b"<***>" == masked([b"<s3cret-pw>"], "postgres://me:s3cret-pw@db/app")


@pytest.mark.parametrize("secret", ["", " ", "a", "ab", "\n", "}\n{"])
def test_a_very_short_secret_leaves_the_output_alone(secret: str) -> None:
    """What half of all outputs hold is not looked for."""
    text = b"{\n a b, abc: abba }\n{\n"
    assert text == masked([text], secret)


@given(
    st.lists(st.text("abc", min_size=3, max_size=8), min_size=1, max_size=4),
    st.text("abcd", max_size=40),
    st.lists(st.integers(0, 40), max_size=8),
)
def test_where_a_stream_is_cut_does_not_matter(
    secrets: list[str], text: str, cuts: list[int]
) -> None:
    """A secret in two chunks is masked as in one."""
    data = text.encode()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    chunks = [data[a:b] for a, b in itertools.pairwise(edges)]

    assert masked([data], *secrets) == masked(chunks, *secrets)


def test_a_secret_that_comes_to_be_known_later_is_masked_from_then_on() -> None:
    """A stream that runs learns of the session's new secrets."""
    masks = Masks()
    replacer = Replacer(Patterns(masks, {b"/tree": b"/"}))
    assert b"late-canary / " == replacer.feed(b"late-canary /tree ")
    masks.add("late-canary")

    assert b"*** / " == replacer.feed(b"late-canary /tree ") + replacer.flush()


# -- steps -----------------------------------------------------------------------------------------


@session_wide
async def test_a_secret_of_one_step_printed_by_another(one: Session) -> None:
    """Output, progress and records have no secret that the session knows, whoever prints it."""
    secret = "crossing-canary-1"
    token = one.dag.set_secret("crossing", secret)
    await one.base().with_secret_variable("T", token).with_exec(["true"]).sync()
    words = (secret, base64.b64encode(f"user:{secret}".encode()).decode())
    made = one.base().with_new_file("/said", "\n".join(words))
    done = made.with_exec(["sh", "-c", "cat /said; cat /said >&2"])

    assert "crossing" not in await done.stdout() + await done.stderr()
    assert "***" in await done.combined_output()
    failed = made.with_exec(["sh", "-c", "cat /said; cat /said >&2; false"])
    assert "crossing" not in await fails(failed.sync())
    told = one.screen.getvalue() + one.stored()
    assert "***" in told
    assert all(word not in told for word in words)


@session_wide
async def test_a_secret_in_a_steps_arguments_is_in_no_record(one: Session) -> None:
    """A module may put a secret into arguments: the progress and the store do not show it."""
    one.dag.set_secret("argued", "argued-canary-2")
    await one.dag.set_secret("argued", "argued-canary-2").plaintext()
    await one.base().with_exec(["echo", "argued-canary-2"]).sync()
    await fails(one.base().with_exec(["false", "argued-canary-2"]).sync())

    assert "argued-canary-2" not in one.screen.getvalue() + one.stored()


@session_wide
async def test_a_secret_is_masked_though_it_comes_in_pieces(one: Session) -> None:
    """A program that writes a secret in two pieces shows neither, however they arrive."""
    token = one.dag.set_secret("pieces", "pieces-canary-3")
    script = "import os,sys,time\nt=os.environ['T']\nfor p in ('x '+t[:9], t[9:]+' y'):\n"
    script += " sys.stdout.write(p); sys.stdout.flush(); time.sleep(0.05)\n"
    done = one.base().with_secret_variable("T", token).with_exec(["python3", "-c", script])

    assert "x *** y" == await done.stdout()
    assert "pieces-ca" not in one.screen.getvalue()


async def test_a_stored_output_is_masked_for_who_knows_the_secret(tmp_path: Path) -> None:
    """What a step printed before its word became a secret is masked when it is shown again."""
    work = tmp_path / "work"
    work.mkdir()
    async with opened(tmp_path / "cache", work) as first:
        assert "stored-canary-4\n" == await first.sh("echo stored-canary-4").stdout()
    async with opened(tmp_path / "cache", work) as second:
        await second.dag.set_secret("stored", "stored-canary-4").plaintext()
        assert "***\n" == await second.sh("echo stored-canary-4").stdout()


# -- command lines ---------------------------------------------------------------------------------

FUNCTIONS = """
@function
async def give(self, token: dagger.Secret) -> str:
    word = await token.plaintext()
    print("said", word, flush=True)
    return f"<{word}>"

@function
async def fail(self, token: dagger.Secret) -> str:
    raise ValueError("because of " + await token.plaintext())

@function
def keep(self, token: dagger.Secret) -> dagger.Secret:
    return token

@function
async def step(self, token: dagger.Secret) -> str:
    word = await token.plaintext()
    return await self.base().with_exec(["sh", "-c", "echo $0; exit 3", word]).stdout()
"""


@pytest.mark.slow
@pytest.mark.e2e
@pytest.mark.network
def test_no_way_out_of_a_command_shows_a_secret(tmp_path: Path) -> None:
    """Results, saved results, output, errors, steps and the store; plaintext alone tells it."""
    module = str(probe(tmp_path, FUNCTIONS))
    secret = "command-canary-5"
    environ = environment(tmp_path, A_TOKEN=secret)

    def call(name: str, token: str, *words: str) -> Ended:
        return stiletto(tmp_path, environ, "-m", module, "call", name, "--token", token, *words)

    given = call("give", "env://A_TOKEN", "-o", "saved.txt")
    failed, stepped = call("fail", "env://A_TOKEN"), call("step", "env://A_TOKEN")
    assert (0, "<***>") == (given.code, given.out)
    assert "said ***" in given.err
    assert "<***>" == (tmp_path / "saved.txt").read_text()
    assert 1 == failed.code
    assert "because of ***" in failed.err
    assert 3 == stepped.code
    assert "***" in stepped.err
    shown = "".join(ended.out + ended.err for ended in (given, failed, stepped))
    assert secret not in shown
    stored = b"".join(
        path.read_bytes() for path in (tmp_path / "store").rglob("*") if path.is_file()
    )
    assert secret.encode() not in stored

    assert secret == call("keep", "env://A_TOKEN", "plaintext").out.strip()
    odd = call("give", f"x{secret}:y")
    assert 1 == odd.code
    assert secret not in odd.out + odd.err
