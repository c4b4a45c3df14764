import pytest

from symptomeme.domain.errors import AnnotationError
from symptomeme.domain.labels import ANXIETY, DEPRESSION


@pytest.mark.parametrize(
    ("label", "nearest"),
    [
        ("restlessness", "Restlessness"),
        ("Restlesness", "Restlessness"),
        ("Lack of  worry\tcontrol", "Lack of Worry Control"),
        ("Lack_of_Worry_Control", "Lack of Worry Control"),
        ("Iritability", "Irritability"),
        ("Joy", None),
        ("Rest", None),
        ("", None),
    ],
)
def test_the_nearest_label(label, nearest):
    assert ANXIETY.nearest(label) == nearest


def test_a_misspelt_label_is_refused_with_the_one_that_was_meant():
    with pytest.raises(AnnotationError) as error:
        DEPRESSION.keep(["Feeling down"], where="train.json: TR-1")
    assert str(error.value) == (
        "train.json: TR-1: 'Feeling down' is not a class of RESTORE (did you mean 'Feeling Down'?); expected one of "
        "Lack of Interest, Feeling Down, Eating Disorder, Sleeping Disorder, Low Self-Esteem, Concentration Problem, "
        "Self-Harm (or, left out: Lack of Energy). Mend the annotation and import again."
    )


@pytest.mark.parametrize("label", ["Gloom", "cannot sleep again", "cannot sleep " * 700])
def test_a_label_like_no_known_one_is_told_by_its_length(label):
    with pytest.raises(AnnotationError) as error:
        DEPRESSION.keep([label], where="train.json: TR-1")
    assert str(error.value).startswith(
        f"train.json: TR-1: a label of {len(label)} characters is not a class of RESTORE; expected one of Lack of"
    )


def test_a_misspelt_label_is_cut_where_it_is_long():
    with pytest.raises(
        AnnotationError, match=r"'Feeling {53}' is not a class of RESTORE \(did you mean 'Feeling Down'"
    ):
        DEPRESSION.keep([f"Feeling{' ' * 9000}Down"], where="here")


def test_labels_spelt_as_the_raw_copies_do_are_left_out():
    assert ANXIETY.keep(["Irritatbily", "Restlessness"], where="here") == ["Restlessness"]
