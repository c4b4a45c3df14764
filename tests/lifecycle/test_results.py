from symptomeme.domain.layout import task_paths
from symptomeme.domain.params import read_params
from symptomeme.domain.writing import write_json
from symptomeme.lifecycle.results import checked


def test_what_validate_counted_is_told_in_a_line_a_task(tmp_path, monkeypatch, request):
    params = read_params(request.config.rootpath / "profiles" / "sample.yaml")
    monkeypatch.chdir(tmp_path)
    by_check = {"long_text": 1, "conflicting_labels": 8, "leaked": 24, "other_language": 3}
    write_json(task_paths("depression").validation, {"memes": 530, "bad": 2, "by_check": by_check})
    assert checked(params) == [
        "depression: 530 memes checked, 2 put aside; 8 with conflicting labels, 24 leaked, 3 in another language"
    ]
