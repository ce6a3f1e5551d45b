"""How a release that was made again is reported."""

from __future__ import annotations

import json
from dataclasses import replace

from wheelwright.release.decide.replay.building import Built
from wheelwright.release.decide.replay.closing import Facts
from wheelwright.release.decide.replay.comparing import Compared, Verdict
from wheelwright.release.decide.replay.replayed import Replayed, as_json, text

LOG = "# Changelog\n\n## Unreleased\n\n- A thing.\n"
RELEASED = LOG.replace("## Unreleased", "## 1.2.4 (2026-01-31)")
FACTS = Facts(
    name="teasel",
    version="1.2.4",
    before="1.2.3",
    tag=("1.2.4", "v1.2.4"),
    title=("Release teasel 1.2.4",) * 2,
    changelog="CHANGELOG.md",
    files=(
        Compared("CHANGELOG.md", LOG, RELEASED, RELEASED),
        Compared("docs/conf.py", 'v = "1.2.3"\n', 'v = "1.2.4"\n', 'v = "1.2.3"\n'),
    ),
)
REPLAYED = Replayed(
    commit="1" * 40,
    parent="0" * 40,
    request="--bump patch",
    facts=FACTS,
    notes="- A thing.",
    remarks=("tag v1.2.4",),
    built=(Built("teasel-1.2.4.tar.gz", Verdict.SAME),),
)

EXPECTED = """\
teasel 1.2.4 (commit 111111111111, made again on 000000000000)
  version  1.2.4: --bump patch of 1.2.3
  tag      v1.2.4; theirs: 1.2.4
  title    Release teasel 1.2.4: same
  heading  ## 1.2.4 (2026-01-31): same
  date     2026-01-31: same
  note     tag v1.2.4
  files
    CHANGELOG.md  same
    docs/conf.py  only theirs: version-files = ["docs/conf.py"]
      --- theirs
      +++ ours
      -v = "1.2.4"
      +v = "1.2.3"
  distributions
    teasel-1.2.4.tar.gz  same
  settings of [tool.wheelwright.release] that close differences
    tag = "{version}"
    version-files = ["docs/conf.py"]
  notes
    - A thing.
"""

REFUSED = """\
teasel 1.2.4 (no release commit, made again on 000000000000)
  version  1.2.4: --version 1.2.4, after 1.2.3
  refused  nothing to say
           write something
"""


def test_a_release_that_was_made_again_is_reported_whole() -> None:
    """Version, tag, title, heading, date, files with differences, settings and notes."""
    assert EXPECTED == text([REPLAYED])


def test_a_release_that_would_be_refused_is_reported_by_its_reason() -> None:
    """The request and the reason are there, and several releases end with a count."""
    refused = replace(
        REPLAYED,
        commit="",
        request="--version 1.2.4",
        facts=replace(FACTS, files=()),
        refused="nothing to say\nwrite something",
    )
    counted = "1 of 2 would be made, 0 with the same files\n"
    assert f"{EXPECTED}\n{REFUSED}\n{counted}" == text([REPLAYED, refused])


def test_texts_of_others_cannot_act_on_a_terminal() -> None:
    """Escape sequences and commands of a CI server are taken out of each text."""
    mean = "\x1b[31mred\n::error::x\r"
    files = (Compared(f"a{mean}", None, mean, None),)
    facts = replace(FACTS, title=(mean, mean), files=files)
    shown = text([replace(REPLAYED, facts=facts, notes=mean, remarks=(mean,), refused=mean)])
    assert "\x1b" not in shown
    assert "\r" not in shown
    assert [] == [line for line in shown.splitlines() if line.lstrip().startswith("::")]


def test_programs_get_every_field() -> None:
    """JSON has the same, with each difference."""
    (found,) = json.loads(as_json([REPLAYED]))
    assert {"theirs": "1.2.4", "ours": "v1.2.4"} == found["tag"]
    assert ["tag", "version-files"] == [each["key"] for each in found["settings"]]
    assert {"CHANGELOG.md": "same", "docs/conf.py": "only theirs"} == {
        each["path"]: each["verdict"] for each in found["files"]
    }
