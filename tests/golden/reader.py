#!/usr/bin/env python3
"""A reader of checkpoints that is written from docs/format.md alone, in another language than the product.

    reader.py FOLDER...

Reads each *.safestate file in the folders, and compares what it has read with the JSON beside it: by the page's
words, and not by the code. Reads values by name, too. Exits with 1 if something differs.
"""

import json
import struct
import sys
import zlib
from datetime import datetime, timedelta, timezone
from pathlib import Path

END = ["Exhausted", "Left"]
RUN_END = ["Finished", "Failed", "Stopped", "Died"]
KINDS = ["Error", "Panic", "None", "Died"]
CAUSES = ["Signal", "Exited", "ItemTime", "Memory", "ProcessTime"]
FORMS = ["Plain", "PlainList", "Named", "NamedList", "Worklist", "ListAt", "Differing"]
CUTS = ["Index", "Ranges", "Key"]
ORIGINS = ["Item", "Argument", "Carried"]
SCALARS = "() bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char text bytes".split()


class Damaged(Exception):
    pass


class Postcard:
    """Payloads: the table of types under "Payloads"."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if self.at + count > len(self.data):
            raise Damaged("too short")
        self.at += count
        return self.data[self.at - count : self.at]

    def u8(self):
        return self.take(1)[0]

    def bool(self):
        value = self.u8()
        if value > 1:
            raise Damaged("no bool")
        return value == 1

    def varint(self):
        number = shift = 0
        while True:
            byte = self.u8()
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
            shift += 7

    def signed(self):
        number = self.varint()
        return number >> 1 if number % 2 == 0 else -(number + 1 >> 1)

    def bytes(self):
        return self.take(self.varint())

    def string(self):
        return self.bytes().decode()

    def option(self, read):
        return read() if self.bool() else None

    def list(self, read):
        return [read() for _ in range(self.varint())]

    def map(self, key, value):
        return {key(): value() for _ in range(self.varint())}

    def numbers(self):
        return self.list(self.varint)

    def end(self):
        if self.at != len(self.data):
            raise Damaged("longer than what it holds")


def time(micros):
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(microseconds=micros)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def roaring(data):
    """A 64-bit Roaring bitmap in its portable form."""
    if not data:
        return []
    at, found = 0, []

    def read(form):
        nonlocal at
        at += struct.calcsize("<" + form)
        return struct.unpack_from("<" + form, data, at - struct.calcsize("<" + form))[0]

    for _ in range(read("Q")):
        high, cookie = read("I") << 32, read("I")
        if cookie & 0xFFFF == 12347:
            count = (cookie >> 16) + 1
            flags = data[at : at + (count + 7) // 8]
            at += (count + 7) // 8
            has_offsets = count >= 4
        else:
            count, flags, has_offsets = read("I"), bytes(8192), True
        heads = [(read("H"), read("H") + 1) for _ in range(count)]
        at += 4 * count if has_offsets else 0
        for place, (key, size) in enumerate(heads):
            base = high | key << 16
            if flags[place // 8] >> place % 8 & 1:
                for _ in range(read("H")):
                    start, more = read("H"), read("H")
                    found.extend(range(base + start, base + start + more + 1))
            elif size <= 4096:
                found.extend(base + read("H") for _ in range(size))
            else:
                words = data[at : at + 8192]
                at += 8192
                found.extend(base + bit for bit in range(65536) if words[bit // 8] >> bit % 8 & 1)
    if at != len(data):
        raise Damaged("something behind the bitmap")
    return found


class Completed:
    def __init__(self, prefix=0, beyond=()):
        self.prefix, self.beyond = prefix, set(beyond)

    def next(self, count):
        """Completes the next items that are not complete. Returns the last of them."""
        last = None
        for _ in range(count):
            while self.prefix in self.beyond:
                self.beyond.remove(self.prefix)
                self.prefix += 1
            last = self.prefix
            self.prefix += 1
        while self.prefix in self.beyond:
            self.beyond.remove(self.prefix)
            self.prefix += 1
        return last

    def ranges(self):
        """The completed items as the JSON has them."""
        ranges = [[0, self.prefix]] if self.prefix else []
        for item in sorted(self.beyond):
            if ranges and ranges[-1][1] == item:
                ranges[-1][1] += 1
            else:
                ranges.append([item, item + 1])
        return ranges


def carried(p):
    value = {"within": p.numbers(), "type_name": p.string()}
    form = FORMS[p.varint()]
    section = lambda: {"version": p.varint(), "elements": p.varint(), "len": p.varint()}
    if form == "PlainList":
        form = {form: p.varint()}
    elif form == "Named":
        form = {form: [list(p.bytes()), p.varint()]}
    elif form == "NamedList":
        form = {form: [list(p.bytes()), p.list(section)]}
    elif form == "Worklist":
        form = {form: {"names": list(p.bytes()), "taken": [p.varint(), p.varint()], "ahead": p.varint(), "entries": list(p.bytes())}}
    elif form == "ListAt":
        form = {form: [[list(p.bytes()), p.list(section)], p.varint()]}
    elif form == "Differing":
        form = {form: {"names": list(p.bytes()), "version": p.varint(), "base": p.string(), "len": p.varint()}}
    return value | {"form": form, "bytes": list(p.bytes())}


def names_of(value):
    """The place of a value's names, as a list that can be replaced in place."""
    (form, inner), = value["form"].items() if isinstance(value["form"], dict) else ((value["form"], None),)
    return {"Named": lambda: inner[0], "NamedList": lambda: inner[0], "Worklist": lambda: inner["names"],
            "ListAt": lambda: inner[0][0], "Differing": lambda: inner["names"]}.get(form, lambda: None)()


def mark(p):
    return {"index": p.varint(), "fingerprint": p.varint()}


def keys(p):
    made_by, hashes = p.varint(), p.bytes()
    return {"made_by": made_by, "hashes": [it[0] for it in struct.iter_unpack("<Q", hashes)]}


def attempts(p):
    return {"item": p.varint(), "count": p.varint()}


def cause(p):
    kind = CAUSES[p.varint()]
    if kind in ("Signal", "Exited"):
        return {kind: p.signed()}
    return {kind: p.varint()} if kind in ("ItemTime", "Memory") else kind


def suspect(p):
    return {"item": p.varint(), "crashes": p.varint(), "in_flight": p.bool(), "cause": p.option(lambda: cause(p))}


def place(p):
    return {"file": p.string(), "line": p.varint(), "column": p.varint()}


def details(data):
    if not data:
        return None
    p = Postcard(data)
    text = lambda: p.option(p.string)
    where = lambda: p.option(lambda: place(p))
    found = {
        "links": p.list(lambda: {"error_type": text(), "debug": text()}),
        "trail": p.list(lambda: {"place": place(p), "expression": p.string(), "error_type": p.string()}),
        "frames": p.list(lambda: {"address": p.varint(), "function": text(), "place": where(), "is_own": p.bool()}),
        "excerpts": p.list(lambda: {"file": p.string(), "first": p.varint(), "lines": p.list(p.string), "is_newer": p.bool()}),
        "values": p.list(lambda: {"origin": ORIGINS[p.varint()], "depth": p.u8(), "name": p.string(), "text": p.string()}),
        "spans": p.list(lambda: {"name": p.string(), "fields": p.string(), "place": where()}),
        "context": p.list(lambda: {"name": p.string(), "value": p.string()}),
    }
    p.end()
    return found


def failure(p):
    return {
        "kind": KINDS[p.varint()], "index": p.option(p.varint), "error_type": p.string(), "message": p.string(),
        "causes": p.list(p.string), "location": p.option(p.string), "at": time(p.varint()),
        "captured": p.list(lambda: {"name": p.string(), "value": p.string()}), "details": details(p.bytes()),
    }


def dead_letters(p):
    count, letters = p.varint(), Postcard(p.bytes())
    all = [{
        "loop_id": letters.varint(), "within": letters.numbers(), "key": letters.option(letters.varint),
        "fingerprint": letters.option(letters.varint), "attempts": letters.varint(), "failure": failure(letters),
    } for _ in range(count)]
    letters.end()
    return all


def run(p):
    return {
        "number": p.varint(), "pid": p.varint(), "host": p.string(), "started_at": time(p.varint()),
        "ended_at": p.option(lambda: time(p.varint())), "end": p.option(lambda: RUN_END[p.varint()]), "completed": p.varint(),
    }


def loop(p):
    return {
        "within": p.numbers(), "completed": Completed(p.varint(), roaring(p.bytes())), "mark": p.option(lambda: mark(p)),
        "total": p.option(p.varint), "end": p.option(lambda: END[p.varint()]), "closed_at": p.option(p.varint),
        "keys": p.option(lambda: keys(p)), "cursor": p.option(lambda: carried(p)),
        "attempts": p.option(lambda: attempts(p)), "suspect": p.option(lambda: suspect(p)),
    }


def new_loop(within=()):
    nothing = ["mark", "total", "end", "closed_at", "keys", "cursor", "attempts", "suspect"]
    return {"within": list(within), "completed": Completed()} | dict.fromkeys(nothing)


def measured(p):
    return {
        "saves": p.varint(), "saving_nanos": p.varint(), "item_nanos": p.varint(), "items": p.map(p.varint, p.varint),
        "slowest": p.list(lambda: {
            "loop_id": p.varint(), "within": p.numbers(), "index": p.varint(), "key": p.option(p.varint),
            "nanos": p.varint(), "captured": p.string(),
        }),
    }


class Checkpoint:
    def __init__(self, p):
        self.state = {
            "job": p.string(), "version": p.option(p.string), "code": p.option(p.varint), "started_at": p.varint(),
            "updated_at": p.varint(), "run_count": p.varint(), "finished": p.bool(), "item_nanos": p.option(p.varint),
            "loops": p.map(p.varint, lambda: loop(p)), "carried": p.map(p.string, lambda: carried(p)),
            "failure": p.option(lambda: failure(p)), "skipped": p.varint(), "dead_letters": dead_letters(p),
            "history": p.list(lambda: run(p)),
        }
        values = self.state["carried"]
        values |= {name: self.whole(name, value, None) for name, value in values.items()}
        self.workers = {"in_flight": [], "slices": [], "merges": []}
        self.timings = None

    def loop(self, number):
        if number >= 64:
            raise Damaged("a loop's number")
        return self.state["loops"].setdefault(number, new_loop())

    def counts(self, completed):
        self.state["history"][-1]["completed"] += completed

    def apply(self, kind, p):
        state = self.state
        if kind == 2:
            state["updated_at"] += p.varint()
            loop = self.loop(p.varint())
            count, fingerprint = p.varint(), p.option(p.varint)
            last = loop["completed"].next(count)
            self.counts(count)
            if fingerprint is not None:
                loop["mark"] = {"index": last, "fingerprint": fingerprint}
        elif kind == 3:
            self.change(p)
        elif kind in (4, 5):
            if kind == 4:
                p.varint(), p.list(lambda: mark(p))
            else:
                p.map(p.string, p.varint)
        elif kind == 6:
            self.put("in_flight", {"loop_id": p.varint(), "items": p.numbers()})
        elif kind == 7:
            slices = {"loop_id": p.varint(), "count": p.varint(), "cut": CUTS[p.varint()]}
            if slices["cut"] == "Ranges":
                slices["cut"] = {"Ranges": p.numbers()}
            slices["finished"] = Completed(p.varint(), roaring(p.bytes())).ranges()
            self.put("slices", slices)
        elif kind == 8:
            merge = {"loop_id": p.varint(), "slice": p.varint(), "name": p.string(), "value": carried(p)}
            self.workers["merges"].append(merge)
        elif kind == 10:
            past = lambda: {
                "run": p.varint(), "saves": p.varint(), "saving_nanos": p.varint(),
                "items": p.option(lambda: dict(zip(["count", "median", "p90", "p99", "longest"], (p.varint() for _ in range(5))))),
            }
            self.add_timings({"earlier": measured(p), "run": measured(p), "past": p.list(past)})
        else:
            raise Damaged(f"kind {kind}")
        p.end()

    def put(self, kind, new):
        """Puts what is told of a loop in the place of what was stored of it."""
        others = [it for it in self.workers[kind] if it["loop_id"] != new["loop_id"]]
        self.workers[kind] = others + [new] * (new.get("items") != [])

    def add_timings(self, new):
        if self.timings is None:
            self.timings = new
            return
        for part in ("earlier", "run"):
            old, more = self.timings[part], new[part]
            for number in ("saves", "saving_nanos", "item_nanos"):
                old[number] += more[number]
            for bucket, count in more["items"].items():
                old["items"][bucket] = old["items"].get(bucket, 0) + count
            slowest = sorted(old["slowest"] + more["slowest"], key=lambda it: -it["nanos"])
            old["slowest"] = slowest[:10]
        self.timings["past"] = (self.timings["past"] + new["past"])[-32:]

    def change(self, p):
        state = self.state
        state["updated_at"] += p.varint()
        p.list(lambda: self.loop_change(p))
        p.list(lambda: self.carried_change(p))
        state["item_nanos"] = p.option(p.varint) or state["item_nanos"]
        failed = p.option(lambda: failure(p))
        state["skipped"] += p.varint()
        state["dead_letters"] += p.option(lambda: dead_letters(p)) or []
        end = p.option(lambda: RUN_END[p.varint()])
        last = state["history"][-1]
        if failed:
            state["failure"] = failed
            end = end or "Failed"
        if end and not last["end"]:
            last["end"], last["ended_at"] = end, time(state["updated_at"])
        if end == "Finished":
            state["finished"] = True

    def loop_change(self, p):
        number, begun = p.varint(), p.option(p.numbers)
        loop = self.loop(number)
        if begun is not None:
            stays = ["keys", "attempts", "suspect"] if loop["within"] == begun else []
            self.state["loops"][number] = new_loop(begun) | {name: loop[name] for name in stays}
            loop = self.state["loops"][number]
        count = p.varint()
        loop["completed"].next(count)
        for name, read in [("mark", mark), ("total", Postcard.varint), ("end", lambda p: END[p.varint()])]:
            value = p.option(lambda: read(p))
            loop[name] = loop[name] if value is None else value
        more = p.option(lambda: keys(p))
        self.counts(len(more["hashes"]) if more else 0 if loop["keys"] else count)
        if more:
            loop["keys"] = loop["keys"] or {"made_by": more["made_by"], "hashes": []}
            loop["keys"]["hashes"] += more["hashes"]
        for name, read in [("cursor", carried), ("attempts", attempts), ("suspect", suspect)]:
            value = p.option(lambda: read(p))
            loop[name] = loop[name] if value is None else value

    def carried_change(self, p):
        name, appends, value = p.string(), p.bool(), carried(p)
        stored, names = self.state["carried"].get(name), names_of(value)
        if names == [] and "Differing" not in value["form"]:
            is_part = "ListAt" in value["form"]
            names.extend(names_of(self.state["carried"][name.split("!")[0]] if is_part else stored))
        if not appends:
            if isinstance(value["form"], dict):
                value = self.whole(name, value, stored)
            self.lists_at(name, stored)
            self.state["carried"][name] = value
            return
        (form, old), (_, new) = list(stored["form"].items())[0], list(value["form"].items())[0]
        if form == "PlainList":
            stored["form"][form] += new
        elif form == "NamedList":
            for section in new[1]:
                if old[1] and old[1][-1]["version"] == section["version"]:
                    old[1][-1]["elements"] += section["elements"]
                    old[1][-1]["len"] += section["len"]
                else:
                    old[1].append(section)
            old[0][:] = new[0]
        else:
            entries = old["entries"]
            for _ in range(new["taken"][0]):
                q = Postcard(bytes(entries))
                q.varint(), q.bytes(), q.varint()
                del entries[: q.at]
            for _ in range(new["taken"][1]):
                # The last number reads from behind.
                q = Postcard(bytes(reversed(entries)))
                size = q.varint()
                del entries[len(entries) - size - q.at :]
            entries[:] = new["entries"][: new["ahead"]] + entries + new["entries"][new["ahead"] :]
            old["names"][:] = new["names"]
            stored["within"] = value["within"]
        stored["bytes"] += value["bytes"]

    def whole(self, name, value, stored):
        """What a last value that differs from another one is."""
        if "Differing" not in value["form"] or "!" in name:
            return value
        differing = value["form"]["Differing"]
        base = stored if differing["base"] == name else self.state["carried"][differing["base"]]
        names = differing["names"] or self.names_of_base(base)
        data = made(self.bytes_of(base), value["bytes"])
        if len(data) != differing["len"]:
            raise Damaged("another number of bytes")
        return value | {"form": {"Named": [list(names), differing["version"]]}, "bytes": list(data)}

    def names_of_base(self, value):
        while not names_of(value):
            value = self.state["carried"][value["form"]["Differing"]["base"]]
        return names_of(value)

    def bytes_of(self, value):
        if "Differing" not in value["form"]:
            return bytes(value["bytes"])
        return made(self.bytes_of(self.state["carried"][value["form"]["Differing"]["base"]]), value["bytes"])

    def lists_at(self, name, stored):
        """Lists at places become lists of their own when the value that they share bytes with goes."""
        for key, value in self.state["carried"].items():
            if key.startswith(name + "!") and isinstance(value["form"], dict) and "ListAt" in value["form"]:
                (names, sections), shares = value["form"]["ListAt"]
                value["bytes"] = stored["bytes"][:shares] + value["bytes"]
                value["form"] = {"NamedList": [names or list(names_of(stored)), sections]}

    def json(self):
        state = dict(self.state)
        for moment in ("started_at", "updated_at"):
            state[moment] = time(state[moment])
        state["loops"] = {str(n): it | {"completed": it["completed"].ranges()} for n, it in state["loops"].items()}
        if any(self.workers.values()):
            state["workers"] = self.workers
        if self.timings:
            state["timings"] = self.timings
            for part in ("earlier", "run"):
                self.timings[part]["items"] = {str(k): v for k, v in self.timings[part]["items"].items()}
        return state


def made(base, parts):
    """The value that the parts of a difference make of another one."""
    p, at, all = Postcard(bytes(parts)), 0, b""
    while p.at < len(p.data):
        over, taken, own = p.varint(), p.varint(), p.varint()
        if at + over + taken > len(base):
            raise Damaged("takes bytes that its base does not have")
        all += base[at + over : at + over + taken] + p.take(own)
        at += over + taken
    return all


class Named:
    """A value by its schema: the section "Values"."""

    def __init__(self, schema, version, data):
        p = Postcard(bytes(schema))
        self.version, self.at = version, Postcard(bytes(data))
        self.schema_version = p.varint()
        self.nodes = p.list(lambda: (self.kind(p), p.varint()))
        self.records = p.list(lambda: {
            "name": p.string(), "fields": p.list(lambda: (p.string(), p.varint())), "loose_since": p.varint(),
            "fixed": p.varint(), "is_known": p.bool(),
        })
        self.enums = p.list(lambda: (p.string(), p.list(lambda: (p.string(), self.body(p)))))
        p.end()

    @staticmethod
    def kind(p):
        kind = p.varint()
        return (kind, *(p.varint() for _ in range([0, 1, 1, 1, 2, 2, 1, 1][kind])))

    @staticmethod
    def body(p):
        body = p.varint()
        return (body, *(p.varint() for _ in range([0, 1, 2, 1][body])))

    def value(self, node=0):
        kind, tagged_since = self.nodes[node]
        if tagged_since and tagged_since <= self.version:
            return self.told(node)
        number, *of = kind
        if number == 1:
            return self.scalar(SCALARS[of[0]])
        if number == 2:
            return {"Some": self.value(of[0])} if self.at.bool() else None
        if number == 3:
            return self.at.list(lambda: self.value(of[0]))
        if number == 4:
            return self.at.list(lambda: [self.value(of[0]), self.value(of[1])])
        if number == 5:
            return self.tuple(of[0], 1, of[1])
        if number == 6:
            return self.struct(of[0])
        if number == 7:
            return self.variant(of[0])
        raise Damaged("no value was here")

    def told(self, node):
        tag = self.at.u8()
        if tag == 0:
            return ...
        if tag <= 17:
            return self.scalar(SCALARS[tag - 1])
        return [
            lambda: None, lambda: {"Some": self.told(node)}, lambda: self.at.list(lambda: self.told(node)),
            lambda: self.at.list(lambda: [self.told(node), self.told(node)]),
            lambda: self.tuple(node, 0, self.at.varint()), lambda: self.struct(self.at.varint()),
            lambda: self.variant(self.at.varint()),
        ][tag - 18]()

    def tuple(self, first, step, count):
        if count == 0:
            self.at.u8()
        return [self.value(first + step * place) for place in range(count)]

    def struct(self, number):
        record = self.records[number]
        fields = record["fields"]
        if record["loose_since"] and record["loose_since"] <= self.version:
            found = {}
            while (field := self.at.varint()) != 0:
                name, node = fields[field - 1]
                found[name] = self.value(node)
            return found
        if record["loose_since"]:
            fields = fields[: record["fixed"]]
        if not fields:
            self.at.u8()
        found = {name: self.value(node) for name, node in fields}
        return {name: value for name, value in found.items() if value is not ...}

    def variant(self, number):
        name, (body, *of) = self.enums[number][1][self.at.varint()]
        if body == 0:
            return name
        return {name: [self.value, lambda *of: self.tuple(of[0], 1, of[1]), self.struct][body - 1](*of)}

    def scalar(self, kind):
        p = self.at
        if kind == "()":
            return p.u8() and None
        if kind == "bool":
            return p.bool()
        if kind == "i8":
            return struct.unpack("<b", p.take(1))[0]
        if kind == "u8":
            return p.u8()
        if kind[0] == "i":
            return p.signed()
        if kind[0] == "u":
            return p.varint()
        if kind in ("f32", "f64"):
            return struct.unpack("<f", p.take(4))[0] if kind == "f32" else struct.unpack("<d", p.take(8))[0]
        return chr(p.varint()) if kind == "char" else p.string() if kind == "text" else list(p.bytes())


def shown(checkpoint):
    """The values by name, as far as they are whole."""
    found = {}
    for name, value in checkpoint.state["carried"].items():
        form = value["form"] if isinstance(value["form"], dict) else {}
        if "Named" in form:
            names, version = form["Named"]
            reader = Named(names, version, value["bytes"])
            found[name] = reader.value()
            reader.at.end()
        elif "NamedList" in form:
            names, sections = form["NamedList"]
            found[name], at = [], 0
            for it in sections:
                reader = Named(names, it["version"], value["bytes"][at : at + it["len"]])
                found[name] += [reader.value() for _ in range(it["elements"])]
                reader.at.end()
                at += it["len"]
        elif "Worklist" in form:
            entries, found[name] = Postcard(bytes(form["Worklist"]["entries"])), []
            while entries.at < len(entries.data):
                version, data = entries.varint(), entries.bytes()
                entries.varint()
                found[name].append(Named(form["Worklist"]["names"], version, data).value())
    return found


def frame(data, at, start):
    """The kind and payload of the frame at an offset, and where the next is; None if no whole one stands there."""
    if at + 9 > len(data):
        return None
    length, checksum, kind = struct.unpack_from("<IIB", data, at)
    payload = data[at + 9 : at + 9 + length]
    if kind == 0 or len(payload) != length:
        return None
    right = zlib.crc32(struct.pack("<QIB", at, length, kind) + payload, start)
    return (kind, payload, at + 9 + length, checksum) if right == checksum else None


def read(data):
    if data[:8] != b"\x89SAFE\r\n\x1a":
        raise Damaged("no checkpoint")
    if zlib.crc32(data[:12]) != struct.unpack_from("<I", data, 12)[0]:
        raise Damaged("the header")
    if not 1 <= struct.unpack_from("<H", data, 8)[0] <= 2:
        raise Damaged("another version")
    first = frame(data, 16, 0)
    if first is None or first[0] != 1:
        raise Damaged("no snapshot")
    _, payload, at, start = first
    snapshot = Postcard(payload)
    checkpoint = Checkpoint(snapshot)
    snapshot.end()
    while (found := frame(data, at, start)) is not None:
        kind, payload, at, _ = found
        checkpoint.apply(kind, Postcard(payload))
    if any(frame(data, offset, start) for offset in range(at, len(data))):
        raise Damaged("a whole frame behind what is torn")
    return checkpoint


def main():
    count = wrong = 0
    for file in sorted(file for folder in sys.argv[1:] for file in Path(folder).glob("*.safestate")):
        count += 1
        try:
            checkpoint = read(file.read_bytes())
            found, expected = checkpoint.json(), json.loads(file.with_suffix(".json").read_text())
            differ = [key for key in {**found, **expected} if found.get(key) != expected.get(key)]
            for key in differ:
                print(f"{file}: {key}: read {found.get(key)}, not {expected.get(key)}")
            values = shown(checkpoint)
            if values:
                print(f"{file.parent.name}/{file.name}: {json.dumps(values, sort_keys=True)}")
            wrong += bool(differ)
        except Exception as error:
            print(f"{file}: {type(error).__name__} {error}")
            wrong += 1
    print(f"{count} files, {wrong} differ")
    sys.exit(wrong > 0 or count == 0)


if __name__ == "__main__":
    main()
