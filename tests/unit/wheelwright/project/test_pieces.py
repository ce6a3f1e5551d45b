"""Which pieces of a directory make up a part of it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from wheelwright.project import pieces
from wheelwright.project.pieces import Made, Piece, plan

EVERY = ("README.md", "src/", "src/pkg/", "src/pkg/__init__.py", "src/pkg/data/", "src/pkg/data/a")


def test_everything_is_one_piece() -> None:
    """Then the directory is taken as it is."""
    assert Piece("", is_directory=True) == plan(EVERY, EVERY)


def test_what_has_something_left_out_is_made_of_pieces() -> None:
    """And only that: what is kept whole is taken whole."""
    kept = set(EVERY) - {"src/pkg/data/", "src/pkg/data/a"}
    inner = Made({"__init__.py": Piece("src/pkg/__init__.py", is_directory=False)})
    expected = Made(
        {
            "README.md": Piece("README.md", is_directory=False),
            "src": Made({"pkg": inner}),
        }
    )
    assert expected == plan(EVERY, kept)


def test_a_directory_inside_is_taken_whole() -> None:
    """Also where what is around it is not kept."""
    expected = Made(
        {"src": Made({"pkg": Made({"data": Piece("src/pkg/data", is_directory=True)})})}
    )
    assert expected == plan(EVERY, {"src/pkg/data/", "src/pkg/data/a"})


def test_an_empty_source_has_no_pieces() -> None:
    """Nothing given, and nothing kept."""
    assert Made({}) == plan((), ())
    assert Made({}) == plan(EVERY, ())


def test_an_empty_directory_is_a_piece_if_it_is_kept() -> None:
    """It counts for the digest of a step."""
    every = ("a", "empty/", "none/")
    assert Made(
        {"a": Piece("a", is_directory=False), "empty": Piece("empty", is_directory=True)}
    ) == plan(every, {"a", "empty/"})


def test_a_directory_that_was_not_listed_is_never_whole() -> None:
    """There may be more in it than the names that are known."""
    assert Made({"a": Made({"b": Piece("a/b", is_directory=False)})}) == plan(["a/b"], ["a/b"])


def test_a_directory_of_very_many_pieces_is_one_with_patterns() -> None:
    """Each piece is a request: the limit is high, and holds below the root."""
    names = [f"pkg/m{number}.py" for number in range(pieces.PIECES_MAX + 1)]
    every = ["pkg/", "pkg/lib*.so", *names]
    expected = Made({"pkg": Piece("pkg", is_directory=True, excluded=("lib\\*.so",))})
    assert expected == plan(every, names)


def test_what_cannot_be_named_is_taken_with_what_is_around_it() -> None:
    """A name that is not UTF-8 reaches nobody as it is."""
    every = ["a.py", "d/", "d/b\ufffd", "d/gone"]
    expected = Made(
        {
            "a.py": Piece("a.py", is_directory=False),
            "d": Piece("d", is_directory=True, excluded=("gone",)),
        }
    )
    assert expected == plan(every, ["a.py", "d/", "d/b\ufffd"])
    root = plan(["b\ufffd", "gone"], ["b\ufffd"])
    assert Piece("", is_directory=True, excluded=("gone",)) == root


@given(st.data())
def test_pieces_are_exactly_what_is_kept(data: st.DataObject) -> None:
    """Each kept file is in one piece, and no other file is in any."""
    part = st.sampled_from(["a", "b", "c"])
    files = data.draw(st.sets(st.lists(part, min_size=1, max_size=4).map("/".join), max_size=12))
    files = {one for one in files if not any(other.startswith(f"{one}/") for other in files)}
    parents = {
        "/".join(one.split("/")[:count]) + "/"
        for one in files
        for count in range(1, one.count("/") + 1)
    }
    kept = data.draw(st.sets(st.sampled_from(sorted(files)))) if files else set()
    found = plan(files | parents, kept | parents)
    every = [found] if isinstance(found, Piece) else list(found.pieces)

    def covering(name: str) -> list[Piece]:
        return [
            piece
            for piece in every
            if piece.path in ("", name)
            or (piece.is_directory and name.startswith(f"{piece.path}/"))
        ]

    assert {name: int(name in kept) for name in files} == {
        name: len(covering(name)) for name in files
    }
