from pathlib import Path

import pytest

from digitdrop.files.mounts import remote_file_system

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:20 / /proc rw - proc proc rw
30 22 0:30 / /mnt/share rw - cifs //nas/scans rw
31 30 0:31 / /mnt/share/local rw - ext4 /dev/sdb1 rw
32 22 0:32 / /mnt/two\040words rw master:7 - nfs4 nas:/x rw
33 22 0:33 / /mnt/twice rw - ext4 /dev/sdc1 rw
34 22 0:34 / /mnt/twice rw - fuse.sshfs me@there: rw
""".strip()


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/home/me/inbox", None),
        ("/mnt/share", "cifs"),
        ("/mnt/share/inbox", "cifs"),
        ("/mnt/shares", None),
        ("/mnt/share/local/inbox", None),
        ("/mnt/two words/inbox", "nfs4"),
        ("/mnt/twice/inbox", "fuse.sshfs"),
        ("/", None),
    ],
)
def test_the_nearest_mount_decides_if_other_machines_may_write_to_a_folder(
    folder: str, kind: str | None, tmp_path: Path
) -> None:
    (tmp_path / "mountinfo").write_text(MOUNTS)

    assert remote_file_system(Path(folder), mounts=tmp_path / "mountinfo") == kind


def test_a_folder_of_this_machine_is_not_remote(tmp_path: Path) -> None:
    assert remote_file_system(tmp_path) is None
