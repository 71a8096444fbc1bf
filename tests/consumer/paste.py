"""What a reader does with a page: pastes its blocks into an empty folder.

usage: paste.py PAGE FOLDER REMOTE COMMIT
       paste.py --ask PORT

A block belongs to the file that the line before names ("<!-- file: NAME -->"); the first in C++ is
server.cc. "<this repository>" and "<a commit>" become REMOTE and COMMIT. --ask sends the server a
null until it answers with a Dictionary, for 10 s.
"""

import pathlib
import re
import socket
import sys
import time

NIL = bytes(4)
DICTIONARY = 27


def paste(page, folder, remote, commit):
    text = pathlib.Path(page).read_text(encoding='utf-8')
    folder = pathlib.Path(folder)
    blocks = dict(re.findall(r'<!-- file: (\S+) -->\n```starlark\n(.*?)```', text, re.DOTALL))
    blocks['server.cc'] = re.search(r'```cpp\n(.*?)```', text, re.DOTALL)[1]
    missing = {'MODULE.bazel', 'WORKSPACE', 'BUILD.bazel'} - set(blocks)
    if missing:
        raise SystemExit(f'paste: {page} has no block for {sorted(missing)}')
    for name, block in blocks.items():
        block = block.replace('<this repository>', remote).replace('<a commit>', commit)
        (folder / name).write_text(block, encoding='utf-8')


def ask(port):
    deadline = time.monotonic() + 10
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(0.2)
        client.connect(('127.0.0.1', port))
        while time.monotonic() < deadline:
            try:
                client.send(NIL)
                answer = client.recv(2048)
            except OSError:  # it does not listen yet
                time.sleep(0.1)
                continue
            if answer[0] == DICTIONARY:
                return 0
    print('paste: the server does not answer', file=sys.stderr)
    return 1


if __name__ == '__main__':
    if sys.argv[1] == '--ask':
        sys.exit(ask(int(sys.argv[2])))
    paste(*sys.argv[1:])
