#!/usr/bin/env python3
"""The checks of the tree find what they are for, and leave the innocent alone."""

import contextlib
import io
import subprocess
import tempfile
import unittest
from pathlib import Path

import check
import messages
import plan_status


class CheckTest(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.TemporaryDirectory()
        self.addCleanup(self.directory.cleanup)
        self.root = Path(self.directory.name)
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def given(self, name, text, mode=0o644):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    def found(self, rule):
        with contextlib.redirect_stdout(io.StringIO()):
            return list(check.RULES[rule](check.Tree(self.root)))

    def test_an_include_against_the_direction_is_found(self):
        self.given("graph/a.hpp", '#include "storage/b.hpp"\n')
        self.given("apps/c.cpp", '#include "storage/b.hpp"\n#include "bench/d.hpp"\n')
        self.given("nodes/e.cpp", '#include "sql/embedded.hpp"\n')
        self.assertEqual(self.found("includes"), [
            "apps/c.cpp:2: apps/ may not know bench/ (bench/d.hpp)",
            "graph/a.hpp:1: graph/ may not know storage/ (storage/b.hpp)",
            "nodes/e.cpp:1: nodes/ may not know sql/ (sql/embedded.hpp)"])

    def test_includes_along_the_direction_and_from_outside_pass(self):
        self.given("tests/a.cpp", '#include "apps/b.hpp"\n#include "tests/c.hpp"\n#include <map>\n')
        self.given("apps/b.hpp", '#include "lensart_version.hpp"\n#include "graph/error.hpp"\n')
        self.assertEqual(self.found("includes"), [])

    def test_an_include_that_is_not_from_the_root_is_found(self):
        self.given("graph/a.cpp", '#include "a.hpp"\n#include "../graph/a.hpp"\n'
                                  "#include <graph/a.hpp>\n")
        self.given("graph/a.hpp", "")
        self.assertEqual(len(self.found("includes")), 3)

    def test_flow_graphs_are_for_the_engine_only(self):
        self.given("graph/pipeline.cpp", "tbb::flow::graph graph;\n")
        self.given("nodes/lane_adapter.hpp", "oneapi::tbb::flow::graph& graph;\n")
        self.given("nodes/lane.cpp", "// not tbb::flow\n#include <oneapi/tbb/flow_graph.h>\n")
        self.given("apps/job.cpp", "tbb::flow::graph graph;\n")
        self.assertEqual([f.split(":")[0] for f in self.found("flow")],
                         ["apps/job.cpp", "nodes/lane.cpp"])

    def test_a_script_is_executable_and_clean(self):
        self.given("good.sh", '#!/usr/bin/env bash\necho "$1"\n', 0o755)
        self.given("mode.sh", '#!/usr/bin/env bash\necho "$1"\n')
        self.given("unquoted.sh", "#!/usr/bin/env bash\nrm -r $1\n", 0o755)
        self.given("page.md", "text\n", 0o755)
        self.assertEqual([f.split(":")[0] for f in self.found("shell")],
                         ["mode.sh", "page.md", "unquoted.sh"])

    def test_paths_of_one_machine_are_found(self):
        self.given("a.md", f"see {self.root}/x\n")
        self.given("b.md", "see /ro" "ot/main and /ho" "me/an/x\n")
        self.given("c.md", "see scripts/work/a, https://example.org/work/a and /var/tmp\n")
        self.assertEqual([f.split(":")[0] for f in self.found("paths")], ["a.md", "b.md"])

    def test_a_link_leads_somewhere(self):
        self.given("docs/a.md", "# A `b` heading!\n[x](b.md) [y](#a-b-heading) [z](../c.md#one)\n"
                                "`[not](a-link)` [web](https://example.org)\n")
        self.given("docs/b.md", "[x](missing.md)\n[y](a.md#nowhere)\n```\n[z](code.md)\n```\n")
        self.given("c.md", "## One\n")
        self.assertEqual(self.found("links"), ["docs/b.md:1: missing.md does not exist",
                                               "docs/b.md:2: a.md#nowhere: no such heading"])

    def test_a_file_has_at_most_450_lines(self):
        self.given("graph/a.cpp", "\n" * 450)
        self.given("graph/b.cpp", "\n" * 451)
        self.assertEqual([f.split(":")[0] for f in self.found("sizes")], ["graph/b.cpp"])

    def test_a_row_of_the_plan_names_a_test_or_a_page_that_exists(self):
        self.given("tests/a_test.cpp", "TEST_F(Suite, HoldsTrue) {\n")
        self.given("tests/b_test.py", "    def test_it(self):\n")
        self.given("docs/page.md", "")
        self.given("docs/plan-status.md", "| planned | where | shown by |\n|---|---|---|\n"
                   "| one | `docs/page.md` | `Suite.HoldsTrue`, [page](page.md) |\n"
                   "| two | `no/file.cpp` | `test_it` |\n"
                   "| three | | `Suite.IsGone` |\n"
                   "| four | | see above |\n")
        found = list(plan_status.findings(self.root))
        self.assertEqual(found[:-1], [
            "docs/plan-status.md:4: there is no `no/file.cpp`",
            "docs/plan-status.md:5: there is no `Suite.IsGone`",
            "docs/plan-status.md:5: 'three' names nothing that shows it",
            "docs/plan-status.md:6: 'four' names nothing that shows it"])
        self.assertIn("4 rows", found[-1])

    def test_a_message_is_one_that_the_program_says(self):
        strings = list(messages.strings_of('fail("the map of {} "\n  "is \\"full\\" ({})", x)'))
        for said in ('the map of … is "full"', "full\" (…)"):
            self.assertTrue(messages.stands(said, strings))
        for other in ("the map is full", "the map of … is empty"):
            self.assertFalse(messages.stands(other, strings))
        page = "| message says | do |\n|---|---|\n| `one …` | `x` |\n| ``run `a` `` | |\n\n| `z` | |\n"
        self.assertEqual([m for _, m in messages.quoted(page, "message says")], ["one …", "run `a`"])


if __name__ == "__main__":
    unittest.main()
