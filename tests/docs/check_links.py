#!/usr/bin/env python3
"""check_links.py ROOT: every relative link in the Markdown pages of the repository leads to a file or folder that is there, and every
heading that a link names stands in its page."""
import os
import re
import sys


def pages(root):
    yield from (os.path.join(root, name) for name in sorted(os.listdir(root)) if name.endswith(".md"))
    for top in ("docs", "experiments", "sdk", "bench"):
        for folder, _, names in os.walk(os.path.join(root, top)):
            yield from (os.path.join(folder, name) for name in sorted(names) if name.endswith(".md"))


def anchors(page):
    with open(page, encoding="utf-8") as text:
        heads = re.findall(r"^#+ (.*)$", text.read(), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def main():
    root, broken, seen = sys.argv[1], 0, 0
    for page in pages(root):
        with open(page, encoding="utf-8") as text:
            links = re.findall(r"\]\(([^)\s]+)\)", text.read())
        for link in links:
            if "://" in link:
                continue
            seen += 1
            path, _, anchor = link.partition("#")
            target = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
            if not os.path.exists(target) or (anchor and anchor not in anchors(target)):
                print(f"{page}: the link {link} leads nowhere")
                broken += 1
    if seen == 0:
        print("no page has a link: is this the right folder?")
        return 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
