import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.training.windows import windows


@given(st.lists(st.integers(1, 6), min_size=1, max_size=5), st.integers(1, 4), st.integers(1, 5))
def test_windows_agree_with_a_naive_loop(lengths, n_obs, chunk):
    found = windows(lengths, n_obs, chunk)
    row, start = 0, 0
    for length in lengths:
        for t in range(length):
            assert list(found.history[row]) == [start + max(0, t - back) for back in reversed(range(n_obs))]
            assert list(found.future[row]) == [start + min(length - 1, t + ahead) for ahead in range(chunk)]
            assert list(found.padded[row]) == [t + ahead >= length for ahead in range(chunk)]
            row += 1
        start += length
    assert len(found.history) == len(found.future) == len(found.padded) == row


@pytest.mark.parametrize("lengths", [[], [3, 0]])
def test_windows_of_nothing_raise(lengths):
    with pytest.raises(ValueError, match="at least one frame"):
        windows(lengths, 1, 1)


def test_every_frame_has_its_own_action_unpadded():
    found = windows([4, 2], 2, 3)
    assert np.array_equal(found.future[:, 0], np.arange(6))
    assert not found.padded[:, 0].any()
