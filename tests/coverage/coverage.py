"""What ./dev coverage prints: the lines of engine and codec that tests have run, by room.

usage: coverage.py FOLDER [--uncovered FILE]

FOLDER holds the objects of an instrumented build, with the notes and counts of gcc beside them. A
line of a header counts as run when any program ran it. The lines that none ran are listed by file;
--uncovered writes them, with their text, to a file. Exits with 1 when less is covered than must be.
"""

import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys

# Percent of the lines of all rooms together. The rest is read: docs/testing.md says what it is.
LEAST_COVERED = 90

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
AT_A_TIME = 40  # files: gcov takes longer to start than to read one


def public_headers():
    """{"ringpeer/engine.h": "engine/core/engine.h"}: as ringpeer.bzl has them."""
    door = (ROOT / 'ringpeer.bzl').read_text().split('PUBLIC_HEADERS = {')[1].split('}')[0]
    return dict(re.findall(r'"([^"]+)": "([^"]+)"', door))


def path_of(source, door):
    """The path in the repository of a source as gcc named it; empty for what is not counted."""
    if '_virtual_includes/' in source:
        included = 'ringpeer/' + source.split('/ringpeer/', 1)[-1]
        source = door.get(included, included.removeprefix('ringpeer/'))
    return source if source.startswith(('engine/', 'codec/')) else ''


def runs_of(counts, execution_root):
    """{path: {line: how often}} of some files of counts."""
    said = subprocess.run(['gcov', '--json-format', '--stdout', *counts], cwd=execution_root,
                          capture_output=True, text=True, check=False)
    if said.returncode != 0:
        sys.exit(f'coverage: gcov: {said.stderr.strip()}')
    door = public_headers()
    runs = collections.defaultdict(collections.Counter)
    for line in said.stdout.splitlines():
        for file in json.loads(line)['files'] if line.startswith('{') else ():
            path = path_of(file['file'], door)
            for each in file['lines'] if path else ():
                runs[path][each['line_number']] += each['count']
    return runs


def all_runs(folder):
    # A program that was built and never ran, or an object that no program holds, has notes alone:
    # gcov takes those for lines that were not run.
    notes = sorted(str(path.resolve()) for path in folder.rglob('*.gcno'))
    if not any(folder.rglob('*.gcda')):
        sys.exit('coverage: no counts: did a test run?')
    execution_root = str(folder.resolve()).split('/bazel-out/')[0]
    groups = [notes[i:i + AT_A_TIME] for i in range(0, len(notes), AT_A_TIME)]
    runs = collections.defaultdict(collections.Counter)
    with concurrent.futures.ThreadPoolExecutor(int(os.environ.get('JOBS') or os.cpu_count())) as pool:
        for some in pool.map(lambda group: runs_of(group, execution_root), groups):
            for path, lines in some.items():
                runs[path].update(lines)
    return runs


def spans(lines):
    """[1, 2, 3, 7] -> "1-3, 7"."""
    found = []
    for line in lines:
        if found and found[-1][1] == line - 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ', '.join(str(a) if a == b else f'{a}-{b}' for a, b in found)


def percent(covered, lines):
    return 100 * covered / lines if lines else 100


def report(runs):
    """Prints the rooms and what is not covered, and gives the percentage of all."""
    rooms = collections.defaultdict(lambda: [0, 0])
    for path, lines in runs.items():
        for key in (os.path.dirname(path), ''):
            rooms[key][0] += sum(count > 0 for count in lines.values())
            rooms[key][1] += len(lines)
    print('not covered:')
    for path, lines in sorted(runs.items()):
        missing = sorted(line for line, count in lines.items() if count == 0)
        if missing:
            print(f'  {path}: {spans(missing)}')
    print('covered, of the lines of')
    all_of_them = rooms.pop('')
    for room, (covered, lines) in sorted(rooms.items()):
        print(f'  {room:16} {percent(covered, lines):5.1f} %  {covered} of {lines}')
    print(f'  {"all":16} {percent(*all_of_them):5.1f} %  {all_of_them[0]} of {all_of_them[1]}')
    return percent(*all_of_them)


def write_uncovered(runs, to):
    with open(to, 'w', encoding='utf-8') as out:
        for path, lines in sorted(runs.items()):
            text = (ROOT / path).read_text(encoding='utf-8').splitlines()
            for line in sorted(line for line, count in lines.items() if count == 0):
                out.write(f'{path}:{line}: {text[line - 1].strip()}\n')


def main() -> int:
    options = argparse.ArgumentParser(prog='./dev coverage')
    options.add_argument('folder', type=pathlib.Path)
    options.add_argument('--uncovered', metavar='FILE')
    asked = options.parse_args()
    runs = all_runs(asked.folder)
    if asked.uncovered:
        write_uncovered(runs, asked.uncovered)
    covered = report(runs)
    if covered >= LEAST_COVERED:
        return 0
    print(f'coverage: {covered:.1f} % of the lines are covered, at least {LEAST_COVERED} % must be',
          file=sys.stderr)
    return 1


if __name__ == '__main__':
    sys.exit(main())
