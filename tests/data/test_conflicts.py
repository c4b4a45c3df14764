from symptomeme.data.conflicts import conflicts

KEYS = ["train/TR-10", "train/TR-9", "test/TE-1", "val/VA-1"]
APART = ["a", "b", "c", "d"]


def test_same_words_with_other_labels_name_one_another():
    texts = ["No Sleep!", "no sleep", "NO  SLEEP", "no sleep either"]
    labels = [["Restlessness"], ["Restlessness"], ["Nervousness"], ["Nervousness"]]
    assert conflicts(KEYS, APART, texts, labels) == [
        ["test/TE-1"],
        ["test/TE-1"],
        ["train/TR-9", "train/TR-10"],
        [],
    ]


def test_the_same_picture_with_other_labels():
    found = conflicts(KEYS, ["a", "b", "a", "a"], ["one", "two", "three", "four"], [["x"], ["y"], ["y"], []])
    assert found == [["test/TE-1", "val/VA-1"], [], ["train/TR-10", "val/VA-1"], ["test/TE-1", "train/TR-10"]]


def test_pictures_without_words_do_not_say_the_same():
    assert conflicts(KEYS, APART, ["", "…", "", "?"], [["x"], ["y"], ["x"], ["y"]]) == [[], [], [], []]


def test_the_order_of_labels_does_not_count():
    assert conflicts(KEYS, APART, ["same"] * 4, [["x", "y"], ["y", "x"], ["x", "y"], ["x", "y"]]) == [[], [], [], []]
