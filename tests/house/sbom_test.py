#!/usr/bin/env python3
"""scripts/sbom.sh names everything that the program is linked with, each with its licence:
sbom_test.py ROOT PROGRAM"""

import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

ROOT, PROGRAM = Path(sys.argv[1]), sys.argv[2]


class SbomTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        done = subprocess.run([ROOT / "scripts/sbom.sh", "--program", PROGRAM], check=True,
                              capture_output=True, text=True)
        cls.document = json.loads(done.stdout)
        cls.components = {c["name"]: c for c in cls.document["components"]}

    def test_every_linked_library_belongs_to_a_component(self):
        listed = subprocess.run(["ldd", PROGRAM], check=True, capture_output=True, text=True).stdout
        libraries = re.findall(r"(/\S+)", listed)
        self.assertGreater(len(libraries), 20)
        owned = set()
        for name, component in self.components.items():
            if component["properties"][0]["value"] == "shared":
                files = subprocess.run(["dpkg-query", "-L", name], check=True, capture_output=True,
                                       text=True).stdout.split("\n")
                owned |= {os.path.realpath(f) for f in files if ".so" in f}
        missing = [f for f in libraries if os.path.realpath(f) not in owned]
        self.assertEqual(missing, [])

    def test_every_component_has_a_licence_a_version_and_a_reference_of_its_own(self):
        for name, component in self.components.items():
            licences = [entry["license"]["name"] for entry in component["licenses"]]
            self.assertTrue(licences, name)
            self.assertNotIn("unknown", licences, name)
            self.assertTrue(component["version"], name)
        references = [c["bom-ref"] for c in self.document["components"]]
        self.assertEqual(len(references), len(set(references)))
        self.assertEqual(sorted(self.document["dependencies"][0]["dependsOn"]), sorted(references))

    def test_headers_and_what_the_console_bundles_are_there_too(self):
        for name in ("libcli11-dev", "nlohmann-json3-dev", "uplot", "@dagrejs/dagre"):
            self.assertIn(name, self.components)

    def test_it_says_which_program_it_is_of(self):
        said = subprocess.run([PROGRAM, "--version"], check=True, capture_output=True, text=True)
        version, commit = re.match(r"lensart (\S+) \(commit (\w+),", said.stdout).groups()
        about = self.document["metadata"]["component"]
        self.assertEqual((about["version"], about["properties"][0]["value"]), (version, commit))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
