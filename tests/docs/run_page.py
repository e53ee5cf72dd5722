#!/usr/bin/env python3
"""run_page.py PAGE WORK PREFIX: runs the ```sh blocks of a page in order, in the empty folder WORK, with the program installed in PREFIX.

Words after `sh` say what is expected: ```sh exit=1. A ```text or ```cpp block below holds fragments, one a line, that must stand in the output,
in that order. ```sh elsewhere is for commands that need a clone and are run by CI itself. Folder and variables carry over from block
to block.
"""
import os
import re
import shutil
import subprocess
import sys

# Each block is a shell of its own that begins with the last one's variables and leaves its own behind.
BLOCK = """trap 'code=$?; pwd > "$DOCS_STATE/folder"; export -p > "$DOCS_STATE/variables"; exit $code' EXIT
. "$DOCS_STATE/variables"
set -eu
"""


def sh_blocks(page):
    """A list of (line, words after sh, commands, fragments)."""
    found, fence, body, start = [], None, [], 0
    with open(page, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            mark = re.match(r"^```(.*)$", line.rstrip("\n"))
            if fence is None and mark:
                fence, body, start = mark.group(1).split(), [], number
            elif fence is not None and mark:
                if fence[:1] == ["sh"]:
                    found.append((start, fence[1:], "".join(body), []))
                elif fence[:1] in (["text"], ["cpp"]) and found:
                    found[-1][3].extend(part.strip() for part in body if part.strip())
                fence = None
            elif fence is not None:
                body.append(line)
    return found


def missing_fragment(output, fragments):
    at = 0
    for fragment in fragments:
        place = output.find(fragment, at)
        if place < 0:
            return fragment
        at = place + len(fragment)
    return None


def environment(work, prefix):
    kept = {name: os.environ[name] for name in ("LANG", "CXX", "CC", "CCACHE_DIR") if name in os.environ}
    return dict(kept, PATH=os.path.join(prefix, "bin") + ":" + os.environ["PATH"], HOME=os.path.join(work, "home"),
                DOCS_STATE=os.path.join(work, "state"), CMAKE_BUILD_PARALLEL_LEVEL="2")


def fault(expected, done, fragments):
    if done.returncode != expected:
        return f"exit code {done.returncode}, expected {expected}"
    lost = missing_fragment(done.stdout, fragments)
    return None if lost is None else f"the output lacks '{lost}' (the fragments must stand in the order shown)"


def main():
    page, work, prefix = (os.path.abspath(path) for path in sys.argv[1:4])
    shutil.rmtree(work, ignore_errors=True)
    folder = os.path.join(work, "folder")
    for name in ("folder", "state", "home"):
        os.makedirs(os.path.join(work, name))
    with open(os.path.join(work, "state", "variables"), "w", encoding="utf-8"):
        pass
    ran = 0
    for line, words, commands, fragments in sh_blocks(page):
        if "elsewhere" in words:
            continue
        expected = next((int(word[len("exit="):]) for word in words if word.startswith("exit=")), 0)
        done = subprocess.run(["sh", "-c", BLOCK + commands], cwd=folder, env=environment(work, prefix), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=200, check=False)
        wrong = fault(expected, done, fragments)
        if wrong:
            print(f"{page}:{line}: {wrong}\n{commands}----\n{done.stdout}")
            return 1
        with open(os.path.join(work, "state", "folder"), encoding="utf-8") as left:
            folder = left.read().rstrip("\n")
        ran += 1
    if ran == 0:
        print(f"{page} has no sh block")
        return 1
    print(f"{os.path.basename(page)}: {ran} blocks ran as shown")
    return 0


if __name__ == "__main__":
    sys.exit(main())
