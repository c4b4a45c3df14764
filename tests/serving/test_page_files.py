"""The files of the page, without a service."""

from starlette.testclient import TestClient

from symptomeme.serving.page import FOLDER, POLICY, page


def test_files_are_kept_by_their_etag_and_other_paths_are_left_alone() -> None:
    client = TestClient(page())
    first = client.get("/")
    assert (first.headers["content-security-policy"], first.headers["cache-control"]) == (POLICY, "no-cache")
    for path in ("/", "/page/page.js", "/page/samples/cursor.jpg"):
        etag = client.get(path).headers["etag"]
        assert client.get(path, headers={"if-none-match": etag}).status_code == 304
    assert [client.get(path).status_code for path in ("/other", "/page/other", "/page/../page.py")] == [404] * 3
    assert {f"page/samples/{file.name}" for file in FOLDER.glob("samples/*")} == {
        part.partition('"')[0] for part in first.text.split('data-sample="')[1:]
    }
