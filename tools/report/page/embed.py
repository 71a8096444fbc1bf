"""Writes the C++ source of page_parts.h: the page, its style and its scripts, in string literals.

usage: embed.py OUTPUT FILE...
The FILEs are one .html, and any number of .css, .js and LICENSE, which come into the page in their order.
"""

import base64
import hashlib
import sys

# Bytes of one literal: compilers need not take more than 65536.
PIECE = 16000


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def source_hash(text):
    """What a Content-Security-Policy calls the one script or style that it allows."""
    digest = hashlib.sha256(text.encode("utf-8")).digest()
    return "'sha256-%s'" % base64.b64encode(digest).decode("ascii")


def literal(text):
    """C++ literals of the text, which the compiler joins."""
    data = text.encode("utf-8")
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
    lines = []
    for piece in pieces:
        out = []
        for byte in piece:
            char = chr(byte)
            if char in '"\\?':
                out.append("\\" + char)
            elif char == "\n":
                out.append("\\n")
            elif 32 <= byte < 127:
                out.append(char)
            else:
                out.append("\\%03o" % byte)
        lines.append('    "%s"' % "".join(out))
    return "\n".join(lines)


def page_of(paths):
    html = [read(path) for path in paths if path.endswith(".html")]
    style = "\n".join(read(path) for path in paths if path.endswith(".css"))
    licence = "\n".join(read(path) for path in paths if path.endswith("LICENSE"))
    library = "\n".join(read(path) for path in paths if path.endswith(".min.js"))
    own = "\n".join(read(path) for path in paths if path.endswith(".js") and not path.endswith(".min.js"))
    script = "/*\n%s*/\n%s\n(() => {\n\"use strict\";\n%s})();\n" % (licence, library, own)
    if len(html) != 1:
        sys.exit("embed.py: there has to be one .html file")
    for text, end in ((style, "</style"), (script, "</script"), (script, "<!--")):
        if end in text.lower():
            sys.exit("embed.py: %s in a file would end its element" % end)
    page = html[0]
    marks = {
        "{{script-hash}}": source_hash(script),
        "{{style-hash}}": source_hash(style),
        "{{script}}": script,
        "{{style}}": style,
    }
    for mark in list(marks) + ["{{text}}", "{{data}}"]:
        if page.count(mark) != 1:
            sys.exit("embed.py: the page has to have %s once" % mark)
    before_text, rest = page.split("{{text}}")
    before_data, after_data = rest.split("{{data}}")
    parts = []
    for part in (before_text, before_data, after_data):
        for mark, text in marks.items():
            part = part.replace(mark, text)
        parts.append(part)
    return parts


def main():
    output, paths = sys.argv[1], sys.argv[2:]
    names = ("page_before_text", "page_before_data", "page_after_data")
    with open(output, "w", encoding="ascii") as file:
        file.write('#include "ringpeer/tools/report/page_parts.h"\n\nnamespace ringpeer::tools {\n')
        for name, part in zip(names, page_of(paths)):
            file.write("\nstd::string_view %s() {\n  return\n%s;\n}\n" % (name, literal(part)))
        file.write("\n}  // namespace ringpeer::tools\n")


if __name__ == "__main__":
    main()
