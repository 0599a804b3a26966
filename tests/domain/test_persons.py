"""A person grown from a face: around it, in the picture, at the same moments."""

from hypothesis import given

from daylight.domain.marks import WHOLE
from daylight.domain.persons import grown
from daylight.domain.tracks import Basis, Sort, Track
from tests.domain.test_track_blob import key


@given(key(7))
def test_it_holds_the_face_and_lies_in_the_picture(face):
    track = Track("face-12", Sort.FACE, (face,), (Basis.SEEN,), 0.7)
    person = grown(track)
    assert (person.name, person.sort, person.bases) == ("person-12", Sort.PERSON, track.bases)
    (body,) = person.keys
    assert body.at_us == face.at_us
    assert 0 <= body.left <= face.left
    assert 0 <= body.top <= face.top
    assert face.left + face.width <= body.left + body.width <= WHOLE
    assert face.top + face.height <= body.top + body.height <= WHOLE
