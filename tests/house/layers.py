"""Which target has each header, and whether who includes it says so in its deps.

The BUILD files are read as the Python that they nearly are, with functions that collect targets in
place of the rules. clang's layering_check finds the same where it compiles; this finds it in every
file, in a second.
"""

import os
import pathlib
import re

INCLUDE = re.compile(r'^#\s*include\s*[<"]([^">]+)[">]', re.MULTILINE)

# Headers of others, by how their names begin, and what has them.
EXTERNAL = {
    'CLI/': '@cli11//:cli11',
    'asio.hpp': '@asio//:asio_no_openssl',
    'asio/': '@asio//:asio_no_openssl',
    'benchmark/': '@google_benchmark//:benchmark',
    'concurrentqueue.h': '@concurrentqueue//:concurrentqueue',
    'enet/': '@enet//:enet',
    'fmt/': '@fmt//:fmt',
    'gmock/': '@googletest//:gtest',
    'gtest/': '@googletest//:gtest',
    'liburing.h': '@liburing//:liburing',
    'liburing/': '@liburing//:liburing',
    'msgpack.hpp': '@msgpack-cxx//:msgpack-cxx',
    'nlohmann/': '@nlohmann_json//:json',
    'pcap/': '@libpcap//:libpcap',
    'tsl/': '@robin-map//:robin-map',
    'uv.h': '@libuv//:libuv',
}

# What //:ringpeer.bzl adds to the deps of a test.
OF_TESTS = {'@googletest//:gtest', '@googletest//:gtest_main'}


class Target:
    def __init__(self, label, rule, package, attributes):
        self.label = label
        self.package = package
        self.headers = [f for f in attributes.get('hdrs', []) if f.endswith('.h')]
        sources = attributes.get('srcs', [])
        # A program's own.
        self.own = [f for f in sources if f.endswith('.h')]
        self.sources = [f for f in sources if f.endswith('.cc')]
        self.deps = {absolute(dep, package) for dep in attributes.get('deps', [])}
        if rule == 'ringpeer_test':
            self.deps |= OF_TESTS

    def path(self, file):
        label = absolute(file, self.package)
        return os.path.join(*label[2:].split(':'))


def absolute(label, package):
    if label.startswith('@') and '//' not in label:
        return f'{label}//:{label[1:]}'
    if label.startswith(('@', '//')):
        name = label.rpartition('/')[2]
        return label if ':' in name else f'{label}:{name}'
    return f'//{package}:{label.lstrip(":")}'


def targets_of(root, build):
    """The targets of one BUILD file."""
    package = os.path.dirname(os.path.relpath(build, root))
    found = []

    def collect(rule):
        def add(name, **attributes):
            found.append(Target(f'//{package}:{name}', rule, package, attributes))
        return add

    def glob(patterns, exclude=(), **_):
        folder = pathlib.Path(build).parent
        out = {str(p.relative_to(folder)) for e in exclude for p in folder.glob(e)}
        return sorted(n for e in patterns for p in folder.glob(e)
                      if (n := str(p.relative_to(folder))) not in out)

    def nothing(*_, **__):
        return None

    rules = ('ringpeer_library', 'ringpeer_binary', 'ringpeer_test')
    names = {rule: collect(rule) for rule in rules}
    for other in ('load', 'package', 'exports_files', 'filegroup', 'genrule', 'ringpeer_sources'):
        names[other] = nothing
    names.update(glob=glob, LINUX_ONLY=[])
    text = pathlib.Path(build).read_text(encoding='utf-8')
    exec(compile(text, str(build), 'exec'), names)  # pylint: disable=exec-used
    return found


def all_targets(root):
    folders = ('engine', 'codec', 'tools', 'bench', 'tests', 'examples')
    builds = [b for folder in folders for b in pathlib.Path(root, folder).rglob('BUILD.bazel')
              if not pathlib.Path(b).is_relative_to(pathlib.Path(root, 'examples', 'consumer'))]
    return [target for build in sorted(builds) for target in targets_of(root, build)]


def public_headers(root):
    """{name: path} of what applications include."""
    door = {}
    inside = False
    for line in pathlib.Path(root, 'ringpeer.bzl').read_text(encoding='utf-8').splitlines():
        inside = (inside or line == 'PUBLIC_HEADERS = {') and line != '}'
        named = re.match(r'    "([^"]+)": "([^"]+)"', line)
        if inside and named:
            door[named[1]] = named[2]
    return door


def owner_of(include, owners, door):
    """The target that has what is included; None for what is no target's."""
    if include.startswith('ringpeer/'):
        path = door.get(include, include[len('ringpeer/'):])
        return owners.get(path)
    for prefix, label in EXTERNAL.items():
        if include.startswith(prefix):
            return {label}
    return None


def missing_deps(root):
    """(target, label that it lacks, the file that includes what it has) for each."""
    targets = all_targets(root)
    owners = {}
    for target in targets:
        for header in target.headers:
            owners.setdefault(target.path(header), set()).add(target.label)
    door = public_headers(root)
    for path in door.values():
        owners.setdefault(path, set()).add('//:ringpeer')
        if path.startswith('codec/'):
            owners[path].add('//:codec')
    found = []
    for target in targets:
        own = {target.path(f) for f in target.headers + target.own}
        for file in target.headers + target.own + target.sources:
            path = target.path(file)
            if not os.path.isfile(os.path.join(root, path)):
                continue
            text = pathlib.Path(root, path).read_text(encoding='utf-8', errors='replace')
            for include in INCLUDE.findall(text):
                if door.get(include, include.removeprefix('ringpeer/')) in own:
                    continue
                having = owner_of(include, owners, door)
                if not having or target.label in having or having & target.deps:
                    continue
                found.append((target, sorted(having)[-1], path))
    return found
