"""The shape of a C++ file, from its tokens: how long its functions are, what its classes offer.

No compiler is asked, so every file is measured in a second, whatever its headers. It counts:

- A function: the lines from the first token of its declaration (its template's, too) to the brace
  that closes it, with blank lines and comments, as an editor shows it. Lambdas and classes within
  a function are lines of that function. TEST(Suite, Name) {...} is a function.
- A class: its public member functions, each overload, static ones and templates too; not its
  constructors, destructor, operators, friends, what is deleted, and overrides: those are counted
  where they are declared first.
"""

import re

TOKEN = re.compile(
    r'(?P<skip>\s+|//(?:\\\n|[^\n])*|/\*.*?\*/|^[ \t]*\#(?:\\\n|/\*.*?\*/|[^\n])*)'
    r'|(?P<raw>(?:u8|[uUL])?R"(?P<tag>[^()\s\\]*)\(.*?\)(?P=tag)")'
    r'|(?P<string>(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"|(?:u8|[uUL])?\'(?:\\.|[^\'\\\n])+\')'
    r"|(?P<number>\.?\d(?:'?[\w.]|(?<=[eEpP])[+-])*)"
    r'|(?P<name>[A-Za-z_]\w*)'
    r'|(?P<mark>::|->|.)', re.DOTALL | re.MULTILINE)

# What may stand before "(" without being the name of a function.
NOT_A_NAME = {'alignas', 'decltype', 'noexcept', 'explicit', 'requires', '__attribute__', 'sizeof'}
CLOSING = {'(': ')', '[': ']', '{': '}'}


class Unreadable(Exception):
    """The braces of a file do not match."""


class Scope:
    def __init__(self, kind, name='', public=True, head=(), line=0):
        self.kind = kind  # file, namespace, class, function, value: the braces of an initialiser
        self.name = name
        self.public = public
        self.head = list(head)  # what continues after a value
        self.line = line
        self.methods = 0


def tokens_of(text):
    """(token, line) of each; strings are '""', and comments and directives are left out."""
    line = 1
    for match in TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == 'tag':
            kind = 'raw'
        if kind != 'skip':
            yield ('""' if kind in ('raw', 'string') else match.group(), line)
        line += match.group().count('\n')


def without_template(head):
    """The head without "template <...>" before it."""
    while head[:1] == ['template']:
        depth = 0
        for i, token in enumerate(head):
            depth += (token == '<') - (token == '>')
            if token == '>' and depth == 0:
                break
        head = head[i + 1:]
    return head


def outermost(head):
    """The tokens that stand in no brackets, <> among them; an opening one stays as a token."""
    found = []
    brackets = []
    previous = ''
    for token in head:
        opens = token in CLOSING or (
            token == '<' and 'operator' not in found[-2:] and re.match(r'\w', previous))
        if not brackets:
            found.append(token)
        if opens:
            brackets.append(CLOSING.get(token, '>'))
        elif brackets and token == brackets[-1]:
            brackets.pop()
        previous = token
    return found


def function_name(head):
    """Of what a head declares; '' where that is no function."""
    flat = outermost(without_template(head))
    if 'operator' in flat:
        return 'operator'
    for i, token in enumerate(flat):
        if token == '=':
            return ''
        before = flat[i - 1] if i else ''
        if token == '(' and re.match(r'[A-Za-z_]', before) and before not in NOT_A_NAME:
            return ('~' if flat[i - 2:i - 1] == ['~'] else '') + before
    return ''


def test_name(head):
    """Suite.Name of TEST(Suite, Name), whichever macro of that kind it is."""
    return '.'.join(t for t in head[2:] if re.match(r'\w', t)) if head[1:2] == ['('] else ''


def class_of(head):
    """(keyword, name) of a class whose braces open after this head, or None."""
    flat = outermost(without_template(head))
    if 'enum' in flat or '=' in flat:
        return None
    for i, token in enumerate(flat):
        if token == '(' and flat[i - 1] not in NOT_A_NAME:
            return None
        if token in ('class', 'struct', 'union'):
            rest = [t for t in flat[i + 1:] if t not in ('alignas', '(', '[', 'final')]
            name = ''
            for part in rest:
                if not re.match(r'\w|::', part):
                    break
                name += part
            return token, name or '(no name)'
    return None


def in_initialisers(head):
    """Whether the next brace after this head of a constructor initialises a member."""
    flat = outermost(without_template(head))
    return '(' in flat and ':' in flat[flat.index('('):] and re.match(r'[\w>]', head[-1])


def opened(scope, head, line):
    """The scope that a brace opens."""
    if scope.kind in ('function', 'value'):
        return Scope(scope.kind, head=head)
    if 'namespace' in head[:2] or head[:2] == ['extern', '""']:
        return Scope('namespace')
    if found := class_of(head):
        return Scope('class', found[1], found[0] != 'class', head, line)
    if function_name(head) and not in_initialisers(head):
        return Scope('function', test_name(head) or function_name(head), head=head, line=line)
    return Scope('value', head=head)


def shape_of(text):
    """(functions, classes): [(name, line, lines)], [(name, line, public methods)]."""
    functions, classes = [], []
    scopes = [Scope('file')]
    head, first, round_ = [], 0, 0
    line = 0

    def declared():
        scope = scopes[-1]
        if scope.kind != 'class' or not scope.public or head[:1] == ['friend']:
            return
        name = function_name(head)
        own = scope.name.rsplit('::')[-1]
        if name and name not in ('operator', 'static_assert', own, '~' + own):
            flat = outermost(head)
            scope.methods += not (flat[-2:] == ['=', 'delete'] or {'override', 'final', 'using'} & set(flat))

    for token, line in tokens_of(text):
        scope = scopes[-1]
        nested = scope.kind in ('function', 'value')
        if not nested and round_:
            # Braces within parentheses (a default argument) are values.
            round_ += (token in '({') - (token in ')}')
            head.append(token)
        elif token == '{':
            scopes.append(opened(scope, head, first or line))
            head, first = [], 0
        elif token == '}':
            if len(scopes) == 1:
                raise Unreadable(f'line {line}: a brace closes what none opened')
            closed = scopes.pop()
            head, first = [], 0
            if scopes[-1].kind in ('function', 'value'):
                continue
            if closed.kind == 'function':
                functions.append((closed.name, closed.line, line - closed.line + 1))
                head = closed.head
                declared()
                head = []
            elif closed.kind == 'class':
                classes.append((closed.name, closed.line, closed.methods))
            elif closed.kind == 'value':
                head, first = closed.head + ['{', '}'], line
        elif nested:
            continue
        elif token == ';':
            declared()
            head, first = [], 0
        elif token == ':' and scope.kind == 'class' and head in (['public'], ['private'], ['protected']):
            scope.public = head == ['public']
            head, first = [], 0
        else:
            first = first or line
            head.append(token)
            round_ += token == '('
    if len(scopes) > 1:
        raise Unreadable(f'line {scopes[-1].line or line}: a brace that nothing closes')
    return functions, classes
