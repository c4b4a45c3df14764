import errno
import io
import os
import random
import stat
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest

from symptomeme.data import hostility
from symptomeme.data.archives import open_archive
from symptomeme.domain.errors import ArchiveError


def zip_of(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in members.items():
            packed.writestr(name, data)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(ArchiveError) as error, open_archive(path) as archive:
        for member in archive.members:
            member.read()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "memes.zip"


def test_a_zip_gives_its_files(path: Path) -> None:
    zip_of(path, **{"b/TR-2.jpg": b"two", "a.json": b"[]", "b/": b""})
    with open_archive(path) as archive:
        assert [(str(member.path), member.size, member.read()) for member in archive.members] == [
            ("a.json", 2, b"[]"),
            ("b/TR-2.jpg", 3, b"two"),
        ]
        assert archive.members[1].where == f"{path}/b/TR-2.jpg"
        assert archive.members[1].folders == ("memes", "b")


def test_a_folder_gives_its_files(tmp_path: Path) -> None:
    (tmp_path / "memes/b").mkdir(parents=True)
    (tmp_path / "memes/b/TR-2.jpg").write_bytes(b"two")
    with open_archive(tmp_path / "memes") as archive:
        assert [(str(member.path), member.read()) for member in archive.members] == [("b/TR-2.jpg", b"two")]


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_what_systems_leave_behind_is_no_member(tmp_path: Path, ending: str) -> None:
    junk = [
        ".DS_Store",
        "a/.DS_Store",
        "__MACOSX/a/._TR-1.jpg",
        "a/._TR-1.jpg",
        "a/Thumbs.db",
        ".ipynb_checkpoints/a.json",
    ]
    root = tmp_path / f"memes{ending}"
    if ending:
        zip_of(root, **dict.fromkeys([*junk, "a/TR-1.jpg"], b"x"))
    else:
        for name in [*junk, "a/TR-1.jpg"]:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(b"x")
    with open_archive(root) as archive:
        assert [str(member.path) for member in archive.members] == ["a/TR-1.jpg"]


@pytest.mark.parametrize(
    "name", ["../evil.jpg", "a/../../evil.jpg", "/etc/evil.jpg", "C:/evil.jpg", "..\\evil.jpg", "__MACOSX/../../evil"]
)
def test_paths_that_leave_the_archive_are_refused(path: Path, name: str) -> None:
    zip_of(path, **{"fine.jpg": b"x", name: b"x"})
    assert refusal(path) == f"{path}: member '{name}' has a path that leaves the archive; nothing was imported."


def test_control_characters_in_names_are_refused_and_not_printed(path: Path) -> None:
    zip_of(path, **{"a\x1b[2Jb.jpg": b"x"})
    assert refusal(path) == f"{path}: member 'a?[2Jb.jpg' has a control character in its name; nothing was imported."


@pytest.mark.parametrize("name", ["a/", "a\\", "./", ".\\"])
def test_folders_of_a_zip_are_no_files(path: Path, name: str) -> None:
    zip_of(path, **{"fine.jpg": b"x", name: b""})
    with open_archive(path) as archive:
        assert [str(member.path) for member in archive.members] == ["fine.jpg"]


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_are_refused(path: Path, kind: int) -> None:
    info = zipfile.ZipInfo("TR-1.jpg")
    info.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(info, "/etc/passwd")
    assert refusal(path).endswith(
        "'TR-1.jpg' is a link or device, only files and folders are taken; nothing was imported."
    )


def test_links_in_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret/TR-2.jpg").write_bytes(b"x")
    root = tmp_path / "memes"
    root.mkdir()
    (root / "TR-1.jpg").symlink_to(tmp_path / "secret/TR-2.jpg")
    (root / "inner").symlink_to(tmp_path / "secret")
    with open_archive(root) as archive:
        assert archive.members == []
        assert archive.links == [f"{root}/TR-1.jpg", f"{root}/inner"]


@pytest.mark.parametrize("name", ["", "b"])
def test_a_folder_that_may_not_be_read_is_refused(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "memes"
    (root / "b").mkdir(parents=True)
    (root / "a.json").write_bytes(b"[]")
    listed = os.scandir

    def scandir(folder: str) -> Any:  # as root may read all, the system is not asked
        if Path(folder) == root / name:
            raise PermissionError(errno.EACCES, "Permission denied", folder)
        return listed(folder)

    monkeypatch.setattr(os, "scandir", scandir)
    assert refusal(root) == f"{root / name}: cannot be read (Permission denied); nothing was imported."


def test_encrypted_members_are_refused(path: Path) -> None:
    zip_of(path, **{"TR-1.jpg": b"x"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert refusal(path).endswith("'TR-1.jpg' is encrypted; unpack it and give the folder; nothing was imported.")


def test_methods_without_a_bound_on_memory_are_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("TR-1.jpg", b"x" * 100)
    assert refusal(path).endswith(
        "is neither stored nor deflated; unpack it and give the folder; nothing was imported."
    )


def test_a_ratio_only_a_bomb_has_is_refused(path: Path) -> None:
    zip_of(path, **{"TR-1.jpg": bytes(2_000_000)})
    assert refusal(path).endswith("unpacks to over 200 times its size, as in a zip bomb; nothing was imported.")


def test_small_members_may_shrink_as_they_like(path: Path) -> None:
    zip_of(path, **{"flat.bmp": bytes(900_000)})
    with open_archive(path) as archive:
        assert len(archive.members[0].read()) == 900_000


@pytest.mark.parametrize("ending", ["", ".zip"])
def test_too_many_members_are_refused(tmp_path: Path, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostility, "MAX_MEMBERS", 3)
    root = tmp_path / f"memes{ending}"
    names = [f"{i}.jpg" for i in range(4)]
    if ending:
        zip_of(root, **dict.fromkeys(names, b"x"))
    else:
        root.mkdir()
        for name in names:
            (root / name).touch()
    assert refusal(root) == f"{root}: 4 members, at most 3 are taken; nothing was imported."


def test_too_many_bytes_are_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostility, "MAX_TOTAL", 10)
    zip_of(path, a=b"123456", b=b"123456")
    assert refusal(path) == f"{path}: 12 bytes unpacked, at most 10 are taken; nothing was imported."


def test_a_name_that_stands_there_twice_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a/b.jpg", b"1")
        packed.writestr("a//b.jpg", b"2")
    assert refusal(path).endswith("member 'a//b.jpg' stands in it twice; nothing was imported.")


def overlapping(data: bytes) -> bytes:
    """A zip whose 50 directory entries all point at the same 10 kB of packed bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as once:
        once.writestr("0000.jpg", data)
    whole = packed.getvalue()
    start, end = whole.index(b"PK\x01\x02"), whole.index(b"PK\x05\x06")
    entries = b"".join(whole[start:end].replace(b"0000", f"{i:04}".encode()) for i in range(50))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 50, 50, len(entries), start, 0)
    return whole[:start] + entries + tail


def test_members_that_overlap_are_refused(path: Path) -> None:
    path.write_bytes(overlapping(random.Random(0).randbytes(10_000)))
    assert refusal(path) == f"{path}: its members overlap, as in a zip bomb; nothing was imported."


def test_a_header_that_lies_about_the_size_gives_no_byte_more(path: Path) -> None:
    """Both headers say 1,000 bytes with their right checksum; the packed bytes unpack to 20 MB."""
    bomb = bytes(20_000_000)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = packer.compress(bomb) + packer.flush()
    sizes = struct.pack("<LLL", zlib.crc32(bomb[:1000]), len(packed), 1000)
    local = struct.pack("<4s5H", b"PK\x03\x04", 20, 0, 8, 0, 0) + sizes + struct.pack("<2H", 5, 0) + b"a.jpg"
    entry = struct.pack("<4s6H", b"PK\x01\x02", 20, 20, 0, 8, 0, 0) + sizes
    entry += struct.pack("<5H2L", 5, 0, 0, 0, 0, 0, 0) + b"a.jpg"
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry), len(local) + len(packed), 0)
    path.write_bytes(local + packed + entry + end)
    with open_archive(path) as archive:
        assert len(archive.members[0].read()) == 1000


def test_a_file_that_gives_more_bytes_than_declared_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "memes/a.jpg"
    file.parent.mkdir()
    file.write_bytes(b"12")
    with open_archive(file.parent) as archive:
        file.write_bytes(b"123")
        with pytest.raises(
            ArchiveError, match=r"memes/a\.jpg: gives more bytes than it declares; nothing was imported\.$"
        ):
            archive.members[0].read()


def test_what_is_no_archive_is_told(tmp_path: Path, path: Path) -> None:
    assert refusal(tmp_path / "gone.zip") == f"{tmp_path}/gone.zip: there is no such file or folder."
    path.write_bytes(b"no zip")
    told = f"{path}: no zip, or a corrupt one (BadZipFile); nothing was imported. Fetch it again."
    assert refusal(path) == told
    path.write_bytes(b"")
    assert refusal(path) == told


def test_a_cut_off_zip_is_corrupt(path: Path) -> None:
    zip_of(path, **{"a.jpg": random.Random(0).randbytes(3000)})
    path.write_bytes(path.read_bytes()[:2000])
    assert "corrupt" in refusal(path)


def test_bytes_that_changed_on_the_way_are_corrupt(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("a.jpg", b"meme" * 100)
    path.write_bytes(path.read_bytes().replace(b"mememe", b"memeMe", 1))
    assert refusal(path).startswith(f"{path}/a.jpg: no zip, or a corrupt one (BadZipFile)")


def test_mutated_zips_are_read_or_refused_in_one_line(path: Path) -> None:
    zip_of(path, **{f"a/TR-{i}.jpg": random.Random(i).randbytes(100) for i in range(5)})
    whole = path.read_bytes()
    rng = random.Random(0)
    refused = 0
    for _ in range(300):
        mutated = bytearray(whole)
        for _ in range(rng.randint(1, 6)):
            mutated[rng.randrange(len(mutated))] = rng.randrange(256)
        path.write_bytes(mutated[: rng.choice([len(mutated), len(mutated), rng.randrange(len(mutated))])])
        try:
            with open_archive(path) as archive:
                for member in archive.members:
                    member.read()
        except ArchiveError as error:
            refused += 1
            assert "\n" not in str(error)
    assert refused > 100
