//! Writes changes that only the compiler sees: of a variable that is not named, in ways that no look at the body shows.

use fastrand::Rng;

use super::means::filled;

/// The ways to change `V` by `N`. Each has the statements before the loop, the head, the statement in the body, and the
/// statement behind the loop.
pub(super) const WAYS: [(&str, [&str; 4]); 40] = [
    ("a reference made before", ["let lent = &mut V;", "", "lent.grow(N);", ""]),
    (
        "a reference to a reference",
        ["let mut lent = &mut V; let lent = &mut lent;", "", "lent.grow(N);", ""],
    ),
    ("a pattern", ["let (lent, _) = (&mut V, 0);", "", "lent.grow(N);", ""]),
    ("a pattern by reference", ["let ref mut lent = V;", "", "lent.grow(N);", ""]),
    (
        "an option's inside",
        [
            "let Some(lent) = Some(&mut V) else { return Ok(String::new()) };",
            "",
            "lent.grow(N);",
            "",
        ],
    ),
    (
        "one of two",
        [
            "let mut other = V.clone(); let lent = if base > 3 { &mut other } else { &mut V };",
            "",
            "lent.grow(N);",
            "",
        ],
    ),
    (
        "a struct that holds it",
        [
            "struct Holder<'a, T>(&'a mut T); let holder = Holder(&mut V);",
            "",
            "holder.0.grow(N);",
            "",
        ],
    ),
    ("a closure", ["let mut more = |by: u64| V.grow(by);", "", "more(N);", ""]),
    (
        "a boxed closure",
        ["let mut more: Box<dyn FnMut(u64) + '_> = Box::new(|by| V.grow(by));", "", "more(N);", ""],
    ),
    (
        "a closure behind a reference",
        ["let mut more = |by: u64| V.grow(by); let more = &mut more;", "", "more(N);", ""],
    ),
    (
        "a macro from before",
        ["macro_rules! more { ($by:expr) => { V.grow($by) } }", "", "more!(N);", ""],
    ),
    ("a macro's argument", ["", "", "see(\"h\", vec![{ V.grow(N); 0 }; 1]);", ""]),
    ("a format's argument", ["", "", "see(\"h\", format!(\"{}\", { V.grow(N); 1 }));", ""]),
    ("an assertion's argument", ["", "", "assert!({ V.grow(N); true });", ""]),
    ("a function", ["", "", "grow(&mut V, N);", ""]),
    ("a path to a method", ["", "", "<_ as Change>::grow(&mut V, N);", ""]),
    (
        "a method of another name",
        [
            "trait Reads { fn len_of(&mut self, by: u64) -> u64; } impl<T: Change> Reads for T { fn len_of(&mut self, by: u64) -> u64 { self.grow(by); self.weight() } }",
            "",
            "see(\"h\", V.len_of(N));",
            "",
        ],
    ),
    (
        "a swap",
        [
            "",
            "",
            "{ let mut other = V.clone(); other.grow(N); std::mem::swap(&mut other, &mut V); }",
            "",
        ],
    ),
    (
        "taken and put back",
        ["", "", "{ let mut old = std::mem::take(&mut V); old.grow(N); V = old; }", ""],
    ),
    ("moved and put back", ["", "", "V = grown(V, N);", ""]),
    ("an assignment to a pattern", ["", "", "(V, _) = (grown(V.clone(), N), 0);", ""]),
    ("a match by reference", ["", "", "match V { ref mut lent => lent.grow(N) }", ""]),
    ("a loop over references", ["", "", "for lent in [&mut V] { lent.grow(N); }", ""]),
    ("a closure in the body", ["", "", "let mut more = || V.grow(N); more();", ""]),
    ("an arm of a match", ["", "", "match x { 0 => {} _ => V.grow(N) }", ""]),
    ("an operand", ["", "", "let _ = x > 0 && { V.grow(N); true };", ""]),
    (
        "an index",
        ["let lists = &mut [V.clone(), V.clone()];", "", "lists[(x % 2) as usize].grow(N);", ""],
    ),
    (
        "two halves",
        [
            "let mut lists = [V.clone(), V.clone()]; let (_, half) = lists.split_at_mut(1);",
            "",
            "half[0].grow(N);",
            "",
        ],
    ),
    (
        "an iterator from before",
        [
            "let mut lists = [V.clone(), V.clone()]; let mut walk = lists.iter_mut();",
            "",
            "if let Some(lent) = walk.next() { lent.grow(N); }",
            "",
        ],
    ),
    ("numbers from before", ["let mut ids = 1u64..;", "", "see(\"h\", ids.next());", ""]),
    (
        "an entry of a map",
        [
            "let mut maps = BTreeMap::from([(1, V.clone())]); let lent = maps.entry(1).or_default();",
            "",
            "lent.grow(N);",
            "",
        ],
    ),
    (
        "a cell",
        [
            "let cell = std::cell::Cell::new(base);",
            "",
            "cell.set(cell.get() + N);",
            "see(\"h\", cell.get());",
        ],
    ),
    (
        "a cell of a list",
        ["let cell = std::cell::RefCell::new(V.clone());", "", "cell.borrow_mut().grow(N);", ""],
    ),
    (
        "an atomic",
        [
            "let all = std::sync::atomic::AtomicU64::new(base);",
            "",
            "all.fetch_add(N, std::sync::atomic::Ordering::Relaxed);",
            "",
        ],
    ),
    (
        "a mutex",
        ["let all = std::sync::Mutex::new(V.clone());", "", "all.lock().unwrap().grow(N);", ""],
    ),
    (
        "a mutex behind a reference",
        ["let all = &std::sync::Mutex::new(V.clone());", "", "all.lock().unwrap().grow(N);", ""],
    ),
    (
        "shared by two",
        [
            "let all = std::rc::Rc::new(std::cell::RefCell::new(V.clone())); let both = std::rc::Rc::clone(&all);",
            "",
            "both.borrow_mut().grow(N);",
            "",
        ],
    ),
    (
        "items by reference",
        [
            "let mut lists = vec![V.clone(); 3];",
            "for (x, lent) in (0..9u64).zip(lists.iter_mut())",
            "lent.grow(N);",
            "",
        ],
    ),
    (
        "items behind a filter",
        [
            "let mut lists = vec![V.clone(); 3];",
            "for (x, lent) in lists.iter_mut().filter(|list| list.weight() < 99).map(|list| (1u64, list))",
            "lent.grow(N);",
            "",
        ],
    ),
    ("a move before a break", ["", "", "if N % 5 == 4 { drop(V); break; }", ""]),
];

/// The code around the loop, which is `L`.
const AROUND: [&str; 4] = ["L", "{ L }", "match base { _ => { L } }", "if base > 0 { L }"];

/// Returns the text of a function, and the name of the way. The function changes one variable that is named, and
/// another one in that way only if it `changes`.
pub(super) fn job(rng: &mut Rng, changes: bool) -> (String, &'static str) {
    let at = rng.usize(..WAYS.len());
    let types = [
        ("String", "String::from(\"a\")"),
        ("Vec<u64>", "vec![1, 2]"),
        ("BTreeMap<String, u64>", "BTreeMap::new()"),
        ("Record", "Record::default()"),
        ("Option<i64>", "Some(1)"),
    ];
    let (way, parts) = WAYS[at];
    // A move of a `Copy` value moves nothing.
    let types = if way.contains("move") { &types[..4] } else { &types[..] };
    let (ty, start) = types[rng.usize(..types.len())];
    let [before, head, body, behind] = parts.map(|part| filled(part, "unnamed", "x"));
    let heads = ["for &x in xs", "for x in 0..base", "for (at, &x) in xs.iter().enumerate()"];
    let body = if changes { body } else { String::new() };
    let head = if head.is_empty() { heads[rng.usize(..heads.len())].to_owned() } else { head };
    let named =
        ["", "named.grow(x);", "for y in 0..2 { named.grow(y); }", "if x == 3 { continue; }"];
    let (first, last) = (named[rng.usize(..named.len())], named[rng.usize(..named.len())]);
    let inside = [
        body.clone(),
        format!("if x % 2 == 0 {{ {body} }}"),
        format!("for z in 0..1 {{ {body} }}"),
    ];
    // A `break` has to break out of the loop itself.
    let inside = if body.contains("break") { &body } else { &inside[rng.usize(..inside.len())] };
    let walk = format!(
        "{head} {{\n        {first}\n        step(\"p\", x)?;\n        {inside}\n        {last}\n    }}"
    );
    let around = AROUND[rng.usize(..AROUND.len())];
    let walk = around.split('L').collect::<Vec<_>>().join(&walk);
    let asyncness = if rng.u8(..4) == 0 { "async " } else { "" };
    let text = format!(
        "#[resumable(backend = store(), carry(named))]\n\
         {asyncness}fn job(xs: &[u64], base: u64) -> Result<String, Stop> {{\n    \
         let mut named = 0u64;\n    let mut unnamed: {ty} = {start};\n    {before}\n    {walk}\n    {behind}\n    \
         Ok(format!(\"{{named}}\"))\n}}\n"
    );
    (text, way)
}
