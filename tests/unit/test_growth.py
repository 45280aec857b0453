"""The helper of the tests of linear time sees quadratic time."""

from tests.support.growth import is_linear, repeated


def _count(size: int) -> int:
    return sum(1 for _ in range(size))


def test_quadratic_time_is_not_linear() -> None:
    assert is_linear(lambda size: _count(20 * size), 14_000)
    assert not is_linear(lambda size: _count(size * size // 20), 14_000)


def test_a_text_has_just_the_size_asked_for() -> None:
    assert repeated("abc", 7) == "abcabca"
