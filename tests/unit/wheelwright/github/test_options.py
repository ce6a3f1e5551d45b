"""What decides about `workflows`: an option, the package's table, the repository, a default."""

from dataclasses import replace

import pytest

from wheelwright.errors import RequestError
from wheelwright.github.calls import Engine
from wheelwright.github.options import Choices, Options, branch, choose, engine, forge
from wheelwright.project.github_settings import GitHubSettings
from wheelwright.repository.existing import Workflow, read
from wheelwright.repository.facts import Found, Repository
from wheelwright.repository.pipeline import Pipeline

MAIN = Found("main", "refs/remotes/origin/HEAD")
UPLOAD = "on: release\njobs:\n  a:\n    steps:\n      - run: uv publish\n"


def chosen(
    *workflows: Workflow,
    options: Options | None = None,
    settings: GitHubSettings | None = None,
    audited: bool = True,
) -> Choices:
    """Decide for a repository with these workflows."""
    found = Repository(MAIN, workflows=workflows)
    return choose(options or Options(), settings or GitHubSettings(), found, audited=audited)


def foreign(name: str, text: str = "name: x\non: push\njobs: {}\n") -> Workflow:
    """Return a workflow that a person wrote."""
    return read(f".github/workflows/{name}", text)


def ours(name: str) -> Workflow:
    """Return a workflow with a block."""
    return foreign(name, "# >>> wheelwright: x\nname: y\n# <<< wheelwright\n")


def test_option_is_before_the_table_before_the_default() -> None:
    """Each of them decides where nothing before it does."""
    table = GitHubSettings(engine="stiletto", branch="trunk", environment="index", index="forge")
    flags = Options(engine="dagger", branch="next", environment="shop", index="test")

    assert Choices(environment="shop", index="test") == chosen(options=flags, settings=table)
    assert Choices(engine=Engine.STILETTO, environment="index", index="forge") == chosen(
        settings=table
    )
    assert Choices() == chosen()
    assert [
        Found("next", "--branch"),
        Found("trunk", "[tool.wheelwright.github] branch"),
        None,
    ] == [
        branch(flags, table),
        branch(Options(), table),
        branch(Options(), GitHubSettings()),
    ]
    assert Engine.STILETTO == engine(Options(), table, Repository())


def test_engine_is_that_of_an_earlier_call() -> None:
    """Files that are there decide before the default, and after the option and the table."""
    text = "# >>> wheelwright\n# kernel.apparmor_restrict_unprivileged_userns\nname: y\n"
    before = Repository(workflows=(foreign("ci.yml", text),))
    theirs = Repository(workflows=(foreign("ci.yml", text.replace("# >>>", "#")),))

    assert [Engine.STILETTO, Engine.DAGGER, Engine.DAGGER, Engine.DAGGER] == [
        engine(Options(), GitHubSettings(), before),
        engine(Options(engine="dagger"), GitHubSettings(), before),
        engine(Options(), GitHubSettings(engine="dagger"), before),
        engine(Options(), GitHubSettings(), theirs),
    ]


def test_option_that_cannot_be_is_refused() -> None:
    """A pattern in place of a branch, and an engine that does not exist."""
    with pytest.raises(RequestError, match=r"--branch: invalid branch name 'ma\*n'"):
        branch(Options(branch="ma*n"), GitHubSettings())
    with pytest.raises(RequestError, match='unknown engine "docker"'):
        engine(Options(engine="docker"), GitHubSettings(), Repository())


def test_odd_environment_is_refused() -> None:
    """A name that no environment has is refused with its flag."""
    with pytest.raises(RequestError, match="--environment: invalid environment name"):
        chosen(options=Options(environment='a"b'))


def test_unknown_branch_is_never_guessed() -> None:
    """Where nothing says the default branch, the error has the reason and both ways to say it."""
    found = Repository(Found("", "HEAD is not on a branch"))
    with pytest.raises(RequestError, match=r"not known: HEAD is not on a branch; pass --branch"):
        choose(Options(), GitHubSettings(), found)


@pytest.mark.parametrize(
    ("workflows", "files"),
    [
        ([foreign("ci.yml")], {"ci": "wheelwright-ci.yml"}),
        ([foreign("ci.yaml")], {"ci": "wheelwright-ci.yml"}),
        (
            [foreign("ci.yml"), foreign("wheelwright-ci.yml")],
            {"ci": "wheelwright-ci-2.yml"},
        ),
        ([foreign("ci.yml"), ours("wheelwright-ci.yml")], {"ci": "wheelwright-ci.yml"}),
        ([ours("wheelwright-ci.yml")], {"ci": "wheelwright-ci.yml"}),
        ([ours("ci.yml"), foreign("ci.yaml")], {}),
        ([foreign("tests.yml")], {}),
    ],
)
def test_file_of_a_person_keeps_its_name(workflows: list[Workflow], files: dict[str, str]) -> None:
    """Ours gets another name, keeps it at the next call, and none that is taken, too."""
    assert files == chosen(*workflows).files


def test_file_is_named_by_the_table() -> None:
    """`files` names a file; where a person's has that name, another one is taken."""
    table = GitHubSettings(files={"ci": "checks.yml"})

    assert {"ci": "checks.yml"} == chosen(settings=table).files
    assert {"ci": "wheelwright-checks.yml"} == chosen(foreign("checks.yml"), settings=table).files


def test_name_of_a_workflow_is_its_own() -> None:
    """A workflow is not named as one of a person: their runs would be of one group."""
    assert {"ci": "wheelwright-ci"} == chosen(foreign("tests.yml", "name: CI\non: push\n")).names


def test_overwrite_takes_the_usual_names() -> None:
    """With --overwrite a person's file of the name is replaced."""
    assert {} == chosen(foreign("ci.yml"), options=Options(overwrite=True)).files


def test_publisher_that_is_there_stays_the_only_one() -> None:
    """A workflow that uploads leaves ours unwritten, unless the table says who does."""
    theirs, table = foreign("upload.yml", UPLOAD), GitHubSettings(publish="release")

    assert ["theirs", "release"] == [
        chosen(theirs).publish,
        chosen(theirs, settings=table).publish,
    ]


def test_audit_is_left_out_where_nothing_is_pinned() -> None:
    """Without a lock there is nothing to look up; an audit.yml that is there stays."""
    assert ("audit",) == chosen(audited=False).without
    assert () == chosen(ours("audit.yml"), audited=False).without


def test_renovate_takes_the_place_of_dependabot() -> None:
    """Two programs that update the same dependencies would compete."""
    found = Repository(MAIN, renovate="renovate.json")
    assert ("dependabot",) == choose(Options(), GitHubSettings(), found).without


def test_reusable_workflow_stays_reusable() -> None:
    """A second call without --reusable does not take away what others call."""
    assert chosen(ours("wheelwright.yml")).reusable


def test_engine_of_gitlab_is_the_embedded_one() -> None:
    """Where nobody chose, and no pipeline of an earlier call has another one."""
    on_gitlab = Repository(remote="https://gitlab.com/a/b.git")
    before = Pipeline(".gitlab-ci.yml", ours=True, engine="dagger")

    assert [Engine.STILETTO, Engine.DAGGER, Engine.DAGGER] == [
        engine(Options(), GitHubSettings(), on_gitlab),
        engine(Options(), GitHubSettings(), replace(on_gitlab, pipelines=(before,))),
        engine(Options(forge="github"), GitHubSettings(), on_gitlab),
    ]


def test_forge_is_decided_by_option_table_and_remote() -> None:
    """In this order, each with its place; another name is refused."""
    on_gitlab = Repository(remote="https://gitlab.com/a/b.git")
    table = GitHubSettings(forge="github")

    assert [
        Found("gitlab", "--forge"),
        Found("github", "[tool.wheelwright.github] forge"),
        Found("gitlab", "the remote on gitlab.com"),
    ] == [
        forge(Options(forge="gitlab"), table, Repository()),
        forge(Options(), table, on_gitlab),
        forge(Options(), GitHubSettings(), on_gitlab),
    ]
    with pytest.raises(RequestError, match='unknown --forge "gitlob"'):
        forge(Options(forge="gitlob"), GitHubSettings(), on_gitlab)


def test_jobs_of_the_matrix_are_chosen_like_everything() -> None:
    """An option is before the table; a number of shards implies jobs for them, and the history."""

    def seen(options: Options, settings: GitHubSettings) -> tuple[str, int, bool]:
        made = chosen(options=options, settings=settings)
        return made.jobs, made.shards, made.history

    table = GitHubSettings(jobs="cells", shards=4)
    assert ("one", 0, False) == seen(Options(), GitHubSettings())
    assert ("cells", 0, False) == seen(Options(jobs="cells"), GitHubSettings())
    assert ("cells", 3, True) == seen(Options(shards=3), GitHubSettings())
    assert ("cells", 4, True) == seen(Options(), table)
    assert ("cells", 4, True) == seen(Options(), GitHubSettings(shards=4))
    assert ("cells", 2, True) == seen(Options(shards=2), table)
    assert ("one", 0, False) == seen(Options(jobs="one"), table)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (Options(jobs="many"), 'unknown jobs "many"; choose from one, cells'),
        (Options(shards=257), "--shards must be 1 to 256, not 257"),
        (Options(shards=-1), "--shards must be 1 to 256, not -1"),
        (Options(jobs="one", shards=2), "--shards needs --jobs cells"),
    ],
)
def test_jobs_that_cannot_be_are_refused(options: Options, message: str) -> None:
    """The error names the option and what it may be."""
    with pytest.raises(RequestError) as caught:
        chosen(options=options)
    assert message in str(caught.value)
