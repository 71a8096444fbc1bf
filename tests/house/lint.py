"""What ./dev lint does: words, limits, deps, and each C++ file through clang by the one include path.

usage: lint.py [--parse | --analyzer] [--jobs N] [FILES]

Words and limits are read from words.txt and limits.txt beside this file; deps are layers.py's. Sources of engine, codec
and tools go through clang-tidy, every other file is parsed. --parse only parses; --analyzer gives
every source to clang-tidy, with clang's analyser. A file that passed is not given to clang again
until it, a header of this project that it includes, the rules or the tool change. ./dev makes the
folder of the one include path and sets TOOL_FLAGS.
"""

import argparse
import concurrent.futures
import fnmatch
import functools
import hashlib
import itertools
import os
import pathlib
import re
import subprocess
import sys
import threading

import layers
import shape

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
CACHE = ROOT / '.cache' / 'lint'
INCLUDE_TREE = '.cache/include'

MAX_FUNCTION = 70  # lines: more than a screen
MAX_CLASS = 20     # public methods: more than one purpose
MAX_FILE = 500     # lines, outside tests: more than one concept

# Others' text, history, data, and the two files that name what is not to be written.
UNREAD = ('third_party/*', 'tests/testdata/*', 'tests/fuzz/*_seeds.txt', 'LICENSE', 'CHANGELOG.md',
          'tests/house/words.txt', 'tests/house/lint_test.py', 'compile_commands.json')
BINARY = ('.png', '.bin', '.gz')
CODE = ('.h', '.cc', '.py', '.sh', '.bzl', '.bazel')
TIDY = ('engine/', 'codec/', 'tools/')

# What most sources of tests and benchmarks include is parsed once for all of them, which halves
# their time. A source that forgets one of these is found by the build, which does not share them.
SHARED = ('gtest/gtest.h', 'chrono', 'fstream', 'map', 'random', 'regex', 'set', 'sstream', 'thread',
          'ringpeer/udp_server.h', 'ringpeer/packet_peer_udp.h')
SHARING = ('tests/', 'bench/', 'examples/')
APART = ('tests/fuzz/',)  # our own namespace `testing`, without GoogleTest's


def files_of_the_house():
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if f not in ('.git', '.cache', '.fuzz', '__pycache__')]
        for name in names:
            path = os.path.relpath(os.path.join(folder, name), ROOT)
            unread = any(fnmatch.fnmatch(path, pattern) for pattern in UNREAD)
            if not unread and not path.endswith(BINARY) and path != '.git':
                found.append(path)
    return sorted(found)


@functools.cache
def text_of(path):
    return (ROOT / path).read_text(encoding='utf-8', errors='replace')


def rows(name):
    """The lines of a list beside this file that are not blank or comments."""
    for line in (HERE / name).read_text(encoding='utf-8').splitlines():
        if line.strip() and not line.startswith('#'):
            yield line.strip()


# ---- words ------------------------------------------------------------------


def banned():
    """(its first word if it is no expression, expression, advice, files) of each row of words.txt."""
    for row in rows('words.txt'):
        # An expression may have a "|" of its own; one between columns stands between spaces.
        word, advice, *files = re.split(r'\s+\|\s+', row)
        if word.startswith('/'):
            first, expression = '', word[1:-1]
        else:
            # Between the words of one comment a line may end and its marks may begin.
            first = word.split()[0]
            expression = r'(?i)(?<![\w-])' + r'[\s/#*]+'.join(word.split()) + r'(?![\w-])'
        yield first, re.compile(expression), advice, files[0] if files else '*'


def check_words(paths):
    found = []
    lower = {path: text_of(path).lower() for path in paths}
    for first, expression, advice, files in banned():
        for path in paths:
            # Most files lack the word, and that is seen sooner than by an expression.
            if first not in lower[path] or not fnmatch.fnmatch(path, files):
                continue
            text = text_of(path)
            for match in expression.finditer(text):
                line = text.count('\n', 0, match.start()) + 1
                said = ' '.join(match.group().split())
                found.append(f'{path}:{line}: "{said}": write {advice}')
    return found


# ---- deps -------------------------------------------------------------------


def check_deps():
    return [f'{path}: includes what {lacking} has: write that into the deps of {target.label}'
            for target, lacking, path in layers.missing_deps(ROOT)]


# ---- limits -----------------------------------------------------------------


def public_headers():
    """What applications include: their classes are as large as Godot's are."""
    return set(layers.public_headers(ROOT).values())


def exceptions():
    """{(kind, path, name): size}"""
    allowed = {}
    for row in rows('limits.txt'):
        kind, path, *rest = row.split()
        name = '' if kind == 'file' else rest.pop(0)
        allowed[kind, path, name] = int(rest[0])
    return allowed


def too_large(paths):
    """{(kind, path, name): (size, line)} of what is above its limit, and what could not be read."""
    large, unreadable = {}, []
    public = public_headers()
    for path in paths:
        text = text_of(path)
        lines = text.count('\n')
        if (path.endswith(CODE) or path in ('dev', '.ci/run')) and not path.startswith('tests/'):
            if lines > MAX_FILE:
                large['file', path, ''] = lines, 1
        if not path.endswith(('.h', '.cc')):
            continue
        try:
            functions, classes = shape.shape_of(text)
        except shape.Unreadable as why:
            unreadable.append(f'{path}: cannot be parsed: {why}')
            continue
        for name, line, size in functions:
            if size > MAX_FUNCTION:  # the longest of those that share a name
                key = 'function', path, name
                large[key] = max(large.get(key, (0, 0)), (size, line))
        for name, line, methods in classes:
            if methods > MAX_CLASS and path not in public:
                large['class', path, name] = methods, line
    return large, unreadable


def check_limits(paths, all_files):
    large, found = too_large(paths)
    allowed = exceptions()
    for (kind, path, name), (size, line) in large.items():
        limit = allowed.pop((kind, path, name), 0)
        unit = 'public methods' if kind == 'class' else 'lines'
        most = limit or {'file': MAX_FILE, 'class': MAX_CLASS, 'function': MAX_FUNCTION}[kind]
        if size > most:
            found.append(f'{path}:{line}: {kind} {name or path} has {size} {unit}, at most {most}')
    for kind, path, name in allowed if all_files else ():
        found.append(f'tests/house/limits.txt: {kind} {path} {name} needs no exception any more')
    return found


# ---- clang ------------------------------------------------------------------


def tool(name):
    for candidate in (name + '-14', name):
        found = subprocess.run(['which', candidate], capture_output=True, text=True, check=False)
        if found.returncode == 0:
            return found.stdout.strip()
    sys.exit(f'lint.py: {name} is missing: install version 14 of it.')


@functools.cache
def included_by(path):
    """The files of this project that one file includes."""
    found = []
    for name in re.findall(r'^\s*#\s*include\s*["<]([^">]+)', text_of(path), re.MULTILINE):
        header = (ROOT / INCLUDE_TREE / name).resolve()
        if header.is_file() and header.is_relative_to(ROOT):
            found.append(str(header.relative_to(ROOT)))
    return found


def digest(path, command, rules):
    """Of all that decides what clang says of a file, but for others' headers."""
    reached, waiting = set(), [path]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting += included_by(here)
    value = hashlib.sha256('\0'.join([*command, rules]).encode())
    for each in sorted(reached):
        value.update(f'{each}\0{text_of(each)}\0'.encode())
    return value.hexdigest()


class Clang:
    def __init__(self, how):
        self.how = how
        # ./dev gives the flags that compile_commands.json has.
        self.flags = os.environ['TOOL_FLAGS'].split()
        self.parser, self.tidy = tool('clang++'), tool('clang-tidy')
        version = subprocess.run([self.tidy, '--version'], capture_output=True, text=True, check=True)
        self.rules = text_of('.clang-tidy') + version.stdout
        self.shared = CACHE / 'shared.h.pch'
        self.sharing = threading.Lock()

    @functools.cached_property
    def flags_for_sharing(self):
        """Parses SHARED. Where that fails, each source says why for itself."""
        source = CACHE / 'shared.h'
        source.write_text(''.join(f'#include <{name}>\n' for name in SHARED))
        made = subprocess.run([self.parser, *self.flags, '-x', 'c++-header', str(source), '-o',
                               str(self.shared)], cwd=ROOT, capture_output=True, check=False)
        return [] if made.returncode else ['-include-pch', str(self.shared)]

    def is_tidied(self, path):
        return path.endswith('.cc') and (
            self.how == 'analyzer' or self.how == 'tidy' and path.startswith(TIDY))

    def tidy_command(self, path):
        more = ['--checks=clang-analyzer-*'] if self.how == 'analyzer' else []
        return [self.tidy, '--quiet', *more, path, '--', *self.flags]

    def command(self, path):
        if self.is_tidied(path):
            return self.tidy_command(path)
        return [self.parser, *self.flags, '-x', 'c++', '-fsyntax-only', path]

    def stamp(self, path):
        return CACHE / digest(path, self.command(path), self.rules)

    def check_room(self, paths):
        """What clang has against the sources of one folder.

        Most of clang-tidy's time goes into the libraries' headers, so the sources are read as one.
        Only when it has something against that, be it that two of them do not go together, is each
        read for itself.
        """
        paths = [path for path in paths if not self.stamp(path).exists()]
        if len(paths) > 1:
            room = CACHE / (os.path.dirname(paths[0]).replace('/', '_') + '.cc')
            room.write_text(''.join(f'#include "{ROOT / path}"  // NOLINT\n' for path in paths))
            done = subprocess.run(self.tidy_command(str(room)), cwd=ROOT, capture_output=True,
                                  check=False)
            if done.returncode == 0:
                for path in paths:
                    self.stamp(path).touch()
        return ''.join(self.check(path) for path in paths)

    def check(self, path):
        """What clang has against a file; nothing, and at once, where it said so before."""
        command, stamp = self.command(path), self.stamp(path)
        if stamp.exists():
            return ''
        if command[0] == self.parser and path.endswith('.cc') and path.startswith(SHARING) \
                and not path.startswith(APART):
            with self.sharing:
                command[1:1] = self.flags_for_sharing
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            return f'{path}: clang has something against it, or could not parse it\n' + (
                done.stdout + done.stderr)
        stamp.touch()
        return ''


def check_by_clang(paths, how, jobs):
    CACHE.mkdir(parents=True, exist_ok=True)
    clang = Clang(how)
    alone = [path for path in paths if path.endswith(('.h', '.cc')) and not clang.is_tidied(path)]
    tidied = sorted(path for path in paths if clang.is_tidied(path))
    rooms = [list(room) for _, room in itertools.groupby(tidied, os.path.dirname)]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        said = [*pool.map(clang.check_room, rooms), *pool.map(clang.check, alone)]
    return [complaint for complaint in said if complaint]


def main() -> int:
    options = argparse.ArgumentParser(prog='./dev lint')
    how = options.add_mutually_exclusive_group()
    how.add_argument('--parse', dest='how', action='store_const', const='parse', default='tidy')
    how.add_argument('--analyzer', dest='how', action='store_const', const='analyzer')
    how.add_argument('--words', dest='how', action='store_const', const='words')
    options.add_argument('--jobs', type=int, default=os.cpu_count())
    options.add_argument('files', nargs='*')
    asked = options.parse_args()
    every = files_of_the_house()
    paths = [os.path.relpath(file, ROOT) for file in asked.files] or every
    missing = [path for path in paths if not (ROOT / path).is_file()]
    if missing:
        print('lint: no such file:', *missing, file=sys.stderr)
        return 2
    # The quick ones first; all are heard.
    found = 0
    checks = [lambda: check_words(paths), lambda: check_limits(paths, not asked.files), check_deps]
    if asked.how != 'words':
        checks.append(lambda: check_by_clang(paths, asked.how, asked.jobs))
    for check in checks:
        said = check()
        for complaint in said:
            print(complaint)
        found += len(said)
        sys.stdout.flush()
    print(f'lint: {len(paths)} files, {found} complaints', file=sys.stderr)
    return int(found > 0)


if __name__ == '__main__':
    sys.exit(main())
