"""Puts the library, its public headers and the command where programs built without Bazel find them.

usage: install.py --prefix FOLDER --command FILE --archives FOLDER [FILE ...] <PUBLIC_HEADERS

The files, paths below --archives, are the static libraries that //:ringpeer consists of. Standard
input has the public headers, a line each: how it is included, and its path. Beside them lie a
pkg-config file and a CMake package. Both name liburing, which stays shared, unless it was built as
well: then it is in the library, with its licence beside ours.
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
{requires}Cflags: -I${{includedir}}
Libs: -L${{libdir}} -lringpeer -pthread
'''

CMAKE = '''# find_package(ringpeer), and link ringpeer::ringpeer.
get_filename_component(ringpeer_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
include(CMakeFindDependencyMacro)
find_dependency(Threads)
@LIBURING@if(NOT TARGET ringpeer::ringpeer)
  add_library(ringpeer::ringpeer STATIC IMPORTED)
  set_target_properties(ringpeer::ringpeer PROPERTIES
    IMPORTED_LOCATION "${ringpeer_prefix}/lib/libringpeer.a"
    IMPORTED_LINK_INTERFACE_LANGUAGES CXX
    INTERFACE_COMPILE_FEATURES cxx_std_20
    INTERFACE_INCLUDE_DIRECTORIES "${ringpeer_prefix}/include"
    INTERFACE_LINK_LIBRARIES "@LINKED@Threads::Threads")
endif()
'''

CMAKE_LIBURING = '''find_library(RINGPEER_LIBURING uring)
if(NOT RINGPEER_LIBURING)
  set(ringpeer_FOUND FALSE)
  set(ringpeer_NOT_FOUND_MESSAGE "liburing is missing: install liburing-dev")
  return()
endif()
'''

# Before 1.0.0 a minor version may change the interface. Who asks for a range has chosen.
CMAKE_VERSION = '''set(PACKAGE_VERSION "{version}")
set(PACKAGE_VERSION_COMPATIBLE FALSE)
if(PACKAGE_FIND_VERSION_RANGE)
  if(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION_MIN AND
     (PACKAGE_VERSION VERSION_LESS PACKAGE_FIND_VERSION_MAX OR
      (PACKAGE_FIND_VERSION_RANGE_MAX STREQUAL "INCLUDE" AND
       PACKAGE_VERSION VERSION_EQUAL PACKAGE_FIND_VERSION_MAX)))
    set(PACKAGE_VERSION_COMPATIBLE TRUE)
  endif()
elseif(PACKAGE_VERSION VERSION_GREATER_EQUAL PACKAGE_FIND_VERSION AND
       PACKAGE_FIND_VERSION MATCHES "^{minor}([.]|$)")
  set(PACKAGE_VERSION_COMPATIBLE TRUE)
  if(PACKAGE_FIND_VERSION VERSION_EQUAL PACKAGE_VERSION)
    set(PACKAGE_VERSION_EXACT TRUE)
  endif()
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


def licence_of_liburing(folder, archives):
    """The licence of liburing where it is among what was built, or None where it is the system's."""
    built = next((name for name in archives if '/external/' in name and 'uring' in name), None)
    if built is None:
        return None
    repository = re.search(r'/external/([^/]+)/', built)[1]
    return folder / 'external' / repository / 'LICENSE'


def merge(archives, result):
    """One archive of all. ar's scripts cannot name a path with a space or a comma: they see links."""
    with tempfile.TemporaryDirectory(dir=result.parent) as folder:
        script = ['CREATE all.a']
        for number, archive in enumerate(archives):
            os.symlink(archive.resolve(strict=True), f'{folder}/{number}.a')
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


def install_headers(prefix, door):
    headers = prefix / 'include' / 'ringpeer'
    if headers.exists():
        shutil.rmtree(headers)  # one that there is no more would go on compiling
    for name, path in headers_to_install(door).items():
        target = prefix / 'include' / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)


def install_command(prefix, built):
    (prefix / 'bin').mkdir(exist_ok=True)
    command = prefix / 'bin' / 'ringpeer'
    command.unlink(missing_ok=True)  # it may be running
    shutil.copy(built, command)
    os.chmod(command, 0o755)


def install_packages(prefix, shared_liburing):
    number = version()
    minor = '[.]'.join(number.split('.')[:2])
    write(prefix / 'lib/pkgconfig/ringpeer.pc',
          PKG_CONFIG.format(version=number, requires='Requires: liburing\n' if shared_liburing else ''))
    write(prefix / 'lib/cmake/ringpeer/ringpeer-config.cmake',
          CMAKE.replace('@LIBURING@', CMAKE_LIBURING if shared_liburing else '')
          .replace('@LINKED@', '${RINGPEER_LIBURING};' if shared_liburing else ''))
    write(prefix / 'lib/cmake/ringpeer/ringpeer-config-version.cmake',
          CMAKE_VERSION.format(version=number, minor=minor))


def install(prefix, command, folder, archives, door):
    install_headers(prefix, door)
    (prefix / 'lib').mkdir(exist_ok=True)
    merge([folder / archive for archive in archives], prefix / 'lib' / 'libringpeer.a')
    install_command(prefix, command)
    licence = licence_of_liburing(folder, archives)
    install_packages(prefix, shared_liburing=licence is None)
    licences = prefix / 'share' / 'doc' / 'ringpeer'
    licences.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(ROOT / 'LICENSE', licences / 'LICENSE')
    if licence is not None:
        shutil.copyfile(licence, licences / 'LICENSE.liburing')


def main():
    options = argparse.ArgumentParser(prog='./dev install')
    options.add_argument('--prefix', type=pathlib.Path, required=True)
    options.add_argument('--command', type=pathlib.Path, required=True)
    options.add_argument('--archives', type=pathlib.Path, required=True)
    options.add_argument('files', nargs='+')
    asked = options.parse_args()
    prefix = asked.prefix.absolute()
    try:
        prefix.mkdir(parents=True, exist_ok=True)
        install(prefix, asked.command, asked.archives, sorted(asked.files),
                dict(line.split() for line in sys.stdin))
    except (OSError, subprocess.CalledProcessError) as error:
        print(f'./dev install: {error}', file=sys.stderr)
        return 1
    print(f'./dev install: in {prefix}: bin/ringpeer, lib/libringpeer.a, include/ringpeer',
          file=sys.stderr)
    return 0


if __name__ == '__main__':
    sys.exit(main())
