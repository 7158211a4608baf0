# SPDX-License-Identifier: ISC
"""The packages for Fedora and RHEL, built here: what they hold is what the table says, and it works when
it is installed, upgraded and removed. In a throwaway machine, with Debian's rpm; what that cannot show
(a Fedora, SELinux) rpm/README.rpm says."""
import ctypes
import glob
import grp
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "support"))
import sandbox  # noqa: E402
import world  # noqa: E402
from world import equal, holds  # noqa: E402

TOOLS = ["rpm", "rpmlint", "debugedit", "elfutils", "binutils"]
OUT = os.path.join(sandbox.PROJECT, "build", "rpm")
VERSION = re.search(r"^VERSION = (\S+)$", open(os.path.join(sandbox.PROJECT, "Makefile")).read(), re.M).group(1)
LIB = "/usr/lib64/gatepost"
DOC = "/usr/share/doc/gatepost"
LICENSES = "/usr/share/licenses/gatepost"
FOLDER, FILE, PROGRAM = "drwxr-xr-x", "-rw-r--r--", "-rwxr-xr-x"

# What each package holds: mode, owner and group, flags of rpm (c: configuration, n: noreplace, d: documentation,
# l: licence), path.
FILES = {
    "gatepost": """
        drwxr-xr-x root:root         - /etc/gatepost
        drwxr-xr-x root:root         - /etc/gatepost/conf.d
        -rw-r--r-- root:root        cn /etc/gatepost/gatepost.conf
        -rwxr-xr-x root:root         - /usr/bin/gatepost
        -rw-r--r-- root:root         - /usr/share/bash-completion/completions/gatepost
        -rw-r--r-- root:root         - /usr/share/zsh/site-functions/_gatepost
        drwxr-xr-x root:root         - DOC
        -rw-r--r-- root:root         d DOC/README
        -rw-r--r-- root:root         d DOC/README.rpm
        drwxr-xr-x root:root         - DOC/apparmor
        -rw-r--r-- root:root         d DOC/apparmor/usr.sbin.gatepost-policyd
        drwxr-xr-x root:root         - DOC/fail2ban
        drwxr-xr-x root:root         - DOC/fail2ban/filter.d
        -rw-r--r-- root:root         d DOC/fail2ban/filter.d/gatepost-policyd.conf
        drwxr-xr-x root:root         - DOC/fail2ban/jail.d
        -rw-r--r-- root:root         d DOC/fail2ban/jail.d/gatepost-policyd.conf
        -rw-r--r-- root:root         d DOC/gatepost-large.conf
        -rw-r--r-- root:root         d DOC/gatepost-lists.conf
        -rw-r--r-- root:root         d DOC/gatepost-minimal.conf
        -rw-r--r-- root:root         d DOC/gatepost-redis.conf
        drwxr-xr-x root:root         - DOC/logcheck
        -rw-r--r-- root:root         d DOC/logcheck/gatepost-policyd
        drwxr-xr-x root:root         - DOC/logrotate
        -rw-r--r-- root:root         d DOC/logrotate/gatepost-policyd
        drwxr-xr-x root:root         - DOC/monitoring
        -rw-r--r-- root:root         d DOC/monitoring/grafana-dashboard.json
        -rw-r--r-- root:root         d DOC/monitoring/prometheus-rules.yml
        -rw-r--r-- root:root         d DOC/monitoring/prometheus.yml
        -rw-r--r-- root:root         d DOC/postfix-limits-rcpt.cf
        -rw-r--r-- root:root         d DOC/postfix-limits.cf
        -rw-r--r-- root:root         d DOC/postfix-main.cf
        -rw-r--r-- root:root         d DOC/postfix-master.cf
        drwxr-xr-x root:root         - LICENSES
        -rw-r--r-- root:root         l LICENSES/LICENSE
        -rw-r--r-- root:root         d /usr/share/man/man5/gatepost.conf.5.gz
        -rw-r--r-- root:root         d /usr/share/man/man7/gatepost-lists.7.gz
        -rw-r--r-- root:root         d /usr/share/man/man8/gatepost.8.gz
    """,
    "gatepost-policyd": """
        -rw-r--r-- root:root         - /usr/lib/systemd/system/gatepost-policyd.service
        -rw-r--r-- root:root         - /usr/lib/systemd/system/gatepost-policyd.socket
        -rw-r--r-- root:root         - /usr/lib/sysusers.d/gatepost.conf
        -rwxr-xr-x root:root         - /usr/sbin/gatepost-policyd
        -rw-r--r-- root:root         d /usr/share/man/man8/gatepost-policyd.8.gz
        drwx------ gatepost:gatepost - /var/lib/gatepost
        drwxr-xr-x root:root         - /var/spool/postfix/gatepost
    """,
    "gatepost-exim": """
        drwxr-xr-x root:root         - LIB
        -rw-r--r-- root:root         - LIB/gatepost-data.acl
        -rwxr-xr-x root:root         - LIB/gatepost-exim.so
        -rw-r--r-- root:root         - LIB/gatepost-rcpt.acl
        -rw-r--r-- root:root         - LIB/gatepost.macros
        drwxr-xr-x root:root         - DOC/exim
        -rw-r--r-- root:root         d DOC/exim/acls.conf
        -rw-r--r-- root:root         d DOC/exim/exim.conf
        -rw-r--r-- root:root         d DOC/exim/routers.conf
        -rw-r--r-- root:root         d /usr/share/man/man7/gatepost-exim.7.gz
    """,
}
BINARIES = {"gatepost": "/usr/bin/gatepost", "gatepost-policyd": "/usr/sbin/gatepost-policyd",
            "gatepost-exim": LIB + "/gatepost-exim.so"}
root = None  # the scratch root


def out_of(*words, **options):
    return sandbox.run(list(words), **options).stdout


def package(name):
    found = glob.glob("%s/%s-%s-*.%s.rpm" % (OUT, name, VERSION, os.uname().machine))
    equal(len(found), 1, name)
    return found[0]


def query(name, form):
    return out_of("rpm", "-qp", "--nosignature", "--qf", form, package(name))


def listed(name):
    """Rows of the package as in FILES, without the links by which debuggers find their information."""
    rows = query(name, r"[%{FILEMODES:perms} %{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEFLAGS:fflags}- %{FILENAMES}\n]")
    return [tuple(row.split(" ")) for row in rows.splitlines() if "/.build-id" not in row]


def wanted(name):
    text = FILES[name].replace("DOC", DOC).replace("LICENSES", LICENSES).replace("LIB/", LIB + "/")
    rows = [line.split() for line in re.sub(r"\bLIB$", LIB, text, flags=re.M).strip().splitlines()]
    return [(mode, owner, flags.rstrip("-") + "-", path) for mode, owner, flags, path in rows]


def build(tree, folder):
    """Builds a tree into a directory, and says what was made."""
    done = subprocess.run([tree + "/rpm/build", folder, "--without", "check"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    return re.findall(r"^  (\S+\.rpm)$", done.stdout, re.M)


def builds():
    """rpm/build makes three packages, what a debugger needs, and the source package"""
    made = build(sandbox.PROJECT, OUT)
    names = sorted(re.match(r"(.*)-%s-" % re.escape(VERSION), os.path.basename(m)).group(1) for m in made)
    equal(names, ["gatepost", "gatepost", "gatepost-debuginfo", "gatepost-debugsource", "gatepost-exim",
                  "gatepost-policyd"])
    equal(sorted(made), sorted(glob.glob(OUT + "/*.rpm")))


def contents(folder):
    """Digest of what each package of a directory holds, and all that rpm says of it. Not the whole file: rpm
    keeps the name of the directory that it works in in a source package, and the digest of that elsewhere."""
    return {os.path.basename(path): (
        out_of("rpm", "-qp", "--nosignature", "--qf", "%{PAYLOADDIGEST} %{BUILDTIME} %{BUILDHOST}", path),
        out_of("rpm", "-qp", "--nosignature", "--dump", "--requires", "--provides", "--scripts", "--info", path))
            for path in glob.glob(folder + "/*.rpm")}


def reproducible():
    """the source package, unpacked elsewhere and built again, gives the same contents"""
    folder = os.path.dirname(root) + "/again"
    os.mkdir(folder)
    out_of("rpm", "-i", "--nosignature", "--dbpath", folder + "/db", "--define", "_topdir " + folder,
           *glob.glob(OUT + "/*.src.rpm"))
    out_of("tar", "-xf", "%s/SOURCES/gatepost-%s.tar.gz" % (folder, VERSION), "-C", folder)
    build("%s/gatepost-%s" % (folder, VERSION), folder + "/out")
    equal(contents(folder + "/out"), contents(OUT))


def lint():
    """rpmlint finds nothing but what rpm/rpmlint.toml explains"""
    done = subprocess.run(["rpmlint", "-c", "rpm/rpmlint.toml", "rpm/gatepost.spec"]
                          + sorted(glob.glob(OUT + "/*.rpm")), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    holds(done.stdout, " 6 packages and 1 specfiles checked; 0 errors, 0 warnings")
    equal(done.returncode, 0)


def tables():
    """each package holds what the table says: modes, owners, what is configuration and documentation"""
    for name in FILES:
        got, should = set(listed(name)), set(wanted(name))
        assert got == should, "%s: too much %s, too little %s" % (
            name, sorted(got - should), sorted(should - got))
        for text in ("%{SUMMARY}", "%{DESCRIPTION}", "%{LICENSE}"):
            assert query(name, text).strip() not in ("", "(none)"), text
        equal(query(name, "%{LICENSE} %{VERSION}"), "ISC " + VERSION)


def requires():
    """each package asks for the libraries of its program and for its siblings, and for nothing odd"""
    system = {"/bin/sh", "rtld(GNU_HASH)"}
    for name, path in BINARIES.items():
        needed = set(re.findall(r"NEEDED\s+(\S+)", out_of("objdump", "-p", root + path)))
        asked = query(name, r"[%{REQUIRENAME} %{REQUIREFLAGS:depflags} %{REQUIREVERSION}\n]").splitlines()
        names = {row.split(" ")[0] for row in asked}
        libraries = {n.split("(")[0] for n in names if ".so" in n}
        equal(libraries, needed, name)
        assert needed >= {"libc.so.6", "libldns.so.3", "libcrypto.so.3"}, needed
        others = {n for n in names if ".so" not in n and not n.startswith("rpmlib(")} - system
        sibling = "gatepost(x86-64)" if os.uname().machine == "x86_64" else "gatepost"
        more = {"gatepost": set(), "gatepost-policyd": {sibling}, "gatepost-exim": {sibling, "exim"}}[name]
        if os.uname().machine == "x86_64":
            equal(others - {"config(gatepost)"}, more, name)
            if more:
                release = query(name, "%{VERSION}-%{RELEASE}")
                assert "%s = %s" % (sibling, release) in [r.strip() for r in asked], asked
        if name == "gatepost-exim":
            assert "exim >= 4.96" in [r.strip() for r in asked], asked
        provided = query(name, r"[%{PROVIDENAME}\n]").split()
        assert set(provided) <= {name, name + "(x86-64)", "config(gatepost)"} or \
            os.uname().machine != "x86_64", provided


def hardened():
    """the programs are position-independent, fully bound at start, with protected stacks"""
    for path in BINARIES.values():
        headers = out_of("readelf", "-hldW", root + path)
        holds(headers, "DYN (")
        holds(headers, "GNU_RELRO")
        assert "BIND_NOW" in headers or "NOW" in headers, headers
        assert not re.search(r"GNU_STACK.*RWE", headers) and "RPATH" not in headers and "RUNPATH" not in headers
        holds(out_of("nm", "-D", root + path), "__stack_chk_fail")
        sections = out_of("readelf", "-SW", root + path)
        assert not re.search(r"\b(symtab|debug_info)\b", sections), path + " is not stripped"


def scratch():
    """installed into a scratch root: every file with its mode and owner, rpm finds nothing changed, no more"""
    os.makedirs(root + "/etc")
    for path, line in (("passwd", "gatepost:x:8999:8999::/:/sbin/nologin"), ("group", "gatepost:x:8999:")):
        with open(root + "/etc/" + path, "w") as f:
            f.write("root:x:0:0::/root:/bin/sh\n%s\n" % line if path == "passwd" else "root:x:0:\n%s\n" % line)
    rpm_in_root = ["rpm", "--root", root, "--dbpath", "/rpmdb", "--nosignature"]
    out = out_of(*rpm_in_root, "-i", "--nodeps", "--noscripts", *[package(n) for n in FILES])
    assert "warning" not in out, out
    equal(out_of(*rpm_in_root, "-V", "--nodeps", "--noscripts", *FILES), "")
    there = {"gatepost:gatepost": (8999, 8999), "root:root": (0, 0)}
    expected = {row[3]: row for name in FILES for row in wanted(name)}
    for path, (mode, owner, _, _) in expected.items():
        found = os.lstat(root + path)
        equal((stat.filemode(found.st_mode), (found.st_uid, found.st_gid)), (mode, there[owner]), path)
    for folder, _, names in os.walk(root):
        inside = folder[len(root):]
        for name in names:
            path = inside + "/" + name
            assert path in expected or path.startswith(("/rpmdb/", "/etc/passwd", "/etc/group")) \
                or "/.build-id/" in path, "%s is in no table" % path
    for link in glob.glob(root + "/usr/lib/.build-id/*/*"):
        target = os.path.normpath(os.path.join(os.path.dirname(link), os.readlink(link)))
        assert os.path.exists(target), "%s leads to %s" % (link, target)


# what is filled in when it is installed, or belongs to the machine of the build
PLACES = (b"/gatepost-rpm.", sandbox.PROJECT.encode() + b"/", b"@moduledir@", b"@sbindir@", b"@sysconfdir@")


def no_places_of_the_build():
    """no file names the directory that it was built in, or /usr/local, or a place that is to be filled in"""
    for name in FILES:
        for mode, _, _, path in wanted(name):
            if mode.startswith("-"):
                with open(root + path, "rb") as f:
                    content = f.read()
                if path.endswith(".gz"):
                    content = out_of("gzip", "-dc", root + path).encode()
                for bad in PLACES:
                    assert bad not in content, "%s holds %r" % (path, bad)
                # the README is about all places, and gatepost doctor looks for a module in all of them
                if path not in (DOC + "/README", BINARIES["gatepost"]):
                    assert b"/usr/local" not in content, path


def programs():
    """the programs of the scratch root run, with their libraries, and know their places"""
    for path in BINARIES.values():
        libraries = out_of("ldd", root + path)
        assert "not found" not in libraries, libraries
    equal(out_of(root + "/usr/bin/gatepost", "--version"), "gatepost %s\n" % VERSION)
    equal(out_of(root + "/usr/sbin/gatepost-policyd", "-V"), "gatepost-policyd %s\n" % VERSION)
    holds(out_of(root + "/usr/bin/gatepost", "check-config", "--help"), "(default /etc/gatepost/gatepost.conf)")
    config = root + "/etc/gatepost/gatepost.conf"
    holds(out_of(root + "/usr/bin/gatepost", "check-config", config), "no errors")
    holds(out_of(root + "/usr/sbin/gatepost-policyd", "-t", "-c", config), "no errors")


def module():
    """the module of the scratch root can be loaded, and its macros and manual name it where it is"""
    with open(root + LIB + "/gatepost.macros") as f:
        text = f.read()
    holds(text, "GATEPOST_SO = %s/gatepost-exim.so\n" % LIB)
    holds(text, "GATEPOST_CONF = /etc/gatepost/gatepost.conf\n")
    holds(out_of("gzip", "-dc", root + "/usr/share/man/man7/gatepost-exim.7.gz"), LIB + "/gatepost.macros")
    library = ctypes.CDLL(root + LIB + "/gatepost-exim.so")
    answer = ctypes.c_char_p()
    library.gatepost_version.argtypes = [ctypes.POINTER(ctypes.c_char_p), ctypes.c_int, ctypes.c_void_p]
    equal(library.gatepost_version(ctypes.byref(answer), 0, None), 0)
    equal(answer.value.decode(), VERSION)


def units():
    """the units start what the package holds, as a user that it makes, where Postfix looks"""
    with open(root + "/usr/lib/systemd/system/gatepost-policyd.service") as f:
        service = f.read()
    with open(root + "/usr/lib/systemd/system/gatepost-policyd.socket") as f:
        listen = re.search(r"^ListenStream=(.*)$", f.read(), re.M).group(1)
    equal(re.search(r"^ExecStart=(\S+)", service, re.M).group(1), BINARIES["gatepost-policyd"])
    equal(os.path.dirname(listen), "/var/spool/postfix/gatepost")
    user = re.search(r"^User=(.*)$", service, re.M).group(1)
    with open(root + "/usr/lib/sysusers.d/gatepost.conf") as f:
        assert re.search(r"^u %s " % user, f.read(), re.M), user


def scripts():
    """the scripts are a shell's, name the units, and follow Fedora's rules"""
    text = query("gatepost-policyd", "%{PREIN}\n==\n%{POSTIN}\n==\n%{PREUN}\n==\n%{POSTUN}")
    for part in text.split("\n==\n"):
        sandbox.run(["sh", "-n", "-c", part])
        assert "%" not in part.replace("%{", "%"), "a macro was not expanded: " + part
    for part in text.split("\n==\n")[1:]:
        holds(part, "gatepost-policyd.service")
    for name in ("gatepost", "gatepost-exim"):
        equal(query(name, "%{PREIN}%{POSTIN}%{PREUN}%{POSTUN}"), "(none)" * 4)
    with open("rpm/gatepost.spec") as f:
        spec = f.read()
    for macro in ("systemd_post ", "systemd_preun ", "systemd_postun_with_restart "):
        holds(spec, "%" + macro + "gatepost-policyd")
    equal(re.search(r"^Version: *(\S+)$", spec, re.M).group(1), VERSION)


def life():
    """with its scripts, on a whole system: the user is there, the daemon answers; what was changed stays"""
    rpm = ["rpm", "--nosignature", "--nodeps"]
    packages = [package(n) for n in FILES]
    subprocess.run(["userdel", "gatepost"], stderr=subprocess.DEVNULL)
    out_of("rpm", "--initdb")
    out_of(*rpm, "-i", *packages)
    user = pwd.getpwnam("gatepost")
    equal((grp.getgrnam("postfix").gr_name, user.pw_shell), ("postfix", "/sbin/nologin"))
    state = os.stat("/var/lib/gatepost")
    equal((state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)), (user.pw_uid, user.pw_gid, 0o700))
    with open("/etc/gatepost/conf.d/mine.conf", "w") as f:
        f.write('dns { servers = {"127.0.0.1:9"} }\nspf { mode = off }\nstore { uri = {"STORE"} }\n')
    with open("/etc/gatepost/gatepost.conf", "a") as f:
        f.write("# changed\n")
    out_of(*rpm, "-U", "--replacepkgs", *packages)
    with open("/etc/gatepost/gatepost.conf") as f:
        assert f.read().endswith("# changed\n")
    serve(user)
    out_of(*rpm, "-e", *FILES)
    folders = ["/etc/gatepost", LIB, DOC, LICENSES, "/var/lib/gatepost", "/var/spool/postfix/gatepost"]
    left = subprocess.run(["find"] + folders + list(BINARIES.values()) + ["-not", "-type", "d"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout.split()
    # what the daemon wrote stays, as counters would
    equal(sorted(path for path in left if not path.startswith("/var/lib/gatepost/last-good")),
          ["/etc/gatepost/conf.d/mine.conf", "/etc/gatepost/gatepost.conf.rpmsave"])


def serve(user):
    """The installed daemon, as its unit runs it but for systemd: as its user, over a socket of the test's."""
    folder = tempfile.mkdtemp(prefix="gatepost-rpm-test.")
    os.chown(folder, user.pw_uid, user.pw_gid)
    with open("/etc/gatepost/conf.d/mine.conf") as f:
        text = f.read()
    with open("/etc/gatepost/conf.d/mine.conf", "w") as f:
        f.write(text.replace("STORE", "lmdb:%s/state" % folder)
                + 'limit hourly { key = user  count = recipients  max = 1  per = 1h }\n'
                'policyd {\n    listen = {"unix:%s/policy"}\n    control_socket = "%s/control"\n}\n' % (folder, folder))
    log = open(folder + "/log", "w+")
    process = subprocess.Popen(["setpriv", "--reuid=gatepost", "--regid=gatepost", "--clear-groups",
                                BINARIES["gatepost-policyd"]], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        world.wait_for(lambda: "is ready" in open(log.name).read() or process.poll() is not None, "readiness")
        assert process.poll() is None, open(log.name).read()
        for answer in ("action=DUNNO\n", "action=450 4.7.1 hourly limit reached: 1 of 1 recipients in 1h"):
            holds(out_of("gatepost", "request", "sasl_username=alice", "sender=a@example.org",
                         "recipient=b@example.org", "client_address=192.0.2.1"), answer)
        holds(out_of("gatepost", "limits"), "alice")
    finally:
        world.end(process)
        log.close()
        shutil.rmtree(folder)


def main():
    global root
    tap = world.Tap()
    if shutil.which("dnf") and not shutil.which("apt-get"):
        tap.skip_all("the packages for Fedora: the table is for a build on Debian")
    try:
        sandbox.enter(TOOLS)
    except sandbox.Unavailable as reason:
        tap.skip_all("the packages for Fedora: " + str(reason))
    scratch_folder = tempfile.mkdtemp(prefix="gatepost-scratch.")
    root = scratch_folder + "/root"
    try:
        tap.run(builds)
        if tap.failed:
            tap.finish()
        for test in (lint, tables, scratch, requires, hardened, no_places_of_the_build, programs, module, units,
                     scripts, life, reproducible):
            tap.run(test)
    finally:
        shutil.rmtree(scratch_folder, ignore_errors=True)
    tap.finish()


main()
