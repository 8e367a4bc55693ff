//! Writes the ways to change a variable.

use fastrand::Rng;

use super::Variable;

/// The statements that change `V` by `N`, each with the type that it needs; an empty type stands for all.
const MEANS: [(&str, &str); 28] = [
    ("", "V.grow(N);"),
    ("", "Change::grow(&mut V, N);"),
    ("", "grow(&mut V, N);"),
    ("", "{ let lent = &mut V; lent.grow(N); }"),
    ("", "{ let mut old = std::mem::take(&mut V); old.grow(N); V = old; }"),
    ("", "{ let mut more = |by: u64| V.grow(by); more(N); more(1); }"),
    ("", "{ macro_rules! more { ($by:expr) => { V.grow($by) } } more!(N); }"),
    ("", "match V { ref mut lent => lent.grow(N) }"),
    ("", "if let Some(lent) = Some(&mut V) { lent.grow(N); }"),
    ("", "V = grown(V, N);"),
    ("", "{ let mut other = V.clone(); other.grow(N); std::mem::swap(&mut V, &mut other); }"),
    ("", "V = tried(V, N)?;"),
    ("", "(V, _) = (grown(V.clone(), N), 0);"),
    ("", "for more in 0..2 { V.grow(N + more); }"),
    ("", "for lent in [&mut V] { lent.grow(N); }"),
    ("", "if N % 3 == 0 { V.shrink(); } else { V.grow(N); }"),
    ("", "let _ = std::mem::replace(&mut V, grown(Default::default(), N));"),
    ("u64", "V += N % 50;"),
    ("Vec<u64>", "for lent in V.iter_mut() { *lent = *lent % 97 + N; }"),
    ("Record", "V.mean += 0.5; V.last = Some(N);"),
    ("std::collections::BTreeSet<u64>", "V.retain(|it| it % 3 != N % 3);"),
    (
        "std::collections::BTreeSet<u64>",
        "while let Some(it) = V.pop_first() { if it > 5 { break; } }",
    ),
    ("(u64, String)", "V.0 += N % 9; V.1.push('t');"),
    ("(u64, String)", "{ let (number, text) = &mut V; grow(number, N); text.insert(0, 'u'); }"),
    ("Worklist<u64>", "V.push_front(N);"),
    ("Worklist<u64>", "if V.pop_back().is_some() { V.extend([N, N / 2]); }"),
    ("Worklist<u64>", "if let Some(first) = V.pop_front() { V.push_back(first + N); }"),
    ("Worklist<u64>", "{ V.push_back(N); V.pop_front(); V.push_front(N + 1); V.pop_front(); }"),
];

/// Returns a statement that changes a variable by a number.
pub(super) fn change(rng: &mut Rng, variable: &Variable, by: &str, takes_no_moves: bool) -> String {
    let known: Vec<&str> = MEANS
        .iter()
        .filter(|(ty, _)| ty.is_empty() || *ty == variable.ty)
        // A variable that was moved is missing after an error that is answered, or in a part of the body that runs in a
        // closure.
        .filter(|(_, text)| !takes_no_moves || !text.starts_with("V = "))
        // A failed attempt that has put another worklist in a variable's place can't be undone, which ends the run.
        .filter(|(_, text)| {
            !takes_no_moves || !replaces(text) || !variable.ty.starts_with("Worklist")
        })
        .map(|(_, text)| *text)
        .collect();
    let mean = known[rng.usize(..known.len())];
    filled(mean, &variable.name, by)
}

/// Returns whether a statement puts another value in the place of the variable's.
fn replaces(text: &str) -> bool {
    ["mem::replace", "mem::swap", "(V, _)"].iter().any(|means| text.contains(means))
}

/// Puts names in the place of `V` and `N`.
pub(super) fn filled(text: &str, variable: &str, by: &str) -> String {
    let words = text.split_inclusive(|letter: char| !letter.is_alphanumeric());
    let fill = |word: &str| {
        let (name, behind) =
            word.split_at(word.trim_end_matches(|it: char| !it.is_alphanumeric()).len());
        match name {
            "V" => format!("{variable}{behind}"),
            "N" => format!("{by}{behind}"),
            _ => word.to_owned(),
        }
    };
    words.map(fill).collect()
}
