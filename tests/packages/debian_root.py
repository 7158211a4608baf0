# SPDX-License-Identifier: ISC
"""A fresh Debian in a directory, and the packages built inside a copy of it.

    for release in debian_root.wanted():       # bookworm (Debian 12), trixie (13); RELEASE=trixie: that one
        root = debian_root.base(release)       # a directory, or raises sandbox.Unavailable
        packages = debian_root.built(root)     # builds twice, and once more; runs lintian; all that as a Build

Several tests may ask for both at once: the first one does the work, and as long as nothing in the tree
changes it is not done again. base() is made by debootstrap once and kept in build/packages/RELEASE; nothing is
ever changed in it, since what uses it works in an overlay. Packages come from the mirrors that apt of this
machine is configured with, of whatever release of Debian it is.
"""
import contextlib
import ctypes
import fcntl
import glob
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sandbox  # noqa: E402

RELEASES = ("bookworm", "trixie")
WORK = os.path.join(sandbox.PROJECT, "build", "packages")
AGE_S = 7 * 86400  # an older base is made again: its lists of packages name what mirrors have dropped
NEXT = "0.1.0+next"
AS_NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def text_of(command):
    return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def wanted():
    """The releases that are to be tried."""
    named = os.environ.get("RELEASE")
    return (named,) if named else RELEASES


def place(release, *names):
    """A path among what is kept of this release."""
    return os.path.join(WORK, release, *names)


def sources(release):
    """Lines for sources.list: Debian's own places of this release, where apt here has those of its own."""
    rows = text_of(["apt-get", "indextargets", "--format",
                    "$(ORIGIN) $(CODENAME) $(SITE) $(RELEASE) $(COMPONENT)", "Created-By: Packages"])
    found = []
    for row in rows.splitlines():
        origin, codename, site, named, component = row.split(" ")
        line = "deb " + " ".join([site, named.replace(codename.split("-")[0], release), component])
        if origin == "Debian" and line not in found:
            found.append(line)
    return found


def proxies():
    """Lines for apt.conf: what leads apt here to its mirrors."""
    rows = text_of(["apt-config", "dump"])
    return [row for row in rows.splitlines() if row.startswith(("Acquire::http::Proxy", "Acquire::https::Proxy"))]


def why_not(release):
    """The reason why there can be no fresh Debian of this release here, or None."""
    reason = sandbox.why_not()
    if not reason and not shutil.which("apt-get"):
        reason = "needs apt-get, and its mirrors"
    if not reason and not any(line.split()[2] == release for line in sources(release)):
        reason = "apt here is not configured with a mirror of Debian"
    return reason


@contextlib.contextmanager
def alone(release):
    """One test at a time in here."""
    os.makedirs(place(release), exist_ok=True)
    with open(place(release, "lock"), "w") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        yield


def base(release=RELEASES[0]):
    """The directory with the fresh Debian; see the top of this file."""
    reason = why_not(release)
    if reason:
        raise sandbox.Unavailable(reason)
    with alone(release):
        return _base(release)


def _base(release):
    root, stamp = place(release, "root"), place(release, "root.made")
    if os.path.exists(stamp) and time.time() - os.path.getmtime(stamp) < AGE_S:
        return root
    if not shutil.which("debootstrap"):
        sandbox.run(["apt-get", "install", "-y", "--no-install-recommends", "debootstrap"],
                    env=dict(os.environ, DEBIAN_FRONTEND="noninteractive"))
    if os.path.exists(stamp):
        os.unlink(stamp)
    shutil.rmtree(root, ignore_errors=True)
    mirror = next(line.split()[1] for line in sources(release) if line.split()[2] == release)
    proxy = [row.split('"')[1] for row in proxies() if row.startswith("Acquire::http::Proxy ")]
    try:
        sandbox.run(["debootstrap", "--variant=minbase", "--include=ca-certificates", release, root, mirror],
                    env=dict(os.environ, **({"http_proxy": proxy[0]} if proxy else {})))
        with open(root + "/etc/apt/sources.list", "w") as f:
            f.write("\n".join(sources(release)) + "\n")
        with open(root + "/etc/apt/apt.conf.d/90proxy", "w") as f:
            f.write("".join(row + "\n" for row in proxies()))
    except RuntimeError as error:
        raise sandbox.Unavailable("debootstrap could not make a Debian here: " + str(error)[-500:])
    with open(stamp, "w"):
        pass
    return root


def release_of(root):
    """The release of what base() gave."""
    return os.path.basename(os.path.dirname(root))


class Build:
    """What came of the builds: directories of packages, and lintian's words."""

    def __init__(self, root, facts):
        self.root, self.release = root, release_of(root)
        self.first, self.second, self.next = (place(self.release, n) for n in ("first", "second", "next"))
        self.lintian, self.lintian_code = facts["lintian"], facts["lintian_code"]
        self.tests, self.chroot, self.said = facts["tests"], facts["chroot"], facts["said"]

    def debs(self, folder, *names):
        """The .deb files of these packages, or of all but those with debugging symbols."""
        found = sorted(p for p in glob.glob(folder + "/*.deb") if "-dbgsym_" not in p)
        return [p for p in found if not names or os.path.basename(p).split("_")[0] in names]

    def digests(self, folder):
        """Name and digest of each file that has to be the same in every build."""
        return {os.path.basename(p): hashlib.sha256(open(p, "rb").read()).hexdigest()
                for p in glob.glob(folder + "/*.*") if p.endswith((".deb", ".dsc", ".tar.xz"))}


def needs(build, *names):
    """What these packages of ours depend on, besides each other."""
    found = []
    for path in build.debs(build.first, *names):
        for row in text_of(["dpkg-deb", "-f", path, "Depends"]).strip().split(", "):
            name = row.split(" ")[0]  # the first of alternatives
            if not name.startswith("gatepost") and name not in found:
                found.append(name)
    return found


def tree():
    """A digest of everything that a build sees."""
    names = text_of(["git", "-C", sandbox.PROJECT, "ls-files", "--cached", "--others", "--exclude-standard"]).split("\n")
    digest = hashlib.sha256()
    for name in sorted(filter(None, names)):
        try:
            with open(os.path.join(sandbox.PROJECT, name), "rb") as f:
                digest.update(name.encode() + b"\0" + hashlib.sha256(f.read()).digest())
        except OSError:
            pass  # removed, and not committed yet
    return digest.hexdigest() if len(names) > 1 else None


def built(root):
    """The packages of the tree as it stands; see the top of this file."""
    record = place(release_of(root), "built.json")
    with alone(release_of(root)):
        now = tree()
        if now and os.path.exists(record):
            with open(record) as f:
                facts = json.load(f)
            if facts["tree"] == now:
                return Build(root, facts)
            os.unlink(record)
        facts = dict(_build(root), tree=now)
        with open(record, "w") as f:
            json.dump(facts, f)
        return Build(root, facts)


def _build(root):
    """Builds in a copy of root: once as an administrator would (make deb), which also installs what that
    needs; once more without a network, with all tests, and everything else different that may differ; and
    the next version. Raises RuntimeError with the output when something fails."""
    top = tempfile.mkdtemp(prefix="gatepost-build.")
    try:
        done = subprocess.run(["unshare", "-m", sys.executable, os.path.abspath(__file__), root, top],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace")
    finally:
        os.rmdir(top)
    if done.returncode != 0:
        raise RuntimeError("the packages could not be built:\n" + done.stdout[-12000:])
    return json.loads(done.stdout.splitlines()[-1])


def _chroot(root, *command, net=True, **environment):
    """Runs a command inside, its output on ours; net: with the network of this machine."""
    inside = ["chroot", root, "env", "-C", sandbox.PROJECT] + ["%s=%s" % e for e in environment.items()]
    outside = [] if net else ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    return subprocess.run(outside + inside + list(command), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace")


def _must(done):
    print(done.stdout)
    if done.returncode != 0:
        sys.exit(1)
    return done.stdout


def _inside(root, top):
    """The work of _build(), in a mount namespace of its own."""
    ctypes.CDLL(None).prctl(1, 9)  # PR_SET_PDEATHSIG, SIGKILL
    release, debs = release_of(root), place(release_of(root), "debs")
    root = sandbox.mount_overlay(top, root, "6g")
    sandbox.apt_get(root, debs, "install", "make")
    for name in ("first", "second", "next"):
        shutil.rmtree(place(release, name), ignore_errors=True)
        os.makedirs(place(release, name))
    with open(root + "/etc/apt/apt.conf.d/99cache", "w") as f:
        f.write('Dir::Cache::archives "%s";\nAPT::Keep-Downloaded-Packages "true";\nAPT::Sandbox::User "root";\n' % debs)
    said = _must(_chroot(root, "make", "deb", "B=build/packages/%s/made" % release, DEB_BUILD_OPTIONS="nocheck"))
    made = place(release, "made", "deb")
    for path in glob.glob(made + "/*"):
        os.rename(path, place(release, "first", os.path.basename(path)))
    sandbox.apt_get(root, debs, "build-dep", sandbox.PROJECT)  # what tests need as well
    os.mkdir(root + "/var/tmp/elsewhere", 0o755)
    _must(_chroot(root, "sh", "-c", "umask 077; exec debian/build build/packages/%s/second" % release, net=False,
                  TMPDIR="/var/tmp/elsewhere", TZ="Pacific/Chatham", LC_ALL="C.UTF-8"))
    _must(_chroot(root, "debian/build", "build/packages/%s/next" % release, NEXT, DEB_BUILD_OPTIONS="nocheck"))
    sandbox.apt_get(root, debs, "install", "lintian")
    changes = glob.glob(place(release, "first", "*.changes"))[0]
    lintian = _chroot(root, *AS_NOBODY, "lintian", "--fail-on", "error,warning", "--pedantic", "-E", "-I",
                   "--tag-display-limit", "0", changes, HOME="/tmp", LC_ALL="C.UTF-8")
    with open(place(release, "second", "build.log"), errors="replace") as f:
        tests = [line.strip() for line in f if " passed, " in line and " failed, " in line][-1:]
    chroot = _installed(root, place(release, "first"))
    print(json.dumps({"lintian": lintian.stdout, "lintian_code": lintian.returncode, "tests": tests, "chroot": chroot,
                      "said": said}))


# what may not be left by a purge; each that is there is named
LEFT = "left=0; for d in /var/lib/gatepost /var/log/gatepost /var/spool/postfix /etc/gatepost /run/gatepost; do " \
       "[ ! -e $d ] || { echo \"the purge has left $d\"; left=1; }; done; exit $left"


def _installed(root, folder):
    """What is said when the packages are installed here, where no systemd runs, tried and purged."""
    debs = [p for p in glob.glob(os.path.join(folder, "gatepost*.deb"))
            if os.path.basename(p).startswith(("gatepost_", "gatepost-policyd_"))]
    said, code = "", 0
    for command in (["apt-get", "-q", "-y", "--no-install-recommends", "install"] + debs,
                    ["debian/tests/by-hand"], ["apt-get", "-q", "-y", "purge", "gatepost-policyd", "gatepost"],
                    ["sh", "-c", LEFT]):
        done = _chroot(root, *command, DEBIAN_FRONTEND="noninteractive")
        said, code = said + done.stdout, code or done.returncode
    return said + "chroot-code=%d\n" % code


if __name__ == "__main__":
    _inside(sys.argv[1], sys.argv[2])
