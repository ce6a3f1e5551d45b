"""The program that reads and writes refs, on real repositories, and what is read from it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.wheelwright.release.imaginary import a_plan
from tests.unit.wheelwright.release.programs import placed
from wheelwright.release.decide import commit, refs, tags
from wheelwright.release.decide.ports import ActFailed
from wheelwright.release.decide.stops import Reason
from wheelwright.release.decide.world import Asked, FailureKind, Journal
from wheelwright.release.inside import plumbing
from wheelwright.release.inside import refs as program


class Remote:
    """A bare repository with one commit on main, and clones of it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.path = root / "remote.git"
        self.git("init", "--quiet", "--bare", "--initial-branch=main", str(self.path), cwd=root)
        work = root / "work"
        self.git("clone", "--quiet", str(self.path), str(work), cwd=root)
        (work / "a.txt").write_text("a\n")
        (work / "b.txt").write_text("b\n")
        self.git("add", ".", cwd=work)
        self.git("commit", "--quiet", "-m", "First", cwd=work)
        self.git("push", "--quiet", "origin", "HEAD:refs/heads/main", cwd=work)

    def git(self, *args: str, cwd: Path | None = None) -> str:
        """Run git and return what it printed."""
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.root),
            "GIT_AUTHOR_NAME": "a",
            "GIT_AUTHOR_EMAIL": "a@example.org",
            "GIT_COMMITTER_NAME": "a",
            "GIT_COMMITTER_EMAIL": "a@example.org",
        }
        done = subprocess.run(
            ["git", *args],
            cwd=cwd or self.path,
            env=env,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def head(self, ref: str = "refs/heads/main") -> str:
        """Return where a ref points."""
        return self.git("rev-parse", ref)

    def clone(self, name: str) -> "Clone":
        """Make a clone with the program."""
        clone = Clone(self, self.root / name)
        clone("clone")
        return clone


class Clone:
    """A clone, and the program in it."""

    def __init__(self, remote: Remote, path: Path) -> None:
        self.remote = remote
        self.path = path

    def run(self, *args: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the program and return how it ended."""
        return subprocess.run(
            [
                *(sys.executable, placed(program)),
                *(f"--clone={self.path}", f"--remote={self.remote.path}"),
                *args,
            ],
            input=stdin,
            env={"PATH": os.environ["PATH"], "HOME": str(self.remote.root)},
            capture_output=True,
            text=True,
            check=False,
        )

    def __call__(self, *args: str, stdin: str = "") -> str:
        """Run the program, which has to succeed, and return what it printed."""
        done = self.run(*args, stdin=stdin)
        assert 0 == done.returncode, done.stderr
        return done.stdout.strip()

    def look(self) -> refs.RemoteRefs:
        """Look at the remote."""
        return refs.read(self("look"))


@pytest.fixture
def remote(tmp_path: Path) -> Remote:
    """Make the remote."""
    return Remote(tmp_path)


LOCK = "refs/wheelwright/lock/demo"


def described(clone: Clone, version: str = "1.2.4", build_requires: tuple[str, ...] = ()) -> str:
    """Describe a release commit in a file, and return its path."""
    parent = clone.remote.head()
    message = refs.journal_message("demo", version, build_requires)
    edits = commit.edits({"a.txt": version, "new.txt": "new\n"}, ["b.txt"])
    file = clone.remote.root / "commit.json"
    file.write_text(commit.ReleaseCommit(parent, 1_700_000_000, message, edits).json())
    return str(file)


def journal(clone: Clone, version: str = "1.2.4", build_requires: tuple[str, ...] = ()) -> str:
    """Make and push a release commit."""
    file = described(clone, version, build_requires)
    return clone("release", file, f"refs/heads/release/v{version}", "")


def test_lock_has_one_winner_and_names_it(remote: Remote) -> None:
    """Of two runs that lock the same commit, one wins; the other sees whose lock it is."""
    one, two = remote.clone("one"), remote.clone("two")
    plan = a_plan(base_commit=remote.head())
    won = one("lock", LOCK, "", "1700000000", stdin=refs.lock_message(plan, "n1"))
    lost = two.run("lock", LOCK, "", "1700000000", stdin=refs.lock_message(plan, "n2"))
    assert FailureKind.RACE is refs.failure_of(lost.stderr, lost.returncode).kind
    lock = two.look().locks[LOCK]
    assert (won, "one", "1.2.4", remote.head(), 1_700_000_000) == (
        lock.commit,
        lock.run,
        lock.version,
        lock.base_commit,
        lock.epoch_s,
    )


def test_fault_7_unlock_of_a_lost_lock_is_refused(remote: Remote) -> None:
    """Once the lock was taken over, its first owner can delete nothing."""
    one, two = remote.clone("one"), remote.clone("two")
    plan = a_plan(base_commit=remote.head())
    first = one("lock", LOCK, "", "1700000000", stdin=refs.lock_message(plan, "n1"))
    second = two("lock", LOCK, first, "1700000000", stdin=refs.lock_message(plan, "n2"))
    late = one.run("delete", LOCK, first)
    assert FailureKind.RACE is refs.failure_of(late.stderr, late.returncode).kind
    assert second == one.look().locks[LOCK].commit
    two("delete", LOCK, second)
    assert {} == one.look().locks


def test_release_commit_holds_the_edits_and_nothing_stray(remote: Remote) -> None:
    """Changed, deleted and named files are in it; it is found again by its trailer."""
    clone = remote.clone("one")
    made = journal(clone)
    listed = remote.git("ls-tree", "--name-only", "refs/heads/release/v1.2.4")
    assert ["a.txt", "new.txt"] == listed.splitlines()
    found = refs.refs_of(clone.look(), a_plan())
    assert Journal(made, remote.head(), made, 1_700_000_000) == found.branch
    assert None is found.tag
    assert frozenset({"1.2.4"}) == found.releases


def test_release_commit_says_what_it_is_built_with(remote: Remote) -> None:
    """Versions come back as they were written; a commit of before there were any has none."""
    clone = remote.clone("one")
    journal(clone, build_requires=("hatchling==1.27.0", "packaging==25.0"))
    journal(clone, version="1.2.5")
    seen = clone.look()
    new, old = (
        refs.refs_of(seen, a_plan(version=each, branch=f"release/v{each}", tag=f"v{each}")).branch
        for each in ("1.2.4", "1.2.5")
    )
    assert new is not None
    assert old is not None
    assert ("hatchling==1.27.0", "packaging==25.0") == new.build_requires
    assert () == old.build_requires


def test_same_edits_make_the_same_commit(remote: Remote) -> None:
    """A run that died after the commit makes the same one again: no second history appears."""
    made = journal(remote.clone("one"))
    again = remote.clone("two")
    assert made == again("commit", described(again))


def test_commits_on_top_of_the_release_commit_do_not_hide_it(remote: Remote) -> None:
    """After a person pushed to the release branch, head and release commit are told apart."""
    clone = remote.clone("one")
    made = journal(clone)
    work = remote.root / "work"
    remote.git("fetch", "--quiet", "origin", "release/v1.2.4", cwd=work)
    remote.git("checkout", "--quiet", "-B", "more", "FETCH_HEAD", cwd=work)
    remote.git("commit", "--quiet", "--allow-empty", "-m", "On top", cwd=work)
    remote.git("push", "--quiet", "origin", "HEAD:release/v1.2.4", cwd=work)
    branch = refs.refs_of(clone.look(), a_plan()).branch
    assert branch is not None
    assert (made, remote.head("refs/heads/release/v1.2.4")) == (branch.commit, branch.head)


def test_fault_27_tag_is_never_moved_and_the_same_is_no_error(remote: Remote) -> None:
    """A tag at the right commit pushes again as nothing; at another one it is refused."""
    clone = remote.clone("one")
    made = journal(clone)
    clone("push", "refs/tags/v1.2.4", "", made)
    clone("push", "refs/tags/v1.2.4", "", made)
    other = clone.run("push", "refs/tags/v1.2.4", "", remote.head())
    assert FailureKind.RACE is refs.failure_of(other.stderr, other.returncode).kind
    assert made == remote.head("refs/tags/v1.2.4")


def test_clone_older_than_a_commit_can_tag_it(remote: Remote) -> None:
    """A commit that another clone pushed meanwhile is fetched before it is tagged."""
    early = remote.clone("early")
    made = journal(remote.clone("one"))
    early("push", "refs/tags/v1.2.4", "", made)
    assert made == remote.head("refs/tags/v1.2.4")


def test_annotated_tag_counts_as_its_commit(remote: Remote) -> None:
    """A tag object made by a person is seen as the commit that it names."""
    clone = remote.clone("one")
    made = journal(clone)
    remote.git("tag", "-a", "-m", "by hand", "v1.2.4", made)
    tag = refs.refs_of(clone.look(), a_plan()).tag
    assert tag is not None
    assert (made, made) == (tag.commit, tag.head)


def test_foreign_branch_of_the_name_has_no_release_commit(remote: Remote) -> None:
    """A branch of the release's name without the trailer is somebody else's."""
    remote.git("branch", "release/v1.2.4", "main")
    branch = refs.refs_of(remote.clone("one").look(), a_plan()).branch
    assert Journal("", "", remote.head()) == branch


def test_default_branch_is_read_from_the_remote(remote: Remote) -> None:
    """The base is what the remote's HEAD says."""
    assert "main" == remote.clone("one").look().default


def test_fault_9_protected_branch_refuses_as_such(remote: Remote) -> None:
    """What a hook declines is a refusal with the hook's words, not a race and not a timeout."""
    hook = remote.path / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'GH006: Protected branch update failed' >&2\nexit 1\n")
    hook.chmod(0o755)
    clone = remote.clone("one")
    refused = clone.run("push", "refs/heads/main", remote.head(), remote.head() + "^")
    refused = clone.run("push", "refs/heads/x", "", remote.head())
    error = refs.failure_of(refused.stderr, refused.returncode)
    assert FailureKind.REFUSED is error.kind
    assert "GH006: Protected branch update failed" in error.message


@pytest.mark.parametrize(
    ("words", "exit_code", "kind"),
    [
        (
            "fatal: unable to access 'x': The requested URL returned error: 503",
            128,
            FailureKind.BUSY,
        ),
        (
            "fatal: unable to access 'x': The requested URL returned error: 403",
            128,
            FailureKind.REFUSED,
        ),
        ("fatal: unable to access 'x': Could not resolve host: x", 128, FailureKind.BUSY),
        (
            "error: RPC failed; HTTP 502 curl 22\nsend-pack: unexpected disconnect",
            1,
            FailureKind.BUSY,
        ),
        ("git push: timed out after 600 s", 124, FailureKind.BUSY),
        ("fatal: Authentication failed for 'x'", 128, FailureKind.REFUSED),
        (" ! [rejected] a -> b (stale info)", 1, FailureKind.RACE),
        (
            " ! [remote rejected] a -> b (cannot lock ref 'x': reference already exists)",
            1,
            FailureKind.RACE,
        ),
    ],
)
def test_words_of_git_are_told_apart(words: str, exit_code: int, kind: FailureKind) -> None:
    """A busy server, a refusal and a lost race lead to different next steps."""
    assert kind is refs.failure_of(words, exit_code).kind


def test_a_commit_is_told_by_where_it_comes_from(remote: Remote) -> None:
    """`trace` says whether a commit or its parent is on a branch, `compare` what differs."""
    clone = remote.clone("one")
    made = journal(clone)
    told = json.loads(clone("trace", made, "main"))
    file = Path(described(clone))
    same = json.loads(clone("compare", str(file), made))
    file.write_text(described_without(file.read_text(), "new.txt"))
    other = json.loads(clone("compare", str(file), made))

    assert (False, True, [remote.head()]) == (
        told["merged"],
        told["parent_merged"],
        told["parents"],
    )
    assert {"commit": made, "differing": []} == same
    assert [["A", "new.txt"]] == other["differing"]


def described_without(text: str, path: str) -> str:
    """Return a description of a commit without one of its edits."""
    found = json.loads(text)
    found["edits"] = [each for each in found["edits"] if each["path"] != path]
    return json.dumps(found)


def test_tag_of_a_tag_is_the_commit(remote: Remote) -> None:
    """However many tags stand one on the other, and whatever git is there."""
    remote.git("tag", "-a", "-m", "one", "v1.0.0", "main")
    remote.git("tag", "-a", "-m", "two", "v1.0.1", "v1.0.0")
    remote.git("tag", "-a", "-m", "three", "v1.0.2", "v1.0.1")
    seen = remote.clone("one").look()

    found = tags.read(seen.refs, "demo", member=False).commits
    assert {"1.0.0", "1.0.1", "1.0.2"} == set(found)
    assert {remote.head()} == set(found.values())


@pytest.mark.parametrize(("what", "kind"), [("main^{tree}", "tree"), ("main:a.txt", "blob")])
def test_tag_of_no_commit_is_seen_and_is_none(remote: Remote, what: str, kind: str) -> None:
    """A tag may be of a tree or a file: its name is taken, and there is nothing to trace."""
    remote.git("tag", "-a", "-m", "x", "v1.0.0", what)
    clone = remote.clone("one")
    tag = tags.read(clone.look().refs, "demo", member=False).commits["1.0.0"]
    done = clone.run("trace", tag, "main")

    assert remote.head(what) == tag
    assert 1 == done.returncode
    assert f"{tag[:12]} is not a commit but {kind}\n" == done.stderr


def test_fault_26_tag_of_the_same_base_commit_is_no_earlier_release() -> None:
    """A second run on the commit that was released finds that release, not the one after it."""
    journal = Journal("journal", "base", "journal")
    seen = refs.RemoteRefs(
        "main",
        {"refs/tags/v1.2.4": "journal", "refs/tags/v1.2.3": "old", "refs/tags/other": "x"},
        journals={"refs/tags/v1.2.4": ("demo", "1.2.4", journal)},
    )
    found = tags.read(seen.refs, "demo", member=False)
    assert {"1.2.3": "old"} == refs.earlier(seen, found, "base").commits
    assert {"1.2.3", "1.2.4"} == set(refs.earlier(seen, found, "base-moved-on").commits)


def test_branch_of_a_release_that_was_begun_under_another_name() -> None:
    """A release branch is continued by its own name; other branches of the commit do not count."""
    journal = Journal("journal", "base", "journal")
    pushed_on = Journal("journal", "base", "more")
    found = {
        "refs/heads/release/v1.2.4": ("demo", "1.2.4", journal),
        "refs/heads/deploy/1.2.4": ("demo", "1.2.4", journal),
        "refs/heads/fix-1.2.4": ("demo", "1.2.4", journal),
        "refs/heads/release/v1.2.5": ("demo", "1.2.5", pushed_on),
        "refs/heads/release/v1.2.6": ("other", "1.2.6", journal),
        "refs/tags/v1.2.7": ("demo", "1.2.7", journal),
    }
    seen = refs.RemoteRefs("main", {}, journals=found)
    assert {"1.2.4": "release/v1.2.4"} == refs.branches(seen, "demo")


def test_tag_with_a_message_is_the_same_at_every_run(remote: Remote) -> None:
    """An annotated tag has the commit's time: made again, it is the same object."""
    clone = remote.clone("one")
    made = journal(clone)
    clone("tag", "refs/tags/teasel==1.2.4", made, stdin="Release 1.2.4\n")
    first = remote.head("refs/tags/teasel==1.2.4")
    remote.clone("two")("tag", "refs/tags/teasel==1.2.4", made, stdin="Release 1.2.4\n")

    assert first == remote.head("refs/tags/teasel==1.2.4")
    assert "tag" == remote.git("cat-file", "-t", first)
    assert made == remote.head("refs/tags/teasel==1.2.4^{commit}")
    assert "Release 1.2.4" == remote.git("for-each-ref", "--format=%(contents)", "refs/tags")


def test_tag_with_a_message_is_never_put_over_another(remote: Remote) -> None:
    """A tag that is there already stays."""
    remote.git("tag", "1.2.4", "main")
    clone = remote.clone("one")
    done = clone.run("tag", "refs/tags/1.2.4", journal(clone), stdin="Release 1.2.4\n")

    assert 0 != done.returncode
    assert remote.head() == remote.head("refs/tags/1.2.4")


@pytest.mark.parametrize(
    ("ref", "expected"),
    [
        ("refs/heads/release/v1.2.4", True),
        ("refs/heads/1.2.4-release", True),
        ("refs/tags/teasel==1.2.4", True),
        ("refs/tags/v1.2.40", False),
        ("refs/tags/v11.2.4", False),
        ("refs/tags/v1.2.4.1", False),
        ("refs/tags/v1.2.4rc1", False),
        ("refs/tags/v1.2.4-post1", False),
        ("refs/heads/main", False),
    ],
)
def test_version_in_the_name_of_a_ref(ref: str, expected: bool) -> None:
    """A release commit belongs to the refs that name its version, in whatever form."""
    assert expected == program.names(ref, "1.2.4")


def test_release_commit_has_the_author_that_it_is_signed_off_by() -> None:
    """What messages and rules say of the author is what the program writes."""
    assert f"{plumbing.NAME} <{plumbing.EMAIL}>" == refs.AUTHOR


UNREADABLE = [
    (
        "fatal: could not read Username for 'https://h': terminal prompts disabled",
        False,
        Reason.NO_CREDENTIALS,
        "https://h/o/demo cannot be read: could not read Username for 'https://h': "
        "terminal prompts disabled",
    ),
    (
        "remote: Repository not found. / fatal: repository 'https://h/o/demo/' not found",
        True,
        Reason.NO_PERMISSION,
        "https://h/o/demo cannot be read: repository 'https://h/o/demo/' not found",
    ),
    (
        "fatal: unable to access 'https://h/o/demo/': Could not resolve host: h",
        False,
        Reason.NO_ANSWER,
        "https://h/o/demo cannot be read: unable to access 'https://h/o/demo/': "
        "Could not resolve host: h",
    ),
    (
        "fatal: \x1b[31mred",
        False,
        Reason.NO_ANSWER,
        "https://h/o/demo cannot be read: no answer, or asked to retry later",
    ),
]


@pytest.mark.parametrize(("printed", "credential", "reason", "seen"), UNREADABLE)
def test_remote_that_cannot_be_read(
    printed: str, credential: bool, reason: Reason, seen: str
) -> None:
    """A remote that cannot be read is named by its address, without what is before its host."""
    failed = ActFailed(FailureKind.BUSY, printed)
    found = refs.unreadable("https://name:secret@h/o/demo", failed, credential=credential)
    assert (reason, seen) == (found.reason, found.seen)


def standing_in(remote: Remote, checkout: Path) -> refs.RemoteRefs:
    """Look at a clone in its remote's place."""
    clone = Clone(remote, remote.root / f"of-{checkout.name}")
    clone("--local=yes", f"--checkout={checkout}", "clone")
    return refs.read(clone("--local=yes", f"--checkout={checkout}", "look"))


def test_branches_that_are_only_local_count_beside_those_of_the_remote(remote: Remote) -> None:
    """A clone shows the remote's branch where it has both, and its own where it has no other."""
    work = remote.root / "work"
    remote.git("commit", "--quiet", "--allow-empty", "-m", "Not pushed", cwd=work)
    remote.git("branch", "local", cwd=work)

    seen = standing_in(remote, work)

    own = remote.git("rev-parse", "local", cwd=work)
    assert {"refs/heads/main": remote.head(), "refs/heads/local": own} == seen.refs
    assert own != remote.head()
    assert "main" == seen.default


@pytest.mark.parametrize(
    ("kept", "expected"), [("refs/heads/", "main"), ("refs/remotes/origin/", "main")]
)
def test_a_clone_may_have_branches_of_one_kind_alone(
    remote: Remote, kept: str, expected: str
) -> None:
    """A clone whose HEAD names no branch has a base, be its branches its own or the remote's."""
    work = remote.root / "work"
    head = remote.head()
    remote.git("tag", "v1.2.3", cwd=work)
    remote.git("checkout", "--quiet", "--detach", cwd=work)
    for ref in remote.git("for-each-ref", "--format=%(refname)", cwd=work).splitlines():
        if not ref.startswith((kept, "refs/tags/")):
            remote.git("update-ref", "--no-deref", "-d", ref, cwd=work)

    seen = standing_in(remote, work)

    assert {"refs/heads/main": head, "refs/tags/v1.2.3": head} == seen.refs
    assert expected == seen.default


def test_release_commit_records_who_requested_it_and_how() -> None:
    """The trailers of run and request come back as they were written, and nowhere without them."""
    message = refs.journal_message("demo", "1.2.4", (), Asked("777", "--bump patch"))
    assert "Wheelwright-Run: 777\nWheelwright-Request: --bump patch\n" in message
    found = {"commit": "c", "parent": "p", "epoch_s": 1, "message": message}
    journal = refs.release_commit(found, "c")
    assert ("777", "--bump patch") == (journal.run, journal.request)
    assert "Wheelwright-Run" not in refs.journal_message("demo", "1.2.4")


def test_trailers_of_others_are_one_short_line() -> None:
    """Anyone may write them: what is not printable or too long is as good as missing."""
    message = f"Wheelwright-Run: {'x' * 201}\nWheelwright-Request: a\x1b[31m\n"
    journal = refs.release_commit(
        {"commit": "c", "parent": "p", "epoch_s": 1, "message": message}, "c"
    )
    assert ("", "") == (journal.run, journal.request)


def test_the_past_has_one_branch_and_no_later_tag(remote: Remote) -> None:
    """A copy at a commit shows the branch there, the tags that are kept, and fetches nothing."""
    work = remote.root / "work"
    first = remote.head()
    remote.git("tag", "v1.0.0", cwd=work)
    remote.git("tag", "-a", "-m", "Second", "v2.0.0", cwd=work)
    remote.git("commit", "--quiet", "--allow-empty", "-m", "Later", cwd=work)
    remote.git("push", "--quiet", "--tags", "origin", "HEAD:main", "HEAD:more", cwd=work)
    clone = remote.clone("clone")

    clone("past", "main", first, stdin="v2.0.0\n")
    seen = refs.read(clone("--frozen=yes", "look"))

    assert {"refs/heads/main": first, "refs/tags/v1.0.0": first} == seen.refs
    assert "main" == seen.default
