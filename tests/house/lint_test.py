"""./dev lint --self-test: in a copy of this repository, a fault of each kind fails ./dev lint."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

import shape

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
HEADER = 'engine/ring/planted.h'


def lines(count):
    return '\n'.join(f'  // {i}' for i in range(count))


def methods(count):
    return ' '.join(f'void f{i}();' for i in range(count))


class LintTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.copy = pathlib.Path(cls.folder.name) / 'copy'
        shutil.copytree(ROOT, cls.copy, symlinks=True,
                        ignore=shutil.ignore_patterns('.git', '.cache', '.fuzz', 'bazel-*'))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def lint(self, *arguments):
        done = subprocess.run([self.copy / 'dev', 'lint', *arguments], capture_output=True,
                              text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    def plant(self, path, text, *options):
        """What lint says of a new file."""
        file = self.copy / path
        file.write_text(text, encoding='utf-8')
        try:
            return self.lint(*options, path)
        finally:
            file.unlink()

    def expect_found(self, result, words):
        self.assertEqual(result[0], 1, result[1])
        self.assertIn(words, result[1])

    def test_what_is_well_passes(self):
        status, said = self.plant(HEADER, f'class A {{ public: {methods(20)} }};\n'
                                  f'inline void f() {{\n{lines(68)}\n}}\n')
        self.assertEqual(status, 0, said)

    def test_a_bare_throw_is_found(self):
        self.expect_found(self.plant(HEADER, 'inline void f() {\n  throw 1;\n}\n', '--words'),
                          f'{HEADER}:2: "throw 1;"')

    def test_a_dep_that_is_not_named_is_found(self):
        file = self.copy / 'codec/base/secret.cc'
        was = file.read_text(encoding='utf-8')
        file.write_text('#include "ringpeer/codec/base/utf8.h"\n' + was, encoding='utf-8')
        try:
            self.expect_found(self.lint('--words', 'codec/base/secret.cc'),
                              'includes what //codec/base:utf8 has')
        finally:
            file.write_text(was, encoding='utf-8')

    def test_a_long_function_is_found(self):
        self.expect_found(self.plant(HEADER, f'inline void f() {{\n{lines(69)}\n}}\n'),
                          f'{HEADER}:1: function f has 71 lines')

    def test_a_large_class_is_found(self):
        self.expect_found(self.plant(HEADER, f'class A {{ public: {methods(21)} }};\n'),
                          f'{HEADER}:1: class A has 21 public methods')

    def test_a_large_file_is_found_outside_tests(self):
        self.expect_found(self.plant(HEADER, lines(501) + '\n'), f'file {HEADER} has 501 lines')
        status, said = self.plant('tests/house/planted.h', lines(501) + '\n')
        self.assertEqual(status, 0, said)

    def test_words_are_found_where_they_stand(self):
        self.expect_found(self.plant(HEADER, '// For\n  // ever.\n'), f'{HEADER}:1: "For // ever"')
        self.expect_found(self.plant('docs/planted.md', 'A look-up is dear.\n'), '"dear"')
        self.expect_found(self.plant(HEADER, 'struct PeerEndpoint;\n'), 'write PeerChannel')
        self.expect_found(self.plant(HEADER, 'int kMostThings();\n'), 'write kMax')

    def test_a_file_that_cannot_be_parsed_is_found(self):
        self.expect_found(self.plant(HEADER, 'void f() {\n'), 'cannot be parsed')
        self.expect_found(self.plant(HEADER, '#include "ringpeer/nowhere.h"\n'), 'nowhere.h')
        self.expect_found(self.plant('engine/ring/planted.cc', 'int f() { return nobody; }\n'), 'nobody')
        self.expect_found(self.plant(HEADER, 'int f() { return nobody; }\n', '--parse'), 'nobody')

    def test_a_member_that_is_used_without_its_mutex_is_found(self):
        text = ('#include "ringpeer/codec/base/mutex.h"\n'
                'class A {{ public: int f() {{ {} return n_; }}\n'
                ' private: ringpeer::base::Mutex m_; int n_ RINGPEER_GUARDED_BY(m_) = 0; }};\n')
        good = text.format('const ringpeer::base::MutexLock lock(m_);')
        for path in (HEADER, 'engine/ring/planted.cc'):
            self.expect_found(self.plant(path, text.format('')), 'thread-safety')
            status, said = self.plant(path, good)
            self.assertEqual(status, 0, said)

    def test_clang_tidy_is_heard(self):
        self.expect_found(self.plant('engine/ring/planted.cc', 'int* f() { return 0; }\n'),
                          'modernize-use-nullptr')

    def test_what_failed_fails_again_and_what_passed_is_remembered(self):
        for _ in range(2):
            self.expect_found(self.plant(HEADER, 'int f() { return nobody; }\n'), 'nobody')
        self.plant(HEADER, 'inline void once() {}\n')
        stamps = set((self.copy / '.cache' / 'lint').iterdir())
        self.plant(HEADER, 'inline void once() {}\n')
        self.assertEqual(set((self.copy / '.cache' / 'lint').iterdir()), stamps)
        self.plant(HEADER, 'inline void twice() {}\n')
        self.assertEqual(len(set((self.copy / '.cache' / 'lint').iterdir())), len(stamps) + 1)

    def test_an_exception_may_only_shrink(self):
        listed = self.copy / 'tests/house/limits.txt'
        rows = listed.read_text(encoding='utf-8')
        try:
            listed.write_text(rows + f'file {HEADER} 510 planted\n', encoding='utf-8')
            status, said = self.plant(HEADER, lines(510) + '\n')
            self.assertEqual(status, 0, said)
            self.expect_found(self.plant(HEADER, lines(511) + '\n'), 'has 511 lines, at most 510')
            done = subprocess.run(
                ['python3', '-c', 'import lint; print(lint.check_limits(lint.files_of_the_house(), True))'],
                cwd=self.copy / 'tests/house', capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout.count('needs no exception'), 1, done.stdout)
        finally:
            listed.write_text(rows, encoding='utf-8')


class ShapeTest(unittest.TestCase):
    def names(self, text):
        functions, classes = shape.shape_of(text)
        return [f[0] for f in functions], [(c[0], c[2]) for c in classes]

    def test_functions_of_every_form_are_seen(self):
        functions, _ = self.names('''
            namespace a::b { namespace {
            template <typename T, int N = (3 > 2)> requires (N > 1) auto f(T x = {1, 2}) -> T { return x; }
            A::A() : a_{1}, b_(2), c_{} { if (a) { g([&] { return "}"; }); } }
            A::~A() = default;
            bool operator==(const A& a, const A& b) { return R"x(})" })x"[0] == '}'; }
            TEST(Suite, Name) { struct B { void m() {} }; }
            const int kTable[] = {1'000, 2};
            const auto lambda = [](int x) { return x; };
            }}''')
        self.assertEqual(functions, ['f', 'A', 'operator', 'Suite.Name'])

    def test_public_methods_are_counted(self):
        _, classes = self.names('''
            class A final : public B<int> {
             public:
              A(); ~A(); A(const A&) = delete; A& operator=(const A&) = delete;
              void one(); static int two(int x = {}) { return x; } template <typename T> T three();
              [[nodiscard]] int four() const noexcept; void five() = delete; void six() override;
              friend void seven(); using B::eight; std::function<void(int)> nine; int ten = f();
              enum class E { kA, kB }; struct C { void inner(); };
             private:
              void eleven();
            };''')
        self.assertEqual(classes, [('C', 1), ('A', 4)])

    def test_braces_that_do_not_match_are_unreadable(self):
        for text in ('void f() {', 'void f() {}}'):
            with self.assertRaises(shape.Unreadable):
                shape.shape_of(text)


if __name__ == '__main__':
    unittest.main()
