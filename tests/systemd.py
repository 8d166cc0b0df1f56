"""A real systemd for one test module: process 1 of namespaces of its own, with nothing in it but the journal and our unit.

It shares the network and the file system with the machine, but has processes, mounts, control groups, ``/run``, ``/opt``, ``/var/lib``
and all places in ``/etc`` where we are installed of its own. It must not know what is tested. Whoever uses it marks the test with ``pytest.mark.systemd``: skipped where
root, systemd or such namespaces are not to be had.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parent.parent
SYSTEMD = Path("/lib/systemd/systemd")
SHIPPED = Path("/lib/systemd/system")
PYTHON = Path("/usr/bin/python3")  # one that the unit's sandbox can see, as in a real installation
GROUPS = Path("/sys/fs/cgroup")
DROP_INS = (Path("/etc/modules-load.d"), Path("/etc/udev/rules.d"))
PLACES = (Path("/etc/han-gateway"), DROP_INS[0], DROP_INS[1].parent, DROP_INS[1])
"""What is mounted over; what this machine does not have is made for the time of the test."""

# What a machine needs to come up, and no more: nobody here loads modules, sets clocks or mounts disks.
NEEDED = [
    "sysinit",
    "basic",
    "multi-user",
    "sockets",
    "paths",
    "slices",
    "timers",
    "shutdown",
    "umount",
    "final",
    "local-fs",
    "swap",
]
NEEDED += ["network-online", "network", "time-sync", "remote-fs", "exit"]
JOURNAL = ("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket")

# In new mount, process, IPC and control group namespaces. $1 is the test's folder, $2 this project, $3 its site-packages.
INSIDE = f"""set -e
mount --make-rprivate / && mount --make-rshared /
mount -t proc proc /proc && mount --bind /proc/sys /proc/sys && mount -o remount,ro,bind /proc/sys
mount -t tmpfs -o mode=755 tmpfs /run
if [ -d {GROUPS}/systemd ]; then
    umount -R {GROUPS} && mount -t tmpfs -o mode=755 tmpfs {GROUPS}
    for group in cpu cpuacct memory devices pids; do mkdir {GROUPS}/$group && mount -t cgroup -o $group cgroup {GROUPS}/$group; done
    mkdir {GROUPS}/systemd && mount -t cgroup -o none,name=systemd cgroup {GROUPS}/systemd
    mkdir {GROUPS}/unified && mount -t cgroup2 cgroup2 {GROUPS}/unified
else
    umount -R {GROUPS} && mount -t cgroup2 cgroup2 {GROUPS}
fi
mount -t tmpfs -o mode=755 tmpfs /opt && {PYTHON} -m venv --without-pip /opt/han-gateway
mkdir /opt/packages && mount --bind "$3" /opt/packages && mount -o remount,ro,bind /opt/packages
mkdir /opt/han-gateway/app && cp -r "$2/han_gateway" "$2/dlms" /opt/han-gateway/app/
printf '%s\\n' '#!/opt/han-gateway/bin/python3' 'import sys' 'sys.path[:0] = ["/opt/han-gateway/app", "/opt/packages"]' \\
    'from han_gateway.cli import main' 'sys.exit(main())' > /opt/han-gateway/bin/han-gateway
chmod 755 /opt/han-gateway/bin/han-gateway
mount --bind "$1/etc" /etc/han-gateway && mount --bind "$1/units" /etc/systemd/system
mkdir "$1/lib" && mount --bind "$1/lib" /var/lib && mount -t tmpfs tmpfs /var/log
for folder in {" ".join(map(str, DROP_INS))}; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
exec env -i PATH="$PATH" container=other SYSTEMD_UNIT_PATH=/etc/systemd/system SYSTEMD_GENERATOR_PATH=/none \\
    {SYSTEMD} --system --unit=multi-user.target --show-status=no
"""


def missing() -> str | None:
    """Why there can be no systemd here, or None."""
    if os.geteuid() != 0 or not all(path.exists() for path in (SYSTEMD, SHIPPED)):
        return "no root, or no systemd"
    if not os.access(next(path for path in (GROUPS / "systemd", GROUPS) if path.is_dir()), os.W_OK):
        return "control groups cannot be made here"
    version = subprocess.run([PYTHON, "-c", "import sys, venv; print(sys.version_info[1])"], capture_output=True, check=False)
    if version.stdout.strip() != b"%d" % sys.version_info.minor:
        return f"{PYTHON} is another Python than ours, or has no venv"
    spaces = ["unshare", "--mount", "--pid", "--fork", "--ipc", "--cgroup", "mount", "-t", "tmpfs", "tmpfs", "/opt"]
    tried = subprocess.run(spaces, capture_output=True, check=False)
    return tried.stderr.decode().strip() if tried.returncode else None


class Systemd:
    """``with Systemd(folder) as manager:`` ``manager.etc`` is /etc/han-gateway inside, ``manager.units`` where units are read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.etc = folder / "etc"
        self.units = folder / "units"
        self._name = f"han-gateway-test-{os.getpid()}-{folder.name}"
        self._process: subprocess.Popen[bytes] | None = None
        self._init = ""

    def run(self, *command: str, check: bool = True) -> str:
        """What a command says inside."""
        inside = ["nsenter", "-t", self._init, "-a", *command]
        done = subprocess.run(inside, capture_output=True, text=True, timeout=60, check=False)
        assert not check or done.returncode == 0, (
            f"{command}: {done.stdout}{done.stderr}\n{self.journal('_TRANSPORT=stdout', '_TRANSPORT=journal')}"
        )
        return done.stdout + done.stderr

    def show(self, unit: str, name: str) -> str:
        """One property of a unit."""
        return self.run("systemctl", "show", "--value", "-p", name, unit).strip()

    def journal(self, *which: str) -> str:
        """Lines of the journal, without their times."""
        return self.run("journalctl", "--no-pager", "-o", "cat", *which, check=False)

    def __enter__(self) -> Self:
        self.folder.chmod(0o755)
        self.etc.mkdir()
        (self.units / "sysinit.target.wants").mkdir(parents=True)
        for unit in (*(f"{name}.target" for name in NEEDED), *JOURNAL):
            shutil.copy(SHIPPED / unit, self.units)
        for unit in JOURNAL:
            (self.units / "sysinit.target.wants" / unit).symlink_to(f"../{unit}")
        self._made = [path for path in PLACES if not path.exists()]
        for path in self._made:
            path.mkdir()
        groups = [GROUPS / name for name in ("cpu", "cpuacct", "memory", "devices", "pids", "systemd", "unified")]
        self._groups = [group / self._name for group in groups if group.is_dir()] or [GROUPS / self._name]
        enter = "; ".join(f"mkdir -p {group} && echo $$ > {group}/cgroup.procs" for group in self._groups)
        spaces = "exec unshare --mount --pid --fork --kill-child --ipc --cgroup bash -c"
        script = f'{enter}; {spaces} "$INSIDE" inside "$@"'
        packages = sysconfig.get_path("purelib")
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["bash", "-c", script, "outside", str(self.folder), str(ROOT), packages],
                env=os.environ | {"INSIDE": INSIDE},
                stdout=log,
                stderr=log,
            )
        try:
            self._wait(self._process.pid)
        except BaseException:
            self._end()
            raise
        return self

    def _wait(self, pid: int) -> None:
        children = Path(f"/proc/{pid}/task/{pid}/children")
        for _ in range(300):
            assert self._process is not None
            assert self._process.poll() is None, (self.folder / "log").read_text()
            self._init = children.read_text().split(" ")[0]
            if _is_systemd(self._init) and self.run("systemctl", "is-system-running", check=False).strip() == "running":
                return
            time.sleep(0.05)
        raise TimeoutError((self.folder / "log").read_text())

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()

    def _end(self) -> None:
        assert self._process is not None
        self._process.kill()  # and with it, --kill-child, process 1 and all of its namespace
        self._process.wait()
        for group in self._groups:
            for inner in sorted((path for path in group.rglob("*") if path.is_dir()), key=lambda path: -len(path.parts)):
                _remove(inner)
            _remove(group)
        for path in reversed(self._made):
            _remove(path)


def _is_systemd(pid: str) -> bool:
    """Before systemd there are other processes, which come and go."""
    try:
        return bool(pid) and Path(f"/proc/{pid}/exe").resolve() == SYSTEMD.resolve()
    except FileNotFoundError:
        return False


def _remove(folder: Path) -> None:
    """A control group can be removed as soon as the last process has really gone."""
    for _ in range(100):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.02)
        else:
            return
