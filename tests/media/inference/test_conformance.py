"""One suite for all that is an ``Inference``."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from daylight.errors import InferenceFailed, UsageError
from daylight.media.inference.inline import InlineInference
from tests.media.inference.graphs import DOUBLING, worker


@pytest.fixture(params=["worker", "inline"])
def inference(request):
    if request.param == "inline":
        made = InlineInference(DOUBLING, lambda free, given: [given[0] * 2], i_am_a_test=True)
    else:
        made = worker()
    with made:
        yield made


def numbers(rows: int) -> np.ndarray:
    return np.arange(rows * 4, dtype=np.float32).reshape(rows, 4)


@pytest.mark.parametrize("rows", [1, 2, 1000])
def test_it_answers_in_the_shape_that_was_pinned(inference, rows):
    (found,) = inference.run([rows], [numbers(rows)])
    assert np.array_equal(found, numbers(rows) * 2)


def test_a_request_of_some_megabytes(inference):
    (found,) = inference.run([1 << 19], [numbers(1 << 19)])
    assert np.array_equal(found, numbers(1 << 19) * 2)


@pytest.mark.parametrize("free", [[0], [-1], [(1 << 20) + 1], [], [1, 1]])
def test_numbers_that_nobody_may_choose_are_refused(inference, free):
    with pytest.raises(ValueError):
        inference.run(free, [numbers(1)])


def test_arrays_of_another_shape_or_kind_are_refused(inference):
    for wrong in (numbers(2), numbers(1).astype(np.float64), numbers(1)[0]):
        with pytest.raises(ValueError):
            inference.run([1], [wrong])
    with pytest.raises(ValueError):
        inference.run([1], [numbers(1)] * 2)
    assert inference.run([1], [numbers(1)])[0].shape == (1, 4)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_no_answer(inference, odd):
    with pytest.raises(InferenceFailed, match="no number"):
        inference.run([1], [np.full((1, 4), odd, np.float32)])
    assert inference.run([1], [numbers(1)])[0][0, 3] == 6


def test_for_many_threads(inference):
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: inference.run([n], [numbers(n)])[0], range(1, 40)))
    assert [len(one) for one in found] == list(range(1, 40))
    assert all(np.array_equal(one, numbers(len(one)) * 2) for one in found)


def test_closed_is_closed(inference):
    inference.run([1], [numbers(1)])
    inference.close()
    inference.close()
    with pytest.raises(UsageError):
        inference.run([1], [numbers(1)])


def test_the_fake_is_for_tests_alone():
    with pytest.raises(UsageError):
        InlineInference(DOUBLING, lambda free, given: given)
