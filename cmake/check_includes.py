#!/usr/bin/env python3
"""Keeps the levels: every #include of core, cli, plugins, sdk and nn is held against cmake/levels.txt. Prints each one that breaks a rule."""

import fnmatch
import os
import re
import sys

INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')


def read_levels(path):
    rooms, joins, fences = {}, [], []
    for line in open(path, encoding="utf-8"):
        word, *rest = line.split("#")[0].split() or [""]
        if word == "room":
            rooms[rest[0]] = rest[1:]
        elif word == "join":
            joins.append((rest[0], rest[1], set(rest[2:])))
        elif word == "fence":
            fences.append((rest[0], rest[1:]))
    return {name: closure(rooms, name) for name in rooms}, joins, fences


def closure(rooms, name):
    seen, todo = set(), [name]
    while todo:
        room = todo.pop()
        if room not in seen:
            seen.add(room)
            todo += rooms[room]
    return seen


def room_of_file(path):
    parts = path.split("/")
    return parts[1] if parts[0] == "core" else parts[0]


def room_of_include(name, rooms):
    parts = name.split("/")
    if len(parts) == 1:
        return None  # a neighbour, the standard library or a fenced header
    if parts[0] == "assay":
        return "nn" if parts[1] == "nn" else "sdk"
    return parts[0] if parts[0] in rooms else None


def complaints(path, rooms, joins, fences, text):
    room, joined = room_of_file(path), set()
    for number, line in enumerate(text, 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        name = match.group(1)
        other = room_of_include(name, rooms)
        if other and other not in rooms[room]:
            yield number, f"{room} may not include {name}: it sees {', '.join(sorted(rooms[room] - {room})) or 'nothing'}"
        joined.add(other)
        for header, places in fences:
            exact = not header.endswith("/") and (name == header or name.startswith((header + "/", header + ".", header + "_")))
            if exact or (header.endswith("/") and name.startswith(header)):
                if not any(fnmatch.fnmatch(path, place) for place in places):
                    yield number, f"{name} may be included by {' '.join(places)} only"
                break
    for place, one, others in joins:
        if path != place and one in joined and joined & others:
            yield 1, f"only {place} may include {one} together with {', '.join(sorted(joined & others))}"


def main():
    root = sys.argv[1]
    rooms, joins, fences = read_levels(os.path.join(root, "cmake", "levels.txt"))
    found = 0
    for top in ("core", "cli", "plugins", "sdk", "nn", "backtest", "reports", "serve"):
        for folder, folders, files in os.walk(os.path.join(root, top)):
            folders.sort()
            for file in sorted(files):
                if not file.endswith((".hpp", ".cpp", ".h", ".c")):
                    continue
                path = os.path.relpath(os.path.join(folder, file), root)
                if room_of_file(path) not in rooms:
                    print(f"{path}: no room named {room_of_file(path)} in cmake/levels.txt")
                    found += 1
                    continue
                with open(os.path.join(root, path), encoding="utf-8") as text:
                    for number, what in complaints(path, rooms, joins, fences, text):
                        print(f"{path}:{number}: {what}")
                        found += 1
    return 1 if found else 0


sys.exit(main())
