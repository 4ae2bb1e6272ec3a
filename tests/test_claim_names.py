import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitdrop.intake.claim_names import name_of, place_for

PARTS = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=60)
NAMES = (
    st.one_of(
        st.lists(PARTS.filter(lambda part: not part.startswith(".")), min_size=1, max_size=90),
        st.integers(min_value=1, max_value=1_900).map(lambda depth: ["d"] * depth),
        st.lists(st.sampled_from(["~", ".deep", "!", "!t", "!e", "..."]), min_size=1, max_size=90),
    )
    .map("/".join)
    .filter(lambda name: not name.startswith("."))
)


@given(NAMES)
def test_a_name_is_had_back_from_where_the_file_lies_in_hand(name: str) -> None:
    place = place_for(name)

    assert name_of(place) == name
    assert place.split("/")[-1] == name.rsplit("/", maxsplit=1)[-1]


@given(NAMES)
def test_no_name_in_hand_is_too_long_or_leads_elsewhere(name: str) -> None:
    parts = place_for(name).split("/")

    assert all(part not in {"", ".", ".."} for part in parts)
    assert all(len(part.encode()) <= 255 for part in parts)


@pytest.mark.parametrize("depth", [40, 500, 1_900])
def test_a_deep_name_takes_few_folders_in_hand(depth: int) -> None:
    place = place_for("d/" * depth + "7.png")

    assert place.count("/") <= 2 + depth // 30


def test_two_names_never_lie_in_one_place() -> None:
    deep = "d/" * 40
    names = [deep + "7.png", deep.replace("/", "~") + "/7.png", "~/" * 20 + deep + "7.png"]

    assert len({place_for(name) for name in names}) == len(names)
