import numpy as np

from digitdrop.explain import sheet
from digitdrop.inference.decision import judge
from digitdrop.values import NOT_A_DIGIT, Candidates, Thresholds

PAGE = np.full((50, 50), 255, np.uint8)
THRESHOLDS = Thresholds(temperature=1.0, ok=0.9, not_a_digit=0.5, several=0.5)


def test_the_frame_that_decided_is_shown_however_little_the_picture_spoke_for_it() -> None:
    frames = tuple(np.full((28, 28), level, np.uint8) for level in (11, 22, 77))
    said = np.full((3, 12), 0.001, np.float32)
    said[:2, NOT_A_DIGIT] = 0.989
    said[2, 9] = 0.989
    sight = Candidates(frames=frames, priors=(0.6, 0.3, 0.1))

    drawn = sheet(PAGE, sight, said, judge(sight, said, THRESHOLDS))

    shown = {level: int((drawn == level).all(axis=2).sum()) for level in (11, 22, 77)}
    assert shown[77] >= 28 * 28
    assert shown[22] == 0
