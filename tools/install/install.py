"""Puts the library, its public headers and the command where programs built without Bazel find them.

usage: install.py --prefix FOLDER --built FOLDER [LABEL ...] <PUBLIC_HEADERS

The labels are the libraries of //:ringpeer; --built is Bazel's folder of what it has built. Standard
input has the public headers, a line each: how it is included, and its path. Beside them lie a pkg-config file and a CMake package, both of which name liburing, which stays shared.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
INCLUDE = re.compile(r'^#\s*include\s*"(ringpeer/[^"]+)"', re.MULTILINE)

PKG_CONFIG = '''prefix=${{pcfiledir}}/../..
includedir=${{prefix}}/include
libdir=${{prefix}}/lib

Name: ringpeer
Description: UDP packet engine for game servers, with Godot's PacketPeer and Variants
Version: {version}
Cflags: -I${{includedir}}
Libs: -L${{libdir}} -lringpeer -luring -pthread
'''

CMAKE = '''# find_package(ringpeer), and link ringpeer::ringpeer.
get_filename_component(ringpeer_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
include(CMakeFindDependencyMacro)
find_dependency(Threads)
if(NOT TARGET ringpeer::ringpeer)
  add_library(ringpeer::ringpeer STATIC IMPORTED)
  set_target_properties(ringpeer::ringpeer PROPERTIES
    IMPORTED_LOCATION "${ringpeer_prefix}/lib/libringpeer.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES CXX
    INTERFACE_COMPILE_FEATURES cxx_std_20
    INTERFACE_INCLUDE_DIRECTORIES "${ringpeer_prefix}/include"
    INTERFACE_LINK_LIBRARIES "uring;Threads::Threads")
endif()
'''

# Before 1.0.0 a minor version may change the interface.
CMAKE_VERSION = '''set(PACKAGE_VERSION "{version}")
if(PACKAGE_FIND_VERSION VERSION_GREATER PACKAGE_VERSION OR
   NOT PACKAGE_FIND_VERSION MATCHES "^{minor}([.]|$)")
  set(PACKAGE_VERSION_COMPATIBLE FALSE)
else()
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
endif()
'''


def version():
    module = (ROOT / 'MODULE.bazel').read_text(encoding='utf-8')
    return re.search(r'\n    version = "([^"]+)"', module)[1]


def headers_to_install(door):
    """Where each header lies below include, and in the repository: those of the door, and what
    those include."""
    wanted = list(door)
    found = {}
    while wanted:
        name = wanted.pop()
        if name in found:
            continue
        found[name] = door.get(name, name[len('ringpeer/'):])
        wanted += INCLUDE.findall((ROOT / found[name]).read_text(encoding='utf-8'))
    return found


def archives_of(built, labels):
    for label in labels:
        package, name = label[2:].split(':')
        for ending in ('.pic.a', '.a'):  # those that position-independent programs can link
            path = built / package / f'lib{name}{ending}'
            if path.is_file():
                yield path
                break


def merge(archives, result):
    """One archive of all. ar's scripts cannot name a path with a space or a comma: they see links."""
    with tempfile.TemporaryDirectory(dir=result.parent) as folder:
        script = ['CREATE all.a']
        for number, archive in enumerate(archives):
            os.symlink(archive.absolute(), f'{folder}/{number}.a')
            script.append(f'ADDLIB {number}.a')
        script += ['SAVE', 'END']
        # It says "syntax error", and succeeds: what it has made is looked at.
        subprocess.run(['ar', '-M'], input='\n'.join(script) + '\n', text=True, check=True, cwd=folder)
        made = pathlib.Path(folder, 'all.a')
        if not made.is_file() or not subprocess.check_output(['ar', 't', made]):
            raise OSError('ar has made no library')
        os.replace(made, result)


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding='utf-8')


def install(prefix, built, labels, door):
    headers = prefix / 'include' / 'ringpeer'
    if headers.exists():
        shutil.rmtree(headers)  # one that there is no more would go on compiling
    for name, path in headers_to_install(door).items():
        target = prefix / 'include' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    (prefix / 'lib').mkdir(exist_ok=True)
    library = prefix / 'lib' / 'libringpeer.a'
    merge(sorted(archives_of(built, labels)), library)
    (prefix / 'bin').mkdir(exist_ok=True)
    command = prefix / 'bin' / 'ringpeer'
    command.unlink(missing_ok=True)
    shutil.copy(built / 'tools' / 'ringpeer', command)
    os.chmod(command, 0o755)
    number = version()
    minor = '[.]'.join(number.split('.')[:2])
    write(prefix / 'lib/pkgconfig/ringpeer.pc', PKG_CONFIG.format(version=number))
    write(prefix / 'lib/cmake/ringpeer/ringpeer-config.cmake', CMAKE)
    write(prefix / 'lib/cmake/ringpeer/ringpeer-config-version.cmake',
          CMAKE_VERSION.format(version=number, minor=minor))


def main():
    options = argparse.ArgumentParser(prog='./dev install')
    options.add_argument('--prefix', type=pathlib.Path, required=True)
    options.add_argument('--built', type=pathlib.Path, required=True)
    options.add_argument('labels', nargs='+')
    asked = options.parse_args()
    prefix = asked.prefix.absolute()
    try:
        prefix.mkdir(parents=True, exist_ok=True)
        install(prefix, asked.built, asked.labels, dict(line.split() for line in sys.stdin))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f'./dev install: {error}', file=sys.stderr)
        return 1
    print(f'./dev install: in {prefix}: bin/ringpeer, lib/libringpeer.a, include/ringpeer',
          file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
